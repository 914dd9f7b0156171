package part

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A row group is ordered by trace, then time, then position. Its rows lie all over
// the memory: to compare two of them costs more than all else that the order takes.
// So they are ordered by the first bytes in which their traces differ, which are
// looked up once, and compared only where those are equal, which is mostly within a
// trace.

// rowKey stands for a row: where its trace begins to differ from others, and its
// number.
type rowKey struct {
	differs uint64
	row     int
}

// rowOrder says where a row stands among those with the same key.
type rowOrder struct {
	trace     []byte
	timestamp int64
	position  uint64
	row       []byte
}

// orderer puts the rows of one row group after the other in order.
type orderer struct {
	rows   [][]byte
	traces [][]byte // of the rows
	keys   []rowKey
	alike  []rowOrder
	sum    byte // see touch
}

// each calls add for the rows in the order of a row group. What it is given is still
// near: it was just looked at.
func (o *orderer) each(enc *Encoder, rows [][]byte, add func(row []byte) error) error {
	defer o.release()
	o.rows = rows
	if err := o.readTraces(enc); err != nil {
		return err
	}
	o.sortKeys()
	for keys := o.keys; len(keys) > 0; {
		n := 1
		for n < len(keys) && keys[n].differs == keys[0].differs {
			n++
		}
		if err := o.orderAlike(keys[:n]); err != nil {
			return err
		}
		for i := range o.alike {
			if err := add(o.alike[i].row); err != nil {
				return err
			}
		}
		keys = keys[n:]
	}
	return nil
}

// release keeps no row alive.
func (o *orderer) release() {
	o.rows = nil
	clear(o.traces[:cap(o.traces)])
	clear(o.alike[:cap(o.alike)])
}

// readTraces notes the traces of the rows.
func (o *orderer) readTraces(enc *Encoder) error {
	o.traces = o.traces[:0]
	for _, row := range o.rows {
		body, err := bodyOf(row)
		if err != nil {
			return err
		}
		trace, err := enc.textOf(body, idTraceID)
		if err != nil {
			return err
		}
		o.traces = append(o.traces, trace)
	}
	return nil
}

// sortKeys makes the keys of the rows, in their order: by the keys, then by the
// rows' numbers.
func (o *orderer) sortKeys() {
	o.keys = o.keys[:0]
	same := sharedPrefix(o.traces)
	for i, trace := range o.traces {
		o.keys = append(o.keys, rowKey{firstEight(trace[same:]), i})
	}
	slices.SortFunc(o.keys, func(a, b rowKey) int {
		if a.differs != b.differs {
			return cmp.Compare(a.differs, b.differs)
		}
		return a.row - b.row
	})
}

// sharedPrefix returns how many bytes all texts begin with alike: names and the time
// in ids do.
func sharedPrefix(texts [][]byte) int {
	shared := texts[0]
	for _, t := range texts[1:] {
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

// orderAlike puts the rows with the same key in their order.
func (o *orderer) orderAlike(keys []rowKey) error {
	o.touch(keys)
	o.alike = o.alike[:0]
	sorted := true
	for i, k := range keys {
		p, _, err := SplitRow(o.rows[k.row])
		if err != nil {
			return err
		}
		o.alike = append(o.alike, rowOrder{o.traces[k.row], p.Timestamp, p.Position, o.rows[k.row]})
		sorted = sorted && (i == 0 || o.alike[i-1].compare(o.alike[i]) <= 0)
	}
	if !sorted {
		slices.SortFunc(o.alike, rowOrder.compare)
	}
	return nil
}

// touch reads a little of each row, so that the processor fetches them side by side
// and not one after the other: a tenth of what a part takes to write.
func (o *orderer) touch(keys []rowKey) {
	const stride, far = 128, 512
	for _, k := range keys {
		row := o.rows[k.row]
		for at := 0; at < len(row) && at < far; at += stride {
			o.sum += row[at]
		}
	}
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

func (a rowOrder) compare(b rowOrder) int {
	if c := bytes.Compare(a.trace, b.trace); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.timestamp, b.timestamp), cmp.Compare(a.position, b.position))
}
