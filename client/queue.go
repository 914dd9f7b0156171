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
		q.used -= q.streams[victim].drop()
		q.dropped[victim]++
	}
	q.streams[rank].push(q.seq, data)
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
	last    uint64 // the sequence number up to which all is in here, or gone
	bytes   int
	closed  bool
}

// drain takes all that waits. The bytes count as used until release.
func (q *queue) drain() drained {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := drained{streams: q.streams, dropped: q.dropped, last: q.seq, bytes: q.used, closed: q.closed}
	q.streams, q.dropped, q.hurried = streams{}, counts{}, false
	q.idle = d.streams.oldest() < 0
	return d
}

// release says that drained events are gone from memory.
func (q *queue) release(bytes int) {
	q.mu.Lock()
	q.used -= bytes
	q.mu.Unlock()
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
