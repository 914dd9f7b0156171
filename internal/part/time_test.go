package part_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/part"
)

// TestAppendTime holds it against package time: at the ends of what nanoseconds
// reach, at each day of four hundred years, and by chance.
func TestAppendTime(t *testing.T) {
	f := func(ns int64) {
		t.Helper()
		want := `"` + time.Unix(0, ns).UTC().Format(time.RFC3339Nano) + `"`
		if got := string(part.AppendTime(nil, ns)); got != want {
			t.Fatalf("%d is %s, want %s", ns, got, want)
		}
	}
	for _, ns := range []int64{0, 1, -1, 999_999_999, -999_999_999, 1e9, -1e9, math.MinInt64, math.MaxInt64, 1_764_151_200_120_000_000} {
		f(ns)
	}
	const day = 24 * int64(time.Hour)
	for d := int64(-200 * 366); d < 200*366; d++ {
		f(d * day)
		f(d*day - 1)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		f(int64(r.Uint64()))
		f(r.Int64N(4e9) * 1e6)
	}
}

func BenchmarkAppendTime(b *testing.B) {
	var dst []byte
	for i := int64(0); b.Loop(); i++ {
		dst = part.AppendTime(dst[:0], 1_764_151_200_123_456_000+i*1_000_003_000)
	}
}
