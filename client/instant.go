package client

import "time"

// appendTime appends t in UTC as RFC 3339 with as many digits of the second as it
// has: what t.UTC().AppendFormat(dst, time.RFC3339Nano) appends, in a third of the
// time. Each event has one.
func appendTime(dst []byte, t time.Time) []byte {
	const secondsOfDay = 24 * 60 * 60
	sec := t.Unix()
	if sec < 0 || sec >= 253402300800 { // before 1970, after 9999
		return t.UTC().AppendFormat(dst, time.RFC3339Nano)
	}
	// The date by its days since the first of March of year 0, so that the day
	// that some years have more is the last (Howard Hinnant's days_from_civil).
	days := sec/secondsOfDay + 719468
	era := days / 146097
	ofEra := days - era*146097
	year := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	day := ofYear - (153*month+2)/5 + 1
	year += era * 400
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	dst = appendTwo(appendTwo(dst, year/100), year%100)
	dst = appendTwo(append(dst, '-'), month)
	dst = appendTwo(append(dst, '-'), day)
	clock := sec % secondsOfDay
	dst = appendTwo(append(dst, 'T'), clock/3600)
	dst = appendTwo(append(dst, ':'), clock/60%60)
	dst = appendTwo(append(dst, ':'), clock%60)
	if ns := t.Nanosecond(); ns > 0 {
		at := len(dst)
		dst = appendDecimal(dst, int64(ns), false) // "0.25", of which the zero goes
		dst = append(dst[:at], dst[at+1:]...)
	}
	return append(dst, 'Z')
}

// appendTwo appends a number below 100 in two digits.
func appendTwo(dst []byte, n int64) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }
