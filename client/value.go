package client

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// maxDepth is how deep a value may be nested: the server takes 64 levels, and
// the event and its attributes are two of them.
const maxDepth = 60

// appendValue appends v as JSON. The kinds of value that agents mostly log are written
// at once, others by the shape of their type, and what has none by encoding/json. It
// never fails: what has no JSON form becomes a text that says so.
func (s *shapes) appendValue(dst []byte, v any, depth int) []byte {
	if depth > maxDepth {
		return append(dst, `"(nested too deep)"`...)
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return rawjson.AppendQuote(dst, v)
	case json.RawMessage:
		return appendRaw(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float64:
		return appendFloat(dst, v)
	case map[string]any:
		return s.appendMap(dst, v, depth)
	case map[string]string:
		return appendTextMap(dst, v)
	case []any:
		return s.appendList(dst, v, depth)
	case []map[string]any:
		return appendEach(dst, v, func(dst []byte, m map[string]any) []byte { return s.appendMap(dst, m, depth+1) })
	case []map[string]string:
		return appendEach(dst, v, appendTextMap)
	case []string:
		return appendTexts(dst, v)
	case time.Time:
		return append(v.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
	case json.Marshaler:
		return s.appendOther(dst, v)
	case error:
		return rawjson.AppendQuote(dst, errorText(v))
	}
	if shaped, ok := s.appendShaped(dst, v, depth); ok {
		return shaped
	}
	return s.appendOther(dst, v)
}

// appendRaw appends JSON that the caller made, or, where it is none, its text.
func appendRaw(dst []byte, v json.RawMessage) []byte {
	if len(v) == 0 {
		return append(dst, "null"...)
	}
	if rawjson.Valid(v, maxDepth) != nil {
		return rawjson.AppendQuote(dst, []byte(v))
	}
	return rawjson.Compact(dst, v)
}

// appendFloat appends a number with as many digits as it needs to be read back.
func appendFloat(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(strconv.AppendFloat(append(dst, '"'), x, 'g', -1, 64), '"')
	}
	a := math.Abs(x)
	if a >= 1e-6 && a < 1e6 {
		// What agents log is mostly a decimal of a few places: money, seconds, a
		// share. Where a decimal of nine places is read back as x it has at most 15
		// digits, and of those no two are the same number: it is the shortest.
		if n := int64(a*1e9 + 0.5); float64(n)/1e9 == a {
			return appendDecimal(dst, n, x < 0)
		}
	}
	format := byte('f')
	if a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, x, format, -1, 64)
}

// appendDecimal appends n billionths.
func appendDecimal(dst []byte, n int64, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, n/1e9, 10)
	if n %= 1e9; n == 0 {
		return dst
	}
	return appendFraction(dst, n)
}

// sortedKeys is how many keys of a map are sorted without an allocation.
const sortedKeys = 16

// appendMap appends an object with its keys sorted, so that the same value has
// the same text.
func (s *shapes) appendMap(dst []byte, m map[string]any, depth int) []byte {
	switch {
	case m == nil:
		return append(dst, "null"...)
	case len(m) <= sortedKeys/4: // to clear the larger room costs more than to fill this one
		var room [sortedKeys / 4]pair
		return s.appendPairs(dst, pairsOf(room[:0], m), depth)
	}
	var room [sortedKeys]pair
	return s.appendPairs(dst, pairsOf(room[:0], m), depth)
}

// pairsOf appends the members of a map, sorted. Most maps have a few, for which nothing
// is faster than to insert each where it belongs.
func pairsOf(pairs []pair, m map[string]any) []pair {
	for k, v := range m {
		pairs = append(pairs, pair{k, v})
		if len(m) > 2*sortedKeys {
			continue
		}
		i := len(pairs) - 1
		for ; i > 0 && before(k, pairs[i-1].key); i-- {
			pairs[i] = pairs[i-1]
		}
		pairs[i] = pair{k, v}
	}
	if len(m) > 2*sortedKeys {
		slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	}
	return pairs
}

func (s *shapes) appendPairs(dst []byte, pairs []pair, depth int) []byte {
	dst = append(dst, '{')
	for i := range pairs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendQuote(dst, pairs[i].key), ':')
		dst = s.appendValue(dst, pairs[i].value, depth+1)
	}
	return append(dst, '}')
}

// pair is a member of a map while they are sorted: to look each up again would
// cost more than the sort.
type pair struct {
	key   string
	value any
}

// before reports whether a sorts before b. Mostly the first bytes tell, and the
// comparison of the rest is a call.
func before(a, b string) bool {
	if a != "" && b != "" && a[0] != b[0] {
		return a[0] < b[0]
	}
	return a < b
}

func appendTextMap(dst []byte, m map[string]string) []byte {
	if m == nil {
		return append(dst, "null"...)
	}
	var room [sortedKeys]string
	keys := room[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendQuote(dst, k), ':')
		dst = rawjson.AppendQuote(dst, m[k])
	}
	return append(dst, '}')
}

func (s *shapes) appendList(dst []byte, list []any, depth int) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.appendValue(dst, v, depth+1)
	}
	return append(dst, ']')
}

// appendEach appends a list of objects, which is how conversations are mostly held.
func appendEach[M any](dst []byte, list []M, one func([]byte, M) []byte) []byte {
	if list == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, list[i])
	}
	return append(dst, ']')
}

func appendTexts(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendQuote(dst, s)
	}
	return append(dst, ']')
}

// jsonWriter is encoding/json with the memory that it writes to.
type jsonWriter struct {
	text bytes.Buffer
	enc  *json.Encoder
}

func newJSONWriter() *jsonWriter {
	w := &jsonWriter{}
	w.enc = json.NewEncoder(&w.text)
	w.enc.SetEscapeHTML(false)
	return w
}

// appendOther appends a value by encoding/json. A MarshalJSON that panics must
// not take the agent down.
func (s *shapes) appendOther(dst []byte, v any) (out []byte) {
	start := len(dst)
	defer func() {
		if r := recover(); r != nil {
			out = append(dst[:start], `"(no JSON form: its method panics)"`...)
		}
	}()
	w, _ := s.writers.Get().(*jsonWriter)
	if w == nil {
		w = newJSONWriter()
	}
	w.text.Reset()
	if err := w.enc.Encode(v); err != nil {
		return rawjson.AppendQuote(dst, "(no JSON form: "+err.Error()+")")
	}
	if text := bytes.TrimRight(w.text.Bytes(), "\n"); rawjson.Valid(text, maxDepth) != nil {
		dst = append(dst, `"(no JSON form: nested too deep)"`...)
	} else {
		dst = append(dst, text...)
	}
	if w.text.Cap() <= keptMemory {
		s.writers.Put(w)
	}
	return dst
}
