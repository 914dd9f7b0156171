package report

import (
	"strconv"

	"github.com/hansardhq/hansard/internal/trace"
)

func itoa(i int) string { return strconv.Itoa(i) }

func (r *ErrorsReport) layout() layout {
	l := r.Head.layout("Errors")
	n := trace.Count
	l.Sections = append(l.Sections, figuresSection(r.Searches,
		"Errors", "total_errors", n(r.TotalErrors), "Events", "total_events", n(r.TotalEvents), "Error rate", "error_rate", r.ErrorRate))
	actions := section{Columns: []column{{Title: "Action"}, {Title: searchColumn, Code: true}}}
	for i, a := range r.SuggestedActions {
		actions.Rows = append(actions.Rows, row{Cells: []string{a, r.Searches["suggested_actions."+itoa(i)]}})
	}
	l.add("Suggested actions", actions)
	l.add("By type", r.types())
	l.add("Most common messages", rankingSection("Message", "most_common_errors", r.MostCommonErrors, r.Searches))
	l.add("Most common messages, numbers and ids out", r.patternSection())
	l.add("By agent", rankingSection("Agent", "errors_by_agent", r.ErrorsByAgent, r.Searches))
	l.add("By tool", r.byTool())
	if r.TotalErrors == 0 && r.TotalEvents > 0 {
		l.Notes = append(l.Notes, "No event of the period is an error.")
	}
	if r.WithoutText > 0 {
		l.Notes = append(l.Notes, n(r.WithoutText)+" errors have no text: their sender gave none, or it was erased.")
	}
	r.end(&l)
	return l
}

func (r *ErrorsReport) types() section {
	s := section{Columns: []column{
		{Title: "Type"}, {Title: "Errors", Numeric: true}, {Title: "Share", Numeric: true}, {Title: "First seen"}, {Title: "Last seen"}, {Title: searchColumn, Code: true},
	}}
	for _, t := range r.TypeDetails {
		s.Rows = append(s.Rows, row{Cells: []string{
			or(t.Type, "(not named)"), trace.Count(t.Count), t.Share, t.FirstSeen.Format("2006-01-02 15:04:05"), t.LastSeen.Format("2006-01-02 15:04:05"),
			r.Searches["type_details."+t.Type],
		}, Share: share(t.Count, r.TypeDetails[0].Count)})
	}
	return s
}

// rankingSection lists tallies with the searches of a figure.
func rankingSection(title, figure string, tallies []Tally, searches map[string]string) section {
	s := section{Columns: []column{{Title: title}, {Title: "Number", Numeric: true}, {Title: searchColumn, Code: true}}}
	for _, t := range tallies {
		s.Rows = append(s.Rows, row{
			Cells: []string{or(t.Name, "(not named)"), trace.Count(t.N), searches[figure+"."+t.Name]}, Share: share(t.N, tallies[0].N),
		})
	}
	return s
}

func (r *ErrorsReport) patternSection() section {
	s := section{Columns: []column{
		{Title: "Message"}, {Title: "Errors", Numeric: true}, {Title: "Tools"}, {Title: "Agents"}, {Title: "First seen"}, {Title: "Last seen"},
	}}
	for _, p := range r.MostCommonPatterns {
		s.Rows = append(s.Rows, row{Cells: []string{
			p.Pattern, trace.Count(p.Count), listed(p.Tools, 3), listed(p.Agents, 3),
			p.FirstSeen.Format("2006-01-02 15:04:05"), p.LastSeen.Format("2006-01-02 15:04:05"),
		}})
	}
	return s
}

func (r *ErrorsReport) byTool() section {
	s := section{Columns: []column{{Title: "Tool"}, {Title: "Errors", Numeric: true}, {Title: "Most common message"}, {Title: searchColumn, Code: true}}}
	for _, t := range r.ErrorsByTool {
		message := "-"
		if len(t.Messages) > 0 {
			message = t.Messages[0].Name + " (" + trace.Count(t.Messages[0].N) + ")"
		}
		s.Rows = append(s.Rows, row{
			Cells: []string{t.Tool, trace.Count(t.Errors), message, r.Searches["errors_by_tool."+t.Tool]}, Share: share(t.Errors, r.ErrorsByTool[0].Errors),
		})
	}
	return s
}

func (r *ErrorsReport) figures() ([]figure, error) { return flatten(r) }
