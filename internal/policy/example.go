package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Failure is a test of a pack that did not go as it says, with its place in the
// file.
type Failure struct {
	Test      string
	Line, Col int
	Message   string
}

// String returns line, column, the test's name and the message.
func (f Failure) String() string {
	return fmt.Sprintf("%d:%d: test %q: %s", f.Line, f.Col, f.Test, f.Message)
}

// RunTests runs the tests in the pack and returns what failed, in the order of the
// file.
func (p *Pack) RunTests() []Failure {
	var failures []Failure
	for _, t := range p.Tests {
		fail := func(line, col int, format string, args ...any) {
			failures = append(failures, Failure{t.Name, line, col, fmt.Sprintf(format, args...)})
		}
		set := p
		if len(t.parameters) > 0 {
			again, err := parse(p.file, t.parameters)
			if err != nil {
				fail(t.line, t.col, "%v", err)
				continue
			}
			set = again
		}
		results := EvaluateEntries(set, t.events, t.facts, t.now)
		t.check(results, fail)
	}
	slices.SortStableFunc(failures, func(a, b Failure) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) })
	return failures
}

// check holds results against what the test expects.
func (t *Test) check(results []*Result, fail func(line, col int, format string, args ...any)) {
	of := func(control text) *Result {
		i := slices.IndexFunc(results, func(r *Result) bool { return r.Control.ID == control.value })
		return results[i]
	}
	for _, x := range t.expect {
		if r := of(x.control); r.Verdict != x.verdict {
			fail(x.control.line, x.control.col, "%s is %s, not %s: %s", x.control.value, r.Verdict, x.verdict, r.Why)
		}
	}
	for _, x := range t.findings {
		ids := []string{}
		for _, e := range of(x.control).Found {
			ids = append(ids, e.EventID)
		}
		if !slices.Equal(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(x.ids))) {
			fail(x.control.line, x.control.col, "%s names %s, not %s", x.control.value, list(ids), list(x.ids))
		}
	}
}

func list(ids []string) string {
	if len(ids) == 0 {
		return "nothing"
	}
	return strings.Join(ids, ", ")
}

// Untested lists the verdicts of controls that no test of the pack expects, as
// "control: verdict, verdict"; nil: each control has a test for each verdict that
// it can have.
func (p *Pack) Untested() []string {
	tested := map[string]bool{}
	for _, t := range p.Tests {
		for _, x := range t.expect {
			tested[x.control.value+" "+string(x.verdict)] = true
		}
	}
	var all []string
	for _, c := range p.Controls {
		var lacking []string
		for _, v := range c.verdicts() {
			if !tested[c.ID+" "+string(v)] {
				lacking = append(lacking, string(v))
			}
		}
		if len(lacking) > 0 {
			all = append(all, c.ID+": "+strings.Join(lacking, ", "))
		}
	}
	return all
}

// Unused lists the parameters and definitions that nothing uses, each with line and
// column.
func (p *Pack) Unused() (all []string) {
	for _, n := range p.named {
		_, name, _ := strings.Cut(n.value, " ")
		if !p.language.used[name] && !slices.Contains(p.usedParameters, name) {
			all = append(all, fmt.Sprintf("%d:%d: nothing uses the %s", n.line, n.col, n.value))
		}
	}
	return all
}

// verdicts lists the verdicts that a control can have.
func (c *Control) verdicts() []Verdict {
	all := []Verdict{Pass, Fail}
	if c.threshold.Near.Set {
		all = append(all, NearLimit)
	}
	switch {
	case c.kind == kindShare, c.kind == kindBudget:
		all = append(all, NotApplicable, InsufficientEvidence)
	case c.kind == kindRetention, c.recorded != nil:
		all = append(all, InsufficientEvidence)
	}
	return all
}
