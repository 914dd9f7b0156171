package lake

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// appendValue appends a value of DuckDB as JSON: times as RFC 3339 in UTC, dates
// as 2006-01-02, JSON as it stands, whole numbers of any size and decimals as
// numbers, what is no number in JSON (NaN, infinite) as null, bytes in
// hexadecimal. kind is the name of its type, "" when it is not known.
func appendValue(dst []byte, v any, kind string) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		if kind == "JSON" && rawjson.Valid([]byte(v), maxDepth) == nil {
			return append(dst, v...)
		}
		return rawjson.AppendQuote(dst, v)
	case []byte:
		return append(hex.AppendEncode(append(dst, '"'), v), '"')
	case float32:
		return appendFloat(dst, float64(v), 32)
	case float64:
		return appendFloat(dst, v, 64)
	case *big.Int:
		return v.Append(dst, 10)
	case time.Time:
		return rawjson.AppendQuote(dst, timeText(v, kind))
	case []any:
		return appendList(dst, v, strings.TrimSuffix(kind, "[]"))
	case map[string]any:
		return appendObject(dst, v)
	case duckdb.OrderedMap:
		return appendMap(dst, v)
	case duckdb.Decimal:
		return append(dst, v.String()...)
	case int8, int16, int32, int64, int, uint8, uint16, uint32, uint64, uint:
		return fmt.Append(dst, v)
	}
	if s, ok := v.(fmt.Stringer); ok {
		return rawjson.AppendQuote(dst, s.String())
	}
	return rawjson.AppendQuote(dst, fmt.Sprint(v))
}

// maxDepth bounds the nesting of JSON that is passed on as it stands.
const maxDepth = 10_000

func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func appendList(dst []byte, list []any, kind string) []byte {
	dst = append(dst, '[')
	for i, item := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, item, kind)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, m map[string]any) []byte {
	dst = append(dst, '{')
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendQuote(dst, key), ':')
		dst = appendValue(dst, m[key], "")
	}
	return append(dst, '}')
}

// appendMap appends a MAP; a key that is no text is spelled as its JSON.
func appendMap(dst []byte, m duckdb.OrderedMap) []byte {
	dst = append(dst, '{')
	values := m.Values()
	for i, key := range m.Keys() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if s, ok := key.(string); ok {
			dst = rawjson.AppendQuote(dst, s)
		} else {
			dst = rawjson.AppendQuote(dst, appendValue(nil, key, ""))
		}
		dst = appendValue(append(dst, ':'), values[i], "")
	}
	return append(dst, '}')
}

func timeText(t time.Time, kind string) string {
	switch {
	case kind == "DATE":
		return t.UTC().Format(time.DateOnly)
	case strings.HasPrefix(kind, "TIME") && !strings.HasPrefix(kind, "TIMESTAMP"):
		return t.Format("15:04:05.999999999")
	}
	return t.UTC().Format(time.RFC3339Nano)
}
