package policy

import (
	"math"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/hansardhq/hansard/internal/query"
)

// translator compiles an expression to the nodes of the search language, which
// select over columns. What cannot be said in them is true of every event there,
// and the translation is not exact.
type translator struct {
	*language
	// refused says why the expression can never mean what it seems to.
	refused string
}

// every matches every event.
func every() query.Node { return query.And{} }

// nothing matches no event.
func nothing() query.Node { return query.Or{} }

// node returns a node that every event that fulfils the expression matches; if
// exact, no other does.
func (t *translator) node(e ast.Expr) (n query.Node, exact bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		if e.AsLiteral() == types.False {
			return nothing(), true
		}
		return every(), e.AsLiteral() == types.True
	case ast.IdentKind:
		if p, ok := t.definitions[e.AsIdent()]; ok {
			return p.node, p.exact
		}
		if f, ok := t.fields[e.AsIdent()]; ok && f.Kind == query.KindBool {
			return query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Bool: true}}}, true
		}
	case ast.CallKind:
		return t.call(e.AsCall())
	}
	return every(), false
}

func (t *translator) call(c ast.CallExpr) (query.Node, bool) {
	args := c.Args()
	switch c.FunctionName() {
	case "_&&_", "_||_":
		return t.connective(c.FunctionName() == "_&&_", args)
	case "!_":
		n, exact := t.node(args[0])
		if !exact {
			return every(), false
		}
		return negated(n), true
	case "_==_", "_!=_":
		return t.equality(args[0], args[1], c.FunctionName() == "_!=_")
	case "_<_", "_<=_", "_>_", "_>=_":
		return t.relation(c.FunctionName(), args[0], args[1])
	case "@in":
		return t.membership(args[0], args[1])
	case "present":
		if f, ok := t.field(args[0]); ok {
			return query.Has{Field: refTo(f)}, true
		}
	case "startsWith", "endsWith", "contains":
		if c.IsMemberFunction() && len(args) == 1 {
			return t.part(c.FunctionName(), c.Target(), args[0])
		}
	}
	return every(), false
}

// connective translates && and ||.
func (t *translator) connective(and bool, args []ast.Expr) (query.Node, bool) {
	var nodes []query.Node
	all := true
	for _, a := range args {
		n, exact := t.node(a)
		all = all && exact
		switch inner := n.(type) {
		case query.And:
			if and {
				nodes = append(nodes, inner.Nodes...)
				continue
			}
		case query.Or:
			if !and && len(inner.Nodes) > 0 {
				nodes = append(nodes, inner.Nodes...)
				continue
			}
		}
		nodes = append(nodes, n)
	}
	if and {
		return query.And{Nodes: nodes}, all
	}
	return query.Or{Nodes: nodes}, all
}

// field returns the field that an expression names.
func (t *translator) field(e ast.Expr) (query.Field, bool) {
	if e.Kind() != ast.IdentKind {
		return query.Field{}, false
	}
	f, ok := t.fields[e.AsIdent()]
	return f, ok
}

// constant returns the value of an expression that has one: a string, a float64, a
// bool or a time.
func (t *translator) constant(e ast.Expr) (any, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		v, ok := t.constants[e.AsIdent()]
		return v, ok
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.String:
			return string(v), true
		case types.Double:
			return float64(v), true
		case types.Int:
			return float64(v), true
		case types.Uint:
			return float64(v), true
		case types.Bool:
			return bool(v), true
		}
	case ast.CallKind:
		c := e.AsCall()
		if c.FunctionName() == "timestamp" && len(c.Args()) == 1 {
			if s, ok := t.constant(c.Args()[0]); ok {
				if text, ok := s.(string); ok {
					at, err := time.Parse(time.RFC3339Nano, text)
					return at, err == nil
				}
			}
		}
	}
	return nil, false
}

// sides returns the field and the constant of a comparison; swapped says that the
// constant comes first.
func (t *translator) sides(a, b ast.Expr) (f query.Field, v any, swapped, ok bool) {
	if f, ok := t.field(a); ok {
		v, ok := t.constant(b)
		return f, v, false, ok
	}
	f, ok = t.field(b)
	if !ok {
		return f, nil, false, false
	}
	v, ok = t.constant(a)
	return f, v, true, ok
}

func (t *translator) equality(a, b ast.Expr, not bool) (query.Node, bool) {
	f, v, _, ok := t.sides(a, b)
	if !ok {
		return every(), false
	}
	n, exact := t.equal(f, v)
	if not && !exact {
		return every(), false
	}
	if not {
		return negated(n), true
	}
	return n, exact
}

// negated returns the node that matches what n does not match.
func negated(n query.Node) query.Node {
	if not, ok := n.(query.Not); ok {
		return not.Node
	}
	return query.Not{Node: n}
}

// equal returns the node for a field that is equal to a constant.
func (t *translator) equal(f query.Field, v any) (query.Node, bool) {
	switch v := v.(type) {
	case string:
		switch {
		case f.Kind == query.KindText && v != "":
			return query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Text: v}}}, false
		case f.Kind != query.KindString && f.Kind != query.KindPerson && f.Kind != query.KindText:
			return every(), false
		case v == "":
			return query.Not{Node: query.Has{Field: refTo(f)}}, true
		}
		t.checkPerson(f, v)
		t.checkEnum(f, v)
		return query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Text: v}}}, true
	case float64:
		return t.number(f, query.In, v)
	case bool:
		if f.Kind == query.KindBool {
			n := query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Bool: true}}}
			if !v {
				return query.Not{Node: n}, true
			}
			return n, true
		}
	case time.Time:
		if f.Kind == query.KindTime {
			return query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Int: v.UnixNano()}}}, true
		}
	}
	return every(), false
}

