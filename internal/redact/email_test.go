package redact_test

import (
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

func TestEmail(t *testing.T) {
	f := table(t, redact.Config{})
	hit := func(s string) {
		t.Helper()
		f("x "+s+" y", "x <email> y")
		f(s, "<email>")
		f("<"+s+">,", "<<email>>,")
	}
	hit("anna@example.com")
	hit("Anna.Schmidt+news@Mail.Example.co.uk")
	hit("o'brien@example.ie")
	hit("a_b-c%d@sub.domain.example")
	hit("jürgen@müller.de")
	hit("δοκιμή@παράδειγμα.gr")
	hit("user@xn--mller-kva.de")
	hit("12345@qq.com")
	hit("anna%40example.com")
	hit("anna%2Bnews%40example.com")
	hit("anna&#64;example.com")
	hit(`anna\u0040example.com`)
	hit("anna\uff20example.com")
	hit("anna\ufe6bexample.com")
	hit(`anna\uff20example.com`)
	hit("anna\u200b@example.com")
	hit("an\u200dna\u2060@\ufeffexam\u00adple.com")
	hit("ａｎｎａ＠example.com")
	f("请联系anna＠example.com谢谢", "请联系<email>谢谢")
	f("\u200banna@example.com\u200b.", "\u200b<email>\u200b.")
	f("mailto:anna@example.com?subject=x", "mailto:<email>?subject=x")
	f("https://x.example/?q=anna%40example.com&p=1", "https://x.example/?q=<email>&p=1")
	f("q%3Danna%40example.com", "q%3D<email>")
	f("Write to anna@example.com.", "Write to <email>.")
	f("请联系anna@example.com谢谢", "请联系<email>谢谢")
	f(`{\"text\":\"hello\nanna@example.com\n\"`, `{\"text\":\"hello\n<email>\n\"`)
	f(`"a@b.io","c@d.io"`, `"<email>","<email>"`)
	f("x@y.com@z.com", "<email>@z.com")
}

func TestNoEmail(t *testing.T) {
	f := table(t, redact.Config{})
	for _, s := range []string{
		"@decorator", "user@localhost", "react@18.2.0", "lodash@4.17.21", "@types/node@20.1.0", "icon@2x.png",
		"git@github.com:owner/repo.git", "x = W@y.transpose(0, 1)", "A@B.T", "a @ b.com", "anna@", "@example.com",
		"foo@bar", "price @ 3.50", "100%40", "module@v1.2.3", "sha256@abcdef", "!@#$.com", "\u200b@example.com", "开张＠下午", "张 a", "a＠b", "a@b.\u200b", "a@\u200b.com",
	} {
		f(s, s)
	}
}

// TestEmailSpellings checks that one address has one pseudonym.
func TestEmailSpellings(t *testing.T) {
	e := engine(t, redact.Config{})
	want, _, err := e.Text(keys(), "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"Anna@Example.com", "anna＠example.com", "ａｎｎａ@example.com", "anna\u200b@example.com", `anna\uff20example.com`, "anna%40example.com"} {
		if got, _, err := e.Text(keys(), s); err != nil || got != want {
			t.Errorf("%q became %q, %v, want %q", s, got, err, want)
		}
	}
}

func TestEmailAllow(t *testing.T) {
	f := table(t, redact.Config{Detectors: map[string]redact.Detector{
		"email": {Allow: []string{"Support@Other.org"}, AllowDomains: []string{"example.com"}},
	}})
	f("a@example.com b@sub.example.com c@notexample.com support@other.org", "a@example.com b@sub.example.com <email> support@other.org")
}

// TestSamePerson checks that spellings of one value have one pseudonym.
func TestSamePerson(t *testing.T) {
	e := engine(t, redact.Config{CallingCode: "49"})
	f := func(a string, same ...string) {
		t.Helper()
		want, _, _ := e.Text(keys(), a)
		if !pseudonym.MatchString(want) {
			t.Errorf("%q has no pseudonym: %q", a, want)
		}
		for _, s := range same {
			if got, _, _ := e.Text(keys(), s); got != want {
				t.Errorf("%q is %q, %q is %q", a, want, s, got)
			}
		}
	}
	f("anna@example.com", "Anna@Example.COM", "anna%40example.com", `anna\u0040example.com`)
	f("+49 171 1234567", "0171 1234567", "0049 171 1234567", "+49 (0)171 1234567", "0171/1234567")
	f("4111 1111 1111 1111", "4111111111111111", "4111-1111-1111-1111")
	f("DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "de89 3704 0044 0532 0130 00")
}
