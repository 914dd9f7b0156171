package simdisk

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// node is a file or a folder, apart from its name.
type node struct {
	// Of a file: what a process reads; by sector, what was on the disk at the
	// last sync and each content since, for sectors written since; the size at
	// the last sync and each size since; and, for sectors whose sync failed, what
	// is on the disk while the page cache says otherwise.
	data     []byte
	shared   bool // data is also that of copies, and not written to
	unsynced map[int][][]byte
	sizes    []int
	lost     map[int][]byte

	// Of a folder, nil for a file: the names that a process sees, those at the
	// last sync, and the changes since.
	names   map[string]*node
	synced  map[string]*node
	pending []map[string]*node // each sets names, together; nil removes one
}

func newFolder() *node { return &node{names: map[string]*node{}} }

// change makes names in a folder stand for nodes, or for nothing.
func (n *node) change(names map[string]*node) {
	n.pending = append(n.pending, names)
	set(n.names, names)
}

func set(names, change map[string]*node) {
	for name, n := range change {
		if n == nil {
			delete(names, name)
		} else {
			names[name] = n
		}
	}
}

// at returns the content of a sector as a process sees it, with zeros beyond the
// file's end.
func (n *node) at(s int) []byte {
	b := make([]byte, sector)
	if s*sector < len(n.data) {
		copy(b, n.data[s*sector:])
	}
	return b
}

// touch notes the content of the sectors that [from, to) lies in before they
// change.
func (n *node) touch(from, to int) {
	if n.unsynced == nil {
		n.unsynced = map[int][][]byte{}
	}
	for s := from / sector; s*sector < to; s++ {
		if b, ok := n.lost[s]; ok {
			delete(n.lost, s)
			n.unsynced[s] = append(n.unsynced[s], b)
		}
		n.unsynced[s] = append(n.unsynced[s], n.at(s))
	}
}

// share returns the file's data for a copy of the node.
func (n *node) share() []byte {
	n.data, n.shared = n.data[:len(n.data):len(n.data)], true
	return n.data
}

// own makes the data this node's alone, to be written to.
func (n *node) own() {
	if n.shared {
		n.data, n.shared = slices.Clone(n.data), false
	}
}

// resize makes the file n bytes long. What is new is zero.
func (n *node) resize(size int) {
	if len(n.sizes) == 0 {
		n.sizes = []int{len(n.data)}
	}
	if size < len(n.data) {
		n.touch(size, len(n.data))
		n.data = n.data[:size:size]
	} else {
		n.own()
		n.data = append(n.data, make([]byte, size-len(n.data))...)
	}
	n.sizes = append(n.sizes, size)
}

func (n *node) write(b []byte, at int) {
	if at+len(b) > len(n.data) {
		n.resize(at + len(b))
	}
	n.touch(at, at+len(b))
	n.own()
	copy(n.data[at:], b)
}

// sync makes all that was written durable, but for what an earlier sync lost.
func (n *node) sync() { n.unsynced, n.sizes = nil, nil }

// failSync is a sync that fails: some sectors are written, and the pages of the
// others are clean, or even as they were.
func (n *node) failSync(r *rand.Rand) {
	if n.lost == nil {
		n.lost = map[int][]byte{}
	}
	n.own()
	for _, s := range slices.Sorted(maps.Keys(n.unsynced)) {
		old := n.unsynced[s][0]
		switch r.IntN(3) {
		case 0: // written
		case 1: // dropped, and read from the disk again
			if s*sector < len(n.data) {
				copy(n.data[s*sector:], old)
			}
		default: // dropped, and still in the page cache
			n.lost[s] = old
		}
	}
	n.unsynced = nil
}

