package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

const tenant = "acme"

var (
	start = time.Date(2026, 11, 23, 14, 22, 49, 0, time.UTC)
	now   = start.Add(10 * time.Minute)
)

// tierOf is the plain rule of EVENT.md.
func tierOf(e *hansard.Event) hansard.Tier {
	switch {
	case e.Status == "error" || e.Status == "timeout" || e.EventType == hansard.TypeError:
		return hansard.TierCritical
	case e.EventType == hansard.TypeDecision || e.EventType == hansard.TypeHandoff || e.EventType == hansard.TypeHumanIntervention:
		return hansard.TierCompliance
	case e.EventType == hansard.TypeReasoning || e.EventType == hansard.TypeGeneric:
		return hansard.TierDebug
	}
	return hansard.TierInfo
}

// record gives events their places and returns a lake that holds them, half of
// each log in a part, half fresh.
func record(t testing.TB, events []*hansard.Event) (*lake.Lake, []*hansard.Entry) {
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
	var all []*hansard.Entry
	logs := map[hansard.LogID][]*hansard.Entry{}
	for i, ev := range events {
		e := &hansard.Entry{Event: *ev, Encoder: 1, Position: uint64(i), ReceivedAt: ev.Timestamp, SubmittedBy: "loopback", Tier: tierOf(ev)}
		e.Log = hansard.LogID{Tenant: tenant, Tier: e.Tier}
		e.Index = uint64(len(logs[e.Log]))
		logs[e.Log] = append(logs[e.Log], e)
		all = append(all, e)
	}
	for log, entries := range logs {
		sealed := len(entries) / 2
		l.Load(log, seal(t, dir, entries[:sealed]), part.NewEncoder().RowsOf(entries[sealed:]))
	}
	return l, all
}

// seal writes entries of one log as a part.
func seal(t testing.TB, dir string, entries []*hansard.Entry) []part.Info {
	t.Helper()
	if len(entries) == 0 {
		return nil
	}
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
	return []part.Info{info}
}

// mixed returns events of many agents, with and without tokens, costs, errors,
// results and invented times.
func mixed(n int) []*hansard.Event {
	r := rand.New(rand.NewPCG(9, 9))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var events []*hansard.Event
	add := func(e hansard.Event, parent string) *hansard.Event {
		i := len(events)
		e.EventID, e.ParentEventID = fmt.Sprintf("e%d", i), parent
		e.Timestamp, e.TraceID = start.Add(time.Duration(i)*time.Second).UnixNano(), fmt.Sprintf("t%d", i/20)
		if e.AgentName == "" && r.IntN(10) > 0 {
			e.AgentName = pick("billing", "support", "planner", "Écho | a \"b\"", "research", "audit", "x*y")
		}
		if e.SpanID == "" {
			e.SpanID = fmt.Sprintf("s%d", i)
		}
		e.Environment, e.TimeSource = pick("prod", "dev"), hansard.TimeFromSender
		if r.IntN(12) == 0 {
			e.TimeSource = hansard.TimeSynthetic
		}
		events = append(events, &e)
		return &e
	}
	for len(events) < n {
		switch r.IntN(7) {
		case 0:
			call := add(hansard.Event{EventType: hansard.TypeToolCall, ToolName: "get_order", ToolCallID: fmt.Sprint("c", len(events)), Status: pick("", "ok", "timeout")}, "")
			if len(events)%20 != 0 && r.IntN(4) > 0 { // its result is in the same trace
				add(hansard.Event{EventType: hansard.TypeToolResult, ToolName: call.ToolName, ToolCallID: call.ToolCallID, Status: pick("ok", "ok", "error", "denied"), AgentName: call.AgentName}, call.EventID)
			}
		case 1:
			e := hansard.Event{EventType: hansard.TypeLLMResponse, Model: pick("large", "small", ""), SpanID: fmt.Sprint("m", len(events))}
			if r.IntN(3) > 0 {
				e.InputTokens, e.OutputTokens = hansard.Some(r.Int64N(5000)), hansard.Some(r.Int64N(500))
			}
			if e.InputTokens.Set && r.IntN(3) > 0 {
				e.CostNanoUSD = hansard.Some(r.Int64N(1e9))
			}
			if r.IntN(9) == 0 {
				e.Labels = []string{"aggregate"}
			}
			usage := *add(e, "")
			if len(events)%20 != 0 && usage.InputTokens.Set {
				usage.EventType = hansard.TypeTokenUsage
				add(usage, "")
			}
		case 2:
			add(hansard.Event{EventType: hansard.TypeHumanIntervention, Intervention: pick("escalation", "approval", "requested")}, "")
		case 3:
			add(hansard.Event{EventType: hansard.TypeError, ErrorType: "TimeoutError", RecoveryAction: "retry"}, "")
		case 4:
			add(hansard.Event{EventType: hansard.TypeHandoff, HandoffTo: "billing", Error: pick("", "", "nobody there")}, "")
		case 5:
			add(hansard.Event{EventType: pick(hansard.TypeInvocation, "x.cache_hit", hansard.TypeGeneric), Params: json.RawMessage(`{"task":"x"}`)}, "")
		case 6:
			add(hansard.Event{EventType: pick(hansard.TypeReasoning, hansard.TypeDecision), Reasoning: "because", ErrorType: pick("", "", "Doubt")}, "")
		}
	}
	return events
}

// incident returns the events of testdata/incident.ndjson: a refund that goes wrong,
// and two runs beside it.
func incident() []*hansard.Event {
	lines, err := os.ReadFile("testdata/incident.ndjson")
	if err != nil {
		panic(err)
	}
	var events []*hansard.Event
	for line := range bytes.Lines(lines) {
		e, err := (&dialect.Flat{}).Decode(line)
		if err != nil {
			panic(err)
		}
		events = append(events, e)
	}
	return events
}

func parse(t testing.TB, search string) query.Node {
	t.Helper()
	n, err := query.Parse(search, now)
	if err != nil {
		t.Fatalf("%s: %v", search, err)
	}
	return n
}
