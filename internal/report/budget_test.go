package report_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/report"
)

func dollars(nano int64) price.Dollars { return price.Dollars(hansard.Some(nano)) }

// TestBudgets holds budgets in tokens and in dollars against what agents used, each
// at, near and over its bound, and where unpriced calls hide what was used.
func TestBudgets(t *testing.T) {
	var events []*hansard.Event
	add := func(agent, task string, tokens int64, nano hansard.Opt[int64]) {
		events = append(events, &hansard.Event{
			EventID: fmt.Sprint("b", len(events)), TraceID: fmt.Sprint("t", len(events)), Timestamp: start.UnixNano() + int64(len(events))*1e9,
			EventType: hansard.TypeLLMResponse, AgentName: agent, TaskID: task, Model: "m", Provider: "p", TokenCount: hansard.Some(tokens), CostNanoUSD: nano,
		})
	}
	add("a", "one", 600, hansard.Some(int64(6e9)))
	add("a", "one", 400, hansard.Some(int64(4e9))) // task one: 1,000 tokens, 10 dollars
	add("a", "two", 799, hansard.Some(int64(2e9)))
	add("b", "three", 1001, hansard.Opt[int64]{}) // and nobody knows its price
	add("b", "", 50, hansard.Some(int64(1e9)))    // names no task
	of := func(b report.Budget) report.BudgetUse {
		t.Helper()
		l, _ := record(t, events)
		r, err := report.CostOf(context.Background(), l, report.Request{Tenant: tenant, Now: now, Budgets: []report.Budget{b}})
		if err != nil || len(r.Budgets) != 1 {
			t.Fatalf("%d budgets, %v", len(r.Budgets), err)
		}
		return r.Budgets[0]
	}
	f := func(b report.Budget, verdict string, verdicts map[string]int, worst ...string) {
		t.Helper()
		b.Name = "x"
		use := of(b)
		var got []string
		for _, s := range use.Worst {
			got = append(got, fmt.Sprintf("%s %s %s", s.Name, s.Used, s.Verdict))
		}
		if use.Verdict != verdict || cmp.Diff(verdicts, use.Verdicts) != "" || cmp.Diff(worst, got) != "" {
			t.Errorf("%+v: %s, %v, %q; want %s, %v, %q", b, use.Verdict, use.Verdicts, got, verdict, verdicts, worst)
		}
	}
	f(report.Budget{Per: "task", Tokens: 1000}, "exceeded", map[string]int{"exceeded": 1, "near_limit": 1, "ok": 1}, "three 100.1% exceeded", "one 100.0% near_limit", "two 79.9% ok")
	f(report.Budget{Per: "task", Tokens: 1000, NearLimit: 79}, "exceeded", map[string]int{"exceeded": 1, "near_limit": 2}, "three 100.1% exceeded", "one 100.0% near_limit", "two 79.9% near_limit")
	f(report.Budget{Per: "task", USD: dollars(20e9)}, "unknown", map[string]int{"ok": 2, "unknown": 1}, "one 50.0% ok", "two 10.0% ok", "three 0.0% unknown")
	f(report.Budget{Per: "task", USD: dollars(9e9)}, "exceeded", map[string]int{"exceeded": 1, "ok": 1, "unknown": 1}, "one 111.1% exceeded", "two 22.2% ok", "three 0.0% unknown")
	f(report.Budget{Agent: "*", USD: dollars(12e9)}, "near_limit", map[string]int{"near_limit": 1, "unknown": 1}, "a 100.0% near_limit", "b 8.3% unknown")
	f(report.Budget{Agent: "b", Tokens: 2000}, "ok", map[string]int{"ok": 1}, " 52.5% ok")
	f(report.Budget{Per: "day", Tokens: 2850}, "near_limit", map[string]int{"near_limit": 1}, "2026-11-23 100.0% near_limit")
	f(report.Budget{Agent: "nobody", Tokens: 1}, "ok", map[string]int{"ok": 1}, " 0.0% ok")
}

func TestCheckBudgets(t *testing.T) {
	f := func(ok bool, budgets ...report.Budget) {
		t.Helper()
		if err := report.CheckBudgets(budgets); (err == nil) != ok || !ok && hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("%+v: %v", budgets, err)
		}
	}
	good := report.Budget{Name: "a", Tokens: 1}
	f(true)
	f(true, good, report.Budget{Name: "b", USD: dollars(1), Per: "day", Agent: "*", NearLimit: 100})
	f(false, good, good)
	f(false, report.Budget{Tokens: 1})
	f(false, report.Budget{Name: "a"})
	f(false, report.Budget{Name: "a", USD: dollars(0)})
	f(false, report.Budget{Name: "a", Tokens: 1, Per: "week"})
	f(false, report.Budget{Name: "a", Tokens: -1, USD: dollars(1)})
	f(false, report.Budget{Name: "a", Tokens: 1, NearLimit: 101})
}
