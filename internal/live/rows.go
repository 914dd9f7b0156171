package live

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/hansardhq/hansard/internal/part"
)

// Rows receives the rows of all commits, of all tenants, as they are: what decodes
// them does it in its own time, and ingest pays for a pointer each.
type Rows struct {
	hub   *Hub
	queue chan []*part.Row
	bytes atomic.Int64 // of the rows that wait
}

// maxRowBytes bounds the rows that wait: each keeps its whole commit in memory.
const maxRowBytes = 32 << 20

// Rows begins to collect the rows that are committed from now on. depth is how many
// commits may wait; who lets more wait, or more bytes than are kept for a reader, is
// dropped.
func (h *Hub) Rows(depth int) *Rows {
	r := &Rows{hub: h, queue: make(chan []*part.Row, depth)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows[r] = struct{}{}
	return r
}

// Next returns the rows of the next commit, which nobody may change. It waits for
// them until the context ends. There are none, and dropped is true, when the reader
// fell behind or was closed.
func (r *Rows) Next(ctx context.Context) (rows []*part.Row, dropped bool) {
	select {
	case <-ctx.Done():
		return nil, false
	case rows, ok := <-r.queue:
		r.bytes.Add(-sizeOf(rows))
		return rows, !ok
	}
}

// Waiting returns how many commits wait.
func (r *Rows) Waiting() int { return len(r.queue) }

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
	size := sizeOf(rows)
	for r := range h.rows {
		// One commit waits whatever its size.
		if now := r.bytes.Add(size); now > maxRowBytes && now > size {
			h.dropRows(r)
			continue
		}
		select {
		case r.queue <- rows:
		default:
			h.dropRows(r)
		}
	}
}

func sizeOf(rows []*part.Row) (n int64) {
	for _, r := range rows {
		n += int64(len(r.Bytes))
	}
	return n
}
