package part

// AppendTime appends ns, Unix nanoseconds, as a quoted RFC 3339 time in UTC
// with as many fractional digits as it needs. Two stand in every leaf: package time
// takes five times as long.
func AppendTime(dst []byte, ns int64) []byte {
	const daySeconds = 24 * 60 * 60
	sec, frac := ns/1e9, ns%1e9
	if frac < 0 {
		sec, frac = sec-1, frac+1e9
	}
	day, of := sec/daySeconds, sec%daySeconds
	if of < 0 {
		day, of = day-1, of+daySeconds
	}
	y, m, d := civil(day)
	h, min, s := of/3600, of/60%60, of%60
	dst = append(dst,
		'"', byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10),
		'-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10),
		'T', byte('0'+h/10), byte('0'+h%10), ':', byte('0'+min/10), byte('0'+min%10), ':', byte('0'+s/10), byte('0'+s%10))
	if frac > 0 {
		dst = appendFraction(dst, frac)
	}
	return append(dst, 'Z', '"')
}

// civil returns the date of a day, counted from 1 January 1970, in the Gregorian
// calendar. Years count from March on for a while, so that the leap day is the last
// of one (Neri, Schneider: Euclidean affine functions and their application to
// calendar algorithms, 2022). The years 0 to 9999 are right.
func civil(day int64) (year, month, dayOfMonth uint32) {
	const marchOfYear0 = 719_468 // days before 1 January 1970
	n := 4*uint32(day+marchOfYear0) + 3
	century, inCentury := n/146_097, n%146_097/4
	n = 4*inCentury + 3
	yearOfCentury, dayOfYear := n/1461, n%1461/4
	n = 5*dayOfYear + 2 // 153 days are five months
	year, month, dayOfMonth = 100*century+yearOfCentury, n/153+3, n%153/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, dayOfMonth
}

// appendFraction appends '.' and nine digits without the zeros at their end.
func appendFraction(dst []byte, frac int64) []byte {
	var b [10]byte
	b[0] = '.'
	for i := 9; i > 0; i-- {
		b[i] = byte('0' + frac%10)
		frac /= 10
	}
	n := 10
	for b[n-1] == '0' {
		n--
	}
	return append(dst, b[:n]...)
}
