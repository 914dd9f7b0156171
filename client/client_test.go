package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

// one logs by a helper and returns the event as the server reads it.
func one(t *testing.T, log func(c *client.Client, ctx context.Context)) *hansard.Event {
	t.Helper()
	k := &keeper{}
	c := start(t, client.Config{Agent: "support"}, k)
	log(c, context.Background())
	flush(t, c)
	events := k.events(t)
	if len(events) == 0 {
		t.Fatal("nothing came")
	}
	return events[len(events)-1]
}

// want holds an event against the fields that it must have, ids and times apart.
func want(t *testing.T, got *hansard.Event, w hansard.Event) {
	t.Helper()
	g := *got
	if g.EventID == "" || g.Timestamp == 0 || g.AgentName == "" {
		t.Errorf("id, time or agent is missing: %+v", g)
	}
	g.EventID, g.Timestamp, g.TraceID, g.SpanID, g.ParentEventID, g.Dialect, g.TimeSource = "", 0, "", "", "", "", ""
	if w.AgentName == "" {
		w.AgentName = "support"
	}
	if d := cmp.Diff(w, g); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestKinds(t *testing.T) {
	f := func(w hansard.Event, log func(c *client.Client, ctx context.Context)) {
		t.Helper()
		want(t, one(t, log), w)
	}
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	f(hansard.Event{EventType: hansard.TypeInvocation, Action: "invocation", Params: raw(`{"task":"Refund \"7731\""}`), TaskID: "t-1"},
		func(c *client.Client, ctx context.Context) { c.Invocation(ctx, `Refund "7731"`, client.Task("t-1")) })
	f(hansard.Event{EventType: hansard.TypeReasoning, Action: "reasoning", Reasoning: "I look first.", Confidence: hansard.Some(0.5)},
		func(c *client.Client, ctx context.Context) {
			c.Reasoning(ctx, "I look first.", client.Confidence(0.5))
		})
	f(hansard.Event{
		EventType: hansard.TypeToolCall, Action: "tool_call:get_order", ToolName: "get_order", Params: raw(`{"a":[1,"x",null,true],"b":1.5}`),
		ToolCallID: "call_1", SideEffect: "read", Resources: []hansard.Resource{{Kind: "order", ID: "7731", Operation: "read"}}},
		func(c *client.Client, ctx context.Context) {
			c.ToolCall(ctx, "get_order", map[string]any{"b": 1.5, "a": []any{1, "x", nil, true}}, client.ToolCallID("call_1"),
				client.SideEffect("read"), client.Resources(hansard.Resource{Kind: "order", ID: "7731", Operation: "read"}))
		})
	f(hansard.Event{EventType: hansard.TypeToolResult, Action: "tool_result:get_order", ToolName: "get_order", Status: "timeout",
		Error: "it took too long", ErrorType: "*client_test.slowError", Attempt: hansard.Some(int64(2)), RecoveryAction: "retry",
		DurationUS: hansard.Some(int64(12_300_001))},
		func(c *client.Client, ctx context.Context) {
			c.ToolResult(ctx, "get_order", nil, &slowError{}, client.Attempt(2), client.Recovery("retry"), client.Duration(12_300_001_999))
		})
	f(hansard.Event{EventType: hansard.TypeDecision, Action: "decision:refund", Decision: "refund", Alternatives: raw(`["deny"]`), PolicyID: "p", PolicyVersion: "3"},
		func(c *client.Client, ctx context.Context) {
			c.Decision(ctx, "refund", client.Alternatives([]string{"deny"}), client.Policy("p"), client.PolicyVersion("3"))
		})
	f(hansard.Event{EventType: hansard.TypeLLMResponse, Action: "llm_call:gpt-4o", Model: "gpt-4o", Provider: "openai", Response: raw(`"hello"`),
		Messages: raw(`[{"role":"user"}]`), InputTokens: hansard.Some(int64(312)), OutputTokens: hansard.Some(int64(24)), ReasoningTokens: hansard.Some(int64(3)),
		CacheReadTokens: hansard.Some(int64(0)), CacheWriteTokens: hansard.Some(int64(5)), CostNanoUSD: hansard.Some(int64(2_310_000)), CostSource: "reported"},
		func(c *client.Client, ctx context.Context) {
			c.LLMResponse(ctx, "gpt-4o", "hello", client.Provider("openai"), client.InputTokens(312), client.OutputTokens(24), client.ReasoningTokens(3),
				client.CacheReadTokens(0), client.CacheWriteTokens(5), client.CostUSD(0.00231), client.CostSource("reported"),
				client.Messages([]struct {
					Role string `json:"role"`
				}{{"user"}}))
		})
	f(hansard.Event{EventType: hansard.TypeError, Action: "error", Status: "error", Error: "read: no such order", StackTrace: "main.go:7"},
		func(c *client.Client, ctx context.Context) {
			c.Error(ctx, fmt.Errorf("read: %w", errors.New("no such order")), client.StackTrace("main.go:7"))
		})
	f(hansard.Event{EventType: hansard.TypeHandoff, Action: "handoff:billing", HandoffFrom: "support", HandoffTo: "billing", ContextSummary: "Refund it."},
		func(c *client.Client, ctx context.Context) { c.Handoff(ctx, "billing", "Refund it.") })
	f(hansard.Event{EventType: hansard.TypeHumanIntervention, Action: "human_intervention:override", Intervention: "override", ActorType: "human", ActorID: "j", ActorRole: "boss"},
		func(c *client.Client, ctx context.Context) {
			c.HumanIntervention(ctx, "override", client.Actor("human", "j", "boss"))
		})
	f(hansard.Event{EventType: hansard.TypeTokenUsage, Action: "token_usage", Model: "m", InputTokens: hansard.Some(int64(1)), OutputTokens: hansard.Some(int64(2))},
		func(c *client.Client, ctx context.Context) { c.TokenUsage(ctx, "m", 1, 2) })
	f(hansard.Event{EventType: hansard.TypeFeedback, Action: "feedback", Rating: hansard.Some(4.5), Comment: "Quick.", Correction: "c", FollowUp: "f"},
		func(c *client.Client, ctx context.Context) {
			c.Feedback(ctx, 4.5, client.Comment("Quick."), client.Correction("c"), client.FollowUp("f"))
		})
	f(hansard.Event{EventType: hansard.TypeSecurity, Action: "injection", Attributes: raw(`{"score":0.9,"where":"mail"}`)},
		func(c *client.Client, ctx context.Context) {
			c.Security(ctx, "injection", client.Attr("score", 0.9), client.Attr("where", "mail"))
		})
	f(hansard.Event{EventType: hansard.TypeCompliance, Action: "consent", OnBehalfOf: []string{"a", "b"}, Provenance: "inferred"},
		func(c *client.Client, ctx context.Context) {
			c.Compliance(ctx, "consent", client.OnBehalfOf("a", "b"), client.Inferred())
		})
	f(hansard.Event{EventType: hansard.TypeLifecycle, Action: "session_start", Tags: []string{"x"}},
		func(c *client.Client, ctx context.Context) { c.Lifecycle(ctx, "session_start", client.Tags("x")) })
	f(hansard.Event{EventType: "x.cache", Action: "hit", RaiseTier: hansard.TierCritical, Attributes: raw(`{"tier":"critical"}`), AgentName: "other"},
		func(c *client.Client, ctx context.Context) {
			c.Event(ctx, "x.cache", client.Action("hit"), client.AtLeast(hansard.TierCritical), client.AgentName("other"))
		})
}

type slowError struct{}

func (*slowError) Error() string { return "it took too long" }
func (*slowError) Timeout() bool { return true }

// TestPrecedence says who wins: the call, then the context, then the agent.
func TestPrecedence(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{Agent: "a", Fields: []client.Field{client.Service("s"), client.Environment("e"), client.Attr("x", 1), client.Attr("y", 1), client.Attr("z", 1)}}, k)
	ctx := client.With(client.With(context.Background(), client.Task("t0"), client.Session("s0")), client.Task("t1"), client.Environment("ctx"), client.Attr("y", 2), client.Attr("z", 2))
	c.Agent("b").With(client.AgentVersion("1")).Reasoning(ctx, "r", client.Attr("z", 0), client.Attr("z", 3), client.Tags("old"), client.Tags("new"), client.None(), client.Task(""))
	flush(t, c)
	want(t, k.events(t)[0], hansard.Event{
		EventType: hansard.TypeReasoning, Action: "reasoning", Reasoning: "r", AgentName: "b", AgentVersion: "1", Service: "s", Environment: "ctx",
		TaskID: "t1", SessionID: "s0", Tags: []string{"new"}, Attributes: json.RawMessage(`{"z":3,"y":2,"x":1}`),
	})
}

