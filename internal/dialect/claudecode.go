package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// Claude Code: log events (claude_code.*), and spans in its beta.

// claudeUsage reads its names of tokens. The input does not hold cached tokens.
func (r *otelReading) claudeUsage() usage {
	return usage{
		apart: true,
		input: r.count("input_tokens"), output: r.count("output_tokens"),
		cacheRead: r.count("cache_read_tokens"), cacheWrite: r.count("cache_creation_tokens"),
	}
}

// claudeSpan decides by the span's name.
func (r *otelReading) claudeSpan() work {
	if r.dialectOf() != claudeName && !strings.HasPrefix(r.span.Name, "claude_code.") {
		return workNone
	}
	kind, ok := strings.CutPrefix(r.span.Name, "claude_code.")
	if !ok {
		kind = r.text("span.type")
	}
	r.get("span.type")
	e := r.main
	set(&e.AgentName, "claude-code")
	r.get("duration_ms", "interaction.duration_ms")
	w := workGeneric
	switch kind {
	case "interaction":
		w = workAgent
		r.byUser(e)
		var task string
		r.moveText(&task, "params.task", "user_prompt")
		if task != "" {
			e.Params = append(append([]byte(`{"task":`), quoted(task)...), '}')
		}
	case "llm_request":
		w = workLLM
		r.claudeFailed()
	case "tool":
		w = workTool
		r.toolOutput()
	case "tool.blocked_on_user":
		r.blockedOnUser()
	case "tool.execution":
		r.claudeFailed()
	case "hook":
		e.EventType, e.Action = hansard.TypeDecision, "hook:"+r.text("hook_name", "hook_event")
		e.ActorType = "policy"
		r.rule = "span " + r.span.Name
		return workHook
	}
	r.rule = "span " + r.span.Name
	return w
}

// dialectOf returns the dialect that scope or service names.
func (r *otelReading) dialectOf() string { return r.scopeDialect() }

// claudeFailed makes a span failed that says success=false.
func (r *otelReading) claudeFailed() {
	if !r.get("success").truth().Or(true) && r.span.StatusCode != StatusError {
		r.span = failedSpan(r.span, r.text("error"))
	}
}

// toolOutput takes a tool's result from the span event that holds it.
func (r *otelReading) toolOutput() {
	for i := range r.span.Events {
		if ev := &r.span.Events[i]; ev.Name == "tool.output" {
			for _, key := range [...]string{"output", "content", "tool.output", "tool_output"} {
				if v, ok := find(ev.Attrs, key); ok && !v.empty() {
					r.toolResultValue = v.structured()
					return
				}
			}
			if len(ev.Attrs) > 0 {
				r.toolResultValue = appendAttrs(nil, ev.Attrs)
			}
		}
	}
}

// blockedOnUser reads how long a tool waited for a person, and what came of it.
func (r *otelReading) blockedOnUser() {
	verdict, source := r.text("decision"), r.text("source")
	x := r.intervened(r.ended(), verdict, source)
	x.DecisionUS = r.main.DurationUS
	if !who(x, source) && source != "" {
		// It waited for a person, and something else decided.
		x.Approver = ""
		return
	}
	r.byUser(x)
}