// checkPerson refuses the clear value of a person, which is nowhere in the record.
func (t *translator) checkPerson(f query.Field, v string) {
	if f.Person && !strings.HasPrefix(v, query.PseudonymPrefix) {
		t.refused = f.Name + " holds pseudonyms: it is never equal to a clear value"
	}
}

// checkEnum refuses a value that a field never has.
func (t *translator) checkEnum(f query.Field, v string) {
	if len(f.Enum) == 0 || f.Name == "event_type" && strings.HasPrefix(v, "x.") {
		return
	}
	for _, allowed := range f.Enum {
		if v == allowed {
			return
		}
	}
	t.refused = f.Name + " is never " + quote(v) + ": it is one of " + strings.Join(f.Enum, ", ")
}

func quote(s string) string { return `"` + s + `"` }

// relation translates an order.
func (t *translator) relation(op string, a, b ast.Expr) (query.Node, bool) {
	f, v, swapped, ok := t.sides(a, b)
	if !ok {
		return every(), false
	}
	relation := map[string]query.Op{"_<_": query.LT, "_<=_": query.LE, "_>_": query.GT, "_>=_": query.GE}[op]
	if swapped {
		relation = map[query.Op]query.Op{query.LT: query.GT, query.LE: query.GE, query.GT: query.LT, query.GE: query.LE}[relation]
	}
	switch v := v.(type) {
	case float64:
		return t.number(f, relation, v)
	case time.Time:
		if f.Kind == query.KindTime {
			return query.Compare{Field: refTo(f), Op: relation, Values: []query.Value{{Int: v.UnixNano()}}}, true
		}
	}
	return every(), false
}

// number compares a number in the unit of its name with one in the unit of the
// record.
func (t *translator) number(f query.Field, op query.Op, v float64) (query.Node, bool) {
	compare := func(value query.Value) (query.Node, bool) {
		return query.Compare{Field: refTo(f), Op: op, Values: []query.Value{value}}, true
	}
	if f.Kind == query.KindFloat {
		return compare(query.Value{Float: v})
	}
	if f.Kind != query.KindInt {
		return every(), false
	}
	scaled := v * f.Unit.Scale()
	if math.Abs(scaled) > 1<<53 || scaled != scaled {
		return every(), false
	}
	whole := math.Round(scaled)
	if math.Abs(whole-scaled) > 1e-6 { // between two integers of the record
		switch op {
		case query.In:
			return nothing(), true
		case query.GT, query.LE:
			whole = math.Floor(scaled)
		default:
			whole = math.Ceil(scaled)
		}
	}
	return compare(query.Value{Int: int64(whole)})
}

// membership translates in: a field in a list of constants, or a constant in a
// field that is a list.
func (t *translator) membership(a, b ast.Expr) (query.Node, bool) {
	if list, ok := t.field(b); ok && list.Kind == query.KindList {
		if v, ok := t.constant(a); ok {
			if s, ok := v.(string); ok && s != "" {
				t.checkPerson(list, s)
				return query.Compare{Field: refTo(list), Op: query.In, Values: []query.Value{{Text: s}}}, true
			}
		}
		return every(), false
	}
	f, ok := t.field(a)
	if !ok || b.Kind() != ast.ListKind {
		return every(), false
	}
	or := query.Or{}
	for _, e := range b.AsList().Elements() {
		v, ok := t.constant(e)
		if !ok {
			return every(), false
		}
		n, exact := t.equal(f, v)
		if !exact {
			return every(), false
		}
		or.Nodes = append(or.Nodes, n)
	}
	return merged(or), true
}

// merged makes one comparison of an Or of equalities of one field.
func merged(or query.Or) query.Node {
	var one query.Compare
	for i, n := range or.Nodes {
		c, ok := n.(query.Compare)
		if !ok || i > 0 && c.Field != one.Field {
			return or
		}
		if i == 0 {
			one = query.Compare{Field: c.Field, Op: query.In}
		}
		one.Values = append(one.Values, c.Values...)
	}
	if len(or.Nodes) == 0 {
		return or
	}
	return one
}

// part translates startsWith, endsWith and contains.
func (t *translator) part(function string, target, arg ast.Expr) (query.Node, bool) {
	f, ok := t.field(target)
	v, constant := t.constant(arg)
	s, isText := v.(string)
	if !ok || !constant || !isText || s == "" {
		return every(), false
	}
	switch {
	case f.Kind == query.KindText: // searched case folded: more than CEL's
		return query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Text: s}}}, false
	case f.Kind != query.KindString || strings.Contains(s, "*"):
		return every(), false
	}
	glob := map[string]string{"startsWith": s + "*", "endsWith": "*" + s, "contains": "*" + s + "*"}[function]
	return query.Compare{Field: refTo(f), Op: query.In, Values: []query.Value{{Text: glob, Glob: true}}}, true
}

func refTo(f query.Field) query.Ref { return query.Ref{Name: f.Name, Kind: f.Kind, Unit: f.Unit} }
