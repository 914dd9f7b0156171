package part

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/hansardhq/hansard"
)

// errShortRow says that a row ends before its values do.
var errShortRow = errors.New("row is cut short")

// AppendRow appends the journal form of e: for each column with a value its ID
// and the value. Integers are zigzag varints, floats 8 bytes little-endian,
// everything else is length-prefixed. Required columns that are zero are
// written too, so that a row is never ambiguous.
func (enc *Encoder) AppendRow(dst []byte, e *hansard.Entry) []byte {
	for _, c := range enc.all {
		if c.Null(e) {
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(c.ID))
		switch c.Kind {
		case String:
			dst = appendText(dst, *c.str(e))
		case Int, Time:
			v, _ := c.Int(e)
			dst = binary.AppendVarint(dst, v)
		case Float:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(c.float(e).V))
		case Bool: // its presence says true
		case List:
			items := *c.list(e)
			dst = binary.AppendUvarint(dst, uint64(len(items)))
			for _, s := range items {
				dst = appendText(dst, s)
			}
		default:
			dst = appendText(dst, c.Bytes(e))
		}
	}
	return dst
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// ParseRow reads a whole row as AppendRow wrote it. The entry does not alias
// row.
func (enc *Encoder) ParseRow(row []byte) (*hansard.Entry, error) {
	e := &hansard.Entry{}
	r := &rowReader{b: row}
	last := uint64(0)
	for len(r.b) > 0 {
		id := r.uvarint()
		if r.err != nil {
			break
		}
		if id <= last || id > uint64(len(enc.all)) {
			return nil, fmt.Errorf("row: unexpected column %d after %d", id, last)
		}
		last = id
		c := enc.all[id-1]
		if err := r.value(e, c); err != nil {
			return nil, fmt.Errorf("row: %s: %w", c.Name, err)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return e, nil
}

type rowReader struct {
	b   []byte
	err error
}

func (r *rowReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *rowReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *rowReader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *rowReader) fail() { r.err, r.b = errShortRow, nil }

func (r *rowReader) value(e *hansard.Entry, c *Column) error {
	switch c.Kind {
	case String:
		*c.str(e) = string(r.text())
	case Int, Time:
		c.setInt(e, r.varint())
	case Float:
		if len(r.b) < 8 {
			r.fail()
			return r.err
		}
		*c.float(e) = hansard.Some(math.Float64frombits(binary.LittleEndian.Uint64(r.b)))
		r.b = r.b[8:]
	case Bool:
		*c.flag(e) = true
	case List:
		n := r.uvarint()
		if n > uint64(len(r.b)) { // each item takes a byte at least
			r.fail()
			return r.err
		}
		items := make([]string, 0, n)
		for range n {
			items = append(items, string(r.text()))
		}
		*c.list(e) = items
	default:
		return errors.Join(c.setBytes(e, append([]byte(nil), r.text()...)), r.err)
	}
	return r.err
}
