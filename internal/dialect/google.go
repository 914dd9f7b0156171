package dialect

import "strings"

// Google's Agent Development Kit and Genkit.

// adkSpan decides by the attributes of the Agent Development Kit.
func (r *otelReading) adkSpan() work {
	switch {
	case r.has("gcp.vertex.agent.llm_request"):
		r.rule = "has gcp.vertex.agent.llm_request"
		return workLLM
	case r.has("gcp.vertex.agent.tool_call_args"):
		r.rule = "has gcp.vertex.agent.tool_call_args"
		return workTool
	}
	return workNone
}

// genkitSpan decides by genkit:metadata:subtype.
func (r *otelReading) genkitSpan() work {
	v := r.get("genkit:metadata:subtype")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToLower(string(v.Text))
	w := workGeneric
	switch kind {
	case "model", "background-model":
		w = workLLM
	case "embedder":
		w = workEmbedding
	case "tool", "tool.v2":
		w = workTool
	case "retriever":
		w = workRetrieval
	case "evaluator":
		w = workEvaluation
	case "flow":
		w = workWorkflow
	}
	return r.decided(w, "genkit:metadata:subtype", kind)
}
