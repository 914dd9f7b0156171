package lake

import (
	"cmp"
	"context"
	"math"
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
	// Only are the bits of the selectors that are asked; 0: all.
	Only uint64
	// Keys are text columns; a mark has the key of its entry's value in each.
	Keys []string
	// Wants, if set, returns what is wanted of a mark with these bits. It is called
	// by several goroutines at once.
	Wants func(bits uint64) Want
}

// Want says what is wanted of a mark.
type Want struct {
	// Mark says that it is wanted at all.
	Mark bool
	// Keys has bit i for column i of the keys. Those of a column that no mark of a
	// row group wants are 0 there.
	Keys uint64
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

// check refuses what a pass cannot look for.
func (s *MarkSpec) check() error {
	if len(s.Selectors) > MaxSelectors {
		return hansard.Errorf(hansard.KindInternal, "mark entries: %d selectors, at most %d", len(s.Selectors), MaxSelectors)
	}
	for _, one := range append(s.Selectors[:len(s.Selectors):len(s.Selectors)], s.Within) {
		if !selectable(one.Node) {
			return hansard.Errorf(hansard.KindInternal, "mark entries: a selector needs the engine")
		}
	}
	_, err := textFields(s.Keys)
	return err
}

// Mark passes over the columns of the tenant's entries once and calls f with those
// that a selector selects, in no order, several times at once.
func (l *Lake) Mark(ctx context.Context, tenant string, spec MarkSpec, f func(*Marks) error) error {
	if err := spec.check(); err != nil {
		return err
	}
	snap := l.pin(tenant)
	defer snap.release()
	sc := newScope(spec.Within.Node, spec.Period)
	groups, err := l.groups(ctx, snap, sc)
	if err != nil {
		return err
	}
	m := &marker{spec: spec, f: f, within: func(r *rows) ([]bool, error) {
		in, err := r.selected(query.Query{Node: spec.Within.Node, Period: spec.Period}, sc)
		if err != nil {
			return nil, err
		}
		return r.among(spec.Within.Positions, in)
	}}
	return m.pass(ctx, l, groups)
}

// marker marks the rows of groups.
type marker struct {
	spec MarkSpec
	// within returns which rows of a group are looked at; nil: all.
	within func(r *rows) ([]bool, error)
	f      func(*Marks) error
	spare  sync.Pool // of *Marks
}

// pass marks the rows of all groups.
func (m *marker) pass(ctx context.Context, l *Lake, groups []*group) error {
	p := &tracePass[struct{}]{lake: l, groups: groups}
	return p.each(ctx, func(_ int, gr *group) error { return l.read(gr, m.group) })
}

// group marks the rows of one group.
func (m *marker) group(r *rows) error {
	r.shared = map[string]*part.Vector{}
	in, err := m.within(r)
	if err != nil || in != nil && !slices.Contains(in, true) {
		return err
	}
	bits := make([]uint64, r.size())
	var viewed []uint64
	if r.file == nil {
		if viewed, err = m.view(r, in); err != nil {
			return err
		}
	}
	for i, s := range m.spec.Selectors {
		if m.spec.Only != 0 && m.spec.Only&(1<<i) == 0 {
			continue
		}
		var sel []bool
		if r.file != nil {
			sel, err = r.match(s.Node)
		}
		if err != nil {
			return err
		}
		if sel, err = r.among(s.Positions, sel); err != nil {
			return err
		}
		for k := range bits {
			if (sel == nil || sel[k]) && (viewed == nil || viewed[k]&(1<<i) != 0) {
				bits[k] |= 1 << i
			}
		}
	}
	for k := range bits {
		if in != nil && !in[k] {
			bits[k] = 0
		}
	}
	n, columns := m.wanted(bits)
	if n == 0 {
		return nil
	}
	return m.hand(r, bits, n, columns)
}

// view returns which nodes select each of the fresh rows: a row is decoded once for
// all of them.
func (m *marker) view(r *rows, in []bool) ([]uint64, error) {
	bits := make([]uint64, len(r.fresh))
	var e hansard.Entry
	for k, row := range r.fresh {
		if in != nil && !in[k] {
			continue
		}
		if err := r.enc.View(&e, row); err != nil {
			return nil, err
		}
		for i, s := range m.spec.Selectors {
			if (m.spec.Only == 0 || m.spec.Only&(1<<i) != 0) && (s.Node == nil || query.Match(s.Node, &e)) {
				bits[k] |= 1 << i
			}
		}
	}
	return bits, nil
}

// wanted clears the bits of the rows of which no mark is wanted, and returns how many
// are left and which columns of keys they want.
func (m *marker) wanted(bits []uint64) (n int, columns uint64) {
	known := map[uint64]Want{0: {}}
	var last uint64
	var want Want
	for k, b := range bits {
		if b != last {
			var ok bool
			if want, ok = known[b]; !ok {
				if want = (Want{true, math.MaxUint64}); m.spec.Wants != nil {
					want = m.spec.Wants(b)
				}
				known[b] = want
			}
			last = b
		}
		if !want.Mark {
			bits[k] = 0
			continue
		}
		n, columns = n+1, columns|want.Keys
	}
	return n, columns
}

// hand hands over the n rows that have bits.
func (m *marker) hand(r *rows, bits []uint64, n int, columns uint64) error {
	at, position, keys := r.vector(), r.vector(), make([][]uint64, len(m.spec.Keys))
	if err := firstError(r.ints("timestamp", at), r.ints("position", position)); err != nil {
		return err
	}
	for i, name := range m.spec.Keys {
		if columns&(1<<i) == 0 {
			continue
		}
		v := r.vector()
		if err := r.keys(name, v); err != nil {
			return err
		}
		keys[i] = v.Keys
	}
	out, _ := m.spare.Get().(*Marks)
	if out == nil {
		out = &Marks{}
	}
	defer m.spare.Put(out)
	out.Marks, out.Keys = slices.Grow(out.Marks[:0], n), slices.Grow(out.Keys[:0], n*len(keys))
	for k, b := range bits {
		if b == 0 {
			continue
		}
		out.Marks = append(out.Marks, Mark{at.Ints[k], position.Ints[k], b})
		for _, column := range keys {
			key := uint64(0)
			if column != nil {
				key = column[k]
			}
			out.Keys = append(out.Keys, key)
		}
	}
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
