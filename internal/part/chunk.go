package part

import (
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// chunk collects one column of a row group, in the order in which rows come. A
// column without a value costs nothing.
type chunk struct {
	// Of col, here because they are looked at for every value.
	texts      bool // values are texts or bytes
	dictionary bool
	required   bool
	placed     bool // no body has a value
	kind       Kind

	// The slot of each row: 0, null; else the number of its value, from 1: of its
	// text, of its list, of its integer or float. A required column has none: row
	// and value are the same.
	slots []int32

	// Texts and bytes, one after the other, text i from ends[i] to ends[i+1]. With
	// a dictionary, those that are distinct.
	ends  []uint32
	text  []byte
	known terms

	ints   []int64
	floats []byte
	items  []int32  // slots of the items of lists, one list after the other
	lists  []uint32 // list i from lists[i] to lists[i+1]

	filter bool     // make a Bloom filter of the values
	hashes []uint64 // for it
	col    *Column
}

func newChunk(c *Column) *chunk {
	return &chunk{
		col: c, kind: c.Kind, texts: c.Kind.text(), dictionary: c.Dictionary, required: c.Required, placed: c.Placed(),
		filter: c.Name == "trace_id" || c.Name == "event_id",
		ends:   []uint32{0}, lists: []uint32{0},
	}
}

// reset empties the chunk for the next row group. Its memory is kept.
func (c *chunk) reset() {
	c.slots, c.ints, c.floats, c.hashes = c.slots[:0], c.ints[:0], c.floats[:0], c.hashes[:0]
	c.text, c.ends = c.text[:0], c.ends[:1]
	c.items, c.lists = c.items[:0], c.lists[:1]
	c.known.reset()
}

// begin makes room for the slots of rows, at the first value that a body has of the
// column. It reports whether a body may.
func (c *chunk) begin(rows int) bool {
	if c.placed {
		return false
	}
	c.slots = grow(c.slots, rows)
	clear(c.slots)
	return true
}

// len returns how many texts there are.
func (c *chunk) len() int { return len(c.ends) - 1 }

// textAt returns the i-th text.
func (c *chunk) textAt(i int32) []byte { return c.text[c.ends[i]:c.ends[i+1]] }

// add adds the row's value, in the form that a body has it.
func (c *chunk) add(row, prev int, value []byte) {
	switch c.kind {
	case Int, Time:
		v, _ := binary.Varint(value)
		c.ints = append(c.ints, v)
		c.slots[row] = int32(len(c.ints))
	case Float:
		c.floats = append(c.floats, value...)
		c.slots[row] = int32(len(c.floats) / 8)
	case Bool:
		c.slots[row] = 1
	case List:
		c.addList(row, value)
	default:
		c.addText(row, prev, value)
	}
}

// addText adds the row's text. Most texts of a dictionary are those of the row
// before it, or of the trace's: prev.
func (c *chunk) addText(row, prev int, value []byte) {
	if !c.dictionary {
		c.slots[row] = c.append(value)
		return
	}
	if s := c.slots[prev]; s > 0 && string(c.textAt(s-1)) == string(value) {
		c.slots[row] = s
		return
	}
	c.slots[row] = c.find(value)
}

// find returns the slot of a text among those that are distinct.
func (c *chunk) find(value []byte) int32 {
	s, known := c.known.find(value, c)
	if !known {
		c.append(value)
	}
	return s
}

// append adds a text that is not there yet, and returns its slot.
func (c *chunk) append(value []byte) int32 {
	n := len(c.text)
	if len(value) <= shortText && cap(value) >= shortText { // what follows it in the row may be read
		if cap(c.text)-n < shortText {
			c.text = slices.Grow(c.text, shortText)
		}
		copyShort(c.text[n:n+shortText], value[:shortText])
		c.text = c.text[:n+len(value)]
	} else {
		c.text = append(c.text, value...)
	}
	c.ends = append(c.ends, uint32(len(c.text)))
	if c.filter {
		c.hashes = append(c.hashes, xxhash.Sum64(value))
	}
	return int32(len(c.ends) - 1)
}

// shortText is how long a text may be that is copied by copyShort: most are. To find
// out how long one is takes longer than to copy so many bytes.
const shortText = 64

// copyShort copies shortText bytes, which are as many registers: in pieces that the
// compiler makes no call for. What is behind the text that is meant is written over by
// the next one.
func copyShort(dst, src []byte) {
	d, s := (*[shortText]byte)(dst), (*[shortText]byte)(src)
	*(*[16]byte)(d[:16]) = *(*[16]byte)(s[:16])
	*(*[16]byte)(d[16:32]) = *(*[16]byte)(s[16:32])
	*(*[16]byte)(d[32:48]) = *(*[16]byte)(s[32:48])
	*(*[16]byte)(d[48:]) = *(*[16]byte)(s[48:])
}

// addList adds the row's list, in the form that a body has it. An empty one is
// null.
func (c *chunk) addList(row int, value []byte) {
	r := rowReader{b: value}
	n := r.uvarint()
	if n == 0 {
		return
	}
	for range n {
		c.items = append(c.items, c.find(r.text()))
	}
	c.lists = append(c.lists, uint32(len(c.items)))
	c.slots[row] = int32(len(c.lists) - 1)
}

// bounded reports whether the column has statistics: bounds by which a reader
// passes over row groups and pages.
func (c *chunk) bounded() bool {
	switch c.kind {
	case Int, Time:
		return true
	case String:
		return c.col.Class == Envelope
	}
	return false
}

func intBounds(values []int64) (least, greatest []byte) {
	lo, hi := values[0], values[0]
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(lo)), binary.LittleEndian.AppendUint64(nil, uint64(hi))
}