// clone copies a tree of nodes as a process sees it.
func (n *node) clone(done map[*node]*node) *node {
	if n == nil {
		return nil
	}
	if c := done[n]; c != nil {
		return c
	}
	c := &node{data: n.share(), shared: true, unsynced: maps.Clone(n.unsynced), sizes: slices.Clone(n.sizes), lost: maps.Clone(n.lost)}
	for s, versions := range c.unsynced {
		c.unsynced[s] = slices.Clone(versions)
	}
	done[n] = c
	if n.names == nil {
		return c
	}
	names := func(from map[string]*node) map[string]*node {
		to := map[string]*node{}
		for name, child := range from {
			to[name] = child.clone(done)
		}
		return to
	}
	c.names, c.synced = names(n.names), names(n.synced)
	for _, p := range n.pending {
		c.pending = append(c.pending, names(p))
	}
	return c
}

// fate decides what a power cut leaves.
type fate struct {
	r           *rand.Rand
	data, names int  // of 100 changes, how many are on the disk
	inOrder     bool // a change of names implies all earlier ones of its folder, as in a journal
}

func newFate(r *rand.Rand) *fate {
	odds := []int{0, 10, 50, 90, 100}
	return &fate{r, odds[r.IntN(len(odds))], odds[r.IntN(len(odds))], r.IntN(2) == 0}
}

// cut copies a tree of nodes as a power cut leaves it. All in the copy is synced.
func (n *node) cut(f *fate, done map[*node]*node) *node {
	if c := done[n]; c != nil {
		return c
	}
	c := &node{}
	done[n] = c
	switch {
	case n.names != nil:
	case len(n.unsynced) == 0 && len(n.sizes) == 0 && len(n.lost) == 0:
		c.data, c.shared = n.share(), true
		return c
	default:
		c.data = n.cutData(f)
		return c
	}
	left := maps.Clone(n.synced)
	if left == nil {
		left = map[string]*node{}
	}
	for i, kept := range f.keep(n.pending) {
		if kept {
			set(left, n.pending[i])
		}
	}
	c.names = map[string]*node{}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		c.names[name] = left[name].cut(f, done)
	}
	c.synced = maps.Clone(c.names)
	return c
}

// cutData returns what is left of a file's data.
func (n *node) cutData(f *fate) []byte {
	size := len(n.data)
	if len(n.sizes) > 0 && f.r.IntN(100) >= f.data {
		size = n.sizes[f.r.IntN(len(n.sizes))]
	}
	b := make([]byte, size)
	copy(b, n.data)
	put := func(s int, content []byte) {
		if s*sector < size {
			copy(b[s*sector:], content)
		}
	}
	for s, content := range n.lost {
		put(s, content)
	}
	for _, s := range slices.Sorted(maps.Keys(n.unsynced)) {
		if f.r.IntN(100) >= f.data {
			versions := n.unsynced[s]
			put(s, versions[f.r.IntN(len(versions))])
		}
	}
	return b
}

// keep decides which changes of a folder's names are on the disk.
func (f *fate) keep(changes []map[string]*node) []bool {
	kept := make([]bool, len(changes))
	if f.inOrder {
		for i := range kept[:f.some(len(kept))] {
			kept[i] = true
		}
		return kept
	}
	needed := map[string]bool{} // names that a later, kept change is about
	for i := len(changes) - 1; i >= 0; i-- {
		kept[i] = f.r.IntN(100) < f.names
		for name := range changes[i] {
			kept[i] = kept[i] || needed[name]
		}
		for name := range changes[i] {
			needed[name] = needed[name] || kept[i]
		}
	}
	return kept
}

// some returns how many of n changes in a row are on the disk.
func (f *fate) some(n int) int {
	switch f.names {
	case 0:
		return 0
	case 100:
		return n
	}
	return f.r.IntN(n + 1)
}

// info describes the node.
func (n *node) info(name string) fs.FileInfo {
	return fileInfo{name, int64(len(n.data)), n.names != nil}
}

type fileInfo struct {
	name string
	size int64
	dir  bool
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) IsDir() bool        { return i.dir }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) Sys() any           { return nil }
func (i fileInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
