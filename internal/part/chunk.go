package part

import (
	"slices"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// chunk collects one column of a row group, in the order of that. A column without a
// value costs nothing.
type chunk struct {
	// Of col, here because they are looked at for every value.
	texts      bool // values are texts or bytes
	integers   bool // ... or integers, times among them
	dictionary bool
	required   bool
	placed     bool // no body has a value
	kind       Kind

	count int     // of values that are not null
	index []int32 // with a dictionary: the text of each value
	last  []byte  // the text of the last value, in its row

	// Definition levels: of each row, or, in a list, of each item and each row
	// without one. A required column has none, nor has one without a value.
	levels []uint8
	repeat []uint8 // repetition levels, of a list
	listed int     // how many rows these are of, in a list

	// Texts and bytes, one after the other, text i from ends[i] to ends[i+1]. With
	// a dictionary, those that are distinct, in the order in which they come first:
	// numbers grow, which compresses well.
	ends  []uint32
	text  []byte
	known terms

	ints   []int64
	floats []byte

	filter bool     // make a Bloom filter of the values
	hashes []uint64 // for it
	col    *Column
	rows   int // known when it is finished
}

func newChunk(c *Column) *chunk {
	return &chunk{
		col: c, kind: c.Kind, texts: c.Kind.text(), integers: c.Kind == Int || c.Kind == Time,
		dictionary: c.Dictionary, required: c.Required, placed: c.Placed(),
		filter: c.Name == "trace_id" || c.Name == "event_id",
		ends:   []uint32{0},
	}
}

// reset empties the chunk for the next row group. Its memory is kept.
func (c *chunk) reset() {
	c.count, c.index, c.last = 0, c.index[:0], nil
	c.levels, c.repeat, c.listed = c.levels[:0], c.repeat[:0], 0
	c.ints, c.floats, c.hashes = c.ints[:0], c.floats[:0], c.hashes[:0]
	c.text, c.ends = c.text[:0], c.ends[:1]
	c.known.reset()
}

// begin makes room for the levels of rows, at the first value that a body has of the
// column. It reports whether a body may.
func (c *chunk) begin(rows int) bool {
	if c.placed {
		return false
	}
	if c.kind != List {
		c.levels = grow(c.levels, rows)
		clear(c.levels)
	}
	return true
}

// finish says how many rows there are.
func (c *chunk) finish(rows int) {
	c.rows = rows
	switch {
	case c.required:
		c.count, c.levels = rows, c.levels[:0] // some are in bodies
	case c.count == 0:
	case c.kind == List:
		c.listTo(rows)
	default:
		c.levels = c.levels[:rows]
	}
}

// nulls returns how many values are null.
func (c *chunk) nulls() int { return max(len(c.levels), c.rows) - c.count }

// indexed reports whether the dictionary is smaller than the values, which then refer
// to it: many columns that have few values in one record have one for each row in
// another.
func (c *chunk) indexed() bool { return c.dictionary && c.len() <= c.count/2 }

// len returns how many texts there are.
func (c *chunk) len() int { return len(c.ends) - 1 }

// textAt returns the i-th text.
func (c *chunk) textAt(i int32) []byte { return c.text[c.ends[i]:c.ends[i+1]] }

// number returns which text is that of the i-th value.
func (c *chunk) number(i int) int32 {
	if c.dictionary {
		return c.index[i]
	}
	return int32(i)
}

// add adds the row's value, in the form that a body has it, of a column without
// integers.
func (c *chunk) add(row int, value []byte) {
	switch c.kind {
	case Float:
		c.floats = append(c.floats, value...)
	case Bool:
	case List:
		c.addList(row, value)
		return
	default:
		c.addText(row, value)
		return
	}
	c.levels[row] = 1
	c.count++
}

// addInt adds the row's integer.
func (c *chunk) addInt(row int, v int64) {
	c.levels[row] = 1
	c.count++
	c.ints = append(c.ints, v)
}

// addText adds the row's text. Most texts of a dictionary are those of the row
// before it.
func (c *chunk) addText(row int, value []byte) {
	c.levels[row] = 1
	c.count++
	switch {
	case !c.dictionary:
		c.append(value)
	case c.count > 1 && string(c.last) == string(value):
		c.index = append(c.index, c.index[len(c.index)-1])
	default:
		n := c.find(value)
		c.index, c.last = append(c.index, n), value
	}
}

// find returns the number of a text among those that are distinct.
func (c *chunk) find(value []byte) int32 {
	s, known := c.known.find(value, c)
	if !known {
		c.append(value)
	}
	return s - 1
}

// append adds a text that is not there yet.
func (c *chunk) append(value []byte) {
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
	c.listTo(row)
	for i := range n {
		c.index = append(c.index, c.find(r.text()))
		c.levels, c.repeat = append(c.levels, 1), append(c.repeat, byte(min(i, 1)))
		c.count++
	}
	c.listed++
}

// listTo notes that the rows up to one have no list.
func (c *chunk) listTo(row int) {
	for ; c.listed < row; c.listed++ {
		c.levels, c.repeat = append(c.levels, 0), append(c.repeat, 0)
	}
}

// bounded reports whether the column has statistics: bounds by which a reader
// passes over row groups and pages.
func (c *chunk) bounded() bool {
	return c.integers || c.kind == String && c.col.Class == Envelope
}
