// Package live hands committed entries on to whoever watches: the live feed and,
// later, detections. It never slows ingest: a watcher that does not keep up is
// dropped, and told so.
package live

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// Hub is a Follower's half: it hears of every committed entry. The zero Hub is
// not ready; use New.
type Hub struct {
	// mu guards watchers, which commits read and clients change.
	mu       sync.Mutex
	watchers map[*Watcher]struct{}
	rows     map[*Rows]struct{}
	enc      *part.Encoder
	commits  atomic.Uint64
}

// New returns a hub without watchers.
func New() *Hub {
	return &Hub{watchers: map[*Watcher]struct{}{}, rows: map[*Rows]struct{}{}, enc: part.NewEncoder()}
}

// MaxWatchers bounds the watchers of a tenant: each costs something on every
// commit.
const MaxWatchers = 256

// Event is a committed entry on its way to the watchers, who share it.
type Event struct {
	*hansard.Entry
	once sync.Once
	json []byte
	err  error
}

// JSON returns the entry as JSON. It is rendered once, for whoever asks first.
func (e *Event) JSON() ([]byte, error) {
	e.once.Do(func() { e.json, e.err = json.Marshal(e.Entry) })
	return e.json, e.err
}

// Watcher receives one tenant's entries, in the order of commits.
type Watcher struct {
	hub    *Hub
	tenant string
	queue  chan []*Event
}

// Watch begins to collect entries of the tenant that are committed from now on.
// depth is how many commits may wait; a watcher that lets more wait is dropped:
// its channel is closed. A tenant with too many watchers is KindBusy.
func (h *Hub) Watch(tenant string, depth int) (*Watcher, error) {
	w := &Watcher{hub: h, tenant: tenant, queue: make(chan []*Event, depth)}
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for other := range h.watchers {
		if other.tenant == tenant {
			n++
		}
	}
	if n >= MaxWatchers {
		err := hansard.Errorf(hansard.KindBusy, "%d readers follow this record already", n)
		return nil, hansard.WithHint(err, "let several share one connection, or try again later")
	}
	h.watchers[w] = struct{}{}
	return w, nil
}

// Events returns the channel of committed entries. It is closed when the
// watcher fell behind or was closed.
func (w *Watcher) Events() <-chan []*Event { return w.queue }

// Close ends the watching. It may be called more than once.
func (w *Watcher) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	w.hub.drop(w)
}

// drop removes the watcher. h.mu is held.
func (h *Hub) drop(w *Watcher) {
	if _, ok := h.watchers[w]; ok {
		delete(h.watchers, w)
		close(w.queue)
	}
}

// Committed hands the entries of a commit to the watchers of their tenants, in
// order. Statements of meta logs are not events and are left out. It never
// blocks.
func (h *Hub) Committed(rows []*part.Row) {
	h.commits.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handRows(rows)
	if len(h.watchers) == 0 {
		return
	}
	watched := map[string]bool{}
	for w := range h.watchers {
		watched[w.tenant] = true
	}
	events := map[string][]*Event{}
	for _, r := range rows {
		if r.Log.Tier == hansard.TierMeta || !watched[r.Log.Tenant] {
			continue
		}
		if e, err := h.enc.Entry(r); err == nil { // it was encoded by this program
			events[r.Log.Tenant] = append(events[r.Log.Tenant], &Event{Entry: e})
		}
	}
	for w := range h.watchers {
		if len(events[w.tenant]) == 0 {
			continue
		}
		select {
		case w.queue <- events[w.tenant]:
		default:
			h.drop(w)
		}
	}
}

// Watchers returns how many are watching.
func (h *Hub) Watchers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers)
}

// Commits returns how many commits there have been since the start: who works for as
// long as nobody sends anything sees by it when somebody does.
func (h *Hub) Commits() uint64 { return h.commits.Load() }
