package query

import (
	"slices"
	"strings"
)

// Kind says how the values of a field are written and compared.
type Kind string

// The kinds of field; the package comment says what each means.
const (
	KindString Kind = "string" // exact, with "*"
	KindPerson Kind = "person" // exact, by pseudonym
	KindInt    Kind = "int"    // an integer in the field's unit
	KindFloat  Kind = "float"  // an IEEE double
	KindTime   Kind = "time"   // Unix nanoseconds
	KindBool   Kind = "bool"   // true or false
	KindList   Kind = "list"   // a list of strings
	KindText   Kind = "text"   // free text: part of it, case folded
	KindJSON   Kind = "json"   // any JSON: as text, or by a path into it
)

// Unit is what an integer of KindInt counts.
type Unit string

// The units of integers in the tree and on disk.
const (
	UnitNone    Unit = ""
	UnitMicros  Unit = "us"       // microseconds
	UnitNanoUSD Unit = "nano_usd" // nano-dollars
)

// Field describes one searchable field. The vocabulary is served to clients, so
// that completion and checks need no second list.
type Field struct {
	Name        string   `json:"name"` // as in EVENT.md, actor as actor_type, ...
	Kind        Kind     `json:"kind"`
	Unit        Unit     `json:"unit,omitempty"`
	Person      bool     `json:"person,omitempty"`  // values name persons
	Content     bool     `json:"content,omitempty"` // erasable content, not envelope
	Enum        []string `json:"enum,omitempty"`    // allowed values; nil: any
	Aliases     []string `json:"aliases,omitempty"` // other keys for the same field
	Description string   `json:"description"`
}

// Fields returns the searchable fields in the order of EVENT.md. The result is
// the caller's own.
func Fields() []Field {
	fields := slices.Clone(table)
	for i := range fields {
		fields[i].Enum = slices.Clone(fields[i].Enum)
		fields[i].Aliases = slices.Clone(fields[i].Aliases)
	}
	return fields
}

// lookup finds a key: a field's name or alias, or a JSON field followed by a
// dot and a path. Names and aliases are case-insensitive, paths are not.
func lookup(key string) (f Field, path string, ok bool) {
	name := strings.ToLower(key)
	for _, f := range table {
		if f.Name == name || slices.Contains(f.Aliases, name) {
			return f, "", true
		}
	}
	for _, f := range table {
		n := len(f.Name)
		if f.Kind == KindJSON && len(key) > n+1 && key[n] == '.' && strings.EqualFold(key[:n], f.Name) {
			return f, key[n+1:], true
		}
	}
	return Field{}, "", false
}

// nearest lists up to three keys that resemble key, the nearest first.
func nearest(key string) []string {
	var names []string
	for _, f := range table {
		names = append(append(names, f.Name), f.Aliases...)
	}
	return Nearest(key, names)
}

// Nearest lists up to three of some names that resemble what was written, the nearest
// first.
func Nearest(written string, names []string) []string {
	type candidate struct {
		name string
		far  int
	}
	var near []candidate
	key := strings.ToLower(written[:min(len(written), 64)])
	for _, name := range names {
		far := distance(key, name)
		if len(key) >= 3 && (strings.Contains(name, key) || strings.Contains(key, name) && len(name) >= 4) {
			far = min(far, 2)
		}
		if far <= max(1, min(len(key), len(name))/3) || far <= 2 && len(key) >= 4 {
			near = append(near, candidate{name, far})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.far - b.far })
	var found []string
	for _, c := range near[:min(3, len(near))] {
		found = append(found, c.name)
	}
	return found
}

// distance is the number of bytes to insert, delete, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
