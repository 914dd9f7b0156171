package dialect

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
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
func (f *Flat) DecodeInto(e *hansard.Event, raw []byte) error {
	d := Decoder{Flat: *f}
	return d.Decode(e, raw)
}

// Decoder decodes events one after the other. It expects that the keys of an
// event follow each other as they did in the one before, which is what senders
// do; where they do not, it takes a little longer. With Flat alone it is what
// Flat is, for one goroutine.
type Decoder struct {
	Flat Flat
	// Arena, if not nil, has the memory of the events: an event, and all texts
	// that come from it, end when that is reset.
	Arena *arena.Arena

	order order
	raw   []byte
	event *hansard.Event

	// later leaves all values to apply. Else those that are as they should be are
	// set at once.
	later   bool
	members [len(fields)]valueSpan // of known fields that are not set yet, in the order of their first keys
	n       int                    // of members
	seen    fieldSet
	extras  []member // what goes to the attributes beside what was sent there

	own        []byte // without an arena: what is free of the memory for the short values of the event
	attributes []byte // the attributes object as sent, in raw
	version    string // the field "version"
	errorType  string // the type that an error object gave
	over       bool   // something is longer than its bound
}

// valueSpan is the place of a known field's value in the raw event.
type valueSpan struct {
	start, end int
	field      uint8
}

// padding is how many zeros stand behind a line in an arena, so that words may be
// read that begin in it.
const padding = 32

// Decode is Flat.DecodeInto. With an arena the event is valid until that is reset;
// raw may be changed in any case.
func (d *Decoder) Decode(e *hansard.Event, raw []byte) error {
	limits := d.Flat.Limits.withDefaults()
	if len(raw) > limits.MaxBytes {
		return tooLong(limits.MaxBytes)
	}
	d.event, d.raw = e, raw
	if d.later = d.Arena == nil; !d.later {
		d.raw = d.padded(raw)
	}
	d.begin()
	err := d.collect(&limits)
	if err == errTwice {
		d.later = true
		d.begin()
		err = d.collect(&limits)
	}
	if err != nil {
		return err
	}
	if err := d.apply(); err != nil {
		return err
	}
	d.derive()
	if len(d.extras) > 0 || len(d.attributes) > 0 && e.Attributes == nil {
		e.Attributes = addAttributes(d.attributes, d.extras)
	}
	if d.over && !d.Flat.Unbounded {
		Bound(e)
	}
	return nil
}

// padded returns a copy of raw in the arena, with zeros behind it. Copied once, it
// has the event's texts.
func (d *Decoder) padded(raw []byte) []byte {
	own := d.Arena.Take(len(raw) + padding)
	clear(own[copy(own, raw):])
	return own[:len(raw)]
}

// begin forgets what was read.
func (d *Decoder) begin() {
	*d.event = hansard.Event{}
	d.event.Dialect = FlatName
	clear(d.extras)
	d.n, d.seen, d.extras = 0, fieldSet{}, d.extras[:0]
	d.order.last, d.order.context = noField, 0
	d.attributes, d.version, d.errorType, d.over = nil, "", "", false
}

func tooLong(limit int) error {
	return hansard.WithHint(
		hansard.Errorf(hansard.KindTooLarge, "event is longer than %d bytes", limit),
		"shorten its content, or raise the limit on the length of an event")
}
