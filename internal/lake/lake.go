package lake

import (
	"log/slog"
	"maps"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// DefaultMemoryLimit bounds what DuckDB may use, in bytes.
const DefaultMemoryLimit = 256 << 20

// Config says how a Lake is made.
type Config struct {
	Dir         string       // the data folder
	MemoryLimit int64        // bytes that DuckDB may use; 0: DefaultMemoryLimit
	Threads     int          // threads of DuckDB; 0: GOMAXPROCS
	Logger      *slog.Logger // nil: silent
	// WorkerCommand is the command line, without the program, that makes
	// this program run Worker. Empty: SQL is refused.
	WorkerCommand []string
	// WorkersAhead keeps workers waiting for the next statements, once there was
	// one: for a process that lives on. Otherwise one is started for each.
	WorkersAhead bool
	// Sums says where the sums of reports are kept from one start to the next; nil:
	// nowhere.
	Sums *SumsConfig
}

// Lake is the query side of a data folder. It is safe for concurrent use.
type Lake struct {
	dir    string
	config Config
	logger *slog.Logger
	enc    *part.Encoder
	keyer  part.Keyer
	engine *engine
	// lookups holds parts that are open for look-ups.
	lookups *lookups
	// The sums of questions, from one time to the next.
	toolSums  *fold[*toolSum]
	tokenSums *fold[*tokenSum]
	tableSums *fold[*tableSum]
	// invocationSums are those of Invocations.
	invocationSums *fold[*invocationSum]
	// markSums are what others made of marks; see Hours.
	markSums *fold[Kept]
	// sums are where those that can be are kept; nil: nowhere.
	sums *sumStore
	// scratches holds what passes read columns with.
	scratches sync.Pool
	// workers are the children of SQL.
	workers *workers

	mu sync.Mutex // guards tenants and what hangs on it; held briefly, never over I/O
	// tenants holds what is known of each tenant.
	tenants map[string]*tenantState
}

// New returns an empty Lake: the ledger tells it what there is by Load.
func New(config Config) (*Lake, error) {
	if config.MemoryLimit == 0 {
		config.MemoryLimit = DefaultMemoryLimit
	}
	if config.Threads == 0 {
		config.Threads = runtime.GOMAXPROCS(0)
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "find the data folder: %w", err)
	}
	l := &Lake{
		dir: dir, config: config, logger: config.Logger,
		enc: part.NewEncoder(), keyer: part.NewKeyer(), tenants: map[string]*tenantState{},
	}
	l.lookups = newLookups(l.enc)
	l.toolSums, l.tokenSums = newFold(maxFolded, (*toolSum).size), newFold(maxFolded, (*tokenSum).size)
	l.invocationSums = newFold(maxFolded, (*invocationSum).size)
	l.tableSums = newFold(maxFolded, (*tableSum).size)
	l.markSums = newFold(maxMarked, Kept.Size)
	l.keepSums()
	if l.engine, err = newEngine(l.enc, config); err != nil {
		return nil, err
	}
	l.workers = newWorkers(config, l.engine)
	return l, nil
}

// Close ends the engine. Reads must have ended.
func (l *Lake) Close() error {
	l.lookups.close()
	l.workers.close()
	return l.engine.close()
}

// tenantState is what is known of one tenant.
type tenantState struct {
	current *version
	// pinned holds the versions that reads still use, the current one too
	// while it is used.
	pinned map[*version]bool
	// fresh holds the entries of each tier that are in no part yet, by
	// index. A slice only grows at its end or is replaced, so that a
	// snapshot may keep it.
	fresh map[hansard.Tier][]*part.Row
	// orders keeps the fresh rows by trace, from the first question on.
	orders map[hansard.Tier]*freshOrder
	// erased counts how often content was erased: what was made of it before
	// must not be told any more.
	erased int
	// pruned are the spans of the timestamps of what each prune of a tier has
	// removed. A slice only grows, so that a snapshot may keep it.
	pruned map[hansard.Tier][]span
}

// version is an immutable set of live parts.
type version struct {
	parts map[hansard.Tier][]*livePart // by first index
	pins  int                          // guarded by Lake.mu
	done  chan struct{}                // closed when replaced and no longer pinned
}

type livePart struct {
	part.Info
	path    string
	keys    groupKeys
	short   shortKeys
	outline atomic.Pointer[part.Outline]
}

func newVersion() *version {
	return &version{parts: map[hansard.Tier][]*livePart{}, done: make(chan struct{})}
}

