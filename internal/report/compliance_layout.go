package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard/internal/policy"
)

// verdictIcon returns the sign of a verdict in documents.
func verdictIcon(v policy.Verdict) string {
	switch v {
	case policy.Pass:
		return "✅"
	case policy.NearLimit:
		return "⚠️"
	case policy.Fail:
		return "❌"
	case policy.NotApplicable:
		return "➖"
	}
	return "❔"
}

// verdictWords returns a verdict as people read it.
func verdictWords(v policy.Verdict) string { return strings.ReplaceAll(string(v), "_", " ") }

// outcome says in words what the checks come to.
func (r *ComplianceReport) outcome() string {
	counts := map[policy.Verdict]int{}
	for _, c := range r.Checks {
		counts[c.Verdict]++
	}
	word := "cannot be judged"
	switch {
	case r.Compliant != nil && *r.Compliant:
		word = "compliant"
	case r.Compliant != nil:
		word = "not compliant"
	}
	var parts []string
	for _, v := range policy.Verdicts() {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], verdictWords(v)))
		}
	}
	return word + " (" + strings.Join(parts, ", ") + ")"
}

// layout lays the report out for people.
func (r *ComplianceReport) layout() layout {
	l := r.Head.layout("Compliance")
	l.Facts = append([]fact{{"Outcome", r.outcome()}}, l.Facts...)
	l.Notes = append(r.notes(), l.Notes...)
	for _, p := range r.Packs {
		l.Facts = append(l.Facts, fact{"Pack", fmt.Sprintf("%s (%s, version %s)", p.Title, p.Pack, p.Version)})
	}
	l.add("Checks", r.checksSection())
	l.add("Why", r.whySection())
	if len(r.Recommendations) > 0 {
		l.Sections = append(l.Sections, section{Title: "Recommendations", Numbered: r.Recommendations})
	}
	for _, name := range r.order {
		c := r.Checks[name]
		s := entriesSection(c)
		s.Note, s.All = "These are "+c.EntriesMean+".", c.EntriesTotal
		l.add("Entries: "+c.Title, s)
	}
	l.add("What was checked", r.conditionsSection())
	l.add("Sources", r.citesSection())
	l.add("Parameters", r.parametersSection())
	r.end(&l)
	return l
}

func (r *ComplianceReport) checksSection() section {
	s := section{Columns: []column{
		{Title: "Check"}, {Title: "", Icon: true}, {Title: "Verdict"}, {Title: "Figure", Numeric: true}, {Title: "Threshold"}, {Title: "Of what"},
		{Title: searchColumn, Code: true},
	}}
	for _, name := range r.order {
		c := r.Checks[name]
		s.Rows = append(s.Rows, row{Cells: []string{
			c.Title, verdictIcon(c.Verdict), verdictWords(c.Verdict), c.FigureText, c.ThresholdText, or(c.Detail, "-"), c.Search,
		}})
	}
	return s
}

func (r *ComplianceReport) whySection() section {
	s := section{Columns: []column{{Title: "Check"}, {Title: "Verdict because"}}}
	for _, name := range r.order {
		c := r.Checks[name]
		s.Rows = append(s.Rows, row{Cells: []string{c.Title, c.Why}})
	}
	return s
}

func entriesSection(c Check) section {
	s := section{Columns: []column{{Title: "Event"}, {Title: "Time"}, {Title: "Agent"}, {Title: "Action"}, {Title: "Session"}, {Title: "Entry"}}}
	for _, e := range c.Entries {
		what := or(or(e.Action, e.ToolName), strings.TrimPrefix(e.EventType, "agent."))
		s.Rows = append(s.Rows, row{Cells: []string{
			e.EventID, e.Timestamp.Format("2006-01-02 15:04:05"), or(e.AgentName, "-"), what, or(e.SessionID, "-"), fmt.Sprintf("%s %d", e.Log, e.Index),
		}})
	}
	return s
}

func (r *ComplianceReport) conditionsSection() section {
	s := section{Wide: true, Columns: []column{{Title: "Check"}, {Title: "Name"}, {Title: "Condition"}}}
	for _, name := range r.order {
		s.Rows = append(s.Rows, row{Cells: []string{r.Checks[name].Title, name, r.Checks[name].Condition}})
	}
	return s
}

