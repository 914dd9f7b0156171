package query

// Node is one node of a parsed search: And, Or, Not, Compare, Has or Text.
// Nodes are values; none is changed after it was made.
type Node interface {
	// String returns the canonical search, which parses back to an equal node.
	String() string
	node()
}

// And matches what all of its nodes match; without nodes, every entry.
type And struct{ Nodes []Node }

// Or matches what one of its nodes matches; without nodes, nothing. Parse makes
// none with fewer than two nodes.
type Or struct{ Nodes []Node }

// Not matches what its node does not match.
type Not struct{ Node Node }

// Compare matches an entry whose field stands in relation Op to the values.
type Compare struct {
	Field  Ref
	Op     Op
	Values []Value
}

// Has matches an entry in which the field is not absent.
type Has struct{ Field Ref }

// Text matches an entry in which one of TextFields holds the text, case folded.
type Text struct{ Text string }

func (And) node()     {}
func (Or) node()      {}
func (Not) node()     {}
func (Compare) node() {}
func (Has) node()     {}
func (Text) node()    {}

// Ref names a field in the tree.
type Ref struct {
	Name string // one of Fields
	Path string // a path into a field of KindJSON, without a leading dot; else ""
	Kind Kind
	Unit Unit
}

// Op is the relation of a Compare.
type Op string

// The relations. Parse gives those other than In to fields of KindInt,
// KindFloat, KindTime and to JSON paths only.
const (
	In    Op = "in" // equal to one of the values (Text and JSON without a path: holds one); none: matches nothing
	GT    Op = ">"
	GE    Op = ">="
	LT    Op = "<"
	LE    Op = "<="
	Range Op = ".." // from the first to the second of two values, both included
)

// Value is a value of a Compare. Which member counts depends on the field's
// kind.
type Value struct {
	Text   string  // String, Person, List, Text, JSON; the clear value of a person
	Int    int64   // Int: in the field's unit; Time: Unix nanoseconds
	Float  float64 // Float; JSON path: the number when Number is set
	Bool   bool    // Bool
	Glob   bool    // "*" in Text stands for any run of characters
	Number bool    // JSON path: Text is a JSON number, Float its double
	Person bool    // Text names a person in clear and needs ResolvePersons
}

// Pieces returns what lies between the "*" of a Glob value; the first piece is
// a prefix, the last a suffix of what it matches, in between the others follow
// in order.
func (v Value) Pieces() []string { return split(v.Text) }
