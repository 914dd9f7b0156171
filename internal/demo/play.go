package demo

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// play is a scene written as it happens: each step takes its time and is caused
// by the one before, unless said otherwise.
type play struct {
	*scene
	rng      *rand.Rand
	no       int // of the order, the ticket, the pull request
	who      person
	at       int64          // milliseconds since the start
	last     *hansard.Event // what the next step is caused by
	calls    int
	injected *Injection
}

// obj is a JSON object.
type obj map[string]any

// text returns v as JSON, with its characters as they are.
func text(v any) json.RawMessage {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return json.RawMessage(`{}`) // maps of strings and numbers always encode
	}
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}

// one returns one of the choices.
func (p *play) one(choices ...string) string { return choices[p.rng.IntN(len(choices))] }

// between returns a number from lo up to but not including hi.
func (p *play) between(lo, hi int) int { return lo + p.rng.IntN(hi-lo) }

// odds reports one in n.
func (p *play) odds(n int) bool { return p.rng.IntN(n) == 0 }

// wait lets time pass.
func (p *play) wait(lo, hi int) *play {
	p.at += int64(p.between(lo, hi))
	return p
}

// step appends what an agent did.
func (p *play) step(agent string, e hansard.Event) *hansard.Event {
	p.wait(4, 30)
	p.last = p.add(p.at, agent, p.last, e)
	return p.last
}

// job names what the run is about and how its user reached the company.
func (p *play) job(kind, channel string) *play {
	p.task = kind + "-" + itoa(p.no)
	p.session = channel + "-" + itoa(p.no)
	return p
}

// invoked begins an agent's work. The first of a run comes from the user.
func (p *play) invoked(agent, task string) *hansard.Event {
	e := hansard.Event{EventType: hansard.TypeInvocation, Action: "invoke", Params: text(obj{"task": task})}
	if p.last == nil {
		e.Source, e.ActorType, e.ActorID, e.ActorRole = "user", "human", p.user, "customer"
		if p.who.staff != "" {
			e.ActorRole = p.who.staff
		}
	}
	return p.step(agent, e)
}

// done ends the work that begin began; a failure names its error.
func (p *play) done(begin *hansard.Event, failure string) {
	e := hansard.Event{EventType: hansard.TypeLifecycle, Action: "invocation_end", Status: "ok", SpanID: begin.SpanID}
	if failure != "" {
		e.Status, e.Error = "error", failure
	}
	p.wait(4, 20)
	e.DurationUS = hansard.Some(p.start.Add(msec(p.at)).UnixNano()/1000 - begin.Timestamp/1000)
	p.add(p.at, begin.AgentName, begin, e)
}

// says is a call of a model: what it was asked, what it answered.
func (p *play) says(agent string, m model, asked, answered string) *hansard.Event {
	out := int64(len(answered)/4 + p.between(18, 90))
	ms := 240 + out*int64(p.between(6, 13)) + int64(p.between(0, 400))
	p.at += ms
	a := answer{
		model: m, ms: ms, output: out, input: int64(len(asked)/4 + p.between(140, 900)),
		messages: string(text([]obj{{"role": "user", "content": asked}})),
		response: string(text(obj{"role": "assistant", "content": answered})),
	}
	if m.cached > 0 && !p.odds(4) {
		a.cached = int64(512 * p.between(2, 12))
	}
	p.last = p.think(p.at, agent, p.last, a)
	p.wait(6, 20)
	return p.last
}

// reasons is a thought.
func (p *play) reasons(agent, thought string) {
	p.step(agent, hansard.Event{EventType: hansard.TypeReasoning, Action: "reasoning", Reasoning: thought})
}

// decides is a branch taken, with what else there was.
func (p *play) decides(agent, what, why string, others ...string) *hansard.Event {
	return p.step(agent, hansard.Event{
		EventType: hansard.TypeDecision, Action: "decision:" + what, Decision: what, Reasoning: why, Status: "ok",
		Confidence: hansard.Some(float64(p.between(62, 99)) / 100), Alternatives: text(others),
	})
}

