package report_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

// requests are what the tests ask of the mixed record.
func requests(t *testing.T) map[string]report.Request {
	of := func(search string, p query.Period) report.Request {
		return report.Request{Tenant: tenant, Query: report.Filter{Node: parse(t, search), Text: search}, Period: p, Now: now}
	}
	return map[string]report.Request{
		"all":      of("", query.Period{}),
		"period":   of("", query.Period{Since: start.Add(40 * time.Second), Until: start.Add(280 * time.Second)}),
		"agent":    of("agent:billing OR agent:\"x*y\"", query.Period{Since: start.Add(100 * time.Second)}),
		"no match": of("agent:nobody", query.Period{}),
		"two":      of("env:prod -tier:debug", query.Period{Until: start.Add(300 * time.Second)}),
	}
}

// TestSummary holds the summary against a naive count in Go.
func TestSummary(t *testing.T) {
	l, all := record(t, mixed(500))
	for name, req := range requests(t) {
		got, err := report.Summary(context.Background(), l, req)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := naive(all, req)
		got.Searches, got.ByModel = nil, nil
		want.Period, want.GeneratedAt = got.Period, got.GeneratedAt // of TestSummaryPeriod
		if name == "agent" || name == "two" {
			// A filter parts a model call's two halves: TestSummarySpend.
			want.Tokens, want.CostUSD, want.UnpricedCalls = got.Tokens, got.CostUSD, got.UnpricedCalls
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func naive(all []*hansard.Entry, req report.Request) *report.SummaryReport {
	q := query.Query{Node: req.Query.Node, Period: req.Period}
	r := &report.SummaryReport{
		Report: "summary", Tenant: tenant, Filter: req.Query.Text, Checkpoints: []report.Checkpoint{},
		TopAgents: report.Ranking{}, ByType: report.Tallies{}, ByTier: report.Tallies{}, MissingKinds: []report.MissingKinds{}, ErrorRate: "0%",
	}
	agents, types, tiers, traces, kinds := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string][]*hansard.Entry{}, map[string]bool{}
	for _, e := range all {
		if !q.Match(e) {
			continue
		}
		r.TotalEvents++
		if e.EventType == hansard.TypeError || trace.Erred(e) {
			r.TotalErrors++
		}
		if e.EventType == hansard.TypeHumanIntervention && e.Intervention == "escalation" {
			r.TotalEscalations++
		}
		if e.TimeSource == hansard.TimeSynthetic {
			r.SyntheticTimes++
		}
		if e.AgentName != "" {
			agents[e.AgentName]++
			kinds[e.AgentName+"/"+e.EventType] = true
		}
		types[e.EventType]++
		tiers[string(e.Tier)]++
		traces[e.TraceID] = append(traces[e.TraceID], e)
	}
	if r.TotalEvents > 0 {
		last := int64(all[len(all)-1].Position)
		r.LastPosition = &last
		r.ErrorRate = fmt.Sprintf("%.1f%%", 100*float64(r.TotalErrors)/float64(r.TotalEvents))
	}
	r.TotalTraces, r.AgentsActive = int64(len(traces)), int64(len(agents))
	r.TotalInvocations, r.TotalToolCalls, r.TotalHandoffs = types[hansard.TypeInvocation], types[hansard.TypeToolCall], types[hansard.TypeHandoff]
	r.TopAgents, r.ByType = append(r.TopAgents, sorted(agents)...), append(r.ByType, sorted(types)...)
	r.TopAgents = r.TopAgents[:min(5, len(r.TopAgents))]
	for _, tier := range hansard.Tiers {
		if n := tiers[string(tier)]; n > 0 {
			r.ByTier = append(r.ByTier, report.Tally{Name: string(tier), N: n})
		}
	}
	r.MissingKinds = append(r.MissingKinds, naiveMissing(agents, kinds)...)
	r.ToolCallErrors = naiveToolErrors(all, q)
	for _, entries := range traces {
		spend(r, trace.Spent(entries))
	}
	return r
}

func sorted(counts map[string]int64) []report.Tally {
	var list []report.Tally
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, report.Tally{Name: name, N: counts[name]})
	}
	slices.SortStableFunc(list, func(a, b report.Tally) int { return cmp.Compare(b.N, a.N) })
	return list
}

func naiveMissing(agents map[string]int64, kinds map[string]bool) []report.MissingKinds {
	var list []report.MissingKinds
	for _, agent := range slices.Sorted(maps.Keys(agents)) {
		m := report.MissingKinds{Agent: agent, Required: []string{}, High: []string{}}
		for _, k := range strings.Fields("invocation reasoning tool_call decision error handoff human_intervention") {
			if !kinds[agent+"/agent."+k] {
				m.Required = append(m.Required, k)
			}
		}
		for _, k := range []string{"llm_response", "token_usage"} {
			if !kinds[agent+"/agent."+k] {
				m.High = append(m.High, k)
			}
		}
		if len(m.Required)+len(m.High) > 0 {
			list = append(list, m)
		}
	}
	return list
}

