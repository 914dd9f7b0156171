package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// overview is the title of the section with the figures of a report, and
// searchColumn the title of the column with their searches.
const (
	overview     = "Overview"
	searchColumn = "Search"
)

// maxRows bounds the tables of documents; the JSON and CSV forms hold all.
const maxRows = 50

// layout lays the summary out for people.
func (r *SummaryReport) layout() layout {
	l := layout{
		Title: "Summary — " + r.Tenant,
		Facts: []fact{
			{"Period", r.Period.text()},
			{"Tenant", r.Tenant},
			{"Filter", or(r.Filter, "none")},
			{"Generated", r.GeneratedAt.Format(stampLayout)},
		},
		Sections: []section{r.overview()},
		Notes:    r.notes(),
	}
	if r.LastPosition != nil {
		l.Facts = append(l.Facts, fact{"Up to position", trace.Count(*r.LastPosition)})
	}
	l.add("Top agents", r.talliesSection("Agent", "top_agents", r.TopAgents))
	l.add("Events by type", r.talliesSection("Type", "by_type", r.ByType))
	l.add("Events by tier", r.talliesSection("Tier", "by_tier", r.ByTier))
	l.add("Models", r.models())
	l.add("Losses", r.lossSection())
	missing := r.missing()
	missing.Note = "A kind that was never seen is not always a fault: an agent that never failed has no error."
	l.add("Kinds never seen", missing)
	l.add("Checkpoints", checkpointSection(r.Checkpoints))
	return l
}

// add adds a section that has rows.
func (l *layout) add(title string, s section) {
	if len(s.Rows) == 0 {
		return
	}
	if all := max(int64(len(s.Rows)), s.All); all > maxRows {
		s.Rows = s.Rows[:min(len(s.Rows), maxRows)]
		title += fmt.Sprintf(" (the first %d of %s)", len(s.Rows), trace.Count(all))
	}
	s.Title = title
	l.Sections = append(l.Sections, s)
}

// all adds a section that has rows, with all of them.
func (l *layout) all(title string, s section) {
	if s.Title = title; len(s.Rows) > 0 {
		l.Sections = append(l.Sections, s)
	}
}

// overview is the section with the figures of the whole.
func (r *SummaryReport) overview() section {
	s := section{Title: overview, Columns: []column{{Title: "Figure"}, {Title: "Value", Numeric: true}, {Title: searchColumn, Code: true}}}
	add := func(label, figure, value string) {
		s.Rows = append(s.Rows, row{Cells: []string{label, value, r.Searches[figure]}})
	}
	n := trace.Count
	add("Events", "total_events", n(r.TotalEvents))
	add("Errors", "total_errors", n(r.TotalErrors))
	add("Error rate", "total_errors", r.ErrorRate)
	add("Traces", "total_traces", n(r.TotalTraces))
	add("Invocations", "total_invocations", n(r.TotalInvocations))
	add("Tool calls", "total_tool_calls", n(r.TotalToolCalls))
	add("Tool calls that erred", "tool_call_errors", n(r.ToolCallErrors))
	add("Handoffs", "total_handoffs", n(r.TotalHandoffs))
	add("Human escalations", "total_escalations", n(r.TotalEscalations))
	add("Active agents", "agents_active", n(r.AgentsActive))
	add("Tokens", "tokens", known(r.Tokens.Total))
	add("Input tokens", "tokens.input_tokens", known(r.Tokens.Input))
	add("Output tokens", "tokens.output_tokens", known(r.Tokens.Output))
	add("Cached tokens read", "tokens.cache_read_tokens", known(r.Tokens.CacheRead))
	add("Cost", "cost_usd", r.cost(r.CostUSD, r.UnpricedCalls > 0))
	add("Unpriced calls", "unpriced_calls", n(r.UnpricedCalls))
	add("Invented times", "synthetic_times", n(r.SyntheticTimes))
	return s
}

