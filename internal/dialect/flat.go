package dialect

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// FlatName is the Dialect of events that came in the flat form.
const FlatName = "flat"

// Flat decodes the flat JSON form of EVENT.md; the package comment has its
// rules. The zero Flat has the default limits. Its methods may be called
// concurrently.
type Flat struct {
	Limits Limits
	// Unbounded leaves ids, names and lists at the length that they were
	// sent with. The caller then calls Bound, after redaction: a secret that
	// Bound cuts in two would no longer be found.
	Unbounded bool
}

// Decode returns the event that raw holds: one JSON object in the flat form.
// The event shares no memory with raw. Errors are KindInvalid, or KindTooLarge
// when a limit was exceeded; they name fields and offsets, never content.
func (f *Flat) Decode(raw []byte) (*hansard.Event, error) {
	e := new(hansard.Event)
	if err := f.DecodeInto(e, raw); err != nil {
		return nil, err
	}
	return e, nil
}

// DecodeInto is Decode into an event of the caller's, for callers that reuse
// memory. It overwrites all of *e and reuses nothing that *e pointed to. After
// an error *e is not usable.
func (f *Flat) DecodeInto(e *hansard.Event, raw []byte) error { return f.decode(e, raw, nil) }

// DecodeIn is DecodeInto with memory of an arena: the event, and all texts that come
// from it, end when that is reset.
func (f *Flat) DecodeIn(a *arena.Arena, e *hansard.Event, raw []byte) error {
	return f.decode(e, raw, a)
}

func (f *Flat) decode(e *hansard.Event, raw []byte, a *arena.Arena) error {
	limits := f.Limits.withDefaults()
	if len(raw) > limits.MaxBytes {
		return tooLong(limits.MaxBytes)
	}
	*e = hansard.Event{}
	e.Dialect = FlatName
	d := flatDecoder{raw: raw, event: e, arena: a}
	if err := d.collect(&limits); err != nil {
		return err
	}
	if err := d.apply(); err != nil {
		return err
	}
	d.derive()
	if len(d.attributes) > 0 || len(d.extras) > 0 {
		e.Attributes = addAttributes(d.attributes, d.extras)
	}
	if d.over && !f.Unbounded {
		Bound(e)
	}
	return nil
}

func tooLong(limit int) error {
	return hansard.WithHint(
		hansard.Errorf(hansard.KindTooLarge, "event is longer than %d bytes", limit),
		"shorten its content, or raise the limit on the length of an event")
}

// span is a value's place in the raw event; the zero span is no value, because
// offset 0 holds the opening brace.
type span struct{ start, end int }

// flatDecoder decodes one event: collect finds the values of known fields,
// apply converts them, derive fills in what follows from others.
type flatDecoder struct {
	raw   []byte
	event *hansard.Event

	spans  [len(fields)]span // by field; the last value sent
	seen   [len(fields)]uint8
	nSeen  int
	extras []member // what goes to the attributes beside what was sent there

	arena      *arena.Arena // what the short values of the event point into; nil: into own
	own        []byte       // the free part of it
	attributes []byte       // the attributes object as sent, in raw
	version    string       // the field "version"
	errorType  string       // the type that an error object gave
	over       bool         // something is longer than its bound
}

// collect checks the whole of raw and notes where each field's value is.
func (d *flatDecoder) collect(limits *Limits) error {
	b := d.raw
	i := rawjson.SkipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return hansard.Errorf(hansard.KindInvalid, "event is not a JSON object")
	}
	i = rawjson.SkipSpace(b, i+1)
	for n := 0; i >= len(b) || b[i] != '}' || n > 0; n++ {
		if n == limits.MaxFields {
			return hansard.Errorf(hansard.KindTooLarge, "event has more than %d fields", limits.MaxFields)
		}
		name, value, end, err := scanMember(b, i, limits.MaxDepth-1)
		if err != nil {
			return hansard.Errorf(hansard.KindInvalid, "event is not valid JSON: %w", err)
		}
		d.note(name, value)
		if i = end; b[i] == '}' {
			break
		}
		i = rawjson.SkipSpace(b, i+1) // past the comma
	}
	if i = rawjson.SkipSpace(b, i+1); i != len(b) {
		return hansard.Errorf(hansard.KindInvalid, "event is not valid JSON: more after the object at byte %d", i)
	}
	return nil
}

// scanMember checks the object member at b[i]. name is the key without its
// quotes, as written; end is the offset of the comma or brace after the value.
func scanMember(b []byte, i, maxDepth int) (name []byte, value span, end int, err error) {
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
	value = span{i, end}
	if i = rawjson.SkipSpace(b, end); i >= len(b) || b[i] != ',' && b[i] != '}' {
		return nil, value, i, &rawjson.SyntaxError{Offset: i, Msg: "expected ',' or '}'"}
	}
	return name, value, i, nil
}

// scanValue is rawjson.Scan with a short cut for what most of an event
// consists of: strings of printable ASCII without escapes, eight bytes at a
// time.
func scanValue(b []byte, i, maxDepth int) (int, error) {
	if i >= len(b) || b[i] != '"' {
		return rawjson.Scan(b, i, maxDepth)
	}
	for j := i + 1; ; j += 8 {
		if j+8 > len(b) {
			return rawjson.Scan(b, i, maxDepth)
		}
		if m := notPlain(binary.LittleEndian.Uint64(b[j:])); m != 0 {
			if j += bits.TrailingZeros64(m) / 8; b[j] == '"' {
				return j + 1, nil
			}
			return rawjson.Scan(b, i, maxDepth)
		}
	}
}

// note records one member of the event.
func (d *flatDecoder) note(name []byte, value span) {
	i := findField(name)
	if i < 0 {
		// Rare: an unknown name, or a known one spelt with escapes.
		name = unescape(name)
		if i = findField(name); i < 0 {
			d.unknown(string(name), d.raw[value.start:value.end])
			return
		}
	}
	if earlier := d.spans[i]; earlier.start != 0 {
		d.keep(fields[i].name, d.raw[earlier.start:earlier.end])
	} else {
		d.seen[d.nSeen] = uint8(i)
		d.nSeen++
	}
	d.spans[i] = value
}

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
func (d *flatDecoder) unknown(name string, v []byte) {
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
func (d *flatDecoder) keep(name string, v []byte) {
	d.extras = append(d.extras, member{name, v})
}
