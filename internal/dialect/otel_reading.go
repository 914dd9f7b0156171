package dialect

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/hansardhq/hansard"
)

// OTel turns OTLP spans and log records into events. The zero OTel is ready; its
// methods may be called concurrently.
type OTel struct {
	// LeftOver asks for the attributes that no rule read, for people who
	// look at their instrumentation. All attributes are kept either way.
	LeftOver bool
}

// Reading is how one span or log record was read.
type Reading struct {
	Log     bool   // a log record, else a span
	Index   int    // its place in the batch's Logs or Spans
	Dialect string // such as "openinference"
	Rule    string // what decided, such as "gen_ai.operation.name=chat"
	// Events are what it became. The first holds the source in its
	// attributes; there is always one.
	Events   []*hansard.Event
	LeftOver []string // keys of attributes that no rule read, where asked for

	parent   int  // index of the parent among the batch's spans; -1: not there
	root     bool // a span without a parent
	sameCall bool // an MCP span, which is not counted beside the tool call above it
	origin   *origin
}

// Map reads the spans and logs of a batch, in order, spans first. What it
// returns shares no memory with the batch.
func (o *OTel) Map(b *Batch) []Reading {
	m := &otelMapper{leftOver: o.LeftOver, batch: b, origins: map[*Resource]*origin{}, scopes: map[*Scope][]byte{}}
	return m.read()
}

// read reads the batch.
func (m *otelMapper) read() []Reading {
	b := m.batch
	if n := 2 * (len(b.Spans) + len(b.Logs)); cap(m.list) < n {
		m.list, m.out = make([]*hansard.Event, 0, n), make([]Reading, 0, n/2)
	}
	m.index()
	m.mark()
	for i := range b.Spans {
		m.out = append(m.out, m.span(i))
	}
	m.joined(m.out)
	for i := range b.Logs {
		m.out = append(m.out, m.log(i))
	}
	return m.out
}

// otelMapper reads one batch.
type otelMapper struct {
	leftOver bool
	batch    *Batch
	spans    map[spanKey]int // the index of the first such span
	origins  map[*Resource]*origin
	scopes   map[*Scope][]byte // as JSON
	// The last of them that were asked for: most spans in a row have the same.
	lastResource  *Resource
	lastOrigin    *origin
	lastScope     *Scope
	lastScopeJSON []byte
	lastParent    *Span // that has one
	lastParentID  string
	logIDs        map[string]int // ids given to logs, and how often
	// Scopes named as OpenTelemetry's own instrumentations are, of which a span
	// of the batch shows that they are Traceloop's.
	traceloops map[*Scope]bool
	r          otelReading // of the span or log at hand; its memory is used again
	shapes     shapes      // of the attributes of spans and logs

	slabs  []*[slabEvents]hansard.Event
	list   []*hansard.Event // all events; those of a reading follow each other
	out    []Reading
	json   jsonArena // of the events
	texts  Texts
	labels []string // of the next events: each has one of its own
}

// index notes which spans the batch holds.
func (m *otelMapper) index() {
	if len(m.batch.Spans) < 2 {
		return
	}
	if m.spans == nil {
		m.spans = make(map[spanKey]int, len(m.batch.Spans))
	}
	for i := len(m.batch.Spans) - 1; i >= 0; i-- { // backwards, so that of two the first counts
		if s := &m.batch.Spans[i]; s.TraceID != "" && s.SpanID != "" {
			m.spans[spanKey{s.TraceID, s.SpanID}] = i
		}
	}
}

// mark notes which scopes are Traceloop's.
func (m *otelMapper) mark() {
	for i := range m.batch.Spans {
		s := &m.batch.Spans[i]
		if s.Scope == nil || !strings.HasPrefix(s.Scope.Name, "opentelemetry.instrumentation.") || m.traceloops[s.Scope] {
			continue
		}
		for k := range s.Attrs {
			if hasPrefix(s.Attrs[k].Key, "traceloop.") {
				if m.traceloops == nil {
					m.traceloops = map[*Scope]bool{}
				}
				m.traceloops[s.Scope] = true
				break
			}
		}
	}
}

