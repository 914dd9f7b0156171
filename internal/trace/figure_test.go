package trace_test

import (
	"math"
	"testing"

	"github.com/hansardhq/hansard/internal/trace"
)

func TestDuration(t *testing.T) {
	f := func(us int64, want string) {
		t.Helper()
		if got := trace.Duration(us); got != want {
			t.Errorf("Duration(%d) = %s, want %s", us, got, want)
		}
	}
	f(0, "0ms")
	f(499, "0ms")
	f(500, "1ms")
	f(340_000, "340ms")
	f(999_499, "999ms")
	f(999_500, "1.0s")
	f(1_000_000, "1.0s")
	f(1_200_000, "1.2s")
	f(12_349_999, "12.3s")
	f(59_949_999, "59.9s")
	f(59_950_000, "1m00s")
	f(60_000_000, "1m00s")
	f(123_000_000, "2m03s")
	f(123_500_000, "2m04s")
	f(3_599_499_000, "59m59s")
	f(3_599_500_000, "1h00m")
	f(3_720_000_000, "1h02m")
	f(86_400_000_000, "1d00h")
	f(86_370_000_000, "1d00h")
	f(3*86_400_000_000+4*3_600_000_000, "3d04h")
	f(-340_000, "-340ms")
	if got := trace.Duration(math.MaxInt64); got == "" {
		t.Error("the longest duration has no text")
	}
	trace.Duration(math.MinInt64)
}

func TestUSD(t *testing.T) {
	f := func(nano int64, want string) {
		t.Helper()
		if got := trace.USD(nano); got != want {
			t.Errorf("USD(%d) = %s, want %s", nano, got, want)
		}
	}
	f(0, "$0.00")
	f(1, "$0.000000001")
	f(12_300_000, "$0.0123")
	f(500_000_000, "$0.50")
	f(12_000_000_000, "$12.00")
	f(-500_000_000, "-$0.50")
}

func TestCountAndBytes(t *testing.T) {
	count := func(n int64, want string) {
		t.Helper()
		if got := trace.Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
	count(0, "0")
	count(999, "999")
	count(1000, "1,000")
	count(1_204_113, "1,204,113")
	count(-12_345, "-12,345")
	count(-123, "-123")
	bytes := func(n int, want string) {
		t.Helper()
		if got := trace.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
	bytes(0, "0 bytes")
	bytes(1, "1 byte")
	bytes(999, "999 bytes")
	bytes(1234, "1.2 kB")
	bytes(999_949, "999.9 kB")
	bytes(999_950, "1.0 MB")
}

func TestMark(t *testing.T) {
	for status, want := range map[string]string{
		"ok": "✅", "error": "❌ Error", "timeout": "❌ Timeout", "denied": "⚠️ Denied", "circuit_open": "⚠️ Circuit open",
		"near_limit": "⚠️ Near limit", "": "", "other": "",
	} {
		if got := trace.Mark(status); got != want {
			t.Errorf("Mark(%q) = %q, want %q", status, got, want)
		}
	}
}
