package dialect

import "strings"

// OpenLLMetry (Traceloop).

// openllmetrySpan decides by traceloop.span.kind, and by what its instrumentations
// say of graphs and guardrails.
func (r *otelReading) openllmetrySpan() work {
	if r.has("langgraph.command.goto_node") || r.has("langgraph.command.goto_nodes") {
		r.rule = "has langgraph.command.goto_node"
		return workRouting
	}
	if v := r.get("traceloop.span.kind"); v.Kind == ValueString {
		kind := strings.ToLower(string(v.Text))
		w := workGeneric
		switch kind {
		case "workflow", "task":
			w = workWorkflow
		case "agent":
			w = workAgent
		case "tool":
			w = workTool
		case "handoff":
			w = workHandoff
		}
		return r.decided(w, "traceloop.span.kind", kind)
	}
	if r.has("gen_ai.guardrail.name") {
		r.rule = "has gen_ai.guardrail.name"
		return workGuardrail
	}
	if v := r.get("llm.request.type"); v.Kind == ValueString {
		kind := strings.ToLower(string(v.Text))
		w := workLLM
		switch kind {
		case "embedding":
			w = workEmbedding
		case "rerank":
			w = workRetrieval
		}
		return r.decided(w, "llm.request.type", kind)
	}
	if r.any("db.vector.") {
		r.rule = "has db.vector.*"
		return workRetrieval
	}
	return workNone
}
