package dialect

import "slices"

// keyList is a list of keys under which the dialects say one thing: in the order of
// preference.
type keyList uint8

const (
	inputKeys    keyList = iota // what went into a span
	outputKeys                  // what came out of it
	messageKeys                 // the messages that a model was sent
	responseKeys                // what a model answered
	invokedKeys                 // the messages that an agent was sent
	finalKeys                   // what came of an agent's work
	queryKeys                   // what was looked up
	foundKeys                   // what was found
	guardedKeys                 // what a policy was asked about
	guardingKeys                // what it made of that
	toolNameKeys
	toolCallKeys
	toolTypeKeys
	responseIDKeys
	attemptKeys
	environmentKeys
	agentNameKeys
	agentIDKeys
	sessionKeys
	userKeys
	taskKeys
	modelKeys
	providerKeys
	finishKeys
	metadataKeys
	tagKeys
	inputTokenKeys
	outputTokenKeys
	cacheReadKeys
	cacheWriteKeys
	reasoningTokenKeys
	totalTokenKeys
	costKeys
	truncatedKeys
	keyLists // how many there are
)

// inputNames and outputNames are the attributes in which the dialects put what went
// into a span and what came out. They are never changed, nor are the lists.
var (
	inputNames = []string{
		"gen_ai.tool.call.arguments", "tool_arguments", "ai.toolCall.args", "gcp.vertex.agent.tool_call_args", "mcp.request.argument",
		"traceloop.entity.input", "langfuse.observation.input", "lmnr.span.input", "mlflow.spanInputs", "agentops.entity.input",
		"input.value", "tool.parameters", "genkit:input", "gen_ai.task.input", "tool_input", "input", "gen_ai.prompt",
	}
	outputNames = []string{
		"gen_ai.tool.call.result", "tool_response", "ai.toolCall.result", "gcp.vertex.agent.tool_response", "mcp.response.value",
		"tool.result", "traceloop.entity.output", "langfuse.observation.output", "lmnr.span.output", "mlflow.spanOutputs",
		"agentops.entity.output", "output.value", "genkit:output", "gen_ai.task.output", "output", "gen_ai.completion",
	}
)

// listedKeys has the keys of each list.
var listedKeys = [keyLists][]string{
	inputKeys:  inputNames,
	outputKeys: outputNames,
	messageKeys: {
		"gen_ai.input.messages", "ai.prompt.messages", "ai.prompt", "langfuse.observation.input", "lmnr.span.input", "mlflow.spanInputs",
		"gcp.vertex.agent.llm_request", "gen_ai.prompt", "input.value", "traceloop.entity.input", "agentops.entity.input",
		"all_messages_events", "pydantic_ai.all_messages", "events", "genkit:input", "new_context",
	},
	responseKeys: {
		"gen_ai.output.messages", "langfuse.observation.output", "lmnr.span.output", "mlflow.spanOutputs", "gcp.vertex.agent.llm_response",
		"gen_ai.completion", "output.value", "traceloop.entity.output", "agentops.entity.output", "genkit:output", "response.model_output",
	},
	invokedKeys:     {"gen_ai.input.messages", "pydantic_ai.all_messages", "all_messages_events", "ai.prompt.messages", "ai.prompt"},
	finalKeys:       slices.Concat([]string{"final_result"}, outputNames),
	queryKeys:       slices.Concat([]string{"gen_ai.retrieval.query.text", "gen_ai.memory.query.text", "reranker.query"}, inputNames),
	foundKeys:       slices.Concat([]string{"gen_ai.retrieval.documents", "gen_ai.memory.records"}, outputNames),
	guardedKeys:     slices.Concat([]string{"gen_ai.guardrail.input"}, inputNames),
	guardingKeys:    slices.Concat([]string{"gen_ai.guardrail.output"}, outputNames),
	toolNameKeys:    {"gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name", "function_name", "traceloop.entity.name", "agentops.entity.name", "coding_agent.tool.name"},
	toolCallKeys:    {"gen_ai.tool.call.id", "gen_ai.tool.call_id", "ai.toolCall.id", "tool_call_id", "tool.id", "tool_use_id", "call_id"},
	toolTypeKeys:    {"gen_ai.tool.type", "gen_ai.tool.description", "tool.description"},
	responseIDKeys:  {"gen_ai.response.id", "ai.response.id", "request_id"},
	attemptKeys:     {"attempt", "gen_ai.request.attempt"},
	environmentKeys: {"langfuse.environment", "deployment.environment.name"},
	agentNameKeys:   {"gen_ai.agent.name", "agent.name", "agent_name", "coding_agent.agent.name"},
	agentIDKeys:     {"gen_ai.agent.id", "agent.id", "agent_id", "coding_agent.agent.id"},
	sessionKeys: {
		"gen_ai.conversation.id", "session.id", "langfuse.session.id", "conversation.id", "gen_ai.session.id",
		"traceloop.association.properties.session_id", "lmnr.association.properties.session_id", "ai.telemetry.metadata.sessionId",
		"ai.settings.context.sessionId", "coding_agent.session.id", "langsmith.metadata.session_id", "langsmith.metadata.thread_id",
		"langsmith.metadata.conversation_id",
	},
	userKeys: {
		"user.id", "enduser.id", "langfuse.user.id", "gen_ai.user.id", "gen_ai.user", "traceloop.association.properties.user_id",
		"lmnr.association.properties.user_id", "ai.telemetry.metadata.userId", "ai.settings.context.userId", "langsmith.metadata.user_id",
	},
	taskKeys: {"gen_ai.task.id", "a2a.task.id", "gen_ai.a2a.task.id"},
	modelKeys: {
		"gen_ai.response.model", "llm.response.model_name", "ai.response.model", "gen_ai.request.model", "llm.model_name",
		"llm.request.model_name", "embedding.model_name", "reranker.model_name", "ai.model.id", "langfuse.observation.model.name",
		"model_name", "model", "llm.request.model",
	},
	providerKeys:       {"gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"},
	finishKeys:         {"gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "llm.finish_reason", "ai.response.finishReason", "gen_ai.response.stop_reason", "stop_reason", "finish_reasons"},
	metadataKeys:       {"metadata", "langfuse.trace.metadata", "lmnr.trace.metadata"},
	tagKeys:            {"tag.tags", "langfuse.trace.tags", "logfire.tags", "langsmith.span.tags", "ai.telemetry.metadata.tags", "lmnr.association.properties.tags", "agentops.tags"},
	inputTokenKeys:     {"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"},
	outputTokenKeys:    {"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens"},
	cacheReadKeys:      {"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.cached_input_tokens"},
	cacheWriteKeys:     {"gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens"},
	reasoningTokenKeys: {"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.details.reasoning_tokens", "llm.usage.reasoning_tokens"},
	totalTokenKeys:     {"gen_ai.usage.total_tokens", "llm.usage.total_tokens"},
	costKeys:           {"gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.cost.total", "operation.cost", "cost_usd", "coding_agent.session.cost_usd"},
	truncatedKeys:      {"body_truncated", "truncated", "logfire.truncated", "content_truncated"},
}
