package access_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

// guarded answers r with a Guard of c in front of a handler that says 200.
func guarded(t *testing.T, c access.GuardConfig, r *http.Request) *http.Response {
	t.Helper()
	g, err := access.NewGuard(c)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	access.RequestIDs(g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "reached") }))).ServeHTTP(w, r)
	return w.Result()
}

// request makes a request to the Host "127.0.0.1:7575"; the header "Host" in
// pairs replaces that.
func request(method, body string, pairs ...string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:7575/api/events", nil)
	if body != "" {
		r = httptest.NewRequest(method, "http://127.0.0.1:7575/api/events", strings.NewReader(body))
	}
	r.Header = header(pairs...)
	if h, ok := r.Header["Host"]; ok {
		r.Host = h[0]
		delete(r.Header, "Host")
	}
	r.RemoteAddr = "127.0.0.1:50000"
	return r
}

// wantStatus checks the status, and that each refusal is a problem.
func wantStatus(t *testing.T, resp *http.Response, want int) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != want {
		t.Errorf("status %d, want %d: %s", resp.StatusCode, want, body)
		return
	}
	if want == http.StatusOK {
		return
	}
	var p access.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Errorf("no problem: %v: %s", err, body)
	}
	if ct := resp.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type %q", ct)
	}
	if p.Status != want || p.Title == "" || p.Detail == "" || p.RequestID == "" || p.RequestID != resp.Header.Get("X-Request-Id") {
		t.Errorf("problem %+v, request id %q", p, resp.Header.Get("X-Request-Id"))
	}
	if strings.Contains(string(body), "reached") {
		t.Error("the handler was reached")
	}
}

func TestGuardHost(t *testing.T) {
	f := func(listen string, allowed []string, host string, want int) {
		t.Helper()
		wantStatus(t, guarded(t, access.GuardConfig{Listen: listen, AllowedHosts: allowed}, request("GET", "", "Host", host)), want)
	}
	const here = "127.0.0.1:7575"
	f(here, nil, "127.0.0.1:7575", 200)
	f(here, nil, "localhost:7575", 200)
	f(here, nil, "LOCALHOST", 200)
	f(here, nil, "[::1]:7575", 200)
	f(here, nil, "localhost:8080", 200) // a tunnel
	// DNS rebinding: the page's own name, pointed at this machine.
	f(here, nil, "evil.example:7575", 421)
	f(here, nil, "evil.example", 421)
	f(here, nil, "127.0.0.1.evil.example:7575", 421)
	f(here, nil, "localhost.evil.example:7575", 421)
	f(here, nil, "0.0.0.0:7575", 421)
	f(here, nil, "192.168.1.5:7575", 421)
	f(here, nil, "", 400)
	f(here, nil, "127.1:7575", 400)
	f(here, nil, "localhost@evil.example", 400)

	f(here, []string{"hansard.internal"}, "Hansard.Internal.:443", 200)
	f(here, []string{"hansard.internal"}, "other.internal", 421)
	f(here, []string{"hansard.internal:8443"}, "hansard.internal:8443", 200)
	f(here, []string{"hansard.internal:8443"}, "hansard.internal:8444", 421)
	f(here, []string{"hansard.internal:8443"}, "hansard.internal", 421)
	f(here, []string{"hansard.internal:443"}, "hansard.internal", 200) // browsers leave 443 out
	f(here, []string{"fd00::1", "[fd00::2]"}, "[fd00::1]:7575", 200)
	f(here, []string{"fd00::1", "[fd00::2]"}, "[fd00::2]:7575", 200)
	f(here, []string{"fd00::1", "[fd00::2]"}, "[fd00::3]:7575", 421)

	f("10.0.0.7:7575", nil, "10.0.0.7:7575", 200)
	f("10.0.0.7:7575", nil, "10.0.0.8:7575", 421)
	f("record.example:7575", nil, "record.example:7575", 200)
	for _, all := range []string{":7575", "0.0.0.0:7575", "[::]:7575"} {
		f(all, nil, "10.0.0.8:7575", 200) // an address cannot be rebound
		f(all, nil, "[fd00::1]:7575", 200)
		f(all, nil, "evil.example:7575", 421)
		f(all, nil, "0.0.0.0:7575", 421)
	}
}

