package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

func getOrder(context.Context, int) (map[string]any, error) {
	return map[string]any{"status": "shipped"}, nil
}

// The five lines: make a client, say what the agent was asked, what it calls and
// what came back.
func Example() {
	refund := func(ctx context.Context) (err error) {
		c, err := client.New(client.Config{Agent: "support"})
		if err != nil {
			return err
		}
		defer c.Close(ctx)

		run := c.Invocation(ctx, "Refund order 7731")
		defer run.Done(&err)
		call := c.ToolCall(run.Context(), "get_order", map[string]any{"order_id": 7731})
		order, err := getOrder(run.Context(), 7731)
		call.End(order, err)
		return err
	}
	_ = refund
}

// lines is a stream that prints the fields of events that do not change from run
// to run.
type lines struct{}

func (lines) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		var e struct {
			Type   string `json:"event_type"`
			Agent  string `json:"agent_name"`
			Action string
			Status string
			Error  string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return 0, err
		}
		fmt.Println(strings.TrimSpace(strings.Join([]string{e.Agent, e.Type, e.Action, e.Status, e.Error}, " ")))
	}
	return len(b), nil
}

func ExampleTool() {
	c, _ := client.New(client.Config{Agent: "billing", Sinks: []client.Sink{client.NewWriter("stdout", lines{})}})
	refund := func(context.Context) (string, error) {
		return "", fmt.Errorf("payments-eu: %w", os.ErrDeadlineExceeded)
	}

	ctx := context.Background()
	id, err := client.Tool(ctx, c.Agent("billing"), "process_refund", map[string]any{"amount": 129.90}, refund, client.SideEffect("irreversible"))
	fmt.Printf("%q, %v\n", id, err)
	_ = c.Close(ctx)
	// Output:
	// "", payments-eu: i/o timeout
	// billing agent.tool_call tool_call:process_refund
	// billing agent.tool_result tool_result:process_refund timeout payments-eu: i/o timeout
}

func ExampleAgent_AskApproval() {
	c, _ := client.New(client.Config{Sinks: []client.Sink{client.NewWriter("stdout", lines{})}})
	ctx, billing := context.Background(), c.Agent("billing")
	args := map[string]any{"payment_id": "pay_9002", "amount": 129.90}

	ask := billing.AskApproval(ctx, "process_refund", args)
	ask.Approved("j.weber@example.com", client.Comment("Go ahead."))
	call := billing.ToolCall(ctx, "process_refund", args, client.ApprovalID(ask.ID()), client.ArgumentsHash(client.HashOf(args)))
	call.End("rf_3307", nil)
	_ = c.Close(ctx)
	// Output:
	// billing agent.human_intervention human_intervention:process_refund
	// billing agent.human_intervention human_intervention:approval
	// billing agent.tool_call tool_call:process_refund
	// billing agent.tool_result tool_result:process_refund ok
}

func ExampleAgent_Handoff() {
	c, _ := client.New(client.Config{Sinks: []client.Sink{client.NewWriter("stdout", lines{})}})
	ctx, support, billing := context.Background(), c.Agent("support"), c.Agent("billing")

	over := support.Handoff(ctx, "billing", "Refund pay_9002 to the card it was paid with.")
	run := billing.Invocation(over.Context(), "Refund pay_9002")
	run.End(nil)
	_ = c.Close(ctx)
	// Output:
	// support agent.handoff handoff:billing
	// billing agent.invocation invocation
	// billing agent.lifecycle invocation_end ok
}

func ExampleAgent_SlogHandler() {
	c, _ := client.New(client.Config{Agent: "support", Sinks: []client.Sink{client.NewWriter("stdout", lines{})}})
	logger := slog.New(c.SlogHandler(nil))
	logger.Info("took the order up", "order_id", 7731)
	logger.Error("cannot read the order", "error", errors.New("no such order"))
	_ = c.Close(context.Background())
	// Output:
	// support agent.generic took the order up
	// support agent.error cannot read the order error no such order
}

// Several sinks at once, a spool for when they are away, and a hook that sees
// every event before it leaves the process.
func ExampleNew_sinks() {
	newClient := func() (*client.Client, error) {
		server, err := client.NewServer(client.ServerConfig{URL: "https://record.example.com", Token: os.Getenv("HANSARD_TOKEN")})
		if err != nil {
			return nil, err
		}
		collector, err := client.NewOTLP(client.OTLPConfig{URL: "http://127.0.0.1:4318"})
		if err != nil {
			return nil, err
		}
		card := regexp.MustCompile(`\b\d{4} \d{4} \d{4} \d{4}\b`)
		return client.New(client.Config{
			Agent:    "support",
			Fields:   []client.Field{client.Service("shop"), client.Environment("prod"), client.AgentVersion("1.4.2")},
			Sinks:    []client.Sink{server, collector, client.NewWriter("stdout", os.Stdout)},
			SpoolDir: "/var/lib/shop/hansard-spool",
			MaxSpool: 512 << 20,
			Redact: func(e *hansard.Event) bool {
				e.Params = card.ReplaceAll(e.Params, []byte("(card)"))
				return e.Environment != "test" // false: the event stays here
			},
			OnReject: func(r client.Rejection) { log.Printf("%s refused the event %s: %s", r.Sink, r.EventID, r.Reason) },
			Logger:   slog.Default(),
		})
	}
	_ = newClient
}

func ExampleExtract() {
	c, _ := client.New(client.Config{Sinks: []client.Sink{client.NewWriter("stdout", lines{})}})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	run := c.Invocation(client.Extract(r.Context(), r.Header), "Answer")
	fmt.Println(run.TraceID())
	_ = c.Close(context.Background())
	// Output:
	// 4bf92f3577b34da6a3ce929d0e0e4736
	// agent agent.invocation invocation
}

// memorySink is a sink of one's own.
type memorySink struct{ events []*hansard.Event }

func (s *memorySink) Name() string { return "memory" }

func (s *memorySink) Write(_ context.Context, batch []client.Encoded) (client.Receipt, error) {
	for _, b := range batch {
		e, err := b.Event()
		if err != nil {
			return client.Receipt{}, fmt.Errorf("%w: %w", client.ErrRefused, err)
		}
		s.events = append(s.events, e)
	}
	return client.Receipt{}, nil
}

func (s *memorySink) Close() error { return nil }

func ExampleSink() {
	s := &memorySink{}
	c, _ := client.New(client.Config{Sinks: []client.Sink{s}})
	c.Decision(context.Background(), "refund_in_full", client.Confidence(0.87))
	_ = c.Close(context.Background())
	fmt.Println(s.events[0].Decision, s.events[0].Confidence.V)
	// Output: refund_in_full 0.87
}
