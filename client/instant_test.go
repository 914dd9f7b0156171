package client_test

import (
	"math/rand/v2"
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