// spanKey names a span.
type spanKey struct{ trace, span string }

// spanEventID returns the id of the event that holds a span: a function of the
// two ids alone, so that a child can name its parent before that arrives. "" when
// one of them is absent.
func spanEventID(traceID, spanID string) string {
	if traceID == "" || spanID == "" {
		return ""
	}
	return traceID + "/" + spanID
}

// otelReading is a span or a log record while it is read.
type otelReading struct {
	m      *otelMapper
	span   *Span      // or
	record *LogRecord // one of them is nil
	origin *origin
	scope  *Scope
	attrs  []Attr
	used   []bool // by attribute: a rule read it

	shape *shape // of the attributes

	main            *hansard.Event
	events          []*hansard.Event // main first
	first           int              // of events in the mapper's list
	dialect         string
	rule            string
	moved           []movedAttr
	inField         []bool   // by attribute: its value stands in a field
	facts           []member // what we say about the source, in attributes.otel
	pending         bool
	denied          bool            // a tool was not let
	mcp             bool            // an MCP span of a tool call
	body            bool            // the body of a log stands in a field
	toolResultValue json.RawMessage // a result that a rule found outside of the attributes
}

// movedAttr names an attribute, or all with a prefix ("llm.input_messages.*"),
// whose value stands whole in a field of the event.
type movedAttr struct{ key, field string }

// begin makes the reading ready for the next span or log.
func (r *otelReading) begin(m *otelMapper, res *Resource, scope *Scope, attrs []Attr) {
	used, inField := r.used[:0], r.inField[:0]
	*r = otelReading{m: m, origin: m.origin(res), scope: scope, attrs: attrs, shape: m.shapes.of(attrs), moved: r.moved[:0], facts: r.facts[:0]}
	for range attrs {
		used, inField = append(used, false), append(inField, false)
	}
	r.used, r.inField = used, inField
	r.first = len(m.list)
	r.main = m.event()
	r.main.TimeSource, r.main.Provenance = hansard.TimeFromSender, "observed"
	r.events = m.list[r.first:]
}

// has reports whether there is an attribute with a key.
func (r *otelReading) has(key string) bool { return r.at(key) >= 0 }

// peek returns the value of a key without saying that it was read.
func (r *otelReading) peek(key string) Value {
	if i := r.at(key); i >= 0 {
		return r.attrs[i].Value
	}
	return Value{}
}

// get returns the value of the first of the keys that has one.
func (r *otelReading) get(keys ...string) Value {
	if i := r.firstOf(keys); i >= 0 {
		return r.attrs[i].Value
	}
	return Value{}
}

// firstOf returns the index of the attribute that get returns the value of; -1 if there
// is none.
func (r *otelReading) firstOf(keys []string) int {
	for _, key := range keys {
		if i := r.at(key); i >= 0 && !r.attrs[i].Value.empty() {
			r.used[i] = true
			return i
		}
	}
	return -1
}

// empty reports whether v says nothing.
func (v Value) empty() bool {
	return v.Kind == ValueEmpty || v.Kind == ValueString && len(v.Text) == 0
}

// text returns the value of the first of the keys that has one, as text. Short
// texts share memory with each other.
func (r *otelReading) text(keys ...string) string { return r.textAt(r.firstOf(keys)) }

// textAt returns the value of the i-th attribute as text, "" of none.
func (r *otelReading) textAt(i int) string {
	if i < 0 {
		return ""
	}
	v := &r.attrs[i].Value
	if v.Kind != ValueString || len(v.Text) >= longText || !utf8.Valid(v.Text) {
		return v.String()
	}
	return r.m.texts.Copy(v.Text)
}

// id returns an event id of parts, as text does.
func (r *otelReading) id(parts ...string) string { return r.m.texts.join(parts...) }

