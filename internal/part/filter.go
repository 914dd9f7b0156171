package part

import (
	"crypto/sha256"
	"encoding/binary"
)

// Filter is a Bloom filter over strings: it says "not here" for certain and
// "here" with less than one error in a thousand. It has a power of two of words.
type Filter []uint64

const (
	filterBitsPerItem = 16
	filterProbes      = 7
)

func newFilter(items int) Filter {
	words := 1
	for words*64 < items*filterBitsPerItem {
		words *= 2
	}
	return make(Filter, words)
}

func (f Filter) add(s string) {
	h, step := filterHash(s)
	for range filterProbes {
		bit := h & (uint64(len(f))*64 - 1)
		f[bit/64] |= 1 << (bit % 64)
		h += step
	}
}

// May reports whether s may be among the strings; false is certain. An empty
// filter says nothing: true.
func (f Filter) May(s string) bool {
	if len(f) == 0 {
		return true
	}
	h, step := filterHash(s)
	for range filterProbes {
		bit := h & (uint64(len(f))*64 - 1)
		if f[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
		h += step
	}
	return true
}

// filterHash gives the two hashes of double hashing (Kirsch and Mitzenmacher
// 2006). SHA-256, so that nobody can choose ids that fill a filter.
func filterHash(s string) (h, step uint64) {
	sum := sha256.Sum256([]byte(s))
	return binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:]) | 1
}
