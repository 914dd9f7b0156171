package access

import (
	"context"

	"github.com/hansardhq/hansard"
)

// Loopback is the token id of a caller on this machine when the server has no
// tokens. No token may have this id.
const Loopback = "loopback"

// Public is the reader on record of who needs no token to read a public log. No
// token may have this id.
const Public = "public"

// DefaultTenant is the tenant of a loopback caller that names none.
const DefaultTenant = "default"

// TenantHeader names the tenant that a request is for. A token is bound to its
// tenant; naming another one is refused, not ignored.
const TenantHeader = "Hansard-Tenant"

// Role says what a caller may do. The roles are not a ladder: a token for
// ingest cannot read what others sent, and a reader cannot write.
type Role string

// The roles.
const (
	RoleIngest Role = "ingest" // may send events, nothing else
	RoleReader Role = "reader" // may read
	RoleAdmin  Role = "admin"  // may do all
)

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r == RoleIngest || r == RoleReader || r == RoleAdmin }

// Identity is who a request comes from.
type Identity struct {
	TokenID string // the token's id, or Loopback; what an entry shows as submitted_by
	Tenant  string // the only tenant that this request can see
	Role    Role
}

// Check returns nil if the identity may do what need asks for, else an error of
// kind denied.
func (id Identity) Check(need Role) error {
	if id.Role == RoleAdmin || id.Role == need && need.Valid() {
		return nil
	}
	err := hansard.Errorf(hansard.KindDenied, "this needs the role %s and the token %q has the role %s", need, id.TokenID, id.Role)
	return hansard.WithHint(err, "use a token with the role "+string(need)+" or admin")
}

type identityKey struct{}

// WithIdentity returns ctx with id as the caller.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

// IdentityOf returns the caller of ctx; false if nobody was authenticated.
func IdentityOf(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(Identity)
	return id, ok
}

// ValidTenant reports whether s can name a tenant: 1 to 63 of a-z, 0-9 and "-".
// It is also the name of the tenant's folder.
func ValidTenant(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 63
}

// validName reports whether s is 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-":
// safe in a header, a log line, a file name and a URL.
func validName(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 64
}