// claudeLog reads a log event; false when the event is none that has a meaning of
// its own.
func (r *otelReading) claudeLog(name string) bool {
	r.agentLog("claude-code", or(name, "log"), r.text("prompt.id"))
	e := r.main
	switch name {
	case "user_prompt":
		r.prompt()
	case "assistant_response":
		e.EventType = hansard.TypeLLMResponse
		r.model()
		r.move(&e.Response, "response", "response")
	case "api_request":
		set(&e.Provider, "anthropic")
		r.modelCall(r.claudeUsage())
		e.Provider = or(e.Provider, "anthropic")
	case "api_error", "api_retries_exhausted", "internal_error":
		r.failure("error", "error.message")
	case "api_refusal":
		e.EventType, e.Decision, e.ActorType = hansard.TypeDecision, "refused", "agent"
		r.model()
	case "api_request_body", "api_response_body":
		e.EventType = hansard.TypeGeneric
		if name == "api_request_body" {
			r.move(&e.Messages, "messages", "body")
		} else {
			r.move(&e.Response, "response", "body")
		}
	case "tool_decision":
		e.ToolName, e.ToolCallID = r.text("tool_name"), r.text("tool_use_id")
		r.move(&e.Params, "params", "tool_parameters")
		r.decision(r.text("decision"), r.text("source"))
	case "tool_result":
		r.toolResult(r.text("tool_name"), []string{"tool_input", "tool_parameters"}, []string{"tool_output", "tool_result"})
	case "auth":
		e.EventType = hansard.TypeSecurity
		e.Decision = r.text("action")
		if !r.get("success").truth().Or(true) {
			e.Status, e.ErrorType = "error", or(r.text("error_category", "status_code"), "auth")
		}
	default:
		return r.claudeLogMore(name)
	}
	return true
}

// claudeLogMore is the second half of claudeLog.
func (r *otelReading) claudeLogMore(name string) bool {
	e := r.main
	switch name {
	case "permission_mode_changed":
		r.permissionMode()
	case "mcp_server_connection":
		r.config("config_changed", "server_name", "status", "transport_type", "server_scope")
		if strings.Contains(r.text("status"), "fail") {
			e.Status, e.ErrorType = "error", or(r.text("error_code"), "mcp_connection")
			r.moveText(&e.Error, "error", "error")
		}
	case "subagent_completed":
		e.EventType = hansard.TypeHandoff
		e.HandoffFrom, e.HandoffTo = r.text("agent_type"), e.AgentName
		e.Action = "handoff_return:" + e.HandoffFrom
		r.model()
		e.TokenCount = r.count("total_tokens")
		aggregate(e)
	case "skill_activated":
		e.EventType, e.Decision = hansard.TypeDecision, r.text("skill.name")
		if strings.HasPrefix(r.text("invocation_trigger"), "user") {
			r.byUser(e)
		}
	case "hook_execution_complete":
		e.EventType, e.ActorType, e.Decision = hansard.TypeDecision, "policy", "passed"
		if r.count("num_blocking").V > 0 {
			e.Decision, e.Status = "blocked", "denied"
		}
		e.PolicyID = r.text("hook_name", "hook_event")
		set2(&e.DurationUS, r.get("total_duration_ms").millis())
	case "hook_registered", "managed_settings_resolved", "system_prompt", "plugin_installed", "plugin_loaded", "retention_sweep":
		r.config("config_changed")
		e.PolicyVersion = r.text("resolved_sha256")
		r.fact("change", quoted(name))
	case "compaction":
		e.EventType = hansard.TypeGeneric
		label(e, "context_loss")
	case "feedback_survey":
		e.EventType = hansard.TypeFeedback
		r.byUser(e)
		r.moveText(&e.Comment, "comment", "response")
		e.Rating = Value{Kind: ValueString, Text: []byte(e.Comment)}.float()
	default:
		return false
	}
	return true
}

func set2(to *hansard.Opt[int64], n hansard.Opt[int64]) {
	if !to.Set {
		*to = n
	}
}

// permissionMode reads that another mode of permissions is in force: by a person,
// or by the program.
func (r *otelReading) permissionMode() {
	e := r.main
	to, trigger := r.text("to_mode"), r.text("trigger")
	r.get("from_mode")
	switch trigger {
	case "shift_tab", "exit_plan_mode":
		e.EventType, e.Intervention = hansard.TypeHumanIntervention, "override"
		e.Approver = e.UserID
		r.byUser(e)
		if trigger == "exit_plan_mode" {
			e.Intervention, e.Provenance = "approval", "inferred"
		}
	default:
		r.config("config_changed", "from_mode", "to_mode", "trigger")
		e.ActorType = "policy"
	}
	e.Decision = to
	e.PolicyID = to
}
