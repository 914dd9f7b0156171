package part

import (
	"encoding/binary"
	"math/bits"
)

// A page of texts holds at most this many bytes, unless one text has more, and
// any page at most this many rows: reading a few rows of many columns reads a page
// of each.
const (
	pageBytes = 256 << 10
	pageRows  = 4096
)

// cut returns where the page that begins at a row and its value ends.
func (c *chunk) cut(row, value int) (endRow, endValue int) {
	endRow = min(row+pageRows, c.rows)
	if c.count == c.rows {
		endValue = value + endRow - row
	} else {
		endValue = value + present(c.levels[row:endRow])
	}
	if c.texts && !c.indexed() && endValue > value+1 && c.size(value, endValue) > pageBytes {
		return c.cutTexts(row, value)
	}
	return endRow, endValue
}

// present returns how many of the levels are those of a value: one, and not zero.
func present(levels []uint8) (n int) {
	for ; len(levels) >= 8; levels = levels[8:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(levels))
	}
	for _, level := range levels {
		n += int(level)
	}
	return n
}

// size returns how many bytes the texts from value to end have.
func (c *chunk) size(value, end int) int {
	if !c.dictionary {
		return int(c.ends[end] - c.ends[value])
	}
	size := 0
	for _, n := range c.index[value:end] {
		size += int(c.ends[n+1] - c.ends[n])
	}
	return size
}

// cutTexts is cut where a page has all the texts that it may have.
func (c *chunk) cutTexts(row, value int) (endRow, endValue int) {
	size := 0
	for first := value; row < c.rows; row++ {
		if c.levels[row] == 0 {
			continue
		}
		if size += len(c.textAt(c.number(value))); size > pageBytes && value > first {
			break
		}
		value++
	}
	return row, value
}
