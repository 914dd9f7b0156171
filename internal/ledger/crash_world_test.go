package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// folder is the data folder on a simulated disk.
const folder = "/srv/data"

// world is what senders know: what they sent, and what they were told of it. It
// outlives every crash.
type world struct {
	engine     *redact.Engine
	classifier *classify.Classifier
	enc        *part.Encoder

	mu       sync.Mutex // guards all below
	requests []*sending
	events   int // made so far
	pruned   map[hansard.LogID]bounds
	erased   erasing
	held     string // id of a hold on acme/info that stands
}

func newWorld() (*world, error) {
	s, err := stages()
	return &world{engine: s.engine, classifier: s.classifier, enc: part.NewEncoder(), pruned: map[hansard.LogID]bounds{}}, err
}

// essence is what an entry says of its event.
func (w *world) essence(e *hansard.Entry) string {
	return fmt.Sprintf("%s %s %s %s %s %d %s", e.EventType, e.AgentName, e.TraceID, e.ToolName, e.Tier, e.Timestamp, w.enc.AppendContent(nil, e))
}

// compose makes a request of n events that were never sent before. Every fourth
// event goes to the same tier; with one kind they all do.
func (w *world) compose(tenant string, n, size int, oneKind bool) *sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &sending{tenant: tenant}
	for range n {
		i := w.events
		if oneKind {
			i *= 4
		}
		ev := event(i)
		ev.EventID = fmt.Sprintf("%s-%d", tenant, w.events)
		ev.Params = fmt.Appendf(nil, `{"order_id":%d,"note":"hello"}`, w.events)
		if size > 0 {
			ev.Result, _ = json.Marshal(strings.Repeat(fmt.Sprint(i, " big words "), size/12))
		}
		s.events = append(s.events, ev)
		w.events++
	}
	s.places = make([]*ledger.Result, n)
	w.requests = append(w.requests, s)
	return s
}

// send sends a request once. The disk tells whether an answer got through: a
// process whose disk is gone answers nobody.
func (w *world) send(l *ledger.Ledger, s *sending, gone func() bool) error {
	var memory arena.Lasting
	var records []classify.Record
	want := make([]string, len(s.events))
	for i, ev := range s.events {
		k, key, err := l.Pseudonyms(s.tenant)
		if err != nil {
			return err
		}
		redacted, err := w.engine.Redact(k, &hansard.Entry{Event: ev})
		if err != nil {
			return err
		}
		rec, err := w.classifier.Classify(&memory, redacted, "loopback", key)
		if err != nil {
			return err
		}
		records, want[i] = append(records, rec), w.essence(rec.Entry())
	}
	w.mu.Lock()
	s.want = want
	w.mu.Unlock()
	results, err := l.Append(context.Background(), s.tenant, records)
	if err != nil {
		return err
	}
	if gone() {
		return errGone
	}
	return w.acknowledge(s, results)
}

var errGone = errors.New("the power is off")

// acknowledge notes the answer to a request.
func (w *world) acknowledge(s *sending, results []ledger.Result) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	accepted := 0
	for i, r := range results {
		switch r.Outcome {
		case ledger.Accepted:
			accepted++
			if s.places[i] != nil {
				return fmt.Errorf("%s was acknowledged before and is accepted again", s.events[i].EventID)
			}
			s.places[i] = &r
		case ledger.Conflict:
			return fmt.Errorf("%s conflicts with itself", s.events[i].EventID)
		}
	}
	if accepted > 0 && accepted < len(results) {
		return fmt.Errorf("a request of %d events was there by a part: %d are new", len(results), accepted)
	}
	s.acked = true
	return nil
}

// open lists the requests that have no answer.
func (w *world) open() []*sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []*sending
	for _, s := range w.requests {
		if !s.acked {
			open = append(open, s)
		}
	}
	return open
}

// some returns an acknowledged request, nil if there is none.
func (w *world) some(r *rand.Rand) *sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range 4 {
		if n := len(w.requests); n > 0 {
			if s := w.requests[r.IntN(n)]; s.acked && !w.mayBePruned(s) {
				return s
			}
		}
	}
	return nil
}

// known is what the world knew at one moment.
type known struct {
	requests []sending
	pruned   map[hansard.LogID]bounds
	erased   erasing
	held     string
}

func (w *world) known() known {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := known{pruned: maps.Clone(w.pruned), erased: w.erased, held: w.held}
	for _, s := range w.requests {
		c := *s
		c.places = append([]*ledger.Result(nil), s.places...)
		k.requests = append(k.requests, c)
	}
	return k
}

