package dialect

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// ValueKind says what an attribute's Value holds.
type ValueKind uint8

// The kinds of OTLP's AnyValue. Arrays and maps are one kind: both are held as
// JSON, because that is what becomes of them.
const (
	ValueEmpty  ValueKind = iota
	ValueString           // Text is the string
	ValueBool             // Num is 0 or 1
	ValueInt              // Num is the int64
	ValueDouble           // Num holds the float64's bits
	ValueBytes            // Text is the base64 of the bytes
	ValueJSON             // Text is an array or a map as compact, valid JSON
)

// Value is the value of an attribute (OTLP AnyValue). Text may point into the
// request that it came with: copy what outlives it.
type Value struct {
	Kind ValueKind
	Text []byte
	Num  uint64
}

// Attr is an attribute: a key, which may point into the request, and its value.
type Attr struct {
	Key   []byte
	Value Value
}

// StringValue makes a value of a string.
func StringValue(s string) Value { return Value{Kind: ValueString, Text: []byte(s)} }

// IntValue makes a value of an integer.
func IntValue(n int64) Value { return Value{Kind: ValueInt, Num: uint64(n)} }

// BoolValue makes a value of a truth.
func BoolValue(b bool) Value {
	if b {
		return Value{Kind: ValueBool, Num: 1}
	}
	return Value{Kind: ValueBool}
}

// DoubleValue makes a value of a floating-point number.
func DoubleValue(x float64) Value { return Value{Kind: ValueDouble, Num: math.Float64bits(x)} }

// AppendJSON appends the value as JSON: an int64 with all its digits, bytes as
// base64, what no JSON number can say (NaN, infinities) as a string. Strings
// that are not UTF-8 get U+FFFD for what is not.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case ValueString, ValueBytes:
		return rawjson.AppendQuote(dst, v.Text)
	case ValueBool:
		return strconv.AppendBool(dst, v.Num != 0)
	case ValueInt:
		return strconv.AppendInt(dst, int64(v.Num), 10)
	case ValueDouble:
		x := math.Float64frombits(v.Num)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			dst = append(dst, '"')
			return append(strconv.AppendFloat(dst, x, 'g', -1, 64), '"')
		}
		return appendFloat(dst, x)
	case ValueJSON:
		return append(dst, v.Text...)
	}
	return append(dst, "null"...)
}

// Resource is what all spans or logs below it were made by (OTLP Resource).
type Resource struct {
	Attrs   []Attr
	Dropped uint32 // attributes that the sender says it dropped
	Schema  string // schema URL
}

// Scope is the instrumentation that made a span or log (OTLP
// InstrumentationScope).
type Scope struct {
	Name    string
	Version string
	Attrs   []Attr
	Dropped uint32
	Schema  string
}

// SpanKind is OTLP's Span.SpanKind.
type SpanKind int32

// The kinds of span.
const (
	KindUnspecified SpanKind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

// String returns the kind in lower case; "" when it is unspecified or unknown.
func (k SpanKind) String() string {
	if k < 0 || int(k) >= 6 {
		return ""
	}
	return [...]string{"", "internal", "server", "client", "producer", "consumer"}[k]
}

// The codes of a span's status.
const (
	StatusUnset = 0
	StatusOK    = 1
	StatusError = 2
)

// Span is one OTLP span. Ids are lower-case hexadecimal, "" when absent; times
// are Unix nanoseconds, 0 when absent.
type Span struct {
	Resource *Resource
	Scope    *Scope

	TraceID, SpanID, ParentID string
	TraceState                string
	Flags                     uint32
	Name                      string
	Kind                      SpanKind
	Start, End                int64
	Attrs                     []Attr
	Events                    []SpanEvent
	Links                     []SpanLink
	StatusCode                int32
	StatusMessage             string

	DroppedAttrs, DroppedEvents, DroppedLinks uint32
}

// SpanEvent is an event inside a span.
type SpanEvent struct {
	Time    int64
	Name    string
	Attrs   []Attr
	Dropped uint32
}

// SpanLink is a link from a span to another.
type SpanLink struct {
	TraceID, SpanID, TraceState string
	Attrs                       []Attr
	Dropped                     uint32
	Flags                       uint32
}

// LogRecord is one OTLP log record.
type LogRecord struct {
	Resource *Resource
	Scope    *Scope

	Time, Observed  int64
	Severity        int32
	SeverityText    string
	EventName       string
	Body            Value
	Attrs           []Attr
	Dropped         uint32
	Flags           uint32
	TraceID, SpanID string
}

// Batch is what is mapped together: a span finds its parents among its
// neighbours. The spans and logs of one export, or a part of a large one.
type Batch struct {
	Spans []Span
	Logs  []LogRecord
}

// find returns the value of a key among attributes, which are few.
func find(attrs []Attr, key string) (Value, bool) {
	for i := range attrs {
		if string(attrs[i].Key) == key {
			return attrs[i].Value, true
		}
	}
	return Value{}, false
}

// text returns the value of a key as text; "" when it is absent.
func text(attrs []Attr, key string) string {
	v, _ := find(attrs, key)
	return v.String()
}

// String returns a string as it is and any other value as its JSON text; "" for
// an empty one. The string shares no memory with the value.
func (v Value) String() string {
	switch v.Kind {
	case ValueEmpty:
		return ""
	case ValueString:
		if !utf8.Valid(v.Text) {
			return string(rawjson.Unquote(nil, rawjson.AppendQuote(nil, v.Text)))
		}
		return string(v.Text)
	}
	return string(v.AppendJSON(nil))
}
