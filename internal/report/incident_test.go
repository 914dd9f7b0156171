package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/report"
)

// outage is a refund whose tool does not answer: three tries, the breaker opens,
// the refund is queued, a human lets it through.
func outage() []*hansard.Entry {
	begin := time.Date(2026, 11, 23, 14, 22, 49, 0, time.UTC)
	var entries []*hansard.Entry
	add := func(ms int64, agent, parent string, e hansard.Event) string {
		e.EventID = fmt.Sprintf("e%02d", len(entries)+1)
		e.AgentName, e.ParentEventID, e.TraceID, e.TaskID = agent, parent, "refund-trace", "refund-42"
		e.Timestamp = begin.Add(time.Duration(ms) * time.Millisecond).UnixNano()
		entries = append(entries, &hansard.Entry{Event: e, Position: uint64(len(entries) + 1)})
		return e.EventID
	}
	task := add(0, "Support", "", hansard.Event{EventType: hansard.TypeInvocation, Source: "user", Params: json.RawMessage(`{"task":"Please refund order 42, I was charged twice."}`)})
	order := add(200, "Support", task, hansard.Event{EventType: hansard.TypeToolCall, ToolName: "get_order", ToolCallID: "c1", SideEffect: "read", Params: json.RawMessage(`{"order_id":42}`)})
	add(380, "Support", order, hansard.Event{EventType: hansard.TypeToolResult, ToolName: "get_order", ToolCallID: "c1", DurationUS: hansard.Some(int64(180_000)), Status: "ok", Result: json.RawMessage(`{"payment":"pay_9002"}`)})
	hand := add(500, "Support", task, hansard.Event{EventType: hansard.TypeHandoff, HandoffTo: "Billing", ContextSummary: "Refund pay_9002."})
	plan := add(2000, "Billing", hand, hansard.Event{EventType: hansard.TypeLLMResponse, Action: "llm:large", Model: "large", InputTokens: hansard.Some(int64(900)), OutputTokens: hansard.Some(int64(100)), CostNanoUSD: hansard.Some(int64(4_200_000)), Status: "ok", DurationUS: hansard.Some(int64(1_200_000))})
	last := ""
	for i, at := range []int64{17_000, 30_500, 44_000} {
		id := fmt.Sprintf("r%d", i+1)
		call := add(at, "Billing", plan, hansard.Event{EventType: hansard.TypeToolCall, ToolName: "process_refund", ToolCallID: id, SideEffect: "irreversible", Attempt: hansard.Some(int64(i + 1)), Params: json.RawMessage(`{"order_id":42,"payment":"pay_9002"}`)})
		last = add(at+12_300, "Billing", call, hansard.Event{EventType: hansard.TypeToolResult, ToolName: "process_refund", ToolCallID: id, DurationUS: hansard.Some(int64(12_300_000)), Status: "timeout", ErrorType: "TimeoutError", Error: "the refund API did not answer within 12 s", RecoveryAction: "retry"})
	}
	open := add(56_320, "Billing", last, hansard.Event{EventType: hansard.TypeError, Action: "circuit_breaker:open", ErrorType: "CircuitOpenError", Error: "3 time-outs in a row; the breaker is open for 5 minutes"})
	decision := add(56_400, "Billing", open, hansard.Event{EventType: hansard.TypeDecision, Decision: "queue_refund", Confidence: hansard.Some(0.71)})
	queue := add(56_450, "Billing", decision, hansard.Event{EventType: hansard.TypeToolCall, ToolName: "enqueue_refund", ToolCallID: "q1", SideEffect: "write", Params: json.RawMessage(`{"payment":"pay_9002"}`)})
	queued := add(56_550, "Billing", queue, hansard.Event{EventType: hansard.TypeToolResult, ToolName: "enqueue_refund", ToolCallID: "q1", DurationUS: hansard.Some(int64(100_000)), Status: "ok", RecoveryAction: "fallback", Result: json.RawMessage(`{"position":3}`)})
	ask := add(56_700, "Billing", queued, hansard.Event{EventType: hansard.TypeHumanIntervention, Action: "escalate:supervisor", Intervention: "escalation", ContextSummary: "Three tries timed out. Check that none went through."})
	add(248_700, "Billing", ask, hansard.Event{EventType: hansard.TypeHumanIntervention, Action: "approve", Intervention: "approval", Approver: "supervisor", ActorType: "human", DecisionUS: hansard.Some(int64(192_000_000)), Comment: "None did. Released."})
	return entries
}

