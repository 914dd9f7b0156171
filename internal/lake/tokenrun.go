package lake

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// tokenSum is what statements came to, by the groups of each grouping. It is never
// changed.
type tokenSum struct{ runs []tokenRun }

func (s *tokenSum) size() int {
	n := 50
	if s != nil {
		for _, r := range s.runs {
			n += len(r) + 24
		}
	}
	return n
}

// tokenRun is the groups of a grouping in the order of their names: each the name
// after its length, then its sums, as few bytes as they need. There are as many
// sessions as traces: what is kept of them is some 50 bytes each.
type tokenRun []byte

// runs makes a run of the groups of each hour; n holds their names.
func (n *numbers) runs(groups map[hourGroup]*tokenSums) map[int64]tokenRun {
	byHour := map[int64][]int32{}
	for key := range groups {
		byHour[key.hour] = append(byHour[key.hour], key.key)
	}
	runs := map[int64]tokenRun{}
	for hour, keys := range byHour {
		slices.SortFunc(keys, func(a, b int32) int { return bytes.Compare(n.text(a), n.text(b)) })
		var run tokenRun
		for _, k := range keys {
			run = run.with(n.text(k), groups[hourGroup{hour, k}])
		}
		runs[hour] = slices.Clip(run)
	}
	return runs
}

// with appends a group.
func (r tokenRun) with(name []byte, s *tokenSums) tokenRun {
	b := append(binary.AppendUvarint(r, uint64(len(name))), name...)
	for _, n := range []int64{s.events, s.calls, s.counted, s.priced, s.tabled, s.unpriced} {
		b = binary.AppendVarint(b, n)
	}
	mask, wide := byte(0), byte(0)
	for c := range s.sums {
		w := &s.sums[c]
		if *w != (wideSum{}) {
			mask |= 1 << c
		}
		if w.hi != int64(w.lo)>>63 {
			wide |= 1 << c
		}
	}
	b = append(b, mask, wide)
	for c := range s.sums {
		w := &s.sums[c]
		if mask&(1<<c) == 0 {
			continue
		}
		b = binary.AppendVarint(binary.AppendVarint(b, w.n), int64(w.lo))
		if wide&(1<<c) != 0 {
			b = binary.AppendVarint(b, w.hi)
		}
	}
	return b
}

// runCursor is a place in a run.
type runCursor struct {
	rest []byte
	sign int64
	name []byte
	sums tokenSums
}

// next goes to the next group; false at the end.
func (c *runCursor) next() bool {
	if len(c.rest) == 0 {
		return false
	}
	n, k := binary.Uvarint(c.rest)
	c.name, c.rest = c.rest[k:k+int(n)], c.rest[k+int(n):]
	s := &c.sums
	s.events, s.calls, s.counted = c.varint(), c.varint(), c.varint()
	s.priced, s.tabled, s.unpriced = c.varint(), c.varint(), c.varint()
	mask, wide := c.rest[0], c.rest[1]
	c.rest = c.rest[2:]
	for i := range s.sums {
		w := &s.sums[i]
		*w = wideSum{}
		if mask&(1<<i) == 0 {
			continue
		}
		w.n = c.varint()
		v := c.varint()
		w.lo, w.hi = uint64(v), v>>63
		if wide&(1<<i) != 0 {
			w.hi = c.varint()
		}
	}
	return true
}

func (c *runCursor) varint() int64 {
	v, k := binary.Varint(c.rest)
	c.rest = c.rest[k:]
	return v
}

// eachGroup calls f with what runs come to together, those to be taken away with
// the others, group by group in the order of names. The arguments are good during
// the call.
func eachGroup(plus, minus []tokenRun, f func(name []byte, s *tokenSums) error) error {
	var heap []*runCursor
	for i, runs := range [][]tokenRun{plus, minus} {
		for _, run := range runs {
			if c := (&runCursor{rest: run, sign: []int64{1, -1}[i]}); c.next() {
				heap = append(heap, c)
			}
		}
	}
	slices.SortFunc(heap, func(a, b *runCursor) int { return bytes.Compare(a.name, b.name) })
	var sums tokenSums
	for len(heap) > 0 {
		name := heap[0].name
		sums = tokenSums{}
		for len(heap) > 0 && bytes.Equal(heap[0].name, name) {
			sums.merge(&heap[0].sums, heap[0].sign)
			if !heap[0].next() {
				heap[0] = heap[len(heap)-1]
				heap = heap[:len(heap)-1]
			}
			sink(heap)
		}
		if sums.events > 0 {
			if err := f(name, &sums); err != nil {
				return err
			}
		}
	}
	return nil
}

// sink moves the first of a heap of cursors to its place.
func sink(heap []*runCursor) {
	for i := 0; ; {
		least := i
		for _, k := range []int{2*i + 1, 2*i + 2} {
			if k < len(heap) && bytes.Compare(heap[k].name, heap[least].name) < 0 {
				least = k
			}
		}
		if least == i {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}

// each calls f with the sums of each group of the grouping.
func (g grouping) each(f func(name []byte, s *tokenSums) error) error {
	of := func(sums []*tokenSum) (runs []tokenRun) {
		for _, s := range sums {
			if s != nil && len(s.runs[g.i]) > 0 {
				runs = append(runs, s.runs[g.i])
			}
		}
		return runs
	}
	return eachGroup(of(g.sums.plus), of(g.sums.minus), f)
}

// mergeTokens makes one sum of three: the first, less the second, and the third.
func mergeTokens(sum, less, more *tokenSum) *tokenSum {
	all := traceSums[*tokenSum]{plus: []*tokenSum{sum, more}, minus: []*tokenSum{less}}
	n := 0
	for _, s := range []*tokenSum{sum, less, more} {
		if s != nil {
			n = max(n, len(s.runs))
		}
	}
	merged := &tokenSum{runs: make([]tokenRun, n)}
	for i := range merged.runs {
		_ = grouping{i: i, sums: all}.each(func(name []byte, s *tokenSums) error {
			merged.runs[i] = merged.runs[i].with(name, s)
			return nil
		})
	}
	return merged
}
