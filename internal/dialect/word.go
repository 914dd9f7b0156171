package dialect

import "encoding/binary"

// Eight bytes of text at a time, as a little-endian word. The masks have the
// high bit of each byte that was looked for; above the first such byte (the
// least significant) bits may be set wrongly.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// quoteOrBackslash returns the mask of the bytes that are one of the two.
func quoteOrBackslash(w uint64) uint64 {
	quote := w ^ ones*'"'
	backslash := w ^ ones*'\\'
	return ((quote-ones)&^quote | (backslash-ones)&^backslash) & highs
}

// word returns the eight bytes at b[i].
func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }
