package lake_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

func failed(e *hansard.Entry) bool { return e.Status == "error" || e.Status == "timeout" }

func isAggregate(e *hansard.Entry) bool { return slices.Contains(e.Labels, "aggregate") }

// percentile is the smallest value that at least the share of them does not
// exceed.
func percentile(values []int64, share float64) hansard.Opt[int64] {
	if len(values) == 0 {
		return hansard.Opt[int64]{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return hansard.Some(sorted[max(0, int(math.Ceil(share*float64(len(sorted)))-1))])
}

func TestAggregate(t *testing.T) {
	w := newWorld(t, newSource(6).entries(900), 100)
	q := query.Query{Node: parse(t, "-tier:debug"), Period: query.Period{Since: time.Unix(0, epoch-2e9), Until: time.Unix(0, epoch+4e8)}}
	got, err := w.Aggregate(context.Background(), tenant, q, lake.Spec{
		By: []string{"agent_name", "model"}, OrderBy: 2, Desc: true, Limit: 7,
		Measures: []lake.Measure{
			{Op: lake.Count}, {Op: lake.Errors}, {Op: lake.Present, Field: "params"}, {Op: lake.Distinct, Field: "trace_id"},
			{Op: lake.Sum, Field: "cost_usd"}, {Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "duration_ms"}, {Op: lake.P95, Field: "duration_ms"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := naiveAggregate(w.selected(q))[:7]
	if d := gocmp.Diff(want, got.Rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	wantColumns := []string{"agent_name", "model", "count", "errors", "present(params)", "distinct(trace_id)", "sum(cost_usd)", "min(timestamp)", "max(duration_ms)", "p95(duration_ms)"}
	if d := gocmp.Diff(wantColumns, got.Columns); d != "" {
		t.Error(d)
	}
}

func naiveAggregate(entries []*hansard.Entry) [][]any {
	groups := map[[2]string][]*hansard.Entry{}
	for _, e := range entries {
		k := [2]string{e.AgentName, e.Model}
		groups[k] = append(groups[k], e)
	}
	var rows [][]any
	for k, es := range groups {
		row := []any{k[0], orNil(k[1]), int64(len(es))}
		var errs, params int64
		traces, cost, durations, first := map[string]bool{}, hansard.Opt[int64]{}, []int64(nil), int64(math.MaxInt64)
		for _, e := range es {
			if failed(e) {
				errs++
			}
			if len(e.Params) > 0 {
				params++
			}
			traces[e.TraceID] = true
			if e.CostNanoUSD.Set && !isAggregate(e) {
				cost = hansard.Some(cost.V + e.CostNanoUSD.V)
			}
			if e.DurationUS.Set {
				durations = append(durations, e.DurationUS.V)
			}
			first = min(first, e.Timestamp)
		}
		rows = append(rows, append(row, errs, params, int64(len(traces)), optional(cost), first, optional(percentile(durations, 1)), optional(percentile(durations, 0.95))))
	}
	slices.SortFunc(rows, func(a, b []any) int {
		nullLast := func(x any) string {
			if x == nil {
				return "\xff"
			}
			return x.(string)
		}
		return cmp.Or(cmp.Compare(b[2].(int64), a[2].(int64)), cmp.Compare(a[0].(string), b[0].(string)), cmp.Compare(nullLast(a[1]), nullLast(b[1])))
	})
	return rows
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func optional(o hansard.Opt[int64]) any {
	if !o.Set {
		return nil
	}
	return o.V
}

func TestAggregateBuckets(t *testing.T) {
	s := newSource(7)
	s.step = 60e9
	w := newWorld(t, s.entries(400), 100)
	got, err := w.Aggregate(context.Background(), tenant, query.Query{}, lake.Spec{By: []string{"hour"}, Measures: []lake.Measure{{Op: lake.Count}}, OrderBy: 0})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]int64{}
	for _, e := range w.all {
		want[time.Unix(0, e.Timestamp).Truncate(time.Hour).UnixNano()]++
	}
	if len(got.Rows) != len(want) {
		t.Errorf("%d hours, want %d", len(got.Rows), len(want))
	}
	for _, row := range got.Rows {
		if row[1] != want[row[0].(int64)] {
			t.Errorf("hour %v: %v events, want %d", row[0], row[1], want[row[0].(int64)])
		}
	}
}

func TestAggregateRefused(t *testing.T) {
	w := newWorld(t, newSource(6).entries(20), 10)
	f := func(spec lake.Spec) {
		t.Helper()
		if _, err := w.Aggregate(context.Background(), tenant, query.Query{}, spec); hansard.KindOf(err) != hansard.KindInvalid || err == nil {
			t.Errorf("%v: error %v", spec, err)
		}
	}
	f(lake.Spec{})
	f(lake.Spec{By: []string{`agent_name" FROM x --`}})
	f(lake.Spec{By: []string{"params"}})
	f(lake.Spec{By: []string{"salt"}})
	f(lake.Spec{Measures: []lake.Measure{{Op: lake.Sum, Field: "agent_name"}}})
	f(lake.Spec{Measures: []lake.Measure{{Op: "median", Field: "cost_usd"}}})
	f(lake.Spec{Measures: []lake.Measure{{Op: lake.Count}}, OrderBy: 1})
}

func TestKindsByAgent(t *testing.T) {
	w := newWorld(t, newSource(6).entries(300), 100)
	got, err := w.KindsByAgent(context.Background(), tenant, query.Query{Node: parse(t, "env:prod")})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[string]bool{}
	for _, e := range w.selected(query.Query{Node: parse(t, "env:prod")}) {
		if seen[e.AgentName] == nil {
			seen[e.AgentName] = map[string]bool{}
		}
		seen[e.AgentName][e.EventType] = true
	}
	if len(got) != len(seen) {
		t.Errorf("%d agents, want %d", len(got), len(seen))
	}
	for _, a := range got {
		if len(a.Types) != len(seen[a.Agent]) || !slices.IsSorted(a.Types) {
			t.Errorf("%s: %v, want %v", a.Agent, a.Types, seen[a.Agent])
		}
	}
}

func TestToolCalls(t *testing.T) {
	s := newSource(8)
	var all []*hansard.Entry
	for range 1500 {
		e := s.event()
		if s.r.IntN(2) == 0 {
			e.ToolCallID = "" // paired by parents
		}
		all = append(all, s.seal(e, tierOf(e)))
	}
	w := newWorld(t, all, 120)
	period := query.Period{Since: time.Unix(0, epoch-1e9)}
	f := func(search string) {
		t.Helper()
		q := query.Query{Node: parse(t, search), Period: period}
		got, err := w.ToolCalls(context.Background(), tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(naiveTools(w.selected(q), w.all), got); d != "" {
			t.Errorf("%s: tools (-want +got):\n%s", search, d)
		}
	}
	f("")
	f("env:prod")
	f("agent:b*,planner -status:ok")
	f("duration:>1s OR tool:get_order")
	f("tag:vip -position:<200")
	f("params.amount:>50") // by the engine
	f("confidence:>2")
}

func naiveTools(calls, all []*hansard.Entry) []lake.ToolStat {
	stats := map[string]*lake.ToolStat{}
	latencies := map[string][]int64{}
	for _, c := range calls {
		if c.EventType != hansard.TypeToolCall {
			continue
		}
		s := stats[c.ToolName]
		if s == nil {
			s = &lake.ToolStat{Tool: c.ToolName}
			stats[c.ToolName] = s
		}
		results := resultsOf(c, all)
		s.Calls++
		if failed(c) || slices.ContainsFunc(results, failed) {
			s.Errors++
		}
		for _, e := range append([]*hansard.Entry{c}, results...) {
			if e.DurationUS.Set && e.TimeSource != hansard.TimeSynthetic {
				latencies[c.ToolName] = append(latencies[c.ToolName], e.DurationUS.V)
				break
			}
		}
	}
	var list []lake.ToolStat
	for tool, s := range stats {
		us := latencies[tool]
		s.Timed = int64(len(us))
		var sum int64
		for _, v := range us {
			sum += v
		}
		if len(us) > 0 {
			s.Avg = hansard.Some(float64(sum) / float64(len(us)))
		}
		s.P50, s.P95, s.P99 = percentile(us, 0.5), percentile(us, 0.95), percentile(us, 0.99)
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b lake.ToolStat) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Tool, b.Tool))
	})
	return list
}

// resultsOf returns the results of a call by position.
func resultsOf(c *hansard.Entry, all []*hansard.Entry) []*hansard.Entry {
	var byCall, byParent []*hansard.Entry
	for _, r := range all {
		switch {
		case r.EventType != hansard.TypeToolResult || apart(c, r) > 24*time.Hour:
		case c.ToolCallID != "" && r.TraceID == c.TraceID && r.ToolCallID == c.ToolCallID:
			byCall = append(byCall, r)
		case r.TraceID == c.TraceID && r.ParentEventID == c.EventID && (c.ToolCallID == "" || r.ToolCallID == ""):
			byParent = append(byParent, r)
		}
	}
	if len(byCall) == 0 {
		byCall = byParent
	}
	slices.SortFunc(byCall, func(a, b *hansard.Entry) int { return cmp.Compare(a.Position, b.Position) })
	return byCall
}

func TestTokens(t *testing.T) {
	s := newSource(10)
	var all []*hansard.Entry
	for range 1200 {
		e := s.event()
		if s.r.IntN(3) == 0 {
			e.SpanID = "shared" // with others of its trace
		}
		all = append(all, s.seal(e, tierOf(e)))
	}
	w := newWorld(t, all, 120)
	for _, search := range []string{"", "agent:billing", "type:token_usage"} {
		q := query.Query{Node: parse(t, search)}
		for _, by := range [][]string{nil, {"model", "agent_name"}} {
			got, err := w.Tokens(context.Background(), tenant, q, by)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(naiveTokens(w.selected(q), w.all, len(by) > 0), got); d != "" {
				t.Errorf("%q by %v (-want +got):\n%s", search, by, d)
			}
		}
	}
	if _, err := w.Tokens(context.Background(), tenant, query.Query{}, []string{"params"}); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("by params: %v", err)
	}
}

// apart returns the time between two entries.
func apart(a, b *hansard.Entry) time.Duration { return time.Duration(a.Timestamp - b.Timestamp).Abs() }

func says(e *hansard.Entry) bool {
	return !isAggregate(e) && (e.InputTokens.Set || e.OutputTokens.Set || e.TokenCount.Set || e.CostNanoUSD.Set)
}

func rank(e *hansard.Entry) int {
	return map[string]int{hansard.TypeLLMResponse: -2, hansard.TypeTokenUsage: -1}[e.EventType]
}

func naiveTokens(selected, all []*hansard.Entry, grouped bool) []lake.TokenStat {
	stats := map[[2]string]*lake.TokenStat{}
	for _, e := range selected {
		covered := slices.ContainsFunc(all, func(b *hansard.Entry) bool {
			return says(b) && apart(b, e) <= time.Hour && rank(b) < rank(e) && b.TraceID == e.TraceID &&
				(b.SpanID == e.SpanID && e.SpanID != "" || b.EventID == e.ParentEventID || b.ParentEventID == e.EventID)
		})
		if covered || isAggregate(e) || !says(e) && e.EventType != hansard.TypeLLMResponse {
			continue
		}
		var key [2]string
		s := &lake.TokenStat{}
		if grouped {
			key = [2]string{e.Model, e.AgentName}
			s.Key = key[:]
		}
		if stats[key] == nil {
			stats[key] = s
		}
		s = stats[key]
		s.Calls++
		add := func(to *hansard.Opt[int64], v hansard.Opt[int64]) {
			if v.Set {
				*to = hansard.Some(to.V + v.V)
			}
		}
		add(&s.Input, e.InputTokens)
		add(&s.Output, e.OutputTokens)
		add(&s.CostNanoUSD, e.CostNanoUSD)
		if e.CostNanoUSD.Set {
			s.Priced++
		}
		if e.InputTokens.Set {
			s.Counted++
			add(&s.Total, hansard.Some(e.InputTokens.V+e.OutputTokens.V))
		}
	}
	var list []lake.TokenStat
	for _, s := range stats {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b lake.TokenStat) int { return cmp.Compare(b.CostNanoUSD.V, a.CostNanoUSD.V) })
	return list
}
