package query

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Match reports whether the entry matches the search, by the meaning that the
// package comment fixes. A person in clear never matches: resolve persons first.
func Match(n Node, e *hansard.Entry) bool {
	switch n := n.(type) {
	case And:
		for _, c := range n.Nodes {
			if !Match(c, e) {
				return false
			}
		}
		return true
	case Or:
		return slices.ContainsFunc(n.Nodes, func(c Node) bool { return Match(c, e) })
	case Not:
		return !Match(n.Node, e)
	case Compare:
		return n.match(e)
	case Has:
		return n.Field.present(e)
	case Text:
		return n.match(e)
	}
	return false
}

func (n Text) match(e *hansard.Entry) bool {
	part := Fold(n.Text)
	for _, name := range textFields {
		if raw, ok := jsonOf(e, name); ok && containsJSON(raw, n.Text) || !ok && contains(stringOf(e, name), part) {
			return true
		}
	}
	return false
}

func (n Compare) match(e *hansard.Entry) bool {
	name := n.Field.Name
	switch n.Field.Kind {
	case KindInt:
		x, ok := intOf(e, name)
		return ok && relate(n, x, func(v Value) int64 { return v.Int })
	case KindTime:
		x, ok := timeOf(e, name)
		return ok && relate(n, x, func(v Value) int64 { return v.Int })
	case KindFloat:
		x := floatOf(e, name)
		return x.Set && relate(n, x.V, func(v Value) float64 { return v.Float })
	case KindBool:
		return n.any(func(v Value) bool { return v.Bool == e.Truncated })
	case KindList:
		return n.any(func(v Value) bool { return !v.Person && slices.ContainsFunc(listOf(e, name), v.Matches) })
	case KindText:
		return n.any(func(v Value) bool { return contains(stringOf(e, name), Fold(v.Text)) })
	case KindJSON:
		raw, _ := jsonOf(e, name)
		if n.Field.Path == "" {
			return n.any(func(v Value) bool { return containsJSON(raw, v.Text) })
		}
		return n.matchPath(member(raw, n.Field.Path))
	}
	s := stringOf(e, name)
	return n.any(func(v Value) bool { return !v.Person && v.Matches(s) })
}

// any reports whether the comparison is an equality with a value that fits.
func (n Compare) any(fits func(Value) bool) bool {
	return n.Op == In && slices.ContainsFunc(n.Values, fits)
}

// relate reports whether x stands in the comparison's relation to its values.
func relate[T cmp.Ordered](n Compare, x T, of func(Value) T) bool {
	if n.Op == In {
		return slices.ContainsFunc(n.Values, func(v Value) bool { return of(v) == x })
	}
	if len(n.Values) == 0 {
		return false
	}
	first, last := of(n.Values[0]), of(n.Values[len(n.Values)-1])
	switch n.Op {
	case GT:
		return x > first
	case GE:
		return x >= first
	case LT:
		return x < first
	case LE:
		return x <= first
	case Range:
		return len(n.Values) == 2 && first <= x && x <= last
	}
	return false
}

// matchPath compares a JSON value, which is nil when absent.
func (n Compare) matchPath(raw []byte) bool {
	if len(raw) == 0 {
		return false
	}
	switch c := raw[0]; {
	case c == '"':
		s := string(rawjson.Unquote(nil, raw))
		return n.any(func(v Value) bool { return v.Matches(s) })
	case c == 't' || c == 'f':
		return n.any(func(v Value) bool { return v.Matches(string(raw)) })
	case c == '-' || '0' <= c && c <= '9':
		// A number too large for a double is infinite, on both sides.
		x, _ := strconv.ParseFloat(string(raw), 64)
		n.Values = slices.DeleteFunc(slices.Clone(n.Values), func(v Value) bool { return !v.Number })
		return relate(n, x, func(v Value) float64 { return v.Float })
	}
	return false
}

// member returns the value in the object at the path: the member with the whole
// path as its key, else the one reached by walking its dots. nil: absent, or
// null.
func member(object []byte, path string) []byte {
	if v := get(object, path); v != nil {
		return v
	}
	v := object
	for key := range strings.SplitSeq(path, ".") {
		v = get(v, key)
	}
	return v
}

// get returns the first member of the object with the key, as DuckDB does
// (rawjson.Get returns the last). nil: absent, or null.
func get(object []byte, key string) []byte {
	var found []byte
	_ = rawjson.Object(object, func(k, v []byte) error {
		if string(rawjson.Unquote(nil, k)) != key {
			return nil
		}
		found = v
		return io.EOF // stop
	})
	if bytes.Equal(found, []byte("null")) {
		return nil
	}
	return found
}

// present reports whether the field is not absent.
func (r Ref) present(e *hansard.Entry) bool {
	switch r.Kind {
	case KindInt:
		_, ok := intOf(e, r.Name)
		return ok
	case KindTime:
		_, ok := timeOf(e, r.Name)
		return ok
	case KindFloat:
		return floatOf(e, r.Name).Set
	case KindBool:
		return e.Truncated
	case KindList:
		return len(listOf(e, r.Name)) > 0
	case KindJSON:
		raw, _ := jsonOf(e, r.Name)
		if r.Path != "" {
			return member(raw, r.Path) != nil
		}
		return len(raw) > 0
	}
	return stringOf(e, r.Name) != ""
}
