package dialect

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/hansardhq/hansard"
)

// nextElement returns the next element of an array.
func (s *Splitter) nextElement() ([]byte, int, error) {
	c, ok := s.peek()
	if ok && s.after && c == ',' {
		s.start++
		if c, ok = s.peek(); ok && (c == ',' || c == ']') {
			return s.emptyElement()
		}
	} else if ok && c == ',' {
		return s.emptyElement() // "[,": nothing before the first comma
	}
	switch {
	case !ok:
		return nil, s.line, s.cut("the array is not closed")
	case c == ']':
		return s.closeArray()
	}
	s.after = true
	return s.value(true)
}

// emptyElement rejects the nothing before or after a comma.
func (s *Splitter) emptyElement() ([]byte, int, error) {
	s.line++
	s.after = true
	return nil, s.line, &RejectedError{s.line, hansard.Errorf(hansard.KindInvalid, "element of the array is empty")}
}

// closeArray checks that nothing comes after the array's end.
func (s *Splitter) closeArray() ([]byte, int, error) {
	s.start++
	if _, ok := s.peek(); ok {
		return nil, s.line, s.damaged(s.start, "more after the array")
	}
	return nil, s.line, s.ended()
}

// nextValue returns the next of the values that follow each other.
func (s *Splitter) nextValue() ([]byte, int, error) {
	if _, ok := s.peek(); !ok {
		return nil, s.line, s.ended()
	}
	return s.value(false)
}

// peek drops white space and returns the byte after it.
func (s *Splitter) peek() (byte, bool) {
	for {
		for s.start < s.end {
			switch c := s.buf[s.start]; c {
			case ' ', '\t', '\r', '\n':
				s.start++
			default:
				return c, true
			}
		}
		if !s.fill() {
			return 0, false
		}
	}
}

// cut returns the fatal error for a body that ends where it must not.
func (s *Splitter) cut(msg string) error {
	if s.readErr != io.EOF {
		return s.ended()
	}
	return s.damaged(s.end, msg)
}

// value returns the item that begins at buf[start]. Of an item that is too
// long it drops what it has seen and keeps only track of strings and brackets.
func (s *Splitter) value(inArray bool) ([]byte, int, error) {
	s.line++
	scan := valueScan{inArray: inArray}
	long := false
	for pos := 0; ; {
		n, state := scan.advance(s.buf[s.start+pos : s.end])
		pos += n
		if state == scanMore && pos <= s.limits.MaxBytes+spaceRoom {
			if s.fill() {
				continue
			}
			if inArray || scan.open() || s.readErr != io.EOF {
				return nil, s.line, s.cut("an event is not closed")
			}
			state = scanDone // the last value, which is no object
		}
		switch state {
		case scanMore:
			long = true
			s.start, pos = s.start+pos, 0
			continue
		case scanMismatch:
			return nil, s.line, s.damaged(s.start+pos, "a bracket closes what is not open")
		}
		long = long || pos > s.limits.MaxBytes+spaceRoom
		raw := bytes.TrimRight(s.buf[s.start:s.start+pos], " \t\r\n")
		s.start += pos
		if long || len(raw) > s.limits.MaxBytes {
			return nil, s.line, s.tooLong()
		}
		return raw, s.line, nil
	}
}

// scanState says why valueScan.advance stopped.
type scanState uint8

const (
	scanMore     scanState = iota // the end was not seen yet
	scanDone                      // the item ends here
	scanMismatch                  // a closing bracket of the wrong kind, or of none
)

// trackedDepth is how deep valueScan knows which kind of bracket is open.
// Deeper ones are counted only, so that a body of brackets takes no memory.
const trackedDepth = 1024

// valueScan finds the end of one item by its strings and brackets. It can stop
// at any byte and go on with the next.
type valueScan struct {
	inArray  bool // ends at a comma or closing bracket, else after its last bracket
	inString bool
	escaped  bool // the last byte was a backslash in a string
	depth    int
	braces   [trackedDepth / 64]uint64 // a bit per level: open with "{"
	begun    bool                      // something of the item was seen
}

// open reports whether the item cannot end here.
func (v *valueScan) open() bool { return v.inString || v.depth > 0 }

// opensOrCloses has the bytes that matter inside brackets.
var opensOrCloses = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true}

// advance reads on in b and returns how many bytes of it belong to the item.
func (v *valueScan) advance(b []byte) (int, scanState) {
	for i := 0; i < len(b); {
		if v.inString {
			i += v.skipString(b[i:])
			continue
		}
		if v.depth > 0 && !opensOrCloses[b[i]] {
			i++
			continue
		}
		c := b[i]
		switch c {
		case '"':
			v.inString = true
		case '{', '[':
			if v.begun && v.depth == 0 && !v.inArray {
				return i, scanDone // a value that is no object ends where one begins
			}
			v.push(c == '{')
		case '}', ']':
			if v.depth == 0 && v.inArray && c == ']' {
				return i, scanDone
			}
			if !v.pop(c == '}') {
				return i, scanMismatch
			}
			if v.depth == 0 && !v.inArray {
				return i + 1, scanDone
			}
		case ',':
			if v.depth == 0 && v.inArray {
				return i, scanDone
			}
		case ' ', '\t', '\r', '\n':
			if v.depth == 0 && !v.inArray {
				return i, scanDone
			}
		}
		v.begun = true
		i++
	}
	return len(b), scanMore
}

// skipString returns how many bytes at the start of b belong to the open
// string.
func (v *valueScan) skipString(b []byte) int {
	i := 0
	if v.escaped {
		v.escaped = false
		i = 1
	}
	for i < len(b) {
		if i+8 <= len(b) {
			m := quoteOrBackslash(binary.LittleEndian.Uint64(b[i:]))
			if m == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(m) / 8
		}
		switch b[i] {
		case '"':
			v.inString = false
			return i + 1
		case '\\':
			i++
		}
		i++
	}
	v.escaped = i > len(b)
	return len(b)
}

func (v *valueScan) push(brace bool) {
	if v.depth < trackedDepth {
		word, bit := v.depth/64, uint64(1)<<(v.depth%64)
		v.braces[word] &^= bit
		if brace {
			v.braces[word] |= bit
		}
	}
	v.depth++
}

// pop closes a bracket; false if that one is not open.
func (v *valueScan) pop(brace bool) bool {
	if v.depth == 0 {
		return false
	}
	if v.depth--; v.depth < trackedDepth {
		return v.braces[v.depth/64]>>(v.depth%64)&1 == 1 == brace
	}
	return true
}
