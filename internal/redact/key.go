package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/hansardhq/hansard"
)

// MinKeySize is the least size of a key's secret in bytes.
const MinKeySize = 32

// Key is one pseudonym key of a tenant.
type Key struct {
	// ID names the key in every pseudonym, for example "k1": 1 to 32 of
	// a-z, 0-9, '.', '_' and '-'.
	ID string
	// Secret is the key itself, at least MinKeySize bytes.
	Secret []byte
}

// Keys are the pseudonym keys of a tenant.
type Keys struct {
	Current Key   // makes new pseudonyms
	Old     []Key // retired by a rotation; for look-ups only
}

func (k Key) check() error {
	if len(k.ID) == 0 || len(k.ID) > maxKeyID {
		return hansard.Errorf(hansard.KindInternal, "check the pseudonym key: its id has %d bytes, want 1 to %d", len(k.ID), maxKeyID)
	}
	for i := range len(k.ID) {
		if !isKeyIDByte(k.ID[i]) {
			return hansard.Errorf(hansard.KindInternal, "check the pseudonym key: its id has a byte other than a-z, 0-9, '.', '_', '-'")
		}
	}
	if len(k.Secret) < MinKeySize {
		err := hansard.Errorf(hansard.KindInternal, "check the pseudonym key: its secret has %d bytes, want at least %d", len(k.Secret), MinKeySize)
		return hansard.WithHint(err, "restore the tenant's pseudonym key; nothing is recorded without it")
	}
	return nil
}

const (
	maxKeyID = 32
	hexLen   = 16

	// maxPseudonym is the length of the longest pseudonym: pii:<kind>:<key id>:<hex>.
	maxPseudonym = len("pii:") + len(KindSecret) + 1 + maxKeyID + 1 + hexLen
	macDomain    = "hansard/pseudonym/v1\x00"
)

func isKeyIDByte(c byte) bool {
	return isLower(c) || isDigit(c) || c == '.' || c == '_' || c == '-'
}

// mac makes pseudonyms under one key. It keeps its hash between uses.
type mac struct {
	key  Key
	hash hash.Hash
	text []byte // what is hashed
	sum  [sha256.Size]byte
}

// has reports whether k is the key of m.
func (m *mac) has(k Key) bool {
	return m.hash != nil && m.key.ID == k.ID && bytes.Equal(m.key.Secret, k.Secret)
}

// use makes k the key of m.
func (m *mac) use(k Key) {
	m.key = Key{ID: k.ID, Secret: bytes.Clone(k.Secret)}
	m.hash = hmac.New(sha256.New, m.key.Secret)
}

// append appends the pseudonym of a normalised value. The kind goes into the
// hash too: the same digits as a phone and as a card are two pseudonyms.
func (m *mac) append(dst []byte, k kind, norm []byte) []byte {
	name := k.String()
	m.text = append(append(append(m.text[:0], macDomain...), name...), 0)
	m.text = append(m.text, norm...)
	m.hash.Reset()
	m.hash.Write(m.text)
	sum := m.hash.Sum(m.sum[:0])
	dst = append(dst, "pii:"...)
	dst = append(dst, name...)
	dst = append(dst, ':')
	dst = append(dst, m.key.ID...)
	dst = append(dst, ':')
	return hex.AppendEncode(dst, sum[:hexLen/2])
}

// pseudonymLen returns the length of the pseudonym that b begins with, 0 if it
// begins with none.
func pseudonymLen(b []byte) int {
	const prefix = "pii:"
	if len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
		return 0
	}
	i := len(prefix)
	start := i
	for i < len(b) && isLower(b[i]) {
		i++
	}
	if i == start || i >= len(b) || b[i] != ':' || kindOf(string(b[start:i])) == none {
		return 0
	}
	i++
	start = i
	for i < len(b) && isKeyIDByte(b[i]) {
		i++
	}
	if i == start || i-start > maxKeyID || i >= len(b) || b[i] != ':' {
		return 0
	}
	i++
	if len(b)-i < hexLen {
		return 0
	}
	for _, c := range b[i : i+hexLen] {
		if !isDigit(c) && (c < 'a' || c > 'f') {
			return 0
		}
	}
	if i += hexLen; i < len(b) && isWord(b[i]) {
		return 0
	}
	return i
}

// isReplaced reports whether all of b is what this package puts in the place of
// a hit.
func isReplaced(b []byte) bool {
	return len(b) > 0 && (pseudonymLen(b) == len(b) || isMask(b))
}

// maskLen returns the length of the mask that b begins with, 0 if it begins with
// none.
func maskLen(b []byte) int {
	const longest = 128
	n := bytes.IndexByte(b[:min(len(b), longest)], ']') + 1
	if !isMask(b[:n]) {
		return 0
	}
	return n
}

// isMask reports whether all of b is a mask such as [email] or [secret:jwt].
func isMask(b []byte) bool {
	if len(b) < 4 || b[0] != '[' || b[len(b)-1] != ']' {
		return false
	}
	name, rule, has := bytes.Cut(b[1:len(b)-1], []byte(":"))
	k := kindOf(string(name))
	if k == none || has != (k == secret) {
		return false
	}
	for _, c := range rule {
		if !isKeyIDByte(c) {
			return false
		}
	}
	return !has || len(rule) > 0
}
