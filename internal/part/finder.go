package part

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Finder finds any of some texts in others, whatever their case: it compares the
// simple lower case of each rune, as package query's Fold makes it.
type Finder struct {
	sought []sought
	odd    bool // one of them is
}

// sought is a text to be found.
type sought struct {
	folded string
	ascii  bool
	// odd says that it has a letter that runes beyond ASCII fold to.
	odd bool
	// at is the place of the byte in it that other texts have least, lower and upper
	// are its two cases.
	at           int
	lower, upper byte
}

// The runes beyond ASCII that fold to letters of it, i and k. TestFoldsToASCII holds
// that there are no others.
const (
	oddI = "\u0130"
	oddK = "\u212A"
)

// NewFinder returns a finder of texts, which are folded.
func NewFinder(folded []string) *Finder {
	f := &Finder{}
	for _, text := range folded {
		s := sought{folded: text, ascii: true, odd: strings.ContainsAny(text, "ik")}
		for i := range len(text) {
			s.ascii = s.ascii && text[i] < utf8.RuneSelf
			if rarity(text[i]) > rarity(text[s.at]) {
				s.at = i
			}
		}
		if text != "" {
			s.lower, s.upper = text[s.at], text[s.at]
			if 'a' <= s.lower && s.lower <= 'z' {
				s.upper -= 'a' - 'A'
			}
		}
		f.sought, f.odd = append(f.sought, s), f.odd || s.odd
	}
	return f
}

// rarity orders bytes by how seldom they are in texts and JSON.
func rarity(c byte) int {
	const frequent = " etaoinsrhldcu\"mfpgw,y:b0v1k2_3-.456789xjqz"
	if i := strings.IndexByte(frequent, c); i >= 0 {
		return i
	}
	return len(frequent)
}

// tests returns the test of texts that lie in b, whatever lies between them; nil: none
// can pass.
func (f *Finder) tests(b []byte) func(text []byte) bool {
	odd := f.odd && (bytes.Contains(b, []byte(oddI)) || bytes.Contains(b, []byte(oddK)))
	var left []sought
	for _, s := range f.sought {
		if s.ascii && !(s.odd && odd) {
			if s.in(b) {
				left = append(left, s)
			}
			continue
		}
		s.ascii = false
		left = append(left, s)
	}
	if len(left) == 0 {
		return nil
	}
	return func(text []byte) bool {
		for i := range left {
			if left[i].ascii && left[i].in(text) || !left[i].ascii && left[i].inFolded(text) {
				return true
			}
		}
		return false
	}
}

// In reports whether the finder finds something in one of some columns of texts or JSON
// of a row.
func (f *Finder) In(enc *Encoder, row *Row, columns []*Column) (bool, error) {
	test := f.tests(row.Bytes) // in which its values are as they are
	if test == nil {
		return false, nil
	}
	v, err := enc.Values(row)
	if err != nil {
		return false, err
	}
	for _, c := range columns {
		if b := v.raw(c); len(b) > 0 && test(b) {
			return true, nil
		}
	}
	return false, nil
}

// inFolded reports whether the text is in b once that is folded.
func (s *sought) inFolded(b []byte) bool {
	return strings.Contains(string(bytes.Map(unicode.ToLower, b)), s.folded)
}

// in reports whether the text, which is ASCII, is in b, in which no other rune folds to
// a letter of it.
func (s *sought) in(b []byte) bool {
	if len(b) < len(s.folded) {
		return false
	}
	if s.folded == "" {
		return true
	}
	return s.around(s.lower, b) || s.upper != s.lower && s.around(s.upper, b)
}

// around looks for the text about each c in b.
func (s *sought) around(c byte, b []byte) bool {
	// A match that begins at i has c at i + at.
	places := b[s.at : len(b)-len(s.folded)+s.at+1]
	for from := 0; ; from++ {
		i := bytes.IndexByte(places[from:], c)
		if i < 0 {
			return false
		}
		from += i
		if s.begins(b[from:]) {
			return true
		}
	}
}

// begins reports whether b begins with the text.
func (s *sought) begins(b []byte) bool {
	for i := range len(s.folded) {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s.folded[i] {
			return false
		}
	}
	return true
}
