package policy_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/query"
)

const tenant = "acme"

var begin = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// record returns a lake that holds the entries: most of each log in parts of some
// row groups, the rest fresh.
func record(t testing.TB, entries []*hansard.Entry) *lake.Lake {
	t.Helper()
	dir := t.TempDir()
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	logs := map[hansard.LogID][]*hansard.Entry{}
	for _, e := range entries {
		e.Log, e.Encoder = hansard.LogID{Tenant: tenant, Tier: e.Tier}, 1
		e.Index = uint64(len(logs[e.Log]))
		logs[e.Log] = append(logs[e.Log], e)
	}
	for log, all := range logs {
		var parts []part.Info
		sealed := len(all) * 3 / 4
		for from := 0; from < sealed; from += 256 {
			parts = append(parts, seal(t, dir, all[from:min(from+256, sealed)]))
		}
		l.Load(log, parts, part.NewEncoder().RowsOf(all[sealed:]))
	}
	return l
}

func seal(t testing.TB, dir string, entries []*hansard.Entry) part.Info {
	t.Helper()
	var b bytes.Buffer
	if err := part.NewEncoder().Write(&b, slices.Clone(entries)); err != nil {
		t.Fatal(err)
	}
	name := part.Name{First: entries[0].Index, End: entries[len(entries)-1].Index + 1}
	info := part.NewIndex(name, entries, nil).Info
	folder := filepath.Join(dir, "tenants", info.Log.Tenant, string(info.Log.Tier), "parts", info.Date)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name.String()), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return info
}

// random returns entries with few values of each field, so that they meet.
func random(n int, seed uint64) []*hansard.Entry {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	some := func(name string, n int) string {
		if r.IntN(3) == 0 {
			return ""
		}
		return fmt.Sprint(name, r.IntN(n))
	}
	var all []*hansard.Entry
	for i := range n {
		e := &hansard.Entry{Position: uint64(i), SubmittedBy: pick("loopback", "agents", "console"), Tier: hansard.Tier(pick("info", "compliance", "critical"))}
		e.EventID = fmt.Sprint("e", i)
		// In no order, and many at the same instant.
		e.Timestamp = begin.Add(time.Duration(r.IntN(48*60)) * time.Minute).UnixNano()
		e.ReceivedAt = begin.Add(72 * time.Hour).Add(time.Duration(i) * time.Millisecond).UnixNano()
		e.EventType = pick(hansard.TypeToolCall, hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeHumanIntervention, hansard.TypeDecision, hansard.TypeLLMResponse, hansard.TypeLifecycle, hansard.TypeInvocation)
		e.TraceID, e.SessionID, e.ToolName, e.ToolCallID = fmt.Sprint("t", r.IntN(n/5)), some("s", n/6), some("tool", 3), some("c", n/10)
		e.SideEffect, e.Status, e.AgentName = pick("", "none", "read", "write", "irreversible"), pick("", "ok", "error", "denied"), some("agent", 4)
		e.ApprovalID, e.ArgumentsHash, e.PolicyID = some("a", n/20), some("h", 3), some("p", 2)
		e.Intervention, e.ActorType, e.Decision = pick("", "approval", "escalation", "rejection", "stop"), pick("", "human", "agent"), pick("", "allow", "allow_once", "deny")
		e.Action, e.Model = pick("", "session_end", "config_changed", "config_reload"), some("m", 3)
		if i > 0 {
			e.ParentEventID = fmt.Sprint("e", r.IntN(i))
		}
		if r.IntN(3) == 0 {
			e.Resources = []hansard.Resource{{Kind: pick("", `"operation":"`, "order"), ID: pick("", "7"), Operation: pick("", "read")}}
		}
		if r.IntN(2) == 0 {
			e.DecisionUS, e.Confidence = hansard.Some(int64(r.IntN(4_000_000))), hansard.Some(r.Float64())
		}
		if r.IntN(2) == 0 && e.EventType == hansard.TypeLLMResponse {
			e.TokenCount, e.CostNanoUSD = hansard.Some(int64(r.IntN(500))), hansard.Some(int64(r.IntN(1_000_000)))
		}
		if r.IntN(4) == 0 {
			e.Error, e.Tags = pick("Timeout after 12 s", "not found"), []string{pick("a", "b")}
		}
		if r.IntN(2) == 0 {
			e.Params = []byte(fmt.Sprintf(`{"amount":%d,"to":{"name":"x%d"}}`, r.IntN(300), r.IntN(3)))
		}
		all = append(all, e)
	}
	return all
}

