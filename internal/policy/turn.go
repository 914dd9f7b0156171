package policy

import (
	"cmp"
	"slices"
)

// turn says when a mark's turn is.
type turn struct {
	at, position int64
	mark         int32
}

// The digits by which turns are sorted.
const (
	digitBits = 11
	digits    = 1 << digitBits
)

// sortTurns puts turns in the order of time, and of positions where the time is the
// same: a radix sort from the lowest digit up, of no more digits than the times
// differ in. It returns them, and memory for the next time.
func sortTurns(turns, spare []turn) (sorted, memory []turn) {
	if len(turns) < digits/8 {
		slices.SortFunc(turns, compareTurns)
		return turns, spare
	}
	spare = slices.Grow(spare[:0], len(turns))[:len(turns)]
	least, greatest := turns[0].at, turns[0].at
	for _, t := range turns {
		least, greatest = min(least, t.at), max(greatest, t.at)
	}
	// The difference of two times fits 64 bits without a sign.
	span := uint64(greatest) - uint64(least)
	for shift := 0; shift < 64 && span>>shift != 0; shift += digitBits {
		var next [digits]int
		for _, t := range turns {
			next[digit(t.at, least, shift)]++
		}
		sum := 0
		for i, n := range next {
			next[i], sum = sum, sum+n
		}
		for _, t := range turns {
			d := digit(t.at, least, shift)
			spare[next[d]] = t
			next[d]++
		}
		turns, spare = spare, turns
	}
	for i := 0; i < len(turns); {
		end := i + 1
		for end < len(turns) && turns[end].at == turns[i].at {
			end++
		}
		if end > i+1 {
			slices.SortFunc(turns[i:end], compareTurns)
		}
		i = end
	}
	return turns, spare
}

func digit(at, least int64, shift int) uint64 {
	return (uint64(at) - uint64(least)) >> shift & (digits - 1)
}

func compareTurns(a, b turn) int {
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	return cmp.Compare(a.position, b.position)
}
