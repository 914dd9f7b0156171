package lake

import (
	"context"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// tableSum is the cells of an hour: their keys by number, and width counters of
// each.
type tableSum struct {
	ids      []int32
	counters []int64
}

func (s *tableSum) size() int { return 4*len(s.ids) + 8*len(s.counters) + 50 }

// with returns the sum with more cells. It is not changed itself.
func (s *tableSum) with(t *tally, names *numbers, more cells) (*tableSum, error) {
	sum, place := &tableSum{}, map[int32]int{}
	if s != nil {
		sum.ids, sum.counters = slices.Clone(s.ids), slices.Clone(s.counters)
	}
	for i, id := range sum.ids {
		place[id] = i
	}
	for key, counters := range more {
		id := names.one(key)
		i, ok := place[id]
		if !ok {
			sum.ids, sum.counters = append(sum.ids, id), append(sum.counters, counters...)
			continue
		}
		if err := t.combine(sum.counters[i*t.width:(i+1)*t.width], counters); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// renumber gives the keys of sums new numbers, so that those are forgotten that none
// of them has.
func renumber(names *numbers, hours map[int64]*tableSum) *numbers {
	fresh := &numbers{}
	for hour, sum := range hours {
		again := &tableSum{ids: make([]int32, len(sum.ids)), counters: sum.counters}
		for i, id := range sum.ids {
			again.ids[i] = fresh.one(view(names.text(id)))
		}
		hours[hour] = again
	}
	return fresh
}

// question is what a tally is asked about.
type question struct {
	*tally
	spec  Spec
	snap  *snapshot
	scope *scope     // of node, in any period
	node  query.Node // without a bound of the position
	upTo  int64      // that bound
	whole span       // the moments of the period
}

// tallied answers Aggregate by a pass over the columns: hours that were counted
// before are not read again. ok is false when only the engine can answer.
func (l *Lake) tallied(ctx context.Context, snap *snapshot, q query.Query, spec Spec) (rows [][]any, ok bool, err error) {
	t, ok := l.newTally(spec)
	node, upTo := withoutBound(q.Node)
	if !ok || !selectable(node) {
		return nil, false, nil
	}
	a := &question{tally: t, spec: spec, snap: snap, scope: newScope(node, query.Period{}), node: node, upTo: upTo, whole: periodSpan(q.Period)}
	total := &tableTotal{tally: t, names: &numbers{}, more: cells{}}
	rest, err := l.keptHours(ctx, a, total)
	if err != nil {
		return nil, true, err
	}
	if err := l.tallyRest(ctx, a, rest, total); err != nil {
		return nil, true, err
	}
	return total.rows(&spec), true, nil
}

// tallyRest adds the rows in parts in some moments, and the fresh ones of the
// whole period.
func (l *Lake) tallyRest(ctx context.Context, a *question, rest spans, total *tableTotal) error {
	groups, err := l.partGroups(ctx, a.snap, a.scope, rest)
	if err != nil {
		return err
	}
	if w, ok := l.wantedBy(a.node); ok {
		if groups, err = l.having(ctx, groups, w); err != nil {
			return err
		}
	}
	fresh, err := l.freshGroups(a.snap, a.scope, false)
	if err != nil {
		return err
	}
	bounds := func(*group) rowBounds { return rowBounds{-1, a.upTo} }
	for _, pass := range []struct {
		groups []*group
		in     spans
	}{{groups, rest}, {fresh, spans{a.whole}}} {
		if len(pass.groups) == 0 {
			continue
		}
		found, err := (&tallyPass{tally: a.tally, node: a.node, in: pass.in, bounds: bounds}).run(ctx, l, pass.groups)
		if err != nil {
			return err
		}
		for key, counters := range found[0] {
			if err := total.add(key, counters); err != nil {
				return err
			}
		}
	}
	return nil
}

// keptHours adds the hours that lie wholly in the period to the total, counted
// before or now, and returns the moments that are left.
func (l *Lake) keptHours(ctx context.Context, a *question, total *tableTotal) (rest spans, err error) {
	hours := bucketsIn(a.whole)
	more := []string{strings.Join(slices.Sorted(slices.Values(a.spec.By)), "\x01")}
	for _, m := range a.spec.Measures {
		more = append(more, string(m.Op)+"\x01"+m.Field)
	}
	key, ok := foldKey(a.snap, a.node, more...)
	rest = spans{a.whole}
	if _, few := l.wantedBy(a.node); few || !ok || hours.empty() {
		return rest, nil
	}
	e := l.tableSums.entry(key, isPlain(a.node))
	defer l.tableSums.done(e)
	if !e.begin(a.snap, a.scope.tiers, 0) {
		return rest, nil
	}
	if e.stale { // what was pruned shall not stay in memory
		e.names, e.stale = renumber(e.names, e.hours), false
	}
	dirty, err := l.countHours(ctx, a, e, hours)
	if err != nil {
		e.reset()
		return nil, err
	}
	rest = rest.without(momentsOfSpan(hours))
	total.names, total.counters = e.names, make([]int64, e.names.count()*a.width)
	for hour, sum := range e.hours {
		switch {
		case !hours.holds(hour):
		case dirty[hour]:
			rest = rest.with(momentsOf(hour))
		default:
			if err := total.take(sum); err != nil {
				return nil, err
			}
		}
	}
	return rest, nil
}

// tallyGroups is how many row groups are counted at once: a cell takes more memory
// before it is in a sum.
const tallyGroups = 32

// countHours counts the rows in parts that are not in the kept sums yet: what has
// come since, in the hours that they cover, and all rows of the hours that they
// do not. It returns the hours of which they hold rows beyond the question's bound.
func (l *Lake) countHours(ctx context.Context, a *question, e *folded[*tableSum], hours span) (dirty map[int64]bool, err error) {
	missing := spans{hours}
	for _, c := range e.covered {
		missing = missing.without(c)
	}
	news, gaps := beyond(e.upTo), missing.moments()
	groups, err := l.partGroupsIf(ctx, a.snap, a.scope, gaps.and(e.covered.moments()), func(p *livePart) bool {
		return news(p) || int64(p.LastPosition) > a.upTo || gaps.meet(span{p.MinTime, p.MaxTime})
	})
	if err != nil {
		return nil, err
	}
	ends := reach(a.snap, a.scope.tiers, a.upTo)
	count := func(in spans, of func(*group) rowBounds) error {
		var some []*group
		for _, g := range meeting(groups, in) {
			if b := of(g); g.first <= b.to && g.last > b.from {
				some = append(some, g)
			}
		}
		for slice := range slices.Chunk(some, tallyGroups) {
			found, err := (&tallyPass{tally: a.tally, node: a.node, in: in, bounds: of, byHour: true}).run(ctx, l, slice)
			if err != nil {
				return err
			}
			for hour, more := range found {
				if e.hours[hour], err = e.hours[hour].with(a.tally, e.names, more); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if len(e.covered) > 0 {
		if err := count(e.covered.moments(), func(g *group) rowBounds { return rowBounds{e.upTo[g.tier()], ends[g.tier()]} }); err != nil {
			return nil, err
		}
	}
	for tier, end := range ends {
		e.upTo[tier] = max(e.upTo[tier], end)
	}
	if len(missing) > 0 {
		if err := count(missing.moments(), func(g *group) rowBounds { return rowBounds{-1, e.upTo[g.tier()]} }); err != nil {
			return nil, err
		}
		e.covered = e.covered.with(hours)
	}
	return l.hoursBeyond(ctx, a, e, groups)
}

// hoursBeyond returns the hours in which kept sums hold rows beyond the question's
// bound: another question, with a later one, has counted them.
func (l *Lake) hoursBeyond(ctx context.Context, a *question, e *folded[*tableSum], groups []*group) (map[int64]bool, error) {
	var some []*group
	for _, g := range groups {
		if g.last > a.upTo && g.first <= e.upTo[g.tier()] {
			some = append(some, g)
		}
	}
	dirty := map[int64]bool{}
	if len(some) == 0 {
		return dirty, nil
	}
	pass := &tallyPass{tally: &tally{width: 1}, in: spans{everything()}, byHour: true, bounds: func(g *group) rowBounds { return rowBounds{a.upTo, e.upTo[g.tier()]} }}
	found, err := pass.run(ctx, l, some)
	for hour := range found {
		dirty[hour] = true
	}
	return dirty, err
}

// tier returns the tier of a row group of a part.
func (g *group) tier() hansard.Tier { return g.part.Log.Tier }