// TestHandles follows a run with everything in it through its ids.
func TestHandles(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{Agent: "support"}, k)
	run := c.Invocation(context.Background(), "Refund")
	llm := c.LLMCall(run.Context(), "gpt-4o", client.Messages("hi"))
	llm.End("call get_order", nil, client.InputTokens(7))
	call := c.ToolCall(run.Context(), "get_order", nil)
	c.Reasoning(call.Context(), "inside")
	time.Sleep(2 * time.Millisecond)
	call.End(map[string]any{"ok": true}, nil)
	call.End("again", nil) // counts no more
	_, err := client.Tool(run.Context(), c.Agent("support"), "refund", nil, func(context.Context) (int, error) { return 0, os.ErrDeadlineExceeded })
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	hand := c.Handoff(run.Context(), "billing", "s")
	bill := c.Agent("billing").Invocation(hand.Context(), "Pay")
	ask := c.Agent("billing").AskApproval(bill.Context(), "refund", map[string]any{"b": 1, "a": 2})
	ask.Rejected("boss")
	ask.Approved("boss")
	bill.End(errors.New("rejected"))
	run.Done(nil)
	flush(t, c)
	type row struct{ Type, Action, Status string }
	var rows []row
	byID, ids := map[string]*hansard.Event{}, map[string]string{}
	for _, e := range k.events(t) {
		rows = append(rows, row{strings.TrimPrefix(e.EventType, "agent."), e.Action, e.Status})
		byID[e.EventID] = e
		ids[e.Action+e.Status] = e.EventID
		if e.TraceID != run.TraceID() {
			t.Errorf("%s is in the trace %q", e.Action, e.TraceID)
		}
	}
	wantRows := []row{
		{"invocation", "invocation", ""}, {"llm_response", "llm_call:gpt-4o", "ok"}, {"tool_call", "tool_call:get_order", ""},
		{"reasoning", "reasoning", ""}, {"tool_result", "tool_result:get_order", "ok"}, {"tool_call", "tool_call:refund", ""},
		{"tool_result", "tool_result:refund", "timeout"}, {"handoff", "handoff:billing", ""}, {"invocation", "invocation", ""},
		{"human_intervention", "human_intervention:refund", ""}, {"human_intervention", "human_intervention:rejection", ""},
		{"lifecycle", "invocation_end", "error"}, {"lifecycle", "invocation_end", "ok"},
	}
	if d := cmp.Diff(wantRows, rows); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	parent := func(action, of string) {
		t.Helper()
		if p := byID[ids[action]].ParentEventID; p != of {
			t.Errorf("%s has the parent %s (%s), want %s", action, p, byID[p].Action, byID[of].Action)
		}
	}
	parent("llm_call:gpt-4ook", run.EventID())
	parent("tool_call:get_order", run.EventID())
	parent("reasoning", call.EventID())
	parent("tool_result:get_orderok", call.EventID())
	parent("invocation", hand.EventID()) // the later one
	parent("human_intervention:refund", bill.EventID())
	parent("human_intervention:rejection", ask.EventID())
	parent("invocation_enderror", bill.EventID())
	parent("invocation_endok", run.EventID())
	answer, question, result := byID[ids["human_intervention:rejection"]], byID[ask.EventID()], byID[ids["tool_result:get_orderok"]]
	if answer.ApprovalID != question.ApprovalID || answer.ArgumentsHash != question.ArgumentsHash || answer.Approver != "boss" || !answer.DecisionUS.Set {
		t.Errorf("the answer does not belong to the question: %+v", answer)
	}
	if ask.Hash() != client.HashOf(json.RawMessage(`{"a": 2, "b": 1}`)) {
		t.Error("the hash depends on the spelling of the parameters")
	}
	if result.DurationUS.V < 2000 || result.DurationUS.V > 20e6 {
		t.Errorf("the tool took %d us", result.DurationUS.V)
	}
	if a, b := byID[run.EventID()], byID[call.EventID()]; a.SpanID == b.SpanID || len(a.SpanID) != 16 || result.SpanID != b.SpanID {
		t.Errorf("spans %s, %s, %s", a.SpanID, b.SpanID, result.SpanID)
	}
}

