package client

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Bounds of one event, in bytes. The server takes 1 MiB.
const (
	maxEvent      = 1_000_000
	contentLimit  = 256 << 10 // of one content field or attribute
	contentLimit2 = 8 << 10   // when the event is too large with the first
)

// member is a field that is encoded already: a default of an agent, or one that a
// context carries.
type member struct {
	key  key
	name string // of an attribute
	text []byte // "name":value
}

// members encodes fields once, for many events. What only one event can have is
// left out.
func members(fields []Field) []member {
	var list []member
	for i, f := range fields {
		if f.key == keyNone || f.key == keyTimestamp || overridden(fields[i+1:], &f) {
			continue
		}
		e := encoder{limit: contentLimit2, shapes: new(shapes)}
		text := e.field(nil, &f)
		m := member{key: f.key, text: bytes.TrimPrefix(append(text, e.attrs...), []byte(","))}
		if f.key == keyAttribute {
			m.name = f.text
		}
		if len(m.text) > 0 {
			list = append(list, m)
		}
	}
	return list
}

// overridden reports whether fields has one for the same member as f.
func overridden(fields []Field, f *Field) bool {
	for i := range fields {
		if o := &fields[i]; o.key == f.key && (f.key != keyAttribute || o.text == f.text) {
			return true
		}
	}
	return false
}

// encoder writes one event in the record's flat form. It goes straight from
// fields to bytes: the agent pays for no struct in between, and what waits is as
// small as what is sent.
//
// What is there of the event goes through its methods as b, and into buf at the
// end: the encoder is shared, and each pointer that is stored in it costs the
// garbage collector's write barrier.
type encoder struct {
	buf   []byte
	attrs []byte    // the members of the attributes
	names []string  // of the attributes of a log record
	seen  [2]uint64 // the keys that are written, by bit
	limit int       // of one content field, in bytes
	erred bool      // the event is or has an error
	cost  bool      // it has tokens or a cost
	raise hansard.Tier
	clock clock
	place placeWriter

	shapes *shapes // the client's
}

// keptMemory is how much memory, in bytes, is kept for the next event: a large one's is
// not kept for small ones.
const keptMemory = 64 << 10

// draft is what an event is made from.
type draft struct {
	typ      string
	id       string
	now      time.Time
	own      pair128 // its id, where id is ""
	at       ids     // where in the work it happens: trace, span and parent
	trace    string  // the same of other forms, where at has none
	span     string  //
	parent   string  //
	carried  *bundle // what the context says
	defaults *bundle // what the agent says
}

// in reports whether d happens in a trace.
func (d *draft) in(trace string) bool {
	if d.at.trace.zero() {
		return d.trace == trace
	}
	return d.at.trace == parseTraceID(trace)
}

// encode writes the event of d. What the caller gives comes before what the kind
// of event says (own), and that before the context's fields and the agent's. The
// fields are no part of the draft, so that they can stay on the caller's stack.
func (e *encoder) encode(d *draft, own, given []Field, l logged, limit int) {
	e.attrs, e.names, e.seen, e.limit = e.attrs[:0], e.names[:0], [2]uint64{}, limit
	e.erred, e.cost, e.raise = false, false, ""
	b := append(append(e.buf[:0], `{"event_id":"`...), d.id...)
	if d.id == "" {
		b = append(b, "000000000000000000000000000000000000"...)
		d.own.putEvent((*[eventIDLen]byte)(b[len(b)-eventIDLen:]))
	}
	b = rawjson.AppendQuote(append(b, `","event_type":`...), d.typ)
	for i := range given {
		f := &given[i]
		if f.key != keyNone && !(len(given) > i+1 && overridden(given[i+1:], f)) {
			b = e.field(b, f)
		}
	}
	for i := range own {
		if f := &own[i]; f.key != keyNone && (f.key == keyAttribute || !e.has(f.key)) {
			b = e.field(b, f)
		}
	}
	if l.record != nil {
		e.logged(l)
	}
	if !e.has(keyTimestamp) {
		b = e.stamp(b, d.now)
	}
	b = e.placed(b, d)
	b = e.members(b, d.carried, given, nil)
	b = e.members(b, d.defaults, given, d.carried)
	if len(e.attrs) > 0 {
		b = append(append(append(b, `,"attributes":{`...), e.attrs[1:]...), '}')
	}
	e.buf = append(b, '}')
}

