package demo

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// Runs of the shop in which nothing goes wrong, or next to nothing.

// signature is how a customer ends a message: sometimes with more of themselves
// than anybody asked for.
func (p *play) signature() string {
	switch p.rng.IntN(6) {
	case 0:
		return " Call me on " + p.who.phone + ". " + p.who.name
	case 1:
		return " My address is " + p.who.email + "."
	case 2:
		return " Thanks, " + p.who.name
	}
	return ""
}

// routed is how a message finds its agent: the router reads it and hands over.
func (p *play) routed(message, topic, to, task string) (root, begin *hansard.Event) {
	root = p.invoked(router, message)
	p.wait(20, 80).says(router, p.routerModel(), "Sort the request: order, billing, policy, other.\n"+message, topic)
	p.decides(router, "route_to_"+to, "", "answer_directly")
	return root, p.hands(router, to, p.who.name+" writes about "+topic+".", task)
}

func (p *play) routerModel() model {
	if p.odds(3) {
		return onSite()
	}
	return small()
}

// answers writes to the customer and ends the run.
func (p *play) answers(agent string, m model, root, begin *hansard.Event, asked, reply string) {
	p.says(agent, m, asked, reply)
	p.done(begin, "")
	if root != begin {
		p.done(root, "")
	}
}

func (p *play) whereIsMyParcel() {
	p.job("parcel", "chat")
	thing, order := p.product(), itoa(p.no)
	message := p.one("Where is my parcel for order "+order+"?", "My "+thing.name+" has not arrived yet, order "+order+".",
		"The tracking of order "+order+" has not moved for three days.", "Hi! Any news on order "+order+"? I leave on Friday and need the "+thing.name+".") + p.signature()
	root, begin := p.routed(message, "order/delivery", support, "Find out where order "+order+" is")
	if p.odds(3) {
		p.reasons(support, "The order number is in the message. I look the order up, then ask the carrier where the parcel is.")
	}
	state := p.one("in_transit", "in_transit", "out_for_delivery", "delivered", "label_created")
	carrier := p.one("DHL", "PostNord", "GLS", "DPD")
	p.uses(support, getOrder(), order, obj{"order_id": p.no}, obj{
		"order_id": p.no, "state": "shipped", "carrier": carrier, "items": []string{thing.name}, "total": amount(thing.cents),
		"customer": obj{"name": p.who.name, "email": p.who.email, "city": p.who.city},
	})
	p.uses(support, trackParcel(), "shp-"+order, obj{"order_id": p.no, "carrier": carrier}, obj{
		"state": state, "last_scan": p.who.city, "expected": p.one("today", "tomorrow", "in two days"),
	})
	reply := map[string]string{
		"in_transit":       "Your " + thing.name + " is with " + carrier + " and was last seen in " + p.who.city + ". It should reach you " + p.one("tomorrow.", "in two days."),
		"out_for_delivery": "Good news: the driver has your " + thing.name + " on board and comes today.",
		"delivered":        carrier + " says that the parcel was handed over in " + p.who.city + ". Could a neighbour have taken it in?",
		"label_created":    "The parcel has not left our warehouse yet. I am sorry for the wait; it goes out today.",
	}[state]
	p.decides(support, "answer_directly", "", "ask_the_carrier", "escalate")
	p.answers(support, large(), root, begin, message, reply)
	if p.odds(5) {
		p.rates(float64(p.between(3, 6)), p.one("Quick answer, thank you.", "Fine.", "Helpful, but I had hoped for a time of day.", ""), "")
	}
}

