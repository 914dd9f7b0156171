package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Langfuse's SDKs.

// langfuseSpan decides by langfuse.observation.type.
func (r *otelReading) langfuseSpan() work {
	v := r.get("langfuse.observation.type")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToLower(string(v.Text))
	w := workGeneric
	switch kind {
	case "generation":
		w = workLLM
	case "embedding":
		w = workEmbedding
	case "agent":
		w = workAgent
		set(&r.main.AgentName, r.span.Name)
	case "tool":
		w = workTool
	case "retriever":
		w = workRetrieval
	case "guardrail":
		w = workGuardrail
	case "evaluator":
		w = workEvaluation
	case "chain":
		if r.span.ParentID == "" {
			w = workWorkflow
		}
	}
	if w == workGeneric && r.has("langfuse.observation.model.name") {
		w = workLLM
	}
	if strings.EqualFold(r.text("langfuse.observation.level"), "error") && r.span.StatusCode != StatusError {
		r.span = failedSpan(r.span, r.text("langfuse.observation.status_message"))
	}
	return r.decided(w, "langfuse.observation.type", kind)
}

// failedSpan returns a copy of a span that failed.
func failedSpan(s *Span, message string) *Span {
	failed := *s
	failed.StatusCode = StatusError
	failed.StatusMessage = or(s.StatusMessage, message)
	return &failed
}

// langfuseUsage reads langfuse.observation.usage_details, a map from classes of
// tokens to counts that do not overlap. The names of classes are free; those of
// the integrations are known.
func (r *otelReading) langfuseUsage() usage {
	u := usage{apart: true}
	if !r.has("langfuse.observation.usage_details") {
		return u
	}
	add := func(to *hansard.Opt[int64], n int64) {
		to.Set = true
		to.V += n
	}
	_ = rawjson.Object(r.get("langfuse.observation.usage_details").structured(), func(k, v []byte) error {
		name := strings.ToLower(jsonText(k))
		if !isNumber(v) {
			return nil
		}
		n, ok := whole(v)
		if !ok {
			return nil
		}
		switch {
		case name == "total" || name == "total_tokens":
			u.total = hansard.Some(n)
		case strings.Contains(name, "cache") && (strings.Contains(name, "creation") || strings.Contains(name, "write")):
			add(&u.cacheWrite, n)
		case strings.Contains(name, "cache"):
			add(&u.cacheRead, n)
		case strings.Contains(name, "reasoning"):
			add(&u.reasoning, n)
			if strings.HasPrefix(name, "output_") {
				add(&u.output, n) // a class beside the plain output, and part of ours
			}
		case strings.HasPrefix(name, "input") || strings.HasPrefix(name, "prompt"):
			add(&u.input, n)
		case strings.HasPrefix(name, "output") || strings.HasPrefix(name, "completion"):
			add(&u.output, n)
		}
		return nil
	})
	return u
}
