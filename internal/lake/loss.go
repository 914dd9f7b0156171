package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/big"

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
	some, err := l.relation(snap, picked, []string{"session_id"})
	if err != nil {
		return 0, 0, err
	}
	defer some.close()
	all, err := l.relation(snap, query.Query{Period: q.Period, Node: numbered}, []string{"event_id"})
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

// Pending returns how many of the spans of whose begin the query selects an event
// have no event of the whole span.
func (l *Lake) Pending(ctx context.Context, tenant string, q query.Query) (spans int64, err error) {
	snap := l.pin(tenant)
	defer snap.release()
	starts, err := l.relation(snap, q, []string{"event_id"})
	if err != nil {
		return 0, err
	}
	defer starts.close()
	wholes, err := l.relation(snap, query.Query{Period: wider(q.Period, tokenWindow)}, []string{"event_id"})
	if err != nil {
		return 0, err
	}
	defer wholes.close()
	text := fmt.Sprintf(`
WITH starts AS (SELECT DISTINCT left(event_id, length(event_id) - %d) AS span FROM (%s) WHERE ends_with(event_id, '%s'))
SELECT count(*) FROM starts ANTI JOIN (%s) AS wholes ON wholes.event_id = starts.span`,
		len(pendingSuffix), starts.text, pendingSuffix, wholes.text)
	args := append(append([]any{}, starts.args...), wholes.args...)
	err = l.engine.each(ctx, text, args, func(row []driver.Value) error {
		spans, _ = row[0].(int64)
		return nil
	})
	return spans, err
}
