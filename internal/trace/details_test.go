package trace_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

func TestDetails(t *testing.T) {
	f := func(e hansard.Event, want string) {
		t.Helper()
		if got := trace.Details(&hansard.Entry{Event: e}); got != want {
			t.Errorf("Details(%s) = %q, want %q", e.EventType, got, want)
		}
	}
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }

	inv := hansard.Event{EventType: hansard.TypeInvocation, Action: "invoke"}
	f(inv, "invoke")
	inv.Params = raw(`{"task":"Refund \"order\" 7"}`)
	f(inv, `Task received: Refund "order" 7`)
	inv.Params = raw(`{"task":"` + strings.Repeat("é", 101) + `"}`)
	f(inv, "Task received: "+strings.Repeat("é", 100))
	inv.Params = raw(`{"task":{"id": 7}}`)
	f(inv, `Task received: {"id":7}`)
	inv.Params = raw(`{"task":null}`)
	f(inv, "invoke")

	call := hansard.Event{EventType: hansard.TypeToolCall, ToolName: "get_order", Action: "tool_call:other"}
	f(call, "Called tool 'get_order' with 0 params")
	call.Params = raw(` {"a":1,"b":{"c":2}}`)
	f(call, "Called tool 'get_order' with 2 params")
	call.Params, call.ToolName = raw(`["x"]`), ""
	f(call, "Called tool 'other' with 1 params")
	call.Params, call.Action = raw(`"x"`), ""
	f(call, "Called tool 'unknown' with 1 params")

	res := hansard.Event{EventType: hansard.TypeToolResult, ToolName: "get_order"}
	f(res, "get_order returned nothing")
	res.Result = raw(`{"id":7}`)
	f(res, "get_order returned 8 bytes")
	res.Status = "timeout"
	f(res, "get_order returned timeout")
	res.ErrorType = "TimeoutError"
	f(res, "get_order returned TimeoutError")
	res.Error = "upstream timed out"
	f(res, "get_order returned upstream timed out")

	dec := hansard.Event{EventType: hansard.TypeDecision, Action: "decision:escalate"}
	f(dec, "Decision: escalate")
	dec.Decision, dec.Confidence = "refund", hansard.Some(0.866)
	f(dec, "Decision: refund (confidence: 87%)")
	dec.Confidence = hansard.Some(0.0)
	f(dec, "Decision: refund (confidence: 0%)")

	f(hansard.Event{EventType: hansard.TypeError, Error: "boom"}, "Error: boom")
	f(hansard.Event{EventType: hansard.TypeError, ErrorType: "E1"}, "Error: E1")
	f(hansard.Event{EventType: hansard.TypeError}, "Error: unknown")

	f(hansard.Event{EventType: hansard.TypeHandoff, HandoffTo: "billing"}, "Handoff to billing")
	f(hansard.Event{EventType: hansard.TypeHandoff, Params: raw(`{"target":"legal"}`)}, "Handoff to legal")
	f(hansard.Event{EventType: hansard.TypeHandoff}, "Handoff to unknown")

	f(hansard.Event{EventType: hansard.TypeHumanIntervention, Intervention: "approval", Approver: "pii:person:k1:aa"}, "approval by pii:person:k1:aa")
	f(hansard.Event{EventType: hansard.TypeHumanIntervention, Intervention: "stop", ActorID: "op"}, "stop by op")
	f(hansard.Event{EventType: hansard.TypeHumanIntervention, Intervention: "requested"}, "requested by unknown")

	use := hansard.Event{EventType: hansard.TypeTokenUsage, InputTokens: hansard.Some[int64](1200)}
	f(use, "1200 in, unknown out, cost unknown")
	use.OutputTokens, use.CostNanoUSD = hansard.Some[int64](300), hansard.Some[int64](12_300_000)
	f(use, "1200 in, 300 out, $0.0123")
	f(hansard.Event{EventType: hansard.TypeTokenUsage, TokenCount: hansard.Some[int64](15), CostSource: "unpriced"}, "15 tokens, unpriced")

	f(hansard.Event{EventType: hansard.TypeReasoning, Action: "think"}, "think")
	f(hansard.Event{EventType: hansard.TypeLLMResponse}, "llm_response")
	f(hansard.Event{EventType: "x.mine"}, "x.mine")
}

// TestDetailsErased: what was erased is called erased, not absent.
func TestDetailsErased(t *testing.T) {
	f := func(e hansard.Event, want string) {
		t.Helper()
		if got := trace.Details(&hansard.Entry{Event: e, ContentSize: 12}); got != want {
			t.Errorf("Details(%s) = %q, want %q", e.EventType, got, want)
		}
	}
	f(hansard.Event{EventType: hansard.TypeInvocation, Action: "invoke"}, "Task received: (erased)")
	f(hansard.Event{EventType: hansard.TypeToolCall, ToolName: "x"}, "Called tool 'x' with params (erased)")
	f(hansard.Event{EventType: hansard.TypeToolResult, ToolName: "x"}, "x returned (erased)")
	f(hansard.Event{EventType: hansard.TypeToolResult, ToolName: "x", Status: "error", ErrorType: "E"}, "x returned E (erased)")
	f(hansard.Event{EventType: hansard.TypeError}, "Error: (erased)")
}
