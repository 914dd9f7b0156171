package otlp

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// envelopeDepth is how deep the values of attributes stand in a request in JSON,
// with what an array or a map of OTLP/JSON adds for each of its own levels taken
// into account by three: {"arrayValue":{"values":[...]}}.
const envelopeDepth = 16

// requestJSON reads a request in OTLP/JSON: names in lower camel case, ids in
// hexadecimal, 64-bit integers as strings or numbers, enumerations as numbers.
//
// That the request is JSON is found out as it is gone through. One that is not is
// refused as a whole, so that nothing of it is handed on before that is known.
func (d *decoder) requestJSON(b []byte) error {
	at := rawjson.SkipSpace(b, 0)
	if at >= len(b) || b[at] != '{' {
		if err := d.checkJSON(b); err != nil {
			return err
		}
		return invalid("the body is no JSON object")
	}
	resources, scopes, records := []string{"resourceSpans", "resource_spans"}, []string{"scopeSpans", "scope_spans"}, []string{"spans"}
	if d.signal == Logs {
		resources, scopes, records = []string{"resourceLogs", "resource_logs"}, []string{"scopeLogs", "scope_logs"}, []string{"logRecords", "log_records"}
	}
	d.unchecked = b
	w := jsonWalk{d: d, b: b, scopes: scopes, records: records}
	end := w.members(at, func(key []byte, at int) int {
		if !isOneOf(key, resources) {
			return w.skip(at)
		}
		return w.elements(at, w.resource)
	})
	switch {
	case w.err != nil:
		return w.err
	case w.broken || rawjson.SkipSpace(b, end) != len(b):
		return d.brokenJSON()
	}
	d.unchecked = nil
	return nil
}

// checkJSON returns what is wrong with a request that is no JSON.
func (d *decoder) checkJSON(b []byte) error {
	if err := rawjson.Valid(b, d.jsonDepth()); err != nil {
		return invalid("the body is not JSON: %w", err)
	}
	return nil
}

// jsonDepth is how deep a request in JSON may nest.
func (d *decoder) jsonDepth() int { return envelopeDepth + 4*d.limits.Depth }

// brokenJSON takes back what was read of a request that turned out to be no JSON, of
// which nothing was handed on.
func (d *decoder) brokenJSON() error {
	if d.unchecked == nil {
		return invalid("the body cannot be read")
	}
	err := d.checkJSON(d.unchecked)
	if err == nil {
		err = invalid("the body cannot be read")
	}
	d.unchecked = nil
	d.out = Decoded{}
	d.clear()
	d.bytes, d.attrs = 0, 0
	d.resetMemory()
	return err
}

// eachIn calls f for each element of the array that an object has under one of
// the names.
func eachIn(object []byte, names []string, f func(v []byte) error) error {
	return rawjson.Object(object, func(k, v []byte) error {
		for _, name := range names {
			if isKey(k, name) {
				return rawjson.Array(v, f)
			}
		}
		return nil
	})
}

// isKey reports whether a quoted key is the name.
func isKey(k []byte, name string) bool {
	return len(k) == len(name)+2 && string(k[1:len(k)-1]) == name
}

func (d *decoder) resourceJSON(res *dialect.Resource, b []byte) error {
	return at("resource", rawjson.Object(b, func(k, v []byte) (err error) {
		switch string(k) {
		case `"attributes"`:
			res.Attrs, err = d.ownAttrsJSON(v)
		case `"droppedAttributesCount"`, `"dropped_attributes_count"`:
			res.Dropped = uint32(uintOf(v))
		}
		return err
	}))
}

func (d *decoder) scopeJSON(s *dialect.Scope, b []byte) error {
	return at("scope", rawjson.Object(b, func(k, v []byte) (err error) {
		switch string(k) {
		case `"name"`:
			s.Name = stringOf(v)
		case `"version"`:
			s.Version = stringOf(v)
		case `"attributes"`:
			s.Attrs, err = d.ownAttrsJSON(v)
		case `"droppedAttributesCount"`, `"dropped_attributes_count"`:
			s.Dropped = uint32(uintOf(v))
		}
		return err
	}))
}

// spanJSON reads the span at an offset, and returns that of its end. Its attributes,
// most of it, are read where they stand.
func (d *decoder) spanJSON(s *dialect.Span, b []byte, offset int) (int, error) {
	return d.eachMember(b, offset, func(k []byte, at int) (end int, err error) {
		if isKey(k, "attributes") {
			s.Attrs, end, err = d.attrsJSON(b, at)
			return end, err
		}
		if end, err = d.scanJSON(b, at); err != nil {
			return end, err
		}
		return end, d.spanFieldJSON(s, k, b[at:end])
	})
}

