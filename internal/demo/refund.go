package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
)

// The persons and their data are test values: addresses of example.com, numbers
// that are reserved for fiction, a card number of the documentation.
const (
	customer   = "maria.keller@example.com"
	supervisor = "j.weber@example.com"
	card       = "4111 1111 1111 1111"
	request    = "Please refund order 7731, I was charged twice. You reach me at " + customer +
		" or +1 202-555-0143, my card is " + card + "."
	release = `{"order_id":7731,"amount":129.90,"currency":"EUR","queue_id":"rq-20418"}`
)

// refund is the run that goes wrong: the payment tool times out three times, the
// circuit breaker opens, the refund waits in a queue until a human lets it
// through.
func refund(start time.Time) *scene {
	s := &scene{start: start, trace: RefundTrace, task: RefundTask, session: "chat-20931", user: customer}
	toSupport := s.routing()
	root := s.events[0]
	desk, toBilling := s.supporting(toSupport)
	pay, opened := s.paying(toBilling)
	approval := s.falling(pay, opened)
	s.closing(desk, pay, approval)
	s.ends(237_320, pay)
	s.ends(248_380, desk)
	s.ends(248_400, root)
	return s
}

// routing is how the request finds the agent that can help.
func (s *scene) routing() *hansard.Event {
	root := s.asked(router, "customer", request)
	call := s.think(420, router, root, answer{
		model: small(), ms: 410, input: 312, output: 24,
		messages: `[{"role":"system","content":"Sort the request: order, billing, other."},{"role":"user","content":"` + request + `"}]`,
		response: `{"role":"assistant","content":"billing/refund"}`,
	})
	d := s.add(430, router, call, hansard.Event{
		EventType: hansard.TypeDecision, Action: "decision:route_to_support", Decision: "route_to_support",
		Confidence: hansard.Some(0.96), Alternatives: json.RawMessage(`["route_to_sales","answer_directly"]`),
	})
	return s.add(440, router, d, hansard.Event{
		EventType: hansard.TypeHandoff, Action: "handoff:support", HandoffFrom: router, HandoffTo: support, Status: "ok",
		ContextSummary: "Customer " + customer + " asks for a refund of order 7731 after a double charge.",
	})
}

// supporting is what support finds out before it hands over to billing.
func (s *scene) supporting(from *hansard.Event) (desk, handoff *hansard.Event) {
	desk = s.add(480, support, from, invocation("Resolve the refund request for order 7731"))
	plan := s.think(1890, support, desk, answer{
		model: large(), ms: 1380, input: 1840, cached: 2048, output: 212,
		messages: `[{"role":"user","content":"` + request + `"}]`,
		response: `{"role":"assistant","content":"I look at the order first, then at the refund policy."}`,
	})
	s.add(1910, support, plan, hansard.Event{
		EventType: hansard.TypeReasoning, Action: "reasoning",
		Reasoning: "The customer says that the order was charged twice. I need the order's payments to confirm it, and the policy to know who may refund.",
	})
	order := s.call(1930, support, plan, toolCall{
		id: "call_get_order_1", tool: "get_order", sideEffect: "read", params: `{"order_id":7731,"include":["payments"]}`,
		resources: []hansard.Resource{{Kind: "order", ID: "7731", Operation: "read", DataClass: "pii"}},
	})
	// The tool answers with more than it should: a key of the payment gateway.
	leaked := "sk_" + "test_" + "Hb7Qw2Zt9Lx4Vn8Rk1Ys6Pd3"
	s.returned(order, 185, result(`{"order_id":7731,"customer":{"name":"Maria Keller","email":"`+customer+`"},`+
		`"payments":[{"id":"pay_9001","amount":129.90,"currency":"EUR"},{"id":"pay_9002","amount":129.90,"currency":"EUR"}],`+
		`"debug":{"gateway":"payments-eu","api_key":"`+leaked+`"}}`))
	ask := s.add(2140, support, plan, hansard.Event{
		EventType: hansard.TypeHandoff, Action: "handoff:research", HandoffFrom: support, HandoffTo: research, Status: "ok",
		ContextSummary: "Which policy holds for a double charge of 129.90 EUR?",
	})
	policy := s.researching(ask)
	d := s.add(3350, support, policy, hansard.Event{
		EventType: hansard.TypeDecision, Action: "decision:refund_in_full", Decision: "refund_in_full",
		Confidence: hansard.Some(0.87), Alternatives: json.RawMessage(`["store_credit","ask_for_proof"]`),
		Reasoning: "Two payments of the same amount within a minute: a double charge. The policy allows a refund without proof.",
	})
	handoff = s.add(3370, support, d, hansard.Event{
		EventType: hansard.TypeHandoff, Action: "handoff:billing", HandoffFrom: support, HandoffTo: billing, Status: "ok",
		ContextSummary: "Refund pay_9002 of order 7731, 129.90 EUR, to the card it was paid with.",
	})
	return desk, handoff
}

