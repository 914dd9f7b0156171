package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// maxPack bounds a pack's file, in bytes.
const maxPack = 1 << 20

// Parse reads a pack. Parameters that configuration sets are given by name, as
// texts of the file ("25%", "12h", "5000000"). Errors are of KindInvalid and begin
// with line and column of the mistake.
func Parse(file []byte, set map[string]string) (*Pack, error) {
	p, err := parse(file, set)
	if err != nil {
		return nil, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "%w", err), "docs/POLICY.md says how to write a pack")
	}
	return p, nil
}

func parse(file []byte, set map[string]string) (*Pack, error) {
	if len(file) > maxPack {
		return nil, fmt.Errorf("1:1: a pack has at most %d bytes", maxPack)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return nil, placed(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, fmt.Errorf("1:1: the file holds no pack")
	}
	if err := refuseAliases(&doc); err != nil {
		return nil, err
	}
	r := &reader{pack: &Pack{file: file}, set: set, definitions: map[string]text{}, bits: map[string]int{}}
	err := r.read(doc.Content[0])
	var misplaced *placeError
	if errors.As(err, &misplaced) {
		err = misplaced.located(file)
	}
	return r.pack, err
}

// yamlLine finds the line in an error of the YAML parser, which leaves out the first.
var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// placed puts line and column before an error of the YAML parser.
func placed(err error) error {
	line, text := "1", err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, text = m[1], "yaml: "+text[len(m[0]):]
	}
	return fmt.Errorf("%s:1: %s", line, text)
}

// refuseAliases refuses aliases: a small file could stand for a large one.
func refuseAliases(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		return at(n, "aliases are not read")
	}
	for _, c := range n.Content {
		if err := refuseAliases(c); err != nil {
			return err
		}
	}
	return nil
}

func at(n *yaml.Node, format string, args ...any) error {
	return &placeError{line: n.Line, col: n.Column, message: fmt.Sprintf(format, args...)}
}

// members reads a mapping: each key by its reader. An unknown or repeated key is
// refused, and a missing one that is required.
func members(n *yaml.Node, readers map[string]func(*yaml.Node) error, required ...string) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected keys and values")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		read := readers[key.Value]
		switch {
		case read == nil:
			var known []string
			for k := range readers {
				known = append(known, k)
			}
			slices.Sort(known)
			return at(key, "unknown key %q%s: expected one of %s", key.Value, meant(key.Value, known), strings.Join(known, ", "))
		case seen[key.Value]:
			return at(key, "key %q comes twice", key.Value)
		}
		seen[key.Value] = true
		if err := read(n.Content[i+1]); err != nil {
			return err
		}
	}
	for _, k := range required {
		if !seen[k] {
			return at(n, "key %q is missing", k)
		}
	}
	return nil
}

// items reads a list.
func items(n *yaml.Node, read func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return at(n, "expected a list: each item begins with a dash, or all are in [ ]")
	}
	for _, c := range n.Content {
		if err := read(c); err != nil {
			return err
		}
	}
	return nil
}

// scalar reads a text.
func scalar(n *yaml.Node) (text, error) {
	if n.Kind != yaml.ScalarNode {
		return text{}, at(n, "expected a text")
	}
	t := text{value: n.Value, line: n.Line, col: n.Column}
	switch n.Style {
	case yaml.LiteralStyle:
		t.block = '|'
	case yaml.FoldedStyle:
		t.block = '>'
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		t.col++
	}
	return t, nil
}

// into reads a text into a string.
func into(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		t, err := scalar(n)
		*to = strings.TrimSpace(t.value)
		return err
	}
}

// reader reads a pack.
type reader struct {
	pack        *Pack
	set         map[string]string
	definitions map[string]text
	bits        map[string]int // of predicates, by source
	// controls and tests are read when the parameters are known.
	controls, tests, definitionsNode *yaml.Node
}

