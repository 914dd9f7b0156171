package redact

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// buckets is a set of what two neighbouring pairs of bytes may be a part of.
type buckets uint8

const (
	ofNumber buckets = 1 << iota // two digits, then digits or separators
	ofName                       // the end of a key's name, then what may stand before its value
	ofAt                         // an @, plain or encoded, then a domain
	ofForm                       // a country's code and two digits; addresses of the Internet
	ofWord                       // keywords of two or three bytes
	ofLong                       // the first of the buckets of longer keywords; the rest is theirs
)

const (
	longBuckets = 3 // from ofLong on
	anyLong     = ofLong | ofLong<<1 | ofLong<<2
)

// pair returns the index of two neighbouring bytes in a table: as they are read
// from memory in one go.
func pair(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }

// table says for every four bytes in a row what they may be a part of: what
// first has for the first two and second for the two behind them. Text in which
// nothing is found is looked at here and nowhere else. Behind the end of a text
// stand zeros.
type table struct {
	first, second [1 << 16]buckets
	// grams has a bit for the hash of each four bytes that a longer keyword is
	// known by: one may begin as one keyword and end as another.
	grams [1 << 10]uint64
}

// gram returns where in grams four bytes are.
func gram(x uint32) (at uint32, bit uint64) {
	h := x * 0x9E3779B1 >> 16
	return h / 64, 1 << (h % 64)
}

// next returns the offset of the first place at or behind b[i] that may be a
// part of something, and of what; len(b) if there is none.
//
// It looks at eight places at a time. They are told apart only if one of them
// counts, so that there is one branch for eight bytes, which is not taken.
func (t *table) next(b []byte, i int) (int, buckets) {
	first, second := &t.first, &t.second
	for ; i+11 <= len(b); i += 8 {
		w := b[i : i+11 : i+11]
		x := binary.LittleEndian.Uint64(w)
		y := binary.LittleEndian.Uint64(w[1:])
		z := binary.LittleEndian.Uint32(w[7:])
		p2, p4, p6, p8 := uint16(x>>16), uint16(x>>32), uint16(x>>48), uint16(z>>8)
		p3, p5, p7, p9 := uint16(y>>16), uint16(y>>32), uint16(y>>48), uint16(z>>16)
		c0, c1 := first[uint16(x)]&second[p2], first[uint16(y)]&second[p3]
		c2, c3 := first[p2]&second[p4], first[p3]&second[p5]
		c4, c5 := first[p4]&second[p6], first[p5]&second[p7]
		c6, c7 := first[p6]&second[p8], first[p7]&second[p9]
		if c0|c1|c2|c3|c4|c5|c6|c7 != 0 {
			all := uint64(c0) | uint64(c1)<<8 | uint64(c2)<<16 | uint64(c3)<<24 |
				uint64(c4)<<32 | uint64(c5)<<40 | uint64(c6)<<48 | uint64(c7)<<56
			for all != 0 {
				n := bits.TrailingZeros64(all) &^ 7
				c := buckets(all >> n)
				at, bit := gram(binary.LittleEndian.Uint32(w[n/8:]))
				if c&^anyLong != 0 || t.grams[at]&bit != 0 {
					return i + n/8, c
				}
				all &^= 0xff << n
			}
		}
	}
	return t.nextInTail(b, i)
}

// nextInTail is next for the last ten bytes of b or fewer.
func (t *table) nextInTail(b []byte, i int) (int, buckets) {
	for ; i+8 < len(b); i++ {
		if c := t.first[pair(b[i], b[i+1])] & t.second[pair(b[i+2], b[i+3])]; c != 0 {
			return i, c
		}
	}
	if i >= len(b) {
		return len(b), 0
	}
	x := tail(b, i)
	p1, p2, p3 := uint16(x>>8), uint16(x>>16), uint16(x>>24)
	p4, p5, p6, p7 := uint16(x>>32), uint16(x>>40), uint16(x>>48), uint16(x>>56)
	if t.first[uint16(x)]&t.second[p2]|t.first[p1]&t.second[p3]|t.first[p2]&t.second[p4]|t.first[p3]&t.second[p5]|
		t.first[p4]&t.second[p6]|t.first[p5]&t.second[p7]|(t.first[p6]|t.first[p7])&t.second[0] == 0 {
		return len(b), 0
	}
	for ; i < len(b); i++ {
		if c := t.first[uint16(x)] & t.second[uint16(x>>16)]; c != 0 {
			return i, c
		}
		x >>= 8
	}
	return len(b), 0
}

// tail returns b[i:], which has 1 to 8 bytes, with zeros behind it.
func tail(b []byte, i int) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b[len(b)-8:]) >> (8 * (uint(i+8-len(b)) & 7))
	}
	x := uint64(0)
	for j := len(b) - 1; j >= i; j-- {
		x = x<<8 | uint64(b[j])
	}
	return x
}

// bytesOf returns the bytes of s without copying them. They are never written
// to: every detector reads, and what is replaced is written anew.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
