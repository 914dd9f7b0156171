package report

import (
	"context"
	"math"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// ToolsReport is what the calls of each tool came to.
type ToolsReport struct {
	Head
	TotalToolCalls int64     `json:"total_tool_calls"`
	ToolCallErrors int64     `json:"tool_call_errors"` // calls that erred, or whose result did
	ErrorRate      string    `json:"error_rate"`       // of the calls
	ToolBreakdown  []ToolUse `json:"tool_breakdown"`   // most calls first
	// Searches maps the name of each figure to the search that selects its
	// entries in the period. Those of errors select the calls and results
	// that erred; a call whose result did is found by its result.
	Searches map[string]string `json:"searches"`
}

// ToolUse is what the calls of one tool came to.
type ToolUse struct {
	Tool         string  `json:"tool"` // "" for calls that name none
	Calls        int64   `json:"calls"`
	Errors       int64   `json:"errors"` // each call once
	ErrorRate    string  `json:"error_rate"`
	TimedCalls   int64   `json:"timed_calls"`    // that a latency is known of
	AvgLatencyMS Millis  `json:"avg_latency_ms"` // over the timed calls; null: unknown
	P50LatencyMS Millis  `json:"p50_latency_ms"`
	P95LatencyMS Millis  `json:"p95_latency_ms"`
	P99LatencyMS Millis  `json:"p99_latency_ms"`
	SideEffects  Tallies `json:"side_effects"` // calls by what they change: none, read, write, irreversible; "" where not said
	Callers      Ranking `json:"callers"`      // agents with their calls
}

// nearestMicro returns microseconds as a whole number of them.
func nearestMicro(us hansard.Opt[float64]) Millis {
	return Millis{V: int64(math.Round(us.V)), Set: us.Set}
}

// Tools computes the report on tools of what the request selects.
func Tools(ctx context.Context, src Source, req Request) (*ToolsReport, error) {
	w, err := begin(ctx, src, req, "tools")
	if err != nil {
		return nil, err
	}
	r := &ToolsReport{Head: w.head, ToolBreakdown: []ToolUse{}, Searches: w.searches}
	if w.events > 0 {
		if r.ToolBreakdown, err = w.toolUse(); err != nil {
			return nil, err
		}
	}
	for _, t := range r.ToolBreakdown {
		r.TotalToolCalls, r.ToolCallErrors = r.TotalToolCalls+t.Calls, r.ToolCallErrors+t.Errors
		tool := named("tool_name", t.Tool)
		w.search("tool_breakdown."+t.Tool, calls(), tool)
		w.search("tool_breakdown."+t.Tool+".errors", append(failedCalls(), tool)...)
	}
	r.ErrorRate = percent(r.ToolCallErrors, r.TotalToolCalls)
	w.search("total_tool_calls", calls())
	w.search("tool_call_errors", failedCalls()...)
	w.search("error_rate", failedCalls()...)
	return r, nil
}

func calls() query.Node { return is("event_type", hansard.TypeToolCall) }

// toolUse returns the figures of each tool, most calls first.
func (w *work) toolUse() ([]ToolUse, error) {
	stats, err := w.src.ToolCalls(w.ctx, w.req.Tenant, w.q)
	if err != nil {
		return nil, err
	}
	groups, err := w.groups([]string{"tool_name", "side_effect", "agent_name"}, calls())
	if err != nil {
		return nil, err
	}
	byTool := map[string][]group{}
	for _, g := range groups {
		byTool[g.names[0]] = append(byTool[g.names[0]], g)
	}
	use := make([]ToolUse, 0, len(stats))
	for _, s := range stats {
		use = append(use, newToolUse(s, byTool[s.Tool]))
	}
	return use, nil
}

func newToolUse(s lake.ToolStat, groups []group) ToolUse {
	return ToolUse{
		Tool: s.Tool, Calls: s.Calls, Errors: s.Errors, ErrorRate: percent(s.Errors, s.Calls), TimedCalls: s.Timed,
		AvgLatencyMS: nearestMicro(s.Avg), P50LatencyMS: Millis(s.P50), P95LatencyMS: Millis(s.P95), P99LatencyMS: Millis(s.P99),
		SideEffects: talliesOf(groups, 1, false), Callers: talliesOf(groups, 2, true),
	}
}

func (r *ToolsReport) layout() layout {
	l := r.Head.layout("Tools")
	n := trace.Count
	l.Sections = append(l.Sections, figuresSection(r.Searches,
		"Tool calls", "total_tool_calls", n(r.TotalToolCalls), "Calls that erred", "tool_call_errors", n(r.ToolCallErrors),
		"Error rate", "tool_call_errors", r.ErrorRate))
	l.add("Tools", toolSection(r.ToolBreakdown, r.Searches))
	l.add("Callers", callerSection(r.ToolBreakdown))
	var untimed int64
	for _, t := range r.ToolBreakdown {
		untimed += t.Calls - t.TimedCalls
	}
	if untimed > 0 {
		l.Notes = append(l.Notes, n(untimed)+" calls have no latency: nothing states their duration, or a converter invented their times.")
	}
	r.end(&l)
	return l
}

func toolSection(use []ToolUse, searches map[string]string) section {
	columns := []column{{Title: "Tool"}, {Title: "Calls", Numeric: true}, {Title: "Errors", Numeric: true}, {Title: "Rate", Numeric: true}}
	timed := slices.ContainsFunc(use, func(t ToolUse) bool { return t.TimedCalls > 0 })
	if timed {
		for _, title := range []string{"Average", "p50", "p95", "p99"} {
			columns = append(columns, column{Title: title, Numeric: true})
		}
	}
	s := section{Columns: append(columns, column{Title: searchColumn, Code: true})}
	for _, t := range use {
		cells := []string{or(t.Tool, "(not named)"), trace.Count(t.Calls), trace.Count(t.Errors), t.ErrorRate}
		if timed {
			cells = append(cells, t.AvgLatencyMS.text(), t.P50LatencyMS.text(), t.P95LatencyMS.text(), t.P99LatencyMS.text())
		}
		s.Rows = append(s.Rows, row{Cells: append(cells, searches["tool_breakdown."+t.Tool]), Share: share(t.Calls, use[0].Calls)})
	}
	return s
}

// share returns how long the bar of n is beside that of the largest.
func share(n, largest int64) int {
	if n <= 0 || largest <= 0 {
		return 0
	}
	return int(max(1, 100*float64(n)/float64(largest)))
}

func callerSection(use []ToolUse) section {
	s := section{Columns: []column{{Title: "Tool"}, {Title: "Called by"}, {Title: "Side effects"}}}
	for _, t := range use {
		s.Rows = append(s.Rows, row{Cells: []string{or(t.Tool, "(not named)"), listed(t.Callers, 5), listed(t.SideEffects, 5)}})
	}
	return s
}

// listed writes the first tallies in a line.
func listed(tallies []Tally, most int) string {
	text := ""
	for i, t := range tallies {
		if i == most {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += or(t.Name, "(not said)") + " " + trace.Count(t.N)
	}
	return or(text, "-")
}

func (r *ToolsReport) figures() ([]figure, error) { return flatten(r) }
