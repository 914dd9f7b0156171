package report

import (
	"slices"
	"strings"

	"github.com/hansardhq/hansard/internal/trace"
)

func usd(nano int64) string { return trace.USD(nano) }

func inOrderOfName(list []Spender) {
	slices.SortFunc(list, func(a, b Spender) int { return strings.Compare(a.Name, b.Name) })
}

func (r *CostReport) layout() layout {
	l := r.Head.layout("Cost")
	n := trace.Count
	l.Facts = append(l.Facts, fact{"Prices", or(r.Prices, "none")})
	l.Sections = append(l.Sections, figuresSection(r.Searches,
		"Cost", "cost_usd", costText(r.CostUSD, r.UnpricedCalls), "... as the calls state it", "reported_usd", costText(r.ReportedUSD, 0),
		"... by the table of prices", "priced_usd", costText(r.PricedUSD, 0), "Model calls", "model_calls", n(r.ModelCalls),
		"Calls that state a cost", "reported_calls", n(r.ReportedCalls), "Calls priced by the table", "priced_calls", n(r.PricedCalls),
		"Unpriced calls", "unpriced_calls", n(r.UnpricedCalls), "Tokens", "tokens", known(r.Tokens.Total), "Input tokens", "tokens", known(r.Tokens.Input),
		"Output tokens", "tokens", known(r.Tokens.Output), "Cached tokens read", "tokens", known(r.Tokens.CacheRead),
		"Cached tokens written", "tokens", known(r.Tokens.CacheWrite)))
	days := spenderSection("Day", "by_day", r.ByDay, r.Searches)
	days.Chart = r.dayChart()
	l.add("By day", days)
	l.add("Budgets", r.budgetSection())
	l.add("By model", spenderSection("Model", "by_model", costs(r.ByModel), r.Searches))
	l.add("Unpriced models", spenderSection("Model", "unpriced", costs(r.Unpriced), r.Searches))
	for _, d := range []struct{ title, column, figure string }{
		{"By agent", "Agent", "by_agent"}, {"By task", "Task", "by_task"}, {"By session", "Session", "by_session"},
		{"By user", "User", "by_user"}, {"By tool", "Tool", "by_tool"},
	} {
		for _, of := range r.dimensions() {
			if list := *of.to; of.figure == d.figure && !unnamed(list) {
				l.add(d.title, spenderSection(d.column, d.figure, list, r.Searches))
			}
		}
	}
	if r.Repriced {
		l.Notes = append(l.Notes, "Every cost is one of the table: what the calls state was left out, and the record is unchanged.")
	}
	if r.UnpricedCalls > 0 {
		l.Notes = append(l.Notes, n(r.UnpricedCalls)+" model calls are unpriced: nothing states their cost, and the table of prices does not know it. The cost is a lower bound.")
	}
	r.end(&l)
	return l
}

// unnamed reports whether a list says nothing: all of it names none.
func unnamed(list []Spender) bool { return len(list) == 1 && list[0].Name == "" }

func costs(models []ModelCost) []Spender {
	var list []Spender
	for _, m := range models {
		list = append(list, m.Spender)
	}
	return list
}

func spenderSection(title, figure string, list []Spender, searches map[string]string) section {
	s := section{Columns: []column{
		{Title: title}, {Title: "Cost", Numeric: true}, {Title: "Calls", Numeric: true}, {Title: "Unpriced", Numeric: true},
		{Title: "Tokens", Numeric: true}, {Title: "Input", Numeric: true}, {Title: "Output", Numeric: true}, {Title: searchColumn, Code: true},
	}}
	var most int64
	for _, x := range list {
		most = max(most, x.CostUSD.V)
	}
	for _, x := range list {
		s.Rows = append(s.Rows, row{Cells: []string{
			or(x.Name, "(not named)"), costText(x.CostUSD, x.UnpricedCalls), trace.Count(x.ModelCalls), trace.Count(x.UnpricedCalls),
			known(x.Tokens.Total), known(x.Tokens.Input), known(x.Tokens.Output), searches[figure+"."+x.Name],
		}, Share: share(x.CostUSD.V, most)})
	}
	return s
}

// dayChart draws the cost of each day; nil where that is not more than a table says.
func (r *CostReport) dayChart() *chart {
	if len(r.ByDay) < 2 {
		return nil
	}
	c := &chart{Title: "Cost by day"}
	for _, d := range r.ByDay {
		c.Points = append(c.Points, point{d.Name, float64(d.CostUSD.V), costText(d.CostUSD, d.UnpricedCalls)})
	}
	return c
}
