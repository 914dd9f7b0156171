package client

import (
	"math/rand/v2"
	"time"
)

// identity names one event and its place in a trace.
type identity struct {
	event string // UUIDv7 (RFC 9562, section 5.7), 36 characters
	span  string // W3C parent-id, 16 hexadecimal digits
	trace string // W3C trace-id, 32 hexadecimal digits
}

// The ids of one event are parts of one string, so that they cost one
// allocation.
const (
	eventIDLen = 36
	spanIDLen  = 16
	traceIDLen = 32
)

// newEventID returns the id of an event that happens now. The client gives the
// ids, so that what is sent again after a lost answer is recognised.
func newEventID(now time.Time) string {
	var b [eventIDLen]byte
	putEventID(b[:], now)
	return string(b[:])
}

// newIdentity returns the ids of an event that others will follow. trace is the
// trace that it belongs to; "" begins a new one.
func newIdentity(now time.Time, trace string) identity {
	var b [eventIDLen + spanIDLen + traceIDLen]byte
	putEventID(b[:], now)
	putHex(b[eventIDLen:], rand.Uint64()|1) // the all-zero id is invalid
	if trace != "" {
		s := string(b[:eventIDLen+spanIDLen])
		return identity{event: s[:eventIDLen], span: s[eventIDLen:], trace: trace}
	}
	putHex(b[eventIDLen+spanIDLen:], rand.Uint64())
	putHex(b[eventIDLen+spanIDLen+16:], rand.Uint64()|1)
	s := string(b[:])
	return identity{event: s[:eventIDLen], span: s[eventIDLen : eventIDLen+spanIDLen], trace: s[eventIDLen+spanIDLen:]}
}

// putEventID writes a UUIDv7: 48 bits of Unix milliseconds, 12 bits of the
// fraction of the millisecond, so that ids made one after the other sort that
// way, and 62 random bits. The generator is the runtime's ChaCha8: a system call
// for each event would cost more than the rest of it.
func putEventID(dst []byte, now time.Time) {
	var b [16]byte
	ns := now.UnixNano()
	ms, fraction := ns/1e6, (ns%1e6)*4096/1e6
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = 0x70 | byte(fraction>>8)
	b[7] = byte(fraction)
	r := rand.Uint64()
	for i := range 8 {
		b[8+i] = byte(r >> (8 * i))
	}
	b[8] = b[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	at := 0
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			at++
		}
		dst[at], dst[at+1] = digits[c>>4], digits[c&15]
		at += 2
	}
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
}

// putHex writes v as 16 hexadecimal digits.
func putHex(dst []byte, v uint64) {
	const digits = "0123456789abcdef"
	for i := 15; i >= 0; i-- {
		dst[i] = digits[v&15]
		v >>= 4
	}
}