func (d *decoder) spanFieldJSON(s *dialect.Span, k, v []byte) (err error) {
	switch string(k) {
	case `"traceId"`, `"trace_id"`:
		s.TraceID, err = d.traceIDOf(v)
	case `"spanId"`, `"span_id"`:
		s.SpanID, err = d.idOf(v, 8)
	case `"parentSpanId"`, `"parent_span_id"`:
		s.ParentID, err = d.idOf(v, 8)
	case `"traceState"`, `"trace_state"`:
		s.TraceState = stringOf(v)
	case `"name"`:
		s.Name = d.nameOf(v)
	case `"kind"`:
		s.Kind = kindOf(v)
	case `"startTimeUnixNano"`, `"start_time_unix_nano"`:
		s.Start = nanos(uintOf(v))
	case `"endTimeUnixNano"`, `"end_time_unix_nano"`:
		s.End = nanos(uintOf(v))
	case `"flags"`:
		s.Flags = uint32(uintOf(v))
	default:
		return d.spanRestJSON(s, k, v)
	}
	return err
}

// spanRestJSON is the second half of spanFieldJSON.
func (d *decoder) spanRestJSON(s *dialect.Span, k, v []byte) error {
	switch string(k) {
	case `"droppedAttributesCount"`, `"dropped_attributes_count"`:
		s.DroppedAttrs = uint32(uintOf(v))
	case `"droppedEventsCount"`, `"dropped_events_count"`:
		s.DroppedEvents = uint32(uintOf(v))
	case `"droppedLinksCount"`, `"dropped_links_count"`:
		s.DroppedLinks = uint32(uintOf(v))
	case `"status"`:
		return rawjson.Object(v, func(k, v []byte) error {
			switch string(k) {
			case `"message"`:
				s.StatusMessage = stringOf(v)
			case `"code"`:
				s.StatusCode = codeOf(v)
			}
			return nil
		})
	case `"events"`:
		return at("span event", rawjson.Array(v, func(v []byte) error { return d.spanEventJSON(s, v) }))
	case `"links"`:
		return at("span link", rawjson.Array(v, func(v []byte) error { return d.spanLinkJSON(s, v) }))
	}
	return nil
}

func (d *decoder) spanEventJSON(s *dialect.Span, b []byte) error {
	if len(s.Events) >= d.limits.Children {
		return tooMany("events", d.limits.Children)
	}
	var e dialect.SpanEvent
	err := rawjson.Object(b, func(k, v []byte) (err error) {
		switch string(k) {
		case `"timeUnixNano"`, `"time_unix_nano"`:
			e.Time = nanos(uintOf(v))
		case `"name"`:
			e.Name = stringOf(v)
		case `"attributes"`:
			e.Attrs, _, err = d.attrsJSON(v, 0)
		case `"droppedAttributesCount"`, `"dropped_attributes_count"`:
			e.Dropped = uint32(uintOf(v))
		}
		return err
	})
	s.Events = append(s.Events, e)
	return err
}

func (d *decoder) spanLinkJSON(s *dialect.Span, b []byte) error {
	if len(s.Links) >= d.limits.Children {
		return tooMany("links", d.limits.Children)
	}
	var l dialect.SpanLink
	err := rawjson.Object(b, func(k, v []byte) (err error) {
		switch string(k) {
		case `"traceId"`, `"trace_id"`:
			l.TraceID, err = d.idOf(v, 16)
		case `"spanId"`, `"span_id"`:
			l.SpanID, err = d.idOf(v, 8)
		case `"traceState"`, `"trace_state"`:
			l.TraceState = stringOf(v)
		case `"attributes"`:
			l.Attrs, _, err = d.attrsJSON(v, 0)
		case `"droppedAttributesCount"`, `"dropped_attributes_count"`:
			l.Dropped = uint32(uintOf(v))
		case `"flags"`:
			l.Flags = uint32(uintOf(v))
		}
		return err
	})
	s.Links = append(s.Links, l)
	return err
}

// logJSON is spanJSON for a log record.
func (d *decoder) logJSON(l *dialect.LogRecord, b []byte, offset int) (int, error) {
	return d.eachMember(b, offset, func(k []byte, at int) (end int, err error) {
		if isKey(k, "attributes") {
			l.Attrs, end, err = d.attrsJSON(b, at)
			return end, err
		}
		if end, err = d.scanJSON(b, at); err != nil {
			return end, err
		}
		return end, d.logFieldJSON(l, k, b[at:end])
	})
}

