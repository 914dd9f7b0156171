package trace

import (
	"math/rand/v2"
	"testing"
)

// TestAlign holds align against the longest common subsequence by the textbook.
func TestAlign(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := randomKeys(r), randomKeys(r)
		matched := checkAligned(t, a, b, align(a, b))
		if want := longestCommon(a, b); matched != want {
			t.Fatalf("%v and %v: %d pairs, %d can be", a, b, matched, want)
		}
		if same := checkAligned(t, a, a, align(a, a)); same != len(a) {
			t.Fatalf("%v and itself: %d pairs", a, same)
		}
	}
}

// TestAlignFar pairs lists that differ in too many places for the shortest way.
func TestAlignFar(t *testing.T) {
	var a, b []int
	for i := range 3000 {
		a = append(a, i, -1)
		b = append(b, -2, i)
	}
	if matched := checkAligned(t, a, b, align(a, b)); matched < 2900 {
		t.Errorf("%d pairs of 3000", matched)
	}
}

func randomKeys(r *rand.Rand) []int {
	keys := make([]int, r.IntN(14))
	for i := range keys {
		keys[i] = r.IntN(4)
	}
	return keys
}

// checkAligned checks that every element is there once, in order, and that what is
// paired is equal. It returns how many pairs there are.
func checkAligned(t *testing.T, a, b []int, pairs []pair) (matched int) {
	t.Helper()
	i, j := 0, 0
	for _, p := range pairs {
		if p.a != none {
			if p.a != i {
				t.Fatalf("%v, %v: %v: %d of a is not in its place", a, b, pairs, p.a)
			}
			i++
		}
		if p.b != none {
			if p.b != j {
				t.Fatalf("%v, %v: %v: %d of b is not in its place", a, b, pairs, p.b)
			}
			j++
		}
		if p.a != none && p.b != none {
			if matched++; a[p.a] != b[p.b] {
				t.Fatalf("%v, %v: %v: a pair is not equal", a, b, pairs)
			}
		}
	}
	if i != len(a) || j != len(b) {
		t.Fatalf("%v, %v: %v: not all is there", a, b, pairs)
	}
	return matched
}

func longestCommon(a, b []int) int {
	best := make([][]int, len(a)+1)
	for i := range best {
		best[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			best[i+1][j+1] = max(best[i][j+1], best[i+1][j])
			if a[i] == b[j] {
				best[i+1][j+1] = best[i][j] + 1
			}
		}
	}
	return best[len(a)][len(b)]
}
