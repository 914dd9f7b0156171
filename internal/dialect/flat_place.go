package dialect

import (
	"math"
	"unsafe"

	"github.com/hansardhq/hansard"
)

// kind says how a field's value is read.
type kind uint8

const (
	kindSpecial kind = iota
	kindText
	kindEnum
	kindAny
	kindNumber
	kindFloat
	kindList
)

// unlimited is the limit of texts that are not bounded here.
const unlimited = math.MaxInt32

// place is what reading needs of a field again and again, in one place: where it is
// in an Event, and its key as most senders spell it, `"name":`, for comparison by
// words, at its begin, in its midst and at its end.
type place struct {
	head, middle, tail uint64
	mask               uint64 // of what counts of each: all of it, but for a key of 7 bytes
	middleAt, tailAt   uint8
	length             uint8 // of the key: 7 to keyRoom
	kind               kind
	special            special
	offset             uint16 // of the field in an Event; of a special one 0
	limit              int32  // bytes of a text that is not too long

	// As in field.
	values []string
	digits uint8
	noZero bool
	max    float64
}

// keyRoom is how many bytes stands looks at.
const keyRoom = 24

// stands reports whether the key stands at b[i]. There must be keyRoom bytes.
func (p *place) stands(b []byte, i int) bool {
	w := b[i : i+keyRoom : i+keyRoom]
	differs := (word(w, 0) ^ p.head) | (word(w, int(p.middleAt&15)) ^ p.middle) | (word(w, int(p.tailAt&15)) ^ p.tail)
	return differs&p.mask == 0
}

var places = findPlaces()

func findPlaces() (all [len(fields)]place) {
	for i := range fields {
		f, p := &fields[i], &all[i]
		p.spell(f.name)
		p.special, p.values, p.digits, p.noZero, p.max = f.special, f.values, uint8(f.digits), f.noZero, f.max
		if p.limit = unlimited; f.limit > 0 {
			p.limit = int32(f.limit)
		}
		switch {
		case f.special != specialNone:
		case f.values != nil:
			p.kind, p.offset = kindEnum, offsetOf(f.text)
		case f.text != nil:
			p.kind, p.offset = kindText, offsetOf(f.text)
		case f.any != nil:
			p.kind, p.offset = kindAny, offsetOf(f.any)
		case f.number != nil:
			p.kind, p.offset = kindNumber, offsetOf(f.number)
		case f.float != nil:
			p.kind, p.offset = kindFloat, offsetOf(f.float)
		default:
			p.kind, p.offset = kindList, offsetOf(f.list)
		}
	}
	return all
}

// spell sets the key.
func (p *place) spell(name string) {
	key := `"` + name + `":`
	n := len(key)
	p.length = uint8(n)
	p.tailAt = uint8(max(n-8, 0))
	p.middleAt = min(8, p.tailAt)
	p.mask = ^uint64(0)
	if n < 8 {
		p.mask >>= 8 * (8 - n)
	}
	text := append([]byte(key), 0)
	p.head, p.middle, p.tail = word(text, 0), word(text, int(p.middleAt)), word(text, int(p.tailAt))
}

// offsetOf returns where in an Event the field is that f returns.
func offsetOf[T any](f func(*hansard.Event) *T) uint16 {
	e := new(hansard.Event)
	return uint16(uintptr(unsafe.Pointer(f(e))) - uintptr(unsafe.Pointer(e)))
}