// TestPanic sees a panic on record, and going on.
func TestPanic(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{}, k)
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v", r)
			}
		}()
		run := c.Invocation(context.Background(), "x")
		defer run.Done(nil)
		_, _ = client.Tool(run.Context(), c.Agent("a"), "t", nil, func(context.Context) (int, error) { panic("boom") })
	}()
	flush(t, c)
	events := k.events(t)
	if d := cmp.Diff([]string{"invocation", "tool_call:t", "tool_result:t", "invocation_end"}, actions(events)); d != "" {
		t.Fatal(d)
	}
	for _, e := range events[2:] {
		if e.Status != "error" || e.Error != "panic: boom" || !strings.Contains(e.StackTrace, "TestPanic") {
			t.Errorf("%+v", e)
		}
	}
}

// TestNothingFails gives the helpers what no encoder likes.
func TestNothingFails(t *testing.T) {
	var none *client.Agent
	none.Reasoning(context.Background(), "x")
	var noContext context.Context // what is tested
	none.ToolCall(noContext, "x", 1).End(nil, nil)
	none.AskApproval(context.Background(), "x", 1).Approved("y")
	inert, err := client.New(client.Config{Server: "ftp://nowhere"})
	if hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	inert.Invocation(context.Background(), "x").Done(nil)
	inert.Agent("b").Decision(context.Background(), "x")
	if inert.Close(context.Background()) != nil || inert.Stats().Logged != 0 {
		t.Error("an inert client does something")
	}

	k := &keeper{}
	c := start(t, client.Config{}, k)
	ctx := context.Background()
	deep := any(1)
	for range 200 {
		deep = []any{deep}
	}
	loop := map[string]any{}
	loop["self"] = loop
	var typedNil *slowNil
	for i, v := range []any{
		make(chan int), func() {}, math.NaN(), math.Inf(-1), deep, loop, panics{}, typedNil, json.RawMessage("{oops"), json.RawMessage(nil),
		"\xff\xfe", map[int]string{1: "x"}, struct{ A any }{func() {}}, []byte("bytes"), complex(1, 2), errors.New("as a value"), time.Hour, &deep,
	} {
		c.ToolCall(ctx, "t", v, client.Attr("i", i), client.Attr("v", v))
	}
	c.Error(ctx, typedNil)
	c.Error(ctx, nil)
	c.Reasoning(noContext, "no context")
	c.Event(ctx, "x.\x00\xff", client.Field{}, client.When(time.Time{}), client.When(time.Unix(0, math.MaxInt64)), client.Duration(-1))
	flush(t, c)
	events := k.events(t) // decodes each
	if len(events) != 22 {
		t.Errorf("%d events", len(events))
	}
	if s := c.Stats(); s.Sinks[0].Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("no") }

