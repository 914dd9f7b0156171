package part

import (
	"math/bits"
	"slices"
)

// appendUint appends a number in decimal digits, as strconv.AppendUint does in twice the
// time: it writes them where they are to be.
func appendUint(dst []byte, v uint64) []byte {
	from, n := len(dst), digits(v)
	dst = slices.Grow(dst, n)[:from+n]
	to := dst[from:]
	for ; n > 2; n -= 2 {
		putTwo(to[n-2:], uint32(v%100))
		v /= 100
	}
	if n == 2 {
		putTwo(to, uint32(v))
	} else {
		to[0] = '0' + byte(v)
	}
	return dst
}

// appendInt is appendUint for numbers with a sign.
func appendInt(dst []byte, v int64) []byte {
	if v < 0 {
		return appendUint(append(dst, '-'), -uint64(v))
	}
	return appendUint(dst, uint64(v))
}

// digits returns how many digits a number has.
func digits(v uint64) int {
	v |= 1                          // zero has one, too
	n := bits.Len64(v) * 1233 >> 12 // 1233/4096 is the logarithm of two to the base of ten
	if v >= powers[n] {
		n++
	}
	return n
}

// powers are those of ten, from 1 on.
var powers = func() (all [20]uint64) {
	p := uint64(1)
	for i := range all {
		all[i] = p
		p *= 10
	}
	return all
}()
