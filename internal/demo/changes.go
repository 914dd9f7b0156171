package demo

import (
	"time"

	"github.com/hansardhq/hansard"
)

// released are the models that agents have from the begin of a history on. The research
// agent has used another one before anybody put it on record: see newModel.
func released() []assignment {
	return []assignment{
		{router, small()}, {router, onSite()},
		{support, large()}, {support, small()}, {support, flash()},
		{research, small()}, {research, haiku()}, {research, opus()},
		{billing, large()}, {billing, haiku()},
		{code, codex()}, {code, opus()},
	}
}

// assignment is a model that an agent may use.
type assignment struct {
	agent string
	model model
}

// release is the configuration that is in force when a history begins.
func (c *Company) release(at time.Time) *play {
	p := c.play(runKey{at.Truncate(time.Hour), at, 98})
	p.ops("release", "engineer")
	for _, a := range released() {
		p.changes(a.agent, a.model, obj{"agent": a.agent, "field": "model", "to": a.model.name}, "")
	}
	return p
}

// newPrompt is a change of two agents' configuration by a human.
func (p *play) newPrompt() {
	p.ops("change", "product manager")
	p.changes(support, model{}, obj{"agent": support, "field": "system_prompt", "from": "support-prompt@41", "to": "support-prompt@42"}, "Answers name the day of delivery.")
	p.wait(20_000, 60_000).changes(router, small(), obj{"agent": router, "field": "model", "from": "gpt-4o-mini", "to": small().name}, "")
}

// newModel puts a model on record that the research agent uses already, as happens where
// somebody remembers it in the middle of the week.
func (p *play) newModel() {
	p.ops("change", "engineer")
	p.changes(research, flash(), obj{"agent": research, "field": "model", "from": haiku().name, "to": flash().name}, "For searches; it is cheaper.")
}

// ops makes the run one of the platform that the agents run on.
func (p *play) ops(kind, role string) {
	p.job(kind, "ops").by(role)
	p.service = "agent-platform"
}

// changes puts a change of an agent's configuration on record; m is the model that it
// brings, the zero one where it brings none.
func (p *play) changes(agent string, m model, params obj, comment string) {
	p.step(agent, hansard.Event{
		EventType: hansard.TypeLifecycle, Action: "config_changed", ActorType: "human", ActorID: p.user, ActorRole: p.who.staff,
		Source: "user", Model: m.name, Provider: m.provider, Params: text(params), Status: "ok", Comment: comment,
	})
}
