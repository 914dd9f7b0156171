package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// maxToken bounds a token, given in a file or presented, in bytes.
const maxToken = 512

// minToken is the least length of a token that a file gives in clear: what is
// shorter can be guessed.
const minToken = 24

// ErrUnauthenticated is in the chain of every error that says: it is not known
// who is asking. Its HTTP status is 401.
var ErrUnauthenticated = errors.New("not authenticated")

// Tokens are the tokens that a server accepts. They do not change once read and
// are safe for concurrent use. A nil *Tokens is a server without tokens: each
// caller on this machine is an administrator.
type Tokens struct {
	n int
	// match returns the entry with a hash, or nil. It closes over the entries,
	// because fmt looks into unexported fields without asking any method, but
	// into no function.
	match func(hash [sha256.Size]byte) *entry
}

// entry is one token of the file. The token itself is not kept, only its hash.
type entry struct {
	id      string
	hash    [sha256.Size]byte
	tenant  string
	role    Role
	expires time.Time // zero: never
}

// Len returns the number of tokens.
func (t *Tokens) Len() int {
	if t == nil {
		return 0
	}
	return t.n
}

// String returns how many tokens there are, and nothing of them.
func (t *Tokens) String() string { return fmt.Sprintf("%d tokens", t.Len()) }

// Format prints what String returns, whatever the verb.
func (t *Tokens) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.String()) }

// LogValue returns what String returns.
func (t *Tokens) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Identify returns who sends a request with the header h: by its
// "Authorization: Bearer" token, or, when the server has no tokens, as
// Loopback. The errors are of kind denied, with ErrUnauthenticated in the chain
// when it is not known who asks, or of kind invalid for a header that cannot be
// read. Without tokens it is for the caller to make sure that the request comes
// from this machine; Authenticate does.
func (t *Tokens) Identify(h http.Header) (Identity, error) {
	if t == nil {
		return identifyLoopback(h)
	}
	e, err := t.find(credentials(h))
	if err != nil {
		return Identity{}, err
	}
	tenant, err := tenantOf(h, e.tenant)
	if err != nil {
		return Identity{}, err
	}
	if tenant != e.tenant {
		err := hansard.Errorf(hansard.KindDenied, "the token %q belongs to another tenant than the one in %s", e.id, TenantHeader)
		return Identity{}, hansard.WithHint(err, "leave out "+TenantHeader+", or use a token of that tenant")
	}
	return e.identity(), nil
}

func (e *entry) identity() Identity { return Identity{TokenID: e.id, Tenant: e.tenant, Role: e.role} }

// credentials returns the values of the Authorization header in the form that find
// reads. What drop-in senders of OpenTelemetry use for their own servers is accepted
// too: a token as the password of "Basic" (Langfuse), or in X-Api-Key (LangSmith).
func credentials(h http.Header) []string {
	values := h.Values("Authorization")
	if len(values) == 0 {
		if keys := h.Values("X-Api-Key"); len(keys) == 1 {
			return []string{"Bearer " + keys[0]}
		}
		return values
	}
	if len(values) > 1 {
		return values
	}
	scheme, encoded, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Basic") {
		return values
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	_, password, ok := strings.Cut(string(pair), ":")
	if err != nil || !ok {
		return values
	}
	return []string{"Bearer " + password}
}

// find returns the entry of the token in the Authorization header.
func (t *Tokens) find(values []string) (*entry, error) {
	const hint = "send the header: Authorization: Bearer <token>"
	if len(values) == 0 {
		return nil, hansard.WithHint(unauthenticated("a token is needed"), hint)
	}
	if len(values) > 1 {
		return nil, hansard.WithHint(unauthenticated("more than one Authorization header"), hint)
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || !validToken(token) {
		return nil, hansard.WithHint(unauthenticated("the Authorization header holds no bearer token"), hint)
	}
	e := t.match(sha256.Sum256([]byte(token)))
	if e == nil {
		return nil, hansard.WithHint(unauthenticated("the token is not known here"), "check the token, and that it is in the server's token file")
	}
	if !e.expires.IsZero() && !time.Now().Before(e.expires) {
		return nil, hansard.WithHint(unauthenticated("the token %q expired at %s", e.id, e.expires.Format(time.RFC3339)), "ask for a new token")
	}
	return e, nil
}

// newTokens makes Tokens of entries. The look-up goes through all of them, each
// in constant time, so that how long it takes says nothing of what is in them.
func newTokens(entries []entry) *Tokens {
	match := func(hash [sha256.Size]byte) *entry {
		found := -1
		for i := range entries {
			eq := subtle.ConstantTimeCompare(entries[i].hash[:], hash[:])
			found = subtle.ConstantTimeSelect(eq, i, found)
		}
		if found < 0 {
			return nil
		}
		return &entries[found]
	}
	return &Tokens{n: len(entries), match: match}
}

// identifyLoopback returns the identity of a caller on this machine.
func identifyLoopback(h http.Header) (Identity, error) {
	// A proxy on this machine makes the whole network look like loopback.
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if len(h.Values(name)) > 0 {
			err := unauthenticated("a proxy sent this request for someone else (%s), and the server has no tokens to know who", name)
			return Identity{}, hansard.WithHint(err, "start the server with --token-file")
		}
	}
	tenant, err := tenantOf(h, DefaultTenant)
	if err != nil {
		return Identity{}, err
	}
	return Identity{TokenID: Loopback, Tenant: tenant, Role: RoleAdmin}, nil
}

// tenantOf returns the tenant that h names, def if it names none.
func tenantOf(h http.Header, def string) (string, error) {
	values := h.Values(TenantHeader)
	if len(values) == 0 {
		return def, nil
	}
	if len(values) > 1 || !ValidTenant(values[0]) {
		err := hansard.Errorf(hansard.KindInvalid, "the header %s names no tenant", TenantHeader)
		return "", hansard.WithHint(err, "a tenant is 1 to 63 of a-z, 0-9 and -")
	}
	return values[0], nil
}

func unauthenticated(format string, args ...any) error {
	return hansard.Errorf(hansard.KindDenied, "%s: %w", fmt.Sprintf(format, args...), ErrUnauthenticated)
}

// validToken reports whether s can be sent as a bearer token (RFC 6750).
func validToken(s string) bool {
	body := strings.TrimRight(s, "=")
	for _, c := range []byte(body) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~+/", c) >= 0) {
			return false
		}
	}
	return body != "" && len(s) <= maxToken
}
