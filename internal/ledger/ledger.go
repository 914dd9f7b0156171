package ledger

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// Follower hears what becomes of entries. Its methods are called by one
// goroutine at a time for a log and must be quick: an acknowledgement waits for
// Committed.
type Follower interface {
	// Load hands over a log at start: its parts and the entries in none yet.
	Load(log hansard.LogID, parts []part.Info, fresh []*part.Row)
	// Committed hands over the entries of a commit, which are durable and
	// about to be acknowledged: by tenant, each in the order of positions.
	// Nobody changes them any more.
	Committed(rows []*part.Row)
	// Sealed says that all entries of the log below end are in parts now: the
	// added ones, which also replace the removed ones. The files of those are
	// unlinked when wait has returned.
	Sealed(log hansard.LogID, added []part.Info, removed []part.Name, end uint64) (wait func())
}

// Config sets up a ledger. The zero values of the limits stand for defaults.
type Config struct {
	Dir    string     // the data folder
	Keys   *keys.Ring // the keys of the server; nil: Open makes them of KeyDir
	KeyDir string     // default Dir + ".keys"
	Name   string     // for a new data folder only; default "hansard-" and 8 hex digits
	FS     durable.FS // default durable.OS

	JournalSize     int64         // bytes of a journal file; default 16 MiB
	SealRows        int           // entries of a log that make it seal; default 32,768
	ReadBackAll     bool          // read every part back whole, under load too
	SealAfter       time.Duration // how long an entry may wait to be sealed; default 60 s
	CheckpointEvery time.Duration // default 1 s
	MaxPending      int64         // bytes waiting to be committed; default 64 MiB
	MaxUnsealed     int64         // bytes committed and not sealed; default 128 MiB
	DedupWindow     time.Duration // how long an id is remembered; default 30 days

	// Now is the wall clock, by which entries are received; default time.Now. A
	// tests' clock can go back.
	Now func() time.Time
	// Elapsed is the monotonic clock that jumps of Now are noticed by: how long
	// something has gone on. Default: since Open. A test that lets years go by
	// sets both.
	Elapsed func() time.Duration

	Follower Follower     // default none
	Logger   *slog.Logger // default discards
	// Fatal is called when going on could break a promise, such as after a
	// failed sync. It must not return. Default: log and exit with status 1.
	Fatal func(error)
}