func TestNewGuardRefuses(t *testing.T) {
	f := func(listen string, allowed ...string) {
		t.Helper()
		if _, err := access.NewGuard(access.GuardConfig{Listen: listen, AllowedHosts: allowed}); hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" || err == nil {
			t.Errorf("NewGuard(%q, %q): %v", listen, allowed, err)
		}
	}
	f("7575")
	f("a b:7575")
	f("127.0.0.1:7575", "http://record.example")
	f("127.0.0.1:7575", "record.example/ui")
	f("127.0.0.1:7575", "*.example")
	f("127.0.0.1:7575", "")
}

func TestGuardOrigin(t *testing.T) {
	f := func(host, origin string, secure bool, want int) {
		t.Helper()
		c := access.GuardConfig{Listen: "127.0.0.1:7575", AllowedHosts: []string{"record.example"}}
		for _, method := range []string{"GET", "POST", "OPTIONS", "DELETE"} {
			r := request(method, "", "Host", host, "Origin", origin)
			if secure {
				r.TLS = &tls.ConnectionState{}
			}
			resp := guarded(t, c, r)
			wantStatus(t, resp, want)
			if resp.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("another site may read the answer")
			}
		}
	}
	f("127.0.0.1:7575", "http://127.0.0.1:7575", false, 200)
	f("localhost:7575", "http://localhost:7575", false, 200)
	f("[::1]:7575", "http://[::1]:7575", false, 200)
	f("record.example", "https://record.example", false, 200) // TLS ends before us
	f("record.example", "https://record.example", true, 200)
	f("record.example", "http://record.example", true, 403)
	f("127.0.0.1:7575", "http://localhost:7575", false, 403)
	f("127.0.0.1:7575", "http://127.0.0.1:3000", false, 403) // another program's page on this machine
	f("127.0.0.1:7575", "http://127.0.0.1", false, 403)
	f("127.0.0.1:7575", "https://evil.example", false, 403)
	f("127.0.0.1:7575", "http://127.0.0.1:7575.evil.example", false, 403)
	f("127.0.0.1:7575", "http://127.0.0.1:7575/", false, 403)
	f("127.0.0.1:7575", "http://x@127.0.0.1:7575", false, 403)
	f("127.0.0.1:7575", "chrome-extension://127.0.0.1:7575", false, 403)
	f("127.0.0.1:7575", "127.0.0.1:7575", false, 403)
	f("127.0.0.1:7575", "null", false, 403)
	f("127.0.0.1:7575", "", false, 403)

	r := request("GET", "", "Origin", "http://127.0.0.1:7575", "Origin", "http://127.0.0.1:7575")
	wantStatus(t, guarded(t, access.GuardConfig{Listen: "127.0.0.1:7575"}, r), 403)
}

