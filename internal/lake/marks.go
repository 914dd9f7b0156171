package lake

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// MaxSelectors is how many selectors a pass takes: one bit of a mark each.
const MaxSelectors = 64

// Selector says which entries get a bit.
type Selector struct {
	// Node selects; it must be Selectable. nil: every entry.
	Node query.Node
	// Positions, if not nil, are those of the entries that get the bit, sorted:
	// what a search that is not Selectable has found beforehand.
	Positions []uint64
}

// MarkSpec says what a pass over the entries looks for.
type MarkSpec struct {
	Period query.Period
	// Within is what every marked entry fulfils besides.
	Within    Selector
	Selectors []Selector // at most MaxSelectors
	// Keys are text columns; a mark has the key of its entry's value in each.
	Keys []string
}

// Mark is what a pass keeps of an entry that a selector selects.
type Mark struct {
	Timestamp int64 // Unix nanoseconds
	Position  int64
	Bits      uint64 // bit i: selector i selects it
}

// Marks are the marks of some rows. The slices are good during the call.
type Marks struct {
	Marks []Mark
	// Keys are the keys of mark i from i*len(spec.Keys) on. Equal texts have
	// equal keys; 0 stands for no value. Keys of different lakes cannot be
	// compared.
	Keys []uint64
}

// Selectable reports whether a pass over the columns can tell which entries a
// node selects, without the texts and without the engine.
func Selectable(n query.Node) bool { return selectable(n) }

// Mark passes over the columns of the tenant's entries once and calls f, never
// twice at a time, with those that a selector selects, in no order.
func (l *Lake) Mark(ctx context.Context, tenant string, spec MarkSpec, f func(*Marks) error) error {
	if len(spec.Selectors) > MaxSelectors {
		return hansard.Errorf(hansard.KindInternal, "mark entries: %d selectors, at most %d", len(spec.Selectors), MaxSelectors)
	}
	for _, s := range append(spec.Selectors[:len(spec.Selectors):len(spec.Selectors)], spec.Within) {
		if !selectable(s.Node) {
			return hansard.Errorf(hansard.KindInternal, "mark entries: a selector needs the engine")
		}
	}
	if _, err := textFields(spec.Keys); err != nil {
		return err
	}
	snap := l.pin(tenant)
	defer snap.release()
	sc := newScope(spec.Within.Node, spec.Period)
	groups, err := l.groups(ctx, snap, sc)
	if err != nil {
		return err
	}
	m := &marker{spec: spec, scope: sc, f: f}
	p := &tracePass[struct{}]{lake: l, groups: groups}
	return p.each(ctx, func(_ int, gr *group) error { return l.read(gr, m.group) })
}

// marker marks the rows of groups.
type marker struct {
	spec  MarkSpec
	scope *scope
	mu    sync.Mutex // held while f runs
	f     func(*Marks) error
}

