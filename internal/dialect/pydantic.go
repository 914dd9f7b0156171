package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// Pydantic AI, instrumentation versions 1 to 6. Its spans have
// gen_ai.operation.name from version 3 on; before, their names say what they are.

// pydanticSpan decides by the names of the older versions.
func (r *otelReading) pydanticSpan() work {
	name := r.span.Name
	scoped := r.scope != nil && strings.HasPrefix(strings.ReplaceAll(r.scope.Name, "_", "-"), "pydantic-ai")
	w := workNone
	switch {
	case (scoped || r.has("agent_name")) && strings.HasSuffix(name, " run") && (r.has("agent_name") || r.has("final_result") || name == "agent run"):
		w = workAgent
	case strings.HasPrefix(name, "running tool") && (scoped || r.has("gen_ai.tool.name")), strings.HasPrefix(name, "running output function"):
		if strings.HasPrefix(name, "running tools") || strings.HasPrefix(name, "running tool") && !r.has("gen_ai.tool.name") && !r.has("tool_arguments") && strings.Contains(name, " tools") {
			return workNone
		}
		w = workTool
	}
	if w != workNone {
		r.rule = "span name " + name
	}
	return w
}

// deferral makes an event of a tool call that waits for a person, or for someone
// else's result.
func (r *otelReading) deferral() {
	if !r.has("pydantic_ai.tool.deferral.name") {
		return
	}
	name := r.text("pydantic_ai.tool.deferral.name")
	x := r.more(hansard.TypeHumanIntervention, "deferral", r.ended())
	x.Intervention, x.Action, x.ActorType = "requested", "approval_requested", "agent"
	if name != "ApprovalRequired" {
		x.Action = "call_deferred"
		x.Provenance = "inferred" // deferred to whom, it does not say
	}
	x.ToolName, x.ToolCallID = r.main.ToolName, r.main.ToolCallID
	if v := r.get("pydantic_ai.tool.deferral.metadata"); !v.empty() {
		x.Params = v.structured()
	}
	// A deferred call has neither failed nor returned.
	for _, e := range r.events {
		if e.EventType == hansard.TypeToolResult {
			e.Status, e.Error, e.ErrorType, e.StackTrace = "cancelled", "", "", ""
		}
	}
}
