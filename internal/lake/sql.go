package lake

import (
	"fmt"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// compiler turns a search into an SQL condition over the columns of a part.
//
// A term of a search is true or false, one of SQL may also be null. In a
// condition of AND and OR alone null counts as false in the end, so only the
// argument of NOT has to be made true or false.
type compiler struct {
	tenant  string
	nodes   *matchers
	text    strings.Builder
	args    []any
	columns map[string]bool // that the condition reads
	drops   []func()        // what ends with the statement
}

func newCompiler(tenant string, nodes *matchers) *compiler {
	return &compiler{tenant: tenant, nodes: nodes, columns: map[string]bool{}}
}

func (c *compiler) close() {
	for _, drop := range c.drops {
		drop()
	}
}

// column notes that the condition reads a column and returns its name.
func (c *compiler) column(name string) string {
	c.columns[name] = true
	return quoteName(name)
}

// put writes text with its parameters.
func (c *compiler) put(format string, names []string, args ...any) {
	values := make([]any, len(names))
	for i, n := range names {
		values[i] = n
	}
	fmt.Fprintf(&c.text, format, values...)
	c.args = append(c.args, args...)
}

// node writes a condition in parentheses.
func (c *compiler) node(n query.Node) error {
	switch n := n.(type) {
	case nil:
		c.text.WriteString("true")
	case query.And:
		return c.all(n.Nodes, " AND ", "true")
	case query.Or:
		return c.all(n.Nodes, " OR ", "false")
	case query.Not:
		c.text.WriteString("NOT coalesce(")
		if err := c.node(n.Node); err != nil {
			return err
		}
		c.text.WriteString(", false)")
	case query.Compare:
		return c.compare(n)
	case query.Has:
		return c.has(n)
	case query.Text:
		c.fullText(n.Text)
	default:
		return hansard.Errorf(hansard.KindInternal, "compile a search: unknown node %T", n)
	}
	return nil
}

func (c *compiler) all(nodes []query.Node, operator, none string) error {
	if len(nodes) == 0 {
		c.text.WriteString(none)
		return nil
	}
	c.text.WriteByte('(')
	for i, n := range nodes {
		if i > 0 {
			c.text.WriteString(operator)
		}
		if err := c.node(n); err != nil {
			return err
		}
	}
	c.text.WriteByte(')')
	return nil
}

// any writes one condition for each value with OR between them.
func (c *compiler) any(values []query.Value, f func(v query.Value)) {
	if len(values) == 0 {
		c.text.WriteString("false")
		return
	}
	c.text.WriteByte('(')
	for i, v := range values {
		if i > 0 {
			c.text.WriteString(" OR ")
		}
		f(v)
	}
	c.text.WriteByte(')')
}

func (c *compiler) compare(n query.Compare) error {
	ref := n.Field
	if ref.Name == "leaf_hash" {
		return refuseLeafHash()
	}
	switch ref.Kind {
	case query.KindInt, query.KindTime:
		c.relate(n, func(v query.Value) any { return v.Int })
		return nil
	case query.KindFloat:
		c.relate(n, func(v query.Value) any { return v.Float })
		return nil
	}
	if n.Op != query.In && !(ref.Kind == query.KindJSON && ref.Path != "") {
		c.text.WriteString("false")
		return nil
	}
	switch ref.Kind {
	case query.KindBool:
		c.any(n.Values, func(v query.Value) { c.put("coalesce(%s, false) = ?", []string{c.column(ref.Name)}, v.Bool) })
	case query.KindText:
		c.any(n.Values, func(v query.Value) { c.contains(ref.Name, v.Text) })
	case query.KindJSON:
		if ref.Path != "" {
			c.inGo(n)
			return nil
		}
		c.any(n.Values, func(v query.Value) { c.containsJSON(ref.Name, v.Text) })
	case query.KindList:
		c.any(n.Values, func(v query.Value) { c.element(ref.Name, v) })
	default: // query.KindString, query.KindPerson
		c.any(n.Values, func(v query.Value) { c.equal(ref.Name, v) })
	}
	return nil
}

func refuseLeafHash() error {
	err := hansard.Errorf(hansard.KindInvalid, "search: leaf_hash is not kept with the rows")
	return hansard.WithHint(err, "search by event_id, or by log and index")
}

// relate writes a comparison of numbers.
func (c *compiler) relate(n query.Compare, of func(query.Value) any) {
	name := c.column(columnOf(n.Field.Name))
	switch {
	case n.Op == query.In:
		c.any(n.Values, func(v query.Value) { c.put("%s = ?", []string{name}, of(v)) })
	case n.Op == query.Range && len(n.Values) == 2:
		c.put("%s BETWEEN ? AND ?", []string{name}, of(n.Values[0]), of(n.Values[1]))
	case len(n.Values) > 0 && (n.Op == query.GT || n.Op == query.GE || n.Op == query.LT || n.Op == query.LE):
		c.put("%s "+string(n.Op)+" ?", []string{name}, of(n.Values[0]))
	default:
		c.text.WriteString("false")
	}
}

// columnOf returns the column that keeps a field of a search.
func columnOf(field string) string {
	switch field {
	case "duration_ms":
		return "duration_us"
	case "decision_ms":
		return "decision_us"
	case "cost_usd":
		return "cost_nano_usd"
	}
	return field
}

// equal writes the equality of a text column with a value.
func (c *compiler) equal(field string, v query.Value) {
	if v.Person || v.Text == "" {
		c.text.WriteString("false")
		return
	}
	var left string
	var args []any
	if field == "log" {
		left, args = "(?::VARCHAR || '/' || "+c.column("tier")+")", []any{c.tenant}
	} else {
		left = c.column(field)
	}
	if v.Glob {
		c.put("%s LIKE ? ESCAPE '\\'", []string{left}, append(args, likePattern(v))...)
		return
	}
	c.put("%s = ?", []string{left}, append(args, v.Text)...)
}

// likePattern returns the pattern of LIKE that a value with "*" stands for.
func likePattern(v query.Value) string {
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	pieces := v.Pieces()
	for i, p := range pieces {
		pieces[i] = escape.Replace(p)
	}
	return strings.Join(pieces, "%")
}

// list returns the expression of a list of strings.
func (c *compiler) list(field string) string {
	if member, ok := strings.CutPrefix(field, "resources."); ok {
		return fmt.Sprintf("json_extract_string(%s, '$[*].%s')", c.column("resources"), member)
	}
	if field == "redactions" {
		return fmt.Sprintf("json_keys(%s)", c.column("redactions"))
	}
	return c.column(field)
}

func (c *compiler) element(field string, v query.Value) {
	if v.Person || v.Text == "" {
		c.text.WriteString("false")
		return
	}
	list := c.list(field)
	if !v.Glob {
		c.put("list_contains(%s, ?)", []string{list}, v.Text)
		return
	}
	c.put("len(list_filter(%s, lambda x: x LIKE ? ESCAPE '\\')) > 0", []string{list}, likePattern(v))
}

// contains writes that a text column holds a text, case folded.
func (c *compiler) contains(field, text string) {
	c.put("contains(lower(%s), ?)", []string{c.column(field)}, query.Fold(text))
}

func (c *compiler) containsJSON(field, text string) {
	name := c.column(field)
	c.text.WriteByte('(')
	for i, s := range query.JSONSpellings(text) {
		if i > 0 {
			c.text.WriteString(" OR ")
		}
		c.put("contains(lower(%s), ?)", []string{name}, query.Fold(s))
	}
	c.text.WriteByte(')')
}

func (c *compiler) fullText(text string) {
	c.text.WriteByte('(')
	for i, field := range query.TextFields() {
		if i > 0 {
			c.text.WriteString(" OR ")
		}
		if isJSON(field) {
			c.containsJSON(field, text)
		} else {
			c.contains(field, text)
		}
	}
	c.text.WriteByte(')')
}

// inGo leaves a term over one JSON column to query.Match.
func (c *compiler) inGo(n query.Node) {
	id, drop := c.nodes.add(n)
	c.drops = append(c.drops, drop)
	c.put(matchFunction+"(?::BIGINT, %s)", []string{c.column(refOf(n).Name)}, id)
}

func (c *compiler) has(n query.Has) error {
	switch ref := n.Field; {
	case ref.Name == "leaf_hash":
		return refuseLeafHash()
	case ref.Name == "log":
		c.text.WriteString("true")
	case ref.Kind == query.KindBool:
		c.put("coalesce(%s, false)", []string{c.column(ref.Name)})
	case ref.Kind == query.KindList:
		c.put("len(%s) > 0", []string{c.list(ref.Name)})
	case ref.Kind == query.KindJSON && ref.Path != "":
		c.inGo(n)
	default:
		c.put("%s IS NOT NULL", []string{c.column(columnOf(ref.Name))})
	}
	return nil
}

// isJSON reports whether a field of a search is JSON.
func isJSON(field string) bool {
	switch field {
	case "params", "result", "alternatives", "messages", "response", "attributes", "statement":
		return true
	}
	return false
}
