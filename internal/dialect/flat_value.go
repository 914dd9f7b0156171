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
func (d *flatDecoder) apply() error {
	if d.arena == nil {
		d.own = make([]byte, d.shortLen())
	}
	for _, i := range d.seen[:d.nSeen] {
		s := d.spans[i]
		v := d.raw[s.start:s.end]
		if absent(v) {
			continue
		}
		if err := d.set(&fields[i], v); err != nil {
			return err
		}
	}
	return nil
}

// shortLen returns how many bytes the short values of the event take.
func (d *flatDecoder) shortLen() int {
	n := 0
	for _, i := range d.seen[:d.nSeen] {
		f := &fields[i]
		if s := d.spans[i]; (f.text != nil || f.any != nil || f.special != specialNone) && s.end-s.start < longText {
			n += s.end - s.start
		}
	}
	return n
}

// absent reports whether v is a value that means nothing in a known field:
// null or the empty string.
func absent(v []byte) bool {
	return v[0] == 'n' || len(v) == 2 && v[0] == '"'
}

func (d *flatDecoder) set(f *field, v []byte) error {
	switch {
	case f.special != specialNone:
		return d.setSpecial(f, v)
	case f.values != nil:
		d.setEnum(f, v)
	case f.text != nil:
		s := d.textOf(v)
		d.over = d.over || f.limit > 0 && len(s) > f.limit
		*f.text(d.event) = s
	case f.any != nil:
		*f.any(d.event) = d.compact(v)
	case f.number != nil:
		d.setNumber(f, v)
	case f.float != nil:
		d.setFloat(f, v)
	default:
		d.setList(f, v)
	}
	return nil
}

// textOf returns the text of a value in a text field: a string's text, and
// the compact JSON text of anything else.
func (d *flatDecoder) textOf(v []byte) string {
	if v[0] != '"' {
		return string(rawjson.Compact(nil, v))
	}
	if len(v) >= longText {
		return string(rawjson.Unquote(make([]byte, 0, len(v)), v))
	}
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') >= 0 {
		inner = rawjson.Unquote(nil, v)
	}
	return d.short(inner)
}

// short returns p as a string that shares memory with the event's other short
// texts.
func (d *flatDecoder) short(p []byte) string {
	b := d.take(len(p))
	copy(b, p)
	return unsafe.String(unsafe.SliceData(b), len(b)) // nothing writes to it any more
}

// take returns memory for n bytes of the event.
func (d *flatDecoder) take(n int) []byte {
	if d.arena != nil {
		return d.arena.Take(n)
	}
	if n > len(d.own) {
		return make([]byte, n)
	}
	b := d.own[:n:n]
	d.own = d.own[n:]
	return b
}

// compact returns a JSON value without the white space around its tokens.
func (d *flatDecoder) compact(v []byte) json.RawMessage {
	if len(v) >= longText {
		return compact(v)
	}
	return rawjson.Compact(d.take(len(v))[:0], v)
}

func compact(v []byte) json.RawMessage {
	return rawjson.Compact(make([]byte, 0, len(v)), v)
}

// setEnum accepts the values of an enumeration as they are spelt there.
func (d *flatDecoder) setEnum(f *field, v []byte) {
	if v[0] == '"' {
		for _, known := range f.values {
			if string(v[1:len(v)-1]) == known {
				*f.text(d.event) = known
				return
			}
		}
	}
	d.keep(f.name, v)
}

func isNumber(v []byte) bool { return v[0] == '-' || '0' <= v[0] && v[0] <= '9' }

func (d *flatDecoder) setNumber(f *field, v []byte) {
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
		*f.number(d.event) = hansard.Some(n)
	}
}

func (d *flatDecoder) setFloat(f *field, v []byte) {
	if !isNumber(v) {
		d.keep(f.name, v)
		return
	}
	x, err := strconv.ParseFloat(string(v), 64)
	switch {
	case err != nil || math.IsInf(x, 0) || f.max > 0 && (x < 0 || x > f.max):
		d.keep(f.name, v)
	case x != 0 || !f.noZero:
		*f.float(d.event) = hansard.Some(x + 0) // + 0 makes -0 a 0
	}
}

// setList reads a list of texts; a single text or number is a list of one.
// Nulls and empty strings in it are dropped.
func (d *flatDecoder) setList(f *field, v []byte) {
	list := f.list(d.event)
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
