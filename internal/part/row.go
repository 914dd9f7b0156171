package part

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/hansardhq/hansard"
)

// A row is an entry in the journal's form: its place, and the body, which is
// all other columns that have a value.
//
//	place:  uvarint index, uvarint position, varint received_at, varint timestamp
//	body:   for each column with a value, by ID: one byte ID, value
//	value:  text, JSON, bytes: uvarint length, bytes    integer: varint
//	        float: 8 bytes little-endian                true: nothing
//	        list: uvarint count, then texts
//
// The place is what the ledger gives and stands in front, so that a record can
// be encoded before it has one. Rows are what the ledger and the writer of parts
// work on: an Entry is seven times as large and full of pointers.

// Place is where and when an entry was committed.
type Place struct {
	Index      uint64 // in its log, from 0
	Position   uint64 // in its tenant
	ReceivedAt int64  // Unix nanoseconds
	Timestamp  int64  // Unix nanoseconds: the event's own
}

// PlaceOf returns the place of an entry.
func PlaceOf(e *hansard.Entry) Place {
	return Place{e.Index, e.Position, e.ReceivedAt, e.Timestamp}
}

// Row is a committed entry as a row, with what lies beside it.
type Row struct {
	Log      hansard.LogID
	Place    Place
	LeafHash hansard.Hash
	Bytes    []byte // the row; nobody changes it
}

// RowOf returns the row of an entry.
func (enc *Encoder) RowOf(e *hansard.Entry) *Row {
	return &Row{Log: e.Log, Place: PlaceOf(e), LeafHash: e.LeafHash, Bytes: enc.AppendRow(nil, e)}
}

// RowsOf returns the rows of entries.
func (enc *Encoder) RowsOf(entries []*hansard.Entry) []*Row {
	rows := make([]*Row, len(entries))
	for i, e := range entries {
		rows[i] = enc.RowOf(e)
	}
	return rows
}

// EventID returns the event id that a body begins with.
func EventID(body []byte) string {
	if len(body) == 0 || body[0] != idEventID {
		return ""
	}
	r := rowReader{b: body[1:]}
	return string(r.text())
}

// Entry returns the row as an entry.
func (enc *Encoder) Entry(r *Row) (*hansard.Entry, error) {
	e, err := enc.ParseRow(r.Bytes)
	if err != nil {
		return nil, err
	}
	e.Log, e.LeafHash = r.Log, r.LeafHash
	return e, nil
}

// AppendPlace appends a row's first part.
func AppendPlace(dst []byte, p Place) []byte {
	dst = binary.AppendUvarint(dst, p.Index)
	dst = binary.AppendUvarint(dst, p.Position)
	dst = binary.AppendVarint(dst, p.ReceivedAt)
	return binary.AppendVarint(dst, p.Timestamp)
}

// PlaceRoom is how many bytes lie in front of a body that PutPlace is given: enough for
// any place, and one that says whether one has been written there.
const PlaceRoom = 1 + 4*binary.MaxVarintLen64

// PutPlace makes a row of a body, which lies in b behind PlaceRoom bytes, of which the
// first is zero at the beginning. The row lies in b as well, so that a body becomes one
// without being copied: but for the second time, which is that of another row.
func PutPlace(b []byte, p Place) []byte {
	if b[0] != 0 {
		b = append([]byte{0}, b[1:]...)
	}
	b[0] = 1
	var room [4 * binary.MaxVarintLen64]byte
	place := AppendPlace(room[:0], p)
	from := PlaceRoom - len(place)
	copy(b[from:], place)
	return b[from:len(b):len(b)]
}

// Set sets the value that a column of the place has, as the column's integer.
func (p *Place) Set(c *Column, v int64) {
	switch c.ID {
	case idIndex:
		p.Index = uint64(v)
	case idPosition:
		p.Position = uint64(v)
	case idReceivedAt:
		p.ReceivedAt = v
	case idTimestamp:
		p.Timestamp = v
	}
}

// errColumn says that a row has a column that does not belong there.
func errColumn(id, last byte) error {
	return fmt.Errorf("row: unexpected column %d after %d", id, last)
}

// errShortRow says that a row ends before its values do.
var errShortRow = errors.New("row is cut short")

// SplitRow returns a row's place and its body.
func SplitRow(row []byte) (p Place, body []byte, err error) {
	r := rowReader{b: row}
	p = Place{r.uvarint(), r.uvarint(), r.varint(), r.varint()}
	return p, r.b, r.err
}

// bodyOf returns a row's body.
func bodyOf(row []byte) ([]byte, error) {
	for range 4 { // the numbers of the place
		n := 0
		for n < len(row) && row[n] >= 0x80 {
			n++
		}
		if n >= len(row) {
			return nil, errShortRow
		}
		row = row[n+1:]
	}
	return row, nil
}

// AppendRow appends the journal form of e.
func (enc *Encoder) AppendRow(dst []byte, e *hansard.Entry) []byte {
	return AppendBody(AppendPlace(dst, PlaceOf(e)), e)
}

