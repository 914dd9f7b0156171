package query

import (
	"strings"
	"unicode"

	"github.com/hansardhq/hansard"
)

// token is a value as written.
type token struct {
	text   string
	quoted bool
	pos    int // of its first byte
}

// term reads what follows the colon of a key that began at start.
func (p *parser) term(key string, start int) (Node, error) {
	if strings.EqualFold(key, "has") {
		return p.has()
	}
	f, path, err := p.key(key, start)
	if err != nil {
		return nil, err
	}
	ref := Ref{Name: f.Name, Path: path, Kind: f.Kind, Unit: f.Unit}
	op := p.op()
	if op != In {
		return p.comparison(f, ref, op)
	}
	if !p.end() && p.src[p.pos] == '(' {
		return p.list(f, ref)
	}
	tok, err := p.token()
	if err != nil {
		return nil, err
	}
	if tok.text == "*" && !tok.quoted {
		if err := p.boundary("a space"); err != nil {
			return nil, err
		}
		return p.presence(key, ref, start)
	}
	if n, ok, err := p.span(f, ref, tok); ok || err != nil {
		return n, err
	}
	return p.values(f, ref, tok)
}

// key finds the field of a key that began at pos.
func (p *parser) key(key string, pos int) (Field, string, error) {
	f, path, ok := lookup(key)
	if ok && !validPath(path) {
		return Field{}, "", refuse(pos+len(key)-len(path), "bad path", "names joined by single dots, without quotes, backslashes, stars and control characters")
	}
	if ok {
		return f, path, nil
	}
	expected := "a key such as agent, tool, type, error or cost, or quotes around text that holds a colon"
	if near := nearest(key); len(near) > 0 {
		expected = strings.Join(near, " or ")
	}
	return Field{}, "", refuse(pos, "unknown key", expected)
}

// validPath reports whether every store can follow the path: DuckDB has no
// spelling for the names that are refused. "" is no path, and fine.
func validPath(path string) bool {
	if strings.ContainsAny(path, `"\*`) || strings.ContainsFunc(path, unicode.IsControl) {
		return false
	}
	return !strings.HasPrefix(path, ".") && !strings.HasSuffix(path, ".") && !strings.Contains(path, "..")
}

// has reads the key that follows "has:".
func (p *parser) has() (Node, error) {
	start := p.pos
	key := p.run("")
	if key == "" {
		return nil, refuse(start, "has: without a key", "a key right after the colon")
	}
	if strings.HasSuffix(key, ".") && !p.end() && p.src[p.pos] == '"' {
		var err error
		if key, err = p.quotedPath(key); err != nil {
			return nil, err
		}
	}
	if err := p.boundary("a space after the key"); err != nil {
		return nil, err
	}
	f, path, err := p.key(key, start)
	if err != nil {
		return nil, err
	}
	return p.presence(key, Ref{Name: f.Name, Path: path, Kind: f.Kind, Unit: f.Unit}, start)
}

// presence returns the node for has:key. Three aliases stand for more than their
// field.
func (p *parser) presence(key string, ref Ref, pos int) (Node, error) {
	if err := p.count(pos); err != nil {
		return nil, err
	}
	switch strings.ToLower(key) {
	case "approval":
		return is("intervention", "approval"), nil
	case "handoff":
		return is("event_type", hansard.TypeHandoff), nil
	case "resources":
		// The canonical search has parentheses here, which must not nest too deep.
		defer p.leave()
		return touched(), p.enter(pos)
	}
	return Has{ref}, nil
}

// is returns the node for equality of a string field with a value.
func is(name, value string) Node {
	return Compare{Ref{Name: name, Kind: KindString}, In, []Value{{Text: value}}}
}

// touched returns the node for an event that names data that it touched.
func touched() Node {
	var nodes []Node
	for _, f := range table {
		if strings.HasPrefix(f.Name, "resources.") {
			nodes = append(nodes, Has{Ref{Name: f.Name, Kind: f.Kind}})
		}
	}
	return Or{nodes}
}

func (p *parser) op() Op {
	for _, op := range []Op{GE, LE, GT, LT} {
		if strings.HasPrefix(p.src[p.pos:], string(op)) {
			p.pos += len(op)
			return op
		}
	}
	return In
}

func (p *parser) comparison(f Field, ref Ref, op Op) (Node, error) {
	if !ordered(ref) {
		return nil, refuse(p.pos-len(op), "this key has no order", "a value without a comparison")
	}
	tok, err := p.token()
	if err != nil {
		return nil, err
	}
	if err := p.boundary("a space after the value"); err != nil {
		return nil, err
	}
	if err := p.count(tok.pos); err != nil {
		return nil, err
	}
	if ref.Kind == KindTime {
		return p.timeComparison(ref, op, tok)
	}
	v, err := p.value(f, ref, tok)
	if err != nil {
		return nil, err
	}
	if ref.Kind == KindJSON && !v.Number {
		return nil, refuse(tok.pos, "not a number", "a number after a comparison")
	}
	return Compare{ref, op, []Value{v}}, nil
}