func (r *reader) read(n *yaml.Node) error {
	p := r.pack
	keep := func(to **yaml.Node) func(*yaml.Node) error {
		return func(n *yaml.Node) error { *to = n; return nil }
	}
	err := members(n, map[string]func(*yaml.Node) error{
		"pack":  func(n *yaml.Node) error { return identifier(n, &p.ID) },
		"title": into(&p.Title), "version": into(&p.Version), "description": into(&p.Description),
		"applies_from": func(n *yaml.Node) (err error) { p.AppliesFrom, err = date(n); return err },
		"retention":    r.retention, "parameters": r.parameters,
		"definitions": keep(&r.definitionsNode), "controls": keep(&r.controls), "tests": keep(&r.tests),
	}, "pack", "title", "version", "controls")
	if err != nil {
		return err
	}
	for id := range r.set {
		if err := p.isParameter(n, id); err != nil {
			return err
		}
	}
	constants := map[string]float64{}
	for _, param := range p.Parameters {
		if param.Value.Set {
			constants[param.ID] = param.Value.N
		}
	}
	if p.language, err = newLanguage(constants); err != nil {
		return err
	}
	if r.definitionsNode != nil {
		if err := r.define(r.definitionsNode); err != nil {
			return err
		}
	}
	if err := items(r.controls, r.control); err != nil {
		return err
	}
	if len(p.predicates) > maxPredicates {
		return at(r.controls, "a pack has at most %d different expressions, this one has %d", maxPredicates, len(p.predicates))
	}
	if r.tests != nil {
		return items(r.tests, r.test)
	}
	return nil
}

// maxPredicates is how many predicates a pack may have: a bit of a mark for each,
// and one that the machine needs for itself.
const maxPredicates = 63

func identifier(n *yaml.Node, to *string) error {
	t, err := scalar(n)
	if err != nil {
		return err
	}
	if !identifierPattern().MatchString(t.value) {
		return t.fail("%q is no name: 1 to 63 of a-z, 0-9, - and _, a letter first", t.value)
	}
	*to = t.value
	return nil
}

