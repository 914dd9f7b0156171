package dialect

import (
	"encoding/binary"
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
// words.
type place struct {
	key     [keyRoom / 8]uint64
	mask    [keyRoom / 8]uint64 // of what counts of each
	length  uint8               // of the key
	kind    kind
	special special
	offset  uint16 // of the field in an Event; of a special one 0
	limit   int32  // bytes of a text that is not too long

	// As in field.
	values []string
	digits uint8
	noZero bool
	max    float64
}

// keyRoom is how many bytes stands looks at, and how long keys may be.
const keyRoom = 24

// stands reports whether the key stands at the start of b.
func (p *place) stands(b *[keyRoom]byte) bool {
	differs := (binary.LittleEndian.Uint64(b[:])^p.key[0])&p.mask[0] |
		(binary.LittleEndian.Uint64(b[8:])^p.key[1])&p.mask[1] |
		(binary.LittleEndian.Uint64(b[16:])^p.key[2])&p.mask[2]
	return differs == 0
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
	p.length = uint8(len(key))
	for i := range len(key) {
		p.key[i/8] |= uint64(key[i]) << (i % 8 * 8)
		p.mask[i/8] |= 0xff << (i % 8 * 8)
	}
}

// offsetOf returns where in an Event the field is that f returns.
func offsetOf[T any](f func(*hansard.Event) *T) uint16 {
	e := new(hansard.Event)
	return uint16(uintptr(unsafe.Pointer(f(e))) - uintptr(unsafe.Pointer(e)))
}