type slowNil struct{ text string }

func (e *slowNil) Error() string { return e.text } // panics on a nil pointer

// TestCapture changes values after the calls that got them: the record has them as they
// were at the call.
func TestCapture(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{BatchDelay: time.Hour}, k)
	ctx := context.Background()
	note, list, raw := "before", []string{"before"}, json.RawMessage(`{"a":"before"}`)
	order := &orderParams{Include: list, Note: &note}
	args := map[string]any{"a": "before", "list": list, "order": order, "raw": raw}
	messages := []message{{"before", "before"}}
	group := []slog.Attr{slog.Any("order", order)}
	c.ToolCall(ctx, "map", args, client.Tags(list...), client.Attr("a", args))
	c.ToolCall(ctx, "pointer", order, client.Messages(messages))
	c.LLMCall(ctx, "model", client.Messages(messages)).End(raw, nil)
	slog.New(c.SlogHandler(nil)).LogAttrs(ctx, slog.LevelInfo, "logged", slog.Any("args", args), slog.GroupAttrs("group", group...))
	note, list[0], messages[0], group[0] = "after", "after", message{"after", "after"}, slog.String("order", "after")
	copy(raw, `{"a":"after "}`)
	*order, args["a"] = orderParams{Include: list, Note: &note}, "after"
	flush(t, c)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.lines) != 4 {
		t.Fatalf("%d events", len(k.lines))
	}
	for _, l := range k.lines {
		if strings.Contains(l, "after") || !strings.Contains(l, "before") {
			t.Error(l)
		}
	}
}

