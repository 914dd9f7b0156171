package rawjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard/internal/rawjson"
)

func TestValid(t *testing.T) {
	ok := func(s string) {
		t.Helper()
		if err := rawjson.Valid([]byte(s), 8); err != nil {
			t.Errorf("Valid(%q) = %v, want nil", s, err)
		}
	}
	bad := func(s string, offset int) {
		t.Helper()
		err := rawjson.Valid([]byte(s), 8)
		if se, is := err.(*rawjson.SyntaxError); !is || se.Offset != offset {
			t.Errorf("Valid(%q) = %v, want a mistake at byte %d", s, err, offset)
		}
	}
	ok(`{"a":[1,-0.5e+10,true,false,null,"\u0040\n"]}`)
	ok(" [ ] ")
	ok(`{}`)
	ok(strings.Repeat("[", 8) + strings.Repeat("]", 8))
	bad(strings.Repeat("[", 9)+strings.Repeat("]", 9), 8)
	bad(``, 0)
	bad(`{"a":1,}`, 7)
	bad(`[1,]`, 3)
	bad(`01`, 1)
	bad(`1.`, 2)
	bad(`1e`, 2)
	bad(`"\x"`, 1)
	bad(`"\u12g4"`, 1)
	bad("\"\x01\"", 1)
	bad("\"\xff\"", 1)
	bad(`{"a" 1}`, 5)
	bad(`{a:1}`, 1)
	bad(`"abc`, 4)
	bad(`nul`, 0)
	bad(`1 2`, 2)
}

func TestUnquote(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(rawjson.Unquote(nil, []byte(in))); got != want {
			t.Errorf("Unquote(%s) = %q, want %q", in, got, want)
		}
	}
	f(`""`, "")
	f(`"a\u0040b"`, "a@b")
	f(`"\ud83d\ude00"`, "😀")
	f(`"\ud83dx"`, "\uFFFDx")
	f(`"\ude00\ud83d"`, "\uFFFD\uFFFD")
	f(`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t")
}

// TestUnquoteAnywhere puts each escape at each place of texts of many lengths, behind
// what is there already and before more.
func TestUnquoteAnywhere(t *testing.T) {
	for n := range 40 {
		for at := range n + 1 {
			for _, esc := range []string{`\"`, `\\`, `\\\"`, `\n`, `\u0041`, `\ud83d\ude00`, `\ud83dx`, `é`, `\"\"\"\"`} {
				text := strings.Repeat("abcdefghij", 4)
				q := []byte(`"` + text[:at] + esc + text[at:n] + `"`)
				var want string
				if err := json.Unmarshal(q, &want); err != nil {
					t.Fatal(err)
				}
				if got := rawjson.Unquote([]byte("before"), q); string(got) != "before"+want {
					t.Fatalf("Unquote(%s) = %q", q, got)
				}
				end, escaped := rawjson.StringEnd(append(append([]byte("[1,"), q...), `,"x"]`...), 3)
				if end != 3+len(q) || escaped != strings.Contains(esc, `\`) {
					t.Fatalf("StringEnd of %s is %d, with escapes: %t", q, end, escaped)
				}
				if end, _ := rawjson.StringEnd(q[:len(q)-1], 0); end != len(q)-1 {
					t.Fatalf("StringEnd of %s without its end is %d", q, end)
				}
				got, grown, end := rawjson.ScanText([]byte("before"), append(append([]byte("[1,"), q...), `,"x"]`...), 3)
				if string(got) != want || end != 3+len(q) || string(grown) != "before" && string(grown) != "before"+want {
					t.Fatalf("ScanText of %s is %q, its end %d, with %q", q, got, end, grown)
				}
			}
		}
	}
}

func TestAppendQuote(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(rawjson.AppendQuote(nil, in)); got != want {
			t.Errorf("AppendQuote(%q) = %s, want %s", in, got, want)
		}
	}
	f("", `""`)
	f("a\"\\/b\x00\x1f\x7f\u2028é", "\"a\\\"\\\\/b\\u0000\\u001f\x7f\u2028é\"")
	f("a\xffb", "\"a\uFFFDb\"")
	f("\b\t\n\f\r", `"\b\t\n\f\r"`)
}

// TestCopyPlain puts each byte at each place of texts of many lengths.
func TestCopyPlain(t *testing.T) {
	dst := make([]byte, 64)
	for n := range 40 {
		for at := range max(n, 1) {
			for c := range 256 {
				s := bytes.Repeat([]byte{'a'}, n)
				if n > 0 {
					s[at] = byte(c)
				}
				want := rawjson.AppendQuote(nil, s)
				if len(want) != n+2 || c >= 0x80 && n > 0 {
					want = nil
				}
				for i := range dst {
					dst[i] = '.'
				}
				if got := rawjson.CopyPlain(dst, s); got != len(want) || !bytes.Equal(dst[:got], want) || string(dst[n+2:]) != strings.Repeat(".", len(dst)-n-2) {
					t.Fatalf("%q: wrote %q, want %q", s, dst[:got], want)
				}
				if rawjson.CopyPlain(dst[:n+1], s) != 0 {
					t.Fatalf("%q: written where it has no room", s)
				}
			}
		}
	}
}

func TestGet(t *testing.T) {
	in := []byte(`{ "a" : [1, {"b": "x"}] , "\u0062":"y" , "a": 2 }`)
	if got := string(rawjson.Get(in, "b")); got != `"y"` {
		t.Errorf("Get b = %s", got)
	}
	if got := string(rawjson.Get(in, "a")); got != `2` {
		t.Errorf("Get a = %s", got)
	}
	if got := rawjson.Len(in); got != 3 {
		t.Errorf("Len = %d, want 3", got)
	}
	if got := string(rawjson.Compact(nil, in)); got != `{"a":[1,{"b":"x"}],"\u0062":"y","a":2}` {
		t.Errorf("Compact = %s", got)
	}
}

// FuzzValid checks the scanner against encoding/json, which differs in one
// point only: it replaces invalid UTF-8 where we refuse it.
func FuzzValid(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `"\ud83d\ude00"`, `-0.1e5`, "[\"\xff\"]", `{"a" : 1 , "b":[ ]}`, `{"aaaaa"`, `"\\`, `{"a":`, `["a\\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkText(t, b)
		err := rawjson.Valid(b, 1000)
		if want := json.Valid(b) && utf8.Valid(b); (err == nil) != want {
			t.Fatalf("Valid(%q) = %v, want valid: %v", b, err, want)
		}
		if err != nil {
			// What is not JSON must not make a reader panic.
			_ = rawjson.Object(b, func(k, v []byte) error { rawjson.Unquote(nil, k); return nil })
			_ = rawjson.Array(b, func(v []byte) error { rawjson.Unquote(nil, v); return nil })
			rawjson.Unquote(nil, b)
			rawjson.Compact(nil, b)
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, b); err != nil {
			t.Fatal(err)
		}
		got := rawjson.Compact(nil, b)
		if !bytes.Equal(got, want.Bytes()) && !onlySurrogatesDiffer(got, want.Bytes()) {
			t.Fatalf("Compact(%q) = %q, want %q", b, got, want.Bytes())
		}
		checkWalk(t, got)
	})
}

