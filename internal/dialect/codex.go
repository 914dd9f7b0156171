package dialect

import (
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
)

// Codex CLI: log events (codex.*), all of whose values are strings.

// codexUsage reads its names of tokens: the input holds the cached ones, the
// output the reasoning.
func (r *otelReading) codexUsage() usage {
	return usage{
		input: r.count("input_token_count"), output: r.count("output_token_count"),
		cacheRead: r.count("cached_token_count"), reasoning: r.count("reasoning_token_count"),
	}
}

// codexLog reads a log event; false when the event is none that has a meaning of
// its own.
func (r *otelReading) codexLog(name string) bool {
	r.agentLog("codex", or(name, "log"), "")
	e := r.main
	switch name {
	case "conversation_starts":
		r.config("session_start", "provider_name", "model", "approval_policy", "sandbox_policy", "reasoning_effort", "mcp_servers", "active_profile", "context_window")
		r.model()
		e.Provider = provider(r.text("provider_name"))
		e.PolicyID = r.text("approval_policy")
	case "user_prompt":
		r.prompt()
	case "api_request":
		code, _ := strconv.Atoi(r.text("http.response.status_code"))
		if r.has("error.message") && !r.peek("error.message").empty() || code >= 400 {
			r.failure("error.message")
			return true
		}
		e.EventType = hansard.TypeLLMResponse
		r.model()
		e.Attempt = r.count("attempt")
		e.Status = "ok"
	case "sse_event":
		kind := r.text("event.kind")
		e.Action = "sse_event:" + kind
		switch {
		case !r.peek("error.message").empty():
			r.failure("error.message")
		case kind == "response.completed":
			e.EventType, e.Action = hansard.TypeTokenUsage, "token_usage"
			r.model()
			u := r.codexUsage()
			u.apply(e)
		default:
			e.EventType = hansard.TypeGeneric
		}
	case "auth_recovery":
		e.EventType = hansard.TypeSecurity
	case "tool_decision":
		e.ToolName, e.ToolCallID = r.text("tool_name"), r.text("call_id")
		r.decision(strings.ToLower(r.text("decision")), r.text("source"))
	case "tool_result":
		r.toolResult(r.text("tool_name"), []string{"arguments"}, []string{"output"})
	default:
		return false
	}
	return true
}
