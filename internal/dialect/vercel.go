package dialect

import (
	"strings"
)

// The Vercel AI SDK: its own names up to version 6 (ai.*, beside gen_ai.system),
// OpenTelemetry's from version 7 on (scope gen_ai).

// vercelSpan decides by ai.operationId: the outer span of a call is an invocation
// that repeats the tokens of the inner ones (.doGenerate, .doStream), which are
// the calls of the model.
func (r *otelReading) vercelSpan() work {
	v := r.get("ai.operationId")
	if v.Kind != ValueString {
		return workNone
	}
	op := string(v.Text)
	w := workGeneric
	switch {
	case op == "ai.toolCall":
		w = workTool
	case strings.HasSuffix(op, ".doEmbed"):
		w = workEmbedding
	case strings.HasSuffix(op, ".doGenerate"), strings.HasSuffix(op, ".doStream"):
		w = workLLM
	case op == "ai.rerank", strings.HasSuffix(op, ".doRerank"):
		w = workRetrieval
	case strings.HasPrefix(op, "ai.generate"), strings.HasPrefix(op, "ai.stream"), strings.HasPrefix(op, "ai.embed"):
		w = workAgent
	}
	if w == workAgent {
		set(&r.main.AgentName, r.text("ai.telemetry.functionId", "resource.name"))
	}
	return r.decided(w, "ai.operationId", op)
}

// vercelUsage reads ai.usage.*. Which part of the input is cached is known only
// where the details say so.
func (r *otelReading) vercelUsage() usage {
	return usage{
		input:     r.count("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
		output:    r.count("ai.usage.outputTokens", "ai.usage.completionTokens"),
		cacheRead: r.count("ai.usage.cachedInputTokens"),
		reasoning: r.count("ai.usage.reasoningTokens"),
		total:     r.count("ai.usage.totalTokens"),
	}
}

// vercelDetails reads the details, which tell the classes apart.
func (r *otelReading) vercelDetails() usage {
	if !r.has("ai.usage.inputTokenDetails.noCacheTokens") {
		return usage{}
	}
	return usage{
		apart:      true,
		input:      r.count("ai.usage.inputTokenDetails.noCacheTokens"),
		cacheRead:  r.count("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens", "gen_ai.usage.cache_read.input_tokens"),
		cacheWrite: r.count("ai.usage.inputTokenDetails.cacheWriteTokens", "gen_ai.usage.cache_creation.input_tokens"),
		output:     r.count("ai.usage.outputTokens", "gen_ai.usage.output_tokens"),
		reasoning:  r.count("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
	}
}

// vercelResponse reads an answer that stands in several attributes: text, tool
// calls, an object, reasoning.
func (r *otelReading) vercelResponse() {
	e := r.main
	r.moveText(&e.Reasoning, "reasoning", "ai.response.reasoning")
	if len(e.Response) > 0 || !r.any("ai.response.") {
		return
	}
	b := []byte{'{'}
	for _, name := range [...]string{"text", "toolCalls", "object", "files"} {
		key := "ai.response." + name
		i := r.at(key)
		if i < 0 || r.attrs[i].Value.empty() {
			continue
		}
		r.used[i] = true
		if r.withheld(r.attrs[i].Value) {
			continue
		}
		b = append(appendKey(b, name), r.attrs[i].Value.structured()...)
		r.moved = append(r.moved, movedAttr{key, "response." + name})
		r.inField[i] = true
	}
	if len(b) > 1 {
		e.Response = append(b, '}')
	}
}
