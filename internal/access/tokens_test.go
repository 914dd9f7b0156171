package access_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

const (
	ingestToken = "ingest-token-0123456789abcdef"
	readerToken = "reader-token-0123456789abcdef"
	adminToken  = "admin-token-0123456789abcdef"
)

const tokenFile = `
- {id: ci, tenant: acme, role: ingest, token: ` + ingestToken + `}
- {id: desk, tenant: acme, role: reader, token: ` + readerToken + `}
- {id: root, tenant: acme, role: admin, token: ` + adminToken + `}
`

func mustTokens(t *testing.T, text string) *access.Tokens {
	t.Helper()
	tokens, err := access.ParseTokens([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// header makes a header of alternating names and values.
func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestIdentify(t *testing.T) {
	tokens := mustTokens(t, tokenFile)
	ok := func(tokens *access.Tokens, h http.Header, want access.Identity) {
		t.Helper()
		if got, err := tokens.Identify(h); err != nil || got != want {
			t.Errorf("Identify(%v) = %v, %v, want %v", h, got, err, want)
		}
	}
	bad := func(tokens *access.Tokens, h http.Header, kind hansard.Kind, unauthenticated bool) {
		t.Helper()
		id, err := tokens.Identify(h)
		if err == nil || hansard.KindOf(err) != kind || errors.Is(err, access.ErrUnauthenticated) != unauthenticated {
			t.Errorf("Identify(%v) = %v, %v, want an error of kind %v", h, id, err, kind)
		}
		if id != (access.Identity{}) {
			t.Errorf("Identify(%v) gave %v with an error", h, id)
		}
		if err != nil && strings.Contains(err.Error()+hansard.HintOf(err), "token-0123456789") {
			t.Errorf("Identify(%v): the error shows the token: %v", h, err)
		}
	}
	ok(tokens, header("Authorization", "Bearer "+ingestToken), access.Identity{TokenID: "ci", Tenant: "acme", Role: access.RoleIngest})
	ok(tokens, header("Authorization", "bearer  "+readerToken), access.Identity{TokenID: "desk", Tenant: "acme", Role: access.RoleReader})
	ok(tokens, header("Authorization", "Bearer "+adminToken, "Hansard-Tenant", "acme"), access.Identity{TokenID: "root", Tenant: "acme", Role: access.RoleAdmin})
	bad(tokens, header("Authorization", "Bearer "+adminToken, "Hansard-Tenant", "other"), hansard.KindDenied, false)
	bad(tokens, header("Authorization", "Bearer "+adminToken, "Hansard-Tenant", "../x"), hansard.KindInvalid, false)
	bad(tokens, header(), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer"), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer "), hansard.KindDenied, true)
	bad(tokens, header("Authorization", ingestToken), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Basic "+ingestToken), hansard.KindDenied, true)
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
	ok(tokens, header("Authorization", basic("pk-lf-1:"+ingestToken)), access.Identity{TokenID: "ci", Tenant: "acme", Role: access.RoleIngest})
	ok(tokens, header("X-Api-Key", ingestToken), access.Identity{TokenID: "ci", Tenant: "acme", Role: access.RoleIngest})
	bad(tokens, header("Authorization", basic(ingestToken)), hansard.KindDenied, true)
	bad(tokens, header("Authorization", basic(ingestToken+":x")), hansard.KindDenied, true)
	bad(tokens, header("X-Api-Key", ingestToken[1:]), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer x", "X-Api-Key", ingestToken), hansard.KindDenied, true)
	bad(tokens, header("X-Api-Key", ingestToken, "X-Api-Key", ingestToken), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer "+ingestToken+"x"), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer "+ingestToken[1:]), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer "+ingestToken+" "+readerToken), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer "+ingestToken, "Authorization", "Bearer "+ingestToken), hansard.KindDenied, true)
	bad(tokens, header("Authorization", "Bearer "+strings.Repeat("a", 513)), hansard.KindDenied, true)

	ok(nil, header(), access.Identity{TokenID: "loopback", Tenant: "default", Role: access.RoleAdmin})
	ok(nil, header("Hansard-Tenant", "acme-2"), access.Identity{TokenID: "loopback", Tenant: "acme-2", Role: access.RoleAdmin})
	bad(nil, header("Hansard-Tenant", ""), hansard.KindInvalid, false)
	bad(nil, header("Hansard-Tenant", "Acme"), hansard.KindInvalid, false)
	bad(nil, header("Hansard-Tenant", strings.Repeat("a", 64)), hansard.KindInvalid, false)
	bad(nil, header("Hansard-Tenant", "a", "Hansard-Tenant", "b"), hansard.KindInvalid, false)
	bad(nil, header("X-Forwarded-For", "10.0.0.1"), hansard.KindDenied, true)
	bad(nil, header("Forwarded", "for=10.0.0.1"), hansard.KindDenied, true)
}

func TestTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock starts at 2000-01-01
		tokens := mustTokens(t, "- {id: a, tenant: t, role: reader, expires: 2000-01-01T00:01:00Z, token: "+readerToken+"}")
		h := header("Authorization", "Bearer "+readerToken)
		time.Sleep(59 * time.Second)
		if _, err := tokens.Identify(h); err != nil {
			t.Errorf("a second before it expires: %v", err)
		}
		time.Sleep(time.Second)
		_, err := tokens.Identify(h)
		if !errors.Is(err, access.ErrUnauthenticated) || !strings.Contains(err.Error(), "expired at 2000-01-01T00:01:00Z") {
			t.Errorf("when it expires: %v", err)
		}
	})
}