func (r *SummaryReport) talliesSection(name, figure string, tallies []Tally) section {
	s := section{Columns: []column{{Title: name}, {Title: "Events", Numeric: true}, {Title: "Share", Numeric: true}, {Title: searchColumn, Code: true}}}
	for _, t := range tallies {
		s.Rows = append(s.Rows, row{
			Cells: []string{t.Name, trace.Count(t.N), percent(t.N, r.TotalEvents), r.Searches[figure+"."+t.Name]},
			Share: int(max(1, 100*float64(t.N)/float64(r.TotalEvents))),
		})
	}
	return s
}

func (r *SummaryReport) models() section {
	s := section{Columns: []column{
		{Title: "Model"}, {Title: "Tokens", Numeric: true}, {Title: "Input", Numeric: true}, {Title: "Output", Numeric: true},
		{Title: "Cost", Numeric: true}, {Title: searchColumn, Code: true},
	}}
	for _, m := range r.ByModel {
		s.Rows = append(s.Rows, row{Cells: []string{
			or(m.Model, "(not named)"), known(m.Tokens.Total), known(m.Tokens.Input), known(m.Tokens.Output),
			r.cost(m.CostUSD, m.Tokens.Total.Set), r.Searches["by_model."+m.Model],
		}})
	}
	return s
}

func (r *SummaryReport) missing() section {
	s := section{Columns: []column{{Title: "Agent"}, {Title: "Required"}, {Title: "High"}}}
	for _, m := range r.MissingKinds {
		s.Rows = append(s.Rows, row{Cells: []string{m.Agent, or(strings.Join(m.Required, ", "), "-"), or(strings.Join(m.High, ", "), "-")}})
	}
	return s
}

// checkpointSection lists the checkpoints that a report was computed at.
func checkpointSection(checkpoints []Checkpoint) section {
	s := section{Columns: []column{{Title: "Log"}, {Title: "Size", Numeric: true}, {Title: "Root", Code: true}}}
	for _, c := range checkpoints {
		s.Rows = append(s.Rows, row{Cells: []string{c.Log, trace.Count(int64(c.Size)), c.Root}})
	}
	return s
}

// notes says what keeps the figures from meaning what they seem to.
func (r *SummaryReport) notes() []string {
	var notes []string
	if r.SyntheticTimes > 0 {
		notes = append(notes, trace.Count(r.SyntheticTimes)+" events have times that a converter invented: no latency may be read from them.")
	}
	if r.UnpricedCalls > 0 && r.CostUSD.Set {
		notes = append(notes, "The cost is a lower bound: "+trace.Count(r.UnpricedCalls)+" model calls are unpriced.")
	}
	if r.Loss.LostEvents > 0 {
		notes = append(notes, "Events are missing from the sequence that their sender gives them: they were lost before they came here, or have expired.")
	}
	if len(r.Checkpoints) == 0 {
		notes = append(notes, noCheckpoint)
	}
	return notes
}

// cost writes money; what is unknown is "unpriced" where tokens were used.
func (r *SummaryReport) cost(c Cost, used bool) string {
	switch {
	case c.Set:
		return trace.USD(c.V)
	case used:
		return "unpriced"
	}
	return "unknown"
}

const stampLayout = "2006-01-02 15:04:05 MST"

// text writes the period; the day of the end is left out where it is the same.
func (p Period) text() string {
	if p.Start == nil && p.End == nil {
		return "no events"
	}
	end := stampLayout
	if p.Start != nil && p.End != nil && p.Start.Format(time.DateOnly) == p.End.Format(time.DateOnly) {
		end = "15:04:05 MST"
	}
	return stamp(p.Start, "2006-01-02 15:04:05") + " – " + stamp(p.End, end)
}

func stamp(t *time.Time, layout string) string {
	if t == nil {
		return "open"
	}
	return t.Format(layout)
}

func known(n hansard.Opt[int64]) string {
	if !n.Set {
		return "unknown"
	}
	return trace.Count(n.V)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