// group marks the rows of one group.
func (m *marker) group(r *rows) error {
	r.shared = map[string]*part.Vector{}
	in, err := r.selected(query.Query{Node: m.spec.Within.Node, Period: m.spec.Period}, m.scope)
	if err != nil {
		return err
	}
	if in, err = r.among(m.spec.Within.Positions, in); err != nil {
		return err
	}
	bits, all := make([]uint64, r.size()), newScope(nil, query.Period{})
	for i, s := range m.spec.Selectors {
		sel, err := r.selected(query.Query{Node: s.Node}, all)
		if err != nil {
			return err
		}
		if sel, err = r.among(s.Positions, sel); err != nil {
			return err
		}
		for k := range bits {
			if sel == nil || sel[k] {
				bits[k] |= 1 << i
			}
		}
	}
	n := 0
	for k := range bits {
		if in != nil && !in[k] {
			bits[k] = 0
		}
		if bits[k] != 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return m.hand(r, bits, n)
}

// hand hands over the n rows that have bits.
func (m *marker) hand(r *rows, bits []uint64, n int) error {
	at, position, keys := r.vector(), r.vector(), make([]*part.Vector, len(m.spec.Keys))
	if err := firstError(r.ints("timestamp", at), r.ints("position", position)); err != nil {
		return err
	}
	for i, name := range m.spec.Keys {
		keys[i] = r.vector()
		if err := r.keys(name, keys[i]); err != nil {
			return err
		}
	}
	out := &Marks{Marks: make([]Mark, 0, n), Keys: make([]uint64, 0, n*len(keys))}
	for k, b := range bits {
		if b == 0 {
			continue
		}
		out.Marks = append(out.Marks, Mark{at.Ints[k], position.Ints[k], b})
		for _, v := range keys {
			out.Keys = append(out.Keys, v.Keys[k])
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.f(out)
}

// among narrows a selection to the rows at some positions, sorted; nil stands for
// all.
func (r *rows) among(positions []uint64, sel []bool) ([]bool, error) {
	if positions == nil {
		return sel, nil
	}
	v := r.vector()
	if err := r.ints("position", v); err != nil {
		return nil, err
	}
	found := make([]bool, len(v.Ints))
	for i, p := range v.Ints {
		if sel == nil || sel[i] {
			_, found[i] = slices.BinarySearch(positions, uint64(p))
		}
	}
	return found, nil
}

// Slices cuts the period of the tenant's entries into periods of about n entries
// each, one after the other, so that what a pass finds can be put in order a
// slice at a time. There is at least one.
func (l *Lake) Slices(ctx context.Context, tenant string, p query.Period, n int) ([]query.Period, error) {
	snap := l.pin(tenant)
	defer snap.release()
	sc := newScope(nil, p)
	groups, err := l.groups(ctx, snap, sc)
	if err != nil {
		return nil, err
	}
	type span struct {
		middle int64
		size   int
	}
	var spans []span
	total := 0
	for _, gr := range groups {
		s := span{size: len(gr.fresh)}
		if gr.part == nil {
			s.middle = gr.fresh[0].Place.Timestamp
		} else {
			bounds, err := l.boundsOf(gr.part)
			if err != nil {
				return nil, err
			}
			b := bounds[gr.g]
			s.middle, s.size = b.least+(b.greatest-b.least)/2, int(gr.part.Name.End-gr.part.Name.First)/len(bounds)
		}
		total += s.size
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.middle, b.middle) })
	cuts, sum := []query.Period{}, 0
	since := p.Since
	for i, s := range spans {
		sum += s.size
		cut := time.Unix(0, s.middle).UTC()
		if sum < n || i == len(spans)-1 || !cut.After(since) {
			continue
		}
		cuts = append(cuts, query.Period{Since: since, Until: cut})
		since, sum = cut, 0
	}
	return append(cuts, query.Period{Since: since, Until: p.Until}), nil
}

// At returns the entries at some positions, sorted, that are on record still, in
// the order of their positions.
func (l *Lake) At(ctx context.Context, tenant string, positions []uint64) ([]*hansard.Entry, error) {
	if len(positions) == 0 {
		return nil, nil
	}
	snap := l.pin(tenant)
	defer snap.release()
	first, last := positions[0], positions[len(positions)-1]
	var found []*hansard.Entry
	var mu sync.Mutex // guards found
	var parts []*livePart
	for _, tier := range hansard.Tiers {
		for _, p := range snap.version.parts[tier] {
			if p.LastPosition >= first && p.FirstPosition <= last {
				parts = append(parts, p)
			}
		}
		for _, row := range snap.fresh[tier] {
			if _, ok := slices.BinarySearch(positions, row.Place.Position); ok {
				e, err := l.enc.Entry(row)
				if err != nil {
					return nil, err
				}
				found = append(found, e)
			}
		}
	}
	err := l.eachPart(ctx, parts, func(p *livePart) error {
		return l.lookups.use(p, func(f *part.Lookup) error {
			entries, err := f.FindPositions(positions)
			for _, e := range entries {
				e.LeafHash = part.HashLeaf(l.enc.AppendLeaf(nil, e))
			}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, entries...)
			return err
		})
	})
	slices.SortFunc(found, func(a, b *hansard.Entry) int { return cmp.Compare(a.Position, b.Position) })
	return found, err
}

// Key returns the key that marks have for a text.
func (l *Lake) Key(text string) uint64 { return l.keyer.Key(text) }
