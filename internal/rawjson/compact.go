package rawjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// trackedDepth is how deep ScanCompact goes: a bit of a word for each level.
const trackedDepth = 64

// ScanCompact is Scan for the array or object that begins at b[i], as long as that
// is written as programs write it, with no more than a space behind a colon or comma.
// compact says that Compact would change nothing of it. The end is 0 where Scan is to
// be asked, for whatever reason.
func ScanCompact(b []byte, i, maxDepth int) (end int, compact bool) {
	maxDepth = min(maxDepth, trackedDepth)
	depth, objects := 0, uint64(0) // objects has a bit for each open level, the innermost lowest
	compact = true
	for i < len(b) {
		ok, c := true, b[i]
		switch c {
		case '{', '[':
			if depth >= maxDepth || i+1 >= len(b) {
				return 0, false
			}
			if i++; b[i] == c+2 { // the bracket that closes it
				i++
				break
			}
			depth++
			objects <<= 1
			if c == '{' {
				objects |= 1
				if i, ok = scanKey(b, i, &compact); !ok {
					return 0, false
				}
			}
			continue
		case '"':
			i, ok = scanText(b, i, &compact)
		default:
			i, ok = scanScalar(b, i)
		}
		if !ok {
			return 0, false
		}
		for depth > 0 && i < len(b) && (b[i] == '}' && objects&1 == 1 || b[i] == ']' && objects&1 == 0) {
			i++
			depth--
			objects >>= 1
		}
		if depth == 0 {
			return i, compact
		}
		if i+1 >= len(b) || b[i] != ',' {
			return 0, false
		}
		if i++; b[i] == ' ' {
			compact = false
			i++
		}
		if objects&1 == 1 {
			if i, ok = scanKey(b, i, &compact); !ok {
				return 0, false
			}
		}
	}
	return 0, false
}

// scanKey returns where the value begins whose key begins at b[i].
func scanKey(b []byte, i int, compact *bool) (int, bool) {
	if i >= len(b) || b[i] != '"' {
		return 0, false
	}
	i, ok := scanText(b, i, compact)
	if !ok || i+1 >= len(b) || b[i] != ':' {
		return 0, false
	}
	if i++; b[i] == ' ' {
		*compact = false
		i++
	}
	return i, true
}

// scanText returns the end of the string at b[i].
func scanText(b []byte, i int, compact *bool) (int, bool) {
	if end := PlainEnd(b, i); end != 0 {
		return end, true
	}
	end, err := scanString(b, i)
	if err != nil {
		return 0, false
	}
	if bytes.Contains(b[i:end], []byte(`\u`)) { // perhaps a surrogate without its pair
		*compact = false
	}
	return end, true
}

// scanScalar returns the end of the number or literal at b[i].
func scanScalar(b []byte, i int) (int, bool) {
	var err error
	switch b[i] {
	case 't':
		i, err = scanLiteral(b, i, "true")
	case 'f':
		i, err = scanLiteral(b, i, "false")
	case 'n':
		i, err = scanLiteral(b, i, "null")
	default:
		i, err = scanNumber(b, i)
	}
	return i, err == nil
}

// PlainEnd returns the end of the string that begins at b[i], if it is printable ASCII
// without escapes and at least 15 bytes stand behind it; else 0, which says nothing.
func PlainEnd(b []byte, i int) int {
	// Sixteen bytes at a time: most strings are shorter, so that the processor guesses
	// right how often this goes around.
	for j := i + 1; j+16 <= len(b); j += 16 {
		w := b[j : j+16 : j+16]
		m, n := notPlain(binary.LittleEndian.Uint64(w)), notPlain(binary.LittleEndian.Uint64(w[8:]))
		if m|n == 0 {
			continue
		}
		k := bits.TrailingZeros64(m) >> 3
		k += bits.TrailingZeros64(n) >> 3 & -(k >> 3) // m is 0: k is 8
		if w[k&15] != '"' {
			return 0
		}
		return j + k + 1
	}
	return 0
}
