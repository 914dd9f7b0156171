package part

import (
	"encoding/binary"
	"errors"
)

// The encodings of Parquet's values (parquet-format, Encodings.md) as far as a
// part has them, decoded from bytes that nobody vouches for: nothing is made
// larger than the caller asked for, whatever the bytes say.

var errEncoding = errors.New("its values are cut short or malformed")

// decodeHybrid fills dst with values of the given width in bits from the RLE and
// bit-packing hybrid. Bytes behind the last value are ignored.
func decodeHybrid[T ~uint8 | ~int32](dst []T, src []byte, width int) error {
	if width < 0 || width > 31 {
		return errEncoding
	}
	for len(dst) > 0 {
		head, n := binary.Uvarint(src)
		if n <= 0 || head>>1 == 0 {
			return errEncoding
		}
		src = src[n:]
		var err error
		if head&1 == 0 {
			dst, src, err = decodeRun(dst, src, head>>1, width)
		} else {
			dst, src, err = decodePacked(dst, src, head>>1, width)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decodeRun decodes a run of one value and returns what is left to fill and to
// read.
func decodeRun[T ~uint8 | ~int32](dst []T, src []byte, count uint64, width int) ([]T, []byte, error) {
	size := (width + 7) / 8
	if len(src) < size {
		return nil, nil, errEncoding
	}
	var v uint32
	for i, b := range src[:size] {
		v |= uint32(b) << (8 * i)
	}
	if uint64(v)>>width != 0 {
		return nil, nil, errEncoding
	}
	n := int(min(count, uint64(len(dst))))
	for i := range dst[:n] {
		dst[i] = T(v)
	}
	return dst[n:], src[size:], nil
}

// decodePacked decodes groups of eight values.
func decodePacked[T ~uint8 | ~int32](dst []T, src []byte, groups uint64, width int) ([]T, []byte, error) {
	need := (uint64(len(dst)) + 7) / 8
	have := min(groups, need)
	size := int(have) * width
	if len(src) < size {
		return nil, nil, errEncoding
	}
	n := min(int(have)*8, len(dst))
	unpack(dst[:n], src[:size], width)
	return dst[n:], src[size:], nil
}

// unpack fills dst from bits, the lowest first: eight values at a time as long as
// there are bytes to load as words.
func unpack[T ~uint8 | ~int32](dst []T, src []byte, width int) {
	var acc uint64
	have, mask := 0, uint64(1)<<width-1
	w := uint(width) & 63
	switch {
	case width <= 8:
		for len(dst) >= 8 && len(src) >= 8 {
			v, out := binary.LittleEndian.Uint64(src), dst[:8:8]
			for i := range out {
				out[i] = T(v & mask)
				v >>= w
			}
			dst, src = dst[8:], src[width:]
		}
	case width <= 16:
		half, shift := width/2, uint(4*width)%8
		for len(dst) >= 8 && len(src) >= 16 {
			v, u, out := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[half:])>>shift, dst[:8:8]
			for i := range 4 {
				out[i], out[i+4] = T(v&mask), T(u&mask)
				v, u = v>>w, u>>w
			}
			dst, src = dst[8:], src[width:]
		}
	}
	for i := range dst {
		for have < width {
			if len(src) >= 4 && have <= 32 {
				acc |= uint64(binary.LittleEndian.Uint32(src)) << have
				src, have = src[4:], have+32
				continue
			}
			acc |= uint64(src[0]) << have
			src, have = src[1:], have+8
		}
		dst[i] = T(acc & mask)
		acc >>= width
		have -= width
	}
}

// decodeDelta fills dst from DELTA_BINARY_PACKED and returns the bytes behind.
func decodeDelta(dst []int64, src []byte) ([]byte, error) {
	d := deltaReader{src: src}
	blockSize, minis, total := d.uvarint(), d.uvarint(), d.uvarint()
	value := d.varint()
	if d.bad || minis == 0 || blockSize == 0 || blockSize > 1<<20 || blockSize%minis != 0 || blockSize/minis%8 != 0 || total != uint64(len(dst)) {
		return nil, errEncoding
	}
	if len(dst) == 0 {
		return d.src, nil
	}
	dst[0], dst = value, dst[1:]
	per := int(blockSize / minis)
	for len(dst) > 0 {
		least := d.varint()
		widths := d.take(int(minis))
		for _, w := range widths {
			if len(dst) == 0 {
				break
			}
			packed := d.take(per / 8 * int(w))
			if d.bad || w > 64 {
				return nil, errEncoding
			}
			n := min(per, len(dst))
			unpackDeltas(dst[:n], packed, int(w), least, &value)
			dst = dst[n:]
		}
		if d.bad {
			return nil, errEncoding
		}
	}
	return d.src, nil
}

// unpackDeltas fills dst with the running sum of least and the packed deltas.
func unpackDeltas(dst []int64, packed []byte, width int, least int64, value *int64) {
	v, at, mask := *value, 0, uint64(1)<<width-1
	if width == 64 {
		mask = ^uint64(0)
	}
	for i := range dst {
		v += least + int64(bitsAt(packed, at)&mask)
		dst[i] = v
		at += width
	}
	*value = v
}

// bitsAt returns 64 bits from the given bit on; those beyond b are zero.
func bitsAt(b []byte, bit int) uint64 {
	i, shift := bit/8, bit%8
	if i+9 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])>>shift | uint64(b[i+8])<<(64-shift)
	}
	var v uint64
	for k := 0; k < 9 && i+k < len(b); k++ {
		switch at := 8*k - shift; {
		case at < 0:
			v |= uint64(b[i]) >> shift
		default:
			v |= uint64(b[i+k]) << at
		}
	}
	return v
}

type deltaReader struct {
	src []byte
	bad bool
}

func (d *deltaReader) uvarint() uint64 {
	v, n := binary.Uvarint(d.src)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.src = d.src[n:]
	return v
}

func (d *deltaReader) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *deltaReader) take(n int) []byte {
	if n < 0 || n > len(d.src) {
		d.bad = true
		return nil
	}
	b := d.src[:n]
	d.src = d.src[n:]
	return b
}
