package lake

import (
	"cmp"
	"math/bits"
	"slices"
)

// joined is a value that can be put together with others of its kind, in any order
// and any of them more than once.
type joined[T any] interface{ and(T) T }

// timeline finds what values say together that lie in a span of time. To look one up
// takes as long as the logarithm of how many there are, also in traces that were made
// to take long.
type timeline[T joined[T]] struct {
	at     []int64
	values []T
	order  bool  // they are in the order of time
	runs   [][]T // runs[k][i] is values[i:i+2^k] together
}

func (t *timeline[T]) add(at int64, v T) {
	t.at, t.values = append(t.at, at), append(t.values, v)
	t.order, t.runs = false, nil
}

// within returns what the values in a span say; the zero value where there is none.
func (t *timeline[T]) within(s span) (found T) {
	if t == nil {
		return found
	}
	if !t.order {
		t.sort()
	}
	from, _ := slices.BinarySearch(t.at, s.from)
	to, _ := slices.BinarySearchFunc(t.at, s.to, func(x, v int64) int {
		if x <= v {
			return -1
		}
		return 1
	})
	if from >= to {
		return found
	}
	if to-from <= 4 {
		found = t.values[from]
		for _, v := range t.values[from+1 : to] {
			found = found.and(v)
		}
		return found
	}
	k := bits.Len(uint(to-from)) - 1
	for len(t.runs) <= k {
		t.double()
	}
	return t.runs[k][from].and(t.runs[k][to-1<<k])
}

// holds reports whether a value lies in a span.
func (t *timeline[T]) holds(s span) bool {
	if !t.order {
		t.sort()
	}
	i, _ := slices.BinarySearch(t.at, s.from)
	return i < len(t.at) && t.at[i] <= s.to
}

func (t *timeline[T]) sort() {
	order := make([]int, len(t.at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.at[a], t.at[b]) })
	at, values := make([]int64, len(order)), make([]T, len(order))
	for i, k := range order {
		at[i], values[i] = t.at[k], t.values[k]
	}
	t.at, t.values, t.order = at, values, true
}

// double makes the next runs.
func (t *timeline[T]) double() {
	if len(t.runs) == 0 {
		t.runs = append(t.runs, t.values)
		return
	}
	k := len(t.runs) - 1
	last, half := t.runs[k], 1<<k
	next := make([]T, len(last)-half)
	for i := range next {
		next[i] = last[i].and(last[i+half])
	}
	t.runs = append(t.runs, next)
}
