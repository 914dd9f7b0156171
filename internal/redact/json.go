package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// maxNesting bounds how deep JSON within strings within JSON is followed as
// JSON; what lies deeper is scanned as text.
const maxNesting = 8

// maxDepth bounds arrays and objects within each other in a string that holds
// JSON; a deeper one is scanned as text.
const maxDepth = 512

// maxOpen bounds arrays and objects within each other in a field of an event;
// a deeper one is refused.
const maxOpen = 10_000

// walker goes once over a JSON text and writes it anew from the first change on.
type walker struct {
	p       *pass
	b       []byte
	out     []byte // what is written; valid up to b[last]
	last    int
	changed bool
	nesting int
	stack   []frame
}

// frame is an open array or object.
type frame struct {
	object  bool
	sought  bool     // the name of a pair was looked for behind its value
	message bool     // of a conversation: its "name" is no name of a value
	under   *keyName // the name whose value this is
	named   *keyName // what a "name" member calls the "value" member beside it
	flagged *keyName // what the element before, "--password", calls the next one
	key     []byte   // of the member being read, without its quotes
	part    part     // of the member being read
	index   int      // of the element being read
	command command  // what the elements are arguments of
	login   bool     // the next element is user:password
}

// json returns the JSON value b without what is found in it, and whether that
// changed anything. Outside of what is replaced it keeps every byte.
func (p *pass) json(b []byte, nesting int) ([]byte, bool, error) {
	// JSON in a string is known to be well-formed. Where there is an escape,
	// wellFormed does not say so.
	known := nesting > 0 || p.valid
	if plain := known && bytes.IndexByte(b, '\\') < 0 || !known && wellFormed(b); plain && p.quiet(b) {
		return b, false, nil
	}
	return p.walk(b, nesting)
}

// walk is json without the look before.
func (p *pass) walk(b []byte, nesting int) ([]byte, bool, error) {
	for len(p.stacks) <= nesting {
		p.stacks = append(p.stacks, make([]frame, 0, 16))
	}
	w := walker{p: p, b: b, nesting: nesting, stack: p.stacks[nesting][:0]}
	defer func() { p.stacks[nesting] = w.stack[:0] }()
	end, err := w.value(rawjson.SkipSpace(b, 0), nil)
	for err == nil && len(w.stack) > 0 {
		end, err = w.next(rawjson.SkipSpace(b, end))
	}
	if err != nil {
		return nil, false, err
	}
	if rawjson.SkipSpace(b, end) != len(b) {
		return nil, false, w.malformed(end)
	}
	if !w.changed {
		return b, false, nil
	}
	return append(w.out, b[w.last:]...), true, nil
}

func (w *walker) malformed(i int) error {
	return hansard.Errorf(hansard.KindInternal, "redact JSON: the text is malformed at byte %d", i)
}

// value reads a scalar at b[i], or the opening of a container.
func (w *walker) value(i int, under *keyName) (int, error) {
	if i >= len(w.b) {
		return i, w.malformed(i)
	}
	switch c := w.b[i]; c {
	case '{', '[':
		if len(w.stack) >= maxOpen {
			return i, hansard.Errorf(hansard.KindInternal, "redact JSON: more than %d arrays and objects within each other", maxOpen)
		}
		w.stack = append(w.stack, frame{object: c == '{', under: under})
		j := rawjson.SkipSpace(w.b, i+1)
		if j < len(w.b) && w.b[j] == c+2 { // ']' and '}' are two behind
			return j, nil
		}
		if c == '[' {
			return w.value(j, under)
		}
		return w.member(j)
	case '"':
		return w.text(i, under)
	}
	return w.scalar(i, under)
}

// next reads what follows a value: the end of its container, or a comma and
// one more value.
func (w *walker) next(i int) (int, error) {
	top := &w.stack[len(w.stack)-1]
	if i >= len(w.b) {
		return i, w.malformed(i)
	}
	switch c := w.b[i]; {
	case c == '}' && top.object, c == ']' && !top.object:
		w.stack = w.stack[:len(w.stack)-1]
		return i + 1, nil
	case c != ',':
		return i, w.malformed(i)
	case top.object:
		return w.member(rawjson.SkipSpace(w.b, i+1))
	}
	top.index++
	under := top.under
	if top.flagged != nil {
		under, top.flagged = top.flagged, nil
	}
	return w.value(rawjson.SkipSpace(w.b, i+1), under)
}

