// Command refund is three agents that settle a refund together, and put all of it
// on record: support looks the order up and hands over to billing, whose payment
// tool times out, so that billing asks a human, who allows one more try. It talks
// to no model and to no bank: what they would say is made up, what is recorded is
// not.
//
//	hansard serve &
//	go run ./examples/refund
//	hansard trace TRACE --tree
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

func main() {
	server := flag.String("server", client.DefaultServer, "base URL of a Hansard server")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *server); err != nil {
		fmt.Fprintln(os.Stderr, "refund:", err)
		os.Exit(1)
	}
}

// run settles the refund and waits until the record has all of it.
func run(ctx context.Context, server string) error {
	c, err := client.New(client.Config{
		Server: server, Agent: "support",
		Fields: []client.Field{client.Service("shop"), client.Environment("example"), client.AgentVersion("1.0.0")},
	})
	if err != nil {
		return err
	}
	t := &team{support: c.Agent("support"), billing: c.Agent("billing"), bank: &bank{}}
	ctx = client.With(ctx, client.Task("refund-7731"), client.Session("chat-20931"), client.User("maria.keller@example.com"))
	trace, err := t.settle(ctx, 7731)
	if cerr := c.Close(context.Background()); err == nil && cerr != nil {
		return fmt.Errorf("%w; is a server running at %s? start one with: hansard serve", cerr, server)
	}
	if err != nil {
		return err
	}
	fmt.Println("on record: hansard trace", trace)
	return nil
}

// team is the agents and what they work with.
type team struct {
	support, billing *client.Agent
	bank             *bank
}

// settle is what support does.
func (t *team) settle(ctx context.Context, order int) (trace string, err error) {
	run := t.support.Invocation(ctx, fmt.Sprintf("Refund order %d, the customer was charged twice", order), client.Source("user"))
	defer run.Done(&err)
	ctx = run.Context()
	think(ctx, t.support, "Look the order up, then find out who may refund.")
	payments, err := client.Tool(ctx, t.support, "get_order", map[string]any{"order_id": order}, getOrder,
		client.SideEffect("read"), client.Resources(hansard.Resource{Kind: "order", ID: fmt.Sprint(order), Operation: "read", DataClass: "pii"}))
	if err != nil {
		return "", err
	}
	t.support.Decision(ctx, "refund_in_full", client.Confidence(0.87), client.Alternatives([]string{"store_credit", "ask_for_proof"}),
		client.Reasoning("Two payments of the same amount within a minute: a double charge."))
	over := t.support.Handoff(ctx, "billing", fmt.Sprintf("Refund %s of order %d to the card it was paid with.", payments[1], order))
	if err := t.pay(over.Context(), payments[1]); err != nil {
		return "", err
	}
	t.support.Feedback(ctx, 5, client.Source("user"), client.Comment("That was quick."))
	return run.TraceID(), nil
}

// pay is what billing does. Its tool fails, and a human decides.
func (t *team) pay(ctx context.Context, payment string) (err error) {
	run := t.billing.Invocation(ctx, "Refund payment "+payment)
	defer run.Done(&err)
	ctx = run.Context()
	args := map[string]any{"payment_id": payment, "amount": 129.90, "currency": "EUR"}
	for attempt := 1; attempt <= 2; attempt++ {
		if _, err = t.refund(ctx, args, attempt); err == nil {
			return nil
		}
	}
	t.billing.Error(ctx, err, client.Recovery("escalate"))
	ask := t.billing.AskApproval(ctx, "process_refund", args, client.Policy("refunds-after-failure"), client.PolicyVersion("3"))
	if !supervisor(ctx, t.bank) {
		ask.Rejected("j.weber@example.com", client.Comment("One of them went through."))
		return errors.New("the supervisor refused the refund")
	}
	ask.Approved("j.weber@example.com", client.Comment("None of the tries went through."))
	_, err = t.refund(ctx, args, 3, client.ApprovalID(ask.ID()), client.ArgumentsHash(ask.Hash()))
	return err
}

func (t *team) refund(ctx context.Context, args map[string]any, attempt int, fields ...client.Field) (string, error) {
	fields = append(fields, client.SideEffect("irreversible"), client.Attempt(attempt))
	return client.Tool(ctx, t.billing, "process_refund", args, t.bank.refund, fields...)
}

// think is a call of a model, with what it cost.
func think(ctx context.Context, a *client.Agent, thought string) {
	call := a.LLMCall(ctx, "gpt-4o", client.Provider("openai"), client.Messages([]map[string]string{{"role": "user", "content": "What next?"}}))
	a.Reasoning(call.Context(), thought)
	call.End(map[string]string{"role": "assistant", "content": thought}, nil, client.InputTokens(1840), client.OutputTokens(212), client.CostUSD(0.00672))
}

func getOrder(context.Context) ([]string, error) { return []string{"pay_9001", "pay_9002"}, nil }

// bank is a tool that fails until somebody looks at it.
type bank struct{ looked bool }

var errTimeout = fmt.Errorf("payments-eu did not answer: %w", context.DeadlineExceeded)

func (b *bank) refund(ctx context.Context) (string, error) {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if !b.looked {
		return "", errTimeout
	}
	return "rf_3307", nil
}

// supervisor is the human.
func supervisor(_ context.Context, b *bank) bool {
	b.looked = true
	return true
}