// naiveToolErrors counts the selected calls that erred; the results need not be
// selected.
func naiveToolErrors(all []*hansard.Entry, q query.Query) (n int64) {
	traces := map[string][]*hansard.Entry{}
	for _, e := range all {
		traces[e.TraceID] = append(traces[e.TraceID], e)
	}
	for _, entries := range traces {
		calls, _ := trace.ToolCalls(entries)
		for _, c := range calls {
			if c.Erred && q.Match(c.Call) {
				n++
			}
		}
	}
	return n
}

func spend(r *report.SummaryReport, s trace.Spend) {
	add := func(sum *hansard.Opt[int64], n hansard.Opt[int64]) {
		if n.Set {
			*sum = hansard.Some(sum.V + n.V)
		}
	}
	add(&r.Tokens.Input, s.Input)
	add(&r.Tokens.Output, s.Output)
	add(&r.Tokens.CacheRead, s.CacheRead)
	add(&r.Tokens.CacheWrite, s.CacheWrite)
	add(&r.Tokens.Reasoning, s.Reasoning)
	add(&r.Tokens.Total, s.Tokens)
	cost := hansard.Opt[int64](r.CostUSD)
	add(&cost, s.CostNanoUSD)
	r.CostUSD = report.Cost(cost)
	r.UnpricedCalls += int64(s.Unpriced)
}

// TestSummarySearches runs each search of a figure and compares what it counts
// with the figure.
func TestSummarySearches(t *testing.T) {
	l, _ := record(t, mixed(500))
	for name, req := range requests(t) {
		r, err := report.Summary(context.Background(), l, req)
		if err != nil {
			t.Fatal(err)
		}
		for figure, want := range counts(r) {
			search, ok := r.Searches[figure]
			if !ok {
				t.Errorf("%s: %s has no search", name, figure)
			}
			if got := run(t, l, search, req.Period, lake.Measure{Op: lake.Count}); got != want {
				t.Errorf("%s: %s is %d, its search %s counts %d", name, figure, want, search, got)
			}
		}
		distinct := func(figure, field string, want int64) {
			if got := run(t, l, r.Searches[figure], req.Period, lake.Measure{Op: lake.Distinct, Field: field}); got != want {
				t.Errorf("%s: %s is %d, its search holds %d", name, figure, want, got)
			}
		}
		distinct("total_traces", "trace_id", r.TotalTraces)
		distinct("agents_active", "agent_name", r.AgentsActive)
		for figure, search := range r.Searches {
			if _, err := query.Parse(search, now); err != nil {
				t.Errorf("%s: the search of %s cannot be read: %v", name, figure, err)
			}
		}
	}
}

// counts returns the figures that say how many entries there are.
func counts(r *report.SummaryReport) map[string]int64 {
	all := map[string]int64{
		"total_events": r.TotalEvents, "total_errors": r.TotalErrors, "total_invocations": r.TotalInvocations,
		"total_tool_calls": r.TotalToolCalls, "total_handoffs": r.TotalHandoffs, "total_escalations": r.TotalEscalations,
		"synthetic_times": r.SyntheticTimes, "error_rate": r.TotalErrors,
	}
	for _, t := range r.TopAgents {
		all["top_agents."+t.Name] = t.N
	}
	for _, t := range r.ByType {
		all["by_type."+t.Name] = t.N
	}
	for _, t := range r.ByTier {
		all["by_tier."+t.Name] = t.N
	}
	for _, m := range r.MissingKinds {
		all["missing_kinds."+m.Agent] = 0
	}
	return all
}

func run(t *testing.T, l *lake.Lake, search string, p query.Period, m lake.Measure) int64 {
	t.Helper()
	table, err := l.Aggregate(context.Background(), tenant, query.Query{Node: parse(t, search), Period: p}, lake.Spec{Measures: []lake.Measure{m}})
	if err != nil {
		t.Fatalf("%s: %v", search, err)
	}
	n, _ := table.Rows[0][0].(int64)
	return n
}

// TestSummarySpend holds that the entries of the searches are those that tokens
// and cost are computed from, and that models add up to the whole.
func TestSummarySpend(t *testing.T) {
	l, all := record(t, mixed(500))
	for name, req := range requests(t) {
		r, err := report.Summary(context.Background(), l, req)
		if err != nil {
			t.Fatal(err)
		}
		again := func(figure string) report.SummaryReport {
			traces, sum := map[string][]*hansard.Entry{}, report.SummaryReport{}
			for _, e := range all {
				if q := (query.Query{Node: parse(t, r.Searches[figure]), Period: req.Period}); q.Match(e) {
					traces[e.TraceID] = append(traces[e.TraceID], e)
				}
			}
			for _, entries := range traces {
				spend(&sum, trace.Spent(entries))
			}
			return sum
		}
		if name == "all" || name == "period" { // nothing parts a call's two halves
			if got := again("tokens").Tokens; got != r.Tokens {
				t.Errorf("%s: tokens %+v, of its entries %+v", name, r.Tokens, got)
			}
			if got := again("cost_usd").CostUSD; got != r.CostUSD {
				t.Errorf("%s: cost %+v, of its entries %+v", name, r.CostUSD, got)
			}
			if got := again("unpriced_calls").UnpricedCalls; got != r.UnpricedCalls || got == 0 {
				t.Errorf("%s: %d unpriced calls, of its entries %d", name, r.UnpricedCalls, got)
			}
		}
		var cost int64
		for _, m := range r.ByModel {
			cost += m.CostUSD.V
		}
		if cost != r.CostUSD.V {
			t.Errorf("%s: the models cost %d, all %d", name, cost, r.CostUSD.V)
		}
	}
}

