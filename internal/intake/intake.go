// Package intake takes events in. It is the only place where the order of the
// stages is written: dialect, redact, bound, classify, append. What it answers
// is durable.
package intake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// Config names the stages.
type Config struct {
	Ledger     *ledger.Ledger
	Redact     *redact.Engine
	Classifier *classify.Classifier
	Limits     dialect.Limits
	// Patience is how long a request waits for a busy ledger before it is
	// told so. Default 5 s.
	Patience time.Duration
	// MaxHeld is how many bytes of events all requests together hold before they
	// append what they have, instead of what makes a batch. Default 64 MiB.
	MaxHeld int64
}

// Intake takes events in. It is safe for concurrent use.
type Intake struct {
	cfg  Config
	flat dialect.Flat
	held atomic.Int64 // bytes in batches, as far as they were counted
}

// New returns an intake.
func New(cfg Config) *Intake {
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	if cfg.MaxHeld == 0 {
		cfg.MaxHeld = 64 << 20
	}
	// Bounds are kept after redaction: a name cut before it could leave half
	// a secret that no rule finds.
	return &Intake{cfg: cfg, flat: dialect.Flat{Limits: cfg.Limits, Unbounded: true}}
}

// Source says who sends.
type Source struct {
	Tenant      string
	SubmittedBy string // token id, or "loopback"
	// IdempotencyKey, when set, gives events without an id one that is the
	// same whenever the same body is sent under the same key.
	IdempotencyKey string
	// Entries asks for the place of each accepted event.
	Entries bool
}

// Rejection says why a line was not taken.
type Rejection struct {
	Line    int    `json:"line"`
	EventID string `json:"event_id,omitempty"`
	Error   string `json:"error"`
}

// Conflict names an event whose id was there already, with other content.
type Conflict struct {
	Line    int    `json:"line"`
	EventID string `json:"event_id"`
}

// Place is where an accepted event is.
type Place struct {
	Line     int    `json:"line"`
	EventID  string `json:"event_id"`
	Log      string `json:"log"`
	Index    uint64 `json:"index"`
	Position uint64 `json:"position"`
	LeafHash string `json:"leaf_hash"`
}

// Receipt is the answer to a request. Everything it counts as accepted is
// durable.
type Receipt struct {
	Accepted   int         `json:"accepted"`
	Duplicates int         `json:"duplicates"`
	Conflicts  []Conflict  `json:"conflicts"`
	Rejected   []Rejection `json:"rejected"`
	// Unlisted counts the conflicts and rejections beyond the first 10,000.
	Unlisted int     `json:"unlisted,omitempty"`
	Entries  []Place `json:"entries,omitempty"`
	Runs     int     `json:"runs,omitempty"`    // of an import
	Skipped  int     `json:"skipped,omitempty"` // lines of an import that are no runs
}

// maxListed bounds the lists in a receipt.
const maxListed = 10_000

func newReceipt() *Receipt { return &Receipt{Conflicts: []Conflict{}, Rejected: []Rejection{}} }

func (r *Receipt) reject(line int, id string, err error) {
	if len(r.Rejected) >= maxListed {
		r.Unlisted++
		return
	}
	r.Rejected = append(r.Rejected, Rejection{line, id, message(err)})
}

// message is what the sender is told of an error: the reason, and the hint.
func message(err error) string {
	if hansard.KindOf(err) == hansard.KindInternal {
		return "internal error; the event was not taken"
	}
	if hint := hansard.HintOf(err); hint != "" {
		return fmt.Sprintf("%v (%s)", err, hint)
	}
	return err.Error()
}

// batch is records on their way to the ledger, with where they came from.
type batch struct {
	records []classify.Record
	lines   []int
	renamed map[int]string // by record: the id as it was sent, where it is another than the record's
	bytes   int
	counted int           // of bytes: in Intake.held
	rows    arena.Lasting // of the records
	// event holds what is being decoded, until it is a record or refused: so it is
	// near, and the next one as well.
	event   arena.Arena
	decoder dialect.Decoder // into event
}

// A batch is appended when it has this many events or bytes: large enough to
// share a sync, small enough that a body of any size takes little memory.
const (
	batchEvents = 1000
	batchBytes  = 4 << 20
)

// batches are those that were appended, for use again: a full one is 100 KB.
var batches = sync.Pool{New: func() any { return new(batch) }}

// batch returns an empty batch.
func (in *Intake) batch() *batch {
	b := batches.Get().(*batch)
	b.decoder.Flat, b.decoder.Arena = in.flat, &b.event
	return b
}

// release gives the batch back. Nobody else may have its records any more.
func (b *batch) release() {
	clear(b.records)
	b.records, b.lines, b.renamed, b.bytes, b.counted = b.records[:0], b.lines[:0], nil, 0, 0
	batches.Put(b)
}

func (b *batch) full() bool { return len(b.records) >= batchEvents || b.bytes >= batchBytes }

// countEvery is how many bytes come to a batch before they are counted.
const countEvery = 64 << 10

// full reports whether the session's batch is to be appended: it is full, or all
// requests together hold so much that each holds as little as it can.
func (s *session) full() bool {
	b := s.batch
	if b.full() {
		return true
	}
	if b.bytes < b.counted+countEvery {
		return false
	}
	now := s.in.held.Add(int64(b.bytes - b.counted))
	b.counted = b.bytes
	return now > s.in.cfg.MaxHeld
}

func (b *batch) add(line int, rec classify.Record) {
	b.records = append(b.records, rec)
	b.lines = append(b.lines, line)
	b.bytes += rec.Size()
}