// operators is a pack with every operator, and with expressions of every kind:
// over columns, over texts, over numbers and over JSON.
const operators = `
pack: operators
version: "1"
title: Every operator
parameters:
  little: {description: x, default: 100}
definitions:
  call: event_type == "agent.tool_call"
  erred: status == "error" || error.contains("Timeout")
controls:
  - {id: is, title: x, each: call, must: {is: 'status != "error"'}}
  - {id: text, title: x, each: call && erred, must: 'error.contains("after")'}
  - {id: json, title: x, each: 'call && present(params)', must: params.amount < little && params.to.name != "x1"}
  - {id: float, title: x, each: confidence > 0.25, must: confidence < 0.75 || token_count >= 250}
  - {id: lists, title: x, each: '"a" in tags || "order" in resources.kind', must: 'resources.all(r, r.operation != "")'}
  - {id: number, title: x, each: decision_ms >= 0, unsure: call && !present(decision_ms), must: decision_ms < 2000.5 && cost_usd < 0.0005}
  - {id: negated, title: x, each: '!(call && tool_name in ["tool0", ""]) && duration_ms != 3.0', must: '!(decision.startsWith("allow") || action.endsWith("_end"))'}
  - {id: fields, title: x, each: 'present(tool_call_id)', must: approval_id != arguments_hash && position < 400}
  - {id: precedes, title: x, each: call, must: {precedes: {event: 'intervention == "approval"', within: 6h, same: [[approval_id], [session_id, tool_name]], agree: [arguments_hash], differ: [submitted_by]}}}
  - {id: precedes_ever, title: x, each: call, must: {precedes: {event: event_type == "agent.decision", same: [session_id]}}}
  - {id: within, title: x, each: call, must: {any: [{is: 'status == "ok"'}, {within: {event: event_type == "agent.tool_result", within: 5h, same: [[tool_call_id], [event_id=parent_event_id]]}}]}}
  - {id: within_not, title: x, each: call, must: {not: {within: {event: erred, within: 90m, same: [trace_id]}}}}
  - {id: rate, title: x, each: erred, must: {rate: {event: erred, at_most: 2, per: 3h, same: [tool_name]}}}
  - {id: sequence, title: x, each: 'intervention == "stop"', must: {not: {sequence: {events: [event_type == "agent.decision", call], within: 4h, same: [trace_id]}}}}
  - {id: exists, title: x, per: session_id, each: call, must: {exists: 'intervention == "approval"'}, threshold: {at_most: 20%}}
  - {id: absent, title: x, per: [session_id, trace_id], each: call, must: {any: [{absent: erred}, {exists: 'action.startsWith("config_")'}]}}
  - {id: count, title: x, per: trace_id, each: call, must: {count: {event: erred, at_least: 1, at_most: 2}}}
  - {id: group_rate, title: x, per: trace_id, each: call, must: {rate: {event: call, at_most: 1, per: 24h}}}
  - {id: group_sequence, title: x, per: session_id, each: call, quiet: 2h, must: {sequence: {events: [call, erred], within: 24h}}}
  - {id: events, title: x, count: 'intervention == "stop"', threshold: {at_most: 3}}
  - {id: spent, title: x, budget: {of: tokens, per: model, limit: 5000}}
`

// brief is what two ways to judge must agree on.
type brief struct {
	Control                     string
	Verdict                     policy.Verdict
	Why                         string
	Members, Held, Open, Unsure int64
	Found                       []string
}

func briefs(results []*policy.Result) []brief {
	var all []brief
	for _, r := range results {
		b := brief{r.Control.ID, r.Verdict, r.Why, r.Members, r.Held, r.Open, r.Unsure, nil}
		for _, e := range r.Found {
			b.Found = append(b.Found, e.EventID)
		}
		all = append(all, b)
	}
	return all
}

