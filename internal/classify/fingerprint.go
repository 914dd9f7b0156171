package classify

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// FingerprintKey is the key of a tenant's fingerprints, ready for use. It is safe for
// concurrent use.
//
// A fingerprint is a pseudorandom function of what was submitted, cut to 48 bits:
// GHASH under a secret key, as AES-GCM computes it of what it authenticates (NIST
// SP 800-38D) with one nonce for all, encrypted with AES under another key (a
// universal hash and then a block cipher: Wegman, Carter 1981; Shoup 1996). The
// cipher hides the hash, so that the nonce need not be another one each time. It
// takes a quarter of the time of SHA-256.
type FingerprintKey struct {
	secret []byte
	hash   cipher.AEAD // nil: fingerprints are those of former versions
	hide   cipher.Block
}

// NewFingerprintKey makes the key ready that keys.FingerprintKey derives.
func NewFingerprintKey(secret []byte) *FingerprintKey {
	both, err := hkdf.Expand(sha256.New, secret, "hansard/fingerprint/v2", 64)
	if err != nil {
		panic(err) // 64 bytes are within what it can give
	}
	k := FingerprintKey{secret: bytes.Clone(secret)}
	block, err := aes.NewCipher(both[:32])
	if err == nil {
		k.hash, err = cipher.NewGCM(block)
	}
	if err == nil {
		k.hide, err = aes.NewCipher(both[32:])
	}
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	return &k
}

// Former returns the key that makes the fingerprints of versions before ADR 146,
// which are in the indexes that they wrote: SHA-256 over a block with the secret, then what
// was submitted, cut to 48 bits. Of a hash that is cut so, nobody computes that of a
// longer text, which is what HMAC's second hash is against.
func (k *FingerprintKey) Former() *FingerprintKey { return &FingerprintKey{secret: k.secret} }

// MAC returns the HMAC-SHA-256 (RFC 2104) of a text under the tenant's secret.
func (k *FingerprintKey) MAC(text string) []byte {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Of returns the fingerprint of what the sender of a stored entry submitted, as
// redacted: without what we gave the entry. It can be computed again from a stored
// entry, unless its content was erased.
func (k *FingerprintKey) Of(e *hansard.Entry) [6]byte {
	body, given := part.AppendUncommitted(nil, e)
	timestamp := e.Timestamp
	if e.TimeSource == hansard.TimeOfReceipt {
		timestamp = 0
	}
	return new(scratch).fingerprint(k, timestamp, body, given)
}

// fingerprint returns the fingerprint of a body without what we gave it.
func (w *scratch) fingerprint(k *FingerprintKey, timestamp int64, body []byte, given part.Given) [6]byte {
	w.sent = k.begin(w.sent[:0], timestamp)
	w.sent = append(append(w.sent, body[:given.From]...), body[given.To:]...)
	return w.end(k, w.sent)
}

// begin appends what stands in front of the body that a fingerprint is computed of.
func (k *FingerprintKey) begin(dst []byte, timestamp int64) []byte {
	if k.hash == nil {
		dst = append(dst, make([]byte, sha256.BlockSize)...)
		copy(dst, k.secret)
	}
	return binary.AppendVarint(dst, timestamp)
}

// end returns the fingerprint of what begins so and ends with a body.
func (w *scratch) end(k *FingerprintKey, sent []byte) (f [6]byte) {
	if k.hash == nil {
		sum := sha256.Sum256(sent)
		copy(f[:], sum[:])
		return f
	}
	w.tag = k.hash.Seal(w.tag[:0], fingerprintNonce[:], nil, sent)
	k.hide.Encrypt(w.tag, w.tag)
	copy(f[:], w.tag)
	return f
}

var fingerprintNonce [12]byte

// Fingerprinter computes the fingerprints of stored rows anew, as FingerprintKey.Of
// does of entries. It is for one goroutine at a time.
type Fingerprinter struct {
	key        *FingerprintKey
	ours       []bool // columns that nobody submits, by ID from 1
	timeSource *part.Column
	sent       [part.RowBlock][]byte
	prints     [part.RowBlock][6]byte
	w          *scratch
}

// NewFingerprinter returns a Fingerprinter with a tenant's fingerprint key.
func NewFingerprinter(enc *part.Encoder, key *FingerprintKey) *Fingerprinter {
	f := &Fingerprinter{key: key, ours: make([]bool, len(enc.Columns())), timeSource: enc.Column("time_source"), w: new(scratch)}
	for _, name := range []string{"submitted_by", "tier", "salt", "content_digest", "content_size"} {
		f.ours[enc.Column(name).ID-1] = true
	}
	return f
}

// Rows returns the fingerprints of the rows of a row group from row on, of at most
// part.RowBlock, until it is called again. All columns were loaded. Of an erased row it
// says nothing; see part.Group.Erased.
func (f *Fingerprinter) Rows(g *part.Group, row int) [][6]byte {
	sent := f.sent[:min(part.RowBlock, g.Len()-row)]
	for i := range sent {
		timestamp := g.Place(row + i).Timestamp
		if g.Equal(f.timeSource, row+i, hansard.TimeOfReceipt) {
			timestamp = 0
		}
		sent[i] = f.key.begin(sent[i][:0], timestamp)
	}
	g.AppendBodies(sent, row, f.ours)
	for i := range sent {
		f.prints[i] = f.w.end(f.key, sent[i])
	}
	return f.prints[:len(sent)]
}
