package dialect

import (
	"math/bits"

	"github.com/hansardhq/hansard"
)

// number is a JSON number as most are: not negative, without an exponent, of at most
// maxDigits digits. What it cannot say for sure is for decimal.
type number struct {
	digits   uint64 // all of them, without the point
	fraction int    // how many of them stand behind the point
}

// scan reads the number at b[i] and returns its end; 0 if it is none of that kind.
func (n *number) scan(b []byte, i int) int {
	v, start := uint64(0), i
	for i < len(b) && b[i]-'0' <= 9 {
		v = v*10 + uint64(b[i]-'0')
		i++
	}
	size := i - start
	if size == 0 || b[start] == '0' && size > 1 {
		return 0
	}
	if i < len(b) && b[i] == '.' {
		i++
		point := i
		for i < len(b) && b[i]-'0' <= 9 {
			v = v*10 + uint64(b[i]-'0')
			i++
		}
		if n.fraction = i - point; n.fraction == 0 {
			return 0
		}
		size += n.fraction
	}
	if n.digits = v; size > maxDigits || i < len(b) && b[i]|0x20 == 'e' {
		return 0
	}
	return i
}

// tens are the powers of ten that a uint64 holds.
var tens = [maxDigits + 1]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// scaled is what the functions scaled and, for 0 digits, whole return.
func (n number) scaled(digits int) (int64, bool) {
	v := n.digits
	if more := digits - n.fraction; more >= 0 {
		high, low := bits.Mul64(v, tens[more])
		return int64(low), high == 0 && low <= hansard.MaxSafeInteger
	}
	unit := tens[n.fraction-digits]
	q, rest := v/unit, v%unit
	if digits == 0 && rest != 0 {
		return 0, false // a fraction of what has none
	}
	if rest >= unit/2 {
		q++
	}
	return int64(q), q <= hansard.MaxSafeInteger && (q > 0 || v == 0)
}

// float returns the number as strconv.ParseFloat does. Both numbers that it divides
// are exact, so that the result is rounded once.
func (n number) float() (float64, bool) {
	return float64(n.digits) / float64(tens[n.fraction]), n.digits < 1<<53
}

// instant is parseUnixSeconds.
func (n number) instant() (int64, bool) {
	unit := tens[n.fraction]
	sec := n.digits / unit
	ns := n.digits % unit
	if more := 9 - n.fraction; more >= 0 {
		ns *= tens[more]
	} else {
		ns /= tens[-more]
	}
	return int64(sec*1e9 + ns), sec <= maxSeconds
}
