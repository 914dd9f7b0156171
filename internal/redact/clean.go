package redact

import "encoding/binary"

// cleanTexts are short texts in which nothing was found of late, each in the place
// that its bytes give it. What is found in a text depends on the text and the
// engine alone, so that of the same one nothing will be found again.
type cleanTexts [256]cleanText

// cleanText is one of them. The zero one is no text.
type cleanText struct {
	len  uint8
	text [47]byte
}

// at returns the place of a text of four bytes or more.
func (c *cleanTexts) at(s string) *cleanText {
	b := bytesOf(s)
	x := uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))<<32
	if len(b) >= 16 {
		x ^= binary.LittleEndian.Uint64(b[len(b)/2-4:])
	}
	x = (x + uint64(len(b))) * 0x9E3779B97F4A7C15
	return &c[x>>56]
}

// is reports whether the text is this one.
func (t *cleanText) is(s string) bool { return int(t.len) == len(s) && string(t.text[:t.len]) == s }

// set puts a text in the place of this one, unless it is too long.
func (t *cleanText) set(s string) {
	if len(s) <= len(t.text) {
		t.len = uint8(copy(t.text[:], s))
	}
}