func TestIdentityCheck(t *testing.T) {
	f := func(has, need access.Role, want bool) {
		t.Helper()
		err := access.Identity{TokenID: "x", Role: has}.Check(need)
		if (err == nil) != want {
			t.Errorf("role %s does what needs %s: %v, want %v", has, need, err == nil, want)
		}
		if err != nil && hansard.KindOf(err) != hansard.KindDenied {
			t.Errorf("kind %v, want denied", hansard.KindOf(err))
		}
	}
	f(access.RoleIngest, access.RoleIngest, true)
	f(access.RoleIngest, access.RoleReader, false)
	f(access.RoleIngest, access.RoleAdmin, false)
	f(access.RoleReader, access.RoleReader, true)
	f(access.RoleReader, access.RoleIngest, false)
	f(access.RoleReader, access.RoleAdmin, false)
	f(access.RoleAdmin, access.RoleAdmin, true)
	f(access.RoleAdmin, access.RoleReader, true)
	f(access.RoleAdmin, access.RoleIngest, true)
	f("", "", false)
}

func TestNewToken(t *testing.T) {
	a, b := access.NewToken(), access.NewToken()
	if a.Reveal() == b.Reveal() {
		t.Error("two tokens are the same")
	}
	if !strings.HasPrefix(a.Reveal(), "hsd_") || len(a.Reveal()) != len("hsd_")+43 {
		t.Errorf("a token of %d characters", len(a.Reveal()))
	}
	tokens := mustTokens(t, "- {id: a, tenant: t, role: reader, token_sha256: "+a.SHA256()+"}")
	if _, err := tokens.Identify(header("Authorization", "Bearer "+a.Reveal())); err != nil {
		t.Errorf("a file with its hash does not know it: %v", err)
	}
	if _, err := tokens.Identify(header("Authorization", "Bearer "+b.Reveal())); err == nil {
		t.Error("a file with the hash of one token knows another")
	}
}

// TestNothingPrintsASecret prints secrets in every way that comes to mind.
func TestNothingPrintsASecret(t *testing.T) {
	secret := access.NewToken()
	tokens := mustTokens(t, "- {id: printed-id, tenant: t, role: reader, token: "+secret.Reveal()+"}")
	config := struct {
		Secret access.Secret
		hidden access.Secret
		Tokens *access.Tokens
		inside *access.Tokens
	}{secret, secret, tokens, tokens}

	var out strings.Builder
	for _, v := range []any{secret, &secret, tokens, *tokens, config, &config, []any{secret, tokens}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	got := out.String()
	hex := fmt.Sprintf("%x", secret.Reveal())
	for _, bad := range []string{secret.Reveal(), secret.Reveal()[4:20], hex, secret.SHA256(), "printed-id"} {
		if strings.Contains(got, bad) {
			t.Errorf("printed %q", bad)
		}
	}
	if !strings.Contains(got, "[secret]") || !strings.Contains(got, "1 tokens") {
		t.Error("printed nothing at all")
	}
}
