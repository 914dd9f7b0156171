// Package rawjson reads and writes JSON text as text. Numbers keep their
// digits and strings their spelling: what a sender wrote never goes through a
// float or a map on its way into the record.
//
// Scan and Valid accept exactly RFC 8259, with valid UTF-8 and a bounded depth.
// The other functions expect input that one of them has accepted; on any other
// they give what they can, and do not panic.
package rawjson

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset int // byte offset of the mistake
	Msg    string
}

// Error returns the message and the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Msg, e.Offset) }

func fail(i int, msg string) (int, error) { return i, &SyntaxError{i, msg} }

// Valid returns nil if b holds exactly one JSON value, nested at most maxDepth
// deep, with optional white space around it; else a *SyntaxError.
func Valid(b []byte, maxDepth int) error {
	i, err := Scan(b, SkipSpace(b, 0), maxDepth)
	if err != nil {
		return err
	}
	if i = SkipSpace(b, i); i != len(b) {
		_, err = fail(i, "expected nothing after the value")
		return err
	}
	return nil
}

// SkipSpace returns the offset of the first byte at or after i that is not
// JSON white space.
func SkipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// Scan checks the value that begins at b[i] and returns the offset of its end.
// Arrays and objects may be nested maxDepth deep. The error is a *SyntaxError;
// its offset is also returned.
func Scan(b []byte, i, maxDepth int) (int, error) {
	if i >= len(b) {
		return fail(i, "unexpected end of JSON")
	}
	switch c := b[i]; c {
	case '{', '[':
		if maxDepth <= 0 {
			return fail(i, "nested too deep")
		}
		if c == '[' {
			return scanArray(b, i+1, maxDepth-1)
		}
		return scanObject(b, i+1, maxDepth-1)
	case '"':
		return scanString(b, i)
	case 't':
		return scanLiteral(b, i, "true")
	case 'f':
		return scanLiteral(b, i, "false")
	case 'n':
		return scanLiteral(b, i, "null")
	}
	return scanNumber(b, i)
}

func scanArray(b []byte, i, maxDepth int) (int, error) {
	if i = SkipSpace(b, i); i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = Scan(b, SkipSpace(b, i), maxDepth); err != nil {
			return i, err
		}
		i = SkipSpace(b, i)
		switch {
		case i >= len(b):
			return fail(i, "unexpected end of JSON in an array")
		case b[i] == ']':
			return i + 1, nil
		case b[i] != ',':
			return fail(i, "expected ',' or ']'")
		}
		i++
	}
}

func scanObject(b []byte, i, maxDepth int) (int, error) {
	if i = SkipSpace(b, i); i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		var err error
		if i = SkipSpace(b, i); i >= len(b) || b[i] != '"' {
			return fail(i, "expected a key in quotes")
		}
		if i, err = scanString(b, i); err != nil {
			return i, err
		}
		if i = SkipSpace(b, i); i >= len(b) || b[i] != ':' {
			return fail(i, "expected ':' after a key")
		}
		if i, err = Scan(b, SkipSpace(b, i+1), maxDepth); err != nil {
			return i, err
		}
		i = SkipSpace(b, i)
		switch {
		case i >= len(b):
			return fail(i, "unexpected end of JSON in an object")
		case b[i] == '}':
			return i + 1, nil
		case b[i] != ',':
			return fail(i, "expected ',' or '}'")
		}
		i++
	}
}

func scanString(b []byte, i int) (int, error) {
	for i++; i < len(b); {
		for i+8 <= len(b) {
			m := notPlain(binary.LittleEndian.Uint64(b[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if i == len(b) {
			break
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			n := escapeLen(b, i)
			if n == 0 {
				return fail(i, "bad escape in a string")
			}
			i += n
		case c < 0x20:
			return fail(i, "control character in a string")
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return fail(i, "invalid UTF-8")
			}
			i += n
		}
	}
	return fail(i, "unexpected end of JSON in a string")
}

// escapeLen returns the length of the escape at b[i], 0 if it is none.
func escapeLen(b []byte, i int) int {
	if i+1 >= len(b) {
		return 0
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b, i+2); ok {
			return 6
		}
	}
	return 0
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func scanLiteral(b []byte, i int, lit string) (int, error) {
	if len(b)-i < len(lit) || string(b[i:i+len(lit)]) != lit {
		return fail(i, "expected a JSON value")
	}
	return i + len(lit), nil
}

func scanNumber(b []byte, i int) (int, error) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	case i < len(b) && '1' <= b[i] && b[i] <= '9':
		i = digits(b, i)
	default:
		return fail(start, "expected a JSON value")
	}
	if i < len(b) && b[i] == '.' {
		j := digits(b, i+1)
		if j == i+1 {
			return fail(j, "expected a digit")
		}
		i = j
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := digits(b, i)
		if j == i {
			return fail(j, "expected a digit")
		}
		i = j
	}
	return i, nil
}

func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}
