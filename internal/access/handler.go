package access

import (
	"net/http"
	"net/netip"

	"github.com/hansardhq/hansard"
)

// Config says who may reach a server.
type Config struct {
	GuardConfig
	// Tokens are the tokens that the server accepts. nil: it has none and
	// answers callers on this machine only.
	Tokens *Tokens
	// Open reports whether a request is answered without a token: the files
	// of the pages, whether the server is alive. nil: none is. What it lets
	// through has no Identity.
	Open func(*http.Request) bool
	// Sessions are those of browsers that have logged in. nil: there are none.
	Sessions *Sessions
}

// Wrap puts everything in front of next that stands before a route: request
// ids, security headers, the Guard, Authenticate. The error is of kind invalid.
func Wrap(c Config, next http.Handler) (http.Handler, error) {
	g, err := NewGuard(c.GuardConfig)
	if err != nil {
		return nil, err
	}
	return RequestIDs(Headers(g.Wrap(Authenticate(c, next)))), nil
}

// Headers sets the security headers that an API answer needs. A handler that
// serves pages sets its own Content-Security-Policy and Cache-Control over them.
func Headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Authenticate puts the caller's Identity into the request's context, or
// refuses the request. Requests that c.Open reports go on without an Identity. A
// token in a header comes before the cookie of a session.
func Authenticate(c Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Tokens == nil && !fromLoopback(r) {
			err := unauthenticated("this server has no tokens and answers callers on its own machine only")
			WriteError(w, r, hansard.WithHint(err, "start the server with --token-file"))
			return
		}
		if c.Open != nil && c.Open(r) {
			next.ServeHTTP(w, r)
			return
		}
		if len(credentials(r.Header)) == 0 {
			if id, ok := c.Sessions.Identify(r); ok {
				next.ServeHTTP(w, r.WithContext(WithIdentity(r.Context(), id)))
				return
			}
		}
		id, err := c.Tokens.Identify(r.Header)
		if err != nil {
			WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithIdentity(r.Context(), id)))
	})
}

// fromLoopback reports whether the connection comes from this machine.
// CheckListen has made sure of it before; this is for the day when it did not.
func fromLoopback(r *http.Request) bool {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && a.Addr().IsLoopback()
}

// Require returns a wrapper that lets only callers of a role through; an admin
// is of every role. Without an Identity in the context it answers 401.
func Require(need Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, ok := IdentityOf(r.Context())
			if !ok {
				WriteError(w, r, unauthenticated("a token is needed"))
				return
			}
			if err := id.Check(need); err != nil {
				WriteError(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
