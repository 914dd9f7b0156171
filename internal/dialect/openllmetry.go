package dialect

import (
	"encoding/json"
	"strings"

	"github.com/hansardhq/hansard/internal/rawjson"
)

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
		case "workflow":
			w = workWorkflow
		case "task":
			w = r.step()
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

// step decides on a task of a workflow, such as the run of a graph's node: it is
// an invocation only where nothing stands above it.
func (r *otelReading) step() work {
	if r.span.ParentID == "" {
		return workWorkflow
	}
	r.main.TaskID = "" // its gen_ai.task.id is that of this one run of the step
	r.main.Action = r.text("gen_ai.task.name", "traceloop.entity.name")
	return workGeneric
}

// unwrapped sets a tool's parameters to the arguments alone where OpenLLMetry, as
// it does for LangChain, wraps them in what else the call was given. The whole
// stays among the attributes.
func (r *otelReading) unwrapped(to *json.RawMessage) {
	if !r.has("traceloop.span.kind") {
		return
	}
	for _, key := range [...]string{"gen_ai.tool.call.arguments", "traceloop.entity.input"} {
		b := r.peek(key).structured()
		if !isObject(b) || rawjson.Get(b, "input_str") == nil {
			continue
		}
		if inputs := rawjson.Get(b, "inputs"); isObject(inputs) {
			r.get(key)
			*to = inputs
			return
		}
	}
}