// ordered reports whether the field takes comparisons and ranges.
func ordered(r Ref) bool {
	return r.Kind == KindInt || r.Kind == KindFloat || r.Kind == KindTime || r.Kind == KindJSON && r.Path != ""
}

// span reads a range; ok is false when tok is none.
func (p *parser) span(f Field, ref Ref, tok token) (n Node, ok bool, err error) {
	low, high, found := strings.Cut(tok.text, "..")
	if !found || tok.quoted || !ordered(ref) || ref.Kind == KindJSON && !(isNumber(low) && isNumber(high)) {
		return nil, false, nil
	}
	if low == "" || high == "" {
		return nil, true, refuse(tok.pos, "range with one end", "both ends, or >= or <=")
	}
	if err := p.boundary("a space after the range"); err != nil {
		return nil, true, err
	}
	if err := p.count(tok.pos); err != nil {
		return nil, true, err
	}
	highPos := tok.pos + len(low) + len("..")
	var from, to Value
	if ref.Kind == KindTime {
		from, to, err = p.timeRange(token{low, false, tok.pos}, token{high, false, highPos})
	} else if from, err = p.value(f, ref, token{low, false, tok.pos}); err == nil {
		to, err = p.value(f, ref, token{high, false, highPos})
	}
	if err != nil {
		return nil, true, err
	}
	if from.Int > to.Int || from.Float > to.Float {
		return nil, true, refuse(tok.pos, "range ends before it begins", "the lower end first")
	}
	return Compare{ref, Range, []Value{from, to}}, true, nil
}

// values reads a value and those that follow it after commas.
func (p *parser) values(f Field, ref Ref, tok token) (Node, error) {
	var vs []Value
	for {
		if err := p.add(&vs, f, ref, tok); err != nil {
			return nil, err
		}
		if p.end() || p.src[p.pos] != ',' {
			break
		}
		p.pos++
		var err error
		if tok, err = p.token(); err != nil {
			return nil, err
		}
	}
	if err := p.boundary("a space or a comma after the value"); err != nil {
		return nil, err
	}
	return p.in(ref, vs, tok)
}

// list reads values in parentheses with OR between them.
func (p *parser) list(f Field, ref Ref) (Node, error) {
	open := p.pos
	p.pos++
	var vs []Value
	var tok token
	for {
		var err error
		if p.space(); p.atKeyword("OR") || p.atKeyword("AND") || p.atKeyword("NOT") {
			return nil, refuse(p.pos, "operator in a list", "a value; quote the words OR, AND and NOT")
		}
		if tok, err = p.token(); err != nil {
			return nil, err
		}
		if err := p.add(&vs, f, ref, tok); err != nil {
			return nil, err
		}
		if !p.keyword("OR") {
			break
		}
	}
	if p.end() {
		return nil, refuse(open, "'(' without its ')'", "')'")
	}
	if p.src[p.pos] != ')' {
		return nil, refuse(p.pos, "values without OR between them", "OR or ')'")
	}
	p.pos++
	return p.in(ref, vs, tok)
}

// add appends one value of a list.
func (p *parser) add(vs *[]Value, f Field, ref Ref, tok token) error {
	if err := p.count(tok.pos); err != nil {
		return err
	}
	if ref.Kind == KindTime {
		*vs = append(*vs, Value{})
		return nil // in reads it
	}
	v, err := p.value(f, ref, tok)
	*vs = append(*vs, v)
	return err
}

// in returns the comparison with the values, the last of which was tok.
func (p *parser) in(ref Ref, vs []Value, tok token) (Node, error) {
	if ref.Kind != KindTime {
		return Compare{ref, In, vs}, nil
	}
	if len(vs) > 1 {
		return nil, refuse(tok.pos, "list of times", "one time, a comparison or a range")
	}
	return p.timeEquality(ref, tok)
}

// token reads a value: in quotes, or up to white space, a quote, a parenthesis
// or a comma.
func (p *parser) token() (token, error) {
	start := p.pos
	if !p.end() && p.src[p.pos] == '"' {
		s, err := p.quoted()
		if err == nil && s == "" {
			err = refuse(start, "empty value", "text between the quotes; -has:key finds what is absent")
		}
		return token{s, true, start}, err
	}
	s := p.run(",")
	if s == "" {
		return token{}, refuse(start, "no value", `a value right here; quote one that holds spaces, commas, quotes or parentheses`)
	}
	return token{s, false, start}, nil
}
