package lake

import (
	"cmp"
	"context"
	"os"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// group is what is read at a time: a row group of a part, or fresh rows, which
// are sorted by trace too where traces matter.
type group struct {
	part    *livePart
	g       int
	fresh   []*part.Row
	moments span // that its timestamps lie in
	// first and last are the positions of the first event, or an earlier one,
	// and of the last, or a later one.
	first, last int64
}

// groups returns the row groups and the fresh rows of a snapshot that may hold
// events in the scope, in the order of their first positions.
func (l *Lake) groups(ctx context.Context, snap *snapshot, sc *scope) ([]*group, error) {
	all, err := l.partGroups(ctx, snap, sc, spans{{sc.since, sc.until}})
	if err != nil {
		return nil, err
	}
	fresh, err := l.freshGroups(snap, sc, true)
	return inOrder(append(all, fresh...)), err
}

// inOrder sorts groups by their first positions.
func inOrder(groups []*group) []*group {
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(a.first, b.first) })
	return groups
}

// partGroups returns the row groups of parts that may hold events in the scope with
// timestamps in spans.
func (l *Lake) partGroups(ctx context.Context, snap *snapshot, sc *scope, in spans) ([]*group, error) {
	return l.partGroupsIf(ctx, snap, sc, in, func(*livePart) bool { return true })
}

// partGroupsIf is partGroups of those parts that are wanted. The others need not be
// opened.
func (l *Lake) partGroupsIf(ctx context.Context, snap *snapshot, sc *scope, in spans, wanted func(*livePart) bool) ([]*group, error) {
	return l.groupsOf(ctx, slices.DeleteFunc(sc.parts(snap), func(p *livePart) bool { return !wanted(p) }), in)
}

// groupsOf returns the row groups of some parts that may hold events with timestamps in
// spans.
func (l *Lake) groupsOf(ctx context.Context, parts []*livePart, in spans) ([]*group, error) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p *livePart) bool { return !in.meet(span{p.MinTime, p.MaxTime}) })
	found := make([][]*group, len(parts))
	place := map[*livePart]int{}
	for i, p := range parts {
		place[p] = i
	}
	err := l.eachPart(ctx, parts, func(p *livePart) error {
		bounds, err := l.boundsOf(p)
		for g, b := range bounds {
			if m := (span{b.least, b.greatest}); in.meet(m) {
				found[place[p]] = append(found[place[p]], &group{part: p, g: g, moments: m, first: b.first, last: b.last})
			}
		}
		return err
	})
	return inOrder(slices.Concat(found...)), err
}

// freshGroups returns the fresh rows that may hold events in the scope; by trace,
// if they are to be sorted.
func (l *Lake) freshGroups(snap *snapshot, sc *scope, sorted bool) (groups []*group, err error) {
	for tier := range sc.tiers {
		rows := snap.fresh[tier]
		if len(rows) == 0 {
			continue
		}
		g := &group{fresh: rows, moments: everything(), first: int64(rows[0].Place.Position), last: int64(rows[len(rows)-1].Place.Position)}
		if sorted {
			if g.fresh, err = l.byTrace(snap, tier); err != nil {
				return nil, err
			}
		}
		groups = append(groups, g)
	}
	return inOrder(groups), nil
}

// groupBounds is what a part's footer says of a row group: the bounds of its
// timestamps and its positions, as far as they are known.
type groupBounds struct{ least, greatest, first, last int64 }

