package policy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// control reads one control.
func (r *reader) control(n *yaml.Node) error {
	c := &Control{recommend: map[Verdict]string{}, tolerance: 0.05}
	var must, per, threshold *yaml.Node
	tolerance := Value{}
	err := members(n, map[string]func(*yaml.Node) error{
		"id":    func(n *yaml.Node) error { return identifier(n, &c.ID) },
		"title": into(&c.Title), "unit": into(&c.unit), "reason": into(&c.reason),
		"cites": func(n *yaml.Node) error { return items(n, c.cite) },
		"each":  r.predicate(&c.each), "unsure": r.predicate(&c.unsure), "recorded": r.predicate(&c.recorded),
		"not_recorded": into(&c.notRecord), "count": r.predicate(&c.count),
		"per":          func(n *yaml.Node) error { per = n; return nil },
		"must":         func(n *yaml.Node) error { must = n; return nil },
		"quiet":        func(n *yaml.Node) error { return r.span(n, &c.quiet) },
		"budget":       func(n *yaml.Node) error { return r.budget(n, c) },
		"keep_days":    func(n *yaml.Node) error { return r.value(n, &c.days) },
		"threshold":    func(n *yaml.Node) error { threshold = n; return r.threshold(n, &c.threshold) },
		"unsure_up_to": func(n *yaml.Node) error { return r.value(n, &tolerance) },
		"recommend":    func(n *yaml.Node) error { return c.recommendations(n) },
		"alert":        func(n *yaml.Node) error { return c.alerts(n) },
	}, "id", "title")
	if err != nil {
		return err
	}
	if tolerance.Set {
		c.tolerance = tolerance.N
	}
	if r.pack.Find(c.ID) != nil {
		return at(n, "there are two controls %q", c.ID)
	}
	if per != nil {
		if err := r.columns(per, &c.per); err != nil {
			return err
		}
	}
	if must != nil {
		leaves := 0
		if c.must, err = r.condition(must, len(c.per) > 0, &leaves); err != nil {
			return err
		}
	}
	if err := c.settle(n); err != nil {
		return err
	}
	if threshold != nil {
		if err := c.fits(threshold); err != nil {
			return err
		}
	}
	r.pack.Controls = append(r.pack.Controls, c)
	return nil
}

// settle finds out the kind of a control and refuses what does not go together.
func (c *Control) settle(n *yaml.Node) error {
	kinds := 0
	for k, given := range map[kind]bool{kindShare: c.must != nil, kindCount: c.count != nil, kindBudget: c.budget != nil, kindRetention: c.days.Set} {
		if given {
			c.kind, kinds = k, kinds+1
		}
	}
	switch {
	case kinds != 1:
		return at(n, "control %q: expected one of must, count, budget, keep_days", c.ID)
	case c.kind == kindShare && c.each == nil:
		return at(n, "control %q: key \"each\" is missing", c.ID)
	case c.kind != kindShare && (c.each != nil || c.unsure != nil || c.alert != nil || len(c.per) > 0):
		return at(n, "control %q: each, per, unsure and alert go with must", c.ID)
	case c.quiet > 0 && len(c.per) == 0:
		return at(n, "control %q: quiet goes with per", c.ID)
	case c.alert != nil && len(c.per) > 0:
		return at(n, "control %q: an alert is about single events, not about groups", c.ID)
	case c.threshold.AtLeast.Set && c.threshold.AtMost.Set:
		return at(n, "control %q: at_least or at_most, not both", c.ID)
	}
	if c.kind == kindShare && !c.threshold.AtLeast.Set && !c.threshold.AtMost.Set {
		c.threshold.AtLeast = Value{true, 1, "%"}
	}
	if c.kind == kindBudget {
		c.threshold.AtMost = Value{true, 1, "%"}
	}
	if c.kind == kindRetention {
		c.threshold.AtLeast = c.days
	}
	if c.unit == "" {
		c.unit = "events"
		if len(c.per) > 0 {
			c.unit = strings.TrimSuffix(strings.TrimSuffix(c.per[0], "_id"), "_name") + "s"
		}
	}
	return nil
}

// fits refuses a threshold, which stands at n, that is not in the unit of the figure.
func (c *Control) fits(n *yaml.Node) error {
	values := map[string]Value{"at_least": c.threshold.AtLeast, "at_most": c.threshold.AtMost, "near": c.threshold.Near}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, place := n.Content[i].Value, n.Content[i+1]
		v := values[name]
		share := c.kind == kindShare || c.kind == kindBudget
		switch {
		case !v.Set:
		case v.Unit == "ms":
			return at(place, "%s: %s is a span of time, which no figure is", name, v)
		case share && v.N > 1:
			return at(place, "%s: %s is more than all: expected a share, from 0%% to 100%%", name, v)
		case !share && v.Unit == "%":
			return at(place, "%s: %s is a share: expected a number", name, v)
		}
	}
	return nil
}

