package dialect

import (
	"encoding/json"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// OpenTelemetry's GenAI conventions, in the three generations that circulate:
// gen_ai.system and an event per message; gen_ai.provider.name and messages as
// attributes; the conventions' own repository (v0.1.0).

// genaiWorks is what the values of gen_ai.operation.name mean: the standard ones,
// then those that real instrumentations use besides. It is never changed.
var genaiWorks = map[string]work{
	"chat": workLLM, "generate_content": workLLM, "text_completion": workLLM, "fetch_response": workLLM,
	"embeddings": workEmbedding, "retrieval": workRetrieval,
	"create_agent": workCreation, "invoke_agent": workAgent, "execute_tool": workTool, "invoke_workflow": workWorkflow, "plan": workPlan,
	"create_memory_store": workMemory, "delete_memory_store": workMemory, "search_memory": workMemory, "create_memory": workMemory,
	"update_memory": workMemory, "upsert_memory": workMemory, "delete_memory": workMemory,
	"handle_conversation_turn": workAgent,

	"handoff": workHandoff, "execute_task": workWorkflow, "llm_request": workLLM, "vector_db_retrieve": workRetrieval,
	"completion": workLLM, "generate": workLLM, "llm_call": workLLM, "model_request": workLLM, "embedding": workEmbedding, "embed": workEmbedding,
	"tool_call": workTool, "agent_call": workAgent, "user_prompt": workAgent, "user_prompt_processing": workAgent,
	"system_prompt": workGeneric, "schedule_tool_calls": workGeneric, "tool_coordination": workGeneric,
	"rerank": workRetrieval, "image": workLLM, "audio": workLLM, "moderation": workGuardrail, "batch": workGeneric, "guardrail": workGuardrail,
}

// genaiSpan decides by gen_ai.operation.name.
func (r *otelReading) genaiSpan() work {
	v := r.get("gen_ai.operation.name")
	if v.Kind != ValueString {
		return workNone
	}
	if known := &r.shape.operation; known.work != workNone && known.name == string(v.Text) {
		r.rule = known.rule
		return known.work
	}
	w, ok := genaiWorks[string(v.Text)]
	if !ok {
		w, ok = genaiWorks[strings.ToLower(string(v.Text))]
	}
	if !ok {
		return workNone
	}
	op := r.m.texts.Copy(v.Text)
	switch {
	case w == workTool && r.has("mcp.method.name"):
		r.dialect = mcpName
		return r.mcpSpan()
	case op == "execute_task":
		return r.decided(r.step(), "gen_ai.operation.name", op)
	}
	r.decided(w, "gen_ai.operation.name", op)
	r.shape.operation = operation{strings.Clone(op), strings.Clone(r.rule), w}
	return w
}

// operation is a value of gen_ai.operation.name, and what it was found to mean among
// the keys of a shape.
type operation struct {
	name, rule string
	work       work
}

// genaiPresence decides by what only a call of a tool or a model has.
func (r *otelReading) genaiPresence() work {
	for _, key := range [...]string{"gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.tool.call_id"} {
		if r.has(key) {
			r.rule = "has " + key
			return workTool
		}
	}
	for _, key := range [...]string{"gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "ai.model.id", "llm.request.model"} {
		if r.has(key) {
			r.rule = "has " + key
			return workLLM
		}
	}
	return workNone
}

// spanMessages reads the messages that older instrumentations put in span
// events: gen_ai.user.message and the like, gen_ai.choice, and before them
// gen_ai.content.prompt and gen_ai.content.completion.
func (r *otelReading) spanMessages() {
	if r.span == nil {
		return
	}
	var in, out []byte
	for i := range r.span.Events {
		ev := &r.span.Events[i]
		role, choice := messageEvent(ev.Name)
		switch {
		case choice:
			out = appendElement(out, eventMessage(ev.Attrs, Value{}, role, "message"))
		case role != "":
			in = appendElement(in, eventMessage(ev.Attrs, Value{}, role, "content"))
		case ev.Name == "gen_ai.content.prompt":
			r.main.Messages = orJSON(r.main.Messages, valueOf(ev.Attrs, "gen_ai.prompt"))
		case ev.Name == "gen_ai.content.completion":
			r.main.Response = orJSON(r.main.Response, valueOf(ev.Attrs, "gen_ai.completion"))
		case ev.Name == "gen_ai.client.inference.operation.details":
			r.main.Messages = orJSON(r.main.Messages, valueOf(ev.Attrs, "gen_ai.input.messages"))
			r.main.Response = orJSON(r.main.Response, valueOf(ev.Attrs, "gen_ai.output.messages"))
		}
	}
	if in != nil {
		r.main.Messages = orJSON(r.main.Messages, append(in, ']'))
	}
	if out != nil {
		r.main.Response = orJSON(r.main.Response, append(out, ']'))
	}
}

func appendElement(dst, v []byte) []byte {
	if dst == nil {
		return append([]byte{'['}, v...)
	}
	return append(append(dst, ','), v...)
}

func orJSON(have, other json.RawMessage) json.RawMessage {
	if len(have) > 0 {
		return have
	}
	return other
}

func valueOf(attrs []Attr, key string) json.RawMessage {
	v, _ := find(attrs, key)
	return v.structured()
}

// messageEvent returns the role of the message that an event of this name holds;
// choice says that it is the model's answer. "" when it holds none.
func messageEvent(name string) (role string, choice bool) {
	switch name {
	case "gen_ai.system.message":
		return "system", false
	case "gen_ai.user.message":
		return "user", false
	case "gen_ai.assistant.message":
		return "assistant", false
	case "gen_ai.tool.message":
		return "tool", false
	case "gen_ai.choice":
		return "assistant", true
	}
	return "", false
}

// eventMessage returns the message of an event, from its body where it is a map,
// else from its attributes, with a role.
func eventMessage(attrs []Attr, body Value, role, _ string) []byte {
	b := body.structured()
	if !isObject(b) {
		kept := make([]Attr, 0, len(attrs))
		for _, a := range attrs {
			switch string(a.Key) {
			case "gen_ai.system", "gen_ai.provider.name", "event.name":
			default:
				a.Value = Value{Kind: ValueJSON, Text: a.Value.structured()}
				if len(a.Value.Text) == 0 {
					a.Value = StringValue("")
				}
				kept = append(kept, a)
			}
		}
		b = appendAttrs(nil, kept)
	}
	if rawjson.Get(b, "role") != nil || rawjson.Get(rawjson.Get(b, "message"), "role") != nil {
		return b
	}
	out := append([]byte(`{"role":`), quoted(role)...)
	if len(b) > 2 {
		out = append(out, ',')
	}
	return append(out, b[1:]...)
}

// genaiLog reads the log events of the conventions; false when it is none.
func (r *otelReading) genaiLog(name string) bool {
	e := r.main
	role, choice := messageEvent(name)
	switch {
	case role != "":
		r.rule = "event " + name
		e.EventType, e.Action = hansard.TypeGeneric, "message:"+role
		msg := append(append([]byte{'['}, eventMessage(r.attrs, r.record.Body, role, "")...), ']')
		r.body = isObject(r.record.Body.structured())
		if choice {
			e.Action, e.Response = "choice", msg
			r.bodyMoved("response")
		} else {
			e.Messages = msg
			r.bodyMoved("messages")
		}
		r.model()
	case name == "gen_ai.client.inference.operation.details" || name == "gen_ai.client.inference.details":
		r.inferenceDetails()
	case name == "gen_ai.evaluation.result":
		r.rule = "event " + name
		r.evaluation()
		e.ParentEventID = spanEventID(e.TraceID, e.SpanID)
	case name == "gen_ai.client.operation.exception" || name == "gen_ai.execute_tool.exception" || name == "exception":
		r.rule = "event " + name
		e.EventType = hansard.TypeError
		e.Action = "exception"
		r.exception(e, r.attrs)
		e.Status = "error"
		refineStatus(e)
		r.model()
	case name == "agent.threat.detection":
		r.rule = "event " + name
		e.EventType = hansard.TypeSecurity
		e.Action = "threat_detection"
	default:
		return false
	}
	return true
}

// bodyMoved says that the log's body stands in a field.
func (r *otelReading) bodyMoved(field string) {
	if r.body {
		r.fact("body_moved", quoted(field))
	}
}

// inferenceDetails reads the event that holds the content of a call of a model
// whose span says the rest. It is no second call: its tokens are those of a
// token_usage below the span's event, which count only where that has none.
func (r *otelReading) inferenceDetails() {
	e := r.main
	r.rule = "event gen_ai.client.inference.operation.details"
	e.EventType, e.Action = hansard.TypeGeneric, "inference_details"
	e.ParentEventID = spanEventID(e.TraceID, e.SpanID)
	r.model()
	r.move(&e.Messages, "messages", "gen_ai.input.messages")
	r.move(&e.Response, "response", "gen_ai.output.messages")
	set(&e.Reasoning, reasoningText(e.Response))
	if r.dialect == geminiName {
		return // gemini_cli.api_response has the tokens
	}
	r.usage()
	if e.InputTokens.Set || e.OutputTokens.Set {
		e.EventType = hansard.TypeTokenUsage
	}
}

// threat reads the proposed attributes of a detection on a span.
func (r *otelReading) threat() {
	if r.has("agent.threat.detection.rule_id") || r.peek("gen_ai.agent.threat_detected").truth().Or(false) {
		x := r.more(hansard.TypeSecurity, "threat", r.main.Timestamp)
		x.Action = "threat_detection"
		x.PolicyID = r.text("agent.threat.detection.rule_id", "gen_ai.agent.threat.rule_id")
		x.Decision = r.text("agent.threat.detection.action", "agent.threat.detection.severity", "gen_ai.agent.threat.severity")
	}
}
