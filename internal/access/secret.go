package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
)

// TokenPrefix begins each token that NewToken makes, so that secret scanners
// find one in a place where it should not be.
const TokenPrefix = "hsd_"

// redacted stands for a secret wherever one would be printed.
const redacted = "[secret]"

// Secret is a token in clear. Printing, logging or encoding it shows
// "[secret]"; only Reveal gives it away.
type Secret struct {
	// A pointer, because fmt prints an unexported field of another struct
	// without asking its methods: it then shows an address, not the token.
	plain *string
}

// NewToken makes a token: TokenPrefix and 32 random bytes in base64url.
func NewToken() Secret {
	b := make([]byte, 32)
	rand.Read(b) // never fails: the process ends when the system has no randomness
	s := TokenPrefix + base64.RawURLEncoding.EncodeToString(b)
	return Secret{&s}
}

// Reveal returns the token in clear, "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.plain == nil {
		return ""
	}
	return *s.plain
}

// SHA256 returns the token's SHA-256 in lower-case hexadecimal: what a token
// file holds as token_sha256.
func (s Secret) SHA256() string {
	h := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(h[:])
}

// Format prints "[secret]", whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// String returns "[secret]".
func (s Secret) String() string { return redacted }

// LogValue returns "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[secret]".
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
