package access

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// GuardConfig says what a Guard answers to.
type GuardConfig struct {
	// Listen is the address that the server listens on, "host:port".
	Listen string
	// AllowedHosts are more names or addresses under which callers reach the
	// server. One with a port allows that port only.
	AllowedHosts []string
	// Page reports whether a request is for a page that a link on another
	// site may open. nil: there are no pages.
	Page func(*http.Request) bool
}

// Guard refuses what a web page from elsewhere makes a browser on this machine
// send: forged requests, and reads by DNS rebinding. It needs no tokens and no
// cookies and is always on.
type Guard struct {
	hosts map[Host]bool // allowed; Port "" stands for any port
	any   bool          // listens on all addresses: any address may be in Host
	page  func(*http.Request) bool
}

// NewGuard makes a Guard. The error is of kind invalid.
func NewGuard(c GuardConfig) (*Guard, error) {
	g := &Guard{hosts: map[Host]bool{}, page: c.Page}
	listen, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, badListen(c.Listen)
	}
	if addr, err := netip.ParseAddr(listen); listen == "" || err == nil && addr.IsUnspecified() {
		g.any = true
	} else if err := g.allow(listen); err != nil {
		return nil, badListen(c.Listen)
	}
	for _, s := range c.AllowedHosts {
		if err := g.allow(s); err != nil {
			err := hansard.Errorf(hansard.KindInvalid, "allowed host %q: not a host name or address", s)
			return nil, hansard.WithHint(err, "write --allowed-host name or name:port, without http:// and without a path")
		}
	}
	return g, nil
}

func (g *Guard) allow(s string) error {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		s = "[" + s + "]"
	}
	h, err := ParseHost(s)
	if err == nil {
		g.hosts[h] = true
	}
	return err
}

// refusal is why a request is not answered.
type refusal struct {
	status              int
	title, detail, hint string
}

// Wrap returns a handler that refuses what the Guard refuses and hands all else
// to next.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, check := range []func(*http.Request) *refusal{g.checkHost, checkOrigin, g.checkFetch, checkBody} {
			if no := check(r); no != nil {
				WriteProblem(w, r, no.status, no.title, no.detail, no.hint)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// checkHost stops DNS rebinding: a page at evil.example that points its own
// name at this machine sends "Host: evil.example". Any port will do, because
// tunnels and containers change ports, and a port cannot be rebound. An address
// in Host cannot be rebound either, but is accepted only where the server may
// have it.
func (g *Guard) checkHost(r *http.Request) *refusal {
	const title = "wrong host"
	h, err := ParseHost(r.Host)
	if err != nil {
		return &refusal{http.StatusBadRequest, title, "the Host header is missing or holds no host", ""}
	}
	if h.Loopback() || g.allowed(h) || g.any && h.Addr.IsValid() && !h.Addr.IsUnspecified() {
		return nil
	}
	return &refusal{http.StatusMisdirectedRequest, title,
		fmt.Sprintf("this server does not answer to %q", h.Name),
		"if that is a name of this server, start it with --allowed-host " + h.Name}
}

// allowed reports whether h is on the list, with its port or with any. Browsers
// leave out the ports 80 and 443.
func (g *Guard) allowed(h Host) bool {
	ports := []string{"", h.Port}
	if h.Port == "" {
		ports = []string{"", "80", "443"}
	}
	return slices.ContainsFunc(ports, func(port string) bool {
		return g.hosts[Host{Name: h.Name, Addr: h.Addr, Port: port}]
	})
}

// checkOrigin refuses scripts of other sites. "null" is the origin of a sandbox
// or of a file, which is nobody we know.
func checkOrigin(r *http.Request) *refusal {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 || len(origins) == 1 && sameOrigin(r, origins[0]) {
		return nil
	}
	return &refusal{http.StatusForbidden, "foreign origin",
		"a web page of another site sent this request",
		"use the pages of this server, or send the request from a program without an Origin header"}
}

// sameOrigin reports whether origin names the host that r was sent to. The
// scheme of r is known only with TLS: a proxy may have taken it off.
func sameOrigin(r *http.Request, origin string) bool {
	scheme, rest, _ := strings.Cut(origin, "://")
	if scheme != "https" && (scheme != "http" || r.TLS != nil) {
		return false
	}
	o, err := ParseHost(rest)
	if err != nil {
		return false
	}
	h, err := ParseHost(r.Host)
	return err == nil && o == h
}

// checkFetch refuses what the browser itself says comes from another site,
// which it also says of requests without an Origin (images, scripts, forms that
// GET). Opening a page by a link is allowed. Programs do not send the header.
func (g *Guard) checkFetch(r *http.Request) *refusal {
	h := r.Header
	sites := h.Values("Sec-Fetch-Site")
	if len(sites) == 0 || len(sites) == 1 && (sites[0] == "same-origin" || sites[0] == "none") {
		return nil
	}
	opens := r.Method == http.MethodGet && h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document"
	if opens && g.page != nil && g.page(r) {
		return nil
	}
	return &refusal{http.StatusForbidden, "foreign site",
		"a browser sent this request for a web page of another site",
		"open this server's own pages in the browser"}
}

// bodyTypes are the media types of bodies that we read. None of them can be
// sent by a form or a script of another site without the browser asking first.
var bodyTypes = [...]string{"application/json", "application/x-ndjson", "application/jsonl", "application/x-protobuf"}

// checkBody refuses bodies of other types.
func checkBody(r *http.Request) *refusal {
	if r.ContentLength == 0 { // -1: of unknown length
		return nil
	}
	values := r.Header.Values("Content-Type")
	if len(values) == 1 {
		t, params, err := mime.ParseMediaType(values[0])
		charset, given := params["charset"]
		for _, want := range bodyTypes {
			if err == nil && t == want && (!given || strings.EqualFold(charset, "utf-8")) {
				return nil
			}
		}
	}
	return &refusal{http.StatusUnsupportedMediaType, "unsupported media type",
		"a body must have one of the types " + strings.Join(bodyTypes[:], ", "),
		"send the header Content-Type: application/json (curl: --json, or -H 'Content-Type: application/json')"}
}
