package dialect

import "strings"

// agentopsSpan decides by agentops.span.kind.
func (r *otelReading) agentopsSpan() work {
	v := r.get("agentops.span.kind")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToLower(string(v.Text))
	w := workGeneric
	switch kind {
	case "workflow", "session", "task":
		w = workWorkflow
	case "agent":
		w = workAgent
		set(&r.main.AgentName, r.text("agent.name", "agentops.entity.name"))
	case "tool":
		w = workTool
	case "llm":
		w = workLLM
	case "guardrail":
		w = workGuardrail
	case "chain", "operation":
		if r.span.ParentID == "" {
			w = workWorkflow
		}
	}
	if r.has("from_agent") && r.has("to_agent") {
		w = workHandoff
	}
	return r.decided(w, "agentops.span.kind", kind)
}
