package otlp

import (
	"encoding/base64"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// wireField is one field of a protobuf message.
type wireField struct {
	num   protowire.Number
	typ   protowire.Type
	value uint64 // of a varint or a fixed number
	bytes []byte // of a length-delimited field; it points into the message
}

// eachField calls f for each field of a message. Groups are skipped.
func eachField(b []byte, f func(w wireField) error) error {
	for len(b) > 0 {
		if field, rest, ok := shortField(b); ok {
			b = rest
			if err := f(wireField{num: protowire.Number(field[0] >> 3), typ: protowire.BytesType, bytes: field[2:]}); err != nil {
				return err
			}
			continue
		}
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return invalid("broken protobuf: %v", protowire.ParseError(n))
		}
		b = b[n:]
		w := wireField{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			w.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			w.value, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			w.value = uint64(v)
		case protowire.BytesType:
			w.bytes, n = protowire.ConsumeBytes(b)
		default:
			if n = protowire.ConsumeFieldValue(num, typ, b); n >= 0 {
				b = b[n:]
				continue
			}
		}
		if n < 0 {
			return invalid("broken protobuf in field %d: %v", num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := f(w); err != nil {
			return err
		}
	}
	return nil
}

// shortField returns the field that b begins with, and what is behind it, where the
// field is length-delimited and has its number and its length in a byte each, as most
// have.
func shortField(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x87 != byte(protowire.BytesType) || b[0] < 1<<3 || b[1] >= 0x80 || len(b)-2 < int(b[1]) {
		return nil, nil, false
	}
	end := 2 + int(b[1])
	return b[:end:end], b[end:], true
}

// is reports whether the field has the number and is length-delimited.
func (w *wireField) is(num protowire.Number) bool {
	return w.num == num && w.typ == protowire.BytesType
}

// request reads an ExportTraceServiceRequest or an ExportLogsServiceRequest, which
// have the same form down to the records.
func (d *decoder) request(b []byte) error {
	return eachField(b, func(w wireField) error {
		if !w.is(1) {
			return nil
		}
		return d.resourceRecords(w.bytes)
	})
}

// resourceRecords reads ResourceSpans or ResourceLogs. The resource may stand
// behind what it is of.
func (d *decoder) resourceRecords(b []byte) error {
	res := &dialect.Resource{}
	var broken error
	err := eachField(b, func(w wireField) error {
		switch {
		case w.is(1):
			broken = d.apart(func() error { return d.resource(res, w.bytes) })
		case w.is(3):
			res.Schema = string(w.bytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachField(b, func(w wireField) error {
		if !w.is(2) {
			return nil
		}
		return d.scopeRecords(res, w.bytes, broken)
	})
}

func (d *decoder) resource(res *dialect.Resource, b []byte) error {
	return at("resource", eachField(b, func(w wireField) (err error) {
		switch {
		case w.is(1):
			res.Attrs, err = d.attr(res.Attrs, w.bytes)
		case w.num == 2:
			res.Dropped = uint32(w.value)
		}
		return err
	}))
}

// scopeRecords reads ScopeSpans or ScopeLogs. broken says that the resource cannot
// be read: then none of its records is taken.
func (d *decoder) scopeRecords(res *dialect.Resource, b []byte, broken error) error {
	scope := &dialect.Scope{}
	err := eachField(b, func(w wireField) error {
		switch {
		case w.is(1):
			if err := d.apart(func() error { return d.scope(scope, w.bytes) }); err != nil && broken == nil {
				broken = err
			}
		case w.is(3):
			scope.Schema = string(w.bytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachField(b, func(w wireField) error {
		if !w.is(2) {
			return nil
		}
		return d.record(len(w.bytes), res, scope, func(s *dialect.Span, l *dialect.LogRecord) (size int, err error) {
			switch {
			case broken != nil:
				err = broken
			case s != nil:
				err = d.spanFields(s, w.bytes)
			default:
				err = d.logFields(l, w.bytes)
			}
			return len(w.bytes), err
		})
	})
}

func (d *decoder) scope(s *dialect.Scope, b []byte) error {
	return at("scope", eachField(b, func(w wireField) (err error) {
		switch {
		case w.is(1):
			s.Name = string(w.bytes)
		case w.is(2):
			s.Version = string(w.bytes)
		case w.is(3):
			s.Attrs, err = d.attr(s.Attrs, w.bytes)
		case w.num == 4:
			s.Dropped = uint32(w.value)
		}
		return err
	}))
}

func (d *decoder) spanFields(s *dialect.Span, b []byte) error {
	s.Attrs = d.room.open(attrChunk / 64)
	err := eachField(b, func(w wireField) (err error) {
		switch w.num {
		case 1:
			s.TraceID, err = d.traceID(w.bytes)
		case 2:
			s.SpanID, err = d.hexID(w.bytes, 8)
		case 3:
			s.TraceState = string(w.bytes)
		case 4:
			s.ParentID, err = d.hexID(w.bytes, 8)
		case 5:
			s.Name = d.texts.Copy(w.bytes)
		case 6:
			s.Kind = dialect.SpanKind(w.value)
		case 7:
			s.Start = nanos(w.value)
		case 8:
			s.End = nanos(w.value)
		case 9:
			s.Attrs, err = d.attr(s.Attrs, w.bytes)
		case 10:
			s.DroppedAttrs = uint32(w.value)
		case 11:
			err = d.spanEvent(s, w.bytes)
		case 12:
			s.DroppedEvents = uint32(w.value)
		case 13:
			err = d.spanLink(s, w.bytes)
		case 14:
			s.DroppedLinks = uint32(w.value)
		case 15:
			err = spanStatus(s, w.bytes)
		case 16:
			s.Flags = uint32(w.value)
		}
		return err
	})
	s.Attrs = d.room.keep(s.Attrs)
	return err
}

func spanStatus(s *dialect.Span, b []byte) error {
	return eachField(b, func(w wireField) error {
		switch w.num {
		case 2:
			s.StatusMessage = string(w.bytes)
		case 3:
			s.StatusCode = int32(w.value)
		}
		return nil
	})
}

func (d *decoder) spanEvent(s *dialect.Span, b []byte) error {
	if len(s.Events) >= d.limits.Children {
		return tooMany("events", d.limits.Children)
	}
	var e dialect.SpanEvent
	err := eachField(b, func(w wireField) (err error) {
		switch w.num {
		case 1:
			e.Time = nanos(w.value)
		case 2:
			e.Name = string(w.bytes)
		case 3:
			e.Attrs, err = d.attr(e.Attrs, w.bytes)
		case 4:
			e.Dropped = uint32(w.value)
		}
		return err
	})
	s.Events = append(s.Events, e)
	return at("span event", err)
}

func (d *decoder) spanLink(s *dialect.Span, b []byte) error {
	if len(s.Links) >= d.limits.Children {
		return tooMany("links", d.limits.Children)
	}
	var l dialect.SpanLink
	err := eachField(b, func(w wireField) (err error) {
		switch w.num {
		case 1:
			l.TraceID, err = d.hexID(w.bytes, 16)
		case 2:
			l.SpanID, err = d.hexID(w.bytes, 8)
		case 3:
			l.TraceState = string(w.bytes)
		case 4:
			l.Attrs, err = d.attr(l.Attrs, w.bytes)
		case 5:
			l.Dropped = uint32(w.value)
		case 6:
			l.Flags = uint32(w.value)
		}
		return err
	})
	s.Links = append(s.Links, l)
	return at("span link", err)
}

func (d *decoder) logFields(l *dialect.LogRecord, b []byte) error {
	l.Attrs = d.room.open(attrChunk / 64)
	err := eachField(b, func(w wireField) (err error) {
		switch w.num {
		case 1:
			l.Time = nanos(w.value)
		case 2:
			l.Severity = int32(w.value)
		case 3:
			l.SeverityText = string(w.bytes)
		case 5:
			l.Body, err = d.value(w.bytes)
			err = at("body", err)
		case 6:
			l.Attrs, err = d.attr(l.Attrs, w.bytes)
		case 7:
			l.Dropped = uint32(w.value)
		case 8:
			l.Flags = uint32(w.value)
		case 9:
			l.TraceID, err = d.hexID(w.bytes, 16)
		case 10:
			l.SpanID, err = d.hexID(w.bytes, 8)
		case 11:
			l.Observed = nanos(w.value)
		case 12:
			l.EventName = string(w.bytes)
		}
		return err
	})
	l.Attrs = d.room.keep(l.Attrs)
	return err
}

// attr reads a KeyValue behind the attributes that are there.
func (d *decoder) attr(to []dialect.Attr, b []byte) ([]dialect.Attr, error) {
	if err := d.another(len(to)); err != nil {
		return to, err
	}
	if a, ok := plainAttr(b); ok {
		return append(to, a), nil
	}
	var a dialect.Attr
	err := eachField(b, func(w wireField) (err error) {
		switch {
		case w.is(1):
			a.Key = w.bytes
		case w.is(2):
			a.Value, err = d.value(w.bytes)
		}
		return err
	})
	return append(to, a), at("attribute", err)
}

// plainAttr reads a KeyValue that has a key and then a value, as programs write it,
// which is a string, a truth or a number; false where attr is to read it, or to say what
// is wrong with it.
func plainAttr(b []byte) (a dialect.Attr, ok bool) {
	key, value, ok := shortField(b)
	if !ok || key[0] != 1<<3|byte(protowire.BytesType) {
		return a, false
	}
	a.Key = key[2:]
	if value, ok = wholeField(value, 2); !ok || len(value) == 0 {
		return a, false
	}
	n := 0
	w := wireField{num: protowire.Number(value[0] >> 3), typ: protowire.Type(value[0] & 7)}
	switch value[0] {
	case 1<<3 | byte(protowire.BytesType):
		w.bytes, ok = wholeField(value, 1)
		a.Value = scalar(w)
		return a, ok
	case 2<<3 | byte(protowire.VarintType), 3<<3 | byte(protowire.VarintType):
		w.value, n = protowire.ConsumeVarint(value[1:])
	case 4<<3 | byte(protowire.Fixed64Type):
		w.value, n = protowire.ConsumeFixed64(value[1:])
	}
	a.Value = scalar(w)
	return a, n > 0 && n == len(value)-1
}

// wholeField returns what a length-delimited field of the number holds which is all
// there is in b, and whether there is one.
func wholeField(b []byte, num byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != num<<3|byte(protowire.BytesType) {
		return nil, false
	}
	v, n := protowire.ConsumeBytes(b[1:])
	return v, n == len(b)-1
}

// value reads an AnyValue.
func (d *decoder) value(b []byte) (dialect.Value, error) {
	var v dialect.Value
	err := eachField(b, func(w wireField) error {
		if !w.is(5) && !w.is(6) {
			v = scalar(w)
			return nil
		}
		start := len(d.arena)
		if err := d.appendComposite(w, d.limits.Depth); err != nil {
			return err
		}
		v = dialect.Value{Kind: dialect.ValueJSON, Text: d.arena[start:len(d.arena):len(d.arena)]}
		return nil
	})
	return v, err
}

// appendComposite appends an array or a map to the arena as JSON.
func (d *decoder) appendComposite(w wireField, depth int) error {
	if depth == 0 {
		return tooDeep(d.limits.Depth)
	}
	open, end := byte('['), byte(']')
	if w.num == 6 {
		open, end = '{', '}'
	}
	d.arena = append(d.arena, open)
	first := true
	err := eachField(w.bytes, func(item wireField) error {
		if !item.is(1) {
			return nil
		}
		if !first {
			d.arena = append(d.arena, ',')
		}
		first = false
		if w.num == 6 {
			return d.appendMember(item.bytes, depth)
		}
		return d.appendValue(item.bytes, depth)
	})
	d.arena = append(d.arena, end)
	return err
}

// appendMember appends a KeyValue to the arena as a member.
func (d *decoder) appendMember(b []byte, depth int) error {
	var key, value []byte
	err := eachField(b, func(w wireField) error {
		switch {
		case w.is(1):
			key = w.bytes
		case w.is(2):
			value = w.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.arena = append(rawjson.AppendQuote(d.arena, key), ':')
	return d.appendValue(value, depth)
}

// appendValue appends an AnyValue to the arena.
func (d *decoder) appendValue(b []byte, depth int) error {
	start := len(d.arena)
	err := eachField(b, func(w wireField) error {
		d.arena = d.arena[:start] // the last of several counts
		if w.is(5) || w.is(6) {
			return d.appendComposite(w, depth-1)
		}
		d.arena = scalar(w).AppendJSON(d.arena)
		return nil
	})
	if err == nil && len(d.arena) == start {
		d.arena = append(d.arena, "null"...)
	}
	return err
}

// scalar returns the value of an AnyValue's field that is no array or map.
func scalar(w wireField) dialect.Value {
	switch {
	case w.is(1):
		return dialect.Value{Kind: dialect.ValueString, Text: w.bytes}
	case w.num == 2:
		return dialect.BoolValue(w.value != 0)
	case w.num == 3:
		return dialect.IntValue(int64(w.value))
	case w.num == 4:
		return dialect.DoubleValue(math.Float64frombits(w.value))
	case w.is(7):
		return dialect.Value{Kind: dialect.ValueBytes, Text: base64.StdEncoding.AppendEncode(nil, w.bytes)}
	}
	return dialect.Value{}
}
