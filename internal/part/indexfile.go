package part

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"sort"
)

// IndexFile is an index that is read where it lies: its head is in memory, ids
// and text filters are read when they are asked for.
type IndexFile struct {
	Info
	r io.ReaderAt
}

// OpenIndex reads the head of the index that r holds.
func OpenIndex(r io.ReaderAt) (*IndexFile, error) {
	b := make([]byte, 4096)
	n, err := r.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	size, err := headSize(b[:n])
	if err != nil {
		return nil, err
	}
	if size > n {
		b = make([]byte, size)
		if n, err = r.ReadAt(b, 0); err != nil && err != io.EOF {
			return nil, err
		}
	}
	info, _, err := parseHead(b[:n])
	return &IndexFile{Info: info, r: r}, err
}

// ReadTexts returns the text filters of the row groups, none if the index has
// none. They are read anew each time.
func (x *IndexFile) ReadTexts() ([]*TextFilter, error) {
	var filters []*TextFilter
	at := x.IDsAt() + int64(x.IDs)*IDSize + 4
	sum := uint32(0)
	for _, t := range x.Texts {
		b := make([]byte, t.Words*8)
		if _, err := x.r.ReadAt(b, at); err != nil {
			return nil, fmt.Errorf("read text filter: %w", err)
		}
		at += int64(len(b))
		sum = crc32.Update(sum, castagnoli, b)
		filters = append(filters, &TextFilter{t.Rows, wordsOf(b)})
	}
	return filters, x.check(at, sum)
}

// check compares a checksum with the one at an offset.
func (x *IndexFile) check(at int64, sum uint32) error {
	var b [4]byte
	if _, err := x.r.ReadAt(b[:], at); err != nil {
		return fmt.Errorf("%w: cut short", ErrIndex)
	}
	if binary.LittleEndian.Uint32(b[:]) != sum {
		return fmt.Errorf("%w: wrong checksum", ErrIndex)
	}
	return nil
}

// ReadIDs calls f for the event hash of each id, in order. An error after the
// last one says that they are not those that were written.
func (x *IndexFile) ReadIDs(f func(event [10]byte)) error {
	b, sum := make([]byte, 4096*IDSize), uint32(0)
	for from := 0; from < x.IDs; {
		n := min(4096, x.IDs-from)
		if _, err := x.r.ReadAt(b[:n*IDSize], x.IDsAt()+int64(from)*IDSize); err != nil {
			return fmt.Errorf("%w: cut short", ErrIndex)
		}
		sum = crc32.Update(sum, castagnoli, b[:n*IDSize])
		for i := range n {
			f([10]byte(b[i*IDSize:]))
		}
		from += n
	}
	return x.check(x.IDsAt()+int64(x.IDs)*IDSize, sum)
}

// idBlock is how many ids one read of an index fetches.
const idBlock = 256

// FindID returns the fingerprint under which an event is in the part's index,
// which r holds.
func (i *Info) FindID(r io.ReaderAt, event [10]byte) (fp [6]byte, ok bool, err error) {
	var b [len(indexMagic) + 4]byte
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return fp, false, fmt.Errorf("look up an event id: %w", err)
	}
	if int64(binary.LittleEndian.Uint32(b[len(indexMagic):])) == i.IDsAt() {
		return findID(r, i.IDsAt(), i.IDs, event)
	}
	x, err := OpenIndex(r) // made anew since the part became known
	if err != nil {
		return fp, false, fmt.Errorf("look up an event id: %w", err)
	}
	return findID(r, x.IDsAt(), x.IDs, event)
}

// findID looks an event up among the count ids at offset start of r. Ids are
// hashes, evenly spread, so that the place of one can be guessed and one or two
// reads find it.
func findID(r io.ReaderAt, start int64, count int, event [10]byte) (fp [6]byte, ok bool, err error) {
	lo, hi := 0, count // the id is in [lo, hi) if it is there
	for lo < hi {
		guess := int(float64(binary.BigEndian.Uint64(event[:8])) / math.MaxUint64 * float64(count))
		from := max(lo, min(guess-idBlock/2, hi-idBlock))
		n := min(idBlock, hi-from)
		b := make([]byte, n*IDSize)
		if _, err := r.ReadAt(b, start+int64(from)*IDSize); err != nil {
			return fp, false, fmt.Errorf("look up an event id: %w", err)
		}
		at := func(i int) []byte { return b[i*IDSize:][:10] }
		i := sort.Search(n, func(i int) bool { return bytes.Compare(at(i), event[:]) >= 0 })
		switch {
		case i < n && bytes.Equal(at(i), event[:]):
			copy(fp[:], b[i*IDSize+10:])
			return fp, true, nil
		case i == 0:
			hi = from
		case i == n:
			lo = from + n
		default:
			return fp, false, nil
		}
	}
	return fp, false, nil
}
