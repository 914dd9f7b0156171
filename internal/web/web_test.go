package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, p *Pages, path string, header ...string) *http.Response {
	t.Helper()
	mux := http.NewServeMux()
	p.Routes(mux)
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var some = fstest.MapFS{
	"index.html":        {Data: []byte(`<meta name="csp-nonce" content="__NONCE__">`)},
	"assets/main-1a.js": {Data: []byte(strings.Repeat("let a = 1;\n", 100))},
}

func TestPages(t *testing.T) {
	p := of(some)
	if !p.Built() {
		t.Fatal("not built")
	}
	for _, path := range []string{"/", "/search", "/traces/demo-1", "/traces/a%2Fb"} {
		r := get(t, p, path)
		body, policy := text(t, r.Body), r.Header.Get("Content-Security-Policy")
		nonce := strings.TrimSuffix(strings.TrimPrefix(body, `<meta name="csp-nonce" content="`), `">`)
		if r.StatusCode != 200 || len(nonce) < 20 || !strings.Contains(policy, "'nonce-"+nonce+"'") {
			t.Errorf("%s: %d %s, policy %s", path, r.StatusCode, body, policy)
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %s", path, policy)
		}
		if again := text(t, get(t, p, path).Body); again == body {
			t.Errorf("%s: two answers have the same nonce", path)
		}
	}
	if r := get(t, p, "/nothing"); r.StatusCode != 404 {
		t.Errorf("a path of no page: %d", r.StatusCode)
	}
}

func TestFiles(t *testing.T) {
	p := of(some)
	plain := get(t, p, "/assets/main-1a.js")
	small := get(t, p, "/assets/main-1a.js", "Accept-Encoding", "br, gzip")
	if plain.Header.Get("Content-Encoding") != "" || small.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("encodings %q, %q", plain.Header.Get("Content-Encoding"), small.Header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, z) != text(t, plain.Body) {
		t.Error("the compressed file is another one")
	}
	if c := plain.Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
		t.Errorf("Cache-Control %q", c)
	}
	if r := get(t, p, "/assets/gone.js"); r.StatusCode != 404 {
		t.Errorf("a file that is gone: %d", r.StatusCode)
	}
}

func TestNotBuilt(t *testing.T) {
	r := get(t, of(fstest.MapFS{}), "/search")
	body := text(t, r.Body)
	if r.StatusCode != 200 || !strings.Contains(body, "make build") || strings.Contains(body, nonceMark) {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}

func TestPage(t *testing.T) {
	p := of(some)
	f := func(method, path string, page, open bool) {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		if p.Page(r) != page || p.Open(r) != open {
			t.Errorf("%s %s: page %v, open %v", method, path, p.Page(r), p.Open(r))
		}
	}
	f("GET", "/", true, true)
	f("HEAD", "/traces/x", true, true)
	f("GET", "/assets/x.js", false, true)
	f("GET", "/favicon.svg", false, true)
	f("POST", "/search", false, false)
	f("GET", "/v1/events", false, false)
	f("GET", "/log/default/info/checkpoint", false, false)
	f("GET", "/tracesx", false, false)
	f("GET", "//v1/events", true, true) // the mux redirects it; nothing is answered here
}
