package part

import (
	"bytes"
	"encoding/binary"
)

// bounds finds the least and the greatest of texts. Most are told apart by their first
// bytes.
type bounds struct {
	least, greatest []byte
	low, high       uint64
}

func newBounds(text []byte) bounds {
	first := firstEight(text)
	return bounds{text, text, first, first}
}

func (b *bounds) add(text []byte) {
	first := firstEight(text)
	if first <= b.low && bytes.Compare(text, b.least) < 0 {
		b.least, b.low = text, first
	}
	if first >= b.high && bytes.Compare(text, b.greatest) > 0 {
		b.greatest, b.high = text, first
	}
}

func intBounds(values []int64) (least, greatest []byte) {
	lo, hi := values[0], values[0]
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(lo)), binary.LittleEndian.AppendUint64(nil, uint64(hi))
}
