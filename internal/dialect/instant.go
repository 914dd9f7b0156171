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
	if ns := quickRFC3339(string(quoted[1 : len(quoted)-1])); ns != 0 {
		return ns, nil
	}
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

// quickRFC3339 reads most of what parseRFC3339 does: "2025-11-23T17:20:00", perhaps
// with a fraction of up to nine digits, in UTC ("Z") or with the zone's offset. It
// returns 0 where that is to be asked.
func quickRFC3339(s string) int64 {
	if len(s) < len("2025-11-23T17:20:00Z") || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0
	}
	year, month, day := twoDigits(s, 0)*100+twoDigits(s, 2), twoDigits(s, 5), twoDigits(s, 8)
	hour, minute, second := twoDigits(s, 11), twoDigits(s, 14), twoDigits(s, 17)
	if year < 1971 || year > 2260 || month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return 0
	}
	fraction, zone := quickFraction(s[len("2025-11-23T17:20:00"):])
	offset, ok := quickOffset(zone)
	if !ok {
		return 0
	}
	sec := (daysBefore(year, month)+day-1)*86_400 + hour*3600 + minute*60 + second - offset
	return int64(sec)*1e9 + int64(fraction)
}

// quickFraction returns the nanoseconds at the start of s, and what stands behind them;
// nothing where they are not as they should be.
func quickFraction(s string) (ns int, rest string) {
	if s[0] != '.' {
		return 0, s
	}
	n := 1
	for ; n < len(s) && s[n]-'0' <= 9; n++ {
		if n > 9 {
			return 0, ""
		}
		ns = ns*10 + int(s[n]-'0')
	}
	if n == 1 {
		return 0, ""
	}
	return ns * int(tens[10-n]), s[n:]
}

// quickOffset returns the seconds of a zone's offset.
func quickOffset(s string) (seconds int, ok bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != len("+01:00") || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hour, minute := twoDigits(s, 1), twoDigits(s, 4)
	if seconds = hour*3600 + minute*60; s[0] == '-' {
		seconds = -seconds
	}
	return seconds, hour <= 23 && minute <= 59
}

// twoDigits returns the number at s[i]; a large one if there is none.
func twoDigits(s string, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return 1 << 20
	}
	return int(a)*10 + int(b)
}

// daysIn returns how many days a month has.
func daysIn(year, month int) int {
	return daysBefore(year+month/12, month%12+1) - daysBefore(year, month)
}

// daysBefore returns the days from 1970 to the begin of a month, in years from 1970
// to 2399. A year begins with its March here, so that the day of a leap year is its last.
func daysBefore(year, month int) int {
	if month -= 3; month < 0 {
		month += 12
		year--
	}
	// 153 days are five months from March on, and again from August on.
	return year*365 + year/4 - year/100 + year/400 + (153*month+2)/5 - 719_468
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
