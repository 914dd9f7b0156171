package part

import (
	"bytes"
	"hash/maphash"
)

// terms finds a text among the distinct ones of a chunk. It holds no text of its
// own: a map of strings would copy each.
type terms struct {
	slots []uint64 // low half: the text's slot in the chunk; high half: of its hash; 0: free
	used  int
}

// leastTerms is how many slots a table has at first. It is a power of two, as all
// sizes are.
const leastTerms = 64

// termSeed differs from one process to the next, so that nobody can choose texts
// that collide. Nothing that is written depends on it.
var termSeed = maphash.MakeSeed()

// find returns the slot of a text among those of the chunk, or notes the next slot
// as its own. known says which.
func (t *terms) find(value []byte, c *chunk) (slot int32, known bool) {
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	h := maphash.Bytes(termSeed, value) >> 32
	mask := uint64(len(t.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			slot = int32(c.len() + 1)
			t.slots[at] = h<<32 | uint64(slot)
			t.used++
			return slot, false
		}
		if s>>32 == h {
			if slot = int32(s); bytes.Equal(c.textAt(slot-1), value) {
				return slot, true
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
