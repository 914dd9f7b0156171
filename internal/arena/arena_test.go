package arena_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/hansardhq/hansard/internal/arena"
)

// TestTake takes pieces of any size, a few times over: none may lie in another.
func TestTake(t *testing.T) {
	var a arena.Arena
	r := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		var taken, want [][]byte
		for i := range 3000 {
			b := make([]byte, r.IntN(1500))
			if i%100 == 0 {
				b = make([]byte, 10_000)
			}
			for k := range b {
				b[k] = byte(i)
			}
			taken, want = append(taken, a.Copy(b)), append(want, b)
			if cap(taken[i]) > len(taken[i]) {
				t.Fatal("what is appended to a piece would be in the next one")
			}
		}
		for i := range taken {
			if !bytes.Equal(taken[i], want[i]) {
				t.Fatalf("piece %d was overwritten", i)
			}
		}
		a.Reset()
	}
}

// TestReset looks at whether memory is used again, and how much is kept at most.
func TestReset(t *testing.T) {
	var a arena.Arena
	use := func(pieces int) float64 {
		return testing.AllocsPerRun(5, func() {
			for range pieces {
				a.Take(1000)
			}
			a.Reset()
		})
	}
	if n := use(1000); n != 0 {
		t.Errorf("%v allocations where all fits in what is kept", n)
	}
	if n := use(4000); n == 0 {
		t.Error("memory is kept without bound")
	}
}

// TestLasting keeps values that last: none lies in another, however many come after it,
// and however large it became after it was begun.
func TestLasting(t *testing.T) {
	var l arena.Lasting
	r := rand.New(rand.NewPCG(3, 4))
	var kept [][]byte
	for i := range 3000 {
		b, n := l.Open(100), r.IntN(1500)+i%100/99*50_000
		for range n {
			b = append(b, byte(i))
		}
		if i%7 == 0 {
			b = b[:min(n, 100)] // it became shorter again
		}
		if b = l.Keep(b); cap(b) > len(b) {
			t.Fatal("what is appended to a value would be in the next one")
		}
		kept = append(kept, b)
	}
	for i, b := range kept {
		if len(b) != bytes.Count(b, []byte{byte(i)}) {
			t.Fatalf("value %d was overwritten", i)
		}
	}
}
