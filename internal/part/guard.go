package part

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// The Parquet library believes the lengths that a file states and allocates what
// they say before it reads: a damaged file of a few kilobytes can ask for many
// gigabytes, and running out of memory cannot be recovered from. What stands here
// looks at the lengths first.

// maxPage is the most bytes that a page may have, decompressed: a row group has
// at most 16 MiB of content and one entry more, whose content may be ten fields of
// a MiB and what JSON makes of them.
const maxPage = 128 << 20

var errDamaged = errors.New("damaged: a length that its bytes cannot have")

// guardFooter checks the footer of the file of the given size: its length, and the
// lengths in it.
func guardFooter(r io.ReaderAt, size int64) error {
	const trailer = 8 // length of the footer, "PAR1"
	if size < trailer+4 {
		return errors.New("open part: too short to be one")
	}
	var end [trailer]byte
	if _, err := r.ReadAt(end[:], size-trailer); err != nil && err != io.EOF {
		return fmt.Errorf("open part: %w", err)
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if length > size-trailer-4 {
		return fmt.Errorf("open part: footer of %d bytes: %w", length, errDamaged)
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, size-trailer-length); err != nil && err != io.EOF {
		return fmt.Errorf("open part: %w", err)
	}
	t := compact{b: footer, most: size}
	if err := t.structure(0, 0); err != nil {
		return fmt.Errorf("open part: footer: %w", err)
	}
	return nil
}

// maxPageHeader is more than the header of a page has: it holds at most two bounds
// that are cut to 64 bytes each.
const maxPageHeader = 1 << 10

// guardPages checks the headers of the pages of a column chunk.
func guardPages(r io.ReaderAt, m *format.ColumnMetaData) error {
	if m.NumValues < 0 || m.NumValues > maxValues {
		return fmt.Errorf("%d values: %w", m.NumValues, errDamaged)
	}
	buf := make([]byte, maxPageHeader)
	for at, end := chunkStart(m), chunkStart(m)+m.TotalCompressedSize; at < end; {
		n, err := r.ReadAt(buf[:min(maxPageHeader, end-at)], at)
		if n == 0 && err != nil {
			return err
		}
		var h pageHeader
		t := compact{b: buf[:n], note: h.note}
		if err := t.structure(0, 0); err != nil {
			return fmt.Errorf("page header at byte %d: %w", at, err)
		}
		begin := at + int64(t.at)
		values := m.NumValues
		if h.dictionary {
			values = h.raw // each has a byte at least
		}
		if h.raw < 0 || h.raw > maxPage || h.compressed < 0 || h.compressed > end-begin || h.count < 0 || h.count > values || h.least < 0 || h.most > max(h.raw, values) {
			return fmt.Errorf("page header at byte %d: %w", at, errDamaged)
		}
		at = begin + h.compressed
	}
	return nil
}

// maxValues is the most values that a column may have in a row group: rows, or
// the items of their lists, of which each has 64 at most.
const maxValues = RowGroup * 64

// pageHeader is what matters here of a page's header.
type pageHeader struct {
	raw, compressed int64 // bytes of the page
	count           int64 // of its values
	least, most     int64 // of the other numbers: rows, nulls, lengths of levels
	dictionary      bool
}

// The fields of a PageHeader that are noted (parquet.thrift): numbers of its own,
// and structures whose first field is the number of values.
const (
	fieldRaw          = 2
	fieldCompressed   = 3
	fieldDataPage     = 5
	fieldDictionary   = 7
	fieldDataPageV2   = 8
	fieldNumberValues = 1
)

// note takes a number of the header: that of a field, or of a field of the
// structure within.
func (h *pageHeader) note(within, field, n int64) {
	switch {
	case within == 0 && field == fieldRaw:
		h.raw = n
	case within == 0 && field == fieldCompressed:
		h.compressed = n
	case within == fieldDataPage || within == fieldDictionary || within == fieldDataPageV2:
		h.dictionary = h.dictionary || within == fieldDictionary
		if field == fieldNumberValues {
			h.count = max(h.count, n)
		}
		h.least, h.most = min(h.least, n), max(h.most, n)
	}
}

// compact walks over a structure in Thrift's compact encoding and checks that every
// length in it is one that the bytes behind it can have.
type compact struct {
	b  []byte
	at int
	// note, if not nil, is told of the numbers in the outermost structure and in
	// those directly within it: by the field that holds that one, 0 for none.
	note func(within, field, n int64)
	// most, if not 0, is the greatest that a number of 32 bits may be. In a footer
	// those are lengths and enumerations, and none exceeds the file's size.
	most int64
}

// maxThriftDepth is deeper than any structure of Parquet is.
const maxThriftDepth = 32

// The types of the compact encoding.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftI16
	thriftI32
	thriftI64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
	thriftUUID
)

