package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
)

// SessionCookie holds the id of a browser's session. Scripts cannot read it and
// other sites cannot make a browser send it.
const SessionCookie = "hansard_session"

// SessionTime is how long a session lasts. It ends sooner with its token, with
// logging out, and with the server.
const SessionTime = 12 * time.Hour

// maxSessions bounds the sessions that a server keeps; the oldest goes first.
const maxSessions = 10_000

// Sessions let browsers show a token once and a cookie from then on, because a
// page must not keep a token where scripts can read it, and because the live feed
// of a browser cannot send headers. They are kept in memory, by the hashes of
// their ids: a session ends with the server.
type Sessions struct {
	tokens *Tokens
	// mu guards the maps, which each request reads.
	mu   sync.Mutex
	open map[[sha256.Size]byte]session
}

type session struct {
	e     *entry
	until time.Time
}

// NewSessions returns sessions of the tokens t, which may be nil: then nobody
// logs in, because nobody needs to.
func NewSessions(t *Tokens) *Sessions {
	return &Sessions{tokens: t, open: map[[sha256.Size]byte]session{}}
}

// Login begins a session for who shows the token, and returns its cookie. secure
// says that the connection has TLS. The errors are of kind denied.
func (s *Sessions) Login(token string, secure bool) (*http.Cookie, Identity, error) {
	if s.tokens == nil {
		err := hansard.Errorf(hansard.KindInvalid, "this server has no tokens: there is nothing to log in to")
		return nil, Identity{}, hansard.WithHint(err, "start it with --token-file to tell callers apart")
	}
	e, err := s.tokens.find([]string{"Bearer " + token})
	if err != nil {
		return nil, Identity{}, err
	}
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	id := base64.RawURLEncoding.EncodeToString(raw[:])
	until := time.Now().Add(SessionTime)
	if !e.expires.IsZero() && e.expires.Before(until) {
		until = e.expires
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom(time.Now())
	s.open[sha256.Sum256([]byte(id))] = session{e, until}
	return sessionCookie(id, int(time.Until(until).Seconds())+1, secure), e.identity(), nil
}

// makeRoom drops sessions that have ended, and the one that ends first if there
// are still too many. s.mu is held.
func (s *Sessions) makeRoom(now time.Time) {
	if len(s.open) < maxSessions {
		return
	}
	var first [sha256.Size]byte
	var soonest time.Time
	for id, x := range s.open {
		if !now.Before(x.until) {
			delete(s.open, id)
		} else if soonest.IsZero() || x.until.Before(soonest) {
			first, soonest = id, x.until
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, first)
	}
}

// sessionCookie makes a cookie; seconds below 0 take it away.
func sessionCookie(id string, seconds int, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: SessionCookie, Value: id, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
}

// Logout ends the session with an id, if there is one, and returns the cookie that
// takes the browser's away.
func (s *Sessions) Logout(id string, secure bool) *http.Cookie {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(id)))
	return sessionCookie("", -1, secure)
}

// Identify returns who the cookie of a request stands for; false if it has none
// that is valid. A request for another tenant than the token's is not the
// session's.
func (s *Sessions) Identify(r *http.Request) (Identity, bool) {
	c, err := r.Cookie(SessionCookie)
	if s == nil || err != nil {
		return Identity{}, false
	}
	s.mu.Lock()
	x, ok := s.open[sha256.Sum256([]byte(c.Value))]
	s.mu.Unlock()
	if !ok || !time.Now().Before(x.until) {
		return Identity{}, false
	}
	tenant, err := tenantOf(r.Header, x.e.tenant)
	return x.e.identity(), err == nil && tenant == x.e.tenant
}