// researching looks the policy up: a read that works.
func (s *scene) researching(from *hansard.Event) *hansard.Event {
	begin := s.add(2160, research, from, invocation("Find the policy for a double charge of 129.90 EUR"))
	search := s.call(2170, research, begin, toolCall{
		id: "call_search_policy_1", tool: "search_policy", sideEffect: "read", params: `{"query":"double charge refund limit","top_k":3}`,
		resources: []hansard.Resource{{Kind: "policy", ID: "refunds", Operation: "read", DataClass: "internal"}},
	})
	s.returned(search, 340, result(`{"hits":[{"id":"refunds-4.2","text":"A double charge up to 250 EUR is refunded in full without proof."}]}`))
	policy := s.think(3310, research, begin, answer{
		model: small(), ms: 780, input: 654, output: 71,
		messages: `[{"role":"user","content":"What holds for a double charge of 129.90 EUR?"}]`,
		response: `{"role":"assistant","content":"refunds-4.2: refund in full, no proof needed, limit 250 EUR."}`,
	})
	s.ends(3330, begin)
	return policy
}

// paying is where it goes wrong. It returns the begin of billing's work and the
// error that opened the circuit breaker.
func (s *scene) paying(from *hansard.Event) (pay, opened *hansard.Event) {
	pay = s.add(3400, billing, from, invocation("Refund payment pay_9002 of order 7731"))
	plan := s.think(4590, billing, pay, answer{
		model: large(), ms: 1150, input: 1122, cached: 1536, output: 148,
		messages: `[{"role":"user","content":"Refund pay_9002, 129.90 EUR, to card ` + card + `."}]`,
		response: `{"role":"assistant","content":"I call process_refund for 129.90 EUR."}`,
	})
	s.add(4610, billing, plan, hansard.Event{
		EventType: hansard.TypeReasoning, Action: "reasoning",
		Reasoning: "129.90 EUR is below the limit of 250 EUR for refunds without approval. The card is the one that was charged.",
	})
	var last *hansard.Event
	for i, try := range []struct{ at, took int64 }{{4640, 12_300}, {17_950, 12_100}, {32_070, 12_200}} {
		attempt := int64(i + 1)
		call := s.call(try.at, billing, plan, toolCall{
			id: fmt.Sprintf("call_process_refund_%d", attempt), tool: "process_refund", sideEffect: "irreversible", attempt: attempt,
			params:    `{"order_id":7731,"payment_id":"pay_9002","amount":129.90,"currency":"EUR","card":"` + card + `"}`,
			resources: []hansard.Resource{{Kind: "payment", ID: "pay_9002", Operation: "refund", DataClass: "financial"}},
		})
		recovery := "retry"
		if attempt == 3 {
			recovery = "circuit_open"
		}
		last = s.returned(call, try.took, hansard.Event{
			Status: "timeout", Error: "payments-eu did not answer within 12 s", ErrorType: "TimeoutError", RecoveryAction: recovery,
		})
	}
	opened = s.add(44_290, billing, last, hansard.Event{
		EventType: hansard.TypeError, Action: "circuit_breaker:open", Status: "error", RecoveryAction: "fallback",
		Error: "process_refund failed 3 times in a row; the circuit breaker of payments-eu is open for 5 minutes", ErrorType: "CircuitOpenError",
		StackTrace: "billing.refund.process_refund\n  retry.call(attempt=3)\n  breaker.trip(payments-eu)",
	})
	return pay, opened
}