func identifierPattern() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`) }

func date(n *yaml.Node) (time.Time, error) {
	t, err := scalar(n)
	if err != nil {
		return time.Time{}, err
	}
	d, err := time.Parse(time.DateOnly, t.value)
	if err != nil {
		return d, t.fail("%q is no date: expected one like 2026-08-02", t.value)
	}
	return d, nil
}

func (r *reader) retention(n *yaml.Node) error {
	p := &r.pack.Retention
	return members(n, map[string]func(*yaml.Node) error{
		"days": func(n *yaml.Node) error { return whole(n, &p.Days, 0) },
		"why":  into(&p.Why),
		"tiers": func(n *yaml.Node) error {
			return items(n, func(n *yaml.Node) error {
				t, err := scalar(n)
				tier := hansard.Tier(t.value)
				if err == nil && tier.Rank() < 0 {
					err = t.fail("%q is no tier: expected one of debug, info, compliance, critical", t.value)
				}
				p.Tiers = append(p.Tiers, tier)
				return err
			})
		},
	}, "days", "tiers")
}

func whole(n *yaml.Node, to *int, least int) error {
	t, err := scalar(n)
	if err != nil {
		return err
	}
	v, err := strconv.Atoi(t.value)
	if err != nil || v < least {
		return t.fail("%q is no number from %d on", t.value, least)
	}
	*to = v
	return nil
}

func (r *reader) parameters(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected names with values")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		param := &Parameter{}
		if err := identifier(n.Content[i], &param.ID); err != nil {
			return err
		}
		if strings.Contains(param.ID, "-") {
			return at(n.Content[i], "the name of a parameter has no -: expressions use it")
		}
		err := members(n.Content[i+1], map[string]func(*yaml.Node) error{
			"description": into(&param.Description),
			"default":     func(n *yaml.Node) (err error) { param.Value, err = literal(n); return err },
		}, "description", "default")
		if err != nil {
			return err
		}
		if s, ok := r.set[param.ID]; ok {
			if param.Value, err = ParseValue(s); err != nil {
				return at(n.Content[i], "the value that is set for parameter %s: %v", param.ID, err)
			}
		}
		r.pack.Parameters = append(r.pack.Parameters, param)
		r.pack.named = append(r.pack.named, text{value: "parameter " + param.ID, line: n.Content[i].Line, col: n.Content[i].Column})
	}
	return nil
}

// isParameter refuses what is set, at n, and is no parameter of the pack.
func (p *Pack) isParameter(n *yaml.Node, id string) error {
	names := p.parameterNames()
	switch {
	case slices.Contains(names, id):
		return nil
	case len(names) == 0:
		return at(n, "%q is set, and the pack has no parameters", id)
	}
	return at(n, "%q is set, which is no parameter of the pack%s: it has %s", id, meant(id, names), strings.Join(names, ", "))
}

// ParseValue reads a value as packs and configurations write it.
func ParseValue(s string) (Value, error) {
	bad := fmt.Errorf("%q is no number, share (20%%) or span of time (24h, 7d)", s)
	if s == "null" || s == "" {
		return Value{}, nil
	}
	if share, ok := strings.CutSuffix(s, "%"); ok {
		n, err := strconv.ParseFloat(share, 64)
		if err != nil || n < 0 || n != n || n > 1e9 {
			return Value{}, bad
		}
		return Value{true, n / 100, "%"}, nil
	}
	if n, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64); err == nil {
		if n < 0 || n != n || n > 1<<53 {
			return Value{}, bad
		}
		return Value{true, n, ""}, nil
	}
	d, err := ParseSpan(s)
	if err != nil {
		return Value{}, bad
	}
	return Value{true, float64(d.Milliseconds()), "ms"}, nil
}

// ParseSpan reads a span of time: 90s, 24h, 7d.
func ParseSpan(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 100_000 {
			return 0, fmt.Errorf("%q is no span of time", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no span of time", s)
	}
	return d, nil
}

func literal(n *yaml.Node) (Value, error) {
	t, err := scalar(n)
	if err != nil {
		return Value{}, err
	}
	v, err := ParseValue(t.value)
	if err != nil {
		return v, t.fail("%v", err)
	}
	return v, nil
}

// value reads a value, or $name of a parameter.
func (r *reader) value(n *yaml.Node, to *Value) error {
	t, err := scalar(n)
	if err != nil {
		return err
	}
	name, isParam := strings.CutPrefix(t.value, "$")
	if !isParam {
		*to, err = literal(n)
		return err
	}
	for _, p := range r.pack.Parameters {
		if p.ID == name {
			r.pack.usedParameters = append(r.pack.usedParameters, name)
			*to = p.Value
			return nil
		}
	}
	names := r.pack.parameterNames()
	if len(names) == 0 {
		return t.fail("there is no parameter %q: the pack has none", name)
	}
	return t.fail("there is no parameter %q%s: the pack has %s", name, meant(name, names), strings.Join(names, ", "))
}

// parameterNames lists the names of the parameters.
func (p *Pack) parameterNames() (names []string) {
	for _, param := range p.Parameters {
		names = append(names, param.ID)
	}
	return names
}

// meant says which of some names may have been meant.
func meant(written string, names []string) string {
	near := query.Nearest(written, names)
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + near[0] + "?)"
}

// span reads a span of time, or a parameter that is one.
func (r *reader) span(n *yaml.Node, to *time.Duration) error {
	var v Value
	if err := r.value(n, &v); err != nil {
		return err
	}
	if v.Set && v.Unit != "ms" {
		return at(n, "%s is no span of time: write 90s, 12h or 7d", v)
	}
	*to = time.Duration(v.N) * time.Millisecond
	return nil
}

// define reads the definitions: names for expressions.
func (r *reader) define(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected names with expressions")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var name string
		if err := identifier(n.Content[i], &name); err != nil {
			return err
		}
		t, err := scalar(n.Content[i+1])
		if err != nil {
			return err
		}
		p, err := r.pack.language.compile(t)
		if err != nil {
			return err
		}
		if err := r.pack.language.define(name, p); err != nil {
			return at(n.Content[i], "%v", err)
		}
		r.definitions[name] = t
		r.pack.Definitions = append(r.pack.Definitions, Definition{name, oneLine(t.value)})
		r.pack.named = append(r.pack.named, text{value: "definition " + name, line: n.Content[i].Line, col: n.Content[i].Column})
	}
	return nil
}

// expression reads an expression, or the name of a definition, and returns the bit
// of its predicate.
func (r *reader) expression(n *yaml.Node) (int, error) {
	t, err := scalar(n)
	if err != nil {
		return 0, err
	}
	if d, ok := r.definitions[strings.TrimSpace(t.value)]; ok {
		r.pack.language.used[strings.TrimSpace(t.value)] = true
		t = d
	}
	if bit, ok := r.bits[t.value]; ok {
		return bit, nil
	}
	p, err := r.pack.language.compile(t)
	if err != nil {
		return 0, err
	}
	bit := len(r.pack.predicates)
	r.bits[t.value] = bit
	r.pack.predicates = append(r.pack.predicates, p)
	return bit, nil
}

func (r *reader) predicate(to **predicate) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		bit, err := r.expression(n)
		if err == nil {
			*to = r.pack.predicates[bit]
		}
		return err
	}
}
