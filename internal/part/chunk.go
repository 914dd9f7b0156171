package part

import (
	"bytes"
	"encoding/binary"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// chunk collects one column of a row group. Null values cost nothing until a
// row has one.
type chunk struct {
	// Of col, here because they are looked at for every value.
	kind       Kind
	required   bool
	dictionary bool

	filter bool // make a Bloom filter of the values
	col    *Column

	rows   int     // rows with a level so far
	levels []uint8 // definition level of each value, nulls included
	repeat []uint8 // repetition levels, of a list
	nulls  int

	// Texts and bytes, one after the other. With a dictionary, those that are
	// distinct, and for each value the number of its text.
	text   []byte
	ends   []uint32
	known  terms
	index  []int32
	last   []byte // the text of the last value
	hashes []uint64

	ints   []int64
	floats []byte
}

func newChunk(c *Column) *chunk {
	return &chunk{
		col: c, kind: c.Kind, required: c.Required, dictionary: c.Dictionary,
		filter: c.Name == "trace_id" || c.Name == "event_id",
	}
}

// A page of texts holds at most this many bytes, unless one text has more, and
// any page at most this many rows: reading a few rows of many columns reads a page
// of each.
const (
	pageBytes = 256 << 10
	pageRows  = 4096
)

// reset empties the chunk for the next row group. Its memory is kept.
func (c *chunk) reset() {
	c.rows, c.nulls = 0, 0
	c.levels, c.repeat = c.levels[:0], c.repeat[:0]
	c.text, c.ends, c.index, c.hashes = c.text[:0], c.ends[:0], c.index[:0], c.hashes[:0]
	c.ints, c.floats = c.ints[:0], c.floats[:0]
	c.known.reset()
}

// skipTo adds nulls for the rows before row.
func (c *chunk) skipTo(row int) {
	n := row - c.rows
	c.rows = row
	if n == 0 || c.required {
		return
	}
	c.nulls += n
	c.levels = appendZeros(c.levels, n)
	if c.kind == List {
		c.repeat = appendZeros(c.repeat, n)
	}
}

func appendZeros(b []byte, n int) []byte {
	at := len(b)
	if cap(b) < at+n {
		b = append(b, make([]byte, n)...)
		return b
	}
	b = b[:at+n]
	clear(b[at:])
	return b
}

// present notes that the row has a value.
func (c *chunk) present(row int) {
	if c.rows != row {
		c.skipTo(row)
	}
	c.rows++
	if !c.required {
		c.levels = append(c.levels, 1)
	}
}

// add adds the row's value, in the form that a body has it.
func (c *chunk) add(row int, value []byte) {
	if c.kind == List {
		c.addList(row, value)
		return
	}
	c.present(row)
	switch c.kind {
	case Int, Time:
		v, _ := binary.Varint(value)
		c.ints = append(c.ints, v)
	case Float:
		c.floats = append(c.floats, value...)
	case Bool:
	default:
		c.addText(value)
	}
}

// addInt adds the row's value of a column that the row's place holds.
func (c *chunk) addInt(row int, v int64) {
	c.present(row)
	c.ints = append(c.ints, v)
}

func (c *chunk) addList(row int, value []byte) {
	c.skipTo(row)
	c.rows++
	r := rowReader{b: value}
	n := r.uvarint()
	if n == 0 {
		c.nulls++
		c.levels, c.repeat = append(c.levels, 0), append(c.repeat, 0)
		return
	}
	for i := range n {
		c.levels, c.repeat = append(c.levels, 1), append(c.repeat, byte(min(i, 1)))
		c.addText(r.text())
	}
}

func (c *chunk) addText(value []byte) {
	if !c.dictionary {
		c.append(value)
		return
	}
	// Rows of a trace stand together: most values are the one before.
	if n := len(c.index); n > 0 && bytes.Equal(c.last, value) {
		c.index = append(c.index, c.index[n-1])
		return
	}
	i, known := c.known.find(value, len(c.ends), c.textAt)
	if !known {
		c.append(value)
	}
	c.index, c.last = append(c.index, int32(i)), c.textAt(i)
}

// append adds a text that is not there yet.
func (c *chunk) append(value []byte) {
	c.text = append(c.text, value...)
	c.ends = append(c.ends, uint32(len(c.text)))
	if c.filter {
		c.hashes = append(c.hashes, xxhash.Sum64(value))
	}
}

func (c *chunk) textAt(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = c.ends[i-1]
	}
	return c.text[from:c.ends[i]]
}

// count returns how many values are not null.
func (c *chunk) count() int {
	switch c.kind {
	case Int, Time:
		return len(c.ints)
	case Float:
		return len(c.floats) / 8
	case Bool:
		return c.rows - c.nulls
	}
	if c.dictionary {
		return len(c.index)
	}
	return len(c.ends)
}

// worthDictionary reports whether the dictionary is smaller than the values:
// many columns that have few values in one record have one for each row in
// another.
func (c *chunk) worthDictionary() bool {
	return c.dictionary && len(c.ends) <= len(c.index)/2
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

// textBounds returns the bounds of the texts from value to end.
func (c *chunk) textBounds(value, end int) (least, greatest []byte) {
	last := int32(-1)
	for i := value; i < end; i++ {
		if c.dictionary {
			if c.index[i] == last {
				continue
			}
			last = c.index[i]
		}
		switch v := c.value(i); {
		case i == value:
			least, greatest = v, v
		case bytes.Compare(v, least) < 0:
			least = v
		case bytes.Compare(v, greatest) > 0:
			greatest = v
		}
	}
	return bytes.Clone(least), bytes.Clone(greatest)
}
