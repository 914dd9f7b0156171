package redact

import (
	"bytes"
	"unicode/utf8"
)

// Spellings of an e-mail address that are read by people, or by programs, as
// the plain one: an encoded or fullwidth @, and characters that are not seen.

// wideAts returns the spellings of @ that are longer than one byte, in lower
// case: encoded for URLs, JSON and HTML, fullwidth and small.
func wideAts() [7]string {
	return [...]string{"%40", `\u0040`, "&#64;", "&#x40;", "\uff20", "\ufe6b", `\uff20`}
}

// isZeroWidth reports whether r takes no room: it hides in an address.
func isZeroWidth(r rune) bool {
	switch r {
	case 0x00AD, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF:
		return true
	}
	return false
}

// zeroWidth returns the length of the zero-width character at b[i], 0 if there
// is none.
func zeroWidth(b []byte, i int) int {
	if i >= len(b) || b[i] < utf8.RuneSelf {
		return 0
	}
	if r, n := utf8.DecodeRune(b[i:]); isZeroWidth(r) {
		return n
	}
	return 0
}

// fullwidth returns the ASCII character that is written in full width, as in
// East Asian text, at b[i]; 0 if there is none. It takes three bytes.
func fullwidth(b []byte, i int) byte {
	if b[i] != 0xEF {
		return 0
	}
	if r, _ := utf8.DecodeRune(b[i:]); r >= 0xFF01 && r <= 0xFF5E {
		return byte(r - 0xFF01 + '!')
	}
	return 0
}

// normaliseEmail appends the address in lower case, with its encoded bytes
// decoded, in plain width and without characters that are not seen.
func normaliseEmail(dst, v []byte) []byte {
	ascii := true
scan:
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c < utf8.RuneSelf && c != '%' && c != '\\' && c != '&': // what no spelling begins with
			dst = append(dst, lower(c))
			i++
			continue
		case c == '%' && i+2 < len(v) && isHex(v[i+1]) && isHex(v[i+2]):
			c = unhex(v[i+1])<<4 | unhex(v[i+2])
			dst = append(dst, lower(c))
			ascii = ascii && c < utf8.RuneSelf
			i += 3
			continue
		case c == '%' || c == '\\' || c == '&' || c >= utf8.RuneSelf: // what wideAts begin with
			for _, at := range wideAts() {
				if hasFold(v, i, at) {
					dst = append(dst, '@')
					i += len(at)
					continue scan
				}
			}
		}
		if n := zeroWidth(v, i); n > 0 {
			i += n
			continue
		}
		if c := fullwidth(v, i); c != 0 {
			dst = append(dst, lower(c))
			i += 3
			continue
		}
		dst = append(dst, c)
		ascii = ascii && c < utf8.RuneSelf
		i++
	}
	if ascii {
		return dst
	}
	return bytes.ToLower(dst)
}
