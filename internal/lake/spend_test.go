package lake_test

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/query"
)

// sealed puts events on record in order, ten seconds apart where they state no time.
func sealed(t *testing.T, perPart int, events ...hansard.Event) *world {
	t.Helper()
	s := newSource(1)
	var all []*hansard.Entry
	for i, e := range events {
		if e.EventID == "" {
			e.EventID = fmt.Sprintf("e%d", i)
		}
		if e.Timestamp == 0 {
			e.Timestamp = epoch + int64(i)*1e10
		}
		if e.TraceID == "" {
			e.TraceID = "t"
		}
		entry := &hansard.Entry{Event: e}
		all = append(all, s.seal(entry, tierOf(entry)))
	}
	return newWorld(t, all, perPart)
}

// TestSpend sums by the table of prices what states no cost: a call that states it on
// another of its events is not priced, an aggregate is not summed, a model without a
// price is unpriced, and a day begins at midnight of the zone.
func TestSpend(t *testing.T) {
	midnight := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC).UnixNano() // in Berlin
	call := func(model string, at, in, out int64, more ...func(*hansard.Event)) hansard.Event {
		e := hansard.Event{EventType: hansard.TypeLLMResponse, Provider: "acme", Model: model, AgentName: "a", Timestamp: at, InputTokens: hansard.Some(in), OutputTokens: hansard.Some(out)}
		for _, f := range more {
			f(&e)
		}
		return e
	}
	states := func(nano int64) func(*hansard.Event) {
		return func(e *hansard.Event) { e.CostNanoUSD = hansard.Some(nano) }
	}
	span := func(id string) func(*hansard.Event) { return func(e *hansard.Event) { e.SpanID = id } }
	usage := call("m1", midnight+2, 100, 10, span("x"), states(5000))
	usage.EventType = hansard.TypeTokenUsage
	w := sealed(t, 3,
		call("m1", midnight-1, 1_000_000, 0),       // $1 by the table, the day before
		call("m1", midnight, 0, 1_000_000),         // $2
		call("m1", midnight+1, 100, 10, span("x")), // its usage states what it cost
		usage, // the same call
		call("m2", midnight+3, 7, 3, states(9000)), // states it itself
		call("m3", midnight+4, 7, 3),               // nobody knows
		hansard.Event{EventType: hansard.TypeDecision, AgentName: "a", Timestamp: midnight + 5},
	)
	table, err := price.Parse("test", []byte("prices:\n  - {provider: acme, models: [m1, m2], from: 2026-01-01, input: 1, output: 2, source: s, checked: 2026-01-01}\n"))
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	spend := func(p lake.Pricing, top int, by ...[]string) []lake.Spending {
		t.Helper()
		got, err := w.Spend(t.Context(), tenant, query.Query{Node: query.And{}}, by, p, top)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	type figures struct{ calls, priced, tabled, unpriced, stated, byTable int64 }
	of := func(s lake.TokenStat) figures {
		return figures{s.Calls, s.Priced, s.Tabled, s.Unpriced, s.CostNanoUSD.V, s.TableNanoUSD.V}
	}
	f := func(what string, got, want any) {
		t.Helper()
		if d := gocmp.Diff(want, got, gocmp.AllowUnexported(figures{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	got := spend(lake.Pricing{Table: table, Zone: berlin}, 0, nil, []string{"day"}, []string{"model"})
	f("total", of(got[0].Total), figures{calls: 5, priced: 2, tabled: 2, unpriced: 1, stated: 14_000, byTable: 3_000_000_000})
	days := map[string]figures{}
	for _, s := range got[1].Top {
		days[s.Key[0]] = of(s)
	}
	f("days in Berlin", days, map[string]figures{
		"2026-11-22": {calls: 1, tabled: 1, byTable: 1_000_000_000},
		"2026-11-23": {calls: 4, priced: 2, tabled: 1, unpriced: 1, stated: 14_000, byTable: 2_000_000_000},
	})
	f("models, most first", []string{got[2].Top[0].Key[0], got[2].Top[1].Key[0], got[2].Top[2].Key[0]}, []string{"m1", "m2", "m3"})
	f("groups", got[2].Groups, 3)
	one := spend(lake.Pricing{Table: table, Zone: berlin}, 1, []string{"model"})[0]
	f("the top one", []any{len(one.Top), one.Top[0].Key[0], one.Groups, of(one.Total)}, []any{1, "m1", 3, of(got[0].Total)})
	utc := spend(lake.Pricing{Table: table}, 0, []string{"day"})[0]
	f("days in UTC", []any{utc.Groups, utc.Top[0].Key[0]}, []any{1, "2026-11-22"})
	f("without a table", of(spend(lake.Pricing{}, 0, nil)[0].Total), figures{calls: 5, priced: 2, unpriced: 3, stated: 14_000})
	// All by the table: 1 and 2 dollars, 100+2*10 and 7+2*3 thousandths of a cent.
	f("repriced", of(spend(lake.Pricing{Table: table, Reprice: true}, 0, nil)[0].Total), figures{calls: 5, tabled: 4, unpriced: 1, byTable: 3_000_000_000 + 120_000 + 13_000})
}

// TestInvocations tells ends, failures, recoveries and what is open apart.
func TestInvocations(t *testing.T) {
	begin := func(id, agent string, more ...func(*hansard.Event)) hansard.Event {
		e := hansard.Event{EventID: id, TraceID: "t-" + id, EventType: hansard.TypeInvocation, AgentName: agent}
		for _, f := range more {
			f(&e)
		}
		return e
	}
	end := func(of, status string, us int64) hansard.Event {
		return hansard.Event{TraceID: "t-" + of, ParentEventID: of, EventType: hansard.TypeLifecycle, Action: "invocation_end", Status: status, DurationUS: hansard.Some(us)}
	}
	tool := func(of, name, status string) hansard.Event {
		return hansard.Event{TraceID: "t-" + of, ParentEventID: of, EventType: hansard.TypeToolResult, ToolName: name, Status: status}
	}
	w := sealed(t, 4,
		begin("ok", "a"), end("ok", "ok", 1000),
		begin("own", "a", func(e *hansard.Event) { e.Status, e.DurationUS = "ok", hansard.Some(int64(3000)) }),
		begin("bad", "a"), end("bad", "error", 2000),
		begin("below", "a"), tool("below", "x", "timeout"), end("below", "ok", 2000), // nobody recovered
		begin("mended", "b"), tool("mended", "x", "error"), tool("mended", "x", "ok"), end("mended", "ok", 500),
		begin("open", "b"),
		begin("broken", "b"), tool("broken", "y", "error"), // fails, though no end was seen
	)
	f := func(search string, want []lake.InvocationStat) {
		t.Helper()
		got, err := w.Invocations(t.Context(), tenant, query.Query{Node: parse(t, search)})
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", search, d)
		}
	}
	a := lake.InvocationStat{Agent: "a", Invocations: 4, Failed: 2, Timed: 4, Avg: hansard.Some(2000.0)}
	b := lake.InvocationStat{Agent: "b", Invocations: 3, Failed: 1, Open: 1, Timed: 1, Avg: hansard.Some(500.0)}
	f("", []lake.InvocationStat{a, b})
	f("agent:b", []lake.InvocationStat{b})
	f("agent:nobody", nil)
}
