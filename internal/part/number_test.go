package part_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/hansardhq/hansard/internal/part"
)

// TestAppendInt holds it against package strconv: where the number of digits or of bits
// changes, and by chance.
func TestAppendInt(t *testing.T) {
	f := func(v int64) {
		t.Helper()
		if got, want := string(part.AppendInt([]byte("x"), v)), "x"+strconv.FormatInt(v, 10); got != want {
			t.Fatalf("%d is %s, want %s", v, got, want)
		}
	}
	for _, v := range []int64{0, math.MinInt64, math.MaxInt64} {
		f(v)
	}
	for p := int64(1); p < math.MaxInt64/10; p *= 10 {
		for d := int64(-2); d <= 2; d++ {
			f(p + d)
			f(-p + d)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for bits := range 64 {
		f(1 << bits)
		f(1<<bits - 1)
		for range 100 {
			f(int64(r.Uint64() >> bits))
		}
	}
}
