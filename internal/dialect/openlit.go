package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// OpenLIT: its SDK uses gen_ai.operation.name; its coding-agent tool has names of
// its own (coding_agent.*).

// openlitSpan decides by what the coding-agent tool says.
func (r *otelReading) openlitSpan() work {
	switch {
	case r.has("coding_agent.edit.decision"):
		r.rule = "has coding_agent.edit.decision"
		r.editDecision()
		return workGeneric
	case r.has("coding_agent.tool.call") || r.has("coding_agent.tool.command"):
		r.rule = "has coding_agent.tool.*"
		set(&r.main.ToolName, r.text("coding_agent.tool.call"))
		return workTool
	case r.has("coding_agent.turn.id") || r.has("coding_agent.session.id") && r.span.ParentID == "":
		r.rule = "has coding_agent.turn.id or .session.id"
		return workAgent
	}
	return workNone
}

// editDecision makes an event of what was decided about an edit.
func (r *otelReading) editDecision() {
	x := r.more(hansard.TypeDecision, "decision", r.main.Timestamp)
	x.Decision = r.text("coding_agent.edit.decision")
	x.Action = "decision:" + x.Decision
	who(x, r.text("coding_agent.edit.decision.source"))
}

// who sets who decided, by what coding agents call a source. It reports whether
// that was a person.
func who(e *hansard.Event, source string) bool {
	switch s := strings.ToLower(source); {
	case strings.HasPrefix(s, "user"):
		e.ActorType, e.Source = "human", "user"
		return true
	case s == "config" || s == "hook" || strings.ReplaceAll(s, "_", "") == "automatedreviewer":
		e.ActorType, e.Source = "policy", "system"
		e.PolicyID = source
	case s != "":
		e.ActorType, e.Source = "system", "system"
		e.Provenance = "inferred"
	}
	return false
}