// check holds a record, read back from the disk, against what was acknowledged.
func (w *world) check(k known, d *simdisk.Disk, f *recorder) error {
	entries, err := readRecord(d, f)
	if err != nil {
		return err
	}
	minimum, err := ledger.MinimumsIn(d, folder)
	if err != nil {
		return err
	}
	for log, b := range k.pruned {
		if m := minimum[log]; m < b.least || m > b.most {
			return fmt.Errorf("%s begins at %d, want %d to %d", log, m, b.least, b.most)
		}
	}
	there, positions := map[string]*hansard.Entry{}, map[string]bool{}
	for _, e := range entries {
		at := fmt.Sprintf("%s %d", e.Log.Tenant, e.Position)
		if positions[at] {
			return fmt.Errorf("position %s is given twice", at)
		}
		positions[at] = true
		if e.Tier == hansard.TierMeta {
			continue
		}
		key := e.Log.Tenant + "/" + e.EventID
		if there[key] != nil {
			return fmt.Errorf("%s is there twice", key)
		}
		there[key] = e
	}
	for _, s := range k.requests {
		found := 0
		for i, ev := range s.events {
			key := s.tenant + "/" + ev.EventID
			e := there[key]
			delete(there, key)
			if e == nil {
				if k.pruned != nil && gone(s.tenant, s.places[i], minimum) {
					found++
				}
				continue
			}
			found++
			if p := s.places[i]; p != nil && p.Index < minimum[p.Log] {
				return fmt.Errorf("%s was pruned, and is there", key)
			}
			want := s.want[i]
			if len(e.Salt) == 0 && k.erased.has(e) {
				want = strings.Replace(w.essence(e), string(w.enc.AppendContent(nil, e)), "", 1)
			}
			if err := w.same(e, want, s.places[i]); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		if s.acked && found < len(s.events) {
			return fmt.Errorf("lost: of a request of %d events that was acknowledged, %d are there (from %s on)", len(s.events), found, s.events[0].EventID)
		}
		if found > 0 && found < len(s.events) {
			return fmt.Errorf("half visible: of a request of %d events %d are there (from %s on)", len(s.events), found, s.events[0].EventID)
		}
	}
	for key := range there {
		return fmt.Errorf("%s is there, and was never sent", key)
	}
	return w.forgotten(k, d)
}

// same reports how an entry differs from what was sent, or from what the answer
// said of it.
func (w *world) same(e *hansard.Entry, want string, place *ledger.Result) error {
	if got := w.essence(e); got != want {
		return fmt.Errorf("the record says %.300q, what was sent is %.300q", got, want)
	}
	if place == nil {
		return nil
	}
	leaf := part.HashLeaf(w.enc.AppendLeaf(nil, e))
	if e.Log != place.Log || e.Index != place.Index || e.Position != place.Position || leaf != place.LeafHash {
		return fmt.Errorf("it lies in %s at %d, position %d, hash %s; the answer was %+v", e.Log, e.Index, e.Position, leaf, *place)
	}
	return nil
}

// readRecord reads all entries that a follower was told of.
func readRecord(d *simdisk.Disk, f *recorder) ([]*hansard.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []*hansard.Entry
	enc := part.NewEncoder()
	for id, fresh := range f.fresh {
		for _, row := range fresh {
			e, err := enc.Entry(row)
			if err != nil {
				return nil, fmt.Errorf("fresh row of %s: %w", id, err)
			}
			e.Log = id
			all = append(all, e)
		}
	}
	for id, infos := range f.infos {
		for _, info := range infos {
			entries, err := readEntries(d, enc, id, info)
			if err != nil {
				return nil, fmt.Errorf("part %s of %s: %w", info.Name, id, err)
			}
			all = append(all, entries...)
		}
	}
	return all, nil
}

func readEntries(d *simdisk.Disk, enc *part.Encoder, id hansard.LogID, info part.Info) ([]*hansard.Entry, error) {
	b, err := durable.ReadFile(d, info.Path(folder), 1<<26)
	if err != nil {
		return nil, err
	}
	return decoded.entries(enc, id, b)
}

// decoded keeps the entries of parts by their bytes: after hundreds of power cuts most
// parts are those that were there before.
var decoded partCache

type partCache struct {
	mu    sync.Mutex
	parts map[partKey][]*hansard.Entry
}

type partKey struct {
	log hansard.LogID
	sum [sha256.Size]byte
}

// entries returns the entries of a part of a log that has these bytes. Nobody changes
// them.
func (c *partCache) entries(enc *part.Encoder, id hansard.LogID, b []byte) ([]*hansard.Entry, error) {
	key := partKey{id, sha256.Sum256(b)}
	c.mu.Lock()
	entries, ok := c.parts[key]
	c.mu.Unlock()
	if ok {
		return entries, nil
	}
	pf, err := enc.Open(bytes.NewReader(b), int64(len(b)), id)
	if err != nil {
		return nil, err
	}
	if entries, err = pf.ReadAll(); err != nil {
		return nil, err
	}
	for _, e := range entries {
		e.Log = id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parts == nil || len(c.parts) == 256 {
		c.parts = map[partKey][]*hansard.Entry{}
	}
	c.parts[key] = entries
	return entries, nil
}

// sound verifies the folder on the disk, with the key folder at hand or without.
func sound(d *simdisk.Disk, withKeys bool) error {
	cfg := ledger.VerifyConfig{Dir: folder, FS: d}
	if withKeys {
		cfg.KeyDir = folder + ".keys"
	}
	v, err := ledger.Verify(cfg)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if len(v.Findings) > 0 {
		return fmt.Errorf("verify: %d findings: %s", len(v.Findings), v.Findings[0])
	}
	return nil
}

// life is one run of the server's process on a disk, up to its end.
type life struct {
	w     *world
	disk  *simdisk.Disk
	r     *rand.Rand
	tune  func(*ledger.Config)
	skip  func(simdisk.Op) bool // syncs that are left out
	until func(simdisk.Op) bool // the life ends before the first such operation
	fault func(simdisk.Op) error
	each  func(simdisk.Op) // called ahead of each operation that changes the disk
	f     *recorder
	fatal error

	mu   sync.Mutex // guards all below
	ops  int        // so far
	last int        // the operation before which the life ends, 0: none
	kill bool       // the process ends, not the power
	left *simdisk.Disk
	then known
	path string // of the operation that was to come
}

// watch counts operations that change the disk, and ends the life at one of them.
// From then on every operation fails.
func (v *life) watch(op simdisk.Op) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.left != nil {
		return syscall.EIO
	}
	if v.fault != nil {
		if err := v.fault(op); err != nil {
			return err
		}
	}
	if !op.Kind.Changes() {
		return nil
	}
	if v.each != nil {
		v.each(op)
	}
	v.ops++
	if v.ops == v.last || v.until != nil && v.until(op) {
		v.end(fmt.Sprintf("%s %s", op.Kind, strings.TrimPrefix(op.Path, folder)))
		return syscall.EIO
	}
	if v.skip != nil && v.skip(op) {
		return simdisk.ErrSkip
	}
	return nil
}

// end keeps what is left. v.mu is held.
func (v *life) end(path string) {
	v.path, v.then = path, v.w.known()
	if v.kill {
		v.left = v.disk.Kill()
	} else {
		v.left = v.disk.Cut(v.r)
	}
}

func (v *life) gone() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.left != nil
}