func (c *Config) setDefaults() {
	def := func(p *int64, v int64) {
		if *p == 0 {
			*p = v
		}
	}
	if c.KeyDir == "" {
		c.KeyDir = c.Dir + ".keys"
	}
	if c.FS == nil {
		c.FS = durable.OS{}
	}
	def(&c.JournalSize, 16<<20)
	def(&c.MaxPending, 64<<20)
	def(&c.MaxUnsealed, 128<<20)
	def((*int64)(&c.SealAfter), int64(60*time.Second))
	def((*int64)(&c.CheckpointEvery), int64(time.Second))
	def((*int64)(&c.DedupWindow), int64(30*24*time.Hour))
	if c.SealRows == 0 {
		c.SealRows = part.RowGroup
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Elapsed == nil {
		begin := time.Now()
		c.Elapsed = func() time.Duration { return time.Since(begin) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Fatal == nil {
		c.Fatal = func(err error) {
			c.Logger.Error("cannot go on without risking the record", "error", err)
			os.Exit(1)
		}
	}
}

// Ledger is an open data folder. It is safe for concurrent use.
type Ledger struct {
	cfg    Config
	layout layout
	enc    *part.Encoder
	keys   *keys.Ring
	unlock func() error

	requests chan *request
	pending  chan struct{} // closed when the committer is done
	sealNow  chan struct{}
	stop     chan struct{}  // closed to end the sealer
	sealed   chan struct{}  // closed when the sealer is done
	senders  sync.WaitGroup // goroutines about to send a request
	wg       sync.WaitGroup // unlinking of superseded parts
	sealMu   sync.Mutex     // one seal at a time
	lastSeal time.Time      // when there was something to seal; guarded by sealMu
	reindex  reindexJob
	// verifying are the verifications that the server made of itself.
	verifying verifyJobs
	leaves    leafCache
	rowLeaves *part.RowLeaves // the committer's

	// keepMu is held by whoever decides what is pruned, and by whoever changes
	// what may not be: a hold is never set in the middle of a prune. It is taken
	// before sealMu.
	keepMu  sync.Mutex
	keeping map[string]*keeping // by tenant; guarded by keepMu
	// erasedTo says of parts, by their path below the data folder, up to which
	// date they were looked at for content that has expired; guarded by keepMu.
	erasedTo map[string]string
	wall     wallClock

	// mu guards everything below and all that hangs on it. The committer
	// takes it to change what is committed, the sealer to change what is
	// sealed; neither holds it while it waits for the disk.
	mu       sync.Mutex
	tenants  map[string]*tenant
	journal  *journal // its files; the committer alone writes to them
	queued   int64    // bytes waiting to be committed
	unsealed int64    // bytes committed and not sealed
	ended    bool     // no request is taken any more, not even a statement
	closed   bool
}

// tenant is what the logs of a tenant share.
type tenant struct {
	name         string
	next         uint64 // the next position
	lastReceived int64  // Unix nanoseconds
	logs         map[hansard.Tier]*log
	dedup        *dedup
	pseudonyms   redact.Keys
	fingerprint  *classify.FingerprintKey
}

// log is one log: a tenant's tier.
type log struct {
	id     hansard.LogID
	signer note.Signer
	vkey   string
	tree   tree      // all committed entries
	tiles  tileStore // hashes below sealedEnd

	min        minimum                    // entries below it were pruned
	parts      []part.Info                // in the order of indexes
	written    map[part.Name]hansard.Hash // those of the parts that this process has written
	superseded []part.Info                // found at start, not yet removed
	// leaving is closed when all parts that others have superseded so far are
	// unlinked, for good; nil: none was.
	leaving   chan struct{}
	sealedEnd uint64
	tail      []*sealable // sealed entries of the last, unfinished bundle
	fresh     []*sealable // committed and not sealed, from sealedEnd on

	signed     proofPoint // the last signed checkpoint
	checkpoint []byte     // ... as published

	// publishing is held while a checkpoint is on its way to the disk, so that
	// an older one never replaces a newer one.
	publishing sync.Mutex
}

type proofPoint struct {
	size uint64
	root tlog.Hash
}

// sealable is an entry on its way into a part.
type sealable struct {
	part.Row
	id   part.ID
	at   time.Time  // when it was committed
	tile *tlog.Hash // the root of the tile that it completes, if it does
}

// size returns about how many bytes it takes in memory.
func (it *sealable) size() int64 { return int64(len(it.Bytes)) + 300 }

// Outcome is what became of a record that was appended.
type Outcome int

// The outcomes.
const (
	Accepted  Outcome = iota // durable, with a place
	Duplicate                // the same event was there already
	Conflict                 // another event with this id was there already
)

// Result is what became of one record.
type Result struct {
	Outcome  Outcome
	Log      hansard.LogID
	Index    uint64
	Position uint64
	LeafHash hansard.Hash
}

// Name returns the server's name, with which every origin begins.
func (l *Ledger) Name() string { return l.keys.Name() }

// Dir returns the data folder.
func (l *Ledger) Dir() string { return l.cfg.Dir }

// Keys returns the key ring.
func (l *Ledger) Keys() *keys.Ring { return l.keys }

// ErrBusy says that the ledger has taken in as much as it may hold; nothing of
// the call was appended. Try again after a second.
func errBusy(why string) error {
	return hansard.WithHint(hansard.Errorf(hansard.KindBusy, "%s", why), "send again after a second")
}

// Append appends the records to the tenant's logs and returns when they are
// durable: one result for each. On an error nothing was appended, unless the
// context ended first, in which case it is not known. A busy ledger answers
// with KindBusy.
func (l *Ledger) Append(ctx context.Context, tenantName string, records []classify.Record) ([]Result, error) {
	if !TenantPattern.MatchString(tenantName) {
		return nil, hansard.Errorf(hansard.KindInvalid, "tenant %q: want 1 to 63 of a-z, 0-9 and -", tenantName)
	}
	if len(records) == 0 {
		return nil, nil
	}
	req := &request{tenant: tenantName, records: records, done: make(chan struct{})}
	for _, r := range records {
		if r.Body() == nil {
			return nil, hansard.Errorf(hansard.KindInternal, "append: a record that was not redacted and classified")
		}
		req.size += int64(r.Size())
	}
	if err := l.enqueue(ctx, req); err != nil {
		return nil, err
	}
	select {
	case <-req.done:
		return req.results, req.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// enqueue hands a request to the committer, if there is room for it.
func (l *Ledger) enqueue(ctx context.Context, req *request) error {
	l.mu.Lock()
	switch {
	case l.closed:
		l.mu.Unlock()
		return errBusy("the server is stopping")
	case l.queued > 0 && l.queued+req.size > l.cfg.MaxPending:
		l.mu.Unlock()
		return errBusy("too much is waiting to be committed")
	case l.unsealed > l.cfg.MaxUnsealed && req.records != nil:
		l.mu.Unlock()
		l.wakeSealer()
		return errBusy("too much is waiting to be sealed")
	}
	l.queued += req.size
	l.senders.Add(1)
	defer l.senders.Done()
	l.mu.Unlock()
	select {
	case l.requests <- req:
		return nil
	case <-ctx.Done():
		l.release(req)
		return ctx.Err()
	}
}

func (l *Ledger) release(req *request) {
	l.mu.Lock()
	l.queued -= req.size
	l.mu.Unlock()
}

func (l *Ledger) wakeSealer() {
	select {
	case l.sealNow <- struct{}{}:
	default:
	}
}
