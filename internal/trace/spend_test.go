package trace_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// model returns an event of a model call; negative figures are absent.
func model(kind, id, span, parent string, in, out, nano int64) *hansard.Entry {
	opt := func(n int64) hansard.Opt[int64] {
		if n < 0 {
			return hansard.Opt[int64]{}
		}
		return hansard.Some(n)
	}
	return &hansard.Entry{Event: hansard.Event{
		EventType: "agent." + kind, EventID: id, SpanID: span, ParentEventID: parent,
		InputTokens: opt(in), OutputTokens: opt(out), CostNanoUSD: opt(nano),
	}}
}

func TestSpent(t *testing.T) {
	show := func(s trace.Spend) string {
		var parts []string
		for _, o := range []hansard.Opt[int64]{s.Input, s.Output, s.Tokens, s.CostNanoUSD} {
			if o.Set {
				parts = append(parts, fmt.Sprint(o.V))
			} else {
				parts = append(parts, "?")
			}
		}
		return strings.Join(parts, " ") + fmt.Sprintf(" unpriced %d", s.Unpriced)
	}
	f := func(name, want string, entries ...*hansard.Entry) {
		t.Helper()
		if got := show(trace.Spent(entries)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	f("nothing", "? ? ? ? unpriced 0", model("invocation", "a", "", "", -1, -1, -1))
	f("one response", "10 5 15 7 unpriced 0", model("llm_response", "r", "", "", 10, 5, 7))
	f("one usage", "10 5 15 7 unpriced 0", model("token_usage", "u", "", "", 10, 5, 7))
	f("two calls", "30 15 45 7 unpriced 1", model("llm_response", "r", "", "", 10, 5, 7), model("token_usage", "u", "", "", 20, 10, -1))

	f("paired by span", "10 5 15 7 unpriced 0",
		model("token_usage", "u", "s", "", 10, 5, 7), model("llm_response", "r", "s", "", 10, 5, 7))
	f("the usage's parent is the response", "10 5 15 7 unpriced 0",
		model("llm_response", "r", "", "", 10, 5, 7), model("token_usage", "u", "", "r", 10, 5, 7))
	f("the response's parent is the usage", "10 5 15 7 unpriced 0",
		model("llm_response", "r", "", "u", 10, 5, 7), model("token_usage", "u", "", "", 10, 5, 7))
	f("siblings are not paired", "20 10 30 14 unpriced 0",
		model("llm_response", "r", "", "p", 10, 5, 7), model("token_usage", "u", "", "p", 10, 5, 7))
	f("the response has no tokens", "10 5 15 7 unpriced 0",
		model("llm_response", "r", "s", "", -1, -1, -1), model("token_usage", "u", "s", "", 10, 5, 7))
	f("the usage alone has the cost", "10 5 15 7 unpriced 0",
		model("llm_response", "r", "s", "", 10, 5, -1), model("token_usage", "u", "s", "", 99, 99, 7))
	f("the response alone has the cost", "10 5 15 7 unpriced 0",
		model("llm_response", "r", "s", "", -1, -1, 7), model("token_usage", "u", "s", "", 10, 5, -1))
	f("nobody has the cost", "10 5 15 ? unpriced 1",
		model("llm_response", "r", "s", "", 10, 5, -1), model("token_usage", "u", "s", "", 10, 5, -1))
	f("another span", "20 10 30 14 unpriced 0",
		model("llm_response", "r", "s1", "", 10, 5, 7), model("token_usage", "u", "s2", "", 10, 5, 7))
	f("tokens of other events count", "1 2 3 4 unpriced 0", model("reasoning", "x", "s", "", 1, 2, 4))
	f("free is not unknown", "10 5 15 0 unpriced 0", model("llm_response", "r", "", "", 10, 5, 0))

	sum := model("invocation", "top", "", "", 100, 100, 100)
	sum.Labels = []string{"aggregate"}
	f("aggregates are not summed", "10 5 15 7 unpriced 0", sum, model("llm_response", "r", "", "", 10, 5, 7))
	f("aggregates alone", "? ? ? ? unpriced 0", sum)
	repeated := model("llm_response", "r", "s", "", 10, 5, 7)
	repeated.Labels = []string{"aggregate"}
	f("an aggregate does not stand for the usage", "10 5 15 7 unpriced 0", repeated, model("token_usage", "u", "s", "", 10, 5, 7))

	total := model("llm_response", "r", "", "", 10, 5, 7)
	total.TokenCount = hansard.Some[int64](40)
	f("a stated total wins", "10 5 40 7 unpriced 0", total)
	cached := model("llm_response", "r", "", "", 10, 5, 7)
	cached.CacheReadTokens, cached.CacheWriteTokens, cached.ReasoningTokens = hansard.Some[int64](100), hansard.Some[int64](1000), hansard.Some[int64](4)
	f("caches are part of the total, reasoning is within output", "10 5 1115 7 unpriced 0", cached)
	f("an entry given twice", "10 5 15 7 unpriced 0", total2("r"), total2("r"))
	f("a sum too large", fmt.Sprintf("%d ? %d ? unpriced 2", int64(math.MaxInt64), int64(math.MaxInt64)),
		model("llm_response", "a", "", "", math.MaxInt64, -1, -1), model("llm_response", "b", "", "", 1, -1, -1))
}

func total2(id string) *hansard.Entry { return model("llm_response", id, "", "", 10, 5, 7) }

// called returns a tool call or a tool result.
func called(ts int64, kind, id, callID, parent, status string, us int64) *hansard.Entry {
	e := at(ts, id, parent)
	e.EventType, e.ToolCallID, e.Status = "agent."+kind, callID, status
	if us > 0 {
		e.DurationUS = hansard.Some(us)
	}
	return e
}

func TestToolCalls(t *testing.T) {
	f := func(name, want string, entries ...*hansard.Entry) {
		t.Helper()
		var parts []string
		calls, unpaired := trace.ToolCalls(entries)
		for _, c := range calls {
			s := c.Call.EventID + "("
			for _, r := range c.Results {
				s += r.EventID
			}
			s += ")"
			if c.Erred {
				s += "!"
			}
			if c.LatencyUS.Set {
				s += fmt.Sprint(c.LatencyUS.V)
			}
			parts = append(parts, s)
		}
		for _, e := range unpaired {
			parts = append(parts, "-"+e.EventID)
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	f("no result", "c()", called(1, "tool_call", "c", "1", "", "", 0))
	f("by call id", "c(r)", called(1, "tool_call", "c", "1", "", "", 0), called(2, "tool_result", "r", "1", "", "ok", 0))
	f("by parent", "c(r)", called(1, "tool_call", "c", "", "", "", 0), called(2, "tool_result", "r", "", "c", "", 0))
	f("the call id goes before the parent", "c() d(r)", called(1, "tool_call", "c", "1", "", "", 0),
		called(2, "tool_call", "d", "2", "", "", 0), called(3, "tool_result", "r", "2", "c", "", 0))
	f("a call id that no call has", "c(r)", called(1, "tool_call", "c", "", "", "", 0), called(2, "tool_result", "r", "9", "c", "", 0))
	f("unpaired", "c() -r", called(1, "tool_call", "c", "1", "", "", 0), called(2, "tool_result", "r", "2", "x", "error", 0))
	f("no ids at all", "c() -r", called(1, "tool_call", "c", "", "", "", 0), called(2, "tool_result", "r", "", "", "", 0))
	f("the result before the call", "c(r)", called(2, "tool_call", "c", "1", "", "", 0), called(1, "tool_result", "r", "1", "", "", 0))
	f("retries with one id", "c(r)! d(s)", called(1, "tool_call", "c", "1", "", "", 0), called(2, "tool_result", "r", "1", "", "error", 0),
		called(3, "tool_call", "d", "1", "", "", 0), called(4, "tool_result", "s", "1", "", "ok", 0))
	f("two results", "c(rs)!", called(1, "tool_call", "c", "1", "", "", 0), called(2, "tool_result", "r", "1", "", "timeout", 0),
		called(3, "tool_result", "s", "1", "", "ok", 0))
	f("both erred, once", "c(r)!", called(1, "tool_call", "c", "1", "", "error", 0), called(2, "tool_result", "r", "1", "", "error", 0))
	f("denied is no error", "c()", called(1, "tool_call", "c", "1", "", "denied", 0))
	f("latency of the call", "c(r)5", called(1, "tool_call", "c", "1", "", "", 5), called(2, "tool_result", "r", "1", "", "", 9))
	f("latency of the result", "c(r)9", called(1, "tool_call", "c", "1", "", "", 0), called(2, "tool_result", "r", "1", "", "", 9))
}

func TestErred(t *testing.T) {
	f := func(e hansard.Event, want bool) {
		t.Helper()
		if got := trace.Erred(&hansard.Entry{Event: e}); got != want {
			t.Errorf("Erred(%+v) = %v", e, got)
		}
	}
	f(hansard.Event{}, false)
	f(hansard.Event{Status: "ok"}, false)
	f(hansard.Event{Status: "cancelled"}, false)
	f(hansard.Event{Status: "timeout"}, true)
	f(hansard.Event{Error: "x"}, true)
	f(hansard.Event{ErrorType: "X"}, true)
}
