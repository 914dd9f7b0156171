package part

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A row group is ordered by trace, then time, then position. Its rows are collected
// by then, and each has the slot of its trace: the traces are sorted, not the rows.

// traceKey stands for a trace: where it begins to differ from others, and its slot.
type traceKey struct {
	differs uint64
	slot    int32
}

// orderer puts the rows of one row group after the other in order.
type orderer struct {
	keys []traceKey
	ends []int32 // where the rows of each trace end, by its slot
	rows []int32
}

// order returns the rows in the order of the row group. It is valid until the next
// call.
func (o *orderer) order(g *rowGroup) []int32 {
	traces := g.chunks[idTraceID]
	o.rows = grow(o.rows, g.rows)
	if len(traces.slots) == 0 {
		for i := range o.rows {
			o.rows[i] = int32(i)
		}
		g.sortByTime(o.rows)
		return o.rows
	}
	o.sortTraces(traces)
	o.gather(traces.slots[:g.rows])
	from := int32(0)
	for _, k := range o.keys {
		g.sortByTime(o.rows[from:o.ends[k.slot]])
		from = o.ends[k.slot]
	}
	return o.rows
}

// sortTraces makes the keys of the traces, in their order. The rows without a trace
// are the first.
func (o *orderer) sortTraces(traces *chunk) {
	o.keys = o.keys[:0]
	same := traces.sharedPrefix()
	for i := range int32(traces.len()) {
		o.keys = append(o.keys, traceKey{firstEight(traces.textAt(i)[same:]), i + 1})
	}
	slices.SortFunc(o.keys, func(a, b traceKey) int {
		if a.differs != b.differs {
			return cmp.Compare(a.differs, b.differs)
		}
		return bytes.Compare(traces.textAt(a.slot-1), traces.textAt(b.slot-1))
	})
	o.keys = slices.Insert(o.keys, 0, traceKey{})
}

// gather puts the rows of each trace together, as they came.
func (o *orderer) gather(slots []int32) {
	o.ends = grow(o.ends, len(o.keys))
	clear(o.ends)
	for _, s := range slots {
		o.ends[s]++
	}
	at := int32(0)
	for _, k := range o.keys {
		at, o.ends[k.slot] = at+o.ends[k.slot], at
	}
	for row, s := range slots {
		o.rows[o.ends[s]] = int32(row)
		o.ends[s]++
	}
}

// sharedPrefix returns how many bytes all texts begin with alike: names and the time
// in ids do.
func (c *chunk) sharedPrefix() int {
	if c.len() == 0 {
		return 0
	}
	shared := c.textAt(0)
	for i := range int32(c.len()) {
		t := c.textAt(i)
		if bytes.HasPrefix(t, shared) {
			continue
		}
		n := 0
		for n < min(len(t), len(shared)) && t[n] == shared[n] {
			n++
		}
		shared = shared[:n]
	}
	return len(shared)
}

// firstEight returns the first eight bytes of a text as a number that sorts as they
// do. Zeros stand for those that a shorter text has not.
func firstEight(text []byte) uint64 {
	if len(text) >= 8 {
		return binary.BigEndian.Uint64(text)
	}
	var b [8]byte
	copy(b[:], text)
	return binary.BigEndian.Uint64(b[:])
}

// sortByTime sorts rows by time, then position. They mostly are.
func (g *rowGroup) sortByTime(rows []int32) {
	times, positions := g.chunks[idTimestamp].ints, g.chunks[idPosition].ints
	compare := func(a, b int32) int {
		return cmp.Or(cmp.Compare(times[a], times[b]), cmp.Compare(uint64(positions[a]), uint64(positions[b])), cmp.Compare(a, b))
	}
	if !slices.IsSortedFunc(rows, compare) {
		slices.SortFunc(rows, compare)
	}
}
