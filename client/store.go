package client

import "sync"

// store is where the events of one sink wait. One goroutine adds, another one
// takes.
type store interface {
	// add puts records at the end. It gives up what there is no room for and
	// returns that; it waits for no network.
	add(list []record) losses
	// take returns the oldest records, up to so many and so many bytes but at
	// least one if there is one. They stay in the store's account until ack.
	take(events, bytes int) []record
	// ack frees what take returned last.
	ack()
	// waiting says how much there is, what was taken and not freed included.
	waiting() backlog
	// keep makes the losses that nobody was told of yet survive a crash.
	keep(list []lossReport)
	// close ends the use of the store. What is left is lost unless the
	// store is on disk.
	close() error
}

// backlog is what waits in a store.
type backlog struct {
	events int
	bytes  int64
	low    uint64 // sequence number of the oldest; next when there is none
	next   uint64 // sequence number of the next record to be added
	ready  int    // events that take would return
	size   int64  // bytes that take would return
}

// memory is the store of a sink without a spool.
type memory struct {
	mu      sync.Mutex // guards all below
	max     int        // bytes
	used    int
	seq     uint64
	streams streams
	n       counts
	taken   counts
	bytes   int // of the taken
	low     uint64
	batch   []record
	spent   []*chunk // read to their end; the batch may point into them
	free    []*chunk // to be used again
}

// freeChunks is how many chunks a memory keeps to use again: those of a batch.
const freeChunks = batchBytes / chunkSize

func newMemory(limit int) *memory { return &memory{max: limit} }

func (m *memory) add(list []record) losses {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lost counts
	for i := range list {
		m.push(&list[i], &lost)
	}
	return losses{"memory_full": lost}.trim()
}

func (m *memory) push(r *record, lost *counts) {
	m.seq++
	need := recordHeader + len(r.data)
	for m.used+need > m.max {
		victim := m.streams.lowest(r.rank)
		if victim < 0 {
			lost[r.rank]++
			return
		}
		n, spent := m.streams[victim].drop()
		m.used -= n
		m.spend(spent)
		m.n[victim]--
		lost[victim]++
	}
	m.streams[r.rank].push(m.seq, r.data, m.spare)
	m.used += need
	m.n[r.rank]++
}

func (m *memory) take(events, bytes int) []record {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batch = m.batch[:0]
	for size := 0; len(m.batch) < events; {
		rank := m.streams.oldest()
		if rank < 0 {
			break
		}
		seq, data := m.streams[rank].first()
		if size += len(data); size > bytes && len(m.batch) > 0 {
			break
		}
		m.batch = append(m.batch, record{seq, rank, data})
		n, spent := m.streams[rank].drop()
		m.bytes += n
		m.spend(spent) // used again only when the batch is acknowledged
		m.n[rank]--
		m.taken[rank]++
	}
	if len(m.batch) > 0 {
		m.low = m.batch[0].seq
	}
	return m.batch
}

// spend keeps a chunk that was read to its end, if it is worth it.
func (m *memory) spend(c *chunk) {
	if c != nil && cap(c.buf) == chunkSize && len(m.spent)+len(m.free) < freeChunks {
		m.spent = append(m.spent, c)
	}
}

// spare returns a chunk to use again, or nil.
func (m *memory) spare() *chunk {
	n := len(m.free)
	if n == 0 {
		return nil
	}
	c := m.free[n-1]
	m.free = m.free[:n-1]
	return c
}

func (m *memory) ack() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.spent {
		c.buf, c.read = c.buf[:0], 0
		m.free = append(m.free, c)
	}
	clear(m.spent)
	m.spent = m.spent[:0]
	m.used -= m.bytes
	m.bytes, m.taken, m.batch = 0, counts{}, m.batch[:0]
	clear(m.batch[:cap(m.batch)])
}

func (m *memory) waiting() backlog {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := backlog{
		events: int(m.n.total() + m.taken.total()), bytes: int64(m.used), next: m.seq + 1, low: m.seq + 1,
		ready: int(m.n.total()), size: int64(m.used - m.bytes),
	}
	if rank := m.streams.oldest(); rank >= 0 {
		b.low, _ = m.streams[rank].first()
	}
	if len(m.batch) > 0 {
		b.low = m.low
	}
	return b
}

// lost empties the store and returns what was in it.
func (m *memory) lost() counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.n
	n.add(m.taken)
	m.streams, m.n, m.taken, m.used, m.bytes, m.batch = streams{}, counts{}, counts{}, 0, 0, nil
	return n
}

func (m *memory) keep([]lossReport) {}

func (m *memory) close() error { return nil }
