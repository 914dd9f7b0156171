package part

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/hansardhq/hansard"
)

// Kind is the type of a column's values.
type Kind uint8

// The kinds. A String, List, JSON or Bytes that is empty is null, and so is a
// Bool that is false.
const (
	String Kind = iota // UTF-8 text
	Int                // integer, |v| < 2^53
	Float              // finite double
	Bool
	Time  // Unix nanoseconds
	List  // list of UTF-8 texts
	JSON  // one JSON value
	Bytes // raw bytes
)

// Class says where a column's value is committed to.
type Class uint8

// The classes.
const (
	Envelope Class = iota // in the leaf as it stands
	Content               // in the content, by salted digest
	Beside                // in neither: the commitment itself and the index
)

// Column is one column of an entry. Its ID is its field number in the journal;
// ID, Name and Kind are frozen.
type Column struct {
	ID       int
	Name     string // in Parquet, in the leaf and in SQL
	Kind     Kind
	Class    Class
	Required bool // never null
	// Dictionary asks for a dictionary in Parquet: few distinct values.
	Dictionary bool

	str   func(*hansard.Entry) *string
	num   func(*hansard.Entry) *int64
	unum  func(*hansard.Entry) *uint64
	opt   func(*hansard.Entry) *hansard.Opt[int64]
	float func(*hansard.Entry) *hansard.Opt[float64]
	flag  func(*hansard.Entry) *bool
	list  func(*hansard.Entry) *[]string
	raw   func(*hansard.Entry) *json.RawMessage
	bytes func(*hansard.Entry) []byte
	// get and set replace raw where the Go value is not the JSON text.
	get func(*hansard.Entry) []byte
	set func(*hansard.Entry, []byte) error
}

// Null reports whether the entry has no value in this column.
func (c *Column) Null(e *hansard.Entry) bool {
	if c.Required {
		return false
	}
	switch c.Kind {
	case String:
		return *c.str(e) == ""
	case Int, Time:
		if c.opt != nil {
			return !c.opt(e).Set
		}
		_, ok := c.Int(e)
		return !ok
	case Float:
		return !c.float(e).Set
	case Bool:
		return !*c.flag(e)
	case List:
		return len(*c.list(e)) == 0
	}
	return len(c.Bytes(e)) == 0
}

// Placed reports whether a row has the column in its Place.
func (c *Column) Placed() bool {
	return c.ID == idIndex || c.ID == idPosition || c.ID == idReceivedAt || c.ID == idTimestamp
}

// Str returns the value of a String column, "" when null.
func (c *Column) Str(e *hansard.Entry) string { return *c.str(e) }

// Int returns the value of an Int or Time column and whether it is present.
func (c *Column) Int(e *hansard.Entry) (int64, bool) {
	switch {
	case c.opt != nil:
		o := c.opt(e)
		return o.V, o.Set
	case c.unum != nil:
		return int64(*c.unum(e)), true
	}
	v := *c.num(e)
	return v, c.Required || v != 0
}

// Float returns the value of a Float column and whether it is present.
func (c *Column) Float(e *hansard.Entry) (float64, bool) {
	o := c.float(e)
	return o.V, o.Set
}

// Bool returns the value of a Bool column.
func (c *Column) Bool(e *hansard.Entry) bool { return *c.flag(e) }

// List returns the value of a List column.
func (c *Column) List(e *hansard.Entry) []string { return *c.list(e) }

// Bytes returns the value of a JSON or Bytes column, empty when null.
func (c *Column) Bytes(e *hansard.Entry) []byte {
	switch {
	case c.get != nil:
		return c.get(e)
	case c.raw != nil:
		return *c.raw(e)
	}
	return c.bytes(e)
}

func (c *Column) setInt(e *hansard.Entry, v int64) {
	switch {
	case c.opt != nil:
		*c.opt(e) = hansard.Some(v)
	case c.unum != nil:
		*c.unum(e) = uint64(v)
	default:
		*c.num(e) = v
	}
}

func (c *Column) setBytes(e *hansard.Entry, b []byte) error {
	if c.set != nil {
		return c.set(e, b)
	}
	*c.raw(e) = json.RawMessage(b)
	return nil
}

// Shorten cuts a String to its first n bytes, at a rune's edge, and empties a
// List or a JSON value. Other kinds are left alone.
func (c *Column) Shorten(e *hansard.Entry, n int) {
	switch c.Kind {
	case String:
		s := *c.str(e)
		for n = min(n, len(s)); n > 0 && n < len(s) && !utf8.RuneStart(s[n]); n-- {
		}
		*c.str(e) = s[:n]
	case List:
		*c.list(e) = nil
	case JSON:
		_ = c.setBytes(e, nil)
	}
}
