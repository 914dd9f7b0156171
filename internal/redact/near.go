package redact

import "encoding/binary"

// nearIDs are ids of events in which nothing was found, as cleanTexts are texts: the
// last two that events had of their own, and the last parent's that was none of them.
// Most events' parents are among them, since events come by their traces. UUIDs are not:
// to look through one takes no longer than to compare it.
type nearIDs struct {
	ids  [3]nearID // the parent's is the last
	turn uint8     // whose place the next of the first two takes
}

// nearID is an id of 8 to maxID bytes, as idle knows them; the zero one is none.
type nearID struct {
	last uint64 // eight bytes, in which ids of one trace differ
	text [maxID]byte
	len  uint8
}

const nearParent = 2

// has reports whether an id is one of them.
func (n *nearIDs) has(b []byte) bool {
	if len(b) < minID {
		return false
	}
	last := binary.LittleEndian.Uint64(b[len(b)-8:])
	for i := range n.ids {
		if id := &n.ids[i]; id.last == last && string(id.text[:id.len]) == string(b) {
			return true
		}
	}
	return false
}

// set puts an id of 8 to maxID bytes in the i-th place.
func (n *nearIDs) set(i uint8, b []byte) {
	id := &n.ids[i]
	id.last, id.len = binary.LittleEndian.Uint64(b[len(b)-8:]), uint8(copy(id.text[:], b))
}

// eventID is id for that of an event, which others may name as their parent.
func (p *pass) eventID(s *string) {
	b := bytesOf(*s)
	if len(b) < 4 || p.e.triggers.idleUUID(b) {
		return
	}
	if p.idle(b) {
		p.near.turn ^= 1
		p.near.set(p.near.turn, b)
		return
	}
	if out, changed := p.text(b); changed {
		*s = string(out)
	}
}

// parentID is id for that of another event, mostly one just before.
func (p *pass) parentID(s *string) {
	b := bytesOf(*s)
	if len(b) < 4 || p.e.triggers.idleUUID(b) || p.near.has(b) {
		return
	}
	if p.idle(b) {
		p.near.set(nearParent, b)
		return
	}
	if out, changed := p.text(b); changed {
		*s = string(out)
	}
}
