package trace

import (
	"slices"

	"github.com/hansardhq/hansard"
)

// Node is an entry at its place in the tree.
type Node struct {
	Entry  *hansard.Entry
	Depth  int  // 0: at the root
	Orphan bool // its parent event is not among the entries; it stands at the root
	Cycle  bool // it is its own ancestor; the earliest of the circle stands at the root
}

// Tree is the nesting of events under the events that caused them.
type Tree struct {
	Nodes      []Node     // each event once, before its children; siblings in order of time
	Orphans    []string   // event ids, in order of time
	Cycles     [][]string // event ids of each circle of parents, in order of time
	Duplicates int        // entries left out because their event id came before
}

// NewTree nests the entries of one trace.
func NewTree(entries []*hansard.Entry) Tree {
	ordered, duplicates := inOrder(entries)
	f := link(ordered)
	t := Tree{Nodes: make([]Node, 0, len(ordered)), Duplicates: duplicates}
	for _, p := range f.walk() {
		i := p.index
		t.Nodes = append(t.Nodes, Node{ordered[i], p.depth, f.orphan[i], f.cycle[i]})
	}
	t.Orphans, t.Cycles = f.faults()
	return t
}

// none stands for an index that is not there.
const none = -1

// forest links entries, by their index in order of time, to their parents.
type forest struct {
	entries []*hansard.Entry
	parent  []int  // none: at the root
	orphan  []bool // its parent is missing
	cycle   []bool // it was in a circle, which is broken
	cycles  [][]int
	steps   int // work done, for the test that it stays linear
}

// place is the place of an entry in a walk.
type place struct{ index, depth int }

// link finds the parents of entries that are in order and unique.
func link(entries []*hansard.Entry) *forest {
	n := len(entries)
	f := &forest{entries: entries, parent: make([]int, n), orphan: make([]bool, n), cycle: make([]bool, n)}
	byID := make(map[string]int, n)
	for i, e := range entries {
		if e.EventID != "" {
			byID[e.EventID] = i
		}
	}
	for i, e := range entries {
		f.steps++
		f.parent[i] = none
		if e.ParentEventID == "" {
			continue
		}
		if p, ok := byID[e.ParentEventID]; ok {
			f.parent[i] = p
		} else if p, ok := byID[e.ParentEventID+pendingSuffix]; ok && p != i {
			f.parent[i] = p // its start is all that is here yet
		} else {
			f.orphan[i] = true
		}
	}
	f.breakCycles()
	return f
}

// breakCycles puts the earliest entry of each circle of parents at the root. It
// climbs from each entry until it meets one that was seen: of an earlier climb,
// or of this one, which closes a circle.
func (f *forest) breakCycles() {
	climb := make([]int, len(f.parent)) // 0: not seen, else the number of the climb
	for i := range f.parent {
		at := i
		for ; at != none && climb[at] == 0; at = f.parent[at] {
			f.steps++
			climb[at] = i + 1
		}
		if at != none && climb[at] == i+1 {
			f.breakCycle(at)
		}
	}
}

// breakCycle breaks the circle that runs through start.
func (f *forest) breakCycle(start int) {
	members := []int{start}
	for at := f.parent[start]; at != start; at = f.parent[at] {
		f.steps++
		members = append(members, at)
	}
	slices.Sort(members)
	for _, i := range members {
		f.cycle[i] = true
	}
	f.parent[members[0]] = none
	f.cycles = append(f.cycles, members)
}

// walk returns the entries, parents before children, siblings in order of time.
// It keeps its own stack: a chain of any depth must not grow that of Go.
func (f *forest) walk() []place {
	n := len(f.parent)
	last, before := make([]int, n), make([]int, n) // the latest child; the sibling before
	for i := range n {
		last[i] = none
	}
	var stack []place
	for i := range n {
		if p := f.parent[i]; p != none {
			before[i], last[p] = last[p], i
		} else {
			stack = append(stack, place{i, 0})
		}
	}
	slices.Reverse(stack)
	out := make([]place, 0, n)
	for len(stack) > 0 {
		f.steps++
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		out = append(out, at)
		for child := last[at.index]; child != none; child = before[child] {
			stack = append(stack, place{child, at.depth + 1})
		}
	}
	return out
}

// faults returns the event ids of orphans and circles.
func (f *forest) faults() (orphans []string, cycles [][]string) {
	for i, e := range f.entries {
		if f.orphan[i] {
			orphans = append(orphans, e.EventID)
		}
	}
	for _, members := range f.cycles {
		var ids []string
		for _, i := range members {
			ids = append(ids, f.entries[i].EventID)
		}
		cycles = append(cycles, ids)
	}
	return orphans, cycles
}