func (d *decoder) logFieldJSON(l *dialect.LogRecord, k, v []byte) (err error) {
	switch string(k) {
	case `"timeUnixNano"`, `"time_unix_nano"`:
		l.Time = nanos(uintOf(v))
	case `"observedTimeUnixNano"`, `"observed_time_unix_nano"`:
		l.Observed = nanos(uintOf(v))
	case `"severityNumber"`, `"severity_number"`:
		l.Severity = int32(uintOf(v))
	case `"severityText"`, `"severity_text"`:
		l.SeverityText = stringOf(v)
	case `"eventName"`, `"event_name"`:
		l.EventName = stringOf(v)
	case `"body"`:
		l.Body, _, err = d.valueJSON(v, 0)
		return at("body", err)
	case `"droppedAttributesCount"`, `"dropped_attributes_count"`:
		l.Dropped = uint32(uintOf(v))
	case `"flags"`:
		l.Flags = uint32(uintOf(v))
	case `"traceId"`, `"trace_id"`:
		l.TraceID, err = d.traceIDOf(v)
	case `"spanId"`, `"span_id"`:
		l.SpanID, err = d.idOf(v, 8)
	}
	return err
}

// attrsJSON reads the list of {"key", "value"} at an offset, and returns that of its
// end.
func (d *decoder) attrsJSON(b []byte, offset int) (list []dialect.Attr, end int, err error) {
	list = d.room.open(attrChunk / 64)
	end, err = d.eachElement(b, offset, func(offset int) (int, error) {
		if err := d.another(len(list)); err != nil {
			return offset, err
		}
		if a, end := d.plainAttrJSON(b, offset); end > 0 {
			list = append(list, a)
			return end, nil
		}
		var a dialect.Attr
		end, err := d.eachMember(b, offset, func(k []byte, offset int) (end int, err error) {
			if isKey(k, "value") {
				a.Value, end, err = d.valueJSON(b, offset)
				return end, err
			}
			if end, err = d.scanJSON(b, offset); err == nil && isKey(k, "key") {
				a.Key = textOf(b[offset:end])
			}
			return end, err
		})
		list = append(list, a)
		return end, at("attribute", err)
	})
	return d.room.keep(list), end, err
}

// ownAttrsJSON is attrsJSON for what more than one batch may need.
func (d *decoder) ownAttrsJSON(b []byte) (own []dialect.Attr, err error) {
	err = d.apart(func() error {
		list, _, err := d.attrsJSON(b, 0)
		own = slices.Clone(list)
		return err
	})
	return own, err
}

// textOf returns the text of a JSON string, pointing into it where it has no
// escapes.
func textOf(v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return v
	}
	if bytes.IndexByte(v, '\\') >= 0 {
		return rawjson.Unquote(make([]byte, 0, len(v)), v)
	}
	return v[1 : len(v)-1]
}

func stringOf(v []byte) string {
	if len(v) == 0 || v[0] != '"' {
		return ""
	}
	return string(textOf(v))
}

// nameOf is stringOf for what is short and in every record.
func (d *decoder) nameOf(v []byte) string {
	if len(v) == 0 || v[0] != '"' {
		return ""
	}
	return d.texts.Copy(textOf(v))
}

// uintOf returns a number, or a string that holds one; 0 for anything else.
func uintOf(v []byte) uint64 {
	n, err := strconv.ParseUint(string(textOf(v)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// idOf returns an id from hexadecimal.
func (d *decoder) idOf(v []byte, n int) (string, error) {
	t := textOf(v)
	if len(t) == 0 || v[0] == 'n' {
		return "", nil
	}
	var b [16]byte
	if v[0] != '"' || len(t) != 2*n {
		return "", invalid("an id is not of %d hexadecimal digits", 2*n)
	}
	if _, err := hex.Decode(b[:], t); err != nil {
		return "", invalid("an id is not hexadecimal")
	}
	return d.hexID(b[:n], n)
}

// traceIDOf is idOf for a trace's id, which many spans in a row have.
func (d *decoder) traceIDOf(v []byte) (string, error) {
	if len(v) == 34 && string(v) == d.lastTrace {
		return d.lastTraceHex, nil
	}
	id, err := d.idOf(v, 16)
	if err == nil && id != "" {
		d.lastTrace, d.lastTraceHex = string(v), id
	}
	return id, err
}

// kindOf returns a span's kind, by number or by name.
func kindOf(v []byte) dialect.SpanKind {
	switch string(v) {
	case `"SPAN_KIND_INTERNAL"`:
		return dialect.KindInternal
	case `"SPAN_KIND_SERVER"`:
		return dialect.KindServer
	case `"SPAN_KIND_CLIENT"`:
		return dialect.KindClient
	case `"SPAN_KIND_PRODUCER"`:
		return dialect.KindProducer
	case `"SPAN_KIND_CONSUMER"`:
		return dialect.KindConsumer
	}
	return dialect.SpanKind(uintOf(v))
}

func codeOf(v []byte) int32 {
	switch string(v) {
	case `"STATUS_CODE_OK"`:
		return dialect.StatusOK
	case `"STATUS_CODE_ERROR"`:
		return dialect.StatusError
	}
	return int32(uintOf(v))
}
