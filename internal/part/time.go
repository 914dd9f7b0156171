package part

import "slices"

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
	n := len(dst)
	dst = slices.Grow(dst, maxTime)[:n+maxTime] // written into: appended to, byte by byte, it is slower
	t := dst[n:]
	t[0], t[5], t[8], t[11], t[14], t[17] = '"', '-', '-', 'T', ':', ':'
	putTwo(t[1:], y/100)
	putTwo(t[3:], y%100)
	putTwo(t[6:], m)
	putTwo(t[9:], d)
	putTwo(t[12:], uint32(h))
	putTwo(t[15:], uint32(min))
	putTwo(t[18:], uint32(s))
	end := 20
	if frac > 0 {
		end += putFraction(t[20:], uint32(frac))
	}
	t[end], t[end+1] = 'Z', '"'
	return dst[:n+end+2]
}

// maxTime is how long the longest time is.
const maxTime = len(`"2006-01-02T15:04:05.999999999Z"`)

// twoDigits are the numbers from 0 to 99.
var twoDigits = func() (all [100][2]byte) {
	for i := range all {
		all[i] = [2]byte{'0' + byte(i/10), '0' + byte(i%10)}
	}
	return all
}()

// putTwo writes a number below 100.
func putTwo(dst []byte, n uint32) { *(*[2]byte)(dst) = twoDigits[n] }

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

// putFraction writes '.' and nine digits without the zeros at their end. It returns
// how many bytes that is.
func putFraction(dst []byte, frac uint32) int {
	head, tail := frac/10_000, frac%10_000 // five digits and four
	dst[0], dst[1] = '.', '0'+byte(head/10_000)
	head %= 10_000
	putTwo(dst[2:], head/100)
	putTwo(dst[4:], head%100)
	putTwo(dst[6:], tail/100)
	putTwo(dst[8:], tail%100)
	n := 10
	for dst[n-1] == '0' {
		n--
	}
	return n
}