// checkText compares ScanText with Scan and Unquote, wherever a string may begin, and
// with enough behind it for the quick way as well as without.
func checkText(t *testing.T, b []byte) {
	for i := range b {
		if b[i] != '"' {
			continue
		}
		for _, b := range [][]byte{b, append(b[:len(b):len(b)], "                "...)} {
			end, err := rawjson.Scan(b, i, 0)
			text, arena, got := rawjson.ScanText([]byte("before"), b, i)
			if err != nil {
				end = 0
			}
			if got != end {
				t.Fatalf("the end of the string at %d of %q is %d, want %d", i, b, got, end)
			}
			if end != 0 && !bytes.Equal(text, rawjson.Unquote(nil, b[i:end])) || !bytes.HasPrefix(arena, []byte("before")) {
				t.Fatalf("the text at %d of %q is %q, with %q", i, b, text, arena)
			}
		}
	}
}

// onlySurrogatesDiffer reports whether a says \ufffd where b has a surrogate, and
// both are the same text: encoding/json reads a lone surrogate as U+FFFD too.
func onlySurrogatesDiffer(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.Contains(string(a[max(0, i-4):min(len(a), i+4)]), "fffd") {
			return false
		}
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y)
}

func TestCompactSurrogates(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(rawjson.Compact(nil, []byte(in))); got != want {
			t.Errorf("Compact(%s) = %s, want %s", in, got, want)
		}
	}
	f(`"\ud83d\ude00 \uD83D\uDE00"`, `"\ud83d\ude00 \uD83D\uDE00"`)
	f(`"\ud83d"`, `"\ufffd"`)
	f(`["\uDE00\uD83D", {"\ude00":1}]`, `["\ufffd\ufffd",{"\ufffd":1}]`)
	f(`"\ud83d\ud83d\ude00x\ud83d\n"`, `"\ufffd\ud83d\ude00x\ufffd\n"`)
	f(`"\\ud83d \\\ud83d \"\ud83d"`, `"\\ud83d \\\ufffd \"\ufffd"`)
	f(`"\u0041\ud83d\u0041"`, `"\u0041\ufffd\u0041"`)
}

// checkWalk rebuilds b from its walked pieces and compares.
func checkWalk(t *testing.T, b []byte) {
	var out []byte
	switch b[0] {
	case '{':
		out = append(out, '{')
		_ = rawjson.Object(b, func(k, v []byte) error {
			out = append(append(append(append(out, k...), ':'), v...), ',')
			checkWalk(t, v)
			return nil
		})
		out = append(bytes.TrimSuffix(out, []byte(",")), '}')
	case '[':
		out = append(out, '[')
		_ = rawjson.Array(b, func(v []byte) error {
			out = append(append(out, v...), ',')
			checkWalk(t, v)
			return nil
		})
		out = append(bytes.TrimSuffix(out, []byte(",")), ']')
	case '"':
		var want string
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		if got := string(rawjson.Unquote(nil, b)); got != want {
			t.Fatalf("Unquote(%s) = %q, want %q", b, got, want)
		}
		return
	default:
		return
	}
	if !bytes.Equal(out, b) {
		t.Fatalf("walked %s into %s", b, out)
	}
}
