package dialect

import (
	"bytes"
	"strconv"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// origin is what a resource says of all that comes from it.
type origin struct {
	service, version, environment string
	agent, agentID                string
	user, session                 string
	json                          []byte // the resource as JSON
}

// origin returns what the resource says. res may be nil.
func (m *otelMapper) origin(res *Resource) *origin {
	if m.lastOrigin != nil && res == m.lastResource {
		return m.lastOrigin
	}
	o := m.origins[res]
	if o == nil {
		o = newOrigin(res)
		m.origins[res] = o
	}
	m.lastResource, m.lastOrigin = res, o
	return o
}

func newOrigin(res *Resource) *origin {
	o := &origin{}
	if res == nil {
		return o
	}
	o.service = text(res.Attrs, "service.name")
	o.version = text(res.Attrs, "service.version")
	for _, key := range []string{"deployment.environment.name", "deployment.environment", "langfuse.environment"} {
		set(&o.environment, text(res.Attrs, key))
	}
	o.agent, o.agentID = text(res.Attrs, "gen_ai.main_agent.name"), text(res.Attrs, "gen_ai.main_agent.id")
	o.user, o.session = text(res.Attrs, "user.id"), text(res.Attrs, "session.id")
	o.json = appendAttrs(nil, res.Attrs)
	if res.Dropped > 0 || res.Schema != "" {
		dst := o.json[:len(o.json)-1]
		dst = appendCount(dst, "otel.dropped_attributes", res.Dropped)
		dst = appendString(dst, "otel.schema_url", res.Schema)
		o.json = append(dst, '}')
	}
	return o
}

// scopeJSON returns the scope as JSON; nil when it says nothing.
func (m *otelMapper) scopeJSON(s *Scope) []byte {
	if s == nil {
		return nil
	}
	if s == m.lastScope {
		return m.lastScopeJSON
	}
	b, ok := m.scopes[s]
	if !ok {
		b = appendString([]byte{'{'}, "name", s.Name)
		b = appendString(b, "version", s.Version)
		b = appendString(b, "schema_url", s.Schema)
		b = appendCount(b, "dropped_attributes", s.Dropped)
		if len(s.Attrs) > 0 {
			b = appendAttrs(appendOwn(b, "attributes"), s.Attrs)
		}
		if b = append(b, '}'); len(b) == 2 {
			b = nil
		}
		m.scopes[s] = b
	}
	m.lastScope, m.lastScopeJSON = s, b
	return b
}

// appendKey appends a member's key after what is there of an object.
func appendKey[T string | []byte](dst []byte, key T) []byte {
	if len(dst) > 0 && dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(rawjson.AppendQuote(dst, key), ':')
}

// appendOwn is appendKey for a name of ours, which needs no quoting.
func appendOwn(dst []byte, name string) []byte {
	if len(dst) > 0 && dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(append(append(dst, '"'), name...), `":`...)
}

// appendString appends a member of a name of ours, if there is a value; those below
// do so for other values.
func appendString(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return rawjson.AppendQuote(appendOwn(dst, name), value)
}

func appendCount(dst []byte, name string, n uint32) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendUint(appendOwn(dst, name), uint64(n), 10)
}

// appendNano appends a time as OTLP/JSON writes it: a string, because a number
// of that size does not survive a JSON reader.
func appendNano(dst []byte, name string, ns int64) []byte {
	if ns == 0 {
		return dst
	}
	dst = append(appendOwn(dst, name), '"')
	return append(strconv.AppendInt(dst, ns, 10), '"')
}

// appendAttrs appends attributes as an object. The same key twice is told apart
// as addAttributes does.
func appendAttrs(dst []byte, attrs []Attr) []byte {
	start := len(dst)
	dst = append(dst, '{')
	for i := range attrs {
		dst = appendAttr(dst, dst[start:], attrs, i)
	}
	return append(dst, '}')
}

// appendAttr appends the i-th attribute; object is what is there of the object.
func appendAttr(dst, object []byte, attrs []Attr, i int) []byte {
	if len(object) > 1 {
		dst = append(dst, ',')
	}
	dst = append(rawjson.AppendQuote(dst, uniqueKey(attrs, i)), ':')
	return appendValue(dst, &attrs[i])
}

// uniqueKey returns the key of the i-th attribute, with a suffix where one before
// it has the same. Senders that repeat keys are wrong and rare; a hundred
// attributes are the most that it looks back.
func uniqueKey(attrs []Attr, i int) []byte {
	n := 1
	for k := max(0, i-100); k < i; k++ {
		if len(attrs[k].Key) == len(attrs[i].Key) && bytes.Equal(attrs[k].Key, attrs[i].Key) {
			n++
		}
	}
	if n == 1 {
		return attrs[i].Key
	}
	return append(append([]byte{}, attrs[i].Key...), "~"+strconv.Itoa(n)...)
}

const headersMask = `"[headers withheld]"`

// isSecretHeader reports whether a key is that of an attribute that holds a header of
// requests, keys to models among them.
func isSecretHeader(key []byte) bool {
	if !hasPrefix(key, "gen_ai.headers") && !hasPrefix(key, "llm.headers") && !hasPrefix(key, "ai.request.headers") {
		return false
	}
	return !bytes.HasSuffix(key, []byte("user-agent"))
}

