package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hansardhq/hansard/internal/query"
)

// The ids of events that package dialect makes, as far as losses can be read from
// them: those with a sequence number within their session are
// "claude-code/<session>/<number>/<time>", and the start of a span is the id of
// the whole span's event and "/pending".
const (
	sequencePrefix = "claude-code/"
	pendingSuffix  = "/pending"
)

// Gaps returns in how many of the sessions that the query selects numbers are
// missing from the sequence that their sender gives its events, and how many: so
// many events were lost on their way here, or have expired. All events of a
// session in the period count, whether the search selects them or not.
func (l *Lake) Gaps(ctx context.Context, tenant string, q query.Query) (sessions, events int64, err error) {
	snap := l.pin(tenant)
	defer snap.release()
	numbered := query.Compare{Field: query.Ref{Name: "dialect", Kind: query.KindString}, Op: query.In, Values: []query.Value{{Text: "claude-code"}}}
	picked := query.Query{Period: q.Period, Node: query.And{Nodes: []query.Node{numbered}}}
	if q.Node != nil {
		picked.Node = query.And{Nodes: []query.Node{numbered, q.Node}}
	}
	if none, err := l.none(ctx, snap, picked); none || err != nil {
		return 0, 0, err
	}
	some, err := l.relation(ctx, snap, picked, []string{"session_id"})
	if err != nil {
		return 0, 0, err
	}
	defer some.close()
	all, err := l.relation(ctx, snap, query.Query{Period: q.Period, Node: numbered}, []string{"event_id"})
	if err != nil {
		return 0, 0, err
	}
	defer all.close()
	text := fmt.Sprintf(`
WITH picked AS (SELECT DISTINCT session_id AS session FROM (%s) WHERE session_id IS NOT NULL),
numbers AS (SELECT split_part(event_id, '/', 2) AS session, TRY_CAST(split_part(event_id, '/', 3) AS BIGINT) AS n
	FROM (%s) WHERE starts_with(event_id, '%s')),
gaps AS (SELECT session, max(n) - min(n) + 1 - count(DISTINCT n) AS missing
	FROM numbers WHERE n IS NOT NULL AND session IN (SELECT session FROM picked) GROUP BY session)
SELECT count(*) FILTER (WHERE missing > 0), sum(missing) FROM gaps`, some.text, all.text, sequencePrefix)
	args := append(append([]any{}, some.args...), all.args...)
	err = l.engine.each(ctx, text, args, func(row []driver.Value) error {
		sessions, _ = row[0].(int64)
		if n, ok := row[1].(*big.Int); ok && n.IsInt64() {
			events = n.Int64()
		}
		return nil
	})
	return sessions, events, err
}

// none reports whether a pass over the columns can tell that a query selects
// nothing: most records have nothing of what is asked for here.
func (l *Lake) none(ctx context.Context, snap *snapshot, q query.Query) (bool, error) {
	rows, ok, err := l.tallied(ctx, snap, q, Spec{Measures: []Measure{{Op: Count}}, OrderBy: -1})
	return err == nil && ok && rows[0][0] == int64(0), err
}

// Pending returns how many of the spans of whose begin the query selects an event
// have no event of the whole span.
func (l *Lake) Pending(ctx context.Context, tenant string, q query.Query) (spans int64, err error) {
	snap := l.pin(tenant)
	defer snap.release()
	if none, err := l.none(ctx, snap, q); none || err != nil {
		return 0, err
	}
	begun, err := l.spansBegun(ctx, snap, q)
	if err != nil {
		return 0, err
	}
	// Few spans begin without an end: their events are looked up, not all read.
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(begun)), 1000) {
		if err := l.dropEnded(ctx, snap, q.Period, chunk, begun); err != nil {
			return 0, err
		}
	}
	return int64(len(begun)), nil
}

// spansBegun returns the ids of the events of the whole spans of whose begin the
// query selects an event.
func (l *Lake) spansBegun(ctx context.Context, snap *snapshot, q query.Query) (map[string]bool, error) {
	starts, err := l.relation(ctx, snap, q, []string{"event_id"})
	if err != nil {
		return nil, err
	}
	defer starts.close()
	begun := map[string]bool{}
	err = l.engine.each(ctx, starts.text, starts.args, func(row []driver.Value) error {
		if id, ok := row[0].(string); ok {
			if span, ok := strings.CutSuffix(id, pendingSuffix); ok {
				begun[strings.Clone(span)] = true
			}
		}
		return nil
	})
	return begun, err
}

// dropEnded takes those of some spans out of begun that have an event of their own.
func (l *Lake) dropEnded(ctx context.Context, snap *snapshot, p query.Period, spans []string, begun map[string]bool) error {
	in := query.Compare{Field: query.Ref{Name: "event_id", Kind: query.KindString}, Op: query.In}
	for _, id := range spans {
		in.Values = append(in.Values, query.Value{Text: id})
	}
	ended, err := l.relation(ctx, snap, query.Query{Period: wider(p, tokenWindow), Node: in}, []string{"event_id"})
	if err != nil {
		return err
	}
	defer ended.close()
	return l.engine.each(ctx, ended.text, ended.args, func(row []driver.Value) error {
		id, _ := row[0].(string)
		delete(begun, id)
		return nil
	})
}
