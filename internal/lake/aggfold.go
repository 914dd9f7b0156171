package lake

import (
	"cmp"
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
		id := names.of([]string{key})[0]
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
	t, ok := newTally(spec)
	node, upTo := withoutBound(q.Node)
	if !ok || !selectable(node) {
		return nil, false, nil
	}
	a := &question{tally: t, spec: spec, snap: snap, scope: newScope(node, query.Period{}), node: node, upTo: upTo, whole: periodSpan(q.Period)}
	total := cells{}
	rest, err := l.keptHours(ctx, a, total)
	if err != nil {
		return nil, true, err
	}
	if err := l.tallyRest(ctx, a, rest, total); err != nil {
		return nil, true, err
	}
	if len(spec.By) == 0 && len(total) == 0 { // one row of nothing
		total[""] = make([]int64, t.width)
	}
	return t.rows(total, spec), true, nil
}

// rows returns cells as rows, in the order that a spec asks for and cut to its
// limit. Of many cells of which few are wanted it keeps few.
func (t *tally) rows(total cells, spec Spec) [][]any {
	rows := make([][]any, 0, len(total))
	most := 4*spec.Limit + 1000
	var last []any // of those that are wanted so far
	for key, counters := range total {
		row := t.row(key, counters)
		if last != nil && spec.compare(row, last) > 0 {
			continue
		}
		if rows = append(rows, row); spec.Limit > 0 && len(rows) >= most {
			rows = sorted(rows, spec)
			last = rows[len(rows)-1]
		}
	}
	return sorted(rows, spec)
}

// tallyRest adds the rows in parts in some moments, and the fresh ones of the
// whole period.
func (l *Lake) tallyRest(ctx context.Context, a *question, rest spans, total cells) error {
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
			if err := a.add(total, key, counters); err != nil {
				return err
			}
		}
	}
	return nil
}

// keptHours adds the hours that lie wholly in the period to the total, counted
// before or now, and returns the moments that are left.
func (l *Lake) keptHours(ctx context.Context, a *question, total cells) (rest spans, err error) {
	hours := bucketsIn(a.whole)
	more := []string{strings.Join(a.spec.By, "\x01")}
	for _, m := range a.spec.Measures {
		more = append(more, string(m.Op)+"\x01"+m.Field)
	}
	key, ok := foldKey(a.snap, a.node, more...)
	rest = spans{a.whole}
	if _, few := l.wantedBy(a.node); few || !ok || hours.empty() || slices.Contains(a.spec.By, ErrorText) { // of nearly every error another one
		return rest, nil
	}
	e := l.tableSums.entry(key)
	defer l.tableSums.done(e)
	if !e.begin(a.snap, a.scope.tiers) {
		return rest, nil
	}
	dirty, err := l.countHours(ctx, a, e, hours)
	if err != nil {
		e.reset()
		return nil, err
	}
	rest = rest.without(momentsOfSpan(hours))
	counters := make([]int64, len(e.names.texts)*a.width)
	for hour, sum := range e.hours {
		switch {
		case !hours.holds(hour):
			continue
		case dirty[hour]:
			rest = rest.with(momentsOf(hour))
			continue
		}
		for i, id := range sum.ids {
			own := counters[int(id)*a.width:][:a.width]
			if err := a.combine(own, sum.counters[i*a.width:(i+1)*a.width]); err != nil {
				return nil, err
			}
		}
	}
	for id, name := range e.names.texts {
		if own := counters[id*a.width:][:a.width]; own[0] > 0 {
			if err := a.add(total, name, own); err != nil {
				return nil, err
			}
		}
	}
	return rest, nil
}

// countHours counts the rows in parts that are not in the kept sums yet: what has
// come since, in the hours that they cover, and all rows of the hours that they
// do not. It returns the hours of which they hold rows beyond the question's bound.
func (l *Lake) countHours(ctx context.Context, a *question, e *folded[*tableSum], hours span) (dirty map[int64]bool, err error) {
	missing := spans{hours}
	for _, c := range e.covered {
		missing = missing.without(c)
	}
	groups, err := l.partGroups(ctx, a.snap, a.scope, missing.moments().and(e.covered.moments()))
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
		found, err := (&tallyPass{tally: a.tally, node: a.node, in: in, bounds: of, byHour: true}).run(ctx, l, some)
		if err != nil {
			return err
		}
		for hour, more := range found {
			if e.hours[hour], err = e.hours[hour].with(a.tally, &e.names, more); err != nil {
				return err
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

// compareFigures orders two figures of one column that are there.
func compareFigures(a, b any) int {
	switch x := a.(type) {
	case string:
		y, _ := b.(string)
		return cmp.Compare(x, y)
	case float64:
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	case bool:
		y, _ := b.(bool)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	}
	x, _ := a.(int64)
	y, _ := b.(int64)
	return cmp.Compare(x, y)
}

// sorted returns rows in the order that a spec asks for, cut to its limit.
func sorted(rows [][]any, spec Spec) [][]any {
	slices.SortFunc(rows, spec.compare)
	if spec.Limit > 0 {
		rows = rows[:min(spec.Limit, len(rows))]
	}
	return rows
}

// compare orders rows as a spec asks for it.
func (spec *Spec) compare(a, b []any) int {
	nullLast := func(a, b any, sign int) int {
		switch {
		case a == nil && b == nil:
			return 0
		case a == nil:
			return 1
		case b == nil:
			return -1
		}
		return sign * compareFigures(a, b)
	}
	if spec.OrderBy >= 0 {
		sign := 1
		if spec.Desc {
			sign = -1
		}
		if c := nullLast(a[spec.OrderBy], b[spec.OrderBy], sign); c != 0 {
			return c
		}
	}
	for i := range spec.By {
		if c := nullLast(a[i], b[i], 1); c != 0 {
			return c
		}
	}
	return 0
}
