package ledger

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// request is one Append on its way through the committer.
type request struct {
	tenant    string
	records   []classify.Record
	statement json.RawMessage // a statement for the meta log, instead of records
	turn      bool            // begin a new journal file, instead of either
	size      int64
	results   []Result
	err       error
	done      chan struct{}
}

// maxGroup bounds how much one commit takes in, in bytes of records.
const maxGroup = 8 << 20

// runCommitter commits requests until the channel is closed. Whatever has
// arrived while a commit was on its way to the disk is the next commit.
func (l *Ledger) runCommitter() {
	defer close(l.pending)
	for req := range l.requests {
		group, size := []*request{req}, req.size
	gather:
		for size < maxGroup {
			select {
			case next, ok := <-l.requests:
				if !ok {
					break gather
				}
				group, size = append(group, next), size+next.size
			default:
				break gather
			}
		}
		l.commit(l.turned(group))
		l.mu.Lock()
		l.queued -= size
		l.mu.Unlock()
		for _, r := range group {
			close(r.done)
		}
	}
}

// turned begins a new journal file if one of the group asks for it, and returns the
// others.
func (l *Ledger) turned(group []*request) []*request {
	turn := func(r *request) bool { return r.turn }
	if !slices.ContainsFunc(group, turn) {
		return group
	}
	f, err := l.journal.turn()
	err = l.disk(l.begun(f, err))
	for _, r := range group {
		if r.turn {
			r.err = err
		}
	}
	return slices.DeleteFunc(slices.Clone(group), turn)
}

// commit places the group's records, makes them durable and publishes them. On
// return each request has its results or its error.
func (l *Ledger) commit(group []*request) {
	l.mu.Lock()
	st := l.newStage()
	for _, r := range group {
		if r.err = l.disk(st.add(r)); r.err != nil {
			r.results = nil
		}
	}
	l.mu.Unlock()
	f := st.finish()
	if f.entries == 0 {
		return // duplicates only: what they repeat is durable
	}
	if f.size > maxBody && len(group) > 1 {
		st.forget()
		for _, r := range group { // nobody suffers from another's size
			l.commit([]*request{r})
		}
		return
	}
	if err := l.reserve(f.size); err != nil {
		st.forget()
		for _, r := range group {
			r.results, r.err = nil, err
		}
		return // nothing has changed but memory that is dropped
	}
	// Up to here a crash leaves nothing of the group.
	if err := l.disk(l.journal.append(f)); err != nil {
		st.forget()
		for _, r := range group {
			r.results, r.err = nil, err
		}
		return
	}
	// From here on the group is durable.
	l.publish(st)
}

// reserve makes room in the journal. A full disk is a busy server, not a
// failure.
func (l *Ledger) reserve(body int) error {
	if body > maxBody {
		return hansard.Errorf(hansard.KindTooLarge, "commit of %d bytes", body)
	}
	f, err := l.journal.reserve(body)
	return l.disk(l.begun(f, err))
}

// begun adds a new journal file, if there is one, to those that the sealer frees.
func (l *Ledger) begun(f *journalFile, err error) error {
	if f == nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.journal.files = append(l.journal.files, f)
	return nil
}

// disk turns what an operation on the disk failed with into what a sender is
// told. A full disk, or another fault, is a busy server: nothing was taken, and
// the sender tries again. A failed sync ends the process: what the disk holds is
// not known any more.
func (l *Ledger) disk(err error) error {
	var number syscall.Errno
	switch {
	case durable.SyncFailed(err):
		l.cfg.Fatal(err)
	case durable.NoSpace(err):
		l.cfg.Logger.Warn("the disk is full; refusing events until there is room", "error", err)
		return hansard.WithHint(hansard.Errorf(hansard.KindBusy, "the disk is full"), "make room on the disk of the data folder; events are taken again then")
	case durable.TooManyFiles(err):
		l.cfg.Logger.Error("too many open files; refusing events", "error", err)
		return hansard.WithHint(hansard.Errorf(hansard.KindBusy, "the server has too many files open"), "raise its limit of open files (ulimit -n, or LimitNOFILE of its unit)")
	case errors.As(err, &number):
		l.cfg.Logger.Error("the disk fails; refusing events", "error", err)
		return hansard.WithHint(hansard.Errorf(hansard.KindBusy, "the disk fails: %w", number), "look at the disk of the data folder, and at the server's log; events are taken again when it works")
	}
	return err
}

