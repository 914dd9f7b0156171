package dialect

import (
	"math"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// maxSeconds is the last whole second that an int64 of nanoseconds holds all of.
const maxSeconds = math.MaxInt64/1_000_000_000 - 1

// parseInstant reads the timestamp of a sender, a valid JSON value that is not
// null: RFC 3339, or Unix seconds as a number. It returns Unix nanoseconds,
// between 1970 and 2262; digits finer than a nanosecond are dropped.
func parseInstant(v []byte) (int64, error) {
	switch c := v[0]; {
	case c == '"':
		return parseRFC3339(v)
	case c == '-' || '0' <= c && c <= '9':
		return parseUnixSeconds(v)
	}
	return 0, hansard.Errorf(hansard.KindInvalid, "timestamp is neither a string nor a number")
}

func parseRFC3339(quoted []byte) (int64, error) {
	var room [64]byte
	text := rawjson.Unquote(room[:0], quoted)
	if n := len(text); n > 10 && n <= len(room) {
		// RFC 3339 also allows lower case, and a space for the T.
		if c := text[10]; c == 't' || c == ' ' {
			text[10] = 'T'
		}
		if text[n-1] == 'z' {
			text[n-1] = 'Z'
		}
	}
	var t time.Time
	if len(text) > len(room) || t.UnmarshalText(text) != nil {
		return 0, hansard.WithHint(
			hansard.Errorf(hansard.KindInvalid, "timestamp is not RFC 3339"),
			`send it as "2025-11-23T17:20:00.123456789Z", with a zone, or as Unix seconds in a JSON number`)
	}
	sec := t.Unix()
	if sec < 0 || sec > maxSeconds {
		return 0, outOfRange()
	}
	return sec*1e9 + int64(t.Nanosecond()), nil
}

func parseUnixSeconds(number []byte) (int64, error) {
	d := parseDecimal(number)
	if d.negative {
		return 0, outOfRange()
	}
	sec, _, _, ok := d.shift(0)
	if unit := unitOf(sec, ok); unit != "" {
		return 0, hansard.WithHint(
			hansard.Errorf(hansard.KindInvalid, "timestamp looks like Unix %s, not seconds", unit),
			"send Unix seconds, with a fraction where needed, or RFC 3339")
	}
	if sec > maxSeconds {
		return 0, outOfRange()
	}
	ns, _, _, _ := d.shift(9)
	return int64(ns), nil
}

// unitOf names the unit that a number of seconds is probably in, "" for
// seconds. ok false means more than 19 digits.
func unitOf(sec uint64, ok bool) string {
	switch {
	case !ok || sec > 1e17:
		return "nanoseconds"
	case sec > 1e14:
		return "microseconds"
	case sec > 1e11:
		return "milliseconds"
	}
	return ""
}

func outOfRange() error {
	return hansard.Errorf(hansard.KindInvalid, "timestamp is outside the years 1970 to 2262")
}