// ParseRow reads a whole row as AppendRow wrote it. The entry does not alias
// row.
func (enc *Encoder) ParseRow(row []byte) (*hansard.Entry, error) {
	e := &hansard.Entry{}
	p, body, err := SplitRow(row)
	if err != nil {
		return nil, err
	}
	// All texts of the entry share one copy.
	return e, enc.parse(e, p, body, string(body), func(b []byte) []byte { return bytes.Clone(b) })
}

// View makes e the entry that the row holds, without a copy: e's texts, JSON and salt
// are the row's memory, valid as long as nobody changes that. It serves whoever
// looks through many rows for few.
func (enc *Encoder) View(e *hansard.Entry, r *Row) error {
	body, err := bodyOf(r.Bytes)
	if err != nil {
		return err
	}
	*e = hansard.Entry{Log: r.Log, LeafHash: r.LeafHash}
	return enc.parse(e, r.Place, body, unsafe.String(unsafe.SliceData(body), len(body)), func(b []byte) []byte { return b })
}

// parse sets e from a place and a body. text is the body as a text that e may keep,
// keep returns bytes that it may keep.
func (enc *Encoder) parse(e *hansard.Entry, p Place, body []byte, text string, keep func([]byte) []byte) error {
	e.Index, e.Position, e.ReceivedAt, e.Timestamp = p.Index, p.Position, p.ReceivedAt, p.Timestamp
	last := byte(0)
	for at := 0; at < len(body); {
		id := body[at]
		s, ok := enc.shortText(body[at:], uint32(at))
		if !ok || id <= last {
			var err error
			if s, err = enc.value(body, at, last); err != nil {
				return err
			}
		}
		// Nearly all are of these kinds: the columns' own ways cost a call each, or two.
		field := unsafe.Add(unsafe.Pointer(e), enc.fieldOf[id].offset)
		switch enc.fieldOf[id].of {
		case ofText:
			*(*string)(field) = text[s.From:s.To]
		case ofJSON:
			*(*json.RawMessage)(field) = keep(body[s.From:s.To])
		case ofInt:
			v, _ := binary.Varint(body[s.From:s.To])
			*(*optInt)(field) = hansard.Some(v)
		default:
			c := enc.all[id-1]
			if err := c.setSpan(e, body[s.From:s.To], keep); err != nil {
				return fmt.Errorf("row: %s: %w", c.Name, err)
			}
		}
		last, at = id, int(s.To)
	}
	return nil
}

// entryField is where in an entry the values of a column lie, if they do.
type entryField struct {
	offset uint32
	of     fieldType
}

// fieldType is the type of a field of an entry.
type fieldType uint8

const (
	ofOther fieldType = iota
	ofText            // string
	ofJSON            // json.RawMessage
	ofInt             // hansard.Opt[int64]
)

// entryField returns where the column's values lie.
func (c *Column) entryField() entryField {
	var e entry
	at := func(p unsafe.Pointer) uint32 { return uint32(uintptr(p) - uintptr(unsafe.Pointer(&e))) }
	switch {
	case c.str != nil:
		return entryField{at(unsafe.Pointer(c.str(&e))), ofText}
	case c.raw != nil:
		return entryField{at(unsafe.Pointer(c.raw(&e))), ofJSON}
	case c.opt != nil:
		return entryField{at(unsafe.Pointer(c.opt(&e))), ofInt}
	}
	return entryField{}
}

// setSpan sets a column from its value in a body, unless an entryField says where.
func (c *Column) setSpan(e *hansard.Entry, value []byte, keep func([]byte) []byte) error {
	switch c.Kind {
	case Int, Time:
		v, _ := binary.Varint(value)
		c.setInt(e, v)
	case Float:
		*c.float(e) = hansard.Some(math.Float64frombits(binary.LittleEndian.Uint64(value)))
	case Bool:
		*c.flag(e) = true
	case List:
		r := rowReader{b: value}
		n := r.uvarint()
		items := make([]string, 0, n)
		for range n {
			items = append(items, string(r.text()))
		}
		*c.list(e) = items
	default:
		return c.setBytes(e, keep(value))
	}
	return nil
}

// Span is where a column's value lies in a body. A text's length in front of it
// is not part of it. The zero Span: the column has no value. A true has an empty
// one that is not zero.
type Span struct{ From, To uint32 }

// Fields are the values of a body.
type Fields struct {
	at   [MaxID + 1]Span // by the ID of their column
	leaf leafSet         // those that stand in the leaf, and what the place adds to them
}

// leafSet is a set of members of a leaf: bits, in the order in which they stand.
type leafSet [2]uint64

func (s leafSet) with(i int) leafSet {
	s[i/64] |= 1 << (i % 64)
	return s
}

// MaxID is the highest ID of a column.
const MaxID = 82

// fields finds the values of a body. It checks their form, not their meaning.
func (enc *Encoder) fields(f *Fields, body []byte) error {
	last, set := byte(0), enc.placed
	for at := 0; at < len(body); {
		id := body[at]
		s, ok := enc.shortText(body[at:], uint32(at))
		if !ok || id <= last {
			var err error
			if s, err = enc.value(body, at, last); err != nil {
				return err
			}
		}
		f.at[id] = s
		set[0], set[1] = set[0]|enc.inLeaf[id][0], set[1]|enc.inLeaf[id][1]
		last, at = id, int(s.To)
	}
	f.leaf = set
	return nil
}

// shortText returns where the text lies of which b, which begins at an offset of a
// body, has the column, the length, and the bytes: most values are texts of less than
// 128 bytes. ok is false for all others. It is small enough to be compiled in place.
func (enc *Encoder) shortText(b []byte, at uint32) (s Span, ok bool) {
	if len(b) < 2 || b[1] >= 0x80 || !enc.texts[b[0]] || int(b[1])+2 > len(b) {
		return s, false
	}
	return Span{at + 2, at + 2 + uint32(b[1])}, true
}

// value returns where the value lies that begins, with its column's ID, at an offset
// of a body, behind one of the column last. The next one begins where it ends.
func (enc *Encoder) value(body []byte, at int, last byte) (s Span, err error) {
	if uint64(len(body)) > math.MaxUint32 {
		return s, errors.New("row: too long")
	}
	id := body[at]
	if id <= last || id > MaxID || enc.kinds[id] == placed {
		return s, errColumn(id, last)
	}
	n, k := enc.valueLen(id, body[at+1:])
	if n < 0 {
		return s, errShortRow
	}
	return Span{uint32(at + 1 + k), uint32(at + 1 + n)}, nil
}

// textOf returns the text of a column, empty if the body has none. It reads the
// body up to there.
func (enc *Encoder) textOf(body []byte, id byte) ([]byte, error) {
	s, err := enc.spanOf(body, id)
	return body[s.From:s.To], err
}

// spanOf returns where the value of a column lies in a body, nowhere if it has none.
// It reads the body up to there.
func (enc *Encoder) spanOf(body []byte, id byte) (s Span, err error) {
	for at := 0; at < len(body) && body[at] <= id; at = int(s.To) {
		var ok bool
		if s, ok = enc.shortText(body[at:], uint32(at)); !ok {
			n, k := enc.valueLen(body[at], body[at+1:])
			if n < 0 {
				return Span{}, errShortRow
			}
			s = Span{uint32(at + 1 + k), uint32(at + 1 + n)}
		}
		if body[at] == id {
			return s, nil
		}
	}
	return Span{}, nil
}

// Text returns the value of a String column of a row, empty if it has none. It
// reads the row up to there and makes no copy.
func (enc *Encoder) Text(r *Row, c *Column) ([]byte, error) {
	body, err := bodyOf(r.Bytes)
	if err != nil {
		return nil, err
	}
	return enc.textOf(body, byte(c.ID))
}

// valueLen returns the length of the value of a column at the start of b, with
// that of the length that stands before a text, which is k; -1 if it is cut.
func (enc *Encoder) valueLen(id byte, b []byte) (n, k int) {
	if id == 0 || id > MaxID {
		return -1, 0
	}
	switch enc.kinds[id] {
	case String, JSON, Bytes:
		size, k := uvarint(b)
		if k <= 0 || size > uint64(len(b)-k) {
			return -1, 0
		}
		return k + int(size), k
	case Int, Time:
		return varintLen(b), 0
	case Float:
		if len(b) < 8 {
			return -1, 0
		}
		return 8, 0
	case List:
		return listLen(b), 0
	case Bool:
		return 0, 0
	}
	return -1, 0 // a column that no body has
}

// text reports whether values of the kind are bytes behind their length.
func (k Kind) text() bool { return k == String || k == JSON || k == Bytes }

// placed is the kind of the columns that a row's place holds: no body has them.
const placed Kind = 255

// uvarint is binary.Uvarint with a short way for one byte.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// varintLen returns the length of the varint at the start of b, -1 if there is none.
func varintLen(b []byte) int {
	for n, c := range b[:min(len(b), binary.MaxVarintLen64)] {
		if c < 0x80 {
			if n == binary.MaxVarintLen64-1 && c > 1 {
				return -1 // more than 64 bits
			}
			return n + 1
		}
	}
	return -1
}

// listLen returns the length of the list at the start of b, -1 if it is cut.
func listLen(b []byte) int {
	r := rowReader{b: b}
	n := r.uvarint()
	if n > uint64(len(r.b)) { // each item takes a byte at least
		return -1
	}
	for range n {
		r.text()
	}
	if r.err != nil {
		return -1
	}
	return len(b) - len(r.b)
}

func appendText[T ~string | ~[]byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

type rowReader struct {
	b   []byte
	err error
}

func (r *rowReader) uvarint() uint64 {
	v, n := uvarint(r.b)
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
