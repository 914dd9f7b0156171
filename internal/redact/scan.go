package redact

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// buckets is a set of what two neighbouring pairs of bytes may be a part of.
type buckets uint16

const (
	ofNumber buckets = 1 << iota // two digits, then digits or separators
	ofName                       // a key's name, then what may stand before its value
	ofAt                         // an @, plain or encoded, then a domain
	ofIBAN                       // a country's code and two digits
	ofIP                         // addresses of the Internet
	ofWide                       // every second byte is 0
	ofShort                      // the first of the buckets of keywords of two or three bytes; the next are theirs
)

// ofLong is the first of the buckets of longer keywords; the rest is theirs.
const ofLong = ofShort << shortBuckets

const (
	shortBuckets = 4
	longBuckets  = 6
	anyForm      = ofIBAN | ofIP | ofWide
	anyLong      = (1<<longBuckets - 1) * ofLong
	anything     = ^buckets(0)
	anyWord      = (1<<shortBuckets-1)*ofShort | anyLong
)

// pair returns the index of two neighbouring bytes in a table: as they are read
// from memory in one go.
func pair(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }

// table says for every four bytes in a row what they may be a part of: what
// it has for the first two and for the two behind them. Text in which nothing is
// found is looked at here and nowhere else. Behind the end of a text stand zeros.
type table struct {
	// pairs has for two bytes, in the lower half, of what they may be the first
	// two, and in the upper half of what they may be the next two.
	pairs [1 << 16]uint32
	// grams has a bit for the hash of each four bytes that a longer keyword is
	// known by: one may begin as one keyword and end as another.
	grams [1 << 10]uint64
	part  [256]bool // what stands in a number run
	names *keyNames
}

// first returns what two bytes may be the first two of.
func (t *table) first(a, b byte) buckets { return buckets(t.pairs[pair(a, b)]) }

// gram returns where in grams four bytes are.
func gram(x uint32) (at uint32, bit uint64) {
	h := x * 0x9E3779B1 >> 16
	return h / 64, 1 << (h % 64)
}

// next returns the offset of the first place at or behind b[i] that may be a
// part of something that is wanted, and of what; len(b) if there is none.
//
// It looks at eight places at a time, two of them in each word. They are told
// apart only if one of them counts, so that there is one branch for eight bytes,
// which is seldom taken.
func (t *table) next(b []byte, i int, wanted buckets) (int, buckets) {
	mask := uint64(wanted) * bothHalves
	for ; i+11 <= len(b); i += 8 {
		var c places
		if i, c = t.eight(b, i, mask); c.none() {
			break
		}
		if at, of := t.confirmed(b, i, c); of != 0 {
			return at, of
		}
	}
	for ; i < len(b); i += 8 {
		if c := t.tail(b, i, mask); !c.none() {
			if at, of := t.confirmed(b, i, c); of != 0 {
				return at, of
			}
		}
	}
	return len(b), 0
}

// places says of eight places in a row what each may be a part of. The first of
// two is in the lower half.
type places struct{ at01, at23, at45, at67 uint64 }

func (p places) none() bool { return p.at01|p.at23|p.at45|p.at67 == 0 }

// bothHalves has a bit at the beginning of each half of a word.
const bothHalves = 1<<32 | 1

