package query

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// String returns the canonical search of the conjunction.
func (n And) String() string {
	if len(n.Nodes) == 0 {
		return "*"
	}
	return join(n.Nodes, " ", func(c Node) bool { return isAnd(c) || isOr(c) })
}

// String returns the canonical search of the disjunction; for one without
// nodes, a search that matches nothing.
func (n Or) String() string {
	if len(n.Nodes) == 0 {
		return "-*"
	}
	return join(n.Nodes, " OR ", isOr)
}

// String returns the canonical search of the negation.
func (n Not) String() string {
	if _, ok := n.Node.(Not); ok {
		return "NOT " + n.Node.String()
	}
	return "-" + group(n.Node, isAnd(n.Node) || isOr(n.Node))
}

// String returns the canonical search of the presence.
func (n Has) String() string { return "has:" + n.Field.String() }

// String returns the canonical search of the text.
func (n Text) String() string {
	if plain(n.Text) && !strings.Contains(n.Text, ":") && n.Text[0] != '-' {
		return n.Text
	}
	return quote(n.Text)
}

// String returns the canonical search of the comparison.
func (n Compare) String() string {
	key := n.Field.String() + ":"
	switch {
	case n.Op == Range && len(n.Values) == 2:
		return key + n.Field.format(n.Values[0]) + ".." + n.Field.format(n.Values[1])
	case len(n.Values) == 0:
		return "-*"
	case n.Op != In:
		return key + string(n.Op) + n.Field.format(n.Values[0])
	case len(n.Values) == 1:
		return key + n.Field.format(n.Values[0])
	}
	var b strings.Builder
	b.WriteString(key + "(")
	for i, v := range n.Values {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString(n.Field.format(v))
	}
	return b.String() + ")"
}

// String returns the key of the field.
func (r Ref) String() string {
	if r.Path == "" {
		return r.Name
	}
	if plainPath(r.Path) {
		return r.Name + "." + r.Path
	}
	return r.Name + "." + quote(r.Path)
}

// format returns the canonical spelling of a value of the field.
func (r Ref) format(v Value) string {
	switch r.Kind {
	case KindInt:
		return formatInt(v.Int, r.Unit)
	case KindFloat:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case KindTime:
		return time.Unix(0, v.Int).UTC().Format(time.RFC3339Nano)
	case KindBool:
		return strconv.FormatBool(v.Bool)
	}
	if v.Glob || plain(v.Text) {
		return v.Text
	}
	return quote(v.Text)
}

func formatInt(n int64, u Unit) string {
	switch u {
	case UnitMicros:
		return (time.Duration(n) * time.Microsecond).String()
	case UnitNanoUSD:
		return formatNano(n)
	}
	return strconv.FormatInt(n, 10)
}

// formatNano writes n billionths as a decimal without trailing zeros.
func formatNano(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if len(s) < 10 {
		s = strings.Repeat("0", 10-len(s)) + s
	}
	whole, frac := s[:len(s)-9], strings.TrimRight(s[len(s)-9:], "0")
	if frac == "" {
		return sign + whole
	}
	return sign + whole + "." + frac
}

// join writes the nodes with sep between them, those in parentheses that need
// them.
func join(nodes []Node, sep string, needs func(Node) bool) string {
	var b strings.Builder
	for i, c := range nodes {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(group(c, needs(c)))
	}
	return b.String()
}

func group(n Node, parens bool) string {
	if parens {
		return "(" + n.String() + ")"
	}
	return n.String()
}

func isAnd(n Node) bool {
	a, ok := n.(And)
	return ok && len(a.Nodes) > 0
}

func isOr(n Node) bool {
	o, ok := n.(Or)
	return ok && len(o.Nodes) > 0
}

// plain reports whether s may stand without quotes as a value: letters, digits
// and a few marks that mean nothing in the grammar.
func plain(s string) bool {
	if s == "" || s == "OR" || s == "AND" || s == "NOT" || strings.Contains(s, "..") {
		return false
	}
	for _, c := range s {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-./@:", c) {
			return false
		}
	}
	return true
}

// plainPath reports whether a path may stand without quotes in a key.
func plainPath(s string) bool { return plain(s) && !strings.Contains(s, ":") }

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(s string) string { return `"` + quoter.Replace(s) + `"` }