// member reads a key and the beginning of its value.
func (w *walker) member(i int) (int, error) {
	if i >= len(w.b) || w.b[i] != '"' {
		return i, w.malformed(i)
	}
	end, escaped := stringEnd(w.b, i)
	if end < 0 {
		return i, w.malformed(i)
	}
	key := w.b[i+1 : end-1]
	if escaped {
		key = w.decode(w.b[i:end])
	}
	top := &w.stack[len(w.stack)-1]
	under := w.p.e.names.under(key)
	if under == nil {
		under = top.under
	}
	top.key = w.b[i+1 : end-1]
	part := partOf(key)
	top.part = part
	top.message = top.message || part == partMessage
	if out, changed := w.p.short(key); changed {
		w.putText(i, end, out)
	}
	if i = rawjson.SkipSpace(w.b, end); i >= len(w.b) || w.b[i] != ':' {
		return i, w.malformed(i)
	}
	i = rawjson.SkipSpace(w.b, i+1)
	if under == nil && part >= partValue {
		under = w.namedBeside(i, part)
	}
	return w.value(i, under)
}

// stringEnd returns the end of the quoted string at b[i], behind its closing
// quote, and whether it has escapes; -1 if it has no end.
func stringEnd(b []byte, i int) (int, bool) {
	escaped := false
	for i = special(b, i+1); i < len(b); i = special(b, i+2) {
		if b[i] == '"' {
			return i + 1, escaped
		}
		escaped = true
	}
	return -1, escaped
}

// special returns the offset of the first quote or backslash at or behind b[i],
// at least len(b) if there is none. Most strings are short: it looks at eight
// bytes at a time.
func special(b []byte, i int) int {
	const ones, quotes, slashes = 0x0101010101010101, '"' * 0x0101010101010101, '\\' * 0x0101010101010101
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		x, y := w^quotes, w^slashes
		if zero := ((x-ones)&^x | (y-ones)&^y) & (ones << 7); zero != 0 {
			return i + bits.TrailingZeros64(zero)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// decode returns the text of a quoted string. It is valid until the next string
// of this walker is decoded.
func (w *walker) decode(quoted []byte) []byte {
	for len(w.p.decoded) <= w.nesting {
		w.p.decoded = append(w.p.decoded, nil)
	}
	buf := rawjson.Unquote(w.p.decoded[w.nesting][:0], quoted)
	w.p.decoded[w.nesting] = buf
	return buf
}

// text reads a string value.
func (w *walker) text(i int, under *keyName) (int, error) {
	end, escaped := stringEnd(w.b, i)
	if end < 0 {
		return i, w.malformed(i)
	}
	s := w.b[i+1 : end-1]
	if escaped {
		s = w.decode(w.b[i:end])
	}
	if len(w.stack) > 0 {
		if top := &w.stack[len(w.stack)-1]; top.object {
			w.noteName(top, s)
		} else if from := w.noteElement(top, s, end); from > 0 && under == nil {
			w.argument(i, end, s, from)
			return end, nil
		}
	}
	if under != nil && under.takesText(s) {
		if w.p.forced(under, s) {
			w.putText(i, end, w.p.substitute(nil, under.kind, under.rule(), s))
		}
		return end, nil
	}
	out, changed, err := w.p.string(s, w.nesting)
	if err != nil {
		return i, err
	}
	if changed {
		w.putText(i, end, out)
	}
	return end, nil
}

// string redacts the decoded text s: as JSON if it is JSON, else as text.
func (p *pass) string(s []byte, nesting int) ([]byte, bool, error) {
	if nesting < maxNesting && looksLikeJSON(s) && rawjson.Valid(s, maxDepth) == nil {
		return p.json(s, nesting+1)
	}
	out, changed := p.text(s)
	return out, changed, nil
}

// looksLikeJSON reports whether s may be an object, an array or a quoted string
// worth being walked as JSON.
func looksLikeJSON(s []byte) bool {
	i := rawjson.SkipSpace(s, 0)
	if len(s)-i < 4 {
		return false
	}
	switch s[i] {
	case '{', '[':
		return true
	case '"':
		return s[len(s)-1] == '"'
	}
	return false
}

// put writes v in the place of b[i:end].
func (w *walker) put(i, end int, v []byte) {
	w.copyTo(i, end)
	w.out = append(w.out, v...)
}

// putText writes the text v as a JSON string in the place of b[i:end].
func (w *walker) putText(i, end int, v []byte) {
	w.copyTo(i, end)
	w.out = rawjson.AppendQuote(w.out, v)
}

// copyTo copies what stands before b[i:end], which is replaced.
func (w *walker) copyTo(i, end int) {
	if !w.changed {
		w.changed = true
		w.out = make([]byte, 0, len(w.b)+len(w.b)/16+64) // pseudonyms are longer than most values
	}
	w.out = append(w.out, w.b[w.last:i]...)
	w.last = end
}
