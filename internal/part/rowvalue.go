package part

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Values gives the values of a row by column, without a copy: they are the row's
// memory.
type Values struct {
	place  Place
	body   []byte
	fields Fields
}

// Values returns the values of a row.
func (enc *Encoder) Values(r *Row) (Values, error) {
	v := Values{place: r.Place}
	body, err := bodyOf(r.Bytes)
	if err != nil {
		return v, err
	}
	v.body = body
	return v, enc.fields(&v.fields, body)
}

// Value makes v the values of a row of which no other column than c is asked for. It
// reads the row up to there.
func (enc *Encoder) Value(v *Values, r *Row, c *Column) error {
	v.place = r.Place
	if c.Placed() {
		return nil
	}
	body, err := bodyOf(r.Bytes)
	if err == nil {
		v.body = body
		v.fields.at[c.ID], err = enc.spanOf(body, byte(c.ID))
	}
	return err
}

func (v *Values) raw(c *Column) []byte { return v.body[v.fields.at[c.ID].From:v.fields.at[c.ID].To] }

// Null reports whether the row has no value in the column.
func (v *Values) Null(c *Column) bool { return !c.Placed() && v.fields.at[c.ID] == (Span{}) }

// Text returns the value of a String column, "" when null.
func (v *Values) Text(c *Column) string {
	b := v.raw(c)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Bytes returns the value of a JSON or Bytes column, empty when null.
func (v *Values) Bytes(c *Column) []byte { return v.raw(c) }

// Int returns the value of an Int or Time column, 0 when null.
func (v *Values) Int(c *Column) int64 {
	switch c.ID {
	case idIndex:
		return int64(v.place.Index)
	case idPosition:
		return int64(v.place.Position)
	case idReceivedAt:
		return v.place.ReceivedAt
	case idTimestamp:
		return v.place.Timestamp
	}
	n, _ := binary.Varint(v.raw(c))
	return n
}

// Float returns the value of a Float column that is not null.
func (v *Values) Float(c *Column) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(v.raw(c)))
}

// List returns the value of a List column, none when null.
func (v *Values) List(c *Column) []string {
	r := rowReader{b: v.raw(c)}
	if len(r.b) == 0 {
		return nil
	}
	var items []string
	for range r.uvarint() {
		items = append(items, string(r.text()))
	}
	return items
}
