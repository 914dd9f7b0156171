package lake

import (
	"context"
	"maps"
	"slices"

	"github.com/hansardhq/hansard/internal/query"
)

// distinctTraces counts the traces of what a query selects. Of row groups all of
// whose rows count it needs the dictionaries alone, and these are kept. ok is false
// when something else is asked.
func (l *Lake) distinctTraces(ctx context.Context, snap *snapshot, q query.Query, spec Spec) (n int64, ok bool, err error) {
	only := Measure{Op: Distinct, Field: "trace_id"}
	node, upTo := withoutBound(q.Node)
	if len(spec.By) > 0 || len(spec.Measures) != 1 || spec.Measures[0] != only || !selectable(node) {
		return 0, false, nil
	}
	sc, in := newScope(node, query.Period{}), periodSpan(q.Period)
	groups, err := l.partGroups(ctx, snap, sc, spans{in})
	if err != nil {
		return 0, true, err
	}
	fresh, err := l.freshGroups(snap, sc, true)
	if err != nil {
		return 0, true, err
	}
	groups = append(groups, fresh...)
	found := make([][]uint64, len(groups))
	place := map[*group]int{}
	for i, g := range groups {
		place[g] = i
	}
	pass := &tracePass[struct{}]{lake: l, groups: groups}
	err = pass.each(ctx, func(_ int, g *group) (err error) {
		if node == nil && g.moments.within(in) && g.last <= upTo {
			found[place[g]], err = l.traceKeys(g)
			return err
		}
		return l.read(g, func(r *rows) (err error) {
			found[place[g]], err = r.tracesOf(node, in, upTo)
			return err
		})
	})
	return countDistinct(found), true, err
}

// tracesOf returns the keys of the traces of the rows that count, about each once.
func (r *rows) tracesOf(node query.Node, in span, upTo int64) ([]uint64, error) {
	sel, err := r.counting(node, spans{in}, rowBounds{-1, upTo})
	if err != nil {
		return nil, err
	}
	v := r.vector()
	if err := r.keys("trace_id", v); err != nil {
		return nil, err
	}
	var keys []uint64
	for i, k := range v.Keys {
		if (sel == nil || sel[i]) && (len(keys) == 0 || keys[len(keys)-1] != k) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// distinctParts is in how many parts keys are counted, one after the other, so that
// the table of those seen stays small.
const distinctParts = 16

// countDistinct returns how many different keys there are but 0.
func countDistinct(lists [][]uint64) (n int64) {
	size := 0
	for _, list := range lists {
		size += len(list)
	}
	slots := 1024
	for slots < size/distinctParts*3 {
		slots *= 2
	}
	seen, mask := make([]uint64, slots), uint64(slots-1)
	for part := range uint64(distinctParts) {
		clear(seen)
		for _, list := range lists {
			for _, k := range list {
				if k>>60 != part || k == 0 {
					continue
				}
				at := k & mask
				for seen[at] != 0 && seen[at] != k {
					at = (at + 1) & mask
				}
				if seen[at] == 0 {
					seen[at] = k
					n++
				}
			}
		}
	}
	return n
}

func sortedKeys[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }
