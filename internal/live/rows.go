package live

import (
	"slices"

	"github.com/hansardhq/hansard/internal/part"
)

// Rows receives the rows of all commits, of all tenants, as they are: what decodes
// them does it in its own time, and ingest pays for a pointer each.
type Rows struct {
	hub   *Hub
	queue chan []*part.Row
}

// Rows begins to collect the rows that are committed from now on. depth is how many
// commits may wait; who lets more wait is dropped: the channel is closed.
func (h *Hub) Rows(depth int) *Rows {
	r := &Rows{hub: h, queue: make(chan []*part.Row, depth)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows[r] = struct{}{}
	return r
}

// Commits returns the channel of commits. It is closed when the reader fell behind
// or closed it. Nobody may change a row.
func (r *Rows) Commits() <-chan []*part.Row { return r.queue }

// Close ends the collecting. It may be called more than once.
func (r *Rows) Close() {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	r.hub.dropRows(r)
}

// dropRows removes a reader of rows. h.mu is held.
func (h *Hub) dropRows(r *Rows) {
	if _, ok := h.rows[r]; ok {
		delete(h.rows, r)
		close(r.queue)
	}
}

// handRows hands a commit to the readers of rows. h.mu is held. It never blocks.
func (h *Hub) handRows(rows []*part.Row) {
	if len(h.rows) == 0 || len(rows) == 0 {
		return
	}
	rows = slices.Clone(rows)
	for r := range h.rows {
		select {
		case r.queue <- rows:
		default:
			h.dropRows(r)
		}
	}
}
