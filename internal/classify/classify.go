// Package classify turns a redacted event into a record: it gives the retention
// tier, fills what may be left out, keeps the bounds of a leaf, and commits to
// the content. It is pure but for the salt.
//
// A Record can be made only here, and only from a redact.Redacted: what has not
// been redacted cannot be appended.
package classify

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// Record is an event redacted, classified and committed to: a row that has no
// place yet. The zero Record is none, and appending it fails.
type Record struct {
	room      []byte // the body of a row, behind room for its place
	timestamp int64  // Unix nanoseconds; 0: the time of receipt is to be it
	tier      hansard.Tier
	id        part.ID
}

// Body returns the record as the body of a row. Nobody changes it. It is nil for the
// zero Record.
func (r Record) Body() []byte {
	if r.room == nil {
		return nil
	}
	return r.room[part.PlaceRoom:]
}

// Unplaced returns the body as part.PutPlace makes a row of it, in the record's memory
// as far as that has no place yet. It is for the ledger alone.
func (r Record) Unplaced() []byte { return r.room }

// Timestamp returns when the event happened, in Unix nanoseconds. ok is false
// where the sender did not say, and the time of receipt stands in.
func (r Record) Timestamp() (ns int64, ok bool) { return r.timestamp, r.timestamp != 0 }

// Tier returns the retention tier.
func (r Record) Tier() hansard.Tier { return r.tier }

// ID returns what de-duplication remembers of the record: its event id, and the
// keyed hash of what was submitted, by which the same event sent again is told
// from another one with the same id.
func (r Record) ID() part.ID { return r.id }

// Entry returns the record as an entry without a place: no log, index, position
// or receipt time. It is nil for the zero Record.
func (r Record) Entry() *hansard.Entry {
	if r.room == nil {
		return nil
	}
	e, err := part.NewEncoder().ParseRow(append(part.AppendPlace(nil, part.Place{Timestamp: r.timestamp}), r.Body()...))
	if err != nil {
		panic(err) // it was encoded here
	}
	return e
}

// Size returns about how many bytes the record takes in memory and in the
// journal.
func (r Record) Size() int { return len(r.room) - part.PlaceRoom + 100 }

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
	cfg     Config
	enc     *part.Encoder
	scratch sync.Pool // of *scratch
}

// scratch is what the making of one record needs for a moment.
type scratch struct {
	salts []byte // random bytes that no record has yet
	text  []byte // salt and content
	sent  []byte // what was submitted
	tag   []byte // of that
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
	c := &Classifier{cfg: cfg, enc: part.NewEncoder()}
	c.scratch.New = func() any { return new(scratch) }
	return c, nil
}

// Classify makes the record of a redacted event with an id. submittedBy is the
// token's id, or "loopback"; key is the tenant's fingerprint key. The record lies in
// the given memory, and shares none with the redacted entry, which is written to.
func (c *Classifier) Classify(a *arena.Lasting, r redact.Redacted, submittedBy string, key *FingerprintKey) (Record, error) {
	e := r.Entry()
	if e == nil || e.EventID == "" {
		return Record{}, hansard.Errorf(hansard.KindInternal, "classify: not a redacted event with an id")
	}
	w := c.scratch.Get().(*scratch)
	defer c.scratch.Put(w)
	e.Encoder, e.SubmittedBy = hansard.EncoderVersion, submittedBy
	c.fill(e)
	e.Tier = c.tier(e)
	c.cut(e)
	return c.record(a, w, e, key), nil
}

// maxScratch is how large the buffers may be that are kept.
const maxScratch = 1 << 20

// mostBodies is how many bytes most bodies take at most, with the room for a place.
const mostBodies = 1 << 10

// record encodes the entry and commits to its content.
func (c *Classifier) record(a *arena.Lasting, w *scratch, e *hansard.Entry, key *FingerprintKey) Record {
	rec := Record{tier: e.Tier, id: part.ID{Event: part.EventHash(e.EventID)}}
	if e.TimeSource != hansard.TimeOfReceipt {
		rec.timestamp = e.Timestamp
	}
	room := a.Open(mostBodies)[:part.PlaceRoom]
	room[0] = 0 // no place yet
	room, given := part.AppendUncommitted(room, e)
	if given.Content > surelyFits {
		c.fitLeaf(e)
		room, given = part.AppendUncommitted(room[:part.PlaceRoom], e)
	}
	body := room[part.PlaceRoom:]
	rec.id.Fingerprint = w.fingerprint(key, rec.timestamp, body, given)
	w.text = c.enc.AppendBodyContent(append(w.text[:0], w.salt()...), body[given.Content:])
	if content := w.text[saltSize:]; len(content) > 0 {
		room = part.AppendCommitment(room, w.text[:saltSize], sha256.Sum256(w.text), int64(len(content)))
		w.salts = w.salts[saltSize:]
	}
	rec.room = a.Keep(room)
	if cap(w.sent) > maxScratch || cap(w.text) > maxScratch {
		w.text, w.sent = nil, nil
	}
	return rec
}

const saltSize = 16

// salt returns a salt that nothing has yet. Random bytes are fetched for many at
// once.
func (w *scratch) salt() []byte {
	if len(w.salts) < saltSize {
		w.salts = make([]byte, 256*saltSize)
		rand.Read(w.salts)
	}
	return w.salts[:saltSize]
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
