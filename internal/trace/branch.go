package trace

import (
	"slices"

	"github.com/hansardhq/hansard"
)

// Branch is an event with all that it caused, in figures.
type Branch struct {
	Events int                // the event itself too
	Errors int                // that erred or are errors
	US     hansard.Opt[int64] // microseconds from its begin to the end of the last; absent with synthetic times
	Spend  Spend
}

// branches returns the branch of each entry; those of an entry alone too.
func (f *forest) branches(synthetic bool) []Branch {
	all := make([]Branch, len(f.entries))
	ends := make([]int64, len(f.entries))
	for i, s := range spends(f.entries) {
		all[i] = Branch{Events: 1, Spend: s}
		if isError(f.entries[i]) {
			all[i].Errors = 1
		}
		ends[i] = under(f.entries[i]).end
	}
	for _, p := range slices.Backward(f.walk()) { // children before their parents
		b := &all[p.index]
		if !synthetic {
			b.US = hansard.Some((ends[p.index] - under(f.entries[p.index]).start) / 1000)
		}
		if up := f.parent[p.index]; up != none {
			all[up].Events += b.Events
			all[up].Errors += b.Errors
			all[up].Spend.add(b.Spend)
			ends[up] = max(ends[up], ends[p.index])
		}
	}
	return all
}

// minSkew is by how much a clock must be behind to be said so, in nanoseconds.
const minSkew = 1_000_000

// skews returns by how many microseconds each entry happened before the event that
// caused it; 0 where it did not. Then the clocks of their senders differ.
func (f *forest) skews() []int64 {
	all := make([]int64, len(f.entries))
	for i, e := range f.entries {
		if p := f.parent[i]; p != none {
			if before := under(f.entries[p]).start - happened(e); before >= minSkew {
				all[i] = before / 1000
			}
		}
	}
	return all
}