// TestSummaryToolErrors holds that the entries of the search show each call that
// erred.
func TestSummaryToolErrors(t *testing.T) {
	l, all := record(t, mixed(500))
	r, err := report.Summary(context.Background(), l, report.Request{Tenant: tenant, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, e := range all {
		if query.Match(parse(t, r.Searches["tool_call_errors"]), e) {
			shown[e.TraceID+"/"+e.ToolCallID] = true
		}
	}
	if int64(len(shown)) != r.ToolCallErrors || r.ToolCallErrors == 0 {
		t.Errorf("%d tool calls erred, the search shows %d", r.ToolCallErrors, len(shown))
	}
}

func TestSummaryPeriod(t *testing.T) {
	l, all := record(t, mixed(100))
	first, last := start, time.Unix(0, all[len(all)-1].Timestamp).UTC()
	berlin := time.FixedZone("CET", 3600)
	f := func(p query.Period, search string, from, to time.Time) {
		t.Helper()
		r, err := report.Summary(context.Background(), l, report.Request{Tenant: tenant, Query: report.Filter{Node: parse(t, search)}, Period: p, Now: now, Location: berlin})
		if err != nil {
			t.Fatal(err)
		}
		same := func(got *time.Time, want time.Time) bool {
			return got == nil && want.IsZero() || got != nil && got.Equal(want) && got.Location() == berlin
		}
		if !same(r.Period.Start, from) || !same(r.Period.End, to) {
			t.Errorf("%v %s: %v to %v, want %v to %v", p, search, r.Period.Start, r.Period.End, from, to)
		}
	}
	since, until := start.Add(10*time.Second), start.Add(20*time.Second)
	f(query.Period{}, "", first, last)
	f(query.Period{}, "agent:nobody", time.Time{}, time.Time{})
	f(query.Period{Since: since}, "", since, now)
	f(query.Period{Since: since}, "agent:nobody", since, now)
	f(query.Period{Until: until}, "", first, until)
	f(query.Period{Until: until}, "agent:nobody", time.Time{}, until)
	f(query.Period{Since: since, Until: until}, "", since, until)
}

// growing is a record that grows while a report is made of it.
type growing struct {
	*lake.Lake
	add func()
}

func (g growing) Aggregate(ctx context.Context, tenant string, q query.Query, spec lake.Spec) (lake.Table, error) {
	table, err := g.Lake.Aggregate(ctx, tenant, q, spec)
	g.add()
	return table, err
}

// TestSummaryWhileGrowing holds that all figures are of the same entries.
func TestSummaryWhileGrowing(t *testing.T) {
	l, all := record(t, mixed(300))
	req := report.Request{Tenant: tenant, Now: now}
	want, err := report.Summary(context.Background(), l, req)
	if err != nil {
		t.Fatal(err)
	}
	position, index := uint64(len(all)), uint64(1000)
	src := growing{l, func() {
		var more []*hansard.Entry
		for _, e := range all[:50] {
			c := *e
			c.EventID, c.TraceID, c.Status = fmt.Sprint("more", position), fmt.Sprint("more", position), "error"
			c.Position, c.Index = position, index
			position, index = position+1, index+1
			more = append(more, &c)
		}
		l.Committed(part.NewEncoder().RowsOf(more))
	}}
	got, err := report.Summary(context.Background(), src, req)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("the record grew (-before +while):\n%s", d)
	}
	after, err := report.Summary(context.Background(), l, req)
	if err != nil {
		t.Fatal(err)
	}
	if after.TotalEvents == want.TotalEvents {
		t.Error("the record did not grow")
	}
	for figure, n := range counts(want) {
		search := fmt.Sprintf("(%s) position:<=%d", want.Searches[figure], *want.LastPosition)
		if got := run(t, l, search, req.Period, lake.Measure{Op: lake.Count}); got != n {
			t.Errorf("%s was %d, now its search up to the same position counts %d", figure, n, got)
		}
	}
}

func TestSummaryRefused(t *testing.T) {
	l, _ := record(t, mixed(10))
	f := func(req report.Request) {
		t.Helper()
		if _, err := report.Summary(context.Background(), l, req); err == nil || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("%+v: %v", req, err)
		}
	}
	f(report.Request{})
	f(report.Request{Tenant: tenant, Query: report.Filter{Node: parse(t, "user:maria.keller@example.com")}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := report.Summary(ctx, l, report.Request{Tenant: tenant}); err == nil {
		t.Error("cancelled, and no error")
	}
}
