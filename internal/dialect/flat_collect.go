package dialect

import (
	"bytes"
	"errors"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// collect checks the whole of raw and notes where each field's value is.
func (d *Decoder) collect(limits *Limits) error {
	b := d.raw
	i := rawjson.SkipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return hansard.Errorf(hansard.KindInvalid, "event is not a JSON object")
	}
	if i = rawjson.SkipSpace(b, i+1); i >= len(b) || b[i] != '}' {
		var err error
		if i, err = d.collectMembers(i, limits); err != nil {
			return err
		}
	}
	if i = rawjson.SkipSpace(b, i+1); i != len(b) {
		return hansard.Errorf(hansard.KindInvalid, "event is not valid JSON: more after the object at byte %d", i)
	}
	return nil
}

// collectMembers reads the members from b[i] on and returns the offset of the
// closing brace.
func (d *Decoder) collectMembers(i int, limits *Limits) (int, error) {
	b := d.raw
	for n := 0; ; n++ {
		var closed bool
		if n, i, closed = d.run(n, i, limits.MaxFields, limits.MaxDepth-1); closed {
			return i, nil
		}
		i = rawjson.SkipSpace(b, i)
		if n >= limits.MaxFields {
			return i, hansard.Errorf(hansard.KindTooLarge, "event has more than %d fields", limits.MaxFields)
		}
		name, value, end, err := scanMember(b, i, limits.MaxDepth-1)
		if err != nil {
			return i, hansard.Errorf(hansard.KindInvalid, "event is not valid JSON: %w", err)
		}
		if err := d.note(name, value); err != nil {
			return i, err
		}
		if i = end; b[i] == '}' {
			return i, nil
		}
		i++ // past the comma
	}
}

// scanMember checks the object member at b[i]. name is the key without its
// quotes, as written; end is the offset of the comma or brace after the value.
func scanMember(b []byte, i, maxDepth int) (name []byte, value valueSpan, end int, err error) {
	if i >= len(b) || b[i] != '"' {
		return nil, value, i, &rawjson.SyntaxError{Offset: i, Msg: "expected a key in quotes"}
	}
	if end, err = scanValue(b, i, maxDepth); err != nil {
		return nil, value, end, err
	}
	name = b[i+1 : end-1]
	if i = rawjson.SkipSpace(b, end); i >= len(b) || b[i] != ':' {
		return nil, value, i, &rawjson.SyntaxError{Offset: i, Msg: "expected ':' after a key"}
	}
	i = rawjson.SkipSpace(b, i+1)
	if end, err = scanValue(b, i, maxDepth); err != nil {
		return nil, value, end, err
	}
	value.start, value.end = i, end
	if i = rawjson.SkipSpace(b, end); i >= len(b) || b[i] != ',' && b[i] != '}' {
		return nil, value, i, &rawjson.SyntaxError{Offset: i, Msg: "expected ',' or '}'"}
	}
	return name, value, i, nil
}

// scanValue is rawjson.Scan, faster for most strings.
func scanValue(b []byte, i, maxDepth int) (int, error) {
	if i < len(b) && b[i] == '"' {
		if end := rawjson.PlainEnd(b, i); end != 0 {
			return end, nil
		}
	}
	return rawjson.Scan(b, i, maxDepth)
}

// note records one member of the event.
func (d *Decoder) note(name []byte, value valueSpan) error {
	i := findField(name)
	if i < 0 {
		// Rare: an unknown name, or a known one spelt with escapes.
		name = unescape(name)
		if i = findField(name); i < 0 {
			d.unknown(string(name), d.raw[value.start:value.end])
			return nil
		}
	}
	f := uint8(i)
	value.field = f
	d.order.learn(f)
	d.order.last = f
	if d.seen.add(f) {
		d.members[d.n] = value
		d.n++
		return nil
	}
	if !d.later {
		return errTwice
	}
	for j := range d.members[:d.n] {
		if m := &d.members[j]; m.field == f { // the last one counts, in the place of the first
			d.keep(fields[i].name, d.raw[m.start:m.end])
			*m = value
		}
	}
	return nil
}

// errTwice says that a field was sent twice, when values are set as they come.
var errTwice = errors.New("a field was sent twice")

// unescape returns the text of a valid string that is written without its
// quotes.
func unescape(name []byte) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	return rawjson.Unquote(nil, append(append([]byte{'"'}, name...), '"'))
}

// unknown handles a member that is no field of the flat form. The fields that
// are ours are among them: a sender cannot set them.
func (d *Decoder) unknown(name string, v []byte) {
	if name == "tier" && v[0] == '"' {
		// The one that may have an effect: an event may ask for a longer life.
		for _, t := range hansard.Tiers {
			if string(v[1:len(v)-1]) == string(t) {
				d.event.RaiseTier = d.event.RaiseTier.Raise(t)
			}
		}
	}
	d.keep(name, v)
}

// keep puts a value into the attributes, as it was sent. A null or an empty
// string of an unknown field is kept too: we cannot know that it means nothing.
func (d *Decoder) keep(name string, v []byte) {
	d.extras = append(d.extras, member{name, v})
}
