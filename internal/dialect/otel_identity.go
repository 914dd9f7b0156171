package dialect

import (
	"strings"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// identity sets who acted, in which session and for whom, from whatever dialect
// says it.
func (r *otelReading) identity() {
	e, o := r.main, r.origin
	e.Service, e.Environment = o.service, or(r.text("langfuse.environment", "deployment.environment.name"), o.environment)
	e.AgentName = r.text("gen_ai.agent.name", "agent.name", "agent_name", "coding_agent.agent.name")
	e.AgentID = r.text("gen_ai.agent.id", "agent.id", "agent_id", "coding_agent.agent.id")
	e.AgentVersion = r.text("gen_ai.agent.version")
	e.SessionID = r.text("gen_ai.conversation.id", "session.id", "langfuse.session.id", "conversation.id", "gen_ai.session.id",
		"traceloop.association.properties.session_id", "lmnr.association.properties.session_id", "ai.telemetry.metadata.sessionId",
		"ai.settings.context.sessionId", "coding_agent.session.id", "langsmith.metadata.session_id", "langsmith.metadata.thread_id",
		"langsmith.metadata.conversation_id")
	e.UserID = r.text("user.id", "enduser.id", "langfuse.user.id", "gen_ai.user.id", "gen_ai.user", "traceloop.association.properties.user_id",
		"lmnr.association.properties.user_id", "ai.telemetry.metadata.userId", "ai.settings.context.userId", "langsmith.metadata.user_id")
	e.TaskID = r.text("gen_ai.task.id", "a2a.task.id", "gen_ai.a2a.task.id")
	set(&e.SessionID, o.session)
	set(&e.UserID, o.user)
	if e.SessionID == "" || e.UserID == "" {
		r.metadata()
	}
	r.tags()
}

// metadata finds session and user in metadata that is JSON in a string.
func (r *otelReading) metadata() {
	for _, key := range [...]string{"metadata", "langfuse.trace.metadata", "lmnr.trace.metadata"} {
		if !r.has(key) {
			continue
		}
		b := r.peek(key).structured()
		if !isObject(b) {
			continue
		}
		for _, name := range [...]string{"session_id", "sessionId", "thread_id", "conversation_id"} {
			set(&r.main.SessionID, getText(b, name))
		}
		for _, name := range [...]string{"user_id", "userId"} {
			set(&r.main.UserID, getText(b, name))
		}
	}
}

func (r *otelReading) tags() {
	for _, key := range [...]string{"tag.tags", "langfuse.trace.tags", "logfire.tags", "langsmith.span.tags", "ai.telemetry.metadata.tags", "lmnr.association.properties.tags", "agentops.tags"} {
		if r.has(key) {
			r.main.Tags = append(r.main.Tags, r.get(key).list()...)
		}
	}
}

// model sets model and provider.
func (r *otelReading) model() {
	e := r.main
	e.Model = r.text("gen_ai.response.model", "llm.response.model_name", "ai.response.model", "gen_ai.request.model", "llm.model_name",
		"llm.request.model_name", "embedding.model_name", "reranker.model_name", "ai.model.id", "langfuse.observation.model.name",
		"model_name", "model", "llm.request.model")
	e.Provider = provider(r.text("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"))
}

// provider returns the standard name of a provider (OpenTelemetry's
// gen_ai.provider.name). A framework is no provider: "".
func provider(s string) string {
	low := strings.ToLower(s)
	switch low {
	case "langchain", "crewai", "llamaindex", "llama_index", "haystack", "langgraph":
		return ""
	case "az.ai.inference":
		return "azure.ai.inference"
	case "az.ai.openai", "azure":
		return "azure.ai.openai"
	case "vertex_ai", "vertexai":
		return "gcp.vertex_ai"
	case "gemini":
		return "gcp.gemini"
	case "google":
		return "gcp.gen_ai"
	case "aws":
		return "aws.bedrock"
	case "xai":
		return "x_ai"
	case "mistralai":
		return "mistral_ai"
	case "moonshot":
		return "moonshot_ai"
	case "together_ai":
		return "together"
	}
	if first, rest, ok := strings.Cut(low, "."); ok {
		switch first {
		case "azure", "aws", "gcp", "ibm":
			return low
		}
		switch rest { // Vercel names provider and interface: openai.chat
		case "chat", "responses", "completion", "messages", "embedding", "generative-ai", "image":
			return provider(first)
		}
		return low
	}
	return low
}

// finishReasons returns why the model stopped, for the action.
func (r *otelReading) finishReasons() string {
	v := r.get("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "llm.finish_reason", "ai.response.finishReason", "gen_ai.response.stop_reason", "stop_reason", "finish_reasons")
	return strings.Join(v.list(), ",")
}

// quoted returns s as JSON.
func quoted(s string) []byte { return rawjson.AppendQuote(nil, s) }
