package dialect

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unsafe"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// longText is the length from which a text gets memory of its own, so that a
// short id which outlives its event does not keep a long text alive.
const longText = 512

// apply converts the values that collect found.
func (d *Decoder) apply() error {
	if d.Arena == nil {
		d.own = make([]byte, d.shortLen())
	}
	for i := range d.members[:d.n] {
		m := &d.members[i]
		v := d.raw[m.start:m.end:m.end]
		if absent(v) {
			continue
		}
		if err := d.set(m.field, v); err != nil {
			return err
		}
	}
	return nil
}

// shortLen returns how many bytes the short values of the event take.
func (d *Decoder) shortLen() int {
	n := 0
	for i := range d.members[:d.n] {
		m := &d.members[i]
		f := &fields[m.field]
		if size := m.end - m.start; (f.text != nil || f.any != nil || f.special != specialNone) && size < longText {
			n += size
		}
	}
	return n
}

// absent reports whether v is a value that means nothing in a known field:
// null or the empty string.
func absent(v []byte) bool {
	return v[0] == 'n' || len(v) == 2 && v[0] == '"'
}

// set sets a field of the event to a value.
func (d *Decoder) set(i uint8, v []byte) error {
	f := &fields[i]
	to := unsafe.Add(unsafe.Pointer(d.event), places[i].offset)
	switch places[i].kind {
	case kindText:
		s := d.textOf(v)
		d.over = d.over || f.limit > 0 && len(s) > f.limit
		*(*string)(to) = s
	case kindEnum:
		d.setEnum(f, (*string)(to), v)
	case kindAny:
		*(*json.RawMessage)(to) = d.compact(v)
	case kindNumber:
		d.setNumber(f, (*hansard.Opt[int64])(to), v)
	case kindFloat:
		d.setFloat(f, (*hansard.Opt[float64])(to), v)
	case kindList:
		d.setList(f, (*[]string)(to), v)
	default:
		return d.setSpecial(f, v)
	}
	return nil
}

// textOf returns the text of a value in a text field: a string's text, and
// the compact JSON text of anything else.
func (d *Decoder) textOf(v []byte) string {
	switch {
	case v[0] != '"':
		return string(rawjson.Compact(nil, v))
	case bytes.IndexByte(v, '\\') < 0:
		return d.short(v[1 : len(v)-1])
	}
	p := rawjson.Unquote(d.take(len(v))[:0], v)
	return unsafe.String(unsafe.SliceData(p), len(p)) // nothing writes to it any more
}

// short returns a part of raw as a string: of an arena's copy of it, or one that
// shares memory with the event's other short texts.
func (d *Decoder) short(p []byte) string {
	if d.Arena == nil {
		p = append(d.take(len(p))[:0], p...)
	}
	return unsafe.String(unsafe.SliceData(p), len(p)) // nothing writes to it any more
}

// take returns memory for n bytes of the event.
func (d *Decoder) take(n int) []byte {
	if d.Arena != nil {
		return d.Arena.Take(n)
	}
	if n >= longText || n > len(d.own) {
		return make([]byte, n)
	}
	b := d.own[:n:n]
	d.own = d.own[n:]
	return b
}

// compact returns a JSON value without the white space around its tokens.
func (d *Decoder) compact(v []byte) json.RawMessage {
	return rawjson.Compact(d.take(len(v))[:0], v)
}

// setEnum accepts the values of an enumeration as they are spelt there.
func (d *Decoder) setEnum(f *field, to *string, v []byte) {
	if v[0] == '"' {
		for _, known := range f.values {
			if string(v[1:len(v)-1]) == known {
				*to = known
				return
			}
		}
	}
	d.keep(f.name, v)
}

func isNumber(v []byte) bool { return v[0] == '-' || '0' <= v[0] && v[0] <= '9' }

func (d *Decoder) setNumber(f *field, to *hansard.Opt[int64], v []byte) {
	if !isNumber(v) {
		d.keep(f.name, v)
		return
	}
	read := whole
	if f.digits > 0 {
		read = func(b []byte) (int64, bool) { return scaled(b, f.digits) }
	}
	n, ok := read(v)
	switch {
	case !ok:
		d.keep(f.name, v)
	case n != 0 || !f.noZero:
		*to = hansard.Some(n)
	}
}

func (d *Decoder) setFloat(f *field, to *hansard.Opt[float64], v []byte) {
	if !isNumber(v) {
		d.keep(f.name, v)
		return
	}
	x, err := strconv.ParseFloat(string(v), 64)
	switch {
	case err != nil || math.IsInf(x, 0) || f.max > 0 && (x < 0 || x > f.max):
		d.keep(f.name, v)
	case x != 0 || !f.noZero:
		*to = hansard.Some(x + 0) // + 0 makes -0 a 0
	}
}

// setList reads a list of texts; a single text or number is a list of one.
// Nulls and empty strings in it are dropped.
func (d *Decoder) setList(f *field, list *[]string, v []byte) {
	switch v[0] {
	case '[':
		_ = rawjson.Array(v, func(item []byte) error {
			if !absent(item) {
				*list = append(*list, d.textOf(item))
			}
			return nil
		})
	case '{':
		d.keep(f.name, v)
	default:
		*list = append(*list, d.textOf(v))
	}
	d.over = d.over || len(*list) > maxItems
	for _, s := range *list {
		d.over = d.over || len(s) > maxID
	}
}
