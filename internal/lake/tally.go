package lake

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// tally computes a Spec by a pass over columns. What it finds of some rows is a
// table of cells: a key, the packed values of By in the order of their names, so that
// the order of By is no other table, and counters for the measures.
type tally struct {
	by       []tallyKey
	place    []int // in by, of each name of By
	measures []tallyMeasure
	width    int  // counters of a cell; the first counts its events
	errors   bool // a measure counts errors
	own      bool // a measure leaves out what is labelled as the sum of others
}

type tallyKey struct {
	kind   keyKind
	column string
	width  int64 // of a bucket, in nanoseconds
}

type keyKind uint8

const (
	keyTerms keyKind = iota
	keyBucket
	keyTruth
	keyErrorText
	keyErrorPattern
)

type tallyMeasure struct {
	op     Op
	column string
	at     int // of its counter
	n      int // of the counter of the events that have a value; 0: all have one
}

// newTally returns the pass for a Spec; ok is false where only the engine can
// compute it.
func (l *Lake) newTally(spec Spec) (t *tally, ok bool) {
	fields := map[string]query.Field{}
	for _, f := range query.Fields() {
		fields[f.Name] = f
	}
	t = &tally{width: 1, place: make([]int, len(spec.By))}
	order := make([]int, len(spec.By))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(spec.By[a], spec.By[b]) })
	for k, i := range order {
		t.place[i] = k
		key, ok := tallyKeyOf(spec.By[i], fields)
		if !ok {
			return nil, false
		}
		t.by = append(t.by, key)
	}
	for _, m := range spec.Measures {
		if !t.measure(m, fields[m.Field], l.enc.Column(columnOf(m.Field))) {
			return nil, false
		}
	}
	return t, true
}

// measure adds a measure of a field, which is kept in a column. It returns false for
// one that is none of counters.
func (t *tally) measure(m Measure, f query.Field, c *part.Column) bool {
	own := tallyMeasure{op: m.Op, column: columnOf(m.Field), at: t.width, n: t.width + 1}
	whole := kept(f) && (f.Kind == query.KindInt || f.Kind == query.KindTime)
	switch m.Op {
	case Count: // what the first counter counts
		own.at = 0
		t.measures = append(t.measures, own)
		return true
	case Errors:
		t.errors = true
		own.n = 0
	case Present:
		if !kept(f) || f.Kind == query.KindList {
			return false
		}
		own.n = 0
	case Sum:
		t.own = true
		fallthrough
	case Min, Max:
		if !whole {
			return false
		}
		if m.Op != Sum && c.Required {
			own.n = 0
		}
	default:
		return false
	}
	t.measures = append(t.measures, own)
	if t.width++; own.n > 0 {
		t.width++
	}
	return true
}

func tallyKeyOf(name string, fields map[string]query.Field) (tallyKey, bool) {
	switch name {
	case ErrorText:
		return tallyKey{kind: keyErrorText, column: "error"}, true
	case ErrorPattern:
		return tallyKey{kind: keyErrorPattern, column: "error"}, true
	case "minute":
		return tallyKey{kind: keyBucket, width: nanosPerMinute}, true
	case "hour":
		return tallyKey{kind: keyBucket, width: nanosPerHour}, true
	case "day":
		return tallyKey{kind: keyBucket, width: nanosPerDay}, true
	}
	switch f := fields[name]; {
	case !kept(f):
	case f.Kind == query.KindString || f.Kind == query.KindPerson:
		return tallyKey{kind: keyTerms, column: name}, true
	case f.Kind == query.KindBool:
		return tallyKey{kind: keyTruth, column: name}, true
	}
	return tallyKey{}, false
}

// rowBounds says which rows of a log count: those whose position is above from and
// at most to.
type rowBounds struct{ from, to int64 }

// tallyPass is one pass of a tally.
type tallyPass struct {
	*tally
	node query.Node
	// in are the moments that count.
	in spans
	// bounds are the positions that count, by the group's log; nil: all.
	bounds func(*group) rowBounds
	// byHour keeps the cells of each hour apart, by its number; else all are in
	// the one of number 0.
	byHour bool

	mu    sync.Mutex // guards found
	found map[int64]cells
}

