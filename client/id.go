package client

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// identity names one event and its place in a trace.
type identity struct {
	event string // UUIDv7 (RFC 9562, section 5.7), 36 characters
	span  string // W3C parent-id, 16 hexadecimal digits
	trace string // W3C trace-id, 32 hexadecimal digits, or what the caller gave
	place string // what an event below says, "" where it has to be written
}

// The ids of one event are parts of one string, so that they cost one
// allocation.
const (
	eventIDLen = 36
	spanIDLen  = 16
	traceIDLen = 32
)

// The string of an event that others follow also holds what those say of their
// place, ready to be written:
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

// newIdentity returns the ids of an event that others will follow. trace is the
// trace that it belongs to; "" begins a new one. where is the place of an event of
// the same trace, "" if there is none.
func newIdentity(now time.Time, trace, where string) identity {
	var b [eventAt + eventIDLen + 1]byte
	switch {
	case where != "":
		copy(b[:spanAt], where)
	case trace == "":
		copy(b[:], beforeTrace)
		putHex(b[traceAt:], rand.Uint64())
		putHex(b[traceAt+16:], rand.Uint64()|1) // the all-zero id is invalid
		copy(b[traceAt+traceIDLen:], beforeSpan)
	case isHex(trace, traceIDLen):
		copy(b[:], beforeTrace)
		copy(b[traceAt:], trace)
		copy(b[traceAt+traceIDLen:], beforeSpan)
	default: // the caller's own, of any form
		return newForeignIdentity(now, trace)
	}
	putHex(b[spanAt:], rand.Uint64()|1)
	copy(b[spanAt+spanIDLen:], beforeEvent)
	putEventID(b[eventAt:], now)
	b[eventAt+eventIDLen] = '"'
	s := string(b[:])
	return identity{
		event: s[eventAt : eventAt+eventIDLen], span: s[spanAt : spanAt+spanIDLen], trace: s[traceAt : traceAt+traceIDLen], place: s,
	}
}

func newForeignIdentity(now time.Time, trace string) identity {
	var b [eventIDLen + spanIDLen]byte
	putEventID(b[:], now)
	putHex(b[eventIDLen:], rand.Uint64()|1)
	s := string(b[:])
	return identity{event: s[:eventIDLen], span: s[eventIDLen:], trace: trace}
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
