package redact_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/redact"
)

// TestWorstCase gives the detectors texts that make them look far and often. A
// detector whose time grows with the square of the text takes 16 times as long
// for four times the text. Both times are of one run and of the processor, so
// that a slow or busy machine does not matter; what is too short to be measured
// does not count.
func TestWorstCase(t *testing.T) {
	if testing.Short() {
		t.Skip("compares times")
	}
	const (
		size  = 1 << 15
		limit = 8                     // times the time for four times the text
		floor = 10 * time.Millisecond // less than the square of anything that matters takes for 4 * size
	)
	e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}})
	once := func(in string) time.Duration {
		start := cpuTime(t)
		if _, _, err := e.Text(keys(), in); err != nil {
			t.Fatal(err)
		}
		return cpuTime(t) - start
	}
	f := func(piece string) {
		t.Helper()
		small, large := strings.Repeat(piece, size/len(piece)), strings.Repeat(piece, 4*size/len(piece))
		var s, l time.Duration
		for n := range 3 { // the best of three, taken in turns
			a := once(small)
			b := once(large)
			if n == 0 || a < s {
				s = a
			}
			if n == 0 || b < l {
				l = b
			}
			if l <= floor || l <= limit*s {
				break
			}
		}
		t.Logf("%-32q %8v %8v", piece, s.Round(time.Microsecond), l.Round(time.Microsecond))
		if l > floor && l > limit*s {
			t.Errorf("%d bytes of %q took %v, four times as many %v", size, piece, s, l)
		}
	}
	for _, s := range worstPieces() {
		f(s)
	}
}

// cpuTime returns the processor time that this process has used.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// worstPieces are beginnings of what the detectors look for.
func worstPieces() []string {
	return []string{
		"12345678 ", "1234567", "1 ", "1.2.3.4 ", "a:", "a@", "a@b.", "a@b.io ", "a@b.io", "password=", `password="`, "password: \"a ", "cookie: a=", "cookie: a=b\n",
		"-----BEGIN", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----\n", "eyJ", "eyJhbGciOiJI.", "AAAA", "://a:", "://a:b@c", "sk-", "ghp_",
		"bearer ", "%40", "a%40b.io", `\u0040`, "{", "[", `"`, `\"`, "\\", "+1", "DE89 ", "DE89", "DE89370400440532013000 ", "4111 1111 1111 1111 ",
		"pii:email:k1:0123456789abcdef ", "pii:", "::", "fe80::1 ", "1a:", "--password a ", "curl -u ", "dob: ", "phone 1234567 ", "PuTTY-User-Key-File-2:", "key=", "token: ",
		"AccountKey=", "sig=abc", "<password>", "s.", "heroku=", "\xff", "日本",
		"mysql -p ", "mysql ", "sshpass -p ", "&sig=abc", "?session=", "\uff20", "a\uff20", "\u200b", "\u200b@", "a@\u200b", "['password','", "('password', ", "password1", "1=", `\"password\",`,
		"curl a:b -u ", "login -p ", "[secret:", "[secret:jwt] ", "heroku_key=a1 ", "heroku_api_api_", "_mmk", "a1.atlasv1.", "пароль", "пароль: x1y2z3 ", "密码：", "geboren am ", "12345678,",
	}
}

// TestWorstJSON does the same for JSON: names, values and arguments that look
// for each other.
func TestWorstJSON(t *testing.T) {
	if testing.Short() {
		t.Skip("compares times")
	}
	e := engine(t, redact.Config{})
	once := func(in string) time.Duration {
		best := time.Duration(0)
		for n := range 3 {
			start := cpuTime(t)
			if _, _, err := e.Text(keys(), in); err != nil {
				t.Fatal(err)
			}
			if d := cpuTime(t) - start; n == 0 || d < best {
				best = d
			}
		}
		return best
	}
	f := func(open, piece, end string) {
		t.Helper()
		const size = 1 << 15
		s := once(open + strings.Repeat(piece, size/len(piece)) + end)
		l := once(open + strings.Repeat(piece, 4*size/len(piece)) + end)
		t.Logf("%-32q %8v %8v", piece, s.Round(time.Microsecond), l.Round(time.Microsecond))
		if l > 10*time.Millisecond && l > 8*s {
			t.Errorf("%d bytes of %q took %v, four times as many %v", size, piece, s, l)
		}
	}
	f(`["x"`, `,"password"`, `]`)
	f(`["curl"`, `,"-u"`, `]`)
	f(`["mysql"`, `,"-pabc1"`, `]`)
	f(`{"a":0`, `,"value":1`, `}`)
	f(`{"a":0`, `,"content":"x"`, `}`)
	f(`{"name":"password"`, `,"content":"x y"`, `}`)
	f(`[0`, `,{"value":"x"}`, `]`)
}