// hands gives the work to another agent, which begins with it.
func (p *play) hands(from, to, summary, task string) *hansard.Event {
	p.step(from, hansard.Event{
		EventType: hansard.TypeHandoff, Action: "handoff:" + to, HandoffFrom: from, HandoffTo: to, Status: "ok", ContextSummary: summary,
	})
	return p.invoked(to, task)
}

// tool is a tool of the company.
type tool struct {
	name, effect string
	ms           int // about how long it takes
	kind, class  string
	operation    string
}

// calls begins a call of a tool on a resource.
func (p *play) begins(agent string, t tool, id string, params obj) *hansard.Event {
	p.calls++
	c := toolCall{id: "call_" + t.name + "_" + itoa(p.calls), tool: t.name, sideEffect: t.effect, params: string(text(params))}
	if t.kind != "" {
		c.resources = []hansard.Resource{{Kind: t.kind, ID: id, Operation: t.operation, DataClass: t.class}}
	}
	p.wait(4, 25)
	return p.call(p.at, agent, p.last, c)
}

// uses calls a tool that works.
func (p *play) uses(agent string, t tool, id string, params obj, answer any) *hansard.Event {
	call := p.begins(agent, t, id, params)
	return p.returns(call, t, hansard.Event{Result: text(answer)})
}

// returns ends a call.
func (p *play) returns(call *hansard.Event, t tool, e hansard.Event) *hansard.Event {
	ms := int64(t.ms*p.between(55, 170)/100) + int64(p.between(2, 30))
	return p.returnsAfter(call, ms, e)
}

func (p *play) returnsAfter(call *hansard.Event, ms int64, e hansard.Event) *hansard.Event {
	p.last = p.returned(call, ms, e)
	p.at += ms
	return p.last
}

// allowed marks the last call's start as allowed by a policy, on record before it.
func (p *play) allowedBy(agent, policy string) {
	p.step(agent, hansard.Event{
		EventType: hansard.TypeDecision, Action: "decision:allow", Decision: "allow", ActorType: "policy", Source: "system",
		PolicyID: policy, PolicyVersion: "3", Status: "ok",
	})
}

// approval is what a human said.
type approval struct {
	policy, summary string
	params          obj
	by              person
	yes             bool
	comment         string
	lo, hi          int // seconds that it took
}

// asks has a human decide. The call that may follow carries the approval's id.
func (p *play) asks(agent string, a approval) *hansard.Event {
	id := "apr-" + itoa(p.no)
	p.step(agent, hansard.Event{
		EventType: hansard.TypeHumanIntervention, Action: "request:" + a.policy, Intervention: "requested", ApprovalID: id,
		ArgumentsHash: hashOf(string(text(a.params))), PolicyID: a.policy, PolicyVersion: "3", ContextSummary: a.summary,
	})
	took := int64(p.between(a.lo, a.hi))*1000 + int64(p.between(0, 999))
	p.at += took
	word := map[bool]string{true: "approval", false: "rejection"}[a.yes]
	return p.step(agent, hansard.Event{
		EventType: hansard.TypeHumanIntervention, Action: word + ":" + a.policy, Intervention: word, ApprovalID: id,
		ActorType: "human", ActorID: a.by.email, ActorRole: a.by.staff, Source: "user", Approver: a.by.email,
		ArgumentsHash: hashOf(string(text(a.params))), PolicyID: a.policy, PolicyVersion: "3", DecisionUS: hansard.Some(took * 1000),
		Comment: a.comment,
	})
}

// rates is what the user thought of it, later.
func (p *play) rates(stars float64, comment, correction string) {
	p.wait(9_000, 70_000)
	p.step(p.events[0].AgentName, hansard.Event{
		EventType: hansard.TypeFeedback, Action: "feedback", Source: "user", ActorType: "human", ActorID: p.user, ActorRole: "customer",
		Rating: hansard.Some(stars), Comment: comment, Correction: correction,
	})
}

func msec(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