// run passes over groups.
func (p *tallyPass) run(ctx context.Context, l *Lake, groups []*group) (map[int64]cells, error) {
	p.found = map[int64]cells{}
	pass := &tracePass[struct{}]{lake: l, groups: groups}
	err := pass.each(ctx, func(_ int, gr *group) error {
		return l.read(gr, func(r *rows) error { return p.group(r, gr) })
	})
	return p.found, err
}

// coded is a column as codes of packed values.
type coded struct {
	codes  []uint32
	values [][]byte
}

// group tallies the rows of a group.
func (p *tallyPass) group(r *rows, gr *group) error {
	at, err := p.selected(r, gr)
	if err != nil || at != nil && len(at) == 0 {
		return err
	}
	var columns []coded
	if p.byHour {
		c, err := r.buckets(nanosPerHour)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	for _, k := range p.by {
		c, err := r.coded(k, at)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	if at == nil {
		at = r.all()
	}
	cell, keys := cellsOf(columns, at)
	counters := make([]int64, len(keys)*p.width)
	p.prepare(counters)
	if err := p.count(r, at, cell, counters); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, key := range keys {
		hour := int64(0)
		if p.byHour {
			hour = int64(binary.LittleEndian.Uint64([]byte(key[1:9]))) / nanosPerHour
			key = key[9:]
		}
		if p.found[hour] == nil {
			p.found[hour] = cells{}
		}
		if err := p.add(p.found[hour], key, counters[i*p.width:(i+1)*p.width]); err != nil {
			return err
		}
	}
	return nil
}

// selected returns the numbers of the rows that count, nil: all.
func (p *tallyPass) selected(r *rows, gr *group) ([]int32, error) {
	b := rowBounds{math.MinInt64, math.MaxInt64}
	if p.bounds != nil {
		b = p.bounds(gr)
	}
	sel, err := r.counting(p.node, p.in, b)
	if err != nil {
		return nil, err
	}
	if sel == nil {
		return nil, nil
	}
	return r.numbers(sel), nil
}

// count fills the counters of the cells of rows.
func (p *tallyPass) count(r *rows, at []int32, cell []int32, counters []int64) error {
	width := int32(p.width)
	for _, c := range cell {
		counters[c*width]++
	}
	var own *part.Vector
	if p.own {
		own = r.vector()
		if err := r.holds("labels", "aggregate", own); err != nil {
			return err
		}
	}
	for _, m := range p.measures {
		offset := int32(m.at)
		v := r.vector()
		switch m.op {
		case Count: // the first counter has it
		case Errors:
			if err := r.terms("status", v); err != nil {
				return err
			}
			failed, timedOut := codeOf(v, "error"), codeOf(v, "timeout")
			if failed == 0 && timedOut == 0 {
				continue
			}
			for i, row := range at {
				if k := v.Codes[row]; k != 0 && (k == failed || k == timedOut) {
					counters[cell[i]*width+offset]++
				}
			}
		case Present:
			if err := r.set(m.column, v); err != nil {
				return err
			}
			for i, row := range at {
				if v.Set[row] {
					counters[cell[i]*width+offset]++
				}
			}
		default:
			if err := r.ints(m.column, v); err != nil {
				return err
			}
			if err := m.figures(v, own, at, cell, counters, width); err != nil {
				return err
			}
		}
	}
	return nil
}

// figures fills the counters of a sum, or of the least or the greatest value.
func (m *tallyMeasure) figures(v, own *part.Vector, at, cell []int32, counters []int64, width int32) error {
	for i, row := range at {
		if !v.Set[row] || m.op == Sum && own.Set[row] {
			continue
		}
		c := counters[cell[i]*width:][:width]
		if err := m.take(&c[m.at], v.Ints[row]); err != nil {
			return err
		}
		if m.n > 0 {
			c[m.n]++
		}
	}
	return nil
}

// denseCells is up to how many combinations a table of all of them is made.
const denseCells = 1 << 16

// cellsOf numbers the combinations of codes that rows have, and returns the number
// of each row's and the packed values of each.
func cellsOf(columns []coded, at []int32) (cell []int32, keys []string) {
	cell = make([]int32, len(at))
	parts := [][]byte{nil}
	for _, c := range columns {
		n := uint32(len(c.values))
		if n == 1 {
			for i := range parts {
				parts[i] = append(slices.Clip(parts[i]), c.values[0]...)
			}
			continue
		}
		var next [][]byte
		number := func(before int32, code uint32) int32 {
			next = append(next, append(slices.Clip(parts[before]), c.values[code]...))
			return int32(len(next) - 1)
		}
		if len(parts)*int(n) <= denseCells {
			table := make([]int32, len(parts)*int(n)) // of numbers from 1 on
			for i, row := range at {
				x := &table[uint32(cell[i])*n+c.codes[row]]
				if *x == 0 {
					*x = number(cell[i], c.codes[row]) + 1
				}
				cell[i] = *x - 1
			}
		} else {
			known := map[uint64]int32{}
			last, lastCell := uint64(math.MaxUint64), int32(0)
			for i, row := range at {
				k := uint64(cell[i])<<32 | uint64(c.codes[row])
				if k != last {
					x, ok := known[k]
					if !ok {
						x = number(cell[i], c.codes[row])
						known[k] = x
					}
					last, lastCell = k, x
				}
				cell[i] = lastCell
			}
		}
		parts = next
	}
	for _, p := range parts {
		keys = append(keys, string(p))
	}
	return cell, keys
}

// all returns the numbers of all rows.
func (r *rows) all() []int32 {
	at := make([]int32, r.size())
	for i := range at {
		at[i] = int32(i)
	}
	return at
}

// numbers returns the numbers of the rows that are selected; never nil.
func (r *rows) numbers(sel []bool) []int32 {
	n := 0
	for _, s := range sel {
		if s {
			n++
		}
	}
	at := make([]int32, 0, n)
	for i, s := range sel {
		if s {
			at = append(at, int32(i))
		}
	}
	return at
}

// coded reads a column of By. at are the rows that count; nil: all.
func (r *rows) coded(k tallyKey, at []int32) (coded, error) {
	v := r.vector()
	switch k.kind {
	case keyBucket:
		return r.buckets(k.width)
	case keyTruth:
		if err := r.set(k.column, v); err != nil {
			return coded{}, err
		}
		codes := make([]uint32, len(v.Set))
		for i, s := range v.Set {
			if s {
				codes[i] = 1
			}
		}
		return coded{codes, [][]byte{{packedFalse}, {packedTrue}}}, nil
	}
	if err := r.terms(k.column, v); err != nil {
		return coded{}, err
	}
	if k.kind == keyTerms {
		values := make([][]byte, len(v.Terms))
		values[0] = []byte{packedNil}
		for i, term := range v.Terms[1:] {
			values[i+1] = packText(term)
		}
		return coded{v.Codes, values}, nil
	}
	return r.errors(k.kind, v, at), nil
}

// errors returns the beginnings, or the patterns, of the errors in v as codes.
func (r *rows) errors(kind keyKind, v *part.Vector, at []int32) coded {
	needed := make([]bool, len(v.Terms))
	if at == nil {
		for i := range needed {
			needed[i] = true
		}
	}
	for _, row := range at {
		needed[v.Codes[row]] = true
	}
	c := coded{codes: make([]uint32, len(v.Codes))}
	of, known := make([]uint32, len(v.Terms)), map[string]uint32{}
	for i, term := range v.Terms {
		if !needed[i] {
			continue
		}
		text := errorBegin(term)
		if kind == keyErrorPattern {
			text = errorFolded(term)
		}
		k, ok := known[text]
		if !ok {
			k = uint32(len(c.values))
			known[text] = k
			c.values = append(c.values, packText(text))
		}
		of[i] = k
	}
	for i, code := range v.Codes {
		c.codes[i] = of[code]
	}
	return c
}

// buckets reads the begin of the bucket of each row's timestamp.
func (r *rows) buckets(width int64) (coded, error) {
	v := r.vector()
	if err := r.ints("timestamp", v); err != nil {
		return coded{}, err
	}
	c := coded{codes: make([]uint32, len(v.Ints))}
	known := map[int64]uint32{}
	last, code := int64(0), uint32(0)
	for i, at := range v.Ints {
		begin := at - (at%width+width)%width
		if i == 0 || begin != last {
			var ok bool
			if code, ok = known[begin]; !ok {
				code = uint32(len(c.values))
				known[begin] = code
				c.values = append(c.values, packInt(begin))
			}
			last = begin
		}
		c.codes[i] = code
	}
	return c, nil
}
