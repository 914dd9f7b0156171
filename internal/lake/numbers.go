package lake

import (
	"hash/maphash"
	"sync"
)

// numbers gives texts numbers, from 0 on. The texts lie in one run of bytes, so that
// what is kept of many events is free of pointers: a text takes some 15 bytes more
// than it has. The zero value is ready.
type numbers struct {
	mu   sync.Mutex // guards what follows
	seed maphash.Seed
	run  []byte
	ends []int // of each text in run
	// slots are a table of the numbers, each plus one, by the hashes of their
	// texts; 0 is free.
	slots []int32
}

// count returns how many texts there are.
func (n *numbers) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.ends)
}

// bytes returns about how many bytes they take.
func (n *numbers) bytes() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return cap(n.run) + 8*cap(n.ends) + 4*len(n.slots)
}

// text returns the text of a number. Nobody changes it.
func (n *numbers) text(k int32) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.at(k)
}

// find returns the number of a text, if it has one.
func (n *numbers) find(text string) (k int32, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.slots) == 0 {
		return 0, false
	}
	k = n.slots[n.slot(text)] - 1
	return k, k >= 0
}

// of returns the numbers of texts.
func (n *numbers) of(texts []string) []int32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]int32, len(texts))
	for i, t := range texts {
		all[i] = n.take(t)
	}
	return all
}

// one returns the number of a text.
func (n *numbers) one(text string) int32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.take(text)
}

// take returns the number of a text. mu is held, as in what follows.
func (n *numbers) take(text string) int32 {
	if 4*len(n.ends) >= 3*len(n.slots) {
		n.grow()
	}
	at := n.slot(text)
	if n.slots[at] == 0 {
		n.run = append(n.run, text...)
		n.ends = append(n.ends, len(n.run))
		n.slots[at] = int32(len(n.ends))
	}
	return n.slots[at] - 1
}

func (n *numbers) at(k int32) []byte {
	from := 0
	if k > 0 {
		from = n.ends[k-1]
	}
	return n.run[from:n.ends[k]:n.ends[k]]
}

// slot returns where in the table a text is, or would be.
func (n *numbers) slot(text string) int {
	mask := len(n.slots) - 1
	at := int(maphash.String(n.seed, text)) & mask
	for n.slots[at] != 0 && string(n.at(n.slots[at]-1)) != text {
		at = (at + 1) & mask
	}
	return at
}

// grow doubles the table.
func (n *numbers) grow() {
	if len(n.slots) == 0 {
		n.seed = maphash.MakeSeed()
	}
	n.slots = make([]int32, max(16, 2*len(n.slots)))
	mask := len(n.slots) - 1
	for k := range n.ends {
		at := int(maphash.Bytes(n.seed, n.at(int32(k)))) & mask
		for n.slots[at] != 0 {
			at = (at + 1) & mask
		}
		n.slots[at] = int32(k) + 1
	}
}