// publish makes a durable commit visible: trees, positions, followers.
func (l *Ledger) publish(st *stage) {
	// The follower hears of the entries before the sealer can see them.
	if l.cfg.Follower != nil {
		l.cfg.Follower.Committed(st.inOrder())
	}
	l.mu.Lock()
	for _, s := range st.order {
		l.journal.cur.add(s.log.id, s.first, s.tree.size)
		s.log.tree = s.tree
		s.log.fresh = append(s.log.fresh, s.items...)
		l.unsealed += s.memory
	}
	for _, t := range st.tenants {
		t.tenant.next, t.tenant.lastReceived = t.next, t.received
	}
	full := l.unsealed > l.cfg.MaxUnsealed/2
	for _, s := range st.order {
		full = full || len(s.log.fresh) >= l.cfg.SealRows
	}
	l.mu.Unlock()
	if full {
		l.wakeSealer()
	}
}

// inOrder returns the entries of a commit in the order of their positions: a
// follower sees a commit whole and in order, or not at all. They were placed in that
// order, tenant by tenant.
func (st *stage) inOrder() []*part.Row {
	if len(st.tenants) == 1 {
		for _, t := range st.tenants {
			return t.rows
		}
	}
	var all []*part.Row
	for _, name := range slices.Sorted(maps.Keys(st.tenants)) {
		all = append(all, st.tenants[name].rows...)
	}
	return all
}

// stage collects the places of a group's records without changing the ledger,
// but for de-duplication: ids are remembered at once, so that the second of two
// equal events in one group is found; both wait for the same commit.
type stage struct {
	l       *Ledger
	now     int64
	at      time.Time // the same, for the sealer
	order   []*stagedLog
	tenants map[string]*stagedTenant
}

type stagedTenant struct {
	tenant   *tenant
	next     uint64
	received int64
	rows     []*part.Row // as they were placed: in the order of positions
	logs     []*stagedLog
}

// log returns the staged log of a tier, nil if there is none: each entry asks, and there
// are few.
func (t *stagedTenant) log(tier hansard.Tier) *stagedLog {
	for _, s := range t.logs {
		if s.log.id.Tier == tier {
			return s
		}
	}
	return nil
}

type stagedLog struct {
	log    *log
	first  uint64
	tree   tree
	root   tlog.Hash // of the tree, when all items are there
	items  []*sealable
	bytes  int   // that the items take in a frame
	memory int64 // ... and in memory
	// room is for the items to come, of this log alone: an item keeps all of it in
	// memory, and a log with few entries seals late. wanted is how many there may be.
	room   []sealable
	wanted int
}

// newStage begins a stage. l.mu is held.
func (l *Ledger) newStage() *stage {
	return &stage{l: l, now: l.cfg.Now().UnixNano(), at: time.Now(), tenants: map[string]*stagedTenant{}}
}

// add places the records of one request. l.mu is held.
func (st *stage) add(r *request) error {
	t, err := st.tenant(r.tenant)
	if err != nil {
		return err
	}
	if r.statement != nil {
		return st.addStatement(t, r.statement)
	}
	// All logs must be there before the first record is placed: an error may
	// leave nothing of the request in the stage.
	for _, rec := range r.records {
		s, err := st.log(t, rec.Tier())
		if err != nil {
			return err
		}
		s.wanted++
	}
	r.results = make([]Result, len(r.records))
	t.rows = slices.Grow(t.rows, len(r.records))
	d := t.tenant.dedup
	for i, rec := range r.records {
		if i%near == 0 {
			for _, next := range r.records[i:min(i+near, len(r.records))] {
				d.near(next.ID().Event)
			}
		}
		id := rec.ID()
		old, known, err := d.find(id.Event, st.now, int64(st.l.cfg.DedupWindow))
		if err != nil {
			d.forget(r.records[:i], r.results)
			return fmt.Errorf("append: %w", err)
		}
		if known { // in the record, in this commit, or earlier in this request
			r.results[i].Outcome = outcome(old, rec, t.tenant.fingerprint)
			continue
		}
		d.add(id)
	}
	for i, rec := range r.records {
		if r.results[i].Outcome == Accepted {
			timestamp, _ := rec.Timestamp()
			r.results[i] = st.place(t, rec.Tier(), rec.Unplaced(), timestamp, rec.ID())
		}
	}
	return nil
}

// outcome compares a record with the fingerprint under which its id is remembered,
// which may be one of a former version.
func outcome(old [6]byte, rec classify.Record, key *classify.FingerprintKey) Outcome {
	if old == rec.ID().Fingerprint || old == key.Former().Of(rec.Entry()) {
		return Duplicate
	}
	return Conflict
}

// forget takes back what de-duplication remembered for a commit that cannot be.
func (st *stage) forget() {
	st.l.mu.Lock()
	defer st.l.mu.Unlock()
	for _, s := range st.order {
		d := st.tenants[s.log.id.Tenant].tenant.dedup
		for _, it := range s.items {
			d.fresh.remove(it.id.Event)
		}
	}
}

