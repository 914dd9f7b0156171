package trace

import "slices"

// pair is an element of one list beside the one of the other that it goes with;
// none where it has none.
type pair struct{ a, b int }

// maxEdits is up to how many differences the shortest way from one list to the
// other is looked for: it takes their square in memory.
const maxEdits = 1500

// align pairs the elements of two lists that have the same key, without crossings
// and as many as can be (Myers, "An O(ND) Difference Algorithm and Its
// Variations", 1986). Lists that differ in more than maxEdits places are paired by
// how often a key came before.
func align(a, b []int) []pair {
	var pairs []pair
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		pairs = append(pairs, pair{head, head})
		head++
	}
	matched, ok := shortest(a[head:], b[head:])
	if !ok {
		matched = byCount(a[head:], b[head:])
	}
	i, j := head, head
	for _, m := range append(matched, pair{len(a) - head, len(b) - head}) {
		for ; i < m.a+head; i++ {
			pairs = append(pairs, pair{i, none})
		}
		for ; j < m.b+head; j++ {
			pairs = append(pairs, pair{none, j})
		}
		if i < len(a) && j < len(b) {
			pairs = append(pairs, pair{i, j})
		}
		i, j = i+1, j+1
	}
	return pairs
}

// shortest returns what stays of a on the shortest way to b.
func shortest(a, b []int) (matched []pair, ok bool) {
	most := min(len(a)+len(b), maxEdits)
	v := make([]int32, 2*most+3) // v[k+most+1]: how far one gets on the diagonal k
	var rounds [][]int32
	for d := 0; d <= most; d++ {
		rounds = append(rounds, slices.Clone(v[most+1-d:most+2+d]))
		for k := -d; k <= d; k += 2 {
			x := v[k+most] + 1
			if k == -d || k != d && v[k+most] < v[k+most+2] {
				x = v[k+most+2]
			}
			for int(x) < len(a) && int(x)-k < len(b) && a[x] == b[int(x)-k] {
				x++
			}
			v[k+most+1] = x
			if int(x) >= len(a) && int(x)-k >= len(b) {
				return back(rounds, a, b), true
			}
		}
	}
	return nil, false
}

// back goes the way back. rounds[d] holds how far one got in less than d edits, on
// the diagonals -d to d.
func back(rounds [][]int32, a, b []int) []pair {
	var matched []pair
	x, y := len(a), len(b)
	for d := len(rounds) - 1; d > 0; d-- {
		at := func(k int) int {
			if k < -d || k > d {
				return -1
			}
			return int(rounds[d][k+d])
		}
		k := x - y
		from := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			from = k + 1
		}
		px := at(from)
		for start := max(px, px-from+k); x > start && x > 0 && y > 0 && a[x-1] == b[y-1]; {
			if from > k && x <= px || from < k && x <= px+1 {
				break
			}
			x, y = x-1, y-1
			matched = append(matched, pair{x, y})
		}
		x, y = px, px-from
	}
	for x > 0 && y > 0 {
		x, y = x-1, y-1
		matched = append(matched, pair{x, y})
	}
	slices.Reverse(matched)
	return matched
}

// byCount pairs the n-th of a key with the n-th of it, and keeps the longest run
// of pairs that do not cross.
func byCount(a, b []int) []pair {
	places := map[int][]int{}
	for j, key := range b {
		places[key] = append(places[key], j)
	}
	var all []pair
	for i, key := range a {
		if p := places[key]; len(p) > 0 {
			all = append(all, pair{i, p[0]})
			places[key] = p[1:]
		}
	}
	return rising(all)
}

// rising returns the longest run of pairs whose b rises.
func rising(all []pair) []pair {
	var ends []int // the pair that ends the best run of each length
	before := make([]int, len(all))
	for i, p := range all {
		n, _ := slices.BinarySearchFunc(ends, p.b, func(e, b int) int { return all[e].b - b })
		before[i] = none
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	var out []pair
	for i := none; len(ends) > 0; {
		if i == none {
			i = ends[len(ends)-1]
		}
		out = append(out, all[i])
		if i = before[i]; i == none {
			break
		}
	}
	slices.Reverse(out)
	return out
}
