package dialect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// vocabulary returns the keys, texts and names that the fixtures have.
func vocabulary(f testing.TB) (keys, texts []string) {
	files, err := filepath.Glob("testdata/otel/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures", err)
	}
	seen := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, x := range v {
				s, ok := x.(string)
				switch {
				case ok && name == "key" && !seen["k"+s]:
					seen["k"+s] = true
					keys = append(keys, s)
				case ok && (name == "stringValue" || name == "name" || name == "eventName") && !seen["t"+s]:
					seen["t"+s] = true
					texts = append(texts, s)
				}
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			f.Fatal(err)
		}
		walk(v)
	}
	slices.Sort(keys)
	slices.Sort(texts)
	return keys, texts
}

// FuzzDialects mixes the vocabularies of all dialects in one span or log: nothing
// panics, nothing is lost, and no token is made up.
func FuzzDialects(f *testing.F) {
	keys, texts := vocabulary(f)
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, "x", int64(7))
	f.Add([]byte("\x00\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0"), `{"a":[1]}`, int64(-1))
	f.Fuzz(func(t *testing.T, pick []byte, odd string, n int64) {
		next := func() int {
			if len(pick) == 0 {
				return 0
			}
			c := int(pick[0])
			pick = pick[1:]
			return c
		}
		choose := func(from []string) string { return from[(next()|next()<<8)%len(from)] }
		var attrs []dialect.Attr
		tokens := false
		for len(pick) > 0 && len(attrs) < 64 {
			a := dialect.Attr{Key: []byte(choose(keys))}
			switch next() % 7 {
			case 0:
				a.Value = dialect.IntValue(n)
			case 1:
				a.Value = dialect.IntValue(int64(next()))
			case 2:
				a.Value = dialect.StringValue(odd)
			case 3:
				a.Value = dialect.BoolValue(next()%2 == 0)
			case 4:
				a.Value = dialect.DoubleValue(float64(n) / 8)
			default:
				a.Value = dialect.StringValue(choose(texts))
			}
			low := strings.ToLower(string(a.Key))
			tokens = tokens || strings.Contains(low, "token") || strings.Contains(low, "usage")
			attrs = append(attrs, a)
		}
		scope := &dialect.Scope{Name: choose(texts)}
		res := &dialect.Resource{Attrs: []dialect.Attr{{Key: []byte("service.name"), Value: dialect.StringValue(choose(texts))}}}
		b := &dialect.Batch{
			Spans: []dialect.Span{{Resource: res, Scope: scope, TraceID: "t", SpanID: "s", ParentID: odd, Name: choose(texts), Kind: dialect.SpanKind(next()), Start: 5, End: n, Attrs: attrs, StatusCode: int32(next() % 3)}},
			Logs:  []dialect.LogRecord{{Resource: res, Scope: scope, Time: n, EventName: choose(texts), Attrs: attrs, Body: dialect.StringValue(odd)}},
		}
		mapper := dialect.OTel{LeftOver: true}
		readings := mapper.Map(b)
		if len(readings) != 2 {
			t.Fatalf("%d readings", len(readings))
		}
		checkReadings(t, readings)
		for _, r := range readings {
			for _, e := range r.Events {
				checkTokens(t, e, tokens)
			}
			checkKept(t, r, attrs)
		}
	})
}

// checkTokens holds that an event has tokens only where the source speaks of them.
func checkTokens(t *testing.T, e *hansard.Event, tokens bool) {
	for _, n := range []hansard.Opt[int64]{e.InputTokens, e.OutputTokens, e.CacheReadTokens, e.CacheWriteTokens, e.ReasoningTokens, e.TokenCount} {
		if n.Set && !tokens {
			t.Fatalf("tokens from nowhere: %d", n.V)
		}
		if n.V < 0 {
			t.Fatalf("%d tokens", n.V)
		}
	}
}

// checkKept holds that each attribute stands in the attributes of the main event,
// or is named there as moved to a field.
func checkKept(t *testing.T, r dialect.Reading, attrs []dialect.Attr) {
	var have map[string]json.RawMessage
	if err := json.Unmarshal(r.Events[0].Attributes, &have); err != nil {
		t.Fatal(err)
	}
	var otel struct {
		Moved map[string]string `json:"moved"`
	}
	if err := json.Unmarshal(have["otel"], &otel); err != nil {
		t.Fatal(err)
	}
	for _, a := range attrs {
		key := string(a.Key)
		_, kept := have[key]
		_, moved := otel.Moved[key]
		for prefix := range otel.Moved {
			moved = moved || strings.HasSuffix(prefix, "*") && strings.HasPrefix(key, strings.TrimSuffix(prefix, "*"))
		}
		if !kept && !moved && key != "otel" {
			t.Fatalf("the attribute %q is gone: %s", key, r.Events[0].Attributes)
		}
	}
}
