package lake

import (
	"cmp"
	"context"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// group is what is read at a time: a row group of a part, or fresh rows, which
// are sorted by trace too.
type group struct {
	part  *livePart
	g     int
	fresh []*hansard.Entry
	first int64 // position of the first event, or an earlier one
}

// groups returns the row groups and the fresh rows of a snapshot that may hold
// events in the scope, in the order of their first positions.
func (l *Lake) groups(ctx context.Context, snap *snapshot, sc *scope) ([]*group, error) {
	parts := sc.parts(snap)
	found := make([][]*group, len(parts))
	place := map[*livePart]int{}
	for i, p := range parts {
		place[p] = i
	}
	err := l.eachPart(ctx, parts, func(p *livePart) error {
		return l.lookups.use(p, func(f *part.Lookup) error {
			for g := range f.Groups() {
				if least, greatest, ok := f.Bounds(g, "timestamp"); ok && (greatest < sc.since || least > sc.until) {
					continue
				}
				first, _, _ := f.Bounds(g, "position")
				found[place[p]] = append(found[place[p]], &group{part: p, g: g, first: first})
			}
			return nil
		})
	})
	all := slices.Concat(found...)
	for tier := range sc.tiers {
		if rows := snap.fresh[tier]; len(rows) > 0 {
			rows = slices.Clone(rows)
			slices.SortFunc(rows, func(a, b *hansard.Entry) int {
				return cmp.Or(cmp.Compare(a.TraceID, b.TraceID), cmp.Compare(a.Position, b.Position))
			})
			all = append(all, &group{fresh: rows, first: int64(snap.fresh[tier][0].Position)})
		}
	}
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(a.first, b.first) })
	return all, err
}

// rows reads the columns of a group.
type rows struct {
	enc   *part.Encoder
	keyer part.Keyer
	file  *part.Lookup
	g     int
	fresh []*hansard.Entry
	*scratch
}

// scratch holds the vectors that reads of one group after the other use again.
type scratch struct {
	vectors []*part.Vector
	used    int
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
func (l *Lake) read(gr *group, s *scratch, f func(*rows) error) error {
	s.used = 0
	r := &rows{enc: l.enc, keyer: l.keyer, g: gr.g, fresh: gr.fresh, scratch: s}
	if gr.part == nil {
		return f(r)
	}
	return l.lookups.use(gr.part, func(file *part.Lookup) error {
		r.file = file
		return f(r)
	})
}

func (r *rows) size() int {
	if r.file == nil {
		return len(r.fresh)
	}
	return r.file.Size(r.g)
}

// terms reads a column of texts as codes.
func (r *rows) terms(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadTerms(r.g, column, v)
	}
	v.Codes, v.Terms = v.Codes[:0], append(v.Terms[:0], "")
	c, known := r.enc.Column(column), map[string]uint32{"": 0}
	for _, e := range r.fresh {
		s := c.Str(e)
		code, ok := known[s]
		if !ok {
			code = uint32(len(v.Terms))
			known[s] = code
			v.Terms = append(v.Terms, s)
		}
		v.Codes = append(v.Codes, code)
	}
	return nil
}

// keys reads a column of texts as keys.
func (r *rows) keys(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadKeys(r.g, column, r.keyer, v)
	}
	c := r.enc.Column(column)
	v.Keys = v.Keys[:0]
	for _, e := range r.fresh {
		v.Keys = append(v.Keys, r.keyer.Key(c.Str(e)))
	}
	return nil
}

// traces returns the keys of the traces, about each once.
func (r *rows) traces() ([]uint64, error) {
	if r.file != nil {
		return r.file.TermKeys(r.g, "trace_id", r.keyer)
	}
	v := r.vector()
	err := r.keys("trace_id", v)
	return slices.Compact(v.Keys), err
}

// ints reads a column of integers or times.
func (r *rows) ints(column string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadInts(r.g, column, v)
	}
	c := r.enc.Column(column)
	v.Ints, v.Set = v.Ints[:0], v.Set[:0]
	for _, e := range r.fresh {
		n, ok := c.Int(e)
		v.Ints, v.Set = append(v.Ints, n), append(v.Set, ok)
	}
	return nil
}

// holds reads which rows have a term in a column of lists.
func (r *rows) holds(column, term string, v *part.Vector) error {
	if r.file != nil {
		return r.file.ReadHolds(r.g, column, term, v)
	}
	c := r.enc.Column(column)
	v.Set = v.Set[:0]
	for _, e := range r.fresh {
		v.Set = append(v.Set, slices.Contains(c.List(e), term))
	}
	return nil
}

// within reads which rows lie in the period, both ends included. A nil result
// stands for all.
func (r *rows) within(since, until int64) ([]bool, error) {
	if r.file != nil {
		if least, greatest, ok := r.file.Bounds(r.g, "timestamp"); ok && least >= since && greatest <= until {
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
	if r.file == nil {
		sel := make([]bool, len(r.fresh))
		for i, e := range r.fresh {
			sel[i] = q.Match(e)
		}
		return sel, nil
	}
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
