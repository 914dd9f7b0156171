package redact_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/redact"
)

// values that a fuzzer plants: one of each kind that is known by its form.
func values() []string {
	return []string{"anna.s@example.com", "+49 171 1234567", "4111 1111 1111 1111", "DE89370400440532013000", "536-22-8726", join("gh", "p_", alnum[:36])}
}

// FuzzText plants a value in any text and looks for it in what comes out.
func FuzzText(f *testing.F) {
	for i, s := range []string{"", "call ", "\n\n", "password=", "x@y.com@", `{"a":"`, "pii:email:k1:0123456789abcdef ", "1 2 3 ", "日本", `\n\u0041`, "-----BEGIN", "://a:b@"} {
		f.Add(s, s, i)
	}
	e := engine(f, redact.Config{})
	f.Fuzz(func(t *testing.T, before, after string, n int) {
		v := values()[uint(n)%uint(len(values()))]
		in := before + " \n" + v + "\n " + after
		out, counts, err := e.Text(keys(), in)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(out, v) > 0 || counts == nil {
			t.Fatalf("%q is still in %q", v, out)
		}
		if again, counts, err := e.Text(keys(), out); err != nil || again != out || counts != nil {
			t.Fatalf("not idempotent: %q\n gave %q\n then %q %v %v", in, out, again, counts, err)
		}
	})
}

// FuzzJSON redacts any JSON with a value planted in it, spelled with escapes,
// once or twice encoded: what comes out is JSON, has the value in no string and
// does not change any more.
func FuzzJSON(f *testing.F) {
	for i, s := range []string{`null`, `{"password":"x","b":[1,2,{"c":"a@b.io"}]}`, `"{\"a\":\"b@c.io\"}"`, `[4111111111111111,"\ud800"]`, `{"a@b.io":1,"a@b.io":2}`, `"pii:email:k1:0123456789abcdef"`} {
		f.Add([]byte(s), i)
	}
	e := engine(f, redact.Config{})
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if rawjson.Valid(b, 100) != nil {
			return
		}
		v := values()[uint(n)%uint(len(values()))]
		var escaped strings.Builder
		for i, c := range v {
			if (n>>(i%8))&1 == 1 {
				fmt.Fprintf(&escaped, `\u%04x`, c)
			} else {
				escaped.WriteRune(c)
			}
		}
		inner := fmt.Sprintf(`{"q":"see \n%s","w":%s}`, escaped.String(), b)
		in := fmt.Sprintf(`{"a":%s,"b":["%s",%s],"%s":%s}`, b, escaped.String(), rawjson.AppendQuote(nil, inner), escaped.String(), b)
		r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(in)}})
		if err != nil {
			t.Fatal(err)
		}
		out := r.Entry().Params
		if err := rawjson.Valid(out, 200); err != nil {
			t.Fatalf("%s became %s: %v", in, out, err)
		}
		strs(out, func(s string) {
			if strings.Contains(s, v) {
				t.Fatalf("%q is still in %q", v, s)
			}
		})
		decoded, err := e.RedactDecoded(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(in)}})
		if err != nil || string(decoded.Entry().Params) != string(out) || !cmp.Equal(decoded.Entry().Redactions, r.Entry().Redactions) {
			t.Fatalf("%s, known to be valid, became %s, not %s: %v", in, decoded.Entry().Params, out, err)
		}
		before := string(out)
		again, err := e.Redact(keys(), r.Entry())
		if err != nil || string(again.Entry().Params) != before || again.Entry().Redactions != nil {
			t.Fatalf("not idempotent: %s\n gave %s\n then %s %v %v", in, before, again.Entry().Params, again.Entry().Redactions, err)
		}
	})
}

// strs calls f with every decoded string and key in b, also of JSON in strings.
func strs(b []byte, f func(string)) {
	switch i := rawjson.SkipSpace(b, 0); b[i] {
	case '"':
		s := rawjson.Unquote(nil, b[i:])
		f(string(s))
		if len(s) > 0 && rawjson.Valid(s, 200) == nil {
			strs(s, f)
		}
	case '{':
		_ = rawjson.Object(b, func(k, v []byte) error { strs(k, f); strs(v, f); return nil })
	case '[':
		_ = rawjson.Array(b, func(v []byte) error { strs(v, f); return nil })
	}
}

// FuzzRules reads any file of rules; what is accepted must work.
func FuzzRules(f *testing.F) {
	f.Add("rules:\n- id: a\n  keywords: [ab]\n  regexp: 'ab(c)?'\n  group: 1\n")
	f.Add("rules:\n- id: a\n  keywords: [ab]\n  fold: true\n  inside: true\n  regexp: 'a.*'\n  entropy: 1\n  allow: [abc]\n")
	f.Add("rules: [")
	f.Fuzz(func(t *testing.T, file string) {
		name := writeRules(t, file)
		e, err := redact.New(redact.Config{RulesFile: name})
		if err != nil {
			return
		}
		if _, _, err := e.Text(keys(), "ab abc aab ABC "+file); err != nil {
			t.Fatal(err)
		}
	})
}

func writeRules(t *testing.T, text string) string {
	t.Helper()
	f, err := os.CreateTemp("", "rules")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(f.Name()) })
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
