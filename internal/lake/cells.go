package lake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/hansardhq/hansard"
)

// cells are the cells of some rows by their keys. The counters are shared with
// nobody.
type cells map[string][]int64

// add takes in a cell.
func (t *tally) add(to cells, key string, counters []int64) error {
	own := to[key]
	if own == nil {
		to[key] = slices.Clone(counters)
		return nil
	}
	return t.combine(own, counters)
}

// prepare makes counters those of no event yet: what is less than the least value is
// none.
func (t *tally) prepare(counters []int64) {
	for _, m := range t.measures {
		if m.op != Min && m.op != Max {
			continue
		}
		for at := m.at; at < len(counters); at += t.width {
			counters[at] = math.MinInt64
			if m.op == Min {
				counters[at] = math.MaxInt64
			}
		}
	}
}

// combine adds counters to others. Those of no event may be all 0.
func (t *tally) combine(own, more []int64) error {
	switch {
	case more[0] == 0:
		return nil
	case own[0] == 0:
		copy(own, more)
		return nil
	}
	own[0] += more[0]
	for _, m := range t.measures {
		if m.op == Count {
			continue
		}
		if err := m.take(&own[m.at], more[m.at]); err != nil {
			return err
		}
		if m.n > 0 {
			own[m.n] += more[m.n]
		}
	}
	return nil
}

// take takes a value into a counter.
func (m *tallyMeasure) take(counter *int64, x int64) error {
	switch m.op {
	case Min:
		*counter = min(*counter, x)
	case Max:
		*counter = max(*counter, x)
	default:
		sum := *counter + x
		if (sum > *counter) != (x > 0) && x != 0 {
			return hansard.Errorf(hansard.KindTooLarge, "a sum is larger than 64 bits")
		}
		*counter = sum
	}
	return nil
}

// figure returns what a measure came to; nil where no event has a value.
func (m *tallyMeasure) figure(counters []int64) any {
	if v, ok := m.value(counters); ok || m.counts() {
		return v
	}
	return nil
}

// counts reports whether a measure counts, so that of nothing it is 0.
func (m *tallyMeasure) counts() bool { return m.op == Count || m.op == Errors || m.op == Present }

// value returns what a measure came to; ok is false where no event has a value.
func (m *tallyMeasure) value(counters []int64) (v int64, ok bool) {
	n := counters[0]
	if m.op != Count {
		n = counters[m.n]
	}
	return counters[m.at], n > 0
}

// The packed form of a value: what it is, then the value.
const (
	packedNil = iota
	packedText
	packedInt
	packedFalse
	packedTrue
)

// packedValue is a value in that form.
type packedValue []byte

func packText(s string) []byte {
	return append(binary.AppendUvarint([]byte{packedText}, uint64(len(s))), s...)
}

func packInt(n int64) []byte { return binary.LittleEndian.AppendUint64([]byte{packedInt}, uint64(n)) }

// firstPacked returns the first value of some, and the others.
func firstPacked(b []byte) (v packedValue, rest []byte) {
	n := 1
	switch b[0] {
	case packedText:
		size, k := binary.Uvarint(b[1:])
		n += k + int(size)
	case packedInt:
		n += 8
	}
	return b[:n:n], b[n:]
}

// text returns a value's text.
func (v packedValue) text() []byte {
	_, k := binary.Uvarint(v[1:])
	return v[1+k:]
}

func (v packedValue) int() int64 { return int64(binary.LittleEndian.Uint64(v[1:])) }

// value returns it as a Table has it.
func (v packedValue) value() any {
	switch v[0] {
	case packedText:
		return string(v.text())
	case packedInt:
		return v.int()
	case packedFalse, packedTrue:
		return v[0] == packedTrue
	}
	return nil
}

// compare orders values of one column.
func (v packedValue) compare(o packedValue) int {
	switch v[0] {
	case packedText:
		return bytes.Compare(v.text(), o.text())
	case packedInt:
		return cmp.Compare(v.int(), o.int())
	}
	return cmp.Compare(v[0], o[0])
}

// cell is a cell of a table: its key, and its counters.
type cell struct {
	key      []byte
	counters []int64
}

// value returns the value of a name of By, counted from 0.
func (t *tally) value(c *cell, i int) (v packedValue) {
	rest := c.key
	for range t.place[i] + 1 {
		v, rest = firstPacked(rest)
	}
	return v
}
