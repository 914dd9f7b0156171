package otlp

import (
	"fmt"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// Encoding is how a request is written.
type Encoding uint8

// The encodings of OTLP.
const (
	Protobuf Encoding = iota
	JSON
)

// Signal is a kind of telemetry.
type Signal uint8

// The signals.
const (
	Traces Signal = iota
	Logs
	Metrics
)

// String returns the signal's name, as paths have it.
func (s Signal) String() string { return [...]string{"traces", "logs", "metrics"}[s] }

// Limits bounds what a request may cost. A zero or negative field means its
// default.
type Limits struct {
	// Record is the greatest length of one span or log record in bytes, as
	// sent; default 8 MiB. Its fields are cut to the length that any event's
	// may have, after redaction.
	Record int
	// Attributes is how many attributes a span, a log, a span event, a
	// resource or a scope may have; default 4,096.
	Attributes int
	// Depth is how deep arrays and maps may nest in a value; default 32.
	Depth int
	// Children is how many events and how many links a span may have;
	// default 4,096.
	Children int
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		n   *int
		def int
	}{{&l.Record, 8 << 20}, {&l.Attributes, 4096}, {&l.Depth, 32}, {&l.Children, 4096}} {
		if *f.n <= 0 {
			*f.n = f.def
		}
	}
	return l
}

// A batch is handed on when it has this many records, bytes or attributes: enough
// to hold a trace together, and little enough that a request of any size takes
// bounded memory.
const (
	batchRecords = 2000
	batchBytes   = 8 << 20
	batchAttrs   = 100_000
)

// Refusal says why a record was not taken.
type Refusal struct {
	Record int // its place among the request's records, from 1
	Err    error
}

// Decoded counts what a request held.
type Decoded struct {
	Records  int // spans or logs, refused ones among them
	Refusals []Refusal
	Refused  int // all of them; Refusals lists the first 100
	Points   int // metrics: data points
}

const maxListed = 100

// Decode reads a request and hands its spans and logs on in batches, which are
// valid until take returns. base counts the records before the batch's first: the
// place of a batch's i-th record in the request is in its Places. An error of take
// ends the reading and is returned. Any other error is of KindInvalid: the request
// is broken beyond its records; what came before was handed on.
func Decode(signal Signal, enc Encoding, body []byte, limits Limits, take func(*Batch) error) (*Decoded, error) {
	d := decoders.Get().(*decoder)
	d.limits, d.signal, d.take = limits.withDefaults(), signal, take
	d.batch.Signal = signal
	err := d.decode(enc, body)
	out := d.out
	d.release()
	decoders.Put(d) // not after a panic: nobody knows what it holds then
	return &out, err
}

// decode is Decode.
func (d *decoder) decode(enc Encoding, body []byte) (err error) {
	signal := d.signal
	switch {
	case signal == Metrics && enc == JSON:
		err = d.metricsJSON(body)
	case signal == Metrics:
		err = d.metrics(body)
	case enc == JSON:
		err = d.requestJSON(body)
	default:
		err = d.request(body)
	}
	if err == nil || hansard.KindOf(err) == hansard.KindInvalid {
		if taken := d.hand(); taken != nil {
			err = taken
		}
	}
	return err
}

// Batch is a part of a request's spans or logs.
type Batch struct {
	dialect.Batch
	Signal Signal
	// Places are the places of the spans or logs among the request's records,
	// from 1. Refused records leave gaps.
	Places []int
}

// decoder reads one request.
type decoder struct {
	limits Limits
	signal Signal
	take   func(*Batch) error
	out    Decoded
	batch  Batch
	bytes  int
	attrs  int       // of the batch
	room   attrRooms // for the attributes of the batch's records
	own    int       // attributes of the record at hand, those of its events and links among them

	lastTrace, lastTraceHex string // the last trace id, as it came and as it is written

	texts dialect.Texts // ids and names

	// unchecked is a request in JSON of which it is not known yet that it is JSON to its
	// end. Nothing of one is handed on.
	unchecked []byte

	// arena holds values that do not stand in the request as they are: JSON of arrays
	// and maps, texts without their escapes. What was cut from it stays until the batch
	// was handed on.
	arena []byte
}

// refuse notes that the record at hand is not taken.
func (d *decoder) refuse(err error) {
	d.out.Refused++
	if len(d.out.Refusals) < maxListed {
		d.out.Refusals = append(d.out.Refusals, Refusal{d.out.Records, err})
	}
}

// added notes that a record of so many bytes was read into the batch, and hands
// the batch on when it is full.
func (d *decoder) added(bytes int) error {
	d.batch.Places = append(d.batch.Places, d.out.Records)
	d.bytes += bytes
	if len(d.batch.Places) < batchRecords && d.bytes < batchBytes && d.attrs < batchAttrs {
		return nil
	}
	return d.hand()
}

