package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// figures lists the summary's figures for CSV, with the names of the JSON form;
// what is unknown is empty.
func (r *SummaryReport) figures() ([]figure, error) {
	list := []figure{
		{name: "report", value: r.Report}, {name: "tenant", value: r.Tenant}, {name: "filter", value: r.Filter},
		{name: "period.start", value: instant(r.Period.Start)}, {name: "period.end", value: instant(r.Period.End)},
		{name: "generated_at", value: instant(&r.GeneratedAt)},
	}
	text := func(name, value string) { list = append(list, figure{name, value, r.Searches[name]}) }
	number := func(name string, n int64) { text(name, strconv.FormatInt(n, 10)) }
	if r.LastPosition != nil {
		number("last_position", *r.LastPosition)
	} else {
		text("last_position", "")
	}
	number("total_events", r.TotalEvents)
	number("total_errors", r.TotalErrors)
	text("error_rate", r.ErrorRate)
	number("total_traces", r.TotalTraces)
	number("total_invocations", r.TotalInvocations)
	number("total_tool_calls", r.TotalToolCalls)
	number("tool_call_errors", r.ToolCallErrors)
	number("total_handoffs", r.TotalHandoffs)
	number("total_escalations", r.TotalEscalations)
	number("agents_active", r.AgentsActive)
	for _, f := range r.Tokens.figures("tokens") {
		text(f.name, f.value)
	}
	text("cost_usd", r.CostUSD.plain())
	number("unpriced_calls", r.UnpricedCalls)
	number("synthetic_times", r.SyntheticTimes)
	number("loss.lost_events", r.Loss.LostEvents)
	number("loss.sessions_with_gaps", r.Loss.SessionsWithGaps)
	number("loss.truncated", r.Loss.Truncated)
	number("loss.dropped", r.Loss.Dropped)
	number("loss.withheld", r.Loss.Withheld)
	number("loss.pending_spans", r.Loss.PendingSpans)
	return append(list, r.rowFigures()...), nil
}

// rowFigures lists the figures that have rows.
func (r *SummaryReport) rowFigures() []figure {
	var list []figure
	add := func(name, member, value string) {
		list = append(list, figure{name + member, value, r.Searches[name]})
	}
	for _, of := range []struct {
		name    string
		tallies []Tally
	}{{"top_agents.", r.TopAgents}, {"by_type.", r.ByType}, {"by_tier.", r.ByTier}} {
		for _, t := range of.tallies {
			add(of.name+t.Name, "", strconv.FormatInt(t.N, 10))
		}
	}
	for _, m := range r.ByModel {
		name := "by_model." + m.Model
		for _, f := range m.Tokens.figures("") {
			add(name, f.name, f.value)
		}
		add(name, ".cost_usd", m.CostUSD.plain())
	}
	for _, m := range r.MissingKinds {
		name := "missing_kinds." + m.Agent
		add(name, ".required", strings.Join(m.Required, " "))
		add(name, ".high", strings.Join(m.High, " "))
	}
	for _, c := range r.Checkpoints {
		add("checkpoints."+c.Log, ".size", strconv.FormatUint(c.Size, 10))
		add("checkpoints."+c.Log, ".root", c.Root)
	}
	return list
}

// figures lists the sums under a name.
func (t Tokens) figures(name string) []figure {
	var list []figure
	for _, f := range []struct {
		member string
		n      hansard.Opt[int64]
	}{
		{".input_tokens", t.Input}, {".output_tokens", t.Output}, {".cache_read_tokens", t.CacheRead},
		{".cache_write_tokens", t.CacheWrite}, {".reasoning_tokens", t.Reasoning}, {".token_count", t.Total},
	} {
		value := ""
		if f.n.Set {
			value = strconv.FormatInt(f.n.V, 10)
		}
		list = append(list, figure{name: name + f.member, value: value})
	}
	return list
}

// plain writes dollars without their sign; "" when unknown.
func (c Cost) plain() string {
	if !c.Set {
		return ""
	}
	return plainDollars(c.V)
}

func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
