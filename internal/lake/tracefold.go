package lake

import (
	"context"
	"math"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// traceQuestion asks for a sum over events that count trace by trace: what one of
// them counts for depends on others of its trace that are at most window away.
type traceQuestion[S any] struct {
	snap   *snapshot
	node   query.Node // of the events that count; without a bound of the position
	upTo   int64      // that bound
	whole  span       // the moments of the period
	window int64      // nanoseconds
	// key names the question; empty: nothing is kept.
	key string
	// run sums over groups.
	run func(ctx context.Context, groups []*group, pass passSpec) (map[int64]S, error)
	// merge makes one sum of three: the first, less the second, and the third;
	// each may be the zero value. It changes none of them.
	merge  func(sum, less, more S) S
	scope  *scope // of the events around
	wanted *wanted
}

// ask makes the question one about what a query selects, or about what was picked of
// it. What was picked is not kept.
func (a *traceQuestion[S]) ask(q query.Query, picked *positionSet, more ...string) {
	a.node, a.upTo = withoutBound(q.Node)
	if picked == nil {
		a.key, _ = foldKey(a.snap, a.node, more...)
	}
}

// passSpec says what of some groups is summed.
type passSpec struct {
	only   map[uint64]bool        // keys of the traces; nil: all
	bounds func(*group) rowBounds // positions of all events that are looked at
	count  spans                  // moments of the events that count
	byHour bool                   // by the hour; else all is hour 0
}

// hourOf returns the hour under which an event counts.
func (p *passSpec) hourOf(at int64) int64 {
	if p.byHour {
		return bucketOf(at)
	}
	return 0
}

// traceSums are sums that are added, and such that are taken away.
type traceSums[S any] struct{ plus, minus []S }

// sumTraces answers a question over traces. Hours whose sums are kept are not read
// again: of what has come since, the traces are summed as they were and as they are.
func sumTraces[S any](ctx context.Context, l *Lake, f *fold[S], a *traceQuestion[S]) (sums traceSums[S], err error) {
	a.scope = newScope(nil, query.Period{})
	if w, ok := l.wantedBy(a.node); ok {
		a.wanted, a.key = &w, "" // few row groups have it
	}
	hours := bucketsIn(a.whole)
	rest := spans{a.whole}
	if a.key != "" && !hours.empty() {
		e := f.entry(a.key, isPlain(a.node))
		defer f.done(e)
		if e.begin(a.snap, a.scope.tiers, a.window) {
			if err := a.keep(ctx, l, e, hours); err != nil {
				e.reset()
				return sums, err
			}
			for hour, sum := range e.hours {
				if hours.holds(hour) {
					sums.plus = append(sums.plus, sum)
				}
			}
			if err := a.delta(ctx, l, e, momentsOfSpan(hours), &sums); err != nil {
				return sums, err
			}
			rest = rest.without(momentsOfSpan(hours))
		}
	}
	if len(rest) == 0 {
		return sums, nil
	}
	fresh, err := l.freshGroups(a.snap, a.scope, true)
	if err != nil {
		return sums, err
	}
	groups, only, err := a.around(ctx, l, rest, fresh)
	if err != nil {
		return sums, err
	}
	direct, err := a.run(ctx, groups, passSpec{only: only, bounds: func(*group) rowBounds { return rowBounds{-1, a.upTo} }, count: rest})
	for _, sum := range direct {
		sums.plus = append(sums.plus, sum)
	}
	return sums, err
}

// around returns the groups that have events in some moments, and of those within
// the window around them the ones that share a trace, and with such the traces to
// look at. fresh groups are among the first.
func (a *traceQuestion[S]) around(ctx context.Context, l *Lake, in spans, fresh []*group) (groups []*group, only map[uint64]bool, err error) {
	var wide spans
	for _, s := range in {
		wide = wide.with(s.wider(a.window))
	}
	all, err := l.partGroups(ctx, a.snap, a.scope, wide)
	if err != nil {
		return nil, nil, err
	}
	if a.wanted != nil && selectable(a.node) {
		return a.aroundWanted(ctx, l, all, in, fresh)
	}
	inner := meeting(all, in)
	if len(inner) == len(all) {
		return inOrder(append(inner, fresh...)), nil, nil
	}
	among := map[*group]bool{}
	for _, g := range inner {
		among[g] = true
	}
	var outer []*group
	for _, g := range all {
		if !among[g] {
			outer = append(outer, g)
		}
	}
	inner = append(inner, fresh...)
	if only, err = l.traceSet(ctx, inner); err != nil {
		return nil, nil, err
	}
	if outer, err = l.sharing(ctx, outer, only); err != nil {
		return nil, nil, err
	}
	if len(outer) == 0 {
		only = nil
	}
	return inOrder(append(inner, outer...)), only, nil
}

// aroundWanted is around for a question that few events count for: of their traces
// alone, and of what lies within the window around them.
func (a *traceQuestion[S]) aroundWanted(ctx context.Context, l *Lake, all []*group, in spans, fresh []*group) (groups []*group, only map[uint64]bool, err error) {
	inner, err := l.having(ctx, meeting(all, in), *a.wanted)
	if err != nil {
		return nil, nil, err
	}
	t := newTouched()
	var mu sync.Mutex // guards t
	pass := &tracePass[struct{}]{lake: l, groups: append(inner, fresh...)}
	err = pass.each(ctx, func(_ int, g *group) error {
		return l.read(g, func(r *rows) error {
			sel, err := r.counting(a.node, in, rowBounds{-1, a.upTo})
			if err != nil {
				return err
			}
			keys, at := r.vector(), r.vector()
			if err := firstError(r.keys("trace_id", keys), r.ints("timestamp", at)); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			t.take(sel, keys, at)
			return nil
		})
	})
	if err != nil || len(t.traces) == 0 {
		return nil, nil, err
	}
	groups, err = l.sharing(ctx, meeting(all, spans{t.near.wider(a.window)}), t.traces)
	return inOrder(append(groups, fresh...)), t.traces, err
}

// keep brings the kept sums up to date, and makes them cover some hours.
func (a *traceQuestion[S]) keep(ctx context.Context, l *Lake, e *folded[S], hours span) error {
	ends := reach(a.snap, a.scope.tiers, a.upTo)
	if len(e.covered) > 0 {
		if err := a.catchUp(ctx, l, e, ends); err != nil {
			return err
		}
	}
	for tier, end := range ends {
		e.upTo[tier] = max(e.upTo[tier], end)
	}
	missing := spans{hours}
	for _, c := range e.covered {
		missing = missing.without(c)
	}
	for _, some := range missing {
		if err := a.cover(ctx, l, e, some); err != nil {
			return err
		}
	}
	return nil
}

// coverRows is about how many entries are summed at once: what is in memory of them
// is bounded.
const coverRows = 1_000_000

// cover sums the hours of a span, a slice at a time.
func (a *traceQuestion[S]) cover(ctx context.Context, l *Lake, e *folded[S], hours span) error {
	groups, err := l.partGroups(ctx, a.snap, a.scope, spans{momentsOfSpan(hours)})
	if err != nil {
		return err
	}
	for _, slice := range slicesOf(groups, hours, coverRows) {
		in := spans{momentsOfSpan(slice.hours)}
		some, only, err := a.around(ctx, l, in, nil)
		if err != nil {
			return err
		}
		sums, err := a.run(ctx, some, passSpec{only: only, bounds: func(g *group) rowBounds { return rowBounds{-1, e.upTo[g.tier()]} }, count: in, byHour: true})
		if err != nil {
			return err
		}
		for hour, sum := range sums {
			e.hours[hour] = sum
		}
		e.covered = e.covered.with(slice.hours)
	}
	return nil
}

// touched are traces with events of interest, such as those that have come since, and
// when these were.
type touched struct {
	traces map[uint64]bool
	near   span
}

// add takes in the events of a group whose positions are in bounds.
func (t *touched) add(l *Lake, g *group, b rowBounds) error {
	if g.first > b.to || g.last <= b.from {
		return nil
	}
	err := l.read(g, func(r *rows) error {
		sel, err := r.bounded(nil, b)
		if err != nil {
			return err
		}
		keys, at := r.vector(), r.vector()
		if err := firstError(r.keys("trace_id", keys), r.ints("timestamp", at)); err != nil {
			return err
		}
		t.take(sel, keys, at)
		return nil
	})
	return err
}

// take takes in the rows that are selected, nil for all.
func (t *touched) take(sel []bool, traces, times *part.Vector) {
	for i, k := range traces.Keys {
		if sel == nil || sel[i] {
			t.traces[k] = true
			t.near = span{min(t.near.from, times.Ints[i]), max(t.near.to, times.Ints[i])}
		}
	}
}

func newTouched() *touched {
	return &touched{traces: map[uint64]bool{}, near: span{math.MaxInt64, math.MinInt64}}
}

// beyond returns which parts have rows above the positions of their tiers.
func beyond(upTo map[hansard.Tier]int64) func(*livePart) bool {
	return func(p *livePart) bool { return int64(p.LastPosition) > upTo[p.Log.Tier] }
}

// catchUp takes what has come into parts since into the sums.
func (a *traceQuestion[S]) catchUp(ctx context.Context, l *Lake, e *folded[S], ends map[hansard.Tier]int64) error {
	some, err := l.partGroupsIf(ctx, a.snap, a.scope, spans{everything()}, beyond(e.upTo))
	if err != nil {
		return err
	}
	t := newTouched()
	for _, g := range some {
		if err := t.add(l, g, rowBounds{e.upTo[g.tier()], ends[g.tier()]}); err != nil {
			return err
		}
	}
	if len(t.traces) == 0 {
		return nil
	}
	all, err := l.partGroups(ctx, a.snap, a.scope, spans{everything()})
	if err != nil {
		return err
	}
	before := func(g *group) rowBounds { return rowBounds{-1, e.upTo[g.tier()]} }
	after := func(g *group) rowBounds { return rowBounds{-1, max(e.upTo[g.tier()], ends[g.tier()])} }
	less, more, err := a.change(ctx, l, t, e.covered.moments(), all, nil, before, after, true)
	if err != nil {
		return err
	}
	for hour := range less {
		if _, ok := more[hour]; !ok {
			var none S
			more[hour] = none
		}
	}
	for hour, sum := range more {
		e.hours[hour] = a.merge(e.hours[hour], less[hour], sum)
	}
	return nil
}

// delta adds what the kept sums leave out of what the question counts, the fresh
// entries, and takes away what they have beyond it.
func (a *traceQuestion[S]) delta(ctx context.Context, l *Lake, e *folded[S], in span, sums *traceSums[S]) error {
	t := newTouched()
	fresh, err := l.freshGroups(a.snap, a.scope, true)
	if err != nil {
		return err
	}
	for _, g := range fresh {
		if err := t.add(l, g, rowBounds{-1, a.upTo}); err != nil {
			return err
		}
	}
	around := spans{in.wider(a.window)}
	some, err := l.partGroupsIf(ctx, a.snap, a.scope, around, func(p *livePart) bool { return int64(p.LastPosition) > a.upTo })
	if err != nil {
		return err
	}
	for _, g := range some {
		if err := t.add(l, g, rowBounds{a.upTo, e.upTo[g.tier()]}); err != nil {
			return err
		}
	}
	if len(t.traces) == 0 {
		return nil
	}
	all, err := l.partGroups(ctx, a.snap, a.scope, around)
	if err != nil {
		return err
	}
	before := func(g *group) rowBounds {
		if g.part == nil {
			return rowBounds{-1, -1}
		}
		return rowBounds{-1, e.upTo[g.tier()]}
	}
	after := func(*group) rowBounds { return rowBounds{-1, a.upTo} }
	less, more, err := a.change(ctx, l, t, spans{in}, all, fresh, before, after, false)
	for _, sum := range less {
		sums.minus = append(sums.minus, sum)
	}
	for _, sum := range more {
		sums.plus = append(sums.plus, sum)
	}
	return err
}

// change sums the touched traces in some moments over the rows within one bound and
// over those within another.
func (a *traceQuestion[S]) change(ctx context.Context, l *Lake, t *touched, in spans, parts, fresh []*group, before, after func(*group) rowBounds, byHour bool) (less, more map[int64]S, err error) {
	near := t.near.wider(a.window)
	count := in.within(near)
	if len(count) == 0 {
		return nil, nil, nil
	}
	groups, err := l.sharing(ctx, meeting(parts, spans{near.wider(a.window)}), t.traces)
	if err != nil {
		return nil, nil, err
	}
	if less, err = a.run(ctx, groups, passSpec{t.traces, before, count, byHour}); err != nil {
		return nil, nil, err
	}
	more, err = a.run(ctx, inOrder(append(groups[:len(groups):len(groups)], fresh...)), passSpec{t.traces, after, count, byHour})
	return less, more, err
}

// hourSlice is a span of hours with about so many entries.
type hourSlice struct {
	hours span
	rows  int
}

// slicesOf cuts hours into spans of about n entries each.
func slicesOf(groups []*group, hours span, n int) []hourSlice {
	size := map[int64]int{}
	for _, g := range groups {
		size[max(hours.from, min(hours.to, bucketOf(g.moments.from)))] += int(g.part.outline.Load().Size(g.g))
	}
	var cuts []hourSlice
	from, sum := hours.from, 0
	for _, hour := range sortedKeys(size) {
		if sum >= n && hour > from {
			cuts = append(cuts, hourSlice{span{from, hour - 1}, sum})
			from, sum = hour, 0
		}
		sum += size[hour]
	}
	return append(cuts, hourSlice{span{from, hours.to}, sum})
}