// structure walks over a structure, which is in field within of the outermost one;
// 0: it is that itself.
func (t *compact) structure(depth int, within int64) error {
	if depth > maxThriftDepth {
		return errDamaged
	}
	for id := int64(0); ; {
		c, err := t.next()
		if err != nil || c == 0 {
			return err
		}
		if c>>4 != 0 {
			id += int64(c >> 4)
		} else if id, err = t.varint(); err != nil {
			return err
		}
		switch kind := c & 15; {
		case kind == thriftTrue || kind == thriftFalse: // they are the field's value
		case kind == thriftI32:
			err = t.number(depth, within, id)
		case depth == 0:
			err = t.value(kind, depth, id)
		default:
			err = t.value(kind, depth, within)
		}
		if err != nil {
			return err
		}
	}
}

// number walks over a number of 32 bits in a structure.
func (t *compact) number(depth int, within, id int64) error {
	n, err := t.varint()
	if err == nil && t.most > 0 && (n < 0 || n > t.most) {
		return errDamaged
	}
	if err == nil && t.note != nil && depth <= 1 {
		t.note(within, id, n)
	}
	return err
}

// value walks over a value of a kind.
func (t *compact) value(kind byte, depth int, within int64) error {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		return t.skip(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := t.varint()
		return err
	case thriftDouble:
		return t.skip(8)
	case thriftUUID:
		return t.skip(16)
	case thriftBinary:
		n, err := t.uvarint()
		if err != nil || n > uint64(len(t.b)-t.at) {
			return errDamaged
		}
		return t.skip(int(n))
	case thriftList, thriftSet:
		return t.list(depth, within)
	case thriftStruct:
		return t.structure(depth+1, within)
	}
	return errDamaged // Parquet has no maps
}

// list walks over a list. Every element has a byte at least.
func (t *compact) list(depth int, within int64) error {
	c, err := t.next()
	if err != nil {
		return err
	}
	n := uint64(c >> 4)
	if n == 15 {
		if n, err = t.uvarint(); err != nil {
			return err
		}
	}
	if n > uint64(len(t.b)-t.at) || depth > maxThriftDepth {
		return errDamaged
	}
	for range n {
		if err := t.value(c&15, depth+1, within); err != nil {
			return err
		}
	}
	return nil
}

func (t *compact) next() (byte, error) {
	if t.at >= len(t.b) {
		return 0, errDamaged
	}
	t.at++
	return t.b[t.at-1], nil
}

func (t *compact) skip(n int) error {
	if n > len(t.b)-t.at {
		return errDamaged
	}
	t.at += n
	return nil
}

func (t *compact) uvarint() (uint64, error) {
	v, n := binary.Uvarint(t.b[t.at:])
	if n <= 0 {
		return 0, errDamaged
	}
	t.at += n
	return v, nil
}

func (t *compact) varint() (int64, error) {
	v, n := binary.Varint(t.b[t.at:])
	if n <= 0 {
		return 0, errDamaged
	}
	t.at += n
	return v, nil
}