// outlineOf returns the outline of a part. It is kept: a year has more parts than
// are open at once.
func (l *Lake) outlineOf(p *livePart) (*part.Outline, error) {
	if known := p.outline.Load(); known != nil {
		return known, nil
	}
	var o *part.Outline
	err := l.withPart(p, func(f *part.File) error {
		o = f.Outline()
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.outline.Store(o)
	return o, nil
}

// withPart calls f with a part that is open for as long.
func (l *Lake) withPart(p *livePart, f func(*part.File) error) error {
	file, err := os.Open(p.path)
	if err != nil {
		return hansard.Errorf(hansard.KindInternal, "open a part: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return hansard.Errorf(hansard.KindInternal, "open a part: %w", err)
	}
	open, err := l.enc.Open(file, info.Size(), p.Log)
	if err != nil {
		return err
	}
	return f(open)
}

// boundsOf returns the bounds of a part's row groups.
func (l *Lake) boundsOf(p *livePart) ([]groupBounds, error) {
	o, err := l.outlineOf(p)
	if err != nil {
		return nil, err
	}
	bounds := make([]groupBounds, o.Groups())
	timestamp, position := l.enc.Column("timestamp"), l.enc.Column("position")
	for g := range bounds {
		b := &bounds[g]
		b.least, b.greatest, _ = o.Bounds(g, timestamp)
		b.first, b.last, _ = o.Bounds(g, position)
	}
	return bounds, nil
}

// rows reads the columns of a group.
type rows struct {
	enc   *part.Encoder
	keyer part.Keyer
	gr    *group
	file  *part.ColumnReader // nil: of fresh rows
	fresh []*part.Row
	// shared holds what the searches of one pass have read of the group; nil:
	// they share nothing.
	shared map[string]*part.Vector
	// only says which rows are of the traces that a pass looks at; nil: all.
	only []bool
	*scratch
}

// scratch holds the vectors that reads of one group after the other use again.
type scratch struct {
	vectors []*part.Vector
	used    int
	reader  *part.ColumnReader
}

// scratch returns a scratch from before, or a new one. Whoever is done with it puts
// it back into l.scratches.
func (l *Lake) scratch() (*scratch, error) {
	if s, ok := l.scratches.Get().(*scratch); ok {
		s.used = 0
		return s, nil
	}
	reader, err := l.enc.NewColumnReader()
	return &scratch{reader: reader}, err
}

// vector returns a vector that is the caller's until the next group is read.
func (s *scratch) vector() *part.Vector {
	if s.used == len(s.vectors) {
		s.vectors = append(s.vectors, &part.Vector{})
	}
	s.used++
	return s.vectors[s.used-1]
}

// read calls f with the rows of a group.
func (l *Lake) read(gr *group, f func(*rows) error) error {
	s, err := l.scratch()
	if err != nil {
		return err
	}
	defer l.scratches.Put(s)
	r := &rows{enc: l.enc, keyer: l.keyer, gr: gr, fresh: gr.fresh, scratch: s}
	if gr.part == nil {
		return f(r)
	}
	o, err := l.outlineOf(gr.part)
	if err != nil {
		return err
	}
	file, err := os.Open(gr.part.path)
	if err != nil {
		return hansard.Errorf(hansard.KindInternal, "open a part: %w", err)
	}
	defer file.Close()
	s.reader.Use(o, file, gr.g)
	r.file = s.reader
	return f(r)
}

func (r *rows) size() int {
	if r.file == nil {
		return len(r.fresh)
	}
	return r.file.Size()
}

// terms reads a column of texts as codes.
func (r *rows) terms(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadTerms(column, v)
	}
	v.Codes, v.Terms = v.Codes[:0], append(v.Terms[:0], "")
	c, known := r.enc.Column(column), map[string]uint32{"": 0}
	return r.each(c, func(row *part.Values) {
		s := row.Text(c)
		code, ok := known[s]
		if !ok {
			code = uint32(len(v.Terms))
			known[s] = code
			v.Terms = append(v.Terms, s)
		}
		v.Codes = append(v.Codes, code)
	})
}

// each calls f with every fresh row's value of a column.
func (r *rows) each(c *part.Column, f func(*part.Values)) error {
	var v part.Values
	for _, row := range r.fresh {
		if err := r.enc.Value(&v, row, c); err != nil {
			return err
		}
		f(&v)
	}
	return nil
}

// keys reads a column of texts as keys.
func (r *rows) keys(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadKeys(column, r.keyer, v)
	}
	c := r.enc.Column(column)
	v.Keys = v.Keys[:0]
	return r.each(c, func(row *part.Values) { v.Keys = append(v.Keys, r.keyer.Key(row.Text(c))) })
}

// traces returns the keys of the traces, about each once.
func (r *rows) traces() ([]uint64, error) {
	if r.file != nil {
		return r.file.TermKeys("trace_id", r.keyer)
	}
	v := r.vector()
	err := r.keys("trace_id", v)
	return slices.Clone(slices.Compact(v.Keys)), err
}

// ints reads a column of integers or times.
func (r *rows) ints(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadInts(column, v)
	}
	c := r.enc.Column(column)
	v.Ints, v.Set = v.Ints[:0], v.Set[:0]
	return r.each(c, func(row *part.Values) { v.Ints, v.Set = append(v.Ints, row.Int(c)), append(v.Set, !row.Null(c)) })
}

