package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// Gemini CLI: log events (gemini_cli.*); its spans use gen_ai.operation.name.

// geminiUsage reads its names of tokens. The input holds the cached ones. Thoughts
// and the tokens of tool use are apart from output and input, unless the total
// says that they are in them.
func (r *otelReading) geminiUsage() usage {
	u := usage{
		input: r.count("input_token_count"), output: r.count("output_token_count"), cacheRead: r.count("cached_content_token_count"),
		reasoning: r.count("thoughts_token_count"), total: r.count("total_token_count"),
	}
	tool := r.count("tool_token_count")
	if u.input.Set && u.output.Set && u.total.Set {
		extra := u.total.V - u.input.V - u.output.V
		switch extra {
		case u.reasoning.V + tool.V:
			u.output.V += u.reasoning.V
			u.input.V += tool.V
		case u.reasoning.V:
			u.output.V += u.reasoning.V
		case tool.V:
			u.input.V += tool.V
		}
	}
	return u
}

// geminiLog reads a log event; false when the event is none that has a meaning of
// its own.
func (r *otelReading) geminiLog(name string) bool {
	r.agentLog("gemini-cli", or(name, "log"), r.text("prompt_id"))
	e := r.main
	switch name {
	case "config":
		r.config("session_start", "model", "approval_mode", "sandbox_enabled", "core_tools_enabled", "mcp_servers", "mcp_servers_count", "embedding_model")
		r.model()
		e.PolicyID = r.text("approval_mode", "active_approval_mode")
	case "user_prompt":
		r.prompt()
	case "tool_call":
		r.geminiTool()
	case "api_request":
		e.EventType = hansard.TypeGeneric
		r.model()
		r.move(&e.Messages, "messages", "request_text")
	case "api_response":
		r.move(&e.Response, "response", "response_text")
		r.modelCall(r.geminiUsage())
		e.Status = "ok"
		r.getIn(finishKeys)
	case "api_error":
		set2(&e.DurationUS, r.get("duration").millis())
		r.failure("error.message", "error")
		set(&e.Model, r.text("model_name", "model"))
	case "model_routing":
		e.EventType = hansard.TypeDecision
		e.Decision = r.text("decision_model")
		r.moveText(&e.Reasoning, "reasoning", "reasoning")
		set2(&e.DurationUS, r.get("routing_latency_ms").millis())
		e.ActorType = "agent"
		if r.get("failed").truth().Or(false) {
			e.Status = "error"
			r.moveText(&e.Error, "error", "error_message")
		}
	default:
		return r.geminiLogMore(name)
	}
	return true
}

// geminiLogMore is the second half of geminiLog.
func (r *otelReading) geminiLogMore(name string) bool {
	e := r.main
	switch name {
	case "agent.start":
		e.EventType = hansard.TypeHandoff
		e.HandoffFrom, e.HandoffTo = "gemini-cli", r.text("agent_name")
		e.AgentName = "gemini-cli"
		e.Action = "handoff:" + e.HandoffTo
	case "agent.finish":
		e.EventType = hansard.TypeHandoff
		e.HandoffFrom, e.HandoffTo = r.text("agent_name"), "gemini-cli"
		e.Action = "handoff_return:" + e.HandoffFrom
		e.Decision = r.text("terminate_reason", "reason")
	case "plan.approval_mode_switch", "approval_mode_switch":
		e.EventType, e.Intervention = hansard.TypeHumanIntervention, "override"
		e.Decision, e.PolicyID = r.text("to_mode"), r.text("to_mode")
		e.Approver, e.Provenance = e.UserID, "inferred"
		r.get("from_mode")
		r.byUser(e)
	case "plan.execution":
		e.EventType = hansard.TypeLifecycle
		e.Action = "config_changed"
		e.PolicyID = r.text("approval_mode")
	case "conseca.verdict", "conseca.policy_generation", "hook_call":
		e.EventType, e.ActorType = hansard.TypeDecision, "policy"
		e.PolicyID = or(r.text("hook_name"), strings.TrimSuffix(name, ".verdict"))
		e.Decision = r.text("verdict", "decision", "success")
		e.ToolName = r.text("tool_name")
		r.moveText(&e.Reasoning, "reasoning", "reason")
		if v := strings.ToLower(e.Decision); strings.HasPrefix(v, "den") || strings.HasPrefix(v, "block") {
			e.Status = "denied"
		}
	case "tool_output_truncated", "tool_output_masking":
		e.EventType = hansard.TypeGeneric
		e.ToolName = r.text("tool_name", "function_name")
		if name == "tool_output_truncated" {
			e.Truncated = true
		} else {
			label(e, LabelWithheld)
		}
	case "chat_compression":
		e.EventType = hansard.TypeGeneric
		label(e, "context_loss")
	case "chat.content_retry_failure", "malformed_json_response", "chat.invalid_chunk":
		r.failure("error.message", "error_message", "error")
		if e.Error == "unknown" {
			e.Error = name
		}
	case "conversation_finished":
		r.config("session_end", "approvalMode", "turnCount")
	default:
		return false
	}
	return true
}

// geminiTool reads one record that is a decision, a call and a result.
func (r *otelReading) geminiTool() {
	e := r.main
	name := or(r.text("function_name"), "unknown")
	e.ToolCallID = r.text("call_id", "tool_call_id")
	verdict := r.text("decision")
	r.denied = verdict != "" && verdictStatus(verdict) == "denied"
	if e.ToolCallID == "" {
		e.ToolCallID = e.EventID // ties call and result of this record together
	}
	began := r.began()
	if t := r.get("start_time"); t.Kind != ValueEmpty {
		if ms := t.count(); ms.Set && ms.V > 1e12 && ms.V < 1e13 {
			began = ms.V * 1e6
		}
	}
	r.toolResult(name, []string{"function_args"}, []string{"function_result", "output"})
	set(&e.ToolCallID, e.EventID)
	for _, x := range r.events[1:] {
		x.ToolCallID = e.ToolCallID
		if x.EventType == hansard.TypeToolCall {
			x.Timestamp, x.Provenance = began, "observed"
		}
	}
	if verdict == "" {
		return
	}
	x := r.more(hansard.TypeDecision, "decision", began)
	x.Decision, x.Action, x.Status = verdict, "decision:"+verdict, verdictStatus(verdict)
	x.ToolName, x.ToolCallID = name, e.ToolCallID
	x.ParentEventID = r.events[0].ParentEventID
	if strings.HasPrefix(strings.ToLower(verdict), "auto") {
		x.ActorType, x.Source = "policy", "system"
		x.PolicyID = r.text("active_approval_mode")
		return
	}
	r.byUser(x)
	h := r.intervened(began, verdict, "")
	h.ToolName, h.ToolCallID, h.ParentEventID = name, e.ToolCallID, x.EventID
}
