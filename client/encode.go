package client

import (
	"bytes"
	"math"
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
		if f.key == keyNone || f.key == keyTimestamp || f.form == formEmpty || overridden(fields[i+1:], &f) {
			continue
		}
		e := encoder{limit: contentLimit2}
		e.field(&f)
		m := member{key: f.key, text: bytes.TrimPrefix(append(e.buf, e.attrs...), []byte(","))}
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
		if o := &fields[i]; o.key == f.key && o.form != formEmpty && (f.key != keyAttribute || o.text == f.text) {
			return true
		}
	}
	return false
}

// encoder writes one event in the record's flat form. It goes straight from
// fields to bytes: the agent pays for no struct in between, and what waits is as
// small as what is sent.
type encoder struct {
	buf   []byte
	attrs []byte    // the members of the attributes
	seen  [2]uint64 // the keys that are written, by bit
	limit int       // of one content field, in bytes
	erred bool      // the event is or has an error
	cost  bool      // it has tokens or a cost
	raise hansard.Tier
}

// draft is what an event is made from.
type draft struct {
	typ      string
	id       string
	now      time.Time
	trace    string  // where in the work it happens; empty: nowhere
	span     string  //
	parent   string  //
	carried  *bundle // what the context says
	defaults *bundle // what the agent says
}

// encode writes the event of d. What the caller gives comes before what the kind
// of event says (own), and that before the context's fields and the agent's. The
// fields are no part of the draft, so that they can stay on the caller's stack.
func (e *encoder) encode(d *draft, own, given []Field, limit int) {
	*e = encoder{buf: e.buf[:0], attrs: e.attrs[:0], limit: limit}
	b := append(append(e.buf, `{"event_id":"`...), d.id...)
	e.buf = rawjson.AppendQuote(append(b, `","event_type":`...), d.typ)
	for i := range given {
		f := &given[i]
		if f.key != keyNone && f.form != formEmpty && !(len(given) > i+1 && overridden(given[i+1:], f)) {
			e.field(f)
		}
	}
	for i := range own {
		if f := &own[i]; f.form != formEmpty && (f.key == keyAttribute || !e.has(f.key)) {
			e.field(f)
		}
	}
	if !e.has(keyTimestamp) {
		e.stamp(d.now)
	}
	e.id(keyTraceID, d.trace)
	e.id(keySpanID, d.span)
	e.id(keyParentEventID, d.parent)
	e.members(d.carried, given, nil)
	e.members(d.defaults, given, d.carried)
	if len(e.attrs) > 0 {
		e.buf = append(append(append(e.buf, `,"attributes":{`...), e.attrs[1:]...), '}')
	}
	e.buf = append(e.buf, '}')
}

// id writes an id that nobody gave.
func (e *encoder) id(k key, v string) {
	if v != "" && !e.has(k) {
		e.mark(k)
		e.buf = rawjson.AppendQuote(append(e.buf, k.member()...), v)
	}
}

// members writes those that nobody gave a nearer value.
func (e *encoder) members(set *bundle, given []Field, nearer *bundle) {
	if set == nil {
		return
	}
	if !set.attrs && e.seen[0]&set.seen[0]|e.seen[1]&set.seen[1] == 0 {
		e.buf = append(e.buf, set.text...)
		e.seen[0], e.seen[1] = e.seen[0]|set.seen[0], e.seen[1]|set.seen[1]
		return
	}
	b := e.buf
	for i := range set.list {
		m := &set.list[i]
		if m.key != keyAttribute {
			if !e.has(m.key) {
				e.mark(m.key)
				b = append(append(b, ','), m.text...)
			}
			continue
		}
		if !namedField(given, m.name) && !namedMember(nearer, m.name) {
			e.attrs = append(append(e.attrs, ','), m.text...)
		}
	}
	e.buf = b
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

func (e *encoder) stamp(t time.Time) {
	e.buf = append(appendTime(append(append(e.buf, keyTimestamp.member()...), '"'), t), '"')
}

// field writes one field. An empty text is an absent one. The buffer is held in a
// variable while it grows: to store it each time in the encoder, which is shared,
// would cost the collector's write barrier.
func (e *encoder) field(f *Field) {
	switch {
	case f.form == formAttr:
		attrs := append(rawjson.AppendQuote(append(e.attrs, ','), f.text), ':')
		start := len(attrs)
		e.attrs = e.cut(appendValue(attrs, f.any, 2), start)
		return
	case (f.form == formText || f.form == formContent) && f.text == "":
		return
	case f.key == keyTimestamp:
		e.mark(keyTimestamp)
		e.stamp(time.Unix(0, int64(f.num)))
		return
	}
	e.mark(f.key)
	e.note(f)
	b := append(e.buf, f.key.member()...)
	switch f.form {
	case formText:
		b = rawjson.AppendQuote(b, f.text)
	case formContent:
		b = appendCut(b, f.text, e.limit)
	case formInt:
		b = strconv.AppendInt(b, int64(f.num), 10)
	case formFloat:
		b = appendFloat(b, math.Float64frombits(f.num))
	case formMilli:
		b = appendMilli(b, int64(f.num))
	case formJSON:
		start := len(b)
		b = e.cut(appendValue(b, f.any, 1), start)
	case formTask:
		b = append(appendCut(append(b, `{"task":`...), f.text, e.limit), '}')
	case formVerb:
		b = appendVerb(b, verb(f.num), f.text)
	case formTexts:
		b = appendTexts(b, f.list)
	case formActor:
		b = appendActor(b, f.any.(*actor))
	}
	e.buf = b
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
	dst = rawjson.AppendQuote(dst, v.String())
	if object == "" {
		return dst
	}
	at := len(dst) - 1 // the closing quote becomes the colon, the next opening one goes
	dst[at] = ':'
	dst = rawjson.AppendQuote(dst, object)
	return append(dst[:at+1], dst[at+2:]...)
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