func (p *play) policyQuestion() {
	p.job("policy", "chat")
	ask := [][3]string{
		{"Which countries do you deliver to on Saturdays?", "delivery-2.1", "Saturday delivery: Germany, Austria, the Netherlands."},
		{"How long can I send boots back that I wore once indoors?", "returns-1.3", "Unused or tried on indoors: 60 days. Used outdoors: 14 days with a deduction."},
		{"Do you repair zips of jackets that are older than five years?", "repair-3.0", "Zips are repaired for ten years; the first two years are free."},
		{"Is the Tarn 2 tent covered when a pole breaks in a storm?", "warranty-4.4", "Poles are covered for five years, storm damage for two."},
		{"Can I pay by invoice as a school?", "payment-5.2", "Schools, clubs and authorities may pay by invoice, 30 days."},
		{"What happens to a voucher when I send the order back?", "vouchers-1.1", "The voucher is restored with its old end date, at least 30 days."},
	}
	q := ask[p.rng.IntN(len(ask))]
	root := p.invoked(research, q[0])
	p.uses(research, searchPolicy(), q[1], obj{"query": q[0], "top_k": 5}, obj{"hits": []obj{{"id": q[1], "score": 0.8, "text": q[2]}}})
	if p.odds(3) {
		p.reasons(research, "The first hit answers the question in full; nothing else has to be read.")
	}
	p.answers(research, p.researchModel(), root, root, q[0], q[2]+" ("+q[1]+")")
	if p.odds(6) {
		p.rates(5, p.one("Exactly what I needed.", "", "Thanks!"), "")
	}
}

func (p *play) researchModel() model {
	if p.odds(2) {
		return flash()
	}
	return haiku()
}

func (p *play) invoiceCopy() {
	p.job("invoice", "mail")
	message := fmt.Sprintf("Please send the invoice of order %d to my accountant, office-%d@example.net.%s", p.no, p.no%97, p.signature())
	root, begin := p.routed(message, "billing/invoice", billing, "Send a copy of the invoice of order "+itoa(p.no))
	p.uses(billing, getInvoice(), "inv-"+itoa(p.no), obj{"order_id": p.no}, obj{"invoice_id": "inv-" + itoa(p.no), "total": amount(p.product().cents), "file": "invoice.pdf"})
	p.allowedBy(billing, "send-own-documents")
	to := fmt.Sprintf("office-%d@example.net", p.no%97)
	p.uses(billing, sendEmail(), to, obj{"to": to, "template": "invoice_copy", "order_id": p.no}, obj{"message_id": "msg-" + itoa(p.no), "accepted": true})
	p.answers(billing, haiku(), root, begin, message, "The invoice is on its way to the address that you named.")
}

func (p *play) changeOfAddress() {
	p.job("address", "chat")
	street := fmt.Sprintf("%s %d", p.one("Lindenstraße", "Rue du Port", "Keizersgracht", "Harbour Road"), p.between(1, 120))
	message := fmt.Sprintf("I have moved. Please change my address to %s, %s.%s", street, p.who.city, p.signature())
	root, begin := p.routed(message, "account/address", support, "Change the address of a customer")
	p.uses(support, crmLookup(), "cus-"+itoa(p.no), obj{"email": p.who.email}, obj{"customer_id": "cus-" + itoa(p.no), "name": p.who.name, "phone": p.who.phone})
	change := obj{"customer_id": "cus-" + itoa(p.no), "street": street, "city": p.who.city}
	if p.odds(3) {
		p.reasons(support, "An address decides where goods go. The customer is logged in, and the policy lets me change it after they confirm.")
	}
	p.step(support, hansard.Event{
		EventType: hansard.TypeHumanIntervention, Action: "confirmation:address", Intervention: "confirmation", ActorType: "human", ActorID: p.who.email,
		ActorRole: "customer", Source: "user", PolicyID: "change-own-data", PolicyVersion: "2", ArgumentsHash: hashOf(string(text(change))),
	})
	p.allowedBy(support, "change-own-data")
	p.uses(support, updateCRM(), "cus-"+itoa(p.no), change, obj{"updated": true})
	p.answers(support, large(), root, begin, message, "Done: your next parcel goes to "+street+". Orders that have left already still go to the old address.")
}

func (p *play) wrongAnswer() {
	p.job("question", "chat")
	message := "Does the Topp climbing harness fit over ski trousers, size L?" + p.signature()
	root, begin := p.routed(message, "product/question", support, "Answer a question about the Topp climbing harness")
	p.uses(support, searchPolicy(), "products", obj{"query": "Topp climbing harness size L", "top_k": 3}, obj{"hits": []obj{}})
	p.reasons(support, "The search found nothing. Harnesses of this kind usually fit over trousers, so I say yes.")
	p.answers(support, small(), root, begin, message, "Yes, the Topp fits over ski trousers in size L.")
	p.rates(float64(p.between(1, 3)), p.one("That was wrong: it does not close.", "I ordered it on your word and had to send it back."), "Size L closes over base layers only; ski trousers need XL.")
}
