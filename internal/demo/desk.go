package demo

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// marketBrief is research for a colleague: pages, notes, one page that fails.
func (p *play) marketBrief() {
	p.job("brief", "desk").by("product manager")
	topic := p.one("lightweight two-person tents", "recycled down", "repair services of outdoor shops", "PFAS-free rain jackets", "hiring of snow shoes")
	begin := p.invoked(research, "Write a short brief: "+topic+", what do others offer and at which price?")
	p.reasons(research, "Three searches, the best page of each, then the brief.")
	for i := range 3 {
		query := topic + " " + []string{"prices 2026", "test", "new"}[i]
		host := p.one("outdoor-magazine.example", "gear-review.example", "mountain-news.example")
		url := "https://" + host + "/" + itoa(p.no+i)
		p.uses(research, webSearch(), "", obj{"q": query, "count": 10}, obj{"results": []obj{{"title": "On " + topic, "url": url}}})
		call := p.begins(research, fetchPage(), url, obj{"url": url})
		if p.odds(6) {
			p.returnsAfter(call, int64(p.between(800, 4000)), hansard.Event{Status: "error", ErrorType: "HTTPError", Error: "503 Service Unavailable from " + host, RecoveryAction: "fallback"})
			continue
		}
		p.returns(call, fetchPage(), hansard.Event{Result: text(obj{"url": url, "text": fmt.Sprintf("We compared %d offers of %s. Prices run from %d to %d EUR.", p.between(4, 20), topic, p.between(20, 90), p.between(120, 600))})})
		p.says(research, p.researchModel(), "Sum the page up.", fmt.Sprintf("%d offers, the middle price is %d EUR.", p.between(4, 20), p.between(60, 300)))
	}
	p.decides(research, "write_brief", "Enough for one page.", "search_more")
	p.says(research, opus(), "Write the brief on "+topic+".", "Brief: three shops offer "+topic+"; we are in the middle of the price range and the only ones who repair for ten years.")
	p.done(begin, "")
	if p.odds(3) {
		p.rates(float64(p.between(3, 6)), p.one("Good sources.", "Please name the date of each price.", "Too long."), "")
	}
}

// nightly is the company's books against the provider's, every night.
func (p *play) nightlyBalance() {
	p.job("balance", "job")
	p.user = ""
	begin := p.step(billing, hansard.Event{EventType: hansard.TypeInvocation, Action: "invoke", Params: text(obj{"task": "Balance yesterday's refunds with the payment provider"}), Source: "system", ActorType: "system"})
	list := tool{"list_refunds", "read", 2400, "payment", "financial", "read"}
	n := p.between(8, 40)
	p.uses(billing, list, "refunds", obj{"day": "yesterday", "source": "ledger"}, obj{"count": n})
	p.uses(billing, list, "refunds", obj{"day": "yesterday", "source": "payments-eu"}, obj{"count": n})
	p.says(billing, haiku(), "Do the two lists agree?", fmt.Sprintf("Both hold %d refunds with the same sum.", n))
	p.decides(billing, "balanced", "", "ask_for_statement")
	p.done(begin, "")
	for _, agent := range []string{router, support, research, billing, code} {
		p.last = nil
		p.step(agent, hansard.Event{EventType: hansard.TypeLifecycle, Action: "heartbeat", Source: "system", ActorType: "system", Status: "ok"})
	}
}

// morningDigest tells the support lead what happened.
func (p *play) morningDigest() {
	p.job("digest", "job")
	p.user = ""
	begin := p.step(support, hansard.Event{EventType: hansard.TypeInvocation, Action: "invoke", Params: text(obj{"task": "Sum up yesterday's chats for the team"}), Source: "system", ActorType: "system"})
	p.uses(support, listOrders(), "orders", obj{"day": "yesterday", "with_chat": true}, obj{"count": p.between(30, 90)})
	p.says(support, flash(), "Sum the chats up.", fmt.Sprintf("%d chats, mostly about delivery; %d were handed to a human.", p.between(30, 90), p.between(1, 6)))
	p.allowedBy(support, "internal-mail")
	to := p.staff("support lead").email
	p.uses(support, sendEmail(), to, obj{"to": to, "template": "digest"}, obj{"accepted": true})
	p.done(begin, "")
}
