package redact_test

import (
	"bytes"

	"regexp"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

// keys returns keys with a fixed secret, so that tests can compare pseudonyms.
func keys() redact.Keys {
	return redact.Keys{Current: redact.Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}}
}

func engine(t testing.TB, cfg redact.Config) *redact.Engine {
	t.Helper()
	e, err := redact.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var pseudonym = regexp.MustCompile(`pii:([a-z]+):k1:[0-9a-f]{16}`)

// marked returns the redacted text with each pseudonym written as <kind>.
func marked(t testing.TB, e *redact.Engine, s string) string {
	t.Helper()
	out, _, err := e.Text(keys(), s)
	if err != nil {
		t.Fatalf("Text(%q): %v", s, err)
	}
	again, counts, err := e.Text(keys(), out)
	if err != nil || again != out || counts != nil {
		t.Errorf("Text is not idempotent: %q\n gave %q\n then %q %v", s, out, again, err)
	}
	return pseudonym.ReplaceAllString(out, "<$1>")
}

// table returns a check that a text becomes want, and that a text beginning
// with "=" stays as it is.
func table(t *testing.T, cfg redact.Config) func(in, want string) {
	e := engine(t, cfg)
	return func(in, want string) {
		t.Helper()
		if got := marked(t, e, in); got != want {
			t.Errorf("%q\n got  %q\n want %q", in, got, want)
		}
	}
}

// join builds a secret out of pieces, so that scanners of source code do not
// take the tests for a leak.
func join(parts ...string) string { return strings.Join(parts, "") }
