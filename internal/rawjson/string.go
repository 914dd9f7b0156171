package rawjson

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote appends the text of the valid quoted string q to dst. A surrogate
// without its pair becomes U+FFFD.
func Unquote(dst, q []byte) []byte {
	if len(q) < 2 {
		return dst
	}
	dst, _ = appendUnescaped(dst, q[:len(q)-1], 1)
	return dst
}

// ScanText checks the string at b[i] and returns its text, and the offset of its end, 0
// if it is none that Scan accepts. The text is a part of b; where there are escapes it
// is appended to the arena, which is returned.
func ScanText(arena, b []byte, i int) (text, grown []byte, end int) {
	if end = PlainEnd(b, i); end != 0 {
		return b[i+1 : end-1], arena, end
	}
	if i >= len(b) || b[i] != '"' {
		return nil, arena, 0
	}
	j := i + 1
	for j < len(b) && b[j] != '"' && b[j] != '\\' {
		n := textLen(b, j)
		if n == 0 {
			return nil, arena, 0
		}
		j += n
	}
	if j < len(b) && b[j] == '"' {
		return b[i+1 : j], arena, j + 1
	}
	start := len(arena)
	arena, end = appendScanned(append(arena, b[i+1:j]...), b, j)
	return arena[start:len(arena):len(arena)], arena, end
}

// textLen returns how many bytes the character at b[i] of a string has that is no quote
// and no backslash; 0 if it must not stand there.
func textLen(b []byte, i int) int {
	switch c := b[i]; {
	case c < 0x20:
		return 0
	case c < utf8.RuneSelf:
		return 1
	}
	r, n := utf8.DecodeRune(b[i:])
	if r == utf8.RuneError && n == 1 {
		return 0
	}
	return n
}

// appendScanned is appendUnescaped for a string that is not known to be valid: it
// returns the offset of the string's end, behind the quote, 0 if it is not valid.
func appendScanned(dst, b []byte, i int) ([]byte, int) {
	for {
		for i+8 <= len(b) {
			n := len(dst)
			dst = slices.Grow(dst, 8)[:n+8]
			w := binary.LittleEndian.Uint64(b[i:])
			binary.LittleEndian.PutUint64(dst[n:], w)
			if m := notPlain(w); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				dst = dst[:n+bits.TrailingZeros64(m)/8]
				break
			}
			i += 8
		}
		if i >= len(b) {
			return dst, 0
		}
		switch b[i] {
		case '"':
			return dst, i + 1
		case '\\':
			if escapeLen(b, i) == 0 {
				return dst, 0
			}
			var n int
			dst, n = appendEscape(dst, b[i:])
			i += n
		default:
			n := textLen(b, i)
			if n == 0 {
				return dst, 0
			}
			dst = append(dst, b[i:i+n]...)
			i += n
		}
	}
}

// appendUnescaped appends what stands in b from b[i] to the next quote that is not
// escaped, and returns the offset of that; len(b) where there is none. In strings that
// hold JSON every tenth byte is an escape: eight bytes are copied at a time, and those
// behind a quote or a backslash do not count.
func appendUnescaped(dst, b []byte, i int) ([]byte, int) {
	for {
		for i+8 <= len(b) {
			n := len(dst)
			dst = slices.Grow(dst, 8)[:n+8]
			w := binary.LittleEndian.Uint64(b[i:])
			binary.LittleEndian.PutUint64(dst[n:], w)
			if m := quoteOrSlash(w); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				dst = dst[:n+bits.TrailingZeros64(m)/8]
				break
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' { // of the last eight bytes
			dst = append(dst, b[i])
			i++
		}
		if i >= len(b) || b[i] == '"' {
			return dst, min(i, len(b))
		}
		var n int
		dst, n = appendEscape(dst, b[i:])
		i += n
	}
}

// appendEscape appends what the escape at the start of q means and returns its
// length.
func appendEscape(dst, q []byte) ([]byte, int) {
	if len(q) < 2 {
		return append(dst, q...), len(q)
	}
	switch c := q[1]; c {
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'u':
		r, _ := hex4(q, 2)
		if utf16.IsSurrogate(r) {
			if low, ok := lowAfter(q, 6); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return utf8.AppendRune(dst, pair), 12
				}
			}
			r = utf8.RuneError
		}
		return utf8.AppendRune(dst, r), 6
	default: // '"', '\\', '/'
		return append(dst, c), 2
	}
}

const hexDigits = "0123456789abcdef"

