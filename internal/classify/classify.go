// Package classify turns a redacted event into a record: it gives the retention
// tier, fills what may be left out, keeps the bounds of a leaf, and commits to
// the content. It is pure but for the salt.
//
// A Record can be made only here, and only from a redact.Redacted: what has not
// been redacted cannot be appended.
package classify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// Record is an event redacted, classified and committed to. The zero Record is
// none, and appending it fails.
type Record struct {
	entry       *hansard.Entry
	fingerprint [6]byte
	size        int
}

// Entry returns the record as an entry without a place: no log, index, position
// or receipt time. The ledger fills them in; nobody else changes it. It is nil
// for the zero Record.
func (r Record) Entry() *hansard.Entry { return r.entry }

// Fingerprint returns the keyed hash of what was submitted, by which the same
// event sent again is told from another one with the same id.
func (r Record) Fingerprint() [6]byte { return r.fingerprint }

// Size returns about how many bytes the record takes in memory and in the
// journal.
func (r Record) Size() int { return r.size }

// Config sets what classification may.
type Config struct {
	// MaxField is how many bytes a single content field may have; what is
	// longer keeps its head and its tail. Default 1 MiB.
	MaxField int `yaml:"max_field"`
	// RaiseTiers raises the tier of event types, for example
	// {"agent.reasoning": "info"}. It never lowers one.
	RaiseTiers map[string]hansard.Tier `yaml:"raise_tiers"`
}

// Classifier makes records. It is safe for concurrent use.
type Classifier struct {
	cfg Config
	enc *part.Encoder
}

// New returns a classifier. It refuses a configuration that names no tier.
func New(cfg Config) (*Classifier, error) {
	if cfg.MaxField == 0 {
		cfg.MaxField = 1 << 20
	}
	for typ, tier := range cfg.RaiseTiers {
		if tier.Rank() < 0 {
			return nil, hansard.Errorf(hansard.KindInvalid, "raise_tiers: %q of %q is no tier: debug, info, compliance or critical", tier, typ)
		}
	}
	return &Classifier{cfg: cfg, enc: part.NewEncoder()}, nil
}

// Classify makes the record of a redacted event with an id. submittedBy is the
// token's id, or "loopback"; key is the tenant's fingerprint key.
func (c *Classifier) Classify(r redact.Redacted, submittedBy string, key []byte) (Record, error) {
	ev := r.Event()
	if ev == nil || ev.EventID == "" {
		return Record{}, hansard.Errorf(hansard.KindInternal, "classify: not a redacted event with an id")
	}
	e := &hansard.Entry{
		Event: *ev, Encoder: hansard.EncoderVersion, SubmittedBy: submittedBy,
		Redactions: r.Counts(), Persons: r.Persons(),
	}
	c.fill(e)
	e.Tier = c.tier(e)
	c.cut(e)
	c.fitLeaf(e)
	rec := Record{entry: e, fingerprint: Fingerprint(c.enc, key, e)}
	content := c.enc.AppendContent(nil, e)
	if len(content) > 0 {
		e.Salt = make([]byte, 16)
		rand.Read(e.Salt)
		e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
	}
	rec.size = len(content) + roughSize(e)
	return rec, nil
}

// fill gives what a sender may leave out.
func (c *Classifier) fill(e *hansard.Entry) {
	if e.TraceID == "" {
		e.TraceID = e.EventID // without a trace id the event is its own trace
	}
	if (e.Error != "" || e.ErrorType != "" || e.EventType == hansard.TypeError) && (e.Status == "" || e.Status == "ok") {
		e.Status = "error" // a present error makes the status at least error
	}
	if e.Timestamp == 0 {
		e.TimeSource = hansard.TimeOfReceipt // the ledger fills in the receipt time
	} else if e.TimeSource == "" {
		e.TimeSource = hansard.TimeFromSender
	}
}

// Fingerprint returns the keyed hash of what the sender submitted, as redacted:
// without what we gave the entry. It can be computed again from a stored entry,
// unless its content was erased.
func Fingerprint(enc *part.Encoder, key []byte, e *hansard.Entry) (f [6]byte) {
	s := *e
	s.Position, s.ReceivedAt, s.Index, s.SubmittedBy, s.Tier = 0, 0, 0, "", ""
	s.Salt, s.ContentDigest, s.ContentSize = nil, hansard.Hash{}, 0
	if s.TimeSource == hansard.TimeOfReceipt {
		s.Timestamp = 0
	}
	h := hmac.New(sha256.New, key)
	h.Write(enc.AppendRow(nil, &s))
	copy(f[:], h.Sum(nil))
	return f
}
