package dialect

import "strings"

// mlflowSpan decides by mlflow.spanType, whose values may be JSON strings.
func (r *otelReading) mlflowSpan() work {
	v := r.get("mlflow.spanType")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToUpper(strings.Trim(string(v.Text), `"`))
	w := workGeneric
	switch kind {
	case "LLM", "CHAT_MODEL":
		w = workLLM
	case "EMBEDDING":
		w = workEmbedding
	case "TOOL":
		w = workTool
	case "AGENT":
		w = workAgent
	case "RETRIEVER", "RERANKER":
		w = workRetrieval
	case "MEMORY":
		w = workMemory
	case "EVALUATOR":
		w = workEvaluation
	case "GUARDRAIL":
		w = workGuardrail
	case "WORKFLOW":
		w = workWorkflow
	case "CHAIN":
		if r.span.ParentID == "" {
			w = workWorkflow
		}
	}
	return r.decided(w, "mlflow.spanType", kind)
}