func appendValue(dst []byte, a *Attr) []byte {
	if isSecretHeader(a.Key) {
		return append(dst, headersMask...)
	}
	return a.Value.AppendJSON(dst)
}

// source returns the attributes of the main event: all attributes of the span or
// log under their own names, and under "otel" the rest of what it said.
func (r *otelReading) source() []byte {
	size := 400 + len(r.origin.json) + 48*len(r.moved)
	if r.span != nil {
		size += len(r.span.Name) + len(r.span.StatusMessage) + 200*(len(r.span.Events)+len(r.span.Links))
	}
	for i := range r.attrs {
		if !r.inField[i] {
			size += len(r.attrs[i].Key) + len(r.attrs[i].Value.Text) + 8
		}
	}
	scope := r.m.scopeJSON(r.scope)
	dst := append(r.m.json.room(size), `{"otel":{`...)
	if r.span != nil {
		dst = r.appendSpan(dst)
	} else {
		dst = r.appendRecord(dst)
	}
	for _, f := range r.facts {
		dst = append(appendKey(dst, f.key), f.value...)
	}
	if len(r.moved) > 0 {
		dst = append(appendOwn(dst, "moved"), '{')
		for _, v := range r.moved {
			dst = append(append(append(appendOwn(dst, v.key), '"'), v.field...), '"')
		}
		dst = append(dst, '}')
	}
	if scope != nil {
		dst = append(appendOwn(dst, "scope"), scope...)
	}
	if len(r.origin.json) > 2 {
		dst = append(appendOwn(dst, "resource"), r.origin.json...)
	}
	dst = append(dst, '}')
	for i := range r.attrs {
		switch {
		case r.inField[i]:
		case string(r.attrs[i].Key) == "otel": // ours
			dst = appendValue(append(dst, `,"otel~2":`...), &r.attrs[i])
		case r.shape.repeats:
			dst = appendAttr(dst, dst, r.attrs, i)
		default:
			dst = append(rawjson.AppendQuote(append(dst, ','), r.attrs[i].Key), ':')
			dst = appendValue(dst, &r.attrs[i])
		}
	}
	return r.m.json.keep(append(dst, '}'))
}

// appendSpan appends what a span says beside its attributes.
func (r *otelReading) appendSpan(dst []byte) []byte {
	s := r.span
	dst = appendString(dst, "span", s.Name)
	dst = appendString(dst, "kind", s.Kind.String())
	dst = appendNano(dst, "start_time_unix_nano", s.Start)
	dst = appendNano(dst, "end_time_unix_nano", s.End)
	switch s.StatusCode {
	case StatusOK:
		dst = appendString(dst, "status", "ok")
	case StatusError:
		dst = appendString(dst, "status", "error")
	}
	dst = appendString(dst, "status_message", s.StatusMessage)
	dst = appendString(dst, "parent_span_id", s.ParentID)
	dst = appendString(dst, "trace_state", s.TraceState)
	dst = appendCount(dst, "dropped_attributes", s.DroppedAttrs)
	dst = appendCount(dst, "dropped_events", s.DroppedEvents)
	dst = appendCount(dst, "dropped_links", s.DroppedLinks)
	if len(s.Events) > 0 {
		dst = append(appendOwn(dst, "events"), '[')
		for i := range s.Events {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendSpanEvent(dst, &s.Events[i])
		}
		dst = append(dst, ']')
	}
	if len(s.Links) > 0 {
		dst = append(appendOwn(dst, "links"), '[')
		for i := range s.Links {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendLink(dst, &s.Links[i])
		}
		dst = append(dst, ']')
	}
	return dst
}

func appendSpanEvent(dst []byte, e *SpanEvent) []byte {
	dst = appendString(append(dst, '{'), "name", e.Name)
	dst = appendNano(dst, "time_unix_nano", e.Time)
	dst = appendCount(dst, "dropped_attributes", e.Dropped)
	if len(e.Attrs) > 0 {
		dst = appendAttrs(appendOwn(dst, "attributes"), e.Attrs)
	}
	return append(dst, '}')
}

func appendLink(dst []byte, l *SpanLink) []byte {
	dst = appendString(append(dst, '{'), "trace_id", l.TraceID)
	dst = appendString(dst, "span_id", l.SpanID)
	dst = appendString(dst, "trace_state", l.TraceState)
	dst = appendCount(dst, "dropped_attributes", l.Dropped)
	if len(l.Attrs) > 0 {
		dst = appendAttrs(appendOwn(dst, "attributes"), l.Attrs)
	}
	return append(dst, '}')
}

// appendRecord appends what a log record says beside its attributes.
func (r *otelReading) appendRecord(dst []byte) []byte {
	l := r.record
	dst = appendString(dst, "log", or(l.EventName, "record"))
	dst = appendNano(dst, "time_unix_nano", l.Time)
	dst = appendNano(dst, "observed_time_unix_nano", l.Observed)
	if l.Severity != 0 {
		dst = strconv.AppendInt(appendOwn(dst, "severity_number"), int64(l.Severity), 10)
	}
	dst = appendString(dst, "severity", l.SeverityText)
	dst = appendCount(dst, "dropped_attributes", l.Dropped)
	if l.Body.Kind != ValueEmpty && !r.body {
		dst = l.Body.AppendJSON(appendOwn(dst, "body"))
	}
	return dst
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
