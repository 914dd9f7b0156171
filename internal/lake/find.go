package lake

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// finding finds the first places that a query selects in groups, several at once.
type finding struct {
	lake  *Lake
	q     query.Query
	limit int

	mu    sync.Mutex // guards what follows
	scope scope      // of places that may still be among the first
	found []place    // at most limit, in the order of the query
}

// find returns the first limit places in some parts, in the given ranges of their rows.
// The query's node is findable. Of row groups that can hold only what comes after the
// places that were found nothing is read.
func (l *Lake) find(ctx context.Context, parts []*livePart, ranges map[*livePart][]rowRange, sc *scope, q query.Query, limit int) ([]place, error) {
	groups, err := l.groupsOf(ctx, parts, spans{{sc.since, sc.until}})
	if err != nil {
		return nil, err
	}
	groups = slices.DeleteFunc(groups, func(gr *group) bool { return !gr.meets(ranges[gr.part]) })
	slices.SortStableFunc(groups, func(a, b *group) int {
		if q.Order == query.OldestFirst {
			return cmp.Compare(a.moments.from, b.moments.from)
		}
		return cmp.Compare(b.moments.to, a.moments.to)
	})
	return l.findIn(ctx, groups, sc, q, limit)
}

// findFresh is find over the rows that are in no part yet.
func (l *Lake) findFresh(ctx context.Context, snap *snapshot, sc *scope, q query.Query, limit int) ([]place, error) {
	groups, err := l.freshGroups(snap, sc, false)
	if err != nil {
		return nil, err
	}
	return l.findIn(ctx, groups, sc, q, limit)
}

// findIn finds places in groups, of which those that come first should hold the first.
func (l *Lake) findIn(ctx context.Context, groups []*group, sc *scope, q query.Query, limit int) ([]place, error) {
	f := &finding{lake: l, q: q, limit: limit, scope: *sc}
	pass := &tracePass[struct{}]{lake: l, groups: groups}
	err := pass.each(ctx, func(_ int, gr *group) error { return f.group(gr) })
	return f.found, err
}

// meets reports whether some of the group's rows are in ranges of its log; none stand
// for all.
func (g *group) meets(ranges []rowRange) bool {
	if len(ranges) == 0 {
		return true
	}
	first, o := g.part.Name.First, g.part.outline.Load()
	for before := range g.g {
		first += uint64(o.Size(before))
	}
	end := first + uint64(o.Size(g.g))
	return slices.ContainsFunc(ranges, func(r rowRange) bool { return r.first < end && first < r.end })
}

// group takes in the places of a group.
func (f *finding) group(gr *group) error {
	since, until := f.period()
	if !gr.moments.meets(span{since, until}) {
		return nil
	}
	return f.lake.read(gr, func(r *rows) error {
		in, err := r.within(since, until)
		if err != nil || in != nil && !slices.Contains(in, true) {
			return err
		}
		sel, err := r.match(f.q.Node)
		if err != nil || sel != nil && !slices.Contains(sel, true) {
			return err
		}
		places, err := r.places(func(i int) bool { return (in == nil || in[i]) && (sel == nil || sel[i]) })
		if err != nil {
			return err
		}
		if f.q.After.Set {
			places = slices.DeleteFunc(places, func(p place) bool { return compare(f.q.After.V, p.Cursor, f.q.Order) >= 0 })
		}
		f.add(places)
		return nil
	})
}

// period returns the timestamps of places that may still be among the first.
func (f *finding) period() (since, until int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scope.since, f.scope.until
}

// add takes in places.
func (f *finding) add(places []place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found = first(append(f.found, places...), f.q.Order, f.limit)
	if len(f.found) == f.limit {
		f.scope.bound(f.found[f.limit-1].Timestamp, f.q.Order)
	}
}

// places reads where the rows are that want reports.
func (r *rows) places(want func(i int) bool) ([]place, error) {
	timestamps, positions, sizes := r.vector(), r.vector(), r.vector()
	for _, c := range []struct {
		column string
		v      *part.Vector
	}{{"timestamp", timestamps}, {"position", positions}, {"content_size", sizes}} {
		if err := r.ints(c.column, c.v); err != nil {
			return nil, err
		}
	}
	var places []place
	for i, t := range timestamps.Ints {
		if want(i) {
			p := place{Cursor: query.Cursor{Timestamp: t, Position: uint64(positions.Ints[i])}, part: r.gr.part, bytes: sizes.Ints[i]}
			if p.part == nil {
				p.fresh = r.fresh[i]
			}
			places = append(places, p)
		}
	}
	return places, nil
}
