package demo

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// complaint is why a customer wants money back.
func (p *play) complaint(thing product) string {
	return p.one(
		fmt.Sprintf("I sent the %s back two weeks ago and have not seen the money, order %d.", thing.name, p.no),
		fmt.Sprintf("The %s of order %d came with a torn seam. I would like my money back.", thing.name, p.no),
		fmt.Sprintf("You charged me twice for order %d (%s).", p.no, thing.name),
		fmt.Sprintf("Order %d never came. Please refund %s.", p.no, money(thing.cents)))
}

// toBilling is how a refund gets to billing: router, support, order, policy.
func (p *play) toBilling(thing product, message string) (root, desk, pay *hansard.Event) {
	root, desk = p.routed(message, "billing/refund", support, "Resolve the refund request for order "+itoa(p.no))
	p.says(support, large(), message, "I look at the order first, then at the refund policy.")
	p.uses(support, getOrder(), itoa(p.no), obj{"order_id": p.no, "include": []string{"payments"}}, obj{
		"order_id": p.no, "customer": obj{"name": p.who.name, "email": p.who.email},
		"payments": []obj{{"id": p.payment(), "amount": amount(thing.cents), "currency": "EUR"}},
	})
	p.uses(support, searchPolicy(), "refunds", obj{"query": "refund limits", "top_k": 3}, obj{"hits": []obj{{"id": "refunds-4.2", "text": "Up to 250 EUR without approval."}}})
	p.decides(support, "refund_in_full", "The order and the payment match what the customer says; policy refunds-4.2 covers it.", "store_credit", "ask_for_proof")
	pay = p.hands(support, billing, fmt.Sprintf("Refund %s of order %d, %s.", p.payment(), p.no, money(thing.cents)), "Refund payment "+p.payment())
	p.says(billing, large(), fmt.Sprintf("Refund %s, %s, to the card %s.", p.payment(), money(thing.cents), p.card()), "I call process_refund for "+money(thing.cents)+".")
	return root, desk, pay
}

// card is a test number of a payment provider's documentation.
func (p *play) card() string {
	return p.one("4111 1111 1111 1111", "5555 5555 5555 4444", "4242 4242 4242 4242")
}

// refundParams are the arguments of a refund.
func (p *play) refundParams(thing product) obj {
	return obj{"order_id": p.no, "payment_id": p.payment(), "amount": amount(thing.cents), "currency": "EUR"}
}

// repays tells the customer.
func (p *play) repaid(root, desk, pay *hansard.Event, thing product) {
	p.done(pay, "")
	p.step(billing, hansard.Event{EventType: hansard.TypeHandoff, Action: "handoff:support", HandoffFrom: billing, HandoffTo: support, Status: "ok",
		ContextSummary: "The refund of " + money(thing.cents) + " is paid. Tell the customer."})
	p.says(support, large(), "Write to "+p.who.name+" that "+money(thing.cents)+" were refunded.", "Dear "+p.who.name+", we have refunded "+money(thing.cents)+". You will see it within three days.")
	p.allowedBy(support, "answer-customers")
	p.uses(support, sendEmail(), p.who.email, obj{"to": p.who.email, "template": "refund_done", "order_id": p.no}, obj{"message_id": "msg-" + itoa(p.no), "accepted": true})
	p.done(desk, "")
	p.done(root, "")
}

func (p *play) smallRefund() {
	p.job("refund", "chat")
	thing := p.product()
	for thing.cents > 25_000 {
		thing = p.product()
	}
	root, desk, pay := p.toBilling(thing, p.complaint(thing)+p.signature())
	p.allowedBy(billing, "refunds-up-to-250")
	params := p.refundParams(thing)
	if p.odds(9) { // once in a while the first try is too slow, and the second is not
		slow := p.begins(billing, processRefund(), p.payment(), params)
		slow.Attempt = hansard.Some[int64](1)
		p.returnsAfter(slow, int64(p.between(12_000, 12_600)), hansard.Event{Status: "timeout", Error: "payments-eu did not answer within 12 s", ErrorType: "TimeoutError", RecoveryAction: "retry"})
		p.wait(900, 1400)
	}
	p.uses(billing, processRefund(), p.payment(), params, obj{"refund_id": "rf_" + itoa(p.no), "status": "paid"})
	p.repaid(root, desk, pay, thing)
	if p.odds(4) {
		p.rates(float64(p.between(4, 6)), p.one("Money is back, thanks.", "Fast.", ""), "")
	}
}

