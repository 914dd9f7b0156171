package dialect

import "strings"

// laminarSpan decides by lmnr.span.type.
func (r *otelReading) laminarSpan() work {
	v := r.get("lmnr.span.type")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToUpper(string(v.Text))
	w := workGeneric
	switch kind {
	case "LLM":
		w = workLLM
	case "TOOL":
		w = workTool
	case "EVALUATOR", "EVALUATION", "HUMAN_EVALUATOR":
		w = workEvaluation
	case "AGENT":
		w = workAgent
	}
	return r.decided(w, "lmnr.span.type", kind)
}