// hand hands the batch on and begins a new one.
func (d *decoder) hand() error {
	if len(d.batch.Places) == 0 {
		return nil
	}
	if d.unchecked != nil {
		if d.checkJSON(d.unchecked) != nil {
			return d.brokenJSON()
		}
		d.unchecked = nil
	}
	err := d.take(&d.batch)
	d.clear()
	d.bytes, d.attrs = 0, 0
	d.resetMemory()
	return err
}

// span and log return the place of the next record in the batch.
func (d *decoder) span(res *dialect.Resource, scope *dialect.Scope) *dialect.Span {
	d.batch.Spans = append(d.batch.Spans, dialect.Span{Resource: res, Scope: scope})
	return &d.batch.Spans[len(d.batch.Spans)-1]
}

func (d *decoder) log(res *dialect.Resource, scope *dialect.Scope) *dialect.LogRecord {
	d.batch.Logs = append(d.batch.Logs, dialect.LogRecord{Resource: res, Scope: scope})
	return &d.batch.Logs[len(d.batch.Logs)-1]
}

// drop takes the last record out of the batch.
func (d *decoder) drop() {
	if d.signal == Traces {
		last := len(d.batch.Spans) - 1
		d.batch.Spans[last] = dialect.Span{}
		d.batch.Spans = d.batch.Spans[:last]
		return
	}
	last := len(d.batch.Logs) - 1
	d.batch.Logs[last] = dialect.LogRecord{}
	d.batch.Logs = d.batch.Logs[:last]
}

// record reads one record of so many bytes, 0 where it cannot be too long, by read,
// which fills the last of the batch and returns how many bytes it has.
func (d *decoder) record(size int, res *dialect.Resource, scope *dialect.Scope, read func(*dialect.Span, *dialect.LogRecord) (size int, err error)) error {
	d.out.Records++
	d.own = 0
	if size > d.limits.Record {
		d.refuse(hansard.Errorf(hansard.KindTooLarge, "it has %d bytes, more than the %d that are taken", size, d.limits.Record))
		return nil
	}
	var err error
	if d.signal == Traces {
		size, err = read(d.span(res, scope), nil)
	} else {
		size, err = read(nil, d.log(res, scope))
	}
	if err != nil {
		d.drop()
		d.refuse(err)
		return nil
	}
	return d.added(size)
}

func invalid(format string, args ...any) error {
	return hansard.Errorf(hansard.KindInvalid, format, args...)
}

func tooMany(what string, limit int) error {
	return hansard.Errorf(hansard.KindTooLarge, "it has more than %d %s", limit, what)
}

// another counts one more attribute of the record at hand; have are there where it
// is to go.
func (d *decoder) another(have int) error {
	d.attrs++
	if d.own++; have >= d.limits.Attributes || d.own > 4*d.limits.Attributes {
		return tooMany("attributes", d.limits.Attributes)
	}
	return nil
}

func tooDeep(limit int) error {
	return hansard.Errorf(hansard.KindTooLarge, "a value nests deeper than %d", limit)
}

// at says in which part of a record an error is.
func at(what string, err error) error {
	if err == nil {
		return nil
	}
	return hansard.Errorf(hansard.KindOf(err), "%s: %w", what, err)
}

const hexDigits = "0123456789abcdef"

// traceID is hexID for a trace's id, which many spans in a row have.
func (d *decoder) traceID(b []byte) (string, error) {
	if len(b) == 16 && string(b) == d.lastTrace {
		return d.lastTraceHex, nil
	}
	id, err := d.hexID(b, 16)
	if err == nil && id != "" {
		d.lastTrace, d.lastTraceHex = string(b), id
	}
	return id, err
}

// hexID returns the id of n bytes in hexadecimal; "" for one that is absent or
// all zeros, which OTLP calls invalid.
func (d *decoder) hexID(b []byte, n int) (string, error) {
	if len(b) == 0 {
		return "", nil
	}
	if len(b) != n {
		return "", invalid("an id has %d bytes, not %d", len(b), n)
	}
	var out [32]byte
	zero := true
	for i, c := range b {
		zero = zero && c == 0
		out[2*i], out[2*i+1] = hexDigits[c>>4], hexDigits[c&15]
	}
	if zero {
		return "", nil
	}
	return d.texts.Copy(out[:2*n]), nil
}

// nanos returns a time in Unix nanoseconds; 0, absent, for one after 2262.
func nanos(n uint64) int64 {
	if n > 1<<63-1 {
		return 0
	}
	return int64(n)
}

// String says what was refused, for a sender.
func (d *Decoded) String() string {
	if d.Refused == 0 {
		return ""
	}
	r := d.Refusals[0]
	s := fmt.Sprintf("record %d: %v", r.Record, r.Err)
	if d.Refused > 1 {
		s += fmt.Sprintf(" (and %d more)", d.Refused-1)
	}
	return s
}
