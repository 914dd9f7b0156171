package client

import "time"

// clock writes times. It keeps the text of the second that it wrote last, because
// events come many to a second.
type clock struct {
	second int64 // Unix
	text   [19]byte
	known  bool
}

// append appends t in UTC as RFC 3339 with as many digits of the second as it has:
// what t.UTC().AppendFormat(dst, time.RFC3339Nano) appends, in a fifth of the
// time. Each event has one.
func (c *clock) append(dst []byte, t time.Time) []byte {
	sec := t.Unix()
	if sec < 0 || sec >= 253402300800 { // before 1970, after 9999
		return t.UTC().AppendFormat(dst, time.RFC3339Nano)
	}
	if !c.known || c.second != sec {
		appendSecond(c.text[:0], sec)
		c.known, c.second = true, sec
	}
	dst = append(dst, c.text[:]...)
	if ns := t.Nanosecond(); ns > 0 {
		dst = appendFraction(dst, int64(ns))
	}
	return append(dst, 'Z')
}

// appendSecond appends a second of the years 1970 to 9999, in 19 bytes.
func appendSecond(dst []byte, sec int64) []byte {
	const secondsOfDay = 24 * 60 * 60
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
	return appendTwo(append(dst, ':'), clock%60)
}

// appendTwo appends a number below 100 in two digits.
func appendTwo(dst []byte, n int64) []byte {
	return append(dst, twoDigits[2*n], twoDigits[2*n+1])
}

// twoDigits are the numbers below 100, two digits each.
const twoDigits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

func putTwo(dst []byte, n uint32) { dst[0], dst[1] = twoDigits[2*n], twoDigits[2*n+1] }

// appendFraction appends n billionths, more than none, as a point and the digits
// behind it, without zeros at the end.
func appendFraction(dst []byte, n int64) []byte {
	high, low := uint32(n/100_000), uint32(n%100_000) // two chains of divisions side by side
	dst = append(dst, ".000000000"...)
	digits := dst[len(dst)-9:]
	putTwo(digits, high/100)
	putTwo(digits[2:], high%100)
	putTwo(digits[4:], low/1000)
	putTwo(digits[6:], low/10%100)
	digits[8] += byte(low % 10)
	end := len(dst)
	for dst[end-1] == '0' {
		end--
	}
	return dst[:end]
}