// placed writes where in the work the event happened, as far as nobody gave it.
func (e *encoder) placed(b []byte, d *draft) []byte {
	if !d.at.trace.zero() && !e.has(keyTraceID) {
		e.mark(keyTraceID)
		b = e.place.appendTrace(b, d.at.trace)
	}
	if d.at.span != 0 {
		e.mark(keySpanID)
		b = e.place.appendSpan(b, d.at.span)
	}
	if !d.at.event.zero() && !e.has(keyParentEventID) {
		e.mark(keyParentEventID)
		b = e.place.appendParent(b, d.at.event)
	}
	b = e.id(b, keyTraceID, d.trace)
	b = e.id(b, keySpanID, d.span)
	return e.id(b, keyParentEventID, d.parent)
}

// id writes an id that nobody gave.
func (e *encoder) id(b []byte, k key, v string) []byte {
	if v == "" || e.has(k) {
		return b
	}
	e.mark(k)
	return rawjson.AppendQuote(append(b, k.member()...), v)
}

// members writes those that nobody gave a nearer value.
func (e *encoder) members(b []byte, set *bundle, given []Field, nearer *bundle) []byte {
	if set == nil {
		return b
	}
	if !set.attrs && e.seen[0]&set.seen[0]|e.seen[1]&set.seen[1] == 0 {
		e.seen[0], e.seen[1] = e.seen[0]|set.seen[0], e.seen[1]|set.seen[1]
		return append(b, set.text...)
	}
	for i := range set.list {
		m := &set.list[i]
		if m.key != keyAttribute {
			if !e.has(m.key) {
				e.mark(m.key)
				b = append(append(b, ','), m.text...)
			}
			continue
		}
		if !namedField(given, m.name) && !namedMember(nearer, m.name) && !slices.Contains(e.names, m.name) {
			e.attrs = append(append(e.attrs, ','), m.text...)
		}
	}
	return b
}

func namedField(fields []Field, name string) bool {
	for i := range fields {
		if fields[i].key == keyAttribute && fields[i].text == name {
			return true
		}
	}
	return false
}

func namedMember(set *bundle, name string) bool {
	if set == nil || !set.attrs {
		return false
	}
	for i := range set.list {
		if set.list[i].key == keyAttribute && set.list[i].name == name {
			return true
		}
	}
	return false
}

func (e *encoder) has(k key) bool { return e.seen[k>>6]&(1<<(k&63)) != 0 }
func (e *encoder) mark(k key)     { e.seen[k>>6] |= 1 << (k & 63) }

func (e *encoder) stamp(b []byte, t time.Time) []byte {
	return append(e.clock.append(append(b, `,"timestamp":"`...), t), '"')
}

// field writes one field. An empty text is an absent one.
func (e *encoder) field(b []byte, f *Field) []byte {
	switch {
	case f.form == formAttr:
		e.attrs = e.attr(e.attrs, f.text, f.any)
		return b
	case (f.form == formText || f.form == formContent) && f.text == "":
		return b
	case f.key == keyTimestamp:
		e.mark(keyTimestamp)
		return e.stamp(b, time.Unix(0, int64(f.num)))
	}
	e.mark(f.key)
	e.note(f)
	b = append(b, f.key.member()...)
	switch f.form {
	case formText:
		return rawjson.AppendQuote(b, f.text)
	case formContent:
		return appendCut(b, f.text, e.limit)
	case formInt:
		return strconv.AppendInt(b, int64(f.num), 10)
	case formFloat:
		return appendFloat(b, math.Float64frombits(f.num))
	case formMilli:
		return appendMilli(b, int64(f.num))
	case formJSON:
		start := len(b)
		return e.cut(e.shapes.appendValue(b, f.any, 1), start)
	case formTask:
		return append(appendCut(append(b, `{"task":`...), f.text, e.limit), '}')
	case formVerb:
		return appendVerb(b, verb(f.num), f.text)
	case formTexts:
		return appendTexts(b, f.list())
	case formActor:
		return appendActor(b, f.any.(*actor))
	}
	return b
}