func (c *Control) cite(n *yaml.Node) error {
	var cite Citation
	err := members(n, map[string]func(*yaml.Node) error{
		"source": into(&cite.Source), "article": into(&cite.Article), "gist": into(&cite.Gist),
	}, "source", "gist")
	c.Cites = append(c.Cites, cite)
	return err
}

func (c *Control) recommendations(n *yaml.Node) error {
	readers := map[string]func(*yaml.Node) error{}
	for _, v := range Verdicts() {
		readers[string(v)] = func(n *yaml.Node) error {
			t, err := scalar(n)
			c.recommend[v] = strings.TrimSpace(t.value)
			return err
		}
	}
	return members(n, readers)
}

func (c *Control) alerts(n *yaml.Node) error {
	c.alert = &Alert{Type: hansard.TypeCompliance, Severity: "medium"}
	return members(n, map[string]func(*yaml.Node) error{
		"type":     oneOf(&c.alert.Type, hansard.TypeCompliance, hansard.TypeSecurity),
		"severity": oneOf(&c.alert.Severity, "low", "medium", "high"),
	})
}

func oneOf(to *string, allowed ...string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		t, err := scalar(n)
		if err == nil && !slices.Contains(allowed, t.value) {
			err = t.fail("%q%s: expected one of %s", t.value, meant(t.value, allowed), strings.Join(allowed, ", "))
		}
		*to = t.value
		return err
	}
}

func (r *reader) budget(n *yaml.Node, c *Control) error {
	c.budget = &budget{}
	return members(n, map[string]func(*yaml.Node) error{
		"of":    oneOf(&c.budget.of, "tokens", "cost"),
		"per":   oneOf(&c.budget.per, "agent", "task", "session", "user", "model", "day", "period"),
		"limit": func(n *yaml.Node) error { return r.value(n, &c.budget.limit) },
	}, "of", "per", "limit")
}

func (r *reader) threshold(n *yaml.Node, t *Threshold) error {
	return members(n, map[string]func(*yaml.Node) error{
		"at_least": func(n *yaml.Node) error { return r.value(n, &t.AtLeast) },
		"at_most":  func(n *yaml.Node) error { return r.value(n, &t.AtMost) },
		"near":     func(n *yaml.Node) error { return r.value(n, &t.Near) },
	})
}

// columns reads one column or a list of them.
func (r *reader) columns(n *yaml.Node, to *[]string) error {
	read := func(n *yaml.Node) error {
		t, err := scalar(n)
		if err != nil {
			return err
		}
		if _, err := r.column(t); err != nil {
			return err
		}
		*to = append(*to, t.value)
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		return items(n, read)
	}
	return read(n)
}

// column returns the place of a text column among the keys of a mark.
func (r *reader) column(t text) (int, error) {
	fields := r.pack.language.fields
	if f, ok := fields[t.value]; ok && compares(f) {
		return r.pack.column(t.value), nil
	}
	var names []string
	for name, f := range fields {
		if compares(f) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return 0, t.fail("%q is no field to compare events by%s: expected one that holds a short text, such as session_id, trace_id, tool_call_id or agent_name", t.value, meant(t.value, names))
}

// compares reports whether events can be compared by a field.
func compares(f query.Field) bool {
	return (f.Kind == query.KindString || f.Kind == query.KindPerson) && !f.Content
}

// column returns the place of a column, adding it if need be.
func (p *Pack) column(name string) int {
	if i := slices.Index(p.columns, name); i >= 0 {
		return i
	}
	p.columns = append(p.columns, name)
	return len(p.columns) - 1
}

// maxLeaves bounds the leaves of one condition.
const maxLeaves = 32

// condition reads a condition: one operator. grouped says that members are groups.
func (r *reader) condition(n *yaml.Node, isGroup bool, leaves *int) (*condition, error) {
	if n.Kind == yaml.ScalarNode { // an expression alone
		n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column, Content: []*yaml.Node{
			{Kind: yaml.ScalarNode, Value: string(opIs), Line: n.Line, Column: n.Column}, n}}
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return nil, at(n, "expected one operator: is, exists, absent, precedes, within, count, rate, sequence, any, all or not")
	}
	c := &condition{op: op(n.Content[0].Value), leaf: -1, most: -1}
	arg := n.Content[1]
	switch c.op {
	case opAny, opAll:
		err := items(arg, func(n *yaml.Node) error { return r.kid(c, n, isGroup, leaves) })
		if err == nil && len(c.kids) == 0 {
			err = at(arg, "%s of nothing", c.op)
		}
		return c, err
	case opNot:
		return c, r.kid(c, arg, isGroup, leaves)
	}
	ofGroups := []op{opExists, opAbsent, opCount, opRate, opSequence}
	ofEvents := []op{opIs, opPrecedes, opWithin, opRate, opSequence}
	switch {
	case !slices.Contains(append(ofGroups, ofEvents...), c.op):
		own := ofEvents
		if isGroup {
			own = ofGroups
		}
		var names []string
		for _, o := range append(own, opAny, opAll, opNot) {
			names = append(names, string(o))
		}
		return nil, at(n.Content[0], "unknown operator %q%s: expected one of %s", c.op, meant(string(c.op), names), strings.Join(names, ", "))
	case isGroup && !slices.Contains(ofGroups, c.op):
		return nil, at(n.Content[0], "%s is about single events: leave \"per\" out", c.op)
	case !isGroup && !slices.Contains(ofEvents, c.op):
		return nil, at(n.Content[0], "%s is about groups of events: say of which with \"per\"", c.op)
	}
	if *leaves == maxLeaves {
		return nil, at(n, "a condition has at most %d operators", maxLeaves)
	}
	c.leaf = *leaves
	*leaves++
	return c, r.leaf(c, arg, isGroup)
}