// TestLarge cuts what no server takes, and not through a word.
func TestLarge(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{}, k)
	ctx := context.Background()
	long := strings.Repeat("sk-live-0123456789 ", 40_000) // 760 kB
	c.Reasoning(ctx, long)
	c.ToolCall(ctx, "t", map[string]any{"text": long})
	c.Event(ctx, "x.all", client.Reasoning(long), client.Params(long), client.Result(long), client.Messages(long), client.Response(long),
		client.StackTrace(long), client.Comment(long), client.Attr("a", long))
	c.Event(ctx, "x.ids", client.Task(strings.Repeat("x", 2<<20)))
	until(t, "the event that tells of the loss", func() bool { return c.Stats().Sinks[0].Sent == 4 })
	events := k.events(t)
	r := events[0].Reasoning
	parts := regexp.MustCompile(`^((?:sk-live-0123456789 ?)+) … \((\d+) bytes are not recorded\) … ((?: ?sk-live-0123456789)+ )$`).FindStringSubmatch(r)
	if parts == nil || len(r) > 260<<10 || len(r) < 200<<10 {
		t.Errorf("%d bytes: %.100s", len(r), r)
	}
	if s := c.Stats().Sinks[0]; s.DroppedByReason["too_large"] != 1 || s.Dropped != 1 {
		t.Errorf("%+v", s)
	}
}

// TestIDs checks the ids' form, order and uniqueness.
// uuid7 is the form of an id (RFC 9562, section 5.7).
var uuid7 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestPlaces holds what events say of trace, span and parent against the handles
// that they happened in, in traces of ours, of a header and of the caller's own.
func TestPlaces(t *testing.T) {
	header := http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
	for name, run := range map[string]func(c *client.Client) *client.Invocation{
		"new": func(c *client.Client) *client.Invocation { return c.Invocation(context.Background(), "x") },
		"header": func(c *client.Client) *client.Invocation {
			return c.Invocation(client.Extract(context.Background(), header), "x")
		},
		"W3C": func(c *client.Client) *client.Invocation {
			return c.Invocation(context.Background(), "x", client.Trace("4bf92f3577b34da6a3ce929d0e0e4736"))
		},
		"own": func(c *client.Client) *client.Invocation {
			return c.Invocation(context.Background(), "x", client.Trace("my \"trace\""))
		},
	} {
		k := &keeper{}
		c := start(t, client.Config{}, k)
		outer := run(c)
		inner := c.ToolCall(outer.Context(), "t", nil)
		c.Reasoning(inner.Context(), "below")
		c.Reasoning(inner.Context(), "elsewhere", client.Trace("other"))
		c.Reasoning(inner.Context(), "adopted", client.Parent(outer.EventID()))
		elsewhere := c.ToolCall(inner.Context(), "t", nil, client.Trace("other"))
		c.Reasoning(elsewhere.Context(), "below elsewhere")
		answer := c.LLMCall(inner.Context(), "m")
		c.Reasoning(answer.Context(), "below a call that has no event yet")
		flush(t, c)
		e := k.events(t)
		inSpan := e[1].SpanID
		type place struct{ trace, span, parent string }
		want := []place{
			1: {outer.TraceID(), inSpan, outer.EventID()},
			2: {outer.TraceID(), inSpan, inner.EventID()},
			3: {"other", "", ""},
			4: {outer.TraceID(), inSpan, outer.EventID()},
			5: {"other", e[5].SpanID, ""},
			6: {"other", e[5].SpanID, elsewhere.EventID()},
			7: {outer.TraceID(), e[7].SpanID, inner.EventID()},
		}
		for i := 1; i < len(want); i++ {
			if got := (place{e[i].TraceID, e[i].SpanID, e[i].ParentEventID}); got != want[i] {
				t.Errorf("%s: event %d is at %q, want %q", name, i, got, want[i])
			}
		}
		spans := map[string]bool{e[0].SpanID: true, inSpan: true, e[5].SpanID: true, e[7].SpanID: true}
		if len(spans) != 4 || len(inSpan) != 16 || len(e) != len(want) {
			t.Errorf("%s: %d events, spans %v", name, len(e), spans)
		}
	}
}

func TestIDs(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{}, k)
	var mu sync.Mutex
	ids := map[string]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := ""
			for range 500 {
				id := c.Reasoning(context.Background(), "x")
				mu.Lock()
				if ids[id] || !uuid7.MatchString(id) {
					t.Errorf("the id %s", id)
				}
				ids[id] = true
				mu.Unlock()
				if id[:18] < last {
					t.Errorf("%s comes after %s", id, last)
				}
				last = id[:18]
			}
		})
	}
	wg.Wait()
	flush(t, c)
	var got []string
	for _, e := range k.events(t) {
		got = append(got, e.EventID)
	}
	if slices.Sort(got); len(slices.Compact(got)) != 2000 {
		t.Errorf("%d ids arrived", len(slices.Compact(got)))
	}
}