// tenant returns the state of a tenant, made if need be. mu is held.
func (l *Lake) tenant(name string) *tenantState {
	t := l.tenants[name]
	if t == nil {
		t = &tenantState{current: newVersion(), pinned: map[*version]bool{}, fresh: map[hansard.Tier][]*part.Row{}, orders: map[hansard.Tier]*freshOrder{}, pruned: map[hansard.Tier][]span{}}
		l.tenants[name] = t
	}
	return t
}

// Load tells what a log holds at start: its live parts, and the entries after
// them, by index. It replaces what was known of the log.
func (l *Lake) Load(log hansard.LogID, parts []part.Info, fresh []*part.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenant(log.Tenant)
	t.replace(log.Tier, l.live(parts))
	t.fresh[log.Tier] = slices.Clone(fresh)
	delete(t.orders, log.Tier)
}

// Committed tells that entries are durable: they are in every read that begins
// after it returns. The ledger calls it before it acknowledges them, with the
// entries of each log in the order of their indexes. The lake keeps the
// entries; nobody may change them any more.
func (l *Lake) Committed(rows []*part.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(rows) > 0 {
		n := 1 // a commit has long runs of one log
		for n < len(rows) && rows[n].Log == rows[0].Log {
			n++
		}
		t := l.tenant(rows[0].Log.Tenant)
		t.fresh[rows[0].Log.Tier] = append(t.fresh[rows[0].Log.Tier], rows[:n]...)
		rows = rows[n:]
	}
}

// Sealed tells that parts of a log were added and others removed, and that all
// entries with an index below end are in parts. It serves a seal (nothing
// removed), a merge, an erasure and a prune (nothing added). A read sees either
// what was before or what is after.
//
// The removed files must stay until wait returns: it blocks until no read uses
// them.
func (l *Lake) Sealed(log hansard.LogID, added []part.Info, removed []part.Name, end uint64) (wait func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenant(log.Tenant)
	gone := map[part.Name]bool{}
	for _, name := range removed {
		gone[name] = true
	}
	erasedBefore := t.erased
	parts, left, pruned := l.live(added), []string(nil), span{math.MaxInt64, math.MinInt64}
	for _, p := range t.current.parts[log.Tier] {
		if !gone[p.Name] {
			parts = append(parts, p)
			continue
		}
		left = append(left, p.path)
		if slices.ContainsFunc(added, func(a part.Info) bool { return a.Name.Rewrite > p.Name.Rewrite && a.Name.First == p.Name.First }) {
			t.erased++
		}
		if !slices.ContainsFunc(added, func(a part.Info) bool { return a.Name.First <= p.Name.First && p.Name.End <= a.Name.End }) {
			pruned = span{min(pruned.from, p.MinTime), max(pruned.to, p.MaxTime)}
		}
	}
	if !pruned.empty() {
		t.pruned[log.Tier] = append(t.pruned[log.Tier], pruned)
	}
	t.replace(log.Tier, parts)
	t.trim(log.Tier, end)
	if len(removed) == 0 {
		return func() {}
	}
	forget := !pruned.empty() || t.erased > erasedBefore
	var readers []*version
	for v := range t.pinned {
		if v.holds(log.Tier, gone) {
			readers = append(readers, v)
		}
	}
	return func() {
		if forget {
			l.workers.forget(log.Tenant)
			l.sums.forget(log.Tenant)
		}
		for _, v := range readers {
			<-v.done
		}
		l.lookups.forget(left)
	}
}

func (l *Lake) live(infos []part.Info) []*livePart {
	var parts []*livePart
	for _, info := range infos {
		parts = append(parts, &livePart{Info: info, path: info.Path(l.dir)})
	}
	return parts
}

// replace makes a new current version with these parts of a tier.
func (t *tenantState) replace(tier hansard.Tier, parts []*livePart) {
	slices.SortFunc(parts, func(a, b *livePart) int {
		switch {
		case a.Name.First < b.Name.First:
			return -1
		case a.Name.First > b.Name.First:
			return 1
		}
		return 0
	})
	next := newVersion()
	maps.Copy(next.parts, t.current.parts)
	next.parts[tier] = parts
	t.current = next
}

// trim forgets the fresh entries of a tier below end.
func (t *tenantState) trim(tier hansard.Tier, end uint64) {
	fresh := t.fresh[tier]
	i, _ := slices.BinarySearchFunc(fresh, end, func(r *part.Row, end uint64) int {
		if r.Place.Index < end {
			return -1
		}
		return 1
	})
	if i > 0 {
		t.fresh[tier] = slices.Clone(fresh[i:]) // so that the entries before can be freed
		delete(t.orders, tier)
	}
}

func (v *version) holds(tier hansard.Tier, names map[part.Name]bool) bool {
	return slices.ContainsFunc(v.parts[tier], func(p *livePart) bool { return names[p.Name] })
}
