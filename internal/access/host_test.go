package access_test

import (
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

func TestParseHost(t *testing.T) {
	ok := func(in, name, port string, loopback bool) {
		t.Helper()
		h, err := access.ParseHost(in)
		if err != nil || h.Name != name || h.Port != port || h.Loopback() != loopback {
			t.Errorf("ParseHost(%q) = %+v, %v (loopback %v)", in, h, err, h.Loopback())
		}
	}
	bad := func(in string) {
		t.Helper()
		if h, err := access.ParseHost(in); err == nil || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("ParseHost(%q) = %+v, %v, want an error", in, h, err)
		}
	}
	ok("localhost", "localhost", "", true)
	ok("LocalHost.:7575", "localhost", "7575", true)
	ok("127.0.0.1:80", "127.0.0.1", "80", true)
	ok("127.9.9.9", "127.9.9.9", "", true)
	ok("[::1]:7575", "::1", "7575", true)
	ok("[0:0:0:0:0:0:0:1]", "::1", "", true)
	ok("[::ffff:127.0.0.1]", "127.0.0.1", "", true)
	ok("0.0.0.0:7575", "0.0.0.0", "7575", false)
	ok("10.0.0.1", "10.0.0.1", "", false)
	ok("[2001:DB8::1]", "2001:db8::1", "", false)
	ok("Hansard.Example.com:65535", "hansard.example.com", "65535", false)
	ok("xn--bcher-kva.example", "xn--bcher-kva.example", "", false)
	ok("localhost.evil.example", "localhost.evil.example", "", false)
	ok("127.0.0.1.evil.example", "127.0.0.1.evil.example", "", false)

	bad("")
	bad(".")
	bad(":80")
	bad("a:")
	bad("a:0")
	bad("a:080")
	bad("a:65536")
	bad("a:+80")
	bad("a:b:80")
	bad("::1")
	bad("[::1")
	bad("[::1]80")
	bad("[]")
	bad("[127.0.0.1]")
	bad("[localhost]")
	bad("[fe80::1%25eth0]")
	bad("[fe80::1%eth0]")
	bad("127.1")
	bad("127.0.0.1.")
	bad("2130706433")
	bad("0x7f000001")
	bad("127.0.0.0x1")
	bad("0177.0.0.1")
	bad("user@localhost")
	bad("localhost/x")
	bad("local host")
	bad("a..b")
	bad("bücher.example")
	bad("localhost\x00")
	bad(strings.Repeat("a", 64))
	bad(strings.Repeat("a.", 127) + "a")
}

// FuzzParseHost checks that what is accepted has one canonical form, of safe
// characters only.
func FuzzParseHost(f *testing.F) {
	for _, s := range []string{"localhost:7575", "[::1]:7575", "127.0.0.1", "A.b.", "[::ffff:1.2.3.4]", "127.1", "a@b", "[fe80::1%eth0]:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := access.ParseHost(s)
		if err != nil {
			return
		}
		again, err := access.ParseHost(h.String())
		if err != nil || again != h {
			t.Errorf("%q: %+v is read again as %+v, %v", s, h, again, err)
		}
		if strings.Trim(h.Name, "abcdefghijklmnopqrstuvwxyz0123456789.-_:") != "" || h.Name == "" {
			t.Errorf("%q: name %q", s, h.Name)
		}
		if h.Loopback() && !strings.EqualFold(strings.TrimSuffix(strings.Split(s, ":")[0], "."), "localhost") && !h.Addr.IsLoopback() {
			t.Errorf("%q is taken for loopback", s)
		}
	})
}

func TestCheckListen(t *testing.T) {
	f := func(addr string, tokens, tls, insecure bool, wantNotice, wantErr, wantHint string) {
		t.Helper()
		notice, err := access.CheckListen(addr, tokens, tls, insecure)
		if wantErr == "" {
			if err != nil || (notice == "") != (wantNotice == "") || !strings.Contains(notice, wantNotice) {
				t.Errorf("CheckListen(%q, %v, %v, %v) = %q, %v", addr, tokens, tls, insecure, notice, err)
			}
			return
		}
		if err == nil || notice != "" || !strings.Contains(err.Error(), wantErr) || !strings.Contains(hansard.HintOf(err), wantHint) || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("CheckListen(%q, %v, %v, %v) = %q, %v, hint %q", addr, tokens, tls, insecure, notice, err, hansard.HintOf(err))
		}
	}
	for _, addr := range []string{"127.0.0.1:7575", "localhost:7575", "LOCALHOST:0", "[::1]:7575", "127.5.5.5:1", "[::ffff:127.0.0.1]:1"} {
		f(addr, false, false, false, "no token file", "", "")
		f(addr, false, true, false, "no token file", "", "")
		f(addr, true, false, false, "", "", "")
	}
	for _, addr := range []string{":7575", "0.0.0.0:7575", "[::]:7575", "10.0.0.1:7575", "example.com:7575", "localhost.example.com:7575", "127.1:7575"} {
		f(addr, false, false, false, "", "without tokens", "127.0.0.1:7575")
		f(addr, false, true, true, "", "without tokens", "--token-file")
		f(addr, true, false, false, "", "without TLS", "--insecure-http")
		f(addr, true, false, true, "in clear", "", "")
		f(addr, true, true, false, "", "", "")
		f(addr, true, true, true, "", "", "")
	}
	for _, addr := range []string{"", "7575", "localhost", "127.0.0.1:http", "127.0.0.1:70000", "::1:7575"} {
		f(addr, true, true, false, "", "not host:port", "127.0.0.1:7575")
	}
}
