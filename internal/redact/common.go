package redact

import "strings"

// How often bytes stand in ordinary text, for the choice of what keywords are known
// by.

// commonPairs has the commonness of each two bytes.
type commonPairs [1 << 16]int32

func newCommonPairs() *commonPairs {
	c := new(commonPairs)
	for p := range c {
		c[p] = int32(pairCommonness(byte(p), byte(p>>8)))
	}
	return c
}

// pairCommonness says roughly how often two bytes stand in a row, in millionths.
func pairCommonness(a, b byte) int {
	const common = "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur gh ho ss"
	n := commonness(a) * commonness(b)
	if isLower(a) && isLower(b) && strings.Contains(common, string([]byte{a, b})) {
		return 4 * n
	}
	return n
}

// commonness says roughly how often a byte occurs in ordinary text, of 1000.
func commonness(c byte) int {
	switch {
	case c == 'e' || c == 't' || c == 'a' || c == 'o' || c == 'i' || c == 'n' || c == ' ':
		return 80
	case c == '_':
		return 25
	case c == 's' || c == 'r' || c == 'h' || c == 'l' || c == 'd':
		return 45
	case c == 'z' || c == 'q' || c == 'x' || c == 'j':
		return 2
	case isLower(c):
		return 18
	case isDigit(c) || c == '.' || c == ',' || c == '"' || c == '-':
		return 8
	case isUpper(c):
		return 4
	case c < ' ' || c >= 0x7f:
		return 1
	}
	return 5
}
