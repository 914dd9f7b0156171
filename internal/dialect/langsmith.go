package dialect

import "strings"

// langsmithSpan decides by langsmith.span.kind.
func (r *otelReading) langsmithSpan() work {
	v := r.get("langsmith.span.kind")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToLower(string(v.Text))
	w := workGeneric
	switch kind {
	case "llm":
		w = workLLM
	case "embedding":
		w = workEmbedding
	case "tool":
		w = workTool
	case "retriever":
		w = workRetrieval
	case "agent":
		w = workAgent
	case "chain":
		if r.span.ParentID == "" {
			w = workWorkflow
		}
	}
	return r.decided(w, "langsmith.span.kind", kind)
}