// eight returns where the first eight places from b[i] on are of which one counts,
// and what they may be a part of; none if fewer than eleven bytes are left before
// that.
func (t *table) eight(b []byte, i int, mask uint64) (int, places) {
	pairs := &t.pairs
	at01 := uint64(pairs[pair(b[i], b[i+1])]) | uint64(pairs[pair(b[i+1], b[i+2])])<<32
	for ; i+11 <= len(b); i += 8 {
		w := b[i+2 : i+11 : i+11]
		at23 := uint64(pairs[binary.LittleEndian.Uint16(w)]) | uint64(pairs[binary.LittleEndian.Uint16(w[1:])])<<32
		at45 := uint64(pairs[binary.LittleEndian.Uint16(w[2:])]) | uint64(pairs[binary.LittleEndian.Uint16(w[3:])])<<32
		at67 := uint64(pairs[binary.LittleEndian.Uint16(w[4:])]) | uint64(pairs[binary.LittleEndian.Uint16(w[5:])])<<32
		at89 := uint64(pairs[binary.LittleEndian.Uint16(w[6:])]) | uint64(pairs[binary.LittleEndian.Uint16(w[7:])])<<32
		c01, c23, c45, c67 := at01&(at23>>16), at23&(at45>>16), at45&(at67>>16), at67&(at89>>16)
		if (c01|c23|c45|c67)&mask != 0 {
			return i, places{c01 & mask, c23 & mask, c45 & mask, c67 & mask}
		}
		at01 = at89
	}
	return i, places{}
}

// two returns what the table has for the first two pairs of bytes of x.
func (t *table) two(x uint64) uint64 {
	return uint64(t.pairs[uint16(x)]) | uint64(t.pairs[uint16(x>>8)])<<32
}

// tail returns what the eight places from b[i] on may be a part of, where b[i:] has
// 1 to 10 bytes.
func (t *table) tail(b []byte, i int, mask uint64) places {
	x, rest := upTo10(b, i)
	at01, at23, at45, at67, at89 := t.two(x), t.two(x>>16), t.two(x>>32), t.two(x>>48|rest<<16), t.two(rest)
	return places{at01 & (at23 >> 16) & mask, at23 & (at45 >> 16) & mask, at45 & (at67 >> 16) & mask, at67 & (at89 >> 16) & mask}
}

// confirmed returns the first of the eight places from b[i] on that a second look
// leaves something of what it may be a part of; none if there is no such place.
func (t *table) confirmed(b []byte, i int, c places) (int, buckets) {
	for _, two := range [...]uint64{c.at01, c.at23, c.at45, c.at67} {
		for two != 0 {
			half := bits.TrailingZeros64(two) &^ 31
			at := i + half/32
			if at >= len(b) {
				return len(b), 0
			}
			if of := t.confirm(b, at, buckets(two>>half)); of != 0 {
				return at, of
			}
			two &^= 0xffffffff << half
		}
		i += 2
	}
	return len(b), 0
}

// confirm returns those of the buckets at b[i] that a second look leaves.
func (t *table) confirm(b []byte, i int, c buckets) buckets {
	if c&ofNumber != 0 && !t.longRun(b, i) {
		c &^= ofNumber
	}
	if c&ofName != 0 {
		if k, _ := t.names.atEnd(b[:i+2]); k == nil {
			c &^= ofName
		}
	}
	if c&anyLong != 0 {
		if i+4 > len(b) {
			return c &^ anyLong
		}
		if at, bit := gram(binary.LittleEndian.Uint32(b[i:])); t.grams[at]&bit == 0 {
			c &^= anyLong
		}
	}
	return c
}

// longRun reports whether the four bytes of a number run at b[i] have three more
// behind them. Most have not: years, prices, the hexadecimal digits of an id.
func (t *table) longRun(b []byte, i int) bool {
	return i+minDigits <= len(b) && t.part[b[i+4]] && t.part[b[i+5]] && t.part[b[i+6]]
}

// upTo10 returns b[i:], which has 1 to 10 bytes, with zeros behind it.
func upTo10(b []byte, i int) (x, rest uint64) {
	n := uint(len(b) - i)
	switch {
	case n > 8:
		return binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[len(b)-8:]) >> (8 * (16 - n) & 63)
	case len(b) >= 8:
		return binary.LittleEndian.Uint64(b[len(b)-8:]) >> (8 * (8 - n) & 63), 0
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b[i:])) | uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))<<(8*(n-4)&63), 0
	}
	return uint64(b[i]) | uint64(b[i+int(n)/2])<<(8*(n/2)&63) | uint64(b[len(b)-1])<<(8*(n-1)&63), 0
}

// bytesOf returns the bytes of s without copying them. They are never written
// to: every detector reads, and what is replaced is written anew.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
