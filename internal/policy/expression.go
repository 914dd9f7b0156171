package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// language compiles expressions over the fields of an event.
type language struct {
	env    *cel.Env
	fields map[string]query.Field
	// constants are the parameters of the pack that are numbers.
	constants map[string]float64
	// definitions are expressions with names, which those after them can use.
	definitions map[string]*predicate
	// used are the names that expressions use.
	used map[string]bool
}

// newLanguage returns the language with a pack's parameters as constants.
func newLanguage(constants map[string]float64) (*language, error) {
	l := &language{fields: map[string]query.Field{}, constants: constants, definitions: map[string]*predicate{}, used: map[string]bool{}}
	opts := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.Variable("resources", cel.ListType(cel.MapType(cel.StringType, cel.StringType))),
		cel.Function("present", cel.Overload("present_any", []*cel.Type{cel.DynType}, cel.BoolType, cel.UnaryBinding(present))),
	}
	for _, f := range query.Fields() {
		if f.Name == "log" || f.Name == "leaf_hash" || f.Name == "statement" {
			continue
		}
		l.fields[f.Name] = f
		opts = append(opts, cel.Variable(f.Name, typeOf(f.Kind)))
	}
	for name := range constants {
		if _, ok := l.fields[name]; ok {
			return nil, fmt.Errorf("1:1: the parameter %q is the name of a field", name)
		}
		opts = append(opts, cel.Variable(name, cel.DoubleType))
	}
	var err error
	l.env, err = cel.NewEnv(opts...)
	return l, err
}

// define gives the expression of a predicate a name.
func (l *language) define(name string, p *predicate) error {
	_, field := l.fields[name]
	_, constant := l.constants[name]
	if field || constant || l.definitions[name] != nil || name == "resources" {
		return fmt.Errorf("%q is the name of something else already", name)
	}
	env, err := l.env.Extend(cel.Variable(name, cel.BoolType))
	if err != nil {
		return err
	}
	l.env, l.definitions[name] = env, p
	return nil
}

// typeOf returns the type that a field has in an expression. Numbers are doubles:
// an absent one is NaN, for which no comparison holds.
func typeOf(k query.Kind) *cel.Type {
	switch k {
	case query.KindInt, query.KindFloat:
		return cel.DoubleType
	case query.KindTime:
		return cel.TimestampType
	case query.KindBool:
		return cel.BoolType
	case query.KindList:
		return cel.ListType(cel.StringType)
	case query.KindJSON:
		return cel.DynType
	}
	return cel.StringType
}

// present implements present(x): the field is not absent.
func present(v ref.Val) ref.Val {
	switch v := v.(type) {
	case types.String:
		return types.Bool(v != "")
	case types.Double:
		return types.Bool(v == v)
	case types.Bool:
		return v
	case types.Null:
		return types.False
	}
	if sized, ok := v.(interface{ Size() ref.Val }); ok {
		return types.Bool(sized.Size() != types.IntZero)
	}
	return types.True
}

// predicate is a condition on one event.
type predicate struct {
	source  string
	line    int // of the pack's file, where it stands
	program cel.Program
	// node selects the events that fulfil the predicate; where exact is false,
	// others too: the program decides then.
	node  query.Node
	exact bool
}

// compile returns the predicate of an expression that stands at a place in a pack.
func (l *language) compile(s text) (*predicate, error) {
	checked, issues := l.env.Compile(s.value)
	if issues != nil && issues.Err() != nil {
		e := issues.Errors()[0]
		message, _, _ := strings.Cut(e.Message, "\n")
		return nil, s.inside(e.Location.Line(), e.Location.Column(), "%s%s", message, hint(message))
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, s.fail("the expression is of type %s, not true or false", checked.OutputType())
	}
	program, err := l.env.Program(checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, s.fail("%v", err)
	}
	for _, reference := range checked.NativeRep().ReferenceMap() {
		l.used[reference.Name] = true
	}
	t := translator{language: l}
	p := &predicate{source: s.value, line: s.line, program: program}
	p.node, p.exact = t.node(checked.NativeRep().Expr())
	if t.refused != "" {
		return nil, s.fail("%s", t.refused)
	}
	return p, nil
}

