package access

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
)

// Asked is one thing that a caller said in a request: a parameter, or a member
// of its body. It is as the caller wrote it and may hold personal data.
type Asked struct{ Name, Value string }

// Read is one read of the record through the server.
type Read struct {
	Tenant string
	Reader string // token id, or Loopback
	At     time.Time
	Route  string // method and pattern of the path: "GET /v1/traces/{id}"
	Asked  []Asked
	Rows   hansard.Opt[int64] // entries or lines of the answer; not set where nobody counted
	Status int                // HTTP status: a refused read is on record too
}

// size is about how much memory the read takes.
func (r *Read) size() int {
	n := 200
	for _, a := range r.Asked {
		n += 32 + len(a.Name) + len(a.Value)
	}
	return n
}

// ReadOnRecord is a read as it stands in the meta log. The members are in the
// order of canonical JSON.
type ReadOnRecord struct {
	At     string `json:"at"` // RFC 3339, UTC, milliseconds
	Query  string `json:"query,omitempty"`
	Reader string `json:"reader"`
	Route  string `json:"route"`
	Rows   *int64 `json:"rows,omitempty"`
	Status int    `json:"status"`
}

// ReadsNotListed counts reads that are not listed one by one. The members are in
// the order of canonical JSON.
type ReadsNotListed struct {
	N      int64  `json:"n"`
	Reader string `json:"reader"`
	Route  string `json:"route"`
}

// ReaderLogConfig says what a reader log needs.
type ReaderLogConfig struct {
	// Has reports whether a tenant has a record. Where there is none, nothing
	// was read, and a question must not make one.
	Has func(tenant string) bool
	// State puts a statement into a tenant's meta log; it returns when that
	// is durable.
	State func(tenant string, members map[string]any) error
	// Spell writes what a caller asked on one line, redacted.
	Spell func(tenant string, asked []Asked) (string, error)
	// Failed is told when reads begin to fail to get on record, once until
	// they do again. They wait and are tried again.
	Failed func(error)
	// Every is how long reads are collected for one statement. Default 1 s.
	Every time.Duration
}

// Bounds of what waits to be stated, and of a statement. What is beyond the
// first is counted, by reader and route, instead of listed.
const (
	maxWaiting      = 8192
	maxWaitingBytes = 8 << 20
	maxGroups       = 256
	maxListedQuery  = 1024     // bytes of a query on record
	maxListedBytes  = 40 << 10 // bytes of a statement: a leaf has 65,535 at most
)

// ReaderLog puts reads on record: a statement in the tenant's meta log for all of
// a second. A read never waits for it. What was read in the last second before a
// crash is lost.
type ReaderLog struct {
	cfg  ReaderLogConfig
	wake chan struct{}
	done chan struct{}
	stop chan struct{}
	once sync.Once

	mu      sync.Mutex // guards the following
	waiting []Read
	bytes   int
	groups  map[group]int64
}

// group is what reads that are not listed are counted by.
type group struct{ tenant, reader, route string }

// NewReaderLog returns a reader log that works until it is closed.
func NewReaderLog(c ReaderLogConfig) *ReaderLog {
	c.Every = cmp.Or(c.Every, time.Second)
	l := &ReaderLog{cfg: c, wake: make(chan struct{}, 1), done: make(chan struct{}), stop: make(chan struct{}), groups: map[group]int64{}}
	go l.run()
	return l
}

// Note takes a read in. It never blocks. A nil log takes nothing.
func (l *ReaderLog) Note(r Read) {
	if l == nil || r.Tenant == "" {
		return
	}
	l.mu.Lock()
	if n := r.size(); len(l.waiting) < maxWaiting && l.bytes+n <= maxWaitingBytes {
		l.waiting, l.bytes = append(l.waiting, r), l.bytes+n
	} else {
		l.count(group{r.Tenant, r.Reader, r.Route}, 1)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Count takes in a read of which only the number is put on record, such as that
// of a hash tile. It never blocks.
func (l *ReaderLog) Count(tenant, reader, route string) {
	if l == nil || tenant == "" {
		return
	}
	l.mu.Lock()
	l.count(group{tenant, reader, route}, 1)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// count counts reads that are not listed. mu is held.
func (l *ReaderLog) count(g group, n int64) {
	if l.groups[g] == 0 && len(l.groups) >= maxGroups {
		g.reader, g.route = "others", "others"
	}
	l.groups[g] += n
}

// Close puts what waits on record and ends the log.
func (l *ReaderLog) Close() error {
	if l == nil {
		return nil
	}
	l.once.Do(func() { close(l.stop) })
	<-l.done
	return l.flush()
}

// run states batches, one at most in each Every.
func (l *ReaderLog) run() {
	defer close(l.done)
	failing := false
	for {
		select {
		case <-l.wake:
		case <-l.stop:
			return
		}
		select {
		case <-time.After(l.cfg.Every):
		case <-l.stop:
			return
		}
		err := l.flush()
		if err != nil && !failing && l.cfg.Failed != nil {
			l.cfg.Failed(err)
		}
		failing = err != nil
	}
}

// flush states what waits. What could not be stated waits on.
func (l *ReaderLog) flush() error {
	l.mu.Lock()
	reads, groups := l.waiting, l.groups
	l.waiting, l.bytes, l.groups = nil, 0, map[group]int64{}
	l.mu.Unlock()
	var failed error
	for _, tenant := range tenantsOf(reads, groups) {
		if !l.cfg.Has(tenant) {
			continue
		}
		b := newReadBatch(l, tenant)
		for i := range reads {
			if reads[i].Tenant == tenant {
				b.add(&reads[i])
			}
		}
		for g, n := range groups {
			if g.tenant == tenant {
				b.addGroup(g, n)
			}
		}
		if err := b.state(); err != nil {
			failed = err
			b.putBack()
		}
	}
	return failed
}

func tenantsOf(reads []Read, groups map[group]int64) []string {
	var names []string
	for _, r := range reads {
		names = append(names, r.Tenant)
	}
	for g := range groups {
		names = append(names, g.tenant)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