// place gives the entry its log, index, position and receipt time, and makes a row of
// its body, which lies behind room for the place. A timestamp of 0 stands for the time
// of receipt.
func (st *stage) place(t *stagedTenant, tier hansard.Tier, unplaced []byte, timestamp int64, id part.ID) Result {
	s := t.log(tier)
	if len(s.room) == 0 {
		s.room, s.wanted = make([]sealable, max(1, s.wanted)), 0
		s.items = slices.Grow(s.items, len(s.room))
	}
	it := &s.room[0]
	s.room = s.room[1:]
	it.Log, it.id, it.at = s.log.id, id, st.at
	it.Place = part.Place{Index: s.tree.size, Position: t.next, ReceivedAt: t.received, Timestamp: timestamp}
	if timestamp == 0 {
		it.Place.Timestamp = t.received
	}
	t.next++
	it.Bytes = part.PutPlace(unplaced, it.Place)
	s.bytes += framedSize(len(it.Bytes))
	s.memory += it.size()
	var err error
	if it.LeafHash, err = st.l.rowLeaves.Hash(it.Place, unplaced[part.PlaceRoom:]); err != nil {
		panic(err) // it was encoded by package classify, or here
	}
	it.tile = s.tree.append(tlog.Hash(it.LeafHash))
	s.items = append(s.items, it)
	t.rows = append(t.rows, &it.Row)
	return Result{Outcome: Accepted, Log: it.Log, Index: it.Place.Index, Position: it.Place.Position, LeafHash: it.LeafHash}
}

// addStatement places a statement in the tenant's meta log.
func (st *stage) addStatement(t *stagedTenant, statement json.RawMessage) error {
	if _, err := st.log(t, hansard.TierMeta); err != nil {
		return err
	}
	e := &hansard.Entry{
		Encoder: hansard.EncoderVersion, Tier: hansard.TierMeta, SubmittedBy: "hansard", Statement: statement,
		Event: hansard.Event{EventID: newID(), EventType: "x.hansard.statement", TimeSource: hansard.TimeOfReceipt},
	}
	st.place(t, hansard.TierMeta, part.AppendBody(make([]byte, part.PlaceRoom), e), 0, part.ID{Event: part.EventHash(e.EventID)})
	return nil
}

// newID returns 16 random bytes in hexadecimal.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// tenant returns the staged tenant, making the tenant if it is new. Its receipt
// time never goes back, whatever the clock does.
func (st *stage) tenant(name string) (*stagedTenant, error) {
	if t := st.tenants[name]; t != nil {
		return t, nil
	}
	t, err := st.l.tenant(name)
	if err != nil {
		return nil, err
	}
	s := &stagedTenant{tenant: t, next: t.next, received: max(st.now, t.lastReceived)}
	st.tenants[name] = s
	return s, nil
}

// log returns the staged log, making the log if it is new.
func (st *stage) log(t *stagedTenant, tier hansard.Tier) (*stagedLog, error) {
	if s := t.log(tier); s != nil {
		return s, nil
	}
	lg := t.tenant.logs[tier]
	if lg == nil {
		var err error
		if lg, err = st.l.newLog(hansard.LogID{Tenant: t.tenant.name, Tier: tier}); err != nil {
			return nil, err
		}
		t.tenant.logs[tier] = lg
	}
	s := &stagedLog{log: lg, first: lg.tree.size, tree: lg.tree.clone()}
	if s.first == 0 && tier != hansard.TierMeta {
		if err := st.addStatement(t, beginStatement(lg)); err != nil {
			return nil, err
		}
	}
	t.logs = append(t.logs, s)
	st.order = append(st.order, s)
	if s.first == 0 && tier == hansard.TierMeta { // it states its own begin
		return s, st.addStatement(t, beginStatement(lg))
	}
	return s, nil
}

// beginStatement says that a log begins, and under which key.
func beginStatement(lg *log) json.RawMessage {
	return statement("log", map[string]any{"log": lg.id.String(), "vkey": lg.vkey})
}

// statement renders a statement as canonical JSON: encoding/json sorts the keys
// of a map, and statements hold no character that it escapes otherwise.
func statement(kind string, members map[string]any) json.RawMessage {
	members["kind"] = kind
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(members); err != nil {
		panic(err) // maps of texts and numbers always encode
	}
	return bytes.TrimSpace(b.Bytes())
}

// finish returns the frame of the commit, with the roots that it leads to. Logs
// to which nothing was added are left out.
func (st *stage) finish() *commitFrame {
	kept := st.order[:0]
	for _, s := range st.order {
		if len(s.items) > 0 {
			kept = append(kept, s)
		}
	}
	st.order = kept
	return newCommitFrame(st.order)
}
