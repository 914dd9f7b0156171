package part

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A row group is ordered by trace, then time, then position: the traces are sorted, not
// the rows. What decides is read of each row first, in the order in which they came and
// lie in memory.

// traceKey stands for a trace: where it begins to differ from others, and its slot.
type traceKey struct {
	differs uint64
	slot    int32
}

// orderer puts the rows of one row group after the other in order.
type orderer struct {
	traces    *chunk
	slots     []int32 // of each row, that of its trace: its number from 1; 0, none
	times     []int64
	positions []uint64

	keys []traceKey
	ends []int32 // where the rows of each trace end, by its slot
	rows []int32
}

func newOrderer() *orderer {
	return &orderer{traces: newChunk(&Column{Kind: String, Dictionary: true})}
}

// order returns the rows in the order of the row group. It is valid until the next
// call.
func (o *orderer) order(rows [][]byte) ([]int32, error) {
	if err := o.read(rows); err != nil {
		return nil, err
	}
	o.rows = grow(o.rows, len(rows))
	o.sortTraces()
	o.gather()
	from := int32(0)
	for _, k := range o.keys {
		o.sortByTime(o.rows[from:o.ends[k.slot]])
		from = o.ends[k.slot]
	}
	return o.rows, nil
}

// read notes what the rows are ordered by. What is wrong with a body is found when its
// values are added.
func (o *orderer) read(rows [][]byte) error {
	o.traces.reset()
	o.slots, o.times, o.positions = grow(o.slots, len(rows)), grow(o.times, len(rows)), grow(o.positions, len(rows))
	for i, row := range rows {
		p, body, err := SplitRow(row)
		if err != nil {
			return err
		}
		o.times[i], o.positions[i], o.slots[i] = p.Timestamp, p.Position, 0
		if trace := traceOf(body); len(trace) > 0 {
			o.slots[i] = o.traces.find(trace) + 1
		}
	}
	return nil
}

// traceOf returns the trace id that a body has, if any. All columns before it are
// texts.
func traceOf(body []byte) []byte {
	for at := 0; at < len(body) && body[at] <= idTraceID; {
		n, k := uvarint(body[at+1:])
		from := at + 1 + k
		if k <= 0 || n > uint64(len(body)-from) {
			return nil
		}
		if body[at] == idTraceID {
			return body[from : from+int(n)]
		}
		at = from + int(n)
	}
	return nil
}

// sortTraces makes the keys of the traces, in their order. The rows without a trace
// are the first.
func (o *orderer) sortTraces() {
	traces := o.traces
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
func (o *orderer) gather() {
	o.ends = grow(o.ends, len(o.keys))
	clear(o.ends)
	for _, s := range o.slots {
		o.ends[s]++
	}
	at := int32(0)
	for _, k := range o.keys {
		at, o.ends[k.slot] = at+o.ends[k.slot], at
	}
	for row, s := range o.slots {
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
func (o *orderer) sortByTime(rows []int32) {
	times, positions := o.times, o.positions
	compare := func(a, b int32) int {
		return cmp.Or(cmp.Compare(times[a], times[b]), cmp.Compare(positions[a], positions[b]), cmp.Compare(a, b))
	}
	if !slices.IsSortedFunc(rows, compare) {
		slices.SortFunc(rows, compare)
	}
}
