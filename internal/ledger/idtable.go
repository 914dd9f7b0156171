package ledger

import (
	"encoding/binary"

	"github.com/hansardhq/hansard/internal/part"
)

// idTable holds ids by their event: a hash table with open addresses. An id is its
// own hash, and a look-up, an addition and a removal read one line of the processor's
// cache each, mostly; a map's take two and hash the hash again. The zero idTable is
// empty.
type idTable struct {
	slots []part.ID // a power of two, none or at least a quarter of them free; free ones are zero
	n     int
}

// minSlots is how many slots a table has that has any.
const minSlots = 1 << 10

// len returns the number of ids.
func (t *idTable) len() int { return t.n }

// slot returns where an event is, or the free slot where it would be. There are
// slots.
func (t *idTable) slot(event [10]byte) int {
	mask := len(t.slots) - 1
	for i := t.home(event); ; i = (i + 1) & mask {
		if e := &t.slots[i].Event; *e == event || *e == ([10]byte{}) {
			return i
		}
	}
}

// home returns the slot from which on an event is looked for.
func (t *idTable) home(event [10]byte) int {
	return int(binary.LittleEndian.Uint64(event[:8]) & uint64(len(t.slots)-1))
}

// near reads of an event's place what the processor has to fetch. The result means
// nothing.
func (t *idTable) near(event [10]byte) uint64 {
	if len(t.slots) == 0 {
		return 0
	}
	return uint64(t.slots[t.home(event)].Event[0])
}

// stored is the event as it is stored: zero is that of a free slot.
func stored(event [10]byte) [10]byte {
	if event == ([10]byte{}) {
		event[9] = 1
	}
	return event
}

// find returns the fingerprint of an event.
func (t *idTable) find(event [10]byte) (fingerprint [6]byte, ok bool) {
	if t.n == 0 {
		return fingerprint, false
	}
	event = stored(event)
	id := &t.slots[t.slot(event)]
	return id.Fingerprint, id.Event == event
}

// add adds an id, or gives its event another fingerprint.
func (t *idTable) add(id part.ID) {
	if t.n >= len(t.slots)/4*3 {
		t.resize(max(minSlots, 2*len(t.slots)))
	}
	id.Event = stored(id.Event)
	i := t.slot(id.Event)
	if t.slots[i].Event != id.Event {
		t.n++
	}
	t.slots[i] = id
}

// remove removes an event, if it is there, and moves those up that were put behind it
// because its slot was taken.
func (t *idTable) remove(event [10]byte) {
	if t.n == 0 {
		return
	}
	event = stored(event)
	mask := len(t.slots) - 1
	free := t.slot(event)
	if t.slots[free].Event != event {
		return
	}
	for i := (free + 1) & mask; t.slots[i].Event != ([10]byte{}); i = (i + 1) & mask {
		if home := t.home(t.slots[i].Event); (i-home)&mask >= (i-free)&mask {
			t.slots[free], free = t.slots[i], i
		}
	}
	t.slots[free] = part.ID{}
	if t.n--; t.n == 0 {
		t.slots = nil
	} else if len(t.slots) > minSlots && t.n < len(t.slots)/8 {
		t.resize(len(t.slots) / 2)
	}
}

// each calls f for every event.
func (t *idTable) each(f func(event [10]byte)) {
	for _, id := range t.slots {
		if id.Event != ([10]byte{}) {
			f(id.Event)
		}
	}
}

func (t *idTable) resize(slots int) {
	old := t.slots
	t.slots = make([]part.ID, slots)
	for _, id := range old {
		if id.Event != ([10]byte{}) {
			t.slots[t.slot(id.Event)] = id
		}
	}
}
