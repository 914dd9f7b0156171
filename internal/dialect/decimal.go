package dialect

import "github.com/hansardhq/hansard"

// decimal is a JSON number, read from its text without a float on the way: a
// sender's 0.1 is a tenth.
type decimal struct {
	text     []byte // digits, with at most one point among them; no leading zeros
	point    int    // digits before the decimal point, exponent included; may be negative
	negative bool   // never for zero
	zero     bool
}

// maxExponent is where exponents saturate: far beyond any number we accept,
// and far from overflow.
const maxExponent = 1 << 30

// parseDecimal reads the valid JSON number b.
func parseDecimal(b []byte) decimal {
	var d decimal
	if b[0] == '-' {
		d.negative = true
		b = b[1:]
	}
	mantissa, exponent := b, 0
	for i, c := range b {
		if c == 'e' || c == 'E' {
			mantissa, exponent = b[:i], parseExponent(b[i+1:])
			break
		}
	}
	whole := len(mantissa)
	for i, c := range mantissa {
		if c == '.' {
			whole = i
			break
		}
	}
	lead := 0 // zeros, and the point, before the first digit that counts
	for lead < len(mantissa) && (mantissa[lead] == '0' || mantissa[lead] == '.') {
		lead++
	}
	if lead == len(mantissa) {
		return decimal{zero: true}
	}
	d.text = mantissa[lead:]
	d.point = whole - lead + exponent
	if lead > whole { // the skipped point is no digit
		d.point++
	}
	return d
}

func parseExponent(b []byte) int {
	negative := b[0] == '-'
	if b[0] == '-' || b[0] == '+' {
		b = b[1:]
	}
	n := 0
	for _, c := range b {
		if n = n*10 + int(c-'0'); n > maxExponent {
			n = maxExponent
		}
	}
	if negative {
		return -n
	}
	return n
}

// maxDigits is how many digits a uint64 holds, whatever they are.
const maxDigits = 19

// shift returns the magnitude of d times 10^digits as an integer, cut after
// the last whole digit. next is the first digit that was cut off; exact says
// that nothing but zeros was. It is not ok when the result has more than
// maxDigits digits.
func (d *decimal) shift(digits int) (v uint64, next byte, exact, ok bool) {
	if d.zero {
		return 0, 0, true, true
	}
	n := d.point + digits // digits of the result
	if n > maxDigits {
		return 0, 0, false, false
	}
	if n < 0 {
		return 0, 0, false, true
	}
	exact = true
	taken := 0
	for _, c := range d.text {
		switch {
		case c == '.':
			continue
		case taken < n:
			v = v*10 + uint64(c-'0')
		case taken == n:
			next = c - '0'
			exact = next == 0
		case c != '0':
			exact = false
		}
		taken++
	}
	for ; taken < n; taken++ {
		v *= 10
	}
	return v, next, exact, true
}

// scaled returns the non-negative JSON number b times 10^digits, rounded half
// away from zero. It is not ok for a negative number, for a result above
// hansard.MaxSafeInteger, and for a number above zero of which zero would be
// left: what costs less than we can say did not cost nothing.
func scaled(b []byte, digits int) (int64, bool) {
	d := parseDecimal(b)
	v, next, _, ok := d.shift(digits)
	if next >= 5 {
		v++
	}
	return int64(v), ok && !d.negative && v <= hansard.MaxSafeInteger && (v > 0 || d.zero)
}

// whole returns the JSON number b as an integer. It is not ok for a fraction,
// a negative number and one above hansard.MaxSafeInteger; 7.0 and 7e2 are
// integers.
func whole(b []byte) (int64, bool) {
	d := parseDecimal(b)
	v, _, exact, ok := d.shift(0)
	return int64(v), ok && exact && !d.negative && v <= hansard.MaxSafeInteger
}
