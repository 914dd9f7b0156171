package redact

import "math"

// entropy returns Shannon's entropy of b in bits per byte, 0 to 8.
func entropy(b []byte) float64 {
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	h, n := 0.0, float64(len(b))
	for _, c := range count {
		if c > 0 {
			p := float64(c) / n
			h -= p * math.Log2(p)
		}
	}
	return h
}

// looksRandom reports whether b reads like a generated secret: at least size
// bytes without white space, letters and digits, and enough entropy.
func looksRandom(b []byte, size int) bool {
	if len(b) < size {
		return false
	}
	letters, digits := 0, 0
	for _, c := range b {
		switch {
		case isLetter(c):
			letters++
		case isDigit(c):
			digits++
		case isSpace(c) || c >= 0x7f || c < ' ':
			return false
		}
	}
	return letters > 0 && digits > 1 && entropy(b) >= 3
}

// isIdentifier reports whether b is a dotted name, a UUID or hexadecimal only:
// what stands under "key" without being secret.
func isIdentifier(b []byte) bool {
	hex, name := true, true
	for i, c := range b {
		if !isHex(c) && c != '-' {
			hex = false
		}
		if isDigit(c) && (i == 0 || !isWord(b[i-1])) || !isWord(c) && c != '.' {
			name = false
		}
	}
	if hex {
		return true
	}
	if !name {
		return false
	}
	runs, prev := 0, byte(0)
	for _, c := range b { // words with an occasional number, not a random mix
		if isDigit(c) && isLetter(prev) {
			runs++
		}
		prev = c
	}
	return runs <= 1
}
