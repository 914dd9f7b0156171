package access_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

// wrapped is a server with two routes: POST needs ingest, GET needs reader. It
// answers with who is asking.
func wrapped(t *testing.T, c access.Config) http.Handler {
	t.Helper()
	who := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := access.IdentityOf(r.Context())
		fmt.Fprintf(w, "%s %s %s", id.TokenID, id.Tenant, id.Role)
	})
	mux := http.NewServeMux()
	mux.Handle("POST /api/events", access.Require(access.RoleIngest)(who))
	mux.Handle("GET /api/events", access.Require(access.RoleReader)(who))
	mux.Handle("GET /health", who)
	c.Listen = "127.0.0.1:7575"
	c.Open = func(r *http.Request) bool { return r.URL.Path == "/health" }
	h, err := access.Wrap(c, mux)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRolesOverHTTP(t *testing.T) {
	h := wrapped(t, access.Config{Tokens: mustTokens(t, tokenFile)})
	f := func(method, token string, want int, wantBody string) {
		t.Helper()
		r := request(method, "")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		r.RemoteAddr = "10.1.2.3:50000"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		resp := w.Result()
		wantStatus(t, resp, want)
		if challenge := resp.Header.Get("WWW-Authenticate"); (challenge != "") != (want == 401) {
			t.Errorf("WWW-Authenticate %q with %d", challenge, want)
		}
		if want == 200 && w.Body.String() != wantBody {
			t.Errorf("%s: %q, want %q", method, w.Body, wantBody)
		}
		if strings.Contains(w.Body.String(), "token-0123456789") {
			t.Errorf("the answer shows the token: %s", w.Body)
		}
	}
	f("POST", ingestToken, 200, "ci acme ingest")
	f("GET", ingestToken, 403, "")
	f("GET", readerToken, 200, "desk acme reader")
	f("POST", readerToken, 403, "")
	f("GET", adminToken, 200, "root acme admin")
	f("POST", adminToken, 200, "root acme admin")
	f("GET", "", 401, "")
	f("POST", adminToken+"x", 401, "")
}

func TestOpen(t *testing.T) {
	h := wrapped(t, access.Config{Tokens: mustTokens(t, tokenFile)})
	r := request("GET", "")
	r.URL.Path = "/health"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != "" {
		t.Errorf("an open route: %d %q, want 200 and nobody", w.Code, w.Body)
	}
}

func TestLoopbackOverHTTP(t *testing.T) {
	h := wrapped(t, access.Config{})
	f := func(remote string, want int, wantBody string, pairs ...string) {
		t.Helper()
		r := request("GET", "", pairs...)
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		wantStatus(t, w.Result(), want)
		if want == 200 && w.Body.String() != wantBody {
			t.Errorf("%q, want %q", w.Body, wantBody)
		}
	}
	f("127.0.0.1:1", 200, "loopback default admin")
	f("[::1]:1", 200, "loopback default admin")
	f("[::ffff:127.0.0.1]:1", 200, "loopback default admin")
	f("127.0.0.1:1", 200, "loopback acme admin", "Hansard-Tenant", "acme")
	f("127.0.0.1:1", 400, "", "Hansard-Tenant", "ACME")
	f("127.0.0.1:1", 401, "", "X-Forwarded-For", "10.0.0.1")
	f("10.0.0.1:1", 401, "")
	f("", 401, "")
}

func TestRequireWithoutIdentity(t *testing.T) {
	h := access.Require(access.RoleReader)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("reached") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("GET", ""))
	if w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

func TestHeaders(t *testing.T) {
	f := func(r *http.Request, status int) {
		t.Helper()
		w := httptest.NewRecorder()
		wrapped(t, access.Config{}).ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("status %d, want %d", w.Code, status)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
			"Cache-Control":                "no-store",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%d: %s is %q, want %q", status, name, got, want)
			}
		}
	}
	f(request("GET", ""), 200)
	f(request("GET", "", "Origin", "null"), 403)
	f(request("GET", "", "Hansard-Tenant", "!"), 400)
	f(request("GET", "", "Host", "evil.example"), 421)
}

func TestRequestIDs(t *testing.T) {
	f := func(in string, kept bool) {
		t.Helper()
		var inside string
		w := httptest.NewRecorder()
		access.RequestIDs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = access.RequestID(r.Context()) })).
			ServeHTTP(w, request("GET", "", "X-Request-Id", in))
		out := w.Header().Get("X-Request-Id")
		if out != inside || len(out) < 20 && !kept || (out == in) != kept {
			t.Errorf("request id %q became %q, in the context %q", in, out, inside)
		}
	}
	f("a", true)
	f("0194_b.C-9", true)
	f(strings.Repeat("x", 64), true)
	f(strings.Repeat("x", 65), false)
	f("", false)
	f("a b", false)
	f("a\"b", false)
	f("é", false)
	if id := access.RequestID(t.Context()); id != "" {
		t.Errorf("a context without a request has the id %q", id)
	}
}

func TestWriteError(t *testing.T) {
	f := func(err error, status int, detail, hint string) {
		t.Helper()
		w := httptest.NewRecorder()
		w.Header().Set("Content-Length", "7")
		access.RequestIDs(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { access.WriteError(w, r, err) })).
			ServeHTTP(w, request("GET", "", "X-Request-Id", "id-1"))
		resp := w.Result()
		body, _ := io.ReadAll(resp.Body)
		var p access.Problem
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != status || p.Status != status || p.Detail != detail || p.Hint != hint || p.RequestID != "id-1" {
			t.Errorf("%v: %d %+v", err, resp.StatusCode, p)
		}
		if retry := resp.Header.Get("Retry-After"); (retry != "") != (status == 503) {
			t.Errorf("%d: Retry-After %q", status, retry)
		}
		if resp.Header.Get("Content-Length") != "" {
			t.Error("the length of another answer")
		}
	}
	of := func(k hansard.Kind) error { return hansard.WithHint(hansard.Errorf(k, "what happened"), "do this") }
	f(of(hansard.KindInvalid), 400, "what happened", "do this")
	f(of(hansard.KindNotFound), 404, "what happened", "do this")
	f(of(hansard.KindDenied), 403, "what happened", "do this")
	f(of(hansard.KindTooLarge), 413, "what happened", "do this")
	f(of(hansard.KindBusy), 503, "what happened", "do this")
	f(of(hansard.KindCorrupt), 500, "what happened", "do this")
	f(of(hansard.KindInternal), 500, "internal error, request id id-1", "")
	f(errors.New("open /secret/path"), 500, "internal error, request id id-1", "")
	f(hansard.Errorf(hansard.KindDenied, "who: %w", access.ErrUnauthenticated), 401, "who: not authenticated", "")
}
