package transcript

import (
	"encoding/json"
	"io"
	"iter"
	"strconv"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// member is one member of a JSON object.
type member struct {
	key   string
	value []byte
}

// members returns the members of the valid object b in order; of those with the
// same key the last. A b that is no object has none.
func members(b []byte) []member {
	var all []member
	at := map[string]int{}
	_ = rawjson.Object(b, func(k, v []byte) error {
		key := string(rawjson.Unquote(nil, k))
		if i, ok := at[key]; ok {
			all[i].value = v
			return nil
		}
		at[key] = len(all)
		all = append(all, member{key, v})
		return nil
	})
	return all
}

// elements yields the elements of the valid array b.
func elements(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		_ = rawjson.Array(b, func(v []byte) error {
			if !yield(v) {
				return io.EOF // any error stops it
			}
			return nil
		})
	}
}

// without returns the members whose key is not among keys and that say
// something: no null and no empty list.
func without(all []member, keys ...string) []member {
	var rest []member
next:
	for _, m := range all {
		for _, k := range keys {
			if m.key == k {
				continue next
			}
		}
		if !isNull(m.value) && !(m.value[0] == '[' && rawjson.Len(m.value) == 0) {
			rest = append(rest, m)
		}
	}
	return rest
}

// find returns the value of the member with the given key, nil if it is absent
// or null.
func find(all []member, key string) []byte {
	for _, m := range all {
		if m.key == key && !isNull(m.value) {
			return m.value
		}
	}
	return nil
}

func isNull(v []byte) bool { return len(v) == 0 || v[0] == 'n' }

// text returns the string v; "" for any other value.
func text(v []byte) string {
	if len(v) == 0 || v[0] != '"' {
		return ""
	}
	return string(rawjson.Unquote(nil, v))
}

// scalar returns a string's text or a number as written; "" for any other value.
func scalar(v []byte) string {
	if len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') {
		return string(v)
	}
	return text(v)
}

// number returns the number v.
func number(v []byte) (float64, bool) {
	if len(v) == 0 || v[0] == '"' {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

// embedded returns v, or the JSON that the string v holds: some exports keep
// JSON inside JSON. It is nil if v is a string that holds no JSON.
func embedded(v []byte, maxDepth int) []byte {
	if len(v) == 0 || v[0] != '"' {
		return v
	}
	inner := rawjson.Unquote(nil, v)
	if rawjson.Valid(inner, maxDepth) != nil {
		return nil
	}
	return inner[rawjson.SkipSpace(inner, 0):]
}

// structured returns s as it stands if it is a JSON object or array, else as a
// JSON string.
func structured(s string, maxDepth int) json.RawMessage {
	b := []byte(s)
	i := rawjson.SkipSpace(b, 0)
	if i < len(b) && (b[i] == '{' || b[i] == '[') && rawjson.Valid(b, maxDepth) == nil {
		return rawjson.Compact(nil, b)
	}
	return quote(s)
}

func quote(s string) json.RawMessage { return rawjson.AppendQuote(nil, s) }

// object returns the JSON object with these members.
func object(all ...member) json.RawMessage {
	b := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = rawjson.AppendQuote(b, m.key)
		b = append(b, ':')
		b = rawjson.Compact(b, m.value)
	}
	return append(b, '}')
}

// integer returns n as JSON.
func integer(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

// list returns the strings as a JSON array.
func list(all ...string) []byte {
	b := []byte{'['}
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = rawjson.AppendQuote(b, s)
	}
	return append(b, ']')
}