func TestGuardFetchMetadata(t *testing.T) {
	page := func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/api/") }
	f := func(method, path, site, mode, dest string, want int) {
		t.Helper()
		r := request(method, "", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest)
		r.URL.Path = path
		wantStatus(t, guarded(t, access.GuardConfig{Listen: "127.0.0.1:7575", Page: page}, r), want)
	}
	f("GET", "/", "none", "navigate", "document", 200)
	f("GET", "/api/events", "same-origin", "cors", "empty", 200)
	f("POST", "/api/events", "same-origin", "cors", "empty", 200)
	for _, site := range []string{"cross-site", "same-site"} {
		f("GET", "/trace/7", site, "navigate", "document", 200) // a link in a chat
		f("GET", "/trace/7", site, "navigate", "iframe", 403)
		f("GET", "/trace/7", site, "no-cors", "document", 403)
		f("POST", "/trace/7", site, "navigate", "document", 403)
		f("GET", "/api/events", site, "navigate", "document", 403)
		f("GET", "/api/events", site, "no-cors", "image", 403)
		f("GET", "/api/events", site, "no-cors", "script", 403)
		f("GET", "/api/events", site, "cors", "empty", 403)
	}
	f("GET", "/", "something-new", "cors", "empty", 403)
	f("GET", "/", "", "cors", "empty", 403)

	r := request("GET", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	wantStatus(t, guarded(t, access.GuardConfig{Listen: "127.0.0.1:7575"}, r), 403) // no pages at all
	r = request("GET", "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site")
	wantStatus(t, guarded(t, access.GuardConfig{Listen: "127.0.0.1:7575"}, r), 403)
}

func TestGuardBody(t *testing.T) {
	c := access.GuardConfig{Listen: "127.0.0.1:7575"}
	f := func(contentType string, want int) {
		t.Helper()
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			r := request(method, "{}", "Content-Type", contentType)
			wantStatus(t, guarded(t, c, r), want)
			r = request(method, "{}", "Content-Type", contentType)
			r.ContentLength = -1
			wantStatus(t, guarded(t, c, r), want)
		}
	}
	f("application/json", 200)
	f("Application/JSON; charset=UTF-8", 200)
	f("application/x-ndjson", 200)
	f("application/jsonl", 200)
	f("application/x-protobuf", 200)
	f("application/json; charset=utf-16", 415)
	f("application/json;;", 415)
	f("text/plain", 415)
	f("text/plain; application/json", 415)
	f("application/x-www-form-urlencoded", 415)
	f("multipart/form-data; boundary=x", 415)
	f("text/json", 415)
	f("*/*", 415)
	f("", 415)
	wantStatus(t, guarded(t, c, request("POST", "{}")), 415)
	wantStatus(t, guarded(t, c, request("POST", "")), 200) // no body
	wantStatus(t, guarded(t, c, request("POST", "{}", "Content-Type", "application/json", "Content-Type", "text/plain")), 415)
}

// TestPageElsewhere plays a browser on this machine that shows a page of
// another site, against a real server without tokens.
func TestPageElsewhere(t *testing.T) {
	var reached int
	srv := httptest.NewUnstartedServer(nil)
	h, err := access.Wrap(access.Config{GuardConfig: access.GuardConfig{Listen: srv.Listener.Addr().String()}},
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached++ }))
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = h
	srv.Start()
	defer srv.Close()

	f := func(what, method, host, body string, want int, pairs ...string) {
		t.Helper()
		reached = 0
		r, err := http.NewRequest(method, srv.URL+"/api/events", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header, r.Host = header(pairs...), host
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want || (reached == 1) != (want == 200) {
			t.Errorf("%s: status %d, want %d; handler reached %d times", what, resp.StatusCode, want, reached)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", what, resp.Header)
		}
	}
	const json = "application/json"
	f("a program", "POST", "", "{}", 200, "Content-Type", json)
	f("a form that posts JSON as text", "POST", "", "{}", 403, "Content-Type", "text/plain", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
	f("the same from a browser that tells nothing", "POST", "", "{}", 415, "Content-Type", "text/plain")
	f("the same from a sandbox", "POST", "", "{}", 403, "Content-Type", "text/plain", "Origin", "null")
	f("fetch with no-cors", "POST", "", "{}", 403, "Content-Type", "text/plain", "Origin", "http://evil.example")
	f("the question before fetch with JSON", "OPTIONS", "", "", 403, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	f("fetch with JSON, not asking first", "POST", "", "{}", 403, "Content-Type", json, "Origin", "https://evil.example")
	f("an image", "GET", "", "", 403, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image")
	f("a rebound name, same origin to the browser", "GET", "evil.example", "", 421, "Sec-Fetch-Site", "same-origin")
	f("a rebound name that posts", "POST", "evil.example", "{}", 421, "Content-Type", json, "Origin", "http://evil.example", "Sec-Fetch-Site", "same-origin")
}
