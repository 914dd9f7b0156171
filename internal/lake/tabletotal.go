package lake

import (
	"bytes"
	"cmp"
	"slices"
	"unsafe"
)

// tableTotal is what kept sums and the cells of other rows come to.
type tableTotal struct {
	*tally
	// names has the keys of kept sums and counters what they came to, by their
	// numbers.
	names    *numbers
	counters []int64
	more     cells // the others
}

// add takes in a cell.
func (t *tableTotal) add(key string, counters []int64) error {
	if k, ok := t.names.find(key); ok && int(k) < len(t.counters)/t.width {
		return t.combine(t.counters[int(k)*t.width:][:t.width], counters)
	}
	return t.tally.add(t.more, key, counters)
}

// take takes in a kept sum.
func (t *tableTotal) take(sum *tableSum) error {
	for i, id := range sum.ids {
		own := t.counters[int(id)*t.width:][:t.width]
		if err := t.combine(own, sum.counters[i*t.width:][:t.width]); err != nil {
			return err
		}
	}
	return nil
}

// each calls f for every cell in which something is.
func (t *tableTotal) each(f func(cell)) {
	for k := range len(t.counters) / t.width {
		if own := t.counters[k*t.width:][:t.width]; own[0] > 0 {
			f(cell{t.names.text(int32(k)), own})
		}
	}
	for key, counters := range t.more {
		if counters[0] > 0 {
			f(cell{[]byte(key), counters})
		}
	}
}

// rows returns the cells that a spec asks for as rows of a Table.
func (t *tableTotal) rows(spec *Spec) [][]any {
	order := func(a, b cell) int { return t.compare(spec, &a, &b) }
	all := firsts[cell]{n: spec.Limit, compare: order}
	var top map[string]bool
	if spec.Top > 0 {
		top = t.top(spec.Top)
	}
	each := map[string]*firsts[cell]{}
	t.each(func(c cell) {
		if top != nil && !top[string(t.value(&c, 0))] {
			return
		}
		if spec.Each == 0 {
			all.add(c)
			return
		}
		first := t.value(&c, 0)
		of := each[string(first)]
		if of == nil {
			of = &firsts[cell]{n: spec.Each, compare: order}
			each[string(first)] = of
		}
		of.add(c)
	})
	for _, of := range each {
		for _, c := range of.sorted() {
			all.add(c)
		}
	}
	cells := all.sorted()
	if len(spec.By) == 0 && len(cells) == 0 { // one row of nothing
		cells = []cell{{nil, make([]int64, t.width)}}
	}
	rows := make([][]any, len(cells))
	for i := range cells {
		rows[i] = t.row(&cells[i])
	}
	return rows
}

// view returns bytes that nobody changes as a text, without a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// top returns the values of the first name of By that most events have, at most n,
// packed.
func (t *tableTotal) top(n int) map[string]bool {
	type value struct {
		packedValue
		n int64
	}
	var values []value
	place := map[string]int{}
	t.each(func(c cell) {
		v := t.value(&c, 0)
		if v[0] == packedNil {
			return
		}
		k, ok := place[view(v)]
		if !ok {
			k = len(values)
			place[view(v)] = k
			values = append(values, value{packedValue: v})
		}
		values[k].n += c.counters[0]
	})
	most := firsts[value]{n: n, compare: func(a, b value) int {
		return cmp.Or(cmp.Compare(b.n, a.n), a.compare(b.packedValue))
	}}
	for _, v := range values {
		most.add(v)
	}
	top := map[string]bool{}
	for _, v := range most.sorted() {
		top[string(v.packedValue)] = true
	}
	return top
}

// row returns a cell as a row of a Table.
func (t *tally) row(c *cell) []any {
	row := make([]any, 0, len(t.by)+len(t.measures))
	for i := range t.by {
		row = append(row, t.value(c, i).value())
	}
	for i := range t.measures {
		row = append(row, t.measures[i].figure(c.counters))
	}
	return row
}

// compare orders cells as a spec asks for it: what is absent comes last either way.
func (t *tally) compare(spec *Spec, a, b *cell) int {
	if i := spec.OrderBy; i >= len(t.by) {
		m := &t.measures[i-len(t.by)]
		x, xok := m.value(a.counters)
		y, yok := m.value(b.counters)
		if c := absentLast(xok, yok, cmp.Compare(x, y), spec.Desc); c != 0 {
			return c
		}
	} else if i >= 0 {
		if c := t.compareValues(a, b, i, spec.Desc); c != 0 {
			return c
		}
	}
	for i := range t.by {
		if c := t.compareValues(a, b, i, false); c != 0 {
			return c
		}
	}
	return 0
}

func (t *tally) compareValues(a, b *cell, i int, desc bool) int {
	x, y := t.value(a, i), t.value(b, i)
	if bytes.Equal(x, y) {
		return 0
	}
	order := 0
	there := func(v packedValue) bool { return v[0] != packedNil }
	if there(x) && there(y) {
		order = x.compare(y)
	}
	return absentLast(there(x), there(y), order, desc)
}

// absentLast turns the order of two values into that of a spec.
func absentLast(a, b bool, order int, desc bool) int {
	switch {
	case !a && !b:
		return 0
	case !a:
		return 1
	case !b:
		return -1
	case desc:
		return -order
	}
	return order
}

// firsts keeps the first n of what is added, all where n is 0. Of many of which few
// are wanted it keeps few.
type firsts[T any] struct {
	n       int
	compare func(a, b T) int
	items   []T
	full    bool // there were n once: what comes after the last of these is not wanted
	last    T
}

func (f *firsts[T]) add(item T) {
	if f.full && f.compare(item, f.last) > 0 {
		return
	}
	f.items = append(f.items, item)
	if f.n > 0 && len(f.items) >= 4*f.n+100 {
		f.items = f.sorted()
		f.full, f.last = true, f.items[f.n-1]
	}
}

// sorted returns the first n in order.
func (f *firsts[T]) sorted() []T {
	slices.SortFunc(f.items, f.compare)
	if f.n > 0 {
		return f.items[:min(f.n, len(f.items))]
	}
	return f.items
}