// rename notes the id that the sender gave the next record, which redaction changed.
func (b *batch) rename(sent string) {
	if b.renamed == nil {
		b.renamed = map[int]string{}
	}
	b.renamed[len(b.records)] = strings.Clone(sent)
}

// sentID returns the id as it was sent of the i-th record.
func (b *batch) sentID(i int) string {
	if id, ok := b.renamed[i]; ok {
		return id
	}
	return part.EventID(b.records[i].Body())
}

// session carries one request through the stages. While a batch is on its way
// to the disk, the next one is read; batches are appended in order.
type session struct {
	in      *Intake
	ctx     context.Context
	src     Source
	keys    redact.Keys
	print   *classify.FingerprintKey
	receipt *Receipt
	batch   *batch
	entry   hansard.Entry // what is being taken in; a record keeps nothing of it
	flying  chan error    // the append under way, nil if there is none
}

func (in *Intake) begin(ctx context.Context, src Source) (*session, error) {
	if !ledger.TenantPattern.MatchString(src.Tenant) {
		return nil, hansard.Errorf(hansard.KindInvalid, "tenant: want 1 to 63 of a-z, 0-9 and -")
	}
	return &session{in: in, ctx: ctx, src: src, receipt: newReceipt(), batch: in.batch()}, nil
}

// redaction is how an event is redacted: by one of the two methods of an engine.
type redaction func(*redact.Engine, redact.Keys, *hansard.Entry) (redact.Redacted, error)

// take redacts and classifies the event at hand and adds it to the batch. An error is
// about this event alone.
func (s *session) take(line int, by redaction) error {
	if s.print == nil { // a tenant's keys are made for its first event, not for a bad line
		var err error
		if s.keys, s.print, err = s.in.cfg.Ledger.Pseudonyms(s.src.Tenant); err != nil {
			return err
		}
	}
	e := &s.entry
	if e.EventID == "" {
		e.EventID = s.newID(line)
	}
	sent := e.EventID
	redacted, err := by(s.in.cfg.Redact, s.keys, e)
	if err != nil {
		return err
	}
	dialect.Bound(&e.Event)
	rec, err := s.in.cfg.Classifier.Classify(&s.batch.rows, redacted, s.src.SubmittedBy, s.print)
	if err != nil {
		return err
	}
	if e.EventID != sent {
		s.batch.rename(sent)
	}
	s.batch.add(line, rec)
	return nil
}

// newID gives an event an id: from the idempotency key and the line, or a UUIDv7.
func (s *session) newID(line int) string {
	if s.src.IdempotencyKey == "" {
		return newUUIDv7(time.Now())
	}
	// Keyed, because an idempotency key may be, or hold, personal data.
	mac := s.print.MAC("idempotency\x00" + s.src.IdempotencyKey + "\x00" + strconv.Itoa(line))
	return "idem-" + hex.EncodeToString(mac[:16])
}

// newUUIDv7 returns an id that sorts by time (RFC 9562, section 5.7).
func newUUIDv7(now time.Time) string {
	var b [16]byte
	rand.Read(b[:])
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// flush sends the batch on its way once the one before has arrived.
func (s *session) flush() error {
	if err := s.land(); err != nil || len(s.batch.records) == 0 {
		return err
	}
	b := s.batch
	s.batch = s.in.batch()
	s.flying = make(chan error, 1)
	go func(done chan<- error) {
		results, err := s.in.append(s.ctx, s.src.Tenant, b.records)
		s.in.held.Add(-int64(b.counted))
		if err == nil {
			s.note(b, results)
			b.release() // after an error the ledger may still have its records
		}
		done <- err
	}(s.flying)
	return nil
}

// land waits for the append under way. Only then may the receipt be touched.
func (s *session) land() error {
	if s.flying == nil {
		return nil
	}
	err := <-s.flying
	s.flying = nil
	return err
}

// finish appends what is left and returns the receipt, which counts what was
// taken even where an error ended the request.
func (s *session) finish(err error) (*Receipt, error) {
	if err == nil {
		err = s.flush()
	}
	if landed := s.land(); err == nil {
		err = landed
	}
	s.in.held.Add(-int64(s.batch.counted))
	s.batch.release() // of what is in it nothing was sent
	s.batch = nil
	return s.receipt, err
}

// append appends, and is patient with a busy ledger.
func (in *Intake) append(ctx context.Context, tenant string, records []classify.Record) ([]ledger.Result, error) {
	wait := 5 * time.Millisecond
	for deadline := time.Now().Add(in.cfg.Patience); ; wait = min(2*wait, 200*time.Millisecond) {
		results, err := in.cfg.Ledger.Append(ctx, tenant, records)
		if hansard.KindOf(err) != hansard.KindBusy || err == nil || time.Now().After(deadline) {
			return results, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// note adds the outcome of a batch to the receipt.
func (s *session) note(b *batch, results []ledger.Result) {
	for i, r := range results {
		switch r.Outcome {
		case ledger.Duplicate:
			s.receipt.Duplicates++
		case ledger.Conflict:
			if len(s.receipt.Conflicts) >= maxListed {
				s.receipt.Unlisted++
				continue
			}
			s.receipt.Conflicts = append(s.receipt.Conflicts, Conflict{b.lines[i], b.sentID(i)})
		default:
			s.receipt.Accepted++
			if s.src.Entries {
				s.receipt.Entries = append(s.receipt.Entries, Place{
					b.lines[i], part.EventID(b.records[i].Body()), r.Log.String(), r.Index, r.Position, r.LeafHash.String(),
				})
			}
		}
	}
}