// holds reads which rows have a term in a column of lists.
func (r *rows) holds(column, term string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadHolds(column, term, v)
	}
	c := r.enc.Column(column)
	v.Set = v.Set[:0]
	return r.each(c, func(row *part.Values) { v.Set = append(v.Set, slices.Contains(row.List(c), term)) })
}

// within reads which rows lie in the period, both ends included. A nil result
// stands for all.
func (r *rows) within(since, until int64) ([]bool, error) {
	if r.file != nil {
		if least, greatest, ok := r.file.Bounds("timestamp"); ok && least >= since && greatest <= until {
			return nil, nil
		}
	}
	v := r.vector()
	if err := r.ints("timestamp", v); err != nil {
		return nil, err
	}
	for i, t := range v.Ints {
		v.Set[i] = t >= since && t <= until
	}
	return v.Set, nil
}

// selected reads which rows the query selects, whatever its cursor; nil stands
// for all. The node is one that selectable accepts.
func (r *rows) selected(q query.Query, sc *scope) ([]bool, error) {
	in, err := r.within(sc.since, sc.until)
	if err != nil {
		return nil, err
	}
	sel, err := r.match(q.Node)
	switch {
	case err != nil || in == nil:
		return sel, err
	case sel == nil:
		return in, nil
	}
	for i := range sel {
		sel[i] = sel[i] && in[i]
	}
	return sel, nil
}

// set reads which rows have a value in a column that is no list.
func (r *rows) set(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadSet(column, v)
	}
	c := r.enc.Column(column)
	v.Set = v.Set[:0]
	return r.each(c, func(row *part.Values) { v.Set = append(v.Set, !row.Null(c)) })
}

// in narrows a selection, nil for all, to the rows whose timestamps lie in spans.
func (r *rows) in(sel []bool, s spans) ([]bool, error) {
	if r.file != nil {
		if least, greatest, ok := r.file.Bounds("timestamp"); ok {
			for _, x := range s {
				if (span{least, greatest}).within(x) {
					return sel, nil
				}
			}
		}
	}
	v := r.vector()
	if err := r.ints("timestamp", v); err != nil {
		return nil, err
	}
	for i, t := range v.Ints {
		v.Set[i] = (sel == nil || sel[i]) && s.holds(t)
	}
	return v.Set, nil
}

// bounded narrows a selection, nil for all, to the rows with positions in bounds.
func (r *rows) bounded(sel []bool, b rowBounds) ([]bool, error) {
	if r.file != nil {
		if least, greatest, ok := r.file.Bounds("position"); ok && least > b.from && greatest <= b.to {
			return sel, nil
		}
	}
	v := r.vector()
	if err := r.ints("position", v); err != nil {
		return nil, err
	}
	for i, at := range v.Ints {
		v.Set[i] = (sel == nil || sel[i]) && at > b.from && at <= b.to
	}
	return v.Set, nil
}

// counting reads which rows a selectable node selects, with timestamps in spans and
// positions in bounds; nil stands for all.
func (r *rows) counting(n query.Node, in spans, b rowBounds) ([]bool, error) {
	sel, err := r.match(n)
	if err != nil {
		return nil, err
	}
	if sel, err = r.in(sel, in); err != nil {
		return nil, err
	}
	return r.bounded(sel, b)
}

// around returns which rows a pass over traces looks at: those with positions in
// bounds that are of its traces; nil: all.
func (r *rows) around(b rowBounds) ([]bool, error) {
	return r.bounded(r.only, b)
}

// chosen says which events a question over traces is about.
type chosen struct {
	node   query.Node   // selectable
	picked *positionSet // in its place, what the engine has selected; nil: nothing was
}

// counted reads which rows are chosen and a pass counts; nil stands for all.
func (r *rows) counted(c *chosen, pass *passSpec) (sel []bool, err error) {
	if c.picked != nil {
		sel, err = c.picked.of(r)
	} else {
		sel, err = r.match(c.node)
	}
	if err != nil {
		return nil, err
	}
	return r.in(sel, pass.count)
}
