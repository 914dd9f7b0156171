// Package web holds the pages of the dashboard, as "make ui" has built them from
// the folder web/, and serves them. A program that was built without them says
// on every page how to build them; all else works.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed all:dist
var built embed.FS

// Roots are the first elements of the paths of pages; "" is the page at "/".
// web/src/app/routes.tsx has the same.
func Roots() []string {
	return []string{
		"", "about", "agents", "compliance", "compare", "cost", "errors", "events", "incidents", "integrity",
		"live", "login", "reference", "reports", "search", "sessions", "tasks", "tools", "traces", "users",
	}
}

// Pages serves the pages and the files that they load.
type Pages struct {
	index []byte // nil: not built
	files map[string]*file
}

// file is a file that pages load. Its name holds a hash of what is in it, if it
// is below assets/.
type file struct {
	kind string // media type
	raw  []byte
	// gzip returns it compressed, or nil where that saves nothing.
	gzip func() []byte
}

// New returns the pages that this program was built with.
func New() *Pages {
	ui, err := fs.Sub(built, "dist/ui")
	if err != nil {
		return &Pages{}
	}
	return of(ui)
}

// of returns the pages in ui. A folder without index.html holds none.
func of(ui fs.FS) *Pages {
	p := &Pages{files: map[string]*file{}}
	_ = fs.WalkDir(ui, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what is embedded can be read; there may be nothing
		}
		raw, err := fs.ReadFile(ui, name)
		if err != nil {
			return nil
		}
		if name == "index.html" {
			p.index = raw
			return nil
		}
		p.files["/"+name] = &file{kind: kindOf(name), raw: raw, gzip: sync.OnceValue(func() []byte { return squeeze(raw) })}
		return nil
	})
	return p
}

// kindOf returns the media type of a file. The machine's own table is not asked:
// some say that scripts are text/plain.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// squeeze compresses b, or returns nil if that saves less than an eighth.
func squeeze(b []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(b); err != nil || w.Close() != nil || out.Len() > len(b)-len(b)/8 {
		return nil
	}
	return out.Bytes()
}

// Built reports whether this program has the pages.
func (p *Pages) Built() bool { return p.index != nil }

// Page reports whether r asks for a page: what a browser opens, and a link on
// another site may open. It holds no data; it asks the API for them.
func (p *Pages) Page(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	root, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return slices.Contains(Roots(), root)
}

// Open reports whether r asks for a page or for a file that pages load: those
// need no token.
func (p *Pages) Open(r *http.Request) bool {
	return p.Page(r) || (r.Method == http.MethodGet || r.Method == http.MethodHead) && p.asset(r.URL.Path)
}

func (p *Pages) asset(name string) bool {
	return strings.HasPrefix(name, "/assets/") || name == "/favicon.svg" || name == "/licenses.txt"
}

// Routes adds the pages and their files to mux.
func (p *Pages) Routes(mux *http.ServeMux) {
	for _, root := range Roots() {
		mux.HandleFunc("GET /"+root+map[bool]string{true: "{$}"}[root == ""], p.page)
		if root != "" {
			mux.HandleFunc("GET /"+root+"/{path...}", p.page)
		}
	}
	mux.HandleFunc("GET /assets/{path...}", p.file)
	mux.HandleFunc("GET /favicon.svg", p.file)
	mux.HandleFunc("GET /licenses.txt", p.file)
}

// nonceMark stands in index.html where the nonce of the answer goes.
const nonceMark = "__NONCE__"

// page answers with index.html, which finds out itself what its address asks for.
// Scripts and styles come from this server only; the style elements that the
// pages make carry the answer's nonce.
func (p *Pages) page(w http.ResponseWriter, _ *http.Request) {
	nonce := newNonce()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	body := p.index
	if body == nil {
		body = []byte(notBuilt)
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; "+
		"connect-src 'self'; img-src 'self' data:; worker-src 'self'; frame-src 'self'; "+
		"frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.Write(bytes.ReplaceAll(body, []byte(nonceMark), []byte(nonce))) // the caller may be gone; there is nobody to tell
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// file answers with a file that pages load.
func (p *Pages) file(w http.ResponseWriter, r *http.Request) {
	f := p.files[r.URL.Path]
	if f == nil {
		http.Error(w, "there is no such file; reload the page", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=3600")
	}
	body := f.raw
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if small := f.gzip(); small != nil {
			h.Set("Content-Encoding", "gzip")
			body = small
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body) // the caller may be gone; there is nobody to tell
}

// notBuilt is the page of a program without pages.
const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hansard: the pages are not built</title>
<style nonce="__NONCE__">
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1rem; color: #1a1d21; background: #fff }
pre { background: #f1f3f5; padding: .75rem 1rem; border-radius: 6px; overflow: auto }
@media (prefers-color-scheme: dark) { body { color: #e4e6e9; background: #16181c } pre { background: #24272d } a { color: #8ab4f8 } }
</style>
<h1>This server runs without its pages</h1>
<p>Taking events in, searching, reports and proofs all work; only the pages were not built into this program.
With Node.js 20.19 or newer, in the source folder:</p>
<pre>make build</pre>
<p>builds them and the program. Until then:</p>
<pre>hansard events
hansard report summary
hansard tail -f</pre>
<p>What the API has is described at <a href="/openapi.json">/openapi.json</a>.</p>
</html>
`
