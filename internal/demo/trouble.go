package demo

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// crmUnderLoad meets a limit of the customer database and waits.
func (p *play) crmUnderLoad() {
	p.job("account", "chat")
	message := "Which of my orders used the voucher SPRING?" + p.signature()
	root, begin := p.routed(message, "account/voucher", support, "Find the order that used a voucher")
	for i := 1; ; i++ {
		call := p.begins(support, crmLookup(), "cus-"+itoa(p.no), obj{"email": p.who.email})
		call.Attempt = hansard.Some(int64(i))
		if i > 2 || i > 1 && p.odds(2) {
			p.returns(call, crmLookup(), hansard.Event{Result: text(obj{"customer_id": "cus-" + itoa(p.no), "vouchers": []obj{{"code": "SPRING", "order_id": p.no - 40}}})})
			break
		}
		p.returnsAfter(call, int64(p.between(30, 90)), hansard.Event{Status: "error", ErrorType: "RateLimitError", RecoveryAction: "retry",
			Error: fmt.Sprintf("429: limit of 20 requests per second reached, retry after %d s", 2*i)})
		p.wait(2000*i, 2200*i)
	}
	p.answers(support, large(), root, begin, message, fmt.Sprintf("You used the voucher with order %d.", p.no-40))
}

// wrongArgument is a model that gets a tool's arguments wrong, is told so and
// does better; sometimes it does not.
func (p *play) wrongArgument() {
	p.job("exchange", "chat")
	message := fmt.Sprintf("The shoes of order %d are too small, can I have 43 instead?%s", p.no, p.signature())
	root, begin := p.routed(message, "order/exchange", support, "Exchange the shoes of order "+itoa(p.no))
	p.says(support, small(), message, "I create an exchange for size 43.")
	create := tool{"create_exchange", "write", 400, "order", "internal", "create"}
	p.allowedBy(support, "exchange-within-60-days")
	call := p.begins(support, create, itoa(p.no), obj{"order_id": "order " + itoa(p.no), "size": "43 (EU)"})
	p.returnsAfter(call, int64(p.between(20, 60)), hansard.Event{Status: "error", ErrorType: "ValidationError", RecoveryAction: "retry",
		Error: "order_id: want an integer, got a string"})
	if p.odds(4) {
		again := p.begins(support, create, itoa(p.no), obj{"order_id": p.no, "size": "43 (EU)"})
		p.returnsAfter(again, int64(p.between(20, 60)), hansard.Event{Status: "error", ErrorType: "ValidationError", Error: "size: want one of 36 to 48", RecoveryAction: "escalate"})
		p.step(support, hansard.Event{EventType: hansard.TypeHumanIntervention, Action: "escalate:support_lead", Intervention: "escalation", RecoveryAction: "escalate",
			ContextSummary: "The exchange tool refuses what I send. Size 43 for order " + itoa(p.no) + "."})
		p.done(begin, "the exchange could not be created")
		p.done(root, "")
		return
	}
	p.reasons(support, "The tool wants plain numbers.")
	p.uses(support, create, itoa(p.no), obj{"order_id": p.no, "size": 43}, obj{"exchange_id": "ex-" + itoa(p.no), "label": "sent"})
	p.answers(support, large(), root, begin, message, "Size 43 is reserved for you; the return label is in your mailbox.")
}

// modelOverloaded is a provider that turns a call away; another model answers.
func (p *play) modelOverloaded() {
	p.job("question", "chat")
	message := p.one("Is the Skog jacket warm enough for the Dolomites in May?", "Which stove do you recommend above 3000 m?") + p.signature()
	root, begin := p.routed(message, "product/question", support, "Advise on equipment")
	p.uses(support, searchPolicy(), "products", obj{"query": message, "top_k": 3}, obj{"hits": []obj{{"id": "guide-12", "text": "Layering for spring in the Alps."}}})
	p.wait(300, 900).step(support, hansard.Event{
		EventType: hansard.TypeError, Action: "llm:" + large().name, Status: "error", Model: large().name, Provider: large().provider,
		Error: "529 overloaded_error: Overloaded", ErrorType: "OverloadedError", RecoveryAction: "fallback", DurationUS: hansard.Some(int64(p.between(300_000, 900_000))),
	})
	p.decides(support, "fallback_model", "The first provider is overloaded; the second knows the catalogue as well.", "wait")
	p.answers(support, flash(), root, begin, message, "For spring in the Alps take a base layer and the Skog on top; nights are cold.")
}
