// Package arena holds memory that many short values are written to: such that is used
// again when all of them are gone, as the texts of an event are when it is a record,
// and such that lasts as long as one of them.
package arena

// Arena is memory for values that end together. The zero Arena is ready for use, by
// one goroutine at a time.
type Arena struct {
	free   []byte   // of the block at hand
	blocks [][]byte // that Reset makes free
	next   int      // of blocks: the first that was not used since
}

const (
	// blockBytes is how much memory is made at a time. What is longer than an eighth
	// of it has memory of its own, which is not used again.
	blockBytes = 32 << 10
	// maxBlocks bounds what is kept: 2 MiB.
	maxBlocks = 64
)

// Take returns n bytes that nothing else has until Reset. Their content is
// undefined.
func (a *Arena) Take(n int) []byte {
	if n > len(a.free) {
		if n > blockBytes/8 {
			return make([]byte, n)
		}
		a.free = a.block()
	}
	b := a.free[:n:n]
	a.free = a.free[n:]
	return b
}

// Copy returns a copy of b.
func (a *Arena) Copy(b []byte) []byte {
	own := a.Take(len(b))
	copy(own, b)
	return own
}

func (a *Arena) block() []byte {
	if a.next < len(a.blocks) {
		a.next++
		return a.blocks[a.next-1]
	}
	b := make([]byte, blockBytes)
	if len(a.blocks) < maxBlocks {
		a.blocks = append(a.blocks, b)
		a.next = len(a.blocks)
	}
	return b
}

// Reset makes all memory free again. Nobody may use what Take has returned any more,
// nor a string that lies there.
func (a *Arena) Reset() { a.free, a.next = nil, 0 }

// Lasting is memory for values that end one by one: a block of it lasts until nobody
// has any of the values in it. The zero Lasting is ready for use, by one goroutine at a
// time.
type Lasting struct{ free []byte }

// Open returns memory to append one value to, which goes to Keep then: empty, with room
// for n bytes at least, of which there are few. A value that does not go there is written
// over by the next one.
func (l *Lasting) Open(n int) []byte {
	if n > len(l.free) {
		l.free = make([]byte, blockBytes)
	}
	return l.free[:0]
}

// Keep returns a value, which was appended to what Open returned last, in memory that
// nothing else ever has: where it lies, or else, if it has outgrown the block, as a copy.
func (l *Lasting) Keep(b []byte) []byte {
	n := len(b)
	if cap(b) != len(l.free) { // append has moved it: what that makes is larger
		if n > blockBytes/8 {
			return append(make([]byte, 0, n), b...)
		}
		copy(l.Open(n)[:n], b)
	}
	b, l.free = l.free[:n:n], l.free[n:]
	return b
}
