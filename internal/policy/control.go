package policy

import (
	"regexp"
	"strings"

	"github.com/hansardhq/hansard/internal/query"
)

// Limit returns the value that the control's figure is held against; not set where
// there is none.
func (c *Control) Limit() Value {
	if c.threshold.AtLeast.Set {
		return c.threshold.AtLeast
	}
	return c.threshold.AtMost
}

// LimitText returns the threshold in words.
func (c *Control) LimitText() string {
	switch c.kind {
	case kindBudget:
		if !c.budget.limit.Set {
			return "not set"
		}
		unit := " tokens"
		if c.budget.of == "cost" {
			unit = " dollars"
		}
		return "at most " + number(c.budget.limit.N) + unit
	case kindRetention:
		return "at least " + number(c.days.N) + " days"
	}
	return c.threshold.String()
}

// Near returns the value from which on the figure is near its limit.
func (c *Control) Near() Value { return c.threshold.Near }

// Alert returns how what violates the control is reported live; nil: not at all.
func (c *Control) Alert() *Alert { return c.alert }

// Reason says what a member is reported for.
func (c *Control) Reason() string { return or(c.reason, "the condition of the control does not hold") }

// FoundText says what the entries are that a result names.
func (c *Control) FoundText() string {
	switch {
	case c.kind == kindCount:
		return "the " + c.unit + " that were counted"
	case c.threshold.AtMost.Set:
		return "the " + c.unit + " that count: " + c.Reason()
	}
	return "the " + c.unit + " that do not hold: " + c.Reason()
}

// Members returns the node that selects what is judged, nil where the search
// language cannot say it.
func (c *Control) Members() query.Node {
	p := c.each
	if p == nil {
		p = c.count
	}
	if p == nil || !p.exact {
		return nil
	}
	return p.node
}

// Say says in words what the control checks.
func (c *Control) Say(p *Pack) string {
	switch c.kind {
	case kindCount:
		return "events with " + oneLine(c.count.source) + " are " + c.threshold.String()
	case kindBudget:
		per := "in the period"
		if c.budget.per != "period" {
			per = "of each " + c.budget.per
		}
		limit := c.LimitText()
		if !c.budget.limit.Set {
			limit = "within a budget, which is not set"
		}
		return "the " + c.budget.of + " that model calls use " + per + " are " + limit
	case kindRetention:
		return "entries are kept " + c.LimitText()
	}
	of := "each event"
	if len(c.per) > 0 {
		of = "each of the " + c.unit + " with an event"
	}
	return of + " with " + oneLine(c.each.source) + ": " + c.must.say(p) + "; " + c.threshold.String() + " of them"
}

// Where lists the definitions that the control's expressions name, as Say and others
// write them.
func (c *Control) Where(p *Pack) (named []Definition) {
	var sources []string
	for _, asked := range c.predicates(p) {
		sources = append(sources, asked.source)
	}
	for _, d := range p.Definitions {
		if regexp.MustCompile(`\b` + d.ID + `\b`).MatchString(strings.Join(sources, "\n")) {
			named = append(named, d)
		}
	}
	return named
}

// Needs says in words what must be on record before the control says anything; "":
// nothing.
func (c *Control) Needs() string {
	if c.recorded == nil {
		return ""
	}
	return "an event on record with " + oneLine(c.recorded.source) + "; else: " + or(c.notRecord, "the record holds no event of the kind that the check needs")
}

// Doubt says in words which events nobody can tell of whether they are judged; "":
// there are none.
func (c *Control) Doubt() string {
	if c.unsure == nil {
		return ""
	}
	return "events with " + oneLine(c.unsure.source) + " may belong to them; up to " + percent(c.tolerance) + " of these do not matter"
}

// Recommendation returns what to do at a verdict; "": nothing.
func (c *Control) Recommendation(v Verdict) string { return c.recommend[v] }