// attr appends an attribute.
func (e *encoder) attr(dst []byte, name string, v any) []byte {
	dst = append(rawjson.AppendQuote(append(dst, ','), name), ':')
	return e.cut(e.shapes.appendValue(dst, v, 2), len(dst))
}

// note keeps what decides the event's tier.
func (e *encoder) note(f *Field) {
	switch f.key {
	case keyError:
		e.erred = true
	case keyStatus:
		e.erred = e.erred || f.text == "error" || f.text == "timeout"
	case keyInputTokens, keyOutputTokens, keyCacheReadTokens, keyCacheWriteTokens, keyReasoningTokens, keyTokenCount, keyCostUSD:
		e.cost = true
	case keyTier:
		e.raise = hansard.Tier(f.text)
	}
}

// appendVerb appends an action of two words, such as "tool_call:get_order".
func appendVerb(dst []byte, v verb, object string) []byte {
	dst = append(append(dst, '"'), v.String()...)
	if object == "" {
		return append(dst, '"')
	}
	at := len(dst) // of the object's opening quote, which becomes the colon
	dst = rawjson.AppendQuote(dst, object)
	dst[at] = ':'
	return dst
}

func appendActor(dst []byte, a *actor) []byte {
	dst = append(dst, '{')
	sep := ""
	for _, m := range [...]struct{ name, value string }{{"type", a.typ}, {"id", a.id}, {"role", a.role}} {
		if m.value != "" {
			dst = append(append(append(append(dst, sep...), '"'), m.name...), '"', ':')
			dst = rawjson.AppendQuote(dst, m.value)
			sep = ","
		}
	}
	return append(dst, '}')
}

// appendMilli appends nanoseconds as milliseconds, down to the microsecond.
func appendMilli(dst []byte, ns int64) []byte {
	us := ns / 1000
	dst = strconv.AppendInt(dst, us/1000, 10)
	if us %= 1000; us != 0 {
		dst = append(dst, '.', '0'+byte(us/100), '0'+byte(us/10%10), '0'+byte(us%10))
	}
	return dst
}

// cut replaces a JSON value that is longer than the limit by the head and the
// tail of its text.
func (e *encoder) cut(b []byte, start int) []byte {
	if len(b)-start <= e.limit {
		return b
	}
	value := string(b[start:])
	return appendCut(b[:start], value, e.limit)
}

// appendCut appends a text; of one longer than the limit its head and its tail,
// and how much is missing between them.
func appendCut(dst []byte, s string, limit int) []byte {
	if len(s) <= limit {
		return rawjson.AppendQuote(dst, s)
	}
	head, tail := wordEnd(s, limit*3/4), wordStart(s, len(s)-limit/4)
	return rawjson.AppendQuote(dst, s[:head]+" … ("+strconv.Itoa(tail-head)+" bytes are not recorded) … "+s[tail:])
}

// A cut goes through no word where it can: half of a secret escapes the rule that
// redacts the whole. maxWord is how far it moves for that.
const maxWord = 2048

func wordEnd(s string, at int) int {
	for i := at; i > max(at-maxWord, 0); i-- {
		if breaks(s[i]) {
			return i
		}
	}
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}

func wordStart(s string, at int) int {
	for i := at; i < min(at+maxWord, len(s)); i++ {
		if breaks(s[i]) {
			return i
		}
	}
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}

func breaks(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// tier returns how long the server will keep an event, by the record's rules. The
// client uses it only to know what to give up first.
func (e *encoder) tier(typ string) hansard.Tier {
	return hansard.TierOf(typ, e.erred, e.cost).Raise(e.raise)
}
