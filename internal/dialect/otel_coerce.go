package dialect

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Senders write numbers and truths as strings, and structures as JSON in a
// string. What follows reads either.

// number returns the value as a non-negative JSON number's text, or nil.
func (v Value) number() []byte {
	switch v.Kind {
	case ValueInt:
		if int64(v.Num) < 0 {
			return nil
		}
		return strconv.AppendUint(nil, v.Num, 10)
	case ValueDouble:
		x := math.Float64frombits(v.Num)
		if !(x >= 0) || math.IsInf(x, 0) {
			return nil
		}
		return strconv.AppendFloat(nil, x, 'g', -1, 64)
	case ValueString:
		b := bytes.TrimSpace(v.Text)
		if len(b) > 0 && len(b) < 40 && (b[0] == '-' || '0' <= b[0] && b[0] <= '9') && rawjson.Valid(b, 1) == nil {
			return b
		}
	}
	return nil
}

// count returns the value as a count, such as of tokens: a whole number from 0
// to 2^53-1.
func (v Value) count() (n hansard.Opt[int64]) {
	if v.Kind == ValueInt {
		if v.Num <= hansard.MaxSafeInteger {
			return hansard.Some(int64(v.Num))
		}
		return n
	}
	if b := v.number(); b != nil {
		if x, ok := whole(b); ok {
			return hansard.Some(x)
		}
	}
	return n
}

// scaled returns the value times 10^digits, rounded, such as dollars as
// nano-dollars.
func (v Value) scaled(digits int) (n hansard.Opt[int64]) {
	if b := v.number(); b != nil {
		if x, ok := scaled(b, digits); ok {
			return hansard.Some(x)
		}
	}
	return n
}

// float returns the value as a finite number.
func (v Value) float() (x hansard.Opt[float64]) {
	switch v.Kind {
	case ValueInt:
		return hansard.Some(float64(int64(v.Num)))
	case ValueDouble:
		f := math.Float64frombits(v.Num)
		return hansard.Opt[float64]{V: f, Set: !math.IsNaN(f) && !math.IsInf(f, 0)}
	case ValueString:
		f, err := strconv.ParseFloat(strings.TrimSpace(string(v.Text)), 64)
		return hansard.Opt[float64]{V: f, Set: err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)}
	}
	return x
}

// truth returns the value as a truth.
func (v Value) truth() (b hansard.Opt[bool]) {
	switch v.Kind {
	case ValueBool, ValueInt:
		return hansard.Some(v.Num != 0)
	case ValueString:
		switch strings.ToLower(strings.TrimSpace(string(v.Text))) {
		case "true", "1", "yes":
			return hansard.Some(true)
		case "false", "0", "no":
			return hansard.Some(false)
		}
	}
	return b
}

// maxJSONDepth bounds JSON inside of attributes, which the record holds as JSON.
const maxJSONDepth = 64

// structured returns the JSON that the value holds: a map or array as it is, a
// string that holds an object or array as that, any other value as itself. nil
// when it is empty. It shares no memory with the value.
func (v Value) structured() json.RawMessage {
	if v.Kind == ValueEmpty {
		return nil
	}
	if b := v.appendStructured(make([]byte, 0, len(v.Text)+8)); len(b) > 0 {
		return b
	}
	return nil
}

// appendStructured appends what structured returns.
func (v Value) appendStructured(dst []byte) []byte {
	switch v.Kind {
	case ValueEmpty:
		return dst
	case ValueString:
		b := bytes.TrimSpace(v.Text)
		if len(b) == 0 {
			return dst
		}
		if b[0] != '{' && b[0] != '[' {
			break
		}
		if end, compact := rawjson.ScanCompact(b, 0, maxJSONDepth); end == len(b) && compact {
			return append(dst, b...)
		}
		if rawjson.Valid(b, maxJSONDepth) == nil {
			return rawjson.Compact(dst, b)
		}
	}
	return v.AppendJSON(dst)
}

// isObject and isArray report what a JSON text holds.
func isObject(b []byte) bool { return len(b) > 0 && b[0] == '{' }
func isArray(b []byte) bool  { return len(b) > 0 && b[0] == '[' }

// textOf returns the text of a JSON string, "" of null, and any other JSON as
// its text.
func jsonText(b []byte) string {
	switch {
	case len(b) == 0 || b[0] == 'n':
		return ""
	case b[0] == '"' && len(b) > 1 && bytes.IndexByte(b, '\\') < 0:
		return string(b[1 : len(b)-1])
	case b[0] == '"':
		return string(rawjson.Unquote(nil, b))
	}
	return string(b)
}

// getText returns the text of an object's member.
func getText(object []byte, key string) string { return jsonText(rawjson.Get(object, key)) }

// list returns the value as a list of texts: of an array its elements, of a
// string its parts between commas.
func (v Value) list() []string {
	var out []string
	switch b := v.structured(); {
	case isArray(b):
		_ = rawjson.Array(b, func(item []byte) error {
			if s := jsonText(item); s != "" {
				out = append(out, s)
			}
			return nil
		})
	case v.Kind == ValueString:
		for part := range strings.SplitSeq(string(v.Text), ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// millis returns a duration in microseconds from a number of milliseconds.
func (v Value) millis() hansard.Opt[int64] { return v.scaled(3) }

// instant returns the value as Unix nanoseconds; 0 when it is no RFC 3339 time.
func (v Value) instant() int64 {
	if v.Kind != ValueString || len(v.Text) == 0 {
		return 0
	}
	ns, err := parseInstant(rawjson.AppendQuote(nil, v.Text))
	if err != nil {
		return 0
	}
	return ns
}
