package client

import (
	"sync"
)

// queue is where events wait between the agent's goroutines and the pump. Its
// lock is held for the copy of one event, so an agent never waits for longer.
type queue struct {
	mu      sync.Mutex // guards all below
	max     int        // bytes
	used    int        // bytes here and with the pump
	seq     uint64     // of the last event
	streams streams
	dropped counts // since the last drain
	idle    bool   // the pump waits to be woken
	hurried bool   // the pump was told that half is used
	closed  bool
	free    []*chunk // to be used again: fresh memory costs the agent more than the copy

	wake chan struct{} // capacity 1
}

func newQueue(limit int) *queue {
	return &queue{max: limit, wake: make(chan struct{}, 1)}
}

// push adds an event and reports whether the queue is open. Where there is no
// room the oldest event of the lowest tier makes it.
func (q *queue) push(rank int, data []byte) bool {
	need := recordHeader + len(data)
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.seq++
	for q.used+need > q.max {
		victim := q.streams.lowest(rank)
		if victim < 0 {
			// What is here is worth more, or is with the pump already.
			q.dropped[rank]++
			q.mu.Unlock()
			return true
		}
		n, spent := q.streams[victim].drop()
		q.used -= n
		q.keep(spent)
		q.dropped[victim]++
	}
	q.streams[rank].push(q.seq, data, q.spare)
	q.used += need
	wake := q.idle || !q.hurried && q.used > q.max/2
	if wake {
		q.hurried = !q.idle
		q.idle = false
	}
	q.mu.Unlock()
	if wake {
		q.poke()
	}
	return true
}

// poke wakes the pump.
func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// drained is what the pump took at once.
type drained struct {
	streams streams
	dropped counts
	chunks  []*chunk
	last    uint64 // the sequence number up to which all is in here, or gone
	bytes   int
	closed  bool
}

// drain takes all that waits. The bytes count as used until release.
func (q *queue) drain() drained {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := drained{streams: q.streams, dropped: q.dropped, last: q.seq, bytes: q.used, closed: q.closed}
	for i := range d.streams {
		d.chunks = append(d.chunks, d.streams[i].chunks...)
	}
	q.streams, q.dropped, q.hurried = streams{}, counts{}, false
	q.idle = d.streams.oldest() < 0
	return d
}

// spare returns a chunk to use again, or nil.
func (q *queue) spare() *chunk {
	n := len(q.free)
	if n == 0 {
		return nil
	}
	c := q.free[n-1]
	q.free = q.free[:n-1]
	return c
}

// release says that what was drained is not needed any more.
func (q *queue) release(d *drained) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= d.bytes
	for _, c := range d.chunks {
		q.keep(c)
	}
}

// keep keeps a chunk that nobody needs any more, to use it again, if it is worth
// it.
func (q *queue) keep(c *chunk) {
	if c != nil && cap(c.buf) == chunkSize && len(q.free) < q.max/4/chunkSize {
		c.buf, c.read = c.buf[:0], 0
		q.free = append(q.free, c)
	}
}

// close refuses further events.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.poke()
}

// state returns the last sequence number and the bytes in use.
func (q *queue) state() (seq uint64, used int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.seq, q.used
}
