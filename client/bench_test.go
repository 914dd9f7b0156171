package client_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/hansardhq/hansard/client"
)

// discard is a sink that takes all.
type discard struct{}

func (discard) Name() string { return "discard" }
func (discard) Close() error { return nil }
func (discard) Write(context.Context, []client.Encoded) (client.Receipt, error) {
	return client.Receipt{}, nil
}

// call is a helper with what a real call of it has.
type call struct {
	name string
	most float64 // allocations
	log  func(c *client.Client, ctx context.Context)
}

func calls() []call {
	include := []string{"payments", "items"}
	args := map[string]any{"order_id": 77812, "include": include, "dry_run": false}
	result := map[string]any{"status": "shipped", "total": 129.9}
	failure := &timeoutError{}
	messages := []map[string]string{{"role": "user", "content": "Please refund order 7731."}}
	typed := []message{{Role: "user", Content: "Please refund order 7731."}}
	return []call{
		{"Reasoning", 2, func(c *client.Client, ctx context.Context) {
			c.Reasoning(ctx, "Look the order up first.", client.Confidence(0.87))
		}},
		{"Decision", 2, func(c *client.Client, ctx context.Context) {
			c.Decision(ctx, "refund_in_full", client.Reasoning("A double charge."), client.Confidence(0.87))
		}},
		{"Invocation", 2, func(c *client.Client, ctx context.Context) {
			c.Invocation(ctx, "Refund order 7731", client.Task("t-1"))
		}},
		{"ToolCall", 2, func(c *client.Client, ctx context.Context) {
			c.ToolCall(ctx, "get_order", args, client.SideEffect("read"), client.ToolCallID("call_1"))
		}},
		{"ToolResult", 2, func(c *client.Client, ctx context.Context) {
			c.ToolResult(ctx, "get_order", result, nil, client.Duration(341*time.Millisecond))
		}},
		{"LLMResponse", 2, func(c *client.Client, ctx context.Context) {
			c.LLMResponse(ctx, "gpt-4o", result, client.Provider("openai"), client.InputTokens(312), client.OutputTokens(24), client.CostUSD(0.00231))
		}},
		// Two calls: a handle, and its end.
		{"ToolCall/End", 2, func(c *client.Client, ctx context.Context) {
			c.ToolCall(ctx, "get_order", args).End(result, nil)
		}},
		{"LLMCall/End", 3, func(c *client.Client, ctx context.Context) {
			c.LLMCall(ctx, "gpt-4o", client.Provider("openai")).End(result, nil, client.InputTokens(312), client.OutputTokens(24))
		}},
		{"AskApproval", 2, func(c *client.Client, ctx context.Context) { c.AskApproval(ctx, "refund", args) }},
		{"Error", 2, func(c *client.Client, ctx context.Context) {
			c.Error(ctx, failure, client.Recovery("retry"), client.Attempt(2))
		}},
		{"Handoff", 2, func(c *client.Client, ctx context.Context) { c.Handoff(ctx, "billing", "Refund order 7731.") }},
		{"HumanIntervention", 2, func(c *client.Client, ctx context.Context) {
			c.HumanIntervention(ctx, "approval", client.Approver("j.weber"), client.ApprovalID("apr-5521"))
		}},
		{"TokenUsage", 2, func(c *client.Client, ctx context.Context) { c.TokenUsage(ctx, "gpt-4o", 312, 24) }},
		{"Feedback", 2, func(c *client.Client, ctx context.Context) { c.Feedback(ctx, 4, client.Comment("Quick.")) }},
		{"Security", 2, func(c *client.Client, ctx context.Context) {
			c.Security(ctx, "prompt_injection_detected", client.Attr("score", 0.9))
		}},
		{"Compliance", 2, func(c *client.Client, ctx context.Context) { c.Compliance(ctx, "consent_recorded") }},
		{"Lifecycle", 2, func(c *client.Client, ctx context.Context) { c.Lifecycle(ctx, "session_start") }},
		{"Event", 2, func(c *client.Client, ctx context.Context) { c.Event(ctx, "x.cache_hit", client.Tags("cache")) }},
		{"LLMResponse/messages", 2, func(c *client.Client, ctx context.Context) {
			c.LLMResponse(ctx, "gpt-4o", result, client.Messages(messages))
		}},
		// Values of types of the caller's own. Of the two allocations one is the caller's:
		// a struct that becomes an any.
		{"ToolCall/struct", 2, func(c *client.Client, ctx context.Context) {
			c.ToolCall(ctx, "get_order", orderParams{OrderID: 77812, Include: include}, client.SideEffect("read"), client.ToolCallID("call_1"))
		}},
		{"LLMResponse/structs", 2, func(c *client.Client, ctx context.Context) {
			c.LLMResponse(ctx, "gpt-4o", result, client.Messages(typed))
		}},
		// A type that says itself what its JSON is costs what its method costs.
		{"ToolCall/marshaler", 6, func(c *client.Client, ctx context.Context) {
			c.ToolCall(ctx, "get_order", speaks{77812}, client.SideEffect("read"), client.ToolCallID("call_1"))
		}},
	}
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// orderParams is the parameters of a tool, as agents in Go mostly hold them.
type orderParams struct {
	OrderID int      `json:"order_id"`
	Include []string `json:"include,omitempty"`
	DryRun  bool     `json:"dry_run"`
	Note    *string  `json:"note,omitempty"`
}

type timeoutError struct{}

func (*timeoutError) Error() string { return "payments-eu did not answer within 12 s" }
func (*timeoutError) Timeout() bool { return true }

// quiet is a client whose goroutines do nothing while a test counts.
func quiet(tb testing.TB) (*client.Client, context.Context) {
	tb.Helper()
	c, err := client.New(client.Config{
		Agent: "support", Sinks: []client.Sink{discard{}}, MaxMemory: 8 << 20, BatchDelay: time.Hour, BatchEvents: 1 << 30,
		Fields: []client.Field{client.Service("shop"), client.Environment("prod"), client.AgentVersion("1.4.2")},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close(context.Background()) })
	ctx := client.With(context.Background(), client.Task("task-48213"), client.Session("sess-9f27c1"), client.User("u-1"))
	return c, c.Invocation(ctx, "Refund order 7731").Context()
}

// flushed waits until the client has nothing left to do.
func flushed(b *testing.B, c *client.Client) func() {
	return func() {
		if err := c.Flush(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCall is what each helper costs the agent: cpu-ns/op. What the client's
// goroutines do later is in ns/op.
func BenchmarkCall(b *testing.B) {
	for _, k := range calls() {
		b.Run(k.name, func(b *testing.B) {
			c, ctx := quiet(b)
			b.ReportAllocs()
			b.ResetTimer()
			onThread(b, func() { k.log(c, ctx) }, flushed(b, c))
		})
	}
}

// BenchmarkParallel is many agents on one client.
func BenchmarkParallel(b *testing.B) {
	c, ctx := quiet(b)
	args := map[string]any{"order_id": 77812}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.ToolCall(ctx, "get_order", args)
		}
	})
}

// logged returns a call of a logger whose handler is the client's. What it costs is
// slog's part too.
func logged(c *client.Client, ctx context.Context) func() {
	log := slog.New(c.SlogHandler(nil)).With("component", "refunds")
	err := errors.New("payments-eu did not answer")
	return func() {
		log.LogAttrs(ctx, slog.LevelWarn, "try again", slog.Int("attempt", 2000), slog.Any("error", err))
	}
}

func BenchmarkSlog(b *testing.B) {
	c, ctx := quiet(b)
	log := logged(c, ctx)
	b.ReportAllocs()
	b.ResetTimer()
	onThread(b, log, flushed(b, c))
}

// TestAllocations holds the agent's goroutine to two allocations for a call.
func TestAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	for _, k := range calls() {
		c, ctx := quiet(t)
		if got := testing.AllocsPerRun(2000, func() { k.log(c, ctx) }); got > k.most {
			t.Errorf("%s: %v allocations, want at most %v", k.name, got, k.most)
		}
	}
	if got := testing.AllocsPerRun(2000, logged(quiet(t))); got > 2 {
		t.Errorf("slog: %v allocations, want at most 2", got)
	}
}
