package part

import "bytes"

// A page of texts holds at most this many bytes, unless one text has more, and
// any page at most this many rows: reading a few rows of many columns reads a page
// of each.
const (
	pageBytes = 256 << 10
	pageRows  = 4096
)

// ordered is the values of a chunk in the order of the row group. Its memory is used
// for one chunk after the other.
type ordered struct {
	c     *chunk
	rows  int
	count int // values that are not null

	levels []uint8 // definition level of each value, nulls included
	repeat []uint8 // repetition levels, of a list
	index  []int32 // texts: the number of each
	ints   []int64
	floats []byte

	// With a dictionary, the texts in the order in which they come first, and the
	// number that each has there, plus one.
	dictionary bool
	names      []int32
	renamed    []int32
}

// arrange takes the values of the chunk, whose row group has the given order.
func (o *ordered) arrange(c *chunk, order []int32) {
	o.c, o.rows, o.count, o.dictionary = c, len(order), 0, false
	o.levels, o.repeat, o.index = o.levels[:0], o.repeat[:0], o.index[:0]
	switch {
	case c.required:
		o.takeRequired(order)
	case len(c.slots) == 0: // all null
		o.levels = grow(o.levels, len(order))
		clear(o.levels)
		if c.kind == List {
			o.repeat = grow(o.repeat, len(order))
			clear(o.repeat)
		}
	case c.kind == List:
		o.takeLists(order)
	default:
		o.takeSlots(order)
		o.takeNumbers()
	}
	if o.worthDictionary() {
		o.rename()
	}
}

func (o *ordered) takeRequired(order []int32) {
	o.count = len(order)
	o.ints = grow(o.ints, len(order))
	for i, row := range order {
		o.ints[i] = o.c.ints[row]
	}
}

// takeSlots notes the numbers of the values, and the levels.
func (o *ordered) takeSlots(order []int32) {
	o.levels, o.index = grow(o.levels, len(order)), grow(o.index, len(order))
	slots, levels, index, n := o.c.slots, o.levels[:len(order)], o.index, 0
	for i, row := range order {
		s := slots[row]
		level := min(s, 1)
		levels[i] = uint8(level)
		index[n] = s - 1 // of a null, overwritten by the next
		n += int(level)
	}
	o.index, o.count = index[:n], n
}

func (o *ordered) takeLists(order []int32) {
	for _, row := range order {
		s := o.c.slots[row]
		if s == 0 {
			o.levels, o.repeat = append(o.levels, 0), append(o.repeat, 0)
			continue
		}
		for i, item := range o.c.items[o.c.lists[s-1]:o.c.lists[s]] {
			o.levels, o.repeat = append(o.levels, 1), append(o.repeat, byte(min(i, 1)))
			o.index = append(o.index, item-1)
		}
	}
	o.count = len(o.index)
}

// takeNumbers takes the numbers that the index says.
func (o *ordered) takeNumbers() {
	switch o.c.kind {
	case Int, Time:
		o.ints = grow(o.ints, o.count)
		for i, n := range o.index {
			o.ints[i] = o.c.ints[n]
		}
	case Float:
		o.floats = o.floats[:0]
		for _, n := range o.index {
			o.floats = append(o.floats, o.c.floats[8*n:8*n+8]...)
		}
	}
}

// nulls returns how many values are null.
func (o *ordered) nulls() int {
	if o.c.required {
		return 0
	}
	return len(o.levels) - o.count
}

// worthDictionary reports whether the dictionary is smaller than the values:
// many columns that have few values in one record have one for each row in
// another.
func (o *ordered) worthDictionary() bool {
	return o.c.dictionary && o.c.len() <= o.count/2
}

// rename numbers the texts of the dictionary as they come first: what is written
// depends on the order of the row group alone, and numbers grow, which compresses
// well.
func (o *ordered) rename() {
	o.dictionary, o.names = true, o.names[:0]
	o.renamed = grow(o.renamed, o.c.len())
	clear(o.renamed)
	for i, n := range o.index {
		if o.renamed[n] == 0 {
			o.names = append(o.names, n)
			o.renamed[n] = int32(len(o.names))
		}
		o.index[i] = o.renamed[n] - 1
	}
}

// value returns the i-th text that is not null.
func (o *ordered) value(i int) []byte {
	n := o.index[i]
	if o.dictionary {
		n = o.names[n]
	}
	return o.c.textAt(n)
}

// cut returns where the page that begins at a row and its value ends.
func (o *ordered) cut(row, value int, texts bool) (endRow, endValue int) {
	endRow = min(row+pageRows, o.rows)
	if len(o.levels) == o.count || o.c.required { // no nulls
		endValue = value + endRow - row
	} else {
		endValue = value
		for _, level := range o.levels[row:endRow] {
			endValue += int(level)
		}
	}
	if texts && endValue > value+1 && o.size(value, endValue) > pageBytes {
		return o.cutTexts(row, value)
	}
	return endRow, endValue
}

// size returns how many bytes the texts from value to end have.
func (o *ordered) size(value, end int) int {
	size, ends := 0, o.c.ends
	for _, n := range o.index[value:end] { // not those of a dictionary
		size += int(ends[n+1] - ends[n])
	}
	return size
}

// cutTexts is cut where a page has all the texts that it may have.
func (o *ordered) cutTexts(row, value int) (endRow, endValue int) {
	size := 0
	for first := value; row < o.rows; row++ {
		if o.levels[row] == 0 {
			continue
		}
		if size += len(o.value(value)); size > pageBytes && value > first {
			break
		}
		value++
	}
	return row, value
}

// textBounds returns the bounds of the texts of a dictionary from value to end.
func (o *ordered) textBounds(value, end int) (least, greatest []byte) {
	b := newBounds(o.value(value))
	last := o.index[value]
	for i := value + 1; i < end; i++ {
		if o.index[i] != last {
			last = o.index[i]
			b.add(o.value(i))
		}
	}
	return bytes.Clone(b.least), bytes.Clone(b.greatest)
}

// bounds finds the least and the greatest of texts. Most are told apart by their first
// bytes.
type bounds struct {
	least, greatest []byte
	low, high       uint64
}

func newBounds(text []byte) bounds {
	first := firstEight(text)
	return bounds{text, text, first, first}
}

func (b *bounds) add(text []byte) {
	first := firstEight(text)
	if first <= b.low && bytes.Compare(text, b.least) < 0 {
		b.least, b.low = text, first
	}
	if first >= b.high && bytes.Compare(text, b.greatest) > 0 {
		b.greatest, b.high = text, first
	}
}
