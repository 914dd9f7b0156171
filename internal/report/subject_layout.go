package report

import (
	"fmt"
	"strings"

	"github.com/hansardhq/hansard/internal/trace"
)

// overview returns the figures that both reports share, and further ones: label,
// name of the search, value, in turn.
func (a *Activities) overview(searches map[string]string, more ...string) section {
	n := trace.Count
	return figuresSection(searches, append([]string{
		"Events", "total_events", n(a.TotalEvents), "Errors", "total_errors", n(a.TotalErrors), "Error rate", "error_rate", a.ErrorRate,
		"Traces", "traces", n(a.Traces), "Handoffs", "handoffs", n(a.Handoffs), "Human interventions", "interventions", n(a.Interventions),
		"Tokens", "tokens", known(a.Tokens.Total), "Cost", "cost_usd", costText(a.CostUSD, a.UnpricedCalls),
		"Unpriced calls", "unpriced_calls", n(a.UnpricedCalls),
	}, more...)...)
}

// sections adds what both reports share.
func (a *Activities) sections(l *layout, searches map[string]string) {
	l.add("Tools", toolSection(a.Tools, searches))
	l.add("Errors by type", rankingSection("Type", "error_types", a.ErrorTypes, searches))
	l.add("Models", spenderSection("Model", "by_model", costs(a.ByModel), searches))
	l.add("Events by type", rankingSection("Type", "by_type", a.ByType, searches))
}

func (r *AgentReport) layout() layout {
	l := r.Head.layout("Agent")
	n := trace.Count
	l.Sections = append(l.Sections, r.overview(r.Searches,
		"Sessions", "sessions", n(r.Sessions), "Tasks", "tasks", n(r.Tasks), "Handed over to it", "handed_over", n(r.HandedTo)))
	l.add("Handoffs to", rankingSection("Agent", "handoffs_to", r.HandoffsTo, r.Searches))
	l.add("Decisions", rankingSection("Decision", "decisions", r.Decisions, r.Searches))
	r.sections(&l, r.Searches)
	l.add("Versions", rankingSection("Version", "versions", r.Versions, r.Searches))
	l.all(fmt.Sprintf("The newest %s events", n(int64(len(r.Recent)))), lineSection(r.Recent))
	if m := r.MissingKind; m != nil {
		l.Notes = append(l.Notes, "Kinds of event never seen of it: "+strings.Join(append(m.Required, m.High...), ", ")+". Not every one is a fault.")
	}
	r.closing(&l)
	return l
}

func (r *SessionReport) layout() layout {
	l := r.Head.layout("Session")
	more := []string{"Duration", "total_events", r.Duration.text()}
	l.Sections = append(l.Sections, r.overview(r.Searches, more...))
	l.add("Agents", rankingSection("Agent", "agents", r.Agents, r.Searches))
	l.add("Tasks", rankingSection("Task", "tasks", r.Tasks, r.Searches))
	r.sections(&l, r.Searches)
	title := "What happened"
	if int64(r.Listed) < r.TotalEvents {
		title += fmt.Sprintf(" (the first %s of %s events)", trace.Count(int64(r.Listed)), trace.Count(r.TotalEvents))
	}
	l.all(title, lineSection(r.Timeline))
	if r.TotalEvents == 0 {
		l.Notes = append(l.Notes, "There is no event of this session in the period.")
	}
	r.end(&l)
	return l
}

// closing ends a report on an agent.
func (r *AgentReport) closing(l *layout) {
	if r.TotalEvents == 0 {
		l.Notes = append(l.Notes, "There is no event of this agent in the period.")
	}
	r.end(l)
}

// lineSection lists lines of a timeline.
func lineSection(lines []trace.Line) section {
	s := section{Columns: []column{{Title: "Time"}, {Title: "Agent"}, {Title: "Details"}, {Title: "Duration", Numeric: true}, {Title: "Status"}}, Told: true}
	for _, l := range lines {
		s.Rows = append(s.Rows, row{Cells: []string{
			l.Time.Format("2006-01-02 15:04:05"), or(l.Agent, "-"), cut(l.Details, 120), l.Duration, statusMark(l.Status, l.Erred),
		}})
	}
	return s
}
