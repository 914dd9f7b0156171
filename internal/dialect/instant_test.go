package dialect_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

func TestDecodeTimestamp(t *testing.T) {
	f := func(in string, want int64) {
		t.Helper()
		checkDecode(t, `{"timestamp":`+in+`}`, func(e *hansard.Event) {
			e.Timestamp, e.TimeSource = want, hansard.TimeFromSender
		})
	}
	f(`1763907781`, 1763907781000000000)
	f(`1763907781.123456789`, 1763907781123456789)
	f(`1763907781.1234567899`, 1763907781123456789)
	f(`1.76390778125e9`, 1763907781250000000)
	f(`17639077812500e-4`, 1763907781250000000)
	f(`0.000000001`, 1)
	f(`9223372035.999999999`, 9223372035999999999)
	f(`"2025-11-23T14:23:01Z"`, 1763907781000000000)
	f(`"2025-11-23T14:23:01.123456789Z"`, 1763907781123456789)
	f(`"2025-11-23 16:23:01.5\u002b02:00"`, 1763907781500000000)
	f(`"2025-11-23t14:23:01z"`, 1763907781000000000)
	f(`"1970-01-01T00:00:00.000000001Z"`, 1)

	bad := func(in, want string) {
		t.Helper()
		_, err := new(dialect.Flat).Decode([]byte(`{"timestamp":` + in + `}`))
		if err == nil || err.Error() != want || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("timestamp %s: %v, want %q", in, err, want)
		}
	}
	bad(`1763907781250`, "timestamp looks like Unix milliseconds, not seconds")
	bad(`1763907781250000.5`, "timestamp looks like Unix microseconds, not seconds")
	bad(`1763907781250000000`, "timestamp looks like Unix nanoseconds, not seconds")
	bad(`1e99`, "timestamp looks like Unix nanoseconds, not seconds")
	bad(`9223372037`, "timestamp is outside the years 1970 to 2262")
	bad(`-1`, "timestamp is outside the years 1970 to 2262")
	bad(`"1969-12-31T23:59:59Z"`, "timestamp is outside the years 1970 to 2262")
	bad(`"2300-01-01T00:00:00Z"`, "timestamp is outside the years 1970 to 2262")
	bad(`"2025-11-23T14:23:01"`, "timestamp is not RFC 3339")
	bad(`"1763907781"`, "timestamp is not RFC 3339")
	bad(`"`+strings.Repeat("2", 200)+`"`, "timestamp is not RFC 3339")
	bad(`true`, "timestamp is neither a string nor a number")
}

// TestTimestampsByTime holds RFC 3339, read by its places, against package time: days
// around the ends of months, zones, fractions, and texts with a wrong byte.
func TestTimestampsByTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for n := range 20_000 {
		at := time.Unix(rng.Int64N(9_223_372_036), rng.Int64N(1e9)).UTC()
		if n%2 == 0 {
			at = time.Date(1969+rng.IntN(295), time.Month(rng.IntN(13)), 29+rng.IntN(4), 23, 59, 59, rng.IntN(1e9), time.UTC)
		}
		zone := time.FixedZone("", (rng.IntN(2879)-1439)*60)
		in := at.Truncate([]time.Duration{1, 1000, 1e6, 1e9}[rng.IntN(4)]).In([]*time.Location{time.UTC, zone}[rng.IntN(2)]).Format(time.RFC3339Nano)
		if rng.IntN(4) == 0 {
			i := rng.IntN(len(in))
			in = in[:i] + string("0123456789-+:.TZ"[rng.IntN(16)]) + in[i+1:]
		}
		checkTimestamp(t, in)
	}
	for month := 0; month <= 13; month++ {
		for day := 0; day <= 32; day++ {
			for _, year := range []int{1972, 1999, 2000, 2023, 2024, 2100, 2200} {
				checkTimestamp(t, fmt.Sprintf("%d-%02d-%02dT00:00:00Z", year, month, day))
			}
		}
	}
}

func checkTimestamp(t *testing.T, in string) {
	t.Helper()
	var want time.Time
	err := want.UnmarshalText([]byte(in))
	ok := err == nil && want.Unix() >= 0 && want.Unix() < 9_223_372_036
	e, err := new(dialect.Flat).Decode([]byte(`{"timestamp":"` + in + `"}`))
	if (err == nil) != ok || ok && e.Timestamp != want.UnixNano() {
		t.Fatalf("%s: %+v, %v, want %v", in, e, err, want)
	}
}