// count returns the first of the keys that holds a count.
func (r *otelReading) count(keys ...string) (n hansard.Opt[int64]) {
	for _, key := range keys {
		if i := r.at(key); i >= 0 {
			if n = r.attrs[i].Value.count(); n.Set {
				r.used[i] = true
				return n
			}
		}
	}
	return n
}

// countIn is count for a list.
func (r *otelReading) countIn(list keyList) (n hansard.Opt[int64]) {
	if r.lead(list) < 0 {
		return n
	}
	return r.count(listedKeys[list]...)
}

// set sets a text that is not set yet.
func set(to *string, s string) {
	if *to == "" {
		*to = s
	}
}

// move sets a field that holds any JSON, if it is not set, to the first of the
// keys that has a value. The attributes then name the field instead of
// repeating the value. A value that says it was withheld is no content.
func (r *otelReading) move(to *json.RawMessage, field string, keys ...string) {
	if len(*to) > 0 {
		return
	}
	for _, key := range keys {
		i := r.at(key)
		if i < 0 || r.attrs[i].Value.empty() {
			continue
		}
		r.used[i] = true
		if r.withheld(r.attrs[i].Value) {
			continue
		}
		v := r.attrs[i].Value
		*to = r.m.json.keep(v.appendStructured(r.m.json.room(len(v.Text) + 8)))
		r.moved = append(r.moved, movedAttr{key, field})
		r.inField[i] = true
		return
	}
}

// moveIn is move for a list.
func (r *otelReading) moveIn(to *json.RawMessage, field string, list keyList) {
	if len(*to) == 0 && r.lead(list) >= 0 {
		r.move(to, field, listedKeys[list]...)
	}
}

// moveText is move for a field that holds text.
func (r *otelReading) moveText(to *string, field string, keys ...string) {
	if *to != "" {
		return
	}
	for _, key := range keys {
		i := r.at(key)
		if i < 0 || r.attrs[i].Value.empty() {
			continue
		}
		r.used[i] = true
		if r.withheld(r.attrs[i].Value) {
			continue
		}
		*to = r.attrs[i].Value.String()
		r.moved = append(r.moved, movedAttr{key, field})
		r.inField[i] = true
		return
	}
}

func hasPrefix(key []byte, prefix string) bool {
	return len(key) >= len(prefix) && string(key[:len(prefix)]) == prefix
}

// any reports whether a key begins with the prefix.
func (r *otelReading) any(prefix string) bool {
	if !r.mayHave(prefix) {
		return false
	}
	for i := range r.attrs {
		if hasPrefix(r.attrs[i].Key, prefix) {
			return true
		}
	}
	return false
}

// fact adds what we say about the source.
func (r *otelReading) fact(key string, value []byte) { r.facts = append(r.facts, member{key, value}) }

// label adds a label to an event, once.
func label(e *hansard.Event, name string) {
	for _, l := range e.Labels {
		if l == name {
			return
		}
	}
	e.Labels = append(e.Labels, name)
}

// more adds an event beside the main one, with its ids, names and place, under
// the main event's id and a suffix. Its parent is the main event.
func (r *otelReading) more(eventType, suffix string, at int64) *hansard.Event {
	m := r.main
	e := r.m.event()
	r.events = r.m.list[r.first:]
	e.EventType, e.EventID, e.ParentEventID, e.Timestamp, e.TimeSource = eventType, r.id(m.EventID, "/", suffix), m.EventID, at, m.TimeSource
	e.AgentName, e.AgentID, e.AgentVersion, e.TaskID, e.SessionID = m.AgentName, m.AgentID, m.AgentVersion, m.TaskID, m.SessionID
	e.UserID, e.TraceID, e.SpanID, e.Service, e.Environment = m.UserID, m.TraceID, m.SpanID, m.Service, m.Environment
	e.Dialect, e.Provenance = m.Dialect, "observed"
	return e
}
