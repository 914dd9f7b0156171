package demo

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// bug is something for the code agent.
type bug struct{ title, file, test, cause, patch string }

func (p *play) bug() bug {
	all := []bug{
		{"Basket shows the old price after a discount", "basket/price.go", "TestDiscountIsShown", "The price is cached before the discount is applied.", "-\treturn cached(total)\n+\treturn total.Minus(discount)"},
		{"Postcode of Ireland is refused", "address/postcode.go", "TestEircode", "The pattern wants digits; an Eircode has letters.", "-var code = `^[0-9]{4,5}$`\n+var code = `^[A-Z0-9 ]{4,8}$`"},
		{"Tracking page fails for two parcels", "tracking/view.go", "TestTwoParcels", "The view takes the first parcel and indexes by order.", "-\tp := parcels[0]\n+\tfor _, p := range parcels {"},
		{"Search does not find ß", "search/fold.go", "TestFoldSharpS", "Folding to lower case leaves ß alone.", "-\treturn strings.ToLower(s)\n+\treturn fold.String(s)"},
		{"Returns label is A4 on thermal printers", "label/print.go", "TestThermal", "The printer's width is read after the page is laid out.", "-\tlayout(page)\n-\tw := width()\n+\tw := width()\n+\tlayout(page, w)"},
	}
	return all[p.rng.IntN(len(all))]
}

// fixBug is the code agent at work: search, read, test, patch, test, pull request.
func (p *play) fixBug() {
	p.job("bug", "dev").by("engineer")
	p.service = "dev-assistant"
	b := p.bug()
	begin := p.invoked(code, fmt.Sprintf("Fix issue #%d: %s", p.no%1000, b.title))
	begin.Attributes = text(obj{"token_budget": 120_000})
	p.says(code, codex(), b.title, "I look for the code first.")
	p.uses(code, searchCode(), "shop", obj{"query": b.title}, obj{"matches": []obj{{"path": b.file, "line": p.between(12, 300)}}})
	p.uses(code, readFile(), "shop/"+b.file, obj{"path": b.file}, obj{"path": b.file, "lines": p.between(80, 400)})
	p.reasons(code, b.cause+" A test has to show it first.")
	p.thinksHard("Why does "+b.test+" fail?", b.cause)
	p.tests(b, false)
	p.says(code, codex(), "Write the patch.", b.patch)
	p.decides(code, "patch_"+p.one("minimal", "minimal", "with_refactoring"), b.cause, "ask_the_author")
	p.allowedBy(code, "write-to-branches")
	p.uses(code, applyPatch(), "shop/"+b.file, obj{"path": b.file, "diff": b.patch, "branch": "fix-" + itoa(p.no%1000)}, obj{"applied": true})
	if p.odds(3) {
		p.tests(b, false)
		p.thinksHard("The test still fails.", "One more place caches the value.")
		p.uses(code, applyPatch(), "shop/"+b.file, obj{"path": b.file, "diff": b.patch, "branch": "fix-" + itoa(p.no%1000)}, obj{"applied": true})
	}
	p.tests(b, true)
	pull := obj{"title": b.title, "branch": "fix-" + itoa(p.no%1000), "base": "main"}
	said := p.asks(code, approval{"open-pull-requests", "Open a pull request for: " + b.title + "?", pull, p.staff("second engineer"), true, p.one("Looks good.", "Fine, please squash.", ""), 8, 90})
	call := p.begins(code, openPull(), "shop", pull)
	call.ApprovalID, call.ArgumentsHash = said.ApprovalID, said.ArgumentsHash
	p.returns(call, openPull(), hansard.Event{Result: text(obj{"number": 2000 + p.no%1000, "url": "https://git.example.com/shop/pull/" + itoa(2000+p.no%1000)})})
	p.done(begin, "")
}

// thinksHard is a call of a model that reasons: most of its output is not shown.
func (p *play) thinksHard(asked, answered string) {
	p.says(code, opus(), asked, answered)
	p.grow(opus(), 0, int64(p.between(900, 4200)))
}

// grow adds tokens to the last call of a model, and to its meter: input, and
// output that was reasoning.
func (p *play) grow(m model, input, hidden int64) {
	for _, e := range p.events[len(p.events)-2:] {
		if hidden > 0 {
			e.ReasoningTokens = hansard.Some(hidden)
		}
		e.InputTokens = hansard.Some(e.InputTokens.V + input)
		e.OutputTokens = hansard.Some(e.OutputTokens.V + hidden)
		e.TokenCount = hansard.Some(e.TokenCount.V + input + hidden)
		e.CostNanoUSD = hansard.Some(e.CostNanoUSD.V + input*m.input + hidden*m.written)
	}
}

// tests runs the tests.
func (p *play) tests(b bug, pass bool) {
	call := p.begins(code, runTests(), "shop", obj{"package": "./" + b.file[:len(b.file)-len(".go")], "run": b.test})
	if pass {
		p.returns(call, runTests(), hansard.Event{Result: text(obj{"passed": p.between(12, 90), "failed": 0})})
		return
	}
	p.returns(call, runTests(), hansard.Event{Status: "error", ErrorType: "TestFailure", Error: b.test + " failed: got 1, want 2", RecoveryAction: "retry",
		Result: text(obj{"passed": p.between(12, 90), "failed": 1})})
}

// fixTooLarge runs out of its budget of tokens and stops.
func (p *play) fixTooLarge() {
	p.job("bug", "dev").by("engineer")
	p.service = "dev-assistant"
	begin := p.invoked(code, "Move the basket to the new currency type everywhere")
	begin.Attributes = text(obj{"token_budget": 40_000})
	files := []string{"basket/price.go", "basket/sum.go", "invoice/lines.go", "voucher/value.go", "export/csv.go", "label/print.go"}
	for i, f := range files[:p.between(4, 7)] {
		p.uses(code, readFile(), "shop/"+f, obj{"path": f}, obj{"path": f, "lines": p.between(150, 900)})
		p.says(code, opus(), "How does "+f+" use money?", fmt.Sprintf("As cents in an int, in %d places.", p.between(3, 30)))
		p.grow(opus(), int64(4000+2600*i), 0)
	}
	p.step(code, hansard.Event{EventType: hansard.TypeError, Action: "budget:exceeded", Status: "error", RecoveryAction: "abort", ErrorType: "TokenBudgetExceeded",
		Error: "the task has used its budget of 40000 tokens"})
	p.step(code, hansard.Event{EventType: hansard.TypeHumanIntervention, Action: "stop:token_budget", Intervention: "stop", ActorType: "policy", Source: "system", PolicyID: "token-budget", PolicyVersion: "1"})
	p.done(begin, "stopped: out of budget")
}