// TestEvaluate compares what the lake finds over columns, in slices, with what the
// expressions say of each event in memory.
func TestEvaluate(t *testing.T) {
	p, err := policy.Parse([]byte(operators), nil)
	if err != nil {
		t.Fatal(err)
	}
	judged := map[policy.Verdict]bool{}
	for seed := range uint64(2) {
		entries := random(600, seed)
		l := record(t, entries)
		now := begin.Add(48 * time.Hour)
		for _, pack := range []*policy.Pack{p, load(t, "base"), load(t, "eu-ai-act")} {
			got, err := policy.Evaluate(context.Background(), l, pack, policy.Question{Tenant: tenant, Last: 1 << 40, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			want := policy.EvaluateEntries(pack, entries, policy.Facts{}, now)
			if d := cmp.Diff(briefs(want), briefs(got)); d != "" {
				t.Errorf("seed %d, pack %s (-in memory +over columns):\n%s", seed, pack.ID, d)
			}
			for _, r := range got {
				judged[r.Verdict] = true
				if r.Control.ID != "spent" && r.Control.ID != "events" && r.Pack == p && (r.Held == 0 || r.Held == r.Members) {
					t.Errorf("seed %d: %s holds for %d of %d: the test shows little", seed, r.Control.ID, r.Held, r.Members)
				}
			}
		}
	}
	if !judged[policy.Fail] || !judged[policy.Pass] {
		t.Errorf("verdicts %v", judged)
	}
}

// TestEvaluatePeriod judges the members of a period; what came before and after it
// counts for them.
func TestEvaluatePeriod(t *testing.T) {
	const pack = `
pack: p
version: "1"
title: P
controls:
  - {id: before, title: x, each: event_type == "agent.tool_call", must: {precedes: {event: event_type == "agent.decision", within: 2h, same: [trace_id]}}}
  - {id: after, title: x, each: event_type == "agent.tool_call", must: {within: {event: event_type == "agent.tool_result", within: 2h, same: [trace_id]}}}
`
	p, err := policy.Parse([]byte(pack), nil)
	if err != nil {
		t.Fatal(err)
	}
	var entries []*hansard.Entry
	add := func(minute int, trace, kind string) {
		e := &hansard.Entry{Position: uint64(len(entries)), Tier: "info", ReceivedAt: begin.UnixNano() + int64(len(entries))}
		e.EventID, e.TraceID, e.EventType, e.Timestamp = fmt.Sprint("e", len(entries)), trace, kind, begin.Add(time.Duration(minute)*time.Minute).UnixNano()
		entries = append(entries, e)
	}
	add(50, "a", hansard.TypeDecision) // before the period
	add(70, "a", hansard.TypeToolCall)
	add(110, "b", hansard.TypeToolCall)
	add(130, "b", hansard.TypeToolResult) // after it
	add(30, "c", hansard.TypeToolCall)    // outside
	add(130, "c", hansard.TypeToolCall)   // outside
	l := record(t, entries)
	q := policy.Question{Tenant: tenant, Last: 1 << 40, Now: begin.Add(24 * time.Hour), Period: query.Period{Since: begin.Add(time.Hour), Until: begin.Add(2 * time.Hour)}}
	results, err := policy.Evaluate(context.Background(), l, p, q)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"e2"}, {"e1"}} {
		if b := briefs(results)[i]; b.Members != 2 || !slices.Equal(b.Found, want) {
			t.Errorf("%s: %d members, found %v, want 2 and %v", b.Control, b.Members, b.Found, want)
		}
	}
	q.Node = query.Compare{Field: query.Ref{Name: "trace_id", Kind: query.KindString}, Op: query.In, Values: []query.Value{{Text: "b"}}}
	if results, err = policy.Evaluate(context.Background(), l, p, q); err != nil {
		t.Fatal(err)
	}
	if b := briefs(results)[1]; b.Members != 1 || b.Held != 1 {
		t.Errorf("of trace b: %+v", b)
	}
}

// TestSlices cuts a record that is larger than a slice: its parts are judged one
// after the other, and what one needs of another is remembered.
func TestSlices(t *testing.T) {
	entries := random(1200, 11)
	l := record(t, entries)
	whole, err := l.Slices(context.Background(), tenant, query.Period{}, 1<<30)
	if err != nil || len(whole) != 1 {
		t.Fatalf("%d slices, %v", len(whole), err)
	}
	cut, err := l.Slices(context.Background(), tenant, query.Period{}, 200)
	if err != nil || len(cut) < 2 {
		t.Fatalf("%d slices, %v", len(cut), err)
	}
	for i, s := range cut[1:] {
		if !s.Since.Equal(cut[i].Until) {
			t.Errorf("slice %d begins at %v, the one before ends at %v", i+1, s.Since, cut[i].Until)
		}
	}
	p, err := policy.Parse([]byte(operators), nil)
	if err != nil {
		t.Fatal(err)
	}
	q := policy.Question{Tenant: tenant, Last: 1 << 40, Now: begin.Add(48 * time.Hour)}
	want, err := policy.Evaluate(context.Background(), l, p, q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := policy.Evaluate(context.Background(), sliced{l}, p, q)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(briefs(want), briefs(got)); d != "" {
		t.Errorf("in slices (-whole +sliced):\n%s", d)
	}
}

// sliced is a lake that cuts smaller slices.
type sliced struct{ *lake.Lake }

func (s sliced) Slices(ctx context.Context, tenant string, p query.Period, _ int) ([]query.Period, error) {
	return s.Lake.Slices(ctx, tenant, p, 200)
}
