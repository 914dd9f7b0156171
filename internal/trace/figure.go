package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// Duration writes microseconds as people read them: 0ms, 340ms, 1.2s, 2m03s,
// 1h02m, 3d04h. It rounds to the nearest of what it shows.
func Duration(us int64) string {
	if us < 0 {
		return "-" + Duration(max(-us, 0)) // -MinInt64 is negative again
	}
	const second, minute, hour, day = 1000, 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
	ms := nearest(us, 1000)
	switch {
	case ms < second:
		return fmt.Sprintf("%dms", ms)
	case nearest(us, 100_000) < 600: // tenths of a second
		tenths := nearest(us, 100_000)
		return fmt.Sprintf("%d.%ds", tenths/10, tenths%10)
	}
	ms = nearest(ms, second) * second
	switch {
	case ms < hour:
		return fmt.Sprintf("%dm%02ds", ms/minute, ms%minute/second)
	case nearest(ms, minute)*minute < day:
		ms = nearest(ms, minute) * minute
		return fmt.Sprintf("%dh%02dm", ms/hour, ms%hour/minute)
	}
	ms = nearest(ms, hour) * hour
	return fmt.Sprintf("%dd%02dh", ms/day, ms%day/hour)
}

// nearest returns n in units of unit, rounded half up; n >= 0.
func nearest(n, unit int64) int64 {
	whole := n / unit
	if n%unit >= unit-unit/2 {
		whole++
	}
	return whole
}

// USD writes nano-dollars exactly, with at least two decimals: $0.0123, $12.50.
func USD(nano int64) string {
	s, negative := strings.CutPrefix(Decimal(nano, 9), "-")
	whole, frac, _ := strings.Cut(s, ".")
	for len(frac) < 2 {
		frac += "0"
	}
	if negative {
		return "-$" + whole + "." + frac
	}
	return "$" + whole + "." + frac
}

// Count writes a number with commas between its thousands: 1,204,113.
func Count(n int64) string {
	s, negative := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if negative {
		return "-" + s
	}
	return s
}

// Bytes writes a size as people read it, in powers of 1,000: 1 byte, 512 bytes,
// 1.2 kB, 3.4 MB.
func Bytes(n int) string {
	switch {
	case n == 1:
		return "1 byte"
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 999_950:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Decimal writes n * 10^-places exactly, without trailing zeros.
func Decimal(n int64, places int) string {
	s, negative := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	if len(s) <= places {
		s = strings.Repeat("0", places+1-len(s)) + s
	}
	cut := len(s) - places
	if frac := strings.TrimRight(s[cut:], "0"); frac != "" {
		s = s[:cut] + "." + frac
	} else {
		s = s[:cut]
	}
	if negative {
		return "-" + s
	}
	return s
}

// Icon returns the sign of a status in documents: ✅ ok, ❌ error or timeout, ⚠️
// denied, cancelled, degraded, circuit_open or near_limit; "" for any other.
func Icon(status string) string {
	switch status {
	case "ok":
		return "✅"
	case "error", "timeout":
		return "❌"
	case "denied", "cancelled", "degraded", "circuit_open", "near_limit":
		return "⚠️"
	}
	return ""
}

// Mark returns the icon of a status with its word, for example "❌ Timeout"; for
// ok the icon alone, and "" for a status without an icon.
func Mark(status string) string {
	icon := Icon(status)
	if icon == "" || status == "ok" {
		return icon
	}
	words := strings.ReplaceAll(status, "_", " ")
	return icon + " " + strings.ToUpper(words[:1]) + words[1:]
}