// hint says how it is written, where that was the mistake.
func hint(message string) string {
	has := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(message, t) })
	}
	switch {
	case has("(double, int)", "(int, double)"):
		return " (numbers of events are doubles: write 3.0)"
	case has("recognition error at: '="):
		return " (equality is written ==)"
	case has("'and'", "'or'", "'not'", "'AND'", "'OR'", "'NOT'"):
		return " (write && for and, || for or, ! for not)"
	case has("recognition error at: '\"", "recognition error at: ''"):
		return " (a text ends with the quote that it begins with)"
	case has("'@in' applied to '(string, string)'"):
		return ` (a list is written ["a", "b"]; whether a text holds another one is a.contains(b))`
	case has("(timestamp, string)", "(string, timestamp)"):
		return ` (write timestamp("2026-08-02T00:00:00Z"))`
	case has("(double, string)", "(string, double)", "(string, int)", "(int, string)", "(bool, string)", "(string, bool)"):
		return " (a text is compared with a text, a number with a number)"
	}
	return ""
}

// holds evaluates the predicate on an event. An expression that fails on an event,
// such as one that looks into JSON that is not there, does not hold for it. One that
// costs too much is added to over.
func (l *language) holds(p *predicate, e *hansard.Entry, over dear) bool {
	if p.exact {
		return query.Match(p.node, e)
	}
	if !query.Match(p.node, e) {
		return false
	}
	return l.evaluate(p, e, over)
}

// evaluate runs the program of a predicate.
func (l *language) evaluate(p *predicate, e *hansard.Entry, over dear) bool {
	a := &activation{language: l, entry: e, over: dear{}}
	out, _, err := p.program.Eval(a)
	if tooDear(err) || len(a.over) > 0 {
		over.add(p, e)
		return false
	}
	return err == nil && out == types.True
}

// activation gives a program the fields of an event, each when it is asked for.
type activation struct {
	language *language
	entry    *hansard.Entry
	over     dear // the definitions that cost too much
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	if v, ok := a.language.constants[name]; ok {
		return v, true
	}
	if p, ok := a.language.definitions[name]; ok {
		return a.language.holds(p, a.entry, a.over), true
	}
	if name == "resources" {
		return resourceMaps(a.entry.Resources), true
	}
	f, ok := a.language.fields[name]
	if !ok {
		return nil, false
	}
	switch v := query.ValueOf(a.entry, f).(type) {
	case int64:
		return time.Unix(0, v).UTC(), true
	case []byte:
		return decoded(v), true
	case []string:
		if v == nil {
			v = []string{}
		}
		return v, true
	default:
		return v, true
	}
}

func resourceMaps(resources []hansard.Resource) []map[string]string {
	maps := []map[string]string{}
	for _, r := range resources {
		maps = append(maps, map[string]string{"kind": r.Kind, "id": r.ID, "operation": r.Operation, "data_class": r.DataClass})
	}
	return maps
}

// decoded returns JSON as CEL sees it, numbers as doubles; nil where there is none.
func decoded(raw []byte) any {
	if len(raw) == 0 {
		return types.NullValue
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&v); err != nil {
		return types.NullValue
	}
	if v == nil {
		return types.NullValue
	}
	return v
}

// text is a text of a pack with its place in the file.
type text struct {
	value     string
	line, col int
	// block is '|' or '>' where the value is a block on the lines that follow; 0
	// where it is not.
	block byte
}

// fail returns an error about the whole text.
func (t text) fail(format string, args ...any) error {
	return &placeError{line: t.line, col: t.col, message: fmt.Sprintf(format, args...)}
}

// inside returns an error about a place in the text: a line from 1 and a column
// from 0 on.
func (t text) inside(line, col int, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if t.block != 0 {
		return &placeError{line: t.line + line, col: col, block: t.block, message: message}
	}
	if line > 1 {
		return &placeError{line: t.line + line - 1, col: col + 1, message: message}
	}
	return &placeError{line: t.line, col: t.col + col, message: message}
}

// placeError is a mistake in a pack.
type placeError struct {
	line, col int
	// block is as in text: col counts from 0 within the block's line then.
	block   byte
	message string
}

// located finds the column of a mistake in a block, whose lines are indented, and
// which '>' makes one line of.
func (e *placeError) located(file []byte) *placeError {
	if e.block == 0 {
		return e
	}
	found, lines := *e, strings.Split(string(file), "\n")
	for found.block = 0; found.line <= len(lines); found.line++ {
		line := lines[found.line-1]
		text := strings.TrimLeft(line, " ")
		if e.block == '|' || found.col <= len(text) {
			found.col += len(line) - len(text) + 1
			return &found
		}
		found.col -= len(text) + 1
	}
	found.line, found.col = e.line, 1
	return &found
}

// Error returns line, column and message.
func (e *placeError) Error() string { return fmt.Sprintf("%d:%d: %s", e.line, e.col, e.message) }
