package hansard

import (
	"encoding/hex"
	"encoding/json"
)

// EncoderVersion is the version of the leaf encoding that new entries get. It
// is frozen: a change of the encoding is a new version beside the old one.
const EncoderVersion = 1

// Hash is a SHA-256 value.
type Hash [32]byte

// String returns the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// LogID names a log: one tenant's one tier.
type LogID struct {
	Tenant string
	Tier   Tier
}

// String returns "tenant/tier".
func (l LogID) String() string { return l.Tenant + "/" + string(l.Tier) }

// RedactionCount says how often one detector replaced something in an event.
type RedactionCount struct {
	Kind string // the detector, for example "email" or "secret"
	N    int64  // replacements, >= 1
}

// Entry is a record with its place. The Event in it is redacted, but for an entry on
// its way to redaction: persons are pseudonyms in the envelope, their clear values are
// in Persons.
type Entry struct {
	Event

	// In the leaf, and given by us.
	Encoder     int64 // leaf encoder version, EncoderVersion for new entries
	Position    uint64
	ReceivedAt  int64  // Unix nanoseconds; never decreases within a tenant
	SubmittedBy string // token id, or "loopback"
	Tier        Tier
	Redactions  []RedactionCount // sorted by kind
	Statement   json.RawMessage  // meta log only: canonical JSON of what is stated

	// Persons is content: the clear values of the fields that name persons,
	// as a JSON object from field name to value.
	Persons json.RawMessage

	// The commitment to the content: digest = SHA-256(salt || content).
	// Salt and content are gone after an erasure; digest and size stay.
	Salt          []byte // 16 bytes; empty when erased or when there is no content
	ContentDigest Hash
	ContentSize   int64 // bytes; 0: the entry never had content

	// Beside the leaf.
	Log      LogID
	Index    uint64 // place in the log, from 0
	LeafHash Hash   // RFC 6962 leaf hash of the rendered leaf
}
