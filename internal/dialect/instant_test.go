package dialect_test

import (
	"strings"
	"testing"

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
