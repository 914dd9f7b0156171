package policy

import (
	"math"
	"slices"

	"github.com/hansardhq/hansard/internal/lake"
)

// hour is what the controls of a pack that are judged hour by hour came to in an
// hour, or in a part of one. The lake keeps it.
type hour struct {
	// seen are the predicates that controls need on record and that hold for an
	// event of the hour.
	seen uint64
	// befores are the events that may precede members, in order, and print is the
	// sum of what stands for each.
	befores occurrences
	print   uint64

	// What follows is known of hours of the period only.

	// given is the sum of the prints of the hours before that the judgement bears on.
	given  uint64
	counts []countSum // of the controls that count
	plans  []planSum
}

// occurrences are events for a machine, with width keys each.
type occurrences struct {
	marks []lake.Mark
	keys  []uint64
}

// countSum is a number of events, and the least of their positions.
type countSum struct {
	n     int64
	found positions
}

// planSum is what a plan came to.
type planSum struct {
	members, held, open, unsure int64
	foundN                      int64
	found                       positions
	groups                      groupSums
	waiting                     []waiting
}

// waiting is a member for which an event may still follow, in another hour.
type waiting struct {
	moment
	truth truth
	// keys are those of the alternatives of each operator within; 0: none.
	keys []uint64
}

// Size implements lake.Kept.
func (h *hour) Size() int {
	n := 200 + 24*len(h.befores.marks) + 8*len(h.befores.keys)
	for i := range h.counts {
		n += 40 + 8*len(h.counts[i].found.list)
	}
	for i := range h.plans {
		p := &h.plans[i]
		n += 200 + 8*len(p.found.list) + p.groups.size()
		for _, w := range p.waiting {
			n += 56 + 8*len(w.keys)
		}
	}
	return n
}

// groupSums are groups by their keys.
type groupSums struct {
	// places holds, by the first bits of their keys, the groups' numbers, from 1 on;
	// where one is taken the next is. nil: nothing is added any more.
	places []int32
	keys   []uint64
	list   []group
	// counts has the numbers of the events of each operator count, group by group.
	counts []int32
	last   int // the number of the group that was asked for last, from 0 on
}

func (s *groupSums) size() int { return 8*len(s.keys) + 32*len(s.list) + 4*len(s.counts) }

// grow makes room for n groups, so that half of the places stay free.
func (s *groupSums) grow(n int) {
	size := max(16, len(s.places))
	for size < 2*n {
		size *= 2
	}
	if size == len(s.places) {
		return
	}
	s.places = make([]int32, size)
	for i, key := range s.keys {
		s.places[s.place(key)] = int32(i + 1)
	}
	s.keys, s.list = slices.Grow(s.keys, size/2-len(s.keys)), slices.Grow(s.list, size/2-len(s.list))
}

// place returns the place of a group, or the one where it belongs.
func (s *groupSums) place(key uint64) uint64 {
	mask := uint64(len(s.places) - 1)
	at := key >> 32 & mask
	for s.places[at] != 0 && s.keys[s.places[at]-1] != key {
		at = (at + 1) & mask
	}
	return at
}

// of returns the number of a group, which is added if need be.
func (s *groupSums) of(key uint64, counters int) int {
	if n := len(s.keys); n > 0 && s.keys[s.last] == key { // rows come trace by trace
		return s.last
	}
	s.grow(len(s.keys) + 1)
	at := s.place(key)
	if s.places[at] == 0 {
		s.keys, s.list = append(s.keys, key), append(s.list, group{first: math.MaxInt64, evidence: -1, last: math.MinInt64})
		s.places[at] = int32(len(s.keys))
		for range counters {
			s.counts = append(s.counts, 0)
		}
	}
	s.last = int(s.places[at] - 1)
	return s.last
}

// take takes an event into its group.
func (s *groupSums) take(p *plan, key uint64, bits uint64, at, position int64) {
	i := s.of(key, p.counters)
	g := &s.list[i]
	g.bits |= bits & p.mask
	g.first, g.last = min(g.first, position), max(g.last, at)
	if bits&p.events == 0 {
		return
	}
	if g.evidence < 0 || position < g.evidence {
		g.evidence = position
	}
	for _, l := range p.leaves {
		if l.op == opCount && bits&l.bits != 0 {
			s.counts[i*p.counters+l.counter]++
		}
	}
}

// add takes in other groups.
func (s *groupSums) add(o *groupSums, counters int) {
	for i, key := range o.keys {
		at := s.of(key, counters)
		s.list[at].add(o.list[i])
		for k := range counters {
			s.counts[at*counters+k] += o.counts[i*counters+k]
		}
	}
}

// add takes in what else is of the group.
func (g *group) add(o group) {
	g.bits |= o.bits
	g.first, g.last = min(g.first, o.first), max(g.last, o.last)
	if o.evidence >= 0 && (g.evidence < 0 || o.evidence < g.evidence) {
		g.evidence = o.evidence
	}
}
