package part

import (
	"bytes"
	"hash/maphash"
)

// terms finds a text among the distinct ones of a chunk. It holds no text of its
// own: a map of strings would copy each.
type terms struct {
	slots []uint64 // low half: the text's number and 1; high half: of its hash; 0: free
	used  int
}

// leastTerms is how many slots a table has at first. It is a power of two, as all
// sizes are.
const leastTerms = 64

// termSeed differs from one process to the next, so that nobody can choose texts
// that collide. Nothing that is written depends on it.
var termSeed = maphash.MakeSeed()

// find returns the number of a text among those of which textAt gives the i-th, or
// notes it as number next. known says which.
func (t *terms) find(value []byte, next int, textAt func(i int) []byte) (i int, known bool) {
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	h := maphash.Bytes(termSeed, value) >> 32
	mask := uint64(len(t.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			t.slots[at] = h<<32 | uint64(next+1)
			t.used++
			return next, false
		}
		if s>>32 == h {
			if i := int(uint32(s)) - 1; bytes.Equal(textAt(i), value) {
				return i, true
			}
		}
	}
}

// grow doubles the table.
func (t *terms) grow() {
	old := t.slots
	t.slots = make([]uint64, max(leastTerms, 2*len(old)))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		at := s >> 32 & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = s
	}
}

// reset forgets all texts. The memory is kept.
func (t *terms) reset() {
	if t.used > 0 {
		clear(t.slots)
	}
	t.used = 0
}
