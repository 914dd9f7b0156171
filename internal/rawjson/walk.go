package rawjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Object calls f for each member of the valid object b, in order: key is the
// quoted key as written, value the value as written, both without white space
// around them. It stops at the first error of f and returns it. A b that is no
// object has no members.
func Object(b []byte, f func(key, value []byte) error) error {
	i := SkipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return nil
	}
	for i = SkipSpace(b, i+1); i < len(b) && b[i] == '"'; {
		end := skip(b, i)
		key := b[i:end]
		if i = SkipSpace(b, SkipSpace(b, end)+1); i > len(b) { // past the colon
			return nil
		}
		end = skip(b, i)
		if err := f(key, b[i:end]); err != nil {
			return err
		}
		if i = SkipSpace(b, end); i < len(b) && b[i] == ',' {
			i = SkipSpace(b, i+1)
		}
	}
	return nil
}

// Array calls f for each element of the valid array b, in order. It stops at
// the first error of f and returns it. A b that is no array has no elements.
func Array(b []byte, f func(value []byte) error) error {
	i := SkipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return nil
	}
	for i = SkipSpace(b, i+1); i < len(b) && b[i] != ']'; {
		end := skip(b, i)
		if err := f(b[i:end]); err != nil {
			return err
		}
		if i = SkipSpace(b, end); i < len(b) && b[i] == ',' {
			i = SkipSpace(b, i+1)
		}
	}
	return nil
}

// Skip returns the offset of the end of the valid value at b[i].
func Skip(b []byte, i int) int { return skip(b, i) }

// skip returns the end of the valid value at b[i] without checking it again.
func skip(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		default:
			i = skipScalar(b, i)
		}
		if depth <= 0 {
			return i
		}
	}
	return i
}

func skipString(b []byte, i int) int {
	end, _ := StringEnd(b, i)
	return end
}

// StringEnd returns the offset of the end of the valid string at b[i], and whether
// there are escapes in it.
func StringEnd(b []byte, i int) (end int, escaped bool) {
	for i = special(b, i+1); i < len(b); i = special(b, i+2) { // past an escape, or its first two bytes
		if b[i] == '"' {
			return i + 1, escaped
		}
		escaped = true
	}
	return len(b), escaped
}

// special returns the offset of the first quote or backslash at or behind b[i], at least
// len(b) if there is none.
func special(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if m := quoteOrSlash(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// quoteOrSlash returns the mask of the quotes and backslashes among the bytes of w, by
// their high bits. Above the first one bits may be set wrongly.
func quoteOrSlash(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((quote-ones)&^quote | (slash-ones)&^slash) & highs
}

func skipScalar(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ',', ':', '}', ']', '{', '[', '"', ' ', '\n', '\r', '\t':
			return i
		}
		i++
	}
	return i
}

// Len returns the number of members of a valid object or of elements of a
// valid array; 0 for any other value.
func Len(b []byte) int {
	n := 0
	_ = Object(b, func(_, _ []byte) error { n++; return nil })
	_ = Array(b, func([]byte) error { n++; return nil })
	return n
}

// Get returns the value of the last member of the valid object b with the
// given key; nil if there is none.
func Get(b []byte, key string) []byte {
	var found []byte
	_ = Object(b, func(k, v []byte) error {
		if same := string(k[1:len(k)-1]) == key; same || bytes.IndexByte(k, '\\') >= 0 && string(Unquote(nil, k)) == key {
			found = v
		}
		return nil
	})
	return found
}
