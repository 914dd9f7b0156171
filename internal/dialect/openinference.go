package dialect

import "strings"

// OpenInference (Arize Phoenix), whose attributes spell out lists in their keys.

// openinferenceSpan decides by openinference.span.kind.
func (r *otelReading) openinferenceSpan() work {
	v := r.get("openinference.span.kind")
	if v.Kind != ValueString {
		return workNone
	}
	kind := strings.ToUpper(string(v.Text))
	w := workGeneric
	switch kind {
	case "LLM":
		w = workLLM
	case "EMBEDDING":
		w = workEmbedding
	case "TOOL":
		w = workTool
		if strings.HasPrefix(r.span.Name, "handoff to ") {
			w = workHandoff
		}
	case "AGENT":
		w = workAgent
		if r.span.ParentID == "" && !r.has("agent.name") && r.scope != nil && r.scope.Name == "openinference.instrumentation.openai_agents" {
			w = workWorkflow // the SDK's trace, which holds the agents
			break
		}
		set(&r.main.AgentName, r.text("agent.name", "graph.node.name", "graph.node.id"))
		if from := r.text("graph.node.parent_id"); from != "" {
			r.fact("graph_parent", quoted(from))
		}
	case "CHAIN":
		if r.span.ParentID == "" {
			w = workWorkflow
		}
	case "RETRIEVER", "RERANKER":
		w = workRetrieval
	case "GUARDRAIL":
		w = workGuardrail
	case "EVALUATOR":
		w = workEvaluation
	}
	return r.decided(w, "openinference.span.kind", kind)
}

// openinferenceUsage reads llm.token_count.*. The details are part of the prompt
// and of the completion.
func (r *otelReading) openinferenceUsage() usage {
	return usage{
		input:      r.count("llm.token_count.prompt"),
		output:     r.count("llm.token_count.completion"),
		cacheRead:  r.count("llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"),
		cacheWrite: r.count("llm.token_count.prompt_details.cache_write"),
		reasoning:  r.count("llm.token_count.completion_details.reasoning"),
		total:      r.count("llm.token_count.total"),
	}
}