// falling is the way out: the refund waits in a queue, a human lets it through.
func (s *scene) falling(pay, opened *hansard.Event) *hansard.Event {
	d := s.add(44_330, billing, opened, hansard.Event{
		EventType: hansard.TypeDecision, Action: "decision:queue_refund", Decision: "queue_refund",
		Confidence: hansard.Some(0.71), Alternatives: json.RawMessage(`["retry_later","refund_by_bank_transfer"]`),
		Reasoning: "A fourth try would meet the open circuit breaker. The queue keeps the refund safe; nobody knows whether one of the three tries went through, so a human has to look.",
	})
	queue := s.call(44_350, billing, d, toolCall{
		id: "call_enqueue_refund_1", tool: "enqueue_refund", sideEffect: "write",
		params:    `{"order_id":7731,"payment_id":"pay_9002","amount":129.90,"currency":"EUR"}`,
		resources: []hansard.Resource{{Kind: "refund_queue", ID: "rq-20418", Operation: "create", DataClass: "financial"}},
	})
	queued := s.returned(queue, 92, hansard.Event{Result: json.RawMessage(`{"queue_id":"rq-20418","position":3,"source":"cached_route"}`), RecoveryAction: "fallback"})
	escalation := s.add(44_480, billing, queued, hansard.Event{
		EventType: hansard.TypeHumanIntervention, Action: "escalate:billing_supervisor", Intervention: "escalation",
		ApprovalID: "apr-5521", PolicyID: "refunds-after-failure", PolicyVersion: "3", RecoveryAction: "escalate",
		ContextSummary: "Three tries of process_refund timed out. Check that none went through, then release rq-20418.",
	})
	return s.add(236_480, billing, escalation, hansard.Event{
		EventType: hansard.TypeHumanIntervention, Action: "approve:release_refund", Intervention: "approval",
		ActorType: "human", ActorID: supervisor, ActorRole: "billing supervisor", Source: "user", Approver: supervisor,
		ApprovalID: "apr-5521", ArgumentsHash: hashOf(release), PolicyID: "refunds-after-failure", PolicyVersion: "3",
		DecisionUS: hansard.Some(int64(192_000_000)), Comment: "No refund at the bank yet. Released.",
	})
}

// hashOf returns the hash of the arguments that were approved.
func hashOf(params string) string {
	sum := sha256.Sum256([]byte(params))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// closing releases the refund and tells the customer.
func (s *scene) closing(desk, pay, approval *hansard.Event) {
	call := s.call(236_620, billing, approval, toolCall{
		id: "call_release_refund_1", tool: "release_refund", sideEffect: "irreversible", params: release,
		resources: []hansard.Resource{{Kind: "payment", ID: "pay_9002", Operation: "refund", DataClass: "financial"}},
	})
	call.ApprovalID, call.ArgumentsHash = approval.ApprovalID, approval.ArgumentsHash
	s.returned(call, 640, result(`{"refund_id":"rf_3307","status":"paid","amount":129.90,"currency":"EUR"}`))
	back := s.add(237_300, billing, pay, hansard.Event{
		EventType: hansard.TypeHandoff, Action: "handoff:support", HandoffFrom: billing, HandoffTo: support, Status: "ok",
		ContextSummary: "Refund rf_3307 of 129.90 EUR is paid. Tell the customer.",
	})
	letter := s.think(239_010, support, back, answer{
		model: large(), ms: 1620, input: 968, cached: 2048, output: 186,
		messages: `[{"role":"user","content":"Write to Maria Keller that 129.90 EUR were refunded and say sorry for the delay."}]`,
		response: `{"role":"assistant","content":"Dear Maria, we have refunded 129.90 EUR to your card. Sorry for the wait."}`,
	})
	mail := s.call(239_050, support, letter, toolCall{
		id: "call_send_email_1", tool: "send_email", sideEffect: "irreversible", params: `{"to":"` + customer + `","template":"refund_done","order_id":7731}`,
		resources: []hansard.Resource{{Kind: "mailbox", ID: customer, Operation: "send", DataClass: "pii"}},
	})
	s.returned(mail, 310, result(`{"message_id":"msg-88120","accepted":true}`))
	s.add(301_200, support, desk, hansard.Event{
		EventType: hansard.TypeFeedback, Action: "feedback", Source: "user", ActorType: "human", ActorID: customer, ActorRole: "customer",
		Rating: hansard.Some(4.0), Comment: "Solved, but it took four minutes.", FollowUp: "When will I see it on my card?",
	})
}
