package redact

import "encoding/binary"

// uuidLen is the length of a UUID as most are written: 019b8b74-3394-7979-8059-f7eee7b19a2b.
const uuidLen = 36

// idleUUID reports whether b is a UUID in lower case in which nothing would be found: it
// is idle for what most ids of events are, in a fraction of the time. Its 32 digits are four
// words; the hyphens between them say where a number or an account number may begin.
//
// The words that are looked for have other letters, or more behind them, unless inUUIDs
// says that one has not; and no stretch of a UUID is long enough to be decoded.
func (t *triggers) idleUUID(b []byte) bool {
	if len(b) != uuidLen || t.inUUIDs || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	half := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(b[i:])) }
	a, aHex := hexDigits(binary.LittleEndian.Uint64(b))
	c, cHex := hexDigits(half(9) | half(14)<<32)
	d, dHex := hexDigits(half(19) | half(24)<<32)
	e, eHex := hexDigits(binary.LittleEndian.Uint64(b[28:]))
	switch {
	case !aHex || !cHex || !dHex || !eHex:
		return false
	case a == allHighs || c == allHighs || c>>32|d<<32 == allHighs || d>>32 == allHighs>>32 && e == allHighs:
		return false // the digits of a number, perhaps: seven and more in groups of nothing else
	}
	return !t.mayBeIBAN(b, 0, a) && !t.mayBeIBAN(b, 9, c) && !t.mayBeIBAN(b, 14, c>>32) &&
		!t.mayBeIBAN(b, 19, d) && !t.mayBeIBAN(b, 24, d>>32)
}

// allHighs has the highest bit of each byte of a word.
const allHighs = 0x8080808080808080

// hexDigits returns the highest bit of those of eight bytes that are decimal digits,
// and whether the others are the letters of hexadecimal ones in lower case.
func hexDigits(x uint64) (decimal uint64, hex bool) {
	const ones = 0x0101010101010101
	decimal = (x + (0x80-'0')*ones) &^ (x + (0x7f-'9')*ones)
	letter := (x + (0x80-'a')*ones) &^ (x + (0x7f-'f')*ones)
	return decimal & allHighs, (decimal|letter)&^x&allHighs == allHighs
}

// mayBeIBAN reports whether an account number may begin with the country and the two
// digits at b[i], of which decimal has the highest bits of the digits.
func (t *triggers) mayBeIBAN(b []byte, i int, decimal uint64) bool {
	return uint32(decimal) == 0x80800000 && t.first(b[i], b[i+1])&ofIBAN != 0
}
