package otlp

import (
	"sync"

	"github.com/hansardhq/hansard/internal/dialect"
)

// decoders are those that nobody uses. What they hold of a batch is used again for
// the next one.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// release makes the decoder ready for another request. It keeps nothing of this one
// alive.
func (d *decoder) release() {
	d.clear()
	d.resetMemory()
	if len(d.room.chunks) > keptChunks {
		d.room.chunks = d.room.chunks[:keptChunks:keptChunks]
	}
	*d = decoder{batch: d.batch, room: d.room, arena: d.arena}
}

// keptArena is how much of an arena is kept for the next batch.
const keptArena = 1 << 20

// resetMemory makes the memory of the batch's records free.
func (d *decoder) resetMemory() {
	d.room.reset()
	if d.arena = d.arena[:0]; cap(d.arena) > keptArena {
		d.arena = nil
	}
}

// apart has read do its work in an arena of its own: what it reads stays when the
// batch was handed on.
func (d *decoder) apart(read func() error) error {
	arena := d.arena
	d.arena = nil
	err := read()
	d.arena = arena
	return err
}

// clear empties the batch.
func (d *decoder) clear() {
	b := &d.batch
	clear(b.Spans)
	clear(b.Logs)
	b.Spans, b.Logs, b.Places = b.Spans[:0], b.Logs[:0], b.Places[:0]
}

// attrChunk is how many attributes are allocated at a time, keptChunks how many
// chunks a decoder keeps for the next request.
const (
	attrChunk  = 2048
	keptChunks = 16
)

// attrRooms is memory for lists of attributes, given piece by piece.
type attrRooms struct {
	chunks [][]dialect.Attr // those before the last in use are full
	n      int              // chunks in use
}

// open returns an empty list that may be appended to, with room for n attributes at
// least. It is given to keep, if at all, before another one is asked for.
func (r *attrRooms) open(n int) []dialect.Attr {
	if r.n == 0 || cap(r.chunks[r.n-1])-len(r.chunks[r.n-1]) < n {
		if r.n == len(r.chunks) {
			r.chunks = append(r.chunks, make([]dialect.Attr, 0, attrChunk))
		}
		r.n++
	}
	c := r.chunks[r.n-1]
	return c[len(c):]
}

// keep keeps an opened list and returns it with no room behind it.
func (r *attrRooms) keep(list []dialect.Attr) []dialect.Attr {
	c := r.chunks[r.n-1]
	if room := cap(c) - len(c); len(list) > 0 && cap(list) == room && &c[:len(c)+1][len(c)] == &list[0] {
		r.chunks[r.n-1] = c[:len(c)+len(list)] // else it has grown out of the chunk
	}
	return list[:len(list):len(list)]
}

// reset makes all memory free, and forgets what the lists held.
func (r *attrRooms) reset() {
	for i := range r.chunks[:r.n] {
		clear(r.chunks[i])
		r.chunks[i] = r.chunks[i][:0]
	}
	r.n = 0
}
