package client_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/hansardhq/hansard/client"
)

// TestTime holds the times that the client writes against the standard library's.
func TestTime(t *testing.T) {
	f := func(at time.Time) {
		t.Helper()
		if got, want := string(client.AppendTime(nil, at)), at.UTC().Format(time.RFC3339Nano); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	for _, sec := range []int64{-1, 0, 951782399, 951782400, 951868799, 951868800, 4107542399, 4107542400, 253402300799, 253402300800, -62135596800} {
		f(time.Unix(sec, 0))
		f(time.Unix(sec, 999_999_999))
		f(time.Unix(sec, 120_000_000))
	}
	for day := range int64(366 * 430) { // every day of a cycle of leap years, and more
		f(time.Unix(day*86400+rand.Int64N(86400), 0))
	}
	for range 20_000 {
		f(time.Unix(rand.Int64N(1<<38), rand.Int64N(1e9)).In(time.FixedZone("", 3600)))
	}
}

// TestFloat holds the numbers that the client writes against the standard
// library's shortest form.
func TestFloat(t *testing.T) {
	f := func(x float64) {
		t.Helper()
		format := byte('f')
		if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
			format = 'e'
		}
		if got, want := string(client.AppendFloat(nil, x)), strconv.FormatFloat(x, format, -1, 64); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 0.00231, 129.9, 1e-6, 9.99999e-7, 1e-9, 999999.999999999, 1e6, 1e21, 0.1 + 0.2, math.Pi, math.MaxFloat64, 5e-324} {
		f(x)
		f(-x)
		f(math.Nextafter(x, 1))
		f(math.Nextafter(x, -1))
	}
	for range 300_000 {
		f(rand.Float64() * math.Pow10(rand.IntN(14)-8))
		places := math.Pow10(rand.IntN(12))
		f(math.Round(rand.Float64()*1e6*places) / places)
	}
}
