package client

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
	"unsafe"
)

// The lengths of the ids.
const (
	eventIDLen = 36 // UUIDv7 (RFC 9562, section 5.7)
	spanIDLen  = 16 // W3C parent-id, hexadecimal
	traceIDLen = 32 // W3C trace-id, hexadecimal
)

// An idRoom holds what the events below one say of their place, ready to be written:
//
//	,"trace_id":"32 digits","span_id":"16 digits","parent_event_id":"36 characters"
const (
	beforeTrace = `,"trace_id":"`
	beforeSpan  = `","span_id":"`
	beforeEvent = `","parent_event_id":"`

	traceAt  = len(beforeTrace)
	spanAt   = traceAt + traceIDLen + len(beforeSpan)
	parentAt = spanAt + spanIDLen + 1 // the comma before the parent
	eventAt  = spanAt + spanIDLen + len(beforeEvent)
)

// newEventID returns the id of an event that happens now. The client gives the
// ids, so that what is sent again after a lost answer is recognised.
func newEventID(now time.Time) string {
	var b [eventIDLen]byte
	putEventID(b[:], now)
	return string(b[:])
}

// idRoom is where the ids of a handle lie: in the handle, so that they cost no
// allocation of their own.
type idRoom [eventAt + eventIDLen + 1]byte

// text returns what is in the room from one place to another. Nobody writes there
// again.
func (b *idRoom) text(from, to int) string { return unsafe.String(&b[from], to-from) }

// putSpan puts a new span into the room. trace is the trace that it belongs to; ""
// begins a new one. where is the place of an event of the same trace, "" if there is
// none. It reports whether the trace is one that has its place here.
func (b *idRoom) putSpan(trace, where string) bool {
	known := true
	switch {
	case where != "":
		copy(b[:spanAt], where)
	case trace == "":
		putHex(b[traceAt:], rand.Uint64())
		putHex(b[traceAt+16:], rand.Uint64()|1) // the all-zero id is invalid
	case isHex(trace, traceIDLen):
		copy(b[traceAt:], trace)
	default: // the caller's own, of any form
		known = false
	}
	if where == "" {
		copy(b[:], beforeTrace)
		copy(b[traceAt+traceIDLen:], beforeSpan)
	}
	putHex(b[spanAt:], rand.Uint64()|1)
	copy(b[spanAt+spanIDLen:], beforeEvent)
	return known
}

// putEvent puts a new event into the room.
func (b *idRoom) putEvent(now time.Time) {
	putEventID(b[eventAt:], now)
	b[eventAt+eventIDLen] = '"'
}

// putEventID writes a UUIDv7: 48 bits of Unix milliseconds, 12 bits of the
// fraction of the millisecond, so that ids made one after the other sort that
// way, and 62 random bits. The generator is the runtime's ChaCha8: a system call
// for each event would cost more than the rest of it.
func putEventID(dst []byte, now time.Time) {
	ns := now.UnixNano()
	ms, fraction := uint64(ns/1e6), uint64((ns%1e6)*4096/1e6)
	high := ms<<16 | 0x7000 | fraction
	low := rand.Uint64()&^(3<<62) | 2<<62
	putHex8(dst, uint32(high>>32))
	var part [8]byte
	putHex8(part[:], uint32(high))
	copy(dst[9:], part[:4])
	copy(dst[14:], part[4:])
	putHex8(part[:], uint32(low>>32))
	copy(dst[19:], part[:4])
	copy(dst[24:], part[4:])
	putHex8(dst[28:], uint32(low))
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
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
