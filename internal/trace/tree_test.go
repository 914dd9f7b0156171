package trace_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// at returns an event at a time, with a parent.
func at(ts int64, id, parent string) *hansard.Entry {
	return &hansard.Entry{Event: hansard.Event{EventID: id, ParentEventID: parent, Timestamp: ts}, Position: uint64(ts)}
}

// show writes a tree as "id" per node, indented by dots, "?" for orphans and "~"
// for cycles.
func show(t trace.Tree) string {
	var parts []string
	for _, n := range t.Nodes {
		s := strings.Repeat(".", n.Depth) + n.Entry.EventID
		if n.Orphan {
			s += "?"
		}
		if n.Cycle {
			s += "~"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestTree(t *testing.T) {
	f := func(want string, entries ...*hansard.Entry) trace.Tree {
		t.Helper()
		tree := trace.NewTree(entries)
		if got := show(tree); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		if got := show(trace.NewTree(entries)); got != want {
			t.Errorf("shuffled: got %s, want %s", got, want)
		}
		return tree
	}
	f("")
	f("a .b ..c .d e", at(1, "a", ""), at(2, "b", "a"), at(3, "c", "b"), at(4, "d", "a"), at(5, "e", ""))
	f("p .child", at(9, "p", ""), at(1, "child", "p")) // a clock that is behind
	tree := f("a o? .p", at(1, "a", ""), at(2, "o", "gone"), at(3, "p", "o"))
	if !slices.Equal(tree.Orphans, []string{"o"}) {
		t.Errorf("orphans %v", tree.Orphans)
	}
	tree = f("s~", at(1, "s", "s"))
	if fmt.Sprint(tree.Cycles) != "[[s]]" {
		t.Errorf("cycles %v", tree.Cycles)
	}
	// x -> z -> y -> x is a circle; t hangs from it; u <-> v is another.
	tree = f("x~ .y~ ..z~ ...t u~ .v~", at(1, "x", "z"), at(2, "y", "x"), at(3, "z", "y"), at(4, "t", "z"), at(5, "u", "v"), at(6, "v", "u"))
	if fmt.Sprint(tree.Cycles) != "[[x y z] [u v]]" {
		t.Errorf("cycles %v", tree.Cycles)
	}
	tree = f("a .b", at(1, "a", ""), at(2, "b", "a"), at(3, "b", "gone"), at(4, "a", "b"))
	if tree.Duplicates != 2 || len(tree.Orphans) > 0 || len(tree.Cycles) > 0 {
		t.Errorf("duplicates %+v", tree)
	}
	f(" ", at(1, "", ""), at(2, "", ""))
	if got := show(trace.NewTree([]*hansard.Entry{nil, at(1, "a", "")})); got != "a" {
		t.Errorf("with a nil entry: %s", got)
	}
}

// shapes are traces that are hard on a careless tree: the time and the number of
// the parent of the i-th of n events; -1 is no parent, n one that is missing.
func shapes() map[string]func(i, n int) (ts, parent int) {
	return map[string]func(i, n int) (ts, parent int){
		"chain":           func(i, n int) (int, int) { return i, i - 1 },
		"chain backwards": func(i, n int) (int, int) { return n - i, i - 1 },
		"star":            func(i, n int) (int, int) { return i, min(0, i-1) },
		"circle":          func(i, n int) (int, int) { return i, (i + 1) % n },
		"many circles":    func(i, n int) (int, int) { return i, i ^ 1 },
		"orphans":         func(i, n int) (int, int) { return i, n },
		"random":          func(i, n int) (int, int) { return i, rand.IntN(n) },
		"same time":       func(i, n int) (int, int) { return 0, i / 3 },
	}
}

// grow makes a trace of n events.
func grow(shape func(i, n int) (ts, parent int), n int) []*hansard.Entry {
	var entries []*hansard.Entry
	for i := range n {
		ts, p := shape(i, n)
		parent := ""
		if p >= 0 {
			parent = fmt.Sprint("e", p)
		}
		entries = append(entries, at(int64(ts+1), fmt.Sprint("e", i), parent))
	}
	return entries
}

// TestTreeIsLinear bounds the work, not the time: it may not grow faster than
// the trace.
func TestTreeIsLinear(t *testing.T) {
	const n = 50_000
	for name, shape := range shapes() {
		entries := grow(shape, n)
		if steps := trace.Steps(entries); steps > 6*n {
			t.Errorf("%s: %d steps for %d events", name, steps, n)
		}
		tree := trace.NewTree(entries)
		if len(tree.Nodes) != n {
			t.Errorf("%s: %d of %d events in the tree", name, len(tree.Nodes), n)
		}
		if d := tree.Nodes[n-1].Depth; name == "chain" && d != n-1 {
			t.Errorf("the end of the chain is at depth %d", d)
		}
	}
}

// TestTreeParentsComeFirst checks random traces, circles among them: each event
// once, and directly under the last event before it that is one level up.
func TestTreeParentsComeFirst(t *testing.T) {
	for range 200 {
		for name, shape := range shapes() {
			entries := grow(shape, 1+rand.IntN(30))
			var path []string
			seen := map[string]bool{}
			tree := trace.NewTree(entries)
			for _, n := range tree.Nodes {
				if seen[n.Entry.EventID] || n.Depth > len(path) {
					t.Fatalf("%s: %s at depth %d in %s", name, n.Entry.EventID, n.Depth, show(tree))
				}
				seen[n.Entry.EventID] = true
				if n.Depth > 0 && path[n.Depth-1] != n.Entry.ParentEventID {
					t.Fatalf("%s: %s is not under its parent in %s", name, n.Entry.EventID, show(tree))
				}
				path = append(path[:n.Depth], n.Entry.EventID)
			}
			if len(seen) != len(entries) {
				t.Fatalf("%s: %d of %d events in %s", name, len(seen), len(entries), show(tree))
			}
		}
	}
}