func (r *ComplianceReport) citesSection() section {
	s := section{Wide: true, Columns: []column{{Title: "Check"}, {Title: "Source"}, {Title: "In our words"}}}
	for _, name := range r.order {
		for _, c := range r.Checks[name].Cites {
			s.Rows = append(s.Rows, row{Cells: []string{r.Checks[name].Title, strings.TrimSpace(c.Source + " " + c.Article), c.Gist}})
		}
	}
	return s
}

func (r *ComplianceReport) parametersSection() section {
	s := section{Wide: true, Columns: []column{{Title: "Parameter"}, {Title: "Pack"}, {Title: "Value"}}}
	for _, p := range r.Packs {
		for _, name := range slices.Sorted(maps.Keys(p.Parameters)) {
			s.Rows = append(s.Rows, row{Cells: []string{name, p.Pack, p.Parameters[name]}})
		}
	}
	return s
}

// notes says what a reader must know to read the verdicts right.
func (r *ComplianceReport) notes() []string {
	var notes []string
	for _, p := range r.Packs {
		if p.Rehearsal {
			notes = append(notes, fmt.Sprintf("%s applies from %s: this is a rehearsal, judged as if it applied already.", p.Title, *p.AppliesFrom))
		}
	}
	for _, c := range r.Checks {
		if c.Verdict == policy.InsufficientEvidence {
			notes = append(notes, "Insufficient evidence is no pass: what the check needs is not on record.")
			break
		}
	}
	notes = append(notes, "A verdict says what the record shows. It is no legal advice, and no certificate.")
	return notes
}

// figures lists the report's figures for CSV.
func (r *ComplianceReport) figures() ([]figure, error) {
	list := []figure{
		{name: "report", value: r.Report}, {name: "tenant", value: r.Tenant}, {name: "filter", value: r.Filter},
		{name: "period.start", value: instant(r.Period.Start)}, {name: "period.end", value: instant(r.Period.End)},
		{name: "generated_at", value: instant(&r.GeneratedAt)},
	}
	last := ""
	if r.LastPosition != nil {
		last = strconv.FormatInt(*r.LastPosition, 10)
	}
	list = append(list, figure{name: "last_position", value: last}, figure{name: "compliant", value: truth(r.Compliant)})
	for _, name := range r.order {
		list = append(list, r.Checks[name].figures("checks."+name)...)
	}
	for i, text := range r.Recommendations {
		list = append(list, figure{name: fmt.Sprintf("recommendations.%d", i+1), value: text})
	}
	for _, c := range r.Checkpoints {
		list = append(list, figure{name: "checkpoints." + c.Log + ".size", value: strconv.FormatUint(c.Size, 10)}, figure{name: "checkpoints." + c.Log + ".root", value: c.Root})
	}
	return list, nil
}

// figures lists the figures of a check.
func (c Check) figures(name string) []figure {
	decimal := func(f *float64) string {
		if f == nil {
			return ""
		}
		return strconv.FormatFloat(*f, 'f', -1, 64)
	}
	list := []figure{
		{name + ".verdict", string(c.Verdict), c.Search}, {name + ".passed", truth(c.Passed), c.Search},
		{name + ".figure", decimal(c.Figure), c.Search}, {name + ".threshold", decimal(c.Threshold), ""}, {name + ".unit", c.Unit, ""},
		{name + ".members", strconv.FormatInt(c.Members, 10), c.Search}, {name + ".held", strconv.FormatInt(c.Held, 10), ""},
		{name + ".open", strconv.FormatInt(c.Open, 10), ""}, {name + ".unsure", strconv.FormatInt(c.Unsure, 10), ""},
		{name + ".why", c.Why, ""}, {name + ".recommendation", c.Recommendation, ""}, {name + ".entries_total", strconv.FormatInt(c.EntriesTotal, 10), ""},
	}
	for i, e := range c.Entries {
		list = append(list, figure{fmt.Sprintf("%s.entries.%d", name, i+1), e.EventID, fmt.Sprintf("position:%d", e.Position)})
	}
	return list
}

// truth writes true, false or nothing.
func truth(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}