// largeRefund needs a human, who mostly agrees.
func (p *play) largeRefund() {
	p.job("refund", "chat")
	things := []product{{"Tarn 2 tent", 34_900}, {"Lava down sleeping bag", 27_900}, {"Fjell 65 backpack and boots", 41_800}}
	thing := things[p.rng.IntN(len(things))]
	root, desk, pay := p.toBilling(thing, p.complaint(thing)+p.signature())
	p.reasons(billing, money(thing.cents)+" is above the limit of 250.00 EUR: a supervisor has to agree.")
	params := p.refundParams(thing)
	yes := !p.odds(5)
	comment := "Return has arrived in the warehouse."
	if !yes {
		comment = p.one("The parcel was delivered and signed for.", "Third refund of this customer in a month; please call them.")
	}
	said := p.asks(billing, approval{"refunds-above-250", "Refund " + money(thing.cents) + " of order " + itoa(p.no) + "?", params, p.staff("billing supervisor"), yes, comment, 25, 240})
	if !yes {
		p.decides(billing, "refuse_refund", "The supervisor said no.", "ask_again")
		p.done(pay, "the refund was not approved")
		p.step(billing, hansard.Event{EventType: hansard.TypeHandoff, Action: "handoff:support", HandoffFrom: billing, HandoffTo: support, Status: "denied", ContextSummary: "Not approved: " + comment})
		p.says(support, large(), "Explain to "+p.who.name+" why there is no refund yet.", "Dear "+p.who.name+", we have to look into this more closely and will call you tomorrow.")
		p.done(desk, "")
		p.done(root, "")
		return
	}
	call := p.begins(billing, processRefund(), p.payment(), params)
	call.ApprovalID, call.ArgumentsHash = said.ApprovalID, said.ArgumentsHash
	p.returns(call, processRefund(), hansard.Event{Result: text(obj{"refund_id": "rf_" + itoa(p.no), "status": "paid"})})
	p.repaid(root, desk, pay, thing)
}

// refundInOutage meets the payment provider while it does not answer. variant
// says how it ends: queued, given up, handed to a human.
func (p *play) refundInOutage(variant int) {
	p.job("refund", "chat")
	thing := p.product()
	root, desk, pay := p.toBilling(thing, p.complaint(thing)+p.signature())
	p.allowedBy(billing, "refunds-up-to-250")
	tries := 2 + variant%2
	for i := 1; i <= tries; i++ {
		call := p.begins(billing, processRefund(), p.payment(), p.refundParams(thing))
		call.Attempt = hansard.Some(int64(i))
		recovery := "retry"
		if i == tries {
			recovery = "circuit_open"
		}
		p.returnsAfter(call, int64(p.between(12_010, 12_900)), hansard.Event{Status: "timeout", Error: "payments-eu did not answer within 12 s", ErrorType: "TimeoutError", RecoveryAction: recovery})
		p.wait(1000*i, 1200*i)
	}
	p.step(billing, hansard.Event{EventType: hansard.TypeError, Action: "circuit_breaker:open", Status: "error", RecoveryAction: "fallback", ErrorType: "CircuitOpenError",
		Error: fmt.Sprintf("process_refund failed %d times in a row; the circuit breaker of payments-eu is open for 5 minutes", tries)})
	if variant%3 == 2 {
		p.decides(billing, "give_up", "No queue for this kind of payment.", "queue_refund")
		p.done(pay, "the payment provider does not answer")
		p.done(desk, "the payment provider does not answer")
		p.done(root, "the payment provider does not answer")
		p.rates(1, "Nobody could tell me when I get my money.", "")
		return
	}
	p.decides(billing, "queue_refund", "The queue keeps the refund safe until the provider answers.", "retry_later", "refund_by_bank_transfer")
	queued := p.uses(billing, enqueueRefund(), "rq-"+itoa(p.no), p.refundParams(thing), obj{"queue_id": "rq-" + itoa(p.no)})
	queued.RecoveryAction = "fallback"
	p.step(billing, hansard.Event{EventType: hansard.TypeHumanIntervention, Action: "escalate:billing_supervisor", Intervention: "escalation", RecoveryAction: "escalate",
		PolicyID: "refunds-after-failure", PolicyVersion: "3", ContextSummary: "Tries of process_refund timed out. Check that none went through."})
	p.done(pay, "")
	p.says(support, large(), "Tell "+p.who.name+" that the refund waits.", "Dear "+p.who.name+", our payment provider does not answer right now. Your refund is safe in our queue.")
	p.done(desk, "")
	p.done(root, "")
}

// outageNews is what the payment provider said of its outage.
func (p *play) outageNews() {
	p.job("status", "feed")
	p.service, p.user = "payments-eu", ""
	say := func(minutes int, state, words string) {
		p.at = int64(minutes) * 60_000
		p.step("", hansard.Event{EventType: "x.status_update", Action: "status:" + state, Source: "system", ActorType: "system", Reasoning: words,
			Attributes: text(obj{"component": "refund API", "state": state})})
	}
	say(1, "investigating", "payments-eu: requests to the refund API time out.")
	say(9, "identified", "payments-eu: the certificate of the refund API's upstream expired at 14:19 UTC; refunds are not answered. Other payments work.")
	say(28, "resolved", "payments-eu: the certificate was renewed, refunds are answered again.")
}