// AppendQuote appends s as a JSON string in the one spelling that RFC 8785
// (canonical JSON, section 3.2.2.2) allows. Bytes that are not UTF-8 become
// U+FFFD.
func AppendQuote[T string | []byte](dst []byte, s T) []byte {
	if !plain(s) {
		return appendEscaped(dst, s)
	}
	n := len(dst)
	dst = slices.Grow(dst, len(s)+2)[:n+len(s)+2] // one look at the room for three pieces
	dst[n] = '"'
	copy(dst[n+1:], s)
	dst[len(dst)-1] = '"'
	return dst
}

func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := decodeRune(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// CopyPlain writes s as AppendQuote does to the start of dst, if it has a plain
// spelling, which most texts have, and there is room for that. It returns how many
// bytes it wrote, 0 if it cannot be; what it wrote to dst then means nothing.
func CopyPlain(dst, s []byte) int {
	n := len(s)
	if len(dst) < n+2 {
		return 0
	}
	dst[0], dst[n+1] = '"', '"'
	to, ok := dst[1:n+1], true
	switch {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			w := binary.LittleEndian.Uint64(s[i:])
			ok = ok && plainWord(w)
			binary.LittleEndian.PutUint64(to[i:], w)
		}
		w := binary.LittleEndian.Uint64(s[n-8:])
		ok = ok && plainWord(w)
		binary.LittleEndian.PutUint64(to[n-8:], w)
	case n >= 4:
		head, tail := binary.LittleEndian.Uint32(s), binary.LittleEndian.Uint32(s[n-4:])
		ok = plainWord(uint64(head) | uint64(tail)<<32)
		binary.LittleEndian.PutUint32(to, head)
		binary.LittleEndian.PutUint32(to[n-4:], tail)
	default:
		ok = plain(s)
		copy(to, s)
	}
	if !ok {
		return 0
	}
	return n + 2
}

// plain reports whether s is ASCII without a character that JSON escapes. It
// looks at eight bytes at a time, at some of the last ones twice.
func plain[T string | []byte](s T) bool {
	switch n := len(s); {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			if !plainWord(word(s[i:i+4]) | word(s[i+4:i+8])<<32) {
				return false
			}
		}
		return plainWord(word(s[n-8:n-4]) | word(s[n-4:])<<32)
	case n >= 4:
		return plainWord(word(s[:4]) | word(s[n-4:])<<32)
	}
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// word returns four bytes as a number.
func word[T string | []byte](s T) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// plainWord is plain for eight bytes.
func plainWord(w uint64) bool { return notPlain(w) == 0 }

// notPlain returns the mask of the bytes of w that are a quote, a backslash, a control
// character or not ASCII, by their high bits. Above the first such byte (the least
// significant) bits may be set wrongly.
func notPlain(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	// A byte of x-ones borrows into its highest bit where x's is zero; one of
	// w-ones*0x20 where w's is a control character.
	return (w | (w - ones*0x20) | (quote - ones) | (slash - ones)) & highs
}

func decodeRune[T string | []byte](s T) (rune, int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s)])
}

// Compact appends the valid JSON b to dst without the white space between its
// tokens. Numbers and strings keep their spelling, but for one thing: a surrogate
// without its pair becomes \ufffd, as in Unquote. RFC 8259 allows it, and many
// readers of JSON refuse the whole text for it.
func Compact(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		switch b[i] {
		case ' ', '\n', '\r', '\t':
			i++
		case '"':
			end := skipString(b, i)
			dst = append(dst, b[i:end]...)
			mendSurrogates(dst[len(dst)-(end-i):])
			i = end
		default:
			dst = append(dst, b[i])
			i++
		}
	}
	return dst
}

// mendSurrogates writes \ufffd over each escape in the valid quoted string q that
// is a surrogate without its pair.
func mendSurrogates(q []byte) {
	i := bytes.IndexByte(q, '\\')
	for i >= 0 && i+1 < len(q) {
		n := 2
		if r, ok := hex4(q, i+2); ok && q[i+1] == 'u' {
			n = 6
			if utf16.IsSurrogate(r) {
				if low, ok := lowAfter(q, i+6); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
					n = 12
				} else {
					copy(q[i+2:], "fffd")
				}
			}
		}
		i += n
		next := bytes.IndexByte(q[min(i, len(q)):], '\\')
		if next < 0 {
			return
		}
		i += next
	}
}

// lowAfter returns what the escape at q[i] stands for, if there is one.
func lowAfter(q []byte, i int) (rune, bool) {
	if i+1 >= len(q) || q[i] != '\\' || q[i+1] != 'u' {
		return 0, false
	}
	return hex4(q, i+2)
}
