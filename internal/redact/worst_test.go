package redact_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/redact"
)

// TestWorstCase gives the detectors texts that make them look far and often. A
// detector whose time grows with the square of the text would take minutes.
func TestWorstCase(t *testing.T) {
	e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}})
	f := func(piece string) {
		t.Helper()
		const size = 1 << 16
		in := strings.Repeat(piece, size/len(piece))
		start := time.Now()
		if _, _, err := e.Text(keys(), in); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		t.Logf("%-32q %v", piece, took.Round(time.Millisecond))
		if took > 4*time.Second {
			t.Errorf("64 KiB of %q took %v", piece, took)
		}
	}
	for _, s := range []string{
		"12345678 ", "1234567", "1 ", "1.2.3.4 ", "a:", "a@", "a@b.", "a@b.io ", "a@b.io", "password=", `password="`, "password: \"a ", "cookie: a=", "cookie: a=b\n",
		"-----BEGIN", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----\n", "eyJ", "eyJhbGciOiJI.", "AAAA", "://a:", "://a:b@c", "sk-", "ghp_",
		"bearer ", "%40", "a%40b.io", `\u0040`, "{", "[", `"`, `\"`, "\\", "+1", "DE89 ", "DE89", "DE89370400440532013000 ", "4111 1111 1111 1111 ",
		"pii:email:k1:0123456789abcdef ", "pii:", "::", "fe80::1 ", "1a:", "--password a ", "curl -u ", "dob: ", "phone 1234567 ", "PuTTY-User-Key-File-2:", "key=", "token: ",
		"AccountKey=", "sig=abc", "<password>", "s.", "heroku=", "\xff", "日本",
	} {
		f(s)
	}
}
