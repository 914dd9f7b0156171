package lake

import (
	"context"
	"slices"
	"sync"

	"github.com/hansardhq/hansard/internal/query"
)

// wanted are values of which every event has one that a search selects: of a field
// that has as many values as there are runs of agents, so that most row groups have
// none of them.
type wanted struct {
	column string
	keys   []uint32 // sorted
}

// maxWanted is up to how many values are looked for in the dictionaries.
const maxWanted = 1000

// wantedBy returns what a search wants; ok is false when it wants nothing of the
// kind.
func (l *Lake) wantedBy(n query.Node) (w wanted, ok bool) {
	switch n := n.(type) {
	case query.And:
		for _, c := range n.Nodes {
			if w, ok := l.wantedBy(c); ok {
				return w, true
			}
		}
	case query.Compare:
		if n.Op != query.In || len(n.Values) > maxWanted || !slices.Contains([]string{"session_id", "task_id", "user_id", "trace_id"}, n.Field.Name) ||
			slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Glob || v.Person }) {
			return w, false
		}
		w.column = n.Field.Name
		for _, v := range n.Values {
			w.keys = append(w.keys, shortKey(l.keyer.Key(v.Text)))
		}
		slices.Sort(w.keys)
		return w, true
	}
	return w, false
}

// shortKey is half of a key: who looks for a value finds it, and now and then
// another one.
func shortKey(key uint64) uint32 { return uint32(key >> 32) }

// having returns those of the groups that may hold what is wanted.
func (l *Lake) having(ctx context.Context, groups []*group, w wanted) ([]*group, error) {
	may := make([]bool, len(groups))
	place := map[*group]int{}
	for i, g := range groups {
		place[g] = i
	}
	pass := &tracePass[struct{}]{lake: l, groups: groups}
	err := pass.each(ctx, func(_ int, g *group) error {
		if g.part == nil {
			may[place[g]] = true
			return nil
		}
		keys, err := l.shortKeys(g, w.column)
		for _, k := range w.keys {
			if _, ok := slices.BinarySearch(keys, k); ok {
				may[place[g]] = true
				break
			}
		}
		return err
	})
	var found []*group
	for i, g := range groups {
		if may[i] {
			found = append(found, g)
		}
	}
	return found, err
}

// shortKeys returns the short keys of a column's values in a row group, sorted. They
// are kept.
func (l *Lake) shortKeys(g *group, column string) ([]uint32, error) {
	at := columnGroup{column, g.g}
	if keys, ok := g.part.short.get(at); ok {
		return keys, nil
	}
	var short []uint32
	err := l.read(g, func(r *rows) error {
		keys, err := r.file.TermKeys(column, r.keyer)
		for _, k := range keys {
			short = append(short, shortKey(k))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(short)
	short = slices.Clip(slices.Compact(short))
	g.part.short.set(at, short)
	return short, nil
}

// columnGroup is a column of a row group.
type columnGroup struct {
	column string
	g      int
}

// shortKeys are those of the row groups of a part, as far as they were asked for: 4
// bytes for each value in each.
type shortKeys struct {
	mu   sync.Mutex // guards keys
	keys map[columnGroup][]uint32
}

func (k *shortKeys) get(at columnGroup) (keys []uint32, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, ok = k.keys[at]
	return keys, ok
}

func (k *shortKeys) set(at columnGroup, keys []uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[columnGroup][]uint32{}
	}
	k.keys[at] = keys
}
