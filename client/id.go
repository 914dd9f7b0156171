package client

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// The lengths of the ids, as they are written.
const (
	eventIDLen = 36 // UUIDv7 (RFC 9562, section 5.7)
	spanIDLen  = 16 // W3C parent-id, hexadecimal
	traceIDLen = 32 // W3C trace-id, hexadecimal
)

// ids are those of an event that others follow, as numbers: every handle has them, and
// a handle that is small is allocated in half the time. An id that is 0 is another one,
// or there is none.
type ids struct {
	trace pair128
	span  uint64
	event pair128
}

// pair128 is a number of 128 bits.
type pair128 struct{ high, low uint64 }

func (p pair128) zero() bool { return p == pair128{} }

// newTraceID returns a W3C trace-id. The all-zero one is invalid.
func newTraceID() pair128 { return pair128{rand.Uint64(), rand.Uint64() | 1} }

// newSpanID returns a W3C parent-id.
func newSpanID() uint64 { return rand.Uint64() | 1 }

// newEventID returns the id of an event that happens now. The client gives the
// ids, so that what is sent again after a lost answer is recognised.
//
// It is a UUIDv7: 48 bits of Unix milliseconds, 12 bits of the fraction of the
// millisecond, so that ids made one after the other sort that way, and 62 random bits.
// The generator is the runtime's ChaCha8: a system call for each event would cost more
// than the rest of it.
func newEventID(now time.Time) pair128 {
	ns := now.UnixNano()
	ms, fraction := uint64(ns/1e6), uint64((ns%1e6)*4096/1e6)
	return pair128{ms<<16 | 0x7000 | fraction, rand.Uint64()&^(3<<62) | 2<<62}
}

// eventText returns an event's id as it is written.
func (p pair128) eventText() string {
	var b [eventIDLen]byte
	p.putEvent(&b)
	return string(b[:])
}

// traceText returns a trace's id as it is written.
func (p pair128) traceText() string {
	var b [traceIDLen]byte
	p.putTrace(&b)
	return string(b[:])
}

func (p pair128) putTrace(dst *[traceIDLen]byte) {
	putHex(dst[:16], p.high)
	putHex(dst[16:], p.low)
}

func (p pair128) putEvent(dst *[eventIDLen]byte) {
	putHex8(dst[:], uint32(p.high>>32))
	var part [8]byte
	putHex8(part[:], uint32(p.high))
	copy(dst[9:], part[:4])
	copy(dst[14:], part[4:])
	putHex8(part[:], uint32(p.low>>32))
	copy(dst[19:], part[:4])
	copy(dst[24:], part[4:])
	putHex8(dst[28:], uint32(p.low))
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
}

// placeWriter appends the members that say where an event happened. It keeps what it
// wrote last, because the events of a run come together and have much of it in common.
type placeWriter struct {
	ids    ids
	trace  [len(traceMember)]byte
	span   [len(spanMember)]byte
	parent [len(parentMember)]byte
}

// The members, with an id that no event has.
const (
	traceMember  = `,"trace_id":"00000000000000000000000000000000"`
	spanMember   = `,"span_id":"0000000000000000"`
	parentMember = `,"parent_event_id":"000000000000000000000000000000000000"`
)

func (w *placeWriter) appendTrace(dst []byte, trace pair128) []byte {
	if w.ids.trace != trace {
		w.ids.trace = trace
		copy(w.trace[:], traceMember)
		trace.putTrace((*[traceIDLen]byte)(w.trace[len(traceMember)-1-traceIDLen:]))
	}
	return append(dst, w.trace[:]...)
}

func (w *placeWriter) appendSpan(dst []byte, span uint64) []byte {
	if w.ids.span != span {
		w.ids.span = span
		copy(w.span[:], spanMember)
		putHex(w.span[len(spanMember)-1-spanIDLen:], span)
	}
	return append(dst, w.span[:]...)
}

func (w *placeWriter) appendParent(dst []byte, event pair128) []byte {
	if w.ids.event != event {
		w.ids.event = event
		copy(w.parent[:], parentMember)
		event.putEvent((*[eventIDLen]byte)(w.parent[len(parentMember)-1-eventIDLen:]))
	}
	return append(dst, w.parent[:]...)
}

// parseTraceID reads a trace's id; 0 if it is of another form.
func parseTraceID(s string) (p pair128) {
	if !isHex(s, traceIDLen) {
		return p
	}
	return pair128{parseHex(s[:16]), parseHex(s[16:])}
}

// parseEventID reads an event's id; 0 if it is not of the form of ours.
func parseEventID(s string) (p pair128) {
	if len(s) != eventIDLen {
		return p
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if !isHex(digits, traceIDLen) || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return p
	}
	return pair128{parseHex(digits[:16]), parseHex(digits[16:])}
}

// parseHex reads 16 hexadecimal digits.
func parseHex(s string) (v uint64) {
	for i := range len(s) {
		v = v<<4 | uint64(digit(s[i]))
	}
	return v
}

// putHex writes v as 16 hexadecimal digits.
func putHex(dst []byte, v uint64) {
	putHex8(dst, uint32(v>>32))
	putHex8(dst[8:], uint32(v))
}

// putHex8 writes v as 8 hexadecimal digits, all at once: each half byte goes into
// a byte of its own, and those above 9 are carried on to the letters.
func putHex8(dst []byte, v uint32) {
	x := uint64(v)
	x = (x&0xffff0000)<<16 | x&0xffff
	x = (x&0x0000ff000000ff00)<<8 | x&0x000000ff000000ff
	x = (x&0x00f000f000f000f0)<<4 | x&0x000f000f000f000f
	letters := (x + 0x0606060606060606) >> 4 & 0x0101010101010101
	binary.BigEndian.PutUint64(dst, x+0x3030303030303030+letters*('a'-'9'-1))
}
