package dialect

import (
	"strings"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// identity sets who acted, in which session and for whom, from whatever dialect
// says it.
func (r *otelReading) identity() {
	e, o := r.main, r.origin
	e.Service, e.Environment = o.service, or(r.textIn(environmentKeys), o.environment)
	e.AgentName = r.textIn(agentNameKeys)
	e.AgentID = r.textIn(agentIDKeys)
	e.AgentVersion = r.text("gen_ai.agent.version")
	e.SessionID = r.textIn(sessionKeys)
	e.UserID = r.textIn(userKeys)
	e.TaskID = r.textIn(taskKeys)
	set(&e.SessionID, o.session)
	set(&e.UserID, o.user)
	if (e.SessionID == "" || e.UserID == "") && r.lead(metadataKeys) >= 0 {
		r.metadata()
	}
	r.tags()
}

// metadata finds session and user in metadata that is JSON in a string.
func (r *otelReading) metadata() {
	for _, key := range listedKeys[metadataKeys] {
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
	if r.lead(tagKeys) < 0 {
		return
	}
	for _, key := range listedKeys[tagKeys] {
		if r.has(key) {
			r.main.Tags = append(r.main.Tags, r.get(key).list()...)
		}
	}
}

// model sets model and provider.
func (r *otelReading) model() {
	e := r.main
	e.Model = r.textIn(modelKeys)
	e.Provider = provider(r.textIn(providerKeys))
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

// quoted returns s as JSON.
func quoted(s string) []byte { return rawjson.AppendQuote(nil, s) }
