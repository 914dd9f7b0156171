package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// Event returns the event with the given id. Its Log and Index say where it is.
// An id that is not in the record, or no longer, is KindNotFound.
func (l *Lake) Event(ctx context.Context, tenant, eventID string) (*hansard.Entry, error) {
	if eventID == "" {
		return nil, hansard.Errorf(hansard.KindNotFound, "no event without an id")
	}
	snap := l.pin(tenant)
	defer snap.release()
	n := query.Compare{Field: query.Ref{Name: "event_id", Kind: query.KindString}, Op: query.In, Values: []query.Value{{Text: eventID}}}
	rows, err := newScope(n, query.Period{}).freshRows(snap, l.enc, func(e *hansard.Entry) bool { return e.EventID == eventID })
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		return l.enc.Entry(rows[0])
	}
	var parts []*livePart
	for _, tier := range hansard.Tiers {
		parts = append(parts, snap.version.parts[tier]...)
	}
	event := part.EventHash(eventID)
	var mu sync.Mutex // guards holders
	var holders []*livePart
	err = l.eachPart(ctx, parts, func(p *livePart) error {
		if p.mayHoldEvent(event) {
			mu.Lock()
			defer mu.Unlock()
			holders = append(holders, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	found, err := l.lookUp(ctx, holders, "event_id", eventID, 1)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	return nil, hansard.Errorf(hansard.KindNotFound, "no such event")
}

// mayHoldEvent reports whether a part may hold an event, by the ids in its index.
func (p *livePart) mayHoldEvent(event [10]byte) bool {
	f, err := os.Open(p.path + indexSuffix)
	if err != nil {
		return true // it is derived: what it would have told is not known
	}
	defer f.Close()
	_, ok, err := p.FindID(f, event)
	return ok || err != nil
}

// lookUp returns the entries in the parts whose trace_id or event_id is the
// value, the first limit of them by time and position, in that order.
func (l *Lake) lookUp(ctx context.Context, parts []*livePart, column, value string, limit int) ([]*hansard.Entry, error) {
	found, err := lookUpAs(ctx, l, parts, lookedUp{column, value, limit}, func(e *hansard.Entry) *hansard.Entry { return e })
	entries := make([]*hansard.Entry, len(found))
	for i, p := range found {
		entries[i] = p.item
	}
	return entries, err
}

// lookedUp is what lookUpAs looks for: a value in a column, the first limit of the
// entries.
type lookedUp struct {
	column, value string
	limit         int
}

// placed is what was made of an entry, with its place.
type placed[T any] struct {
	query.Cursor
	item T
}

func byCursor[T any](a, b placed[T]) int { return compare(a.Cursor, b.Cursor, query.OldestFirst) }

// lookUpAs looks for entries and returns what as makes of each, in order of time
// and position; as is called by several goroutines at once. It does not go through
// the engine: to read few rows of every column is what that does worst.
func lookUpAs[T any](ctx context.Context, l *Lake, parts []*livePart, w lookedUp, as func(*hansard.Entry) T) ([]placed[T], error) {
	var mu sync.Mutex // guards found
	var found []placed[T]
	add := func(entries []*hansard.Entry) error {
		made := make([]placed[T], len(entries))
		for i, e := range entries {
			e.LeafHash = part.HashLeaf(l.enc.AppendLeaf(nil, e))
			made[i] = placed[T]{query.CursorOf(e), as(e)}
		}
		mu.Lock()
		defer mu.Unlock()
		found = append(found, made...)
		if len(found) > w.limit { // a trace may be larger than memory
			slices.SortFunc(found, byCursor)
			found = slices.Clone(found[:w.limit])
		}
		return ctx.Err()
	}
	err := l.eachPart(ctx, parts, func(p *livePart) error {
		return l.lookups.use(p, func(f *part.Lookup) error { return f.Find(w.column, w.value, w.limit, add) })
	})
	slices.SortFunc(found, byCursor)
	return found, err
}

// eachPart calls f for every part, as many at once as the engine has threads.
// It returns the first error.
func (l *Lake) eachPart(ctx context.Context, parts []*livePart, f func(*livePart) error) error {
	var next atomic.Int64
	errs := make(chan error, l.config.Threads)
	for range l.config.Threads {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(parts) || ctx.Err() != nil {
					errs <- ctx.Err()
					return
				}
				if err := f(parts[i]); err != nil {
					next.Store(int64(len(parts)))
					errs <- fmt.Errorf("read part %s of %s: %w", parts[i].Name, parts[i].Log, err)
					return
				}
			}
		}()
	}
	var first error
	for range l.config.Threads {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Trace returns the events of a trace in order of time and position, the first
// limit of them. A trace that is not in the record has none.
func (l *Lake) Trace(ctx context.Context, tenant, traceID string, limit int) ([]*hansard.Entry, error) {
	return TraceAs(ctx, l, TraceQuery{tenant, traceID, limit}, func(e *hansard.Entry) *hansard.Entry { return e })
}

// TraceQuery names the first limit events of a tenant's trace.
type TraceQuery struct {
	Tenant, TraceID string
	Limit           int
}

// TraceAs returns what as makes of the events of a trace, in order of time and
// position: where that is less than an event, a very long trace fits into memory.
// as is called by several goroutines at once, and may keep the event.
func TraceAs[T any](ctx context.Context, l *Lake, p TraceQuery, as func(*hansard.Entry) T) ([]T, error) {
	snap := l.pin(p.Tenant)
	defer snap.release()
	n := query.Compare{Field: query.Ref{Name: "trace_id", Kind: query.KindString}, Op: query.In, Values: []query.Value{{Text: p.TraceID}}}
	sc := newScope(n, query.Period{})
	all, err := lookUpAs(ctx, l, sc.parts(snap), lookedUp{"trace_id", p.TraceID, p.Limit}, as)
	if err != nil {
		return nil, err
	}
	rows, err := sc.freshRows(snap, l.enc, func(e *hansard.Entry) bool { return query.Match(n, e) })
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		e, err := l.enc.Entry(r)
		if err != nil {
			return nil, err
		}
		all = append(all, placed[T]{query.CursorOf(e), as(e)})
	}
	slices.SortFunc(all, byCursor)
	items := make([]T, min(p.Limit, len(all)))
	for i := range items {
		items[i] = all[i].item
	}
	return items, nil
}

// TracesOfTask returns the ids of the traces that hold an event of the task,
// sorted.
func (l *Lake) TracesOfTask(ctx context.Context, tenant, taskID string) ([]string, error) {
	snap := l.pin(tenant)
	defer snap.release()
	n := query.Compare{Field: query.Ref{Name: "task_id", Kind: query.KindString}, Op: query.In, Values: []query.Value{{Text: taskID}}}
	rel, err := l.relation(ctx, snap, query.Query{Node: n}, []string{"trace_id"})
	if err != nil {
		return nil, err
	}
	defer rel.close()
	var traces []string
	err = l.engine.each(ctx, "SELECT DISTINCT trace_id FROM ("+rel.text+")", rel.args, func(row []driver.Value) error {
		id, _ := row[0].(string)
		traces = append(traces, strings.Clone(id))
		return nil
	})
	slices.Sort(traces)
	return traces, err
}

// compare orders two places.
func compare(a, b query.Cursor, o query.Order) int {
	switch {
	case a == b:
		return 0
	case o.Before(a, b):
		return -1
	}
	return 1
}
