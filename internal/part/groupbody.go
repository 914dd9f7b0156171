package part

import (
	"encoding/binary"
	"iter"
	"math"
)

// RowBlock is about how many rows are best rendered at a time: their bodies stay in
// the processor's cache while one column after the other is appended to them.
const RowBlock = 64

// AppendRows appends the journal forms of the rows from row on, as Encoder.AppendRow
// does, each to an element of dst.
func (r *Group) AppendRows(dst [][]byte, row int) {
	for i := range dst {
		dst[i] = AppendPlace(dst[i], r.Place(row+i))
	}
	r.AppendBodies(dst, row, nil)
}

// rowsBytes is how much memory rows of a row group share: it lasts as long as somebody
// has a text of one of them.
const rowsBytes = 256 << 10

// Rows returns the rows in the journal's form, by their numbers in the row group. They
// last, and nobody writes to them.
func (r *Group) Rows() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		var room []byte
		var block [RowBlock][]byte
		for first := 0; first < r.n; first += RowBlock {
			some := block[:min(RowBlock, r.n-first)]
			for i := range some {
				some[i] = some[i][:0]
			}
			r.AppendRows(some, first)
			for i, b := range some {
				if len(b) > cap(room)-len(room) {
					room = make([]byte, 0, max(len(b), rowsBytes))
				}
				room = append(room, b...)
				if !yield(first+i, room[len(room)-len(b):len(room):len(room)]) {
					return
				}
			}
		}
	}
}

// AppendBodies appends the bodies of the rows from row on, each to an element of dst,
// as AppendBody does of an entry whose columns in blank, which is by the columns' IDs
// from 1, are empty.
func (r *Group) AppendBodies(dst [][]byte, row int, blank []bool) {
	for _, v := range r.body {
		switch {
		case blank != nil && blank[v.c.ID-1]:
		case v.c.Kind == List:
			v.appendLists(dst, row)
		case v.texts():
			v.appendTexts(dst, v.slots[row:row+len(dst)])
		default:
			v.appendNumbers(dst, v.slots[row:row+len(dst)])
		}
	}
}

func (v *columnValues) appendLists(dst [][]byte, row int) {
	for i := range dst {
		items := v.slots[v.first[row+i]:v.first[row+i+1]]
		if len(items) == 0 {
			continue
		}
		dst[i] = binary.AppendUvarint(append(dst[i], byte(v.c.ID)), uint64(len(items)))
		for _, slot := range items {
			dst[i] = appendText(dst[i], v.value(slot))
		}
	}
}

func (v *columnValues) appendTexts(dst [][]byte, slots []int32) {
	id, texts, offsets := byte(v.c.ID), v.text, v.offsets
	for i, slot := range slots {
		if slot < 0 {
			continue
		}
		text := texts[offsets[slot]:offsets[slot+1]]
		if len(text) < 0x80 {
			dst[i] = append(dst[i], id, byte(len(text)))
		} else {
			dst[i] = binary.AppendUvarint(append(dst[i], id), uint64(len(text)))
		}
		dst[i] = append(dst[i], text...)
	}
}

func (v *columnValues) appendNumbers(dst [][]byte, slots []int32) {
	id, kind := byte(v.c.ID), v.c.Kind
	for i, slot := range slots {
		if slot < 0 {
			continue
		}
		dst[i] = append(dst[i], id)
		switch kind {
		case Int, Time:
			dst[i] = binary.AppendVarint(dst[i], v.nums[slot])
		case Float:
			dst[i] = binary.LittleEndian.AppendUint64(dst[i], math.Float64bits(v.floats[slot]))
		}
	}
}
