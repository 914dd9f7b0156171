package policy

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSortTurns holds the sort against the library's, on times that are near to each
// other, far from each other, equal, and at the ends of what there is.
func TestSortTurns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	times := map[string]func() int64{
		"near":  func() int64 { return 1_780_000_000_000_000_000 + rng.Int64N(3_600_000_000_000) },
		"equal": func() int64 { return rng.Int64N(7) },
		"one":   func() int64 { return 5 },
		"far":   func() int64 { return int64(rng.Uint64()) },
		"ends":  func() int64 { return []int64{math.MinInt64, -1, 0, math.MaxInt64}[rng.IntN(4)] },
	}
	var spare []turn
	for name, at := range times {
		for _, n := range []int{0, 1, 2, 255, 256, 20_000} {
			turns := make([]turn, n)
			for i, position := range rng.Perm(n) {
				turns[i] = turn{at(), int64(position), int32(i)}
			}
			want := slices.Clone(turns)
			slices.SortFunc(want, compareTurns)
			var got []turn
			if got, spare = sortTurns(turns, spare); !slices.Equal(got, want) {
				t.Errorf("%s: %d turns are out of order", name, n)
			}
		}
	}
}
