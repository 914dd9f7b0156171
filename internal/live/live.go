// Package live hands committed entries on to whoever watches: the live feed and,
// later, detections. It never slows ingest: a watcher that does not keep up is
// dropped, and told so.
package live

import (
	"sync"

	"github.com/hansardhq/hansard"
)

// Hub is a Follower's half: it hears of every committed entry. The zero Hub is
// not ready; use New.
type Hub struct {
	// mu guards watchers, which commits read and clients change.
	mu       sync.Mutex
	watchers map[*Watcher]struct{}
}

// New returns a hub without watchers.
func New() *Hub { return &Hub{watchers: map[*Watcher]struct{}{}} }

// Watcher receives one tenant's entries, in the order of commits.
type Watcher struct {
	hub    *Hub
	tenant string
	queue  chan []*hansard.Entry
}

// Watch begins to collect entries of the tenant that are committed from now on.
// depth is how many commits may wait; a watcher that lets more wait is dropped:
// its channel is closed.
func (h *Hub) Watch(tenant string, depth int) *Watcher {
	w := &Watcher{hub: h, tenant: tenant, queue: make(chan []*hansard.Entry, depth)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers[w] = struct{}{}
	return w
}

// Entries returns the channel of committed entries. It is closed when the
// watcher fell behind or was closed.
func (w *Watcher) Entries() <-chan []*hansard.Entry { return w.queue }

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
func (h *Hub) Committed(entries []*hansard.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 {
		return
	}
	events := map[string][]*hansard.Entry{}
	for _, e := range entries {
		if e.Log.Tier != hansard.TierMeta {
			events[e.Log.Tenant] = append(events[e.Log.Tenant], e)
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