// incidentReport returns the forensics of entries, with what other traces tell.
func incidentReport(entries []*hansard.Entry) *report.IncidentReport {
	in := forensic.Analyze(entries)
	if in.RootCause != nil && in.RootCause.ToolName == "process_refund" {
		in.SimilarTraces = 12
		in.Advise(&forensic.ToolHistory{
			ToolName: "process_refund", Calls: 120, Errors: 13, P50: hansard.Some(int64(1_300_000)), P95: hansard.Some(int64(1_900_000)), Max: hansard.Some(int64(2_400_000)),
		}, []forensic.Similar{{TraceID: "t-77", TaskID: "refund-41", AgentName: "Billing", Time: time.Date(2026, 11, 23, 14, 20, 0, 0, time.UTC), Failures: 3}})
	} else {
		in.Advise(nil, nil)
	}
	return report.Incident(in, entries, report.Request{Tenant: tenant, Now: now, Checkpoints: checkpoints()})
}

func TestIncident(t *testing.T) {
	full, none := incidentReport(outage()), incidentReport(outage()[:5])
	for _, f := range report.Formats() {
		golden(t, "forensics."+string(f), render(t, full, f))
		golden(t, "forensics_none."+string(f), render(t, none, f))
	}
	c := full.RootCause
	if c == nil || c.AgentName != "Billing" || c.ToolName != "process_refund" || c.Class != "timeout" || c.Party != "tool" || c.EventIDs[0] != "e06" || c.Step.Set {
		t.Errorf("root cause %+v", c)
	}
	if len(full.Retries) != 1 || full.Retries[0].Errors != 3 || full.Retries[0].Recovered || full.Retries[0].WaitedMS.V != 36_900_000 {
		t.Errorf("retries %+v", full.Retries)
	}
	if full.Amplification.Factor != 1.67 { // 5 calls for 3 things
		t.Errorf("amplification %+v", full.Amplification)
	}
	if len(full.Breakers) != 1 || len(full.Fallbacks) != 1 || len(full.Escalations) != 1 || len(full.Interventions) != 1 || full.DecisionMS.V != 192_000_000 {
		t.Errorf("breakers %v, fallbacks %v, escalations %v, interventions %v", full.Breakers, full.Fallbacks, full.Escalations, full.Interventions)
	}
	if none.RootCause != nil || none.NoCause == "" {
		t.Errorf("without a failure: %+v, %q", none.RootCause, none.NoCause)
	}
}

// TestIncidentIsHarmless renders names and errors that try to leave every format.
func TestIncidentIsHarmless(t *testing.T) {
	entries := outage()
	for _, e := range entries {
		e.AgentName, e.TaskID, e.TraceID = evil, evil, evil
		if e.ToolName != "" {
			e.ToolName = evil
		}
		if e.Error != "" {
			e.Error, e.ErrorType = evil, evil
		}
	}
	r := incidentReport(entries)
	for _, f := range report.Formats() {
		out := string(render(t, r, f))
		if strings.Contains(out, "<script>") && f != report.JSON && f != report.Table && f != report.CSV {
			t.Errorf("%s: a script came through", f)
		}
		for _, c := range out {
			if c == '\x1b' || c == '\u009b' || c == '\u202e' || c == '\r' && f != report.CSV {
				t.Errorf("%s: %U came through", f, c)
			}
		}
	}
}
