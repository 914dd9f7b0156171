package access_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

func TestParseTokens(t *testing.T) {
	ok := func(text string, n int) {
		t.Helper()
		tokens, err := access.ParseTokens([]byte(text))
		if err != nil || tokens.Len() != n {
			t.Errorf("ParseTokens(%q) = %v, %v, want %d tokens", text, tokens, err, n)
		}
	}
	bad := func(text, want string) {
		t.Helper()
		tokens, err := access.ParseTokens([]byte(text))
		if err == nil || tokens != nil || hansard.KindOf(err) != hansard.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTokens(%q) = %v, %v, want an error with %q", text, tokens, err, want)
		}
	}
	const rest = "tenant: t, role: reader, token: " + readerToken
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(ingestToken)))
	ok(tokenFile, 3)
	ok("# comment\n---\n- {id: a, "+rest+"}\n", 1)
	ok("- {id: a, "+rest+"}\n- {id: b, tenant: t, role: ingest, token_sha256: "+strings.ToUpper(hash)+"}", 2)
	ok("- {id: 7, tenant: 8, role: admin, token_sha256: "+strings.Repeat("1", 64)+"}", 1)
	ok("- {id: a, expires: 2027-01-01T00:00:00+02:00, "+rest+"}", 1)

	bad("", "no list of tokens")
	bad("[]", "no list of tokens")
	bad("id: a", "no list of tokens")
	bad(readerToken, "no list of tokens")
	bad("- a", "line 1: not an entry")
	bad("- {id: a, "+rest+"}\n---\n- {id: b, "+rest+"}", "a second document")
	bad("- {id: a, "+rest+"}\n- {id: a, tenant: t, role: reader, token: "+ingestToken+"}", "line 2: an id that an entry before it has too")
	bad("- {id: a, "+rest+"}\n- {id: b, "+rest+"}", "line 2: a token that an entry before it has too")
	bad("- {id: a, tenant: t, role: reader, token: "+ingestToken+"}\n- {id: b, tenant: t, role: reader, token_sha256: "+hash+"}", "line 2: a token")
	bad("- {id: a, id: b, "+rest+"}", "a field that the entry has already")
	bad("- {id: a, note: x, "+rest+"}", "not known")
	bad("- {"+rest+"}", "without id")
	bad("- {id: a, role: reader, token: "+readerToken+"}", "without id, tenant or role")
	bad("- {id: a, tenant: t, token: "+readerToken+"}", "without id, tenant or role")
	bad("- {id: a, tenant: t, role: reader}", "either token_sha256 or token")
	bad("- {id: a, token_sha256: "+hash+", "+rest+"}", "either token_sha256 or token")
	bad("- {id: loopback, "+rest+"}", "id must be")
	bad("- {id: "+access.NewToken().Reveal()+", "+rest+"}", "id must be")
	bad("- {id: a b, "+rest+"}", "id must be")
	bad("- {id: , "+rest+"}", "without a plain value")
	bad("- {id: [a], "+rest+"}", "without a plain value")
	bad("- {id: !!binary YQ==, "+rest+"}", "without a plain value")
	bad("- {id: &a a, "+rest+"}\n- {id: *a, "+rest+"}", "without a plain value")
	bad("- {? [id] : a, "+rest+"}", "no plain text")
	bad("- {id: a, tenant: T, role: reader, token: "+readerToken+"}", "tenant must be")
	bad("- {id: a, tenant: t, role: root, token: "+readerToken+"}", "role must be")
	bad("- {id: a, tenant: t, role: reader, token: short-token}", "token must be")
	bad("- {id: a, tenant: t, role: reader, token: 'with spaces in it, and long enough'}", "token must be")
	bad("- {id: a, tenant: t, role: reader, token: "+strings.Repeat("a", 513)+"}", "token must be")
	bad("- {id: a, tenant: t, role: reader, token_sha256: abc}", "token_sha256 must be")
	bad("- {id: a, tenant: t, role: reader, token_sha256: "+hash+"00}", "token_sha256 must be")
	bad("- {id: a, expires: tomorrow, "+rest+"}", "expires must be")
	bad("- {id: a, expires: 2027-01-01, "+rest+"}", "expires must be")
	bad("- {id: a\n  token: "+readerToken+"\n", "not YAML near line")
	bad("- *"+readerToken, "not YAML")
	bad(strings.Repeat("#", 1<<20+1), "larger than")
}

func TestReadTokens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode bits here")
	}
	f := func(mode os.FileMode, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "tokens.yaml")
		if err := os.WriteFile(path, []byte(tokenFile), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		tokens, err := access.ReadTokens(path)
		if want == "" {
			if err != nil || tokens.Len() != 3 {
				t.Errorf("mode %o: %v, %v", mode, tokens, err)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), want) || hansard.HintOf(err) != "chmod 600 "+path || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("mode %o: error %v, hint %q", mode, err, hansard.HintOf(err))
		}
	}
	f(0o600, "")
	f(0o400, "")
	f(0o640, "mode 0640")
	f(0o604, "mode 0604")
	f(0o620, "mode 0620")

	_, err := access.ReadTokens(filepath.Join(t.TempDir(), "none"))
	if hansard.KindOf(err) != hansard.KindNotFound || err == nil {
		t.Errorf("no file: %v", err)
	}
	_, err = access.ReadTokens(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(path, []byte("- {id: a}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = access.ReadTokens(path)
	if err == nil || !strings.Contains(err.Error(), path+": line 1: ") || hansard.HintOf(err) == "" {
		t.Errorf("a wrong file: error %v, hint %q", err, hansard.HintOf(err))
	}
}

// FuzzParseTokens checks that no error quotes the file: no word of it that is
// long enough to be a token.
func FuzzParseTokens(f *testing.F) {
	f.Add([]byte(tokenFile))
	f.Add([]byte("- {id: a, tenant: t, role: reader, expires: 2027-01-01T00:00:00Z, token_sha256: " + strings.Repeat("ab", 32) + "}"))
	f.Add([]byte("- *" + readerToken))
	f.Add([]byte(readerToken + ": &a [*a]\n---\n"))
	f.Add([]byte("- {id: !!int " + readerToken + ", token: 'x\n"))
	f.Add([]byte("%YAML 9.9\n---\n- !<" + readerToken + "> a"))
	words := regexp.MustCompile(`[A-Za-z0-9._~+/=-]{24,}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		tokens, err := access.ParseTokens(b)
		if err == nil {
			if tokens.Len() == 0 {
				t.Error("no tokens and no error")
			}
			if _, err := tokens.Identify(header("Authorization", "Bearer "+access.NewToken().Reveal())); err == nil {
				t.Error("a token that was just made is known")
			}
			return
		}
		if hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" && len(b) <= 1<<20 {
			t.Errorf("kind %v, hint %q", hansard.KindOf(err), hansard.HintOf(err))
		}
		for _, word := range words.FindAllString(string(b), -1) {
			if strings.Contains(err.Error(), word) {
				t.Errorf("the error quotes the file: %v", err)
			}
		}
	})
}