func (r *reader) kid(c *condition, n *yaml.Node, isGroup bool, leaves *int) error {
	k, err := r.condition(n, isGroup, leaves)
	c.kids = append(c.kids, k)
	return err
}

// leaf reads what an operator is told.
func (r *reader) leaf(c *condition, n *yaml.Node, isGroup bool) error {
	event := func(n *yaml.Node) error {
		bit, err := r.expression(n)
		c.events = append(c.events, bit)
		return err
	}
	if n.Kind == yaml.ScalarNode && (c.op == opIs || c.op == opExists || c.op == opAbsent) {
		return event(n)
	}
	window := func(n *yaml.Node) error { return r.span(n, &c.window) }
	joins := map[string]func(*yaml.Node) error{
		"event": event, "within": window,
		"same":   func(n *yaml.Node) error { return r.same(n, &c.join) },
		"agree":  func(n *yaml.Node) error { return r.pairs(n, &c.join.agree) },
		"differ": func(n *yaml.Node) error { return r.pairs(n, &c.join.differ) },
	}
	least, most := func(n *yaml.Node) error { return whole(n, &c.least, 0) }, func(n *yaml.Node) error { return whole(n, &c.most, 0) }
	var err error
	switch c.op {
	case opIs, opExists, opAbsent:
		return members(n, map[string]func(*yaml.Node) error{"event": event}, "event")
	case opPrecedes:
		err = members(n, joins, "event", "same")
	case opWithin:
		err = members(n, joins, "event", "same", "within")
	case opCount:
		err = members(n, map[string]func(*yaml.Node) error{"event": event, "at_least": least, "at_most": most}, "event")
	case opRate:
		keys := map[string]func(*yaml.Node) error{"event": event, "per": window, "at_most": most}
		if !isGroup {
			keys["same"] = joins["same"]
		}
		err = members(n, keys, "event", "per", "at_most")
	case opSequence:
		keys := map[string]func(*yaml.Node) error{"events": func(n *yaml.Node) error { return items(n, event) }, "within": window}
		if !isGroup {
			keys["same"] = joins["same"]
		}
		if err = members(n, keys, "events"); err == nil && len(c.events) < 2 {
			err = at(n, "a sequence has at least two events")
		}
	}
	if err == nil && !isGroup && len(c.join.same) == 0 && c.op != opCount {
		err = at(n, "key \"same\" is missing: it says which events belong together")
	}
	return err
}

// same reads alternatives of pairs: a list of lists, or one list.
func (r *reader) same(n *yaml.Node, j *join) error {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return at(n, "expected a list of fields, or a list of such lists")
	}
	if n.Content[0].Kind != yaml.SequenceNode {
		var pairs []pair
		err := r.pairs(n, &pairs)
		j.same = append(j.same, pairs)
		return err
	}
	return items(n, func(n *yaml.Node) error {
		var pairs []pair
		if err := r.pairs(n, &pairs); err != nil {
			return err
		}
		if len(pairs) == 0 {
			return at(n, "the same what?")
		}
		j.same = append(j.same, pairs)
		return nil
	})
}

// maxPairs bounds the pairs that agree or differ.
const maxPairs = 4

// pairs reads fields: the same of both, or "member=event".
func (r *reader) pairs(n *yaml.Node, to *[]pair) error {
	err := items(n, func(n *yaml.Node) error {
		t, err := scalar(n)
		if err != nil {
			return err
		}
		member, event, two := strings.Cut(t.value, "=")
		if !two {
			event = member
		}
		var x pair
		t.value = member
		if x.member, err = r.column(t); err != nil {
			return err
		}
		t.value = event
		if x.event, err = r.column(t); err != nil {
			return err
		}
		*to = append(*to, x)
		return nil
	})
	if err == nil && len(*to) > maxPairs {
		err = at(n, "at most %d fields", maxPairs)
	}
	return err
}

// bit returns the place of a predicate.
func (p *Pack) bit(of *predicate) int {
	i := slices.Index(p.predicates, of)
	if i < 0 {
		panic(fmt.Sprintf("policy: %q is no predicate of the pack", of.source))
	}
	return i
}