// open opens the ledger.
func (v *life) open() (*ledger.Ledger, error) {
	v.disk.Before(v.watch)
	return v.reopen()
}

func (v *life) reopen() (*ledger.Ledger, error) {
	v.f = newRecorder()
	cfg := ledger.Config{
		Dir: folder, Name: "test", FS: v.disk, JournalSize: 4 << 10, CheckpointEvery: time.Hour, SealAfter: time.Hour, Follower: v.f,
		// The process goes on for a while after it should have ended. Nothing
		// that it says counts any more, and its disk is gone.
		Fatal: func(err error) {
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.left == nil {
				v.fatal = err
				v.end("after: " + err.Error())
			}
		},
	}
	if v.tune != nil {
		v.tune(&cfg)
	}
	return ledger.Open(cfg)
}

// recovered opens what a crash left, and holds it against what was known before.
// What had no answer is sent again, as its senders do.
func (v *life) recovered(k known) (*ledger.Ledger, error) {
	l, err := v.open()
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := v.w.check(k, v.disk, v.f); err != nil {
		return l, fmt.Errorf("after the start: %w", err)
	}
	if err := holds(l, k.held); err != nil && !v.gone() {
		return l, fmt.Errorf("after the start: %w", err)
	}
	for _, s := range v.w.open() {
		if err := v.w.send(l, s, v.gone); err != nil {
			return l, fmt.Errorf("sent again: %w", err)
		}
	}
	return l, nil
}

// goOn writes on after a crash.
func (v *life) goOn(l *ledger.Ledger) error {
	for _, tenant := range []string{"acme", "zeta"} {
		if err := v.w.send(l, v.w.compose(tenant, 3, 0, false), v.gone); err != nil {
			return fmt.Errorf("append after the start: %w", err)
		}
	}
	return nil
}

// finish writes on, closes the ledger and checks all that is there.
func (v *life) finish(l *ledger.Ledger) error {
	if err := v.goOn(l); err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	if err := v.w.check(v.w.known(), v.disk, v.f); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	if err := sound(v.disk, true); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	r, err := ledger.OpenReader(v.disk, folder)
	if err != nil {
		return fmt.Errorf("open for reading: %w", err)
	}
	f := newRecorder()
	r.Follow(f)
	if err := errors.Join(v.w.check(v.w.known(), v.disk, f), r.Close()); err != nil {
		return fmt.Errorf("a reader: %w", err)
	}
	return nil
}
