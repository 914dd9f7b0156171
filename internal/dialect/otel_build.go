package dialect

import (
	"bytes"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// work is what a span did.
type work uint8

const (
	workNone       work = iota // not decided
	workGeneric                // none of ours
	workLLM                    // a call of a model
	workEmbedding              // a call of an embedding model
	workTool                   // a call of a tool
	workAgent                  // an agent at work
	workWorkflow               // a workflow, a task, a chain at the root
	workPlan                   // an agent made a plan
	workHandoff                // an agent handed over to another
	workRetrieval              // data was looked up
	workMemory                 // a memory was read or written
	workGuardrail              // a policy was evaluated
	workEvaluation             // a result was rated
	workCreation               // an agent was made or configured
	workDelegation             // a message was sent to an agent elsewhere
	workElicit                 // a person was asked
	workRouting                // a graph chose its next node
	workNative                 // our own attributes say what it is
	workHook                   // the rule that decided has read it already
)

// build sets what follows from what the span did.
func (r *otelReading) build(w work) {
	switch w {
	case workLLM, workEmbedding:
		r.llm(w)
	case workTool:
		r.tool(r.toolName(), inputKeys, outputKeys)
	case workAgent, workWorkflow:
		r.invocation(w)
	case workPlan:
		r.plan()
	case workHandoff:
		r.handoff()
	case workRetrieval, workMemory:
		r.lookup(w)
	case workGuardrail:
		r.guardrail()
	case workEvaluation:
		r.evaluation()
	case workCreation:
		r.creation()
	case workDelegation:
		r.delegation()
	case workElicit:
		r.elicit()
	case workRouting:
		r.routing()
	case workNative:
		r.native()
	case workHook:
	default:
		r.generic()
	}
}

// generic keeps what is none of our kinds.
func (r *otelReading) generic() {
	r.main.EventType = hansard.TypeGeneric
	set(&r.main.Action, r.name())
}

// name returns the span's or log's name.
func (r *otelReading) name() string {
	if r.span != nil {
		return r.span.Name
	}
	return or(r.record.EventName, "log")
}

// llm reads a call of a model. It happened when the answer was there.
func (r *otelReading) llm(w work) {
	e := r.main
	e.EventType = hansard.TypeLLMResponse
	r.model()
	op := r.text("gen_ai.operation.name")
	if op == "" {
		op = "chat"
		if w == workEmbedding {
			op = "embeddings"
		}
	}
	e.Action = strings.TrimSuffix(r.id(op, ":", e.Model), ":")
	e.Timestamp = r.ended()
	r.spanMessages()
	r.moveFlat(&e.Messages, "messages", "llm.input_messages.")
	r.moveFlat(&e.Messages, "messages", "gen_ai.prompt.")
	r.moveIn(&e.Messages, "messages", messageKeys)
	r.moveFlat(&e.Response, "response", "llm.output_messages.")
	r.moveFlat(&e.Response, "response", "gen_ai.completion.")
	r.moveIn(&e.Response, "response", responseKeys)
	r.vercelResponse()
	if mentions(e.Response, "reasonin", "g") || mentions(e.Response, "thin", "king") {
		set(&e.Reasoning, reasoningText(e.Response))
	}
	r.usage()
	if w == workLLM {
		r.answered()
	}
	e.Attempt = r.countIn(attemptKeys)
	r.getIn(finishKeys)
	r.getIn(responseIDKeys)
}

// mentions reports whether a word stands in b: before and rest, which begins with the
// letter of the word that is rarest in text. Of common letters bytes.Contains would
// find too many first.
func mentions(b []byte, before, rest string) bool {
	for i := len(before); i < len(b); i++ {
		n := bytes.IndexByte(b[i:], rest[0])
		if n < 0 {
			return false
		}
		i += n
		if string(b[i-len(before):i]) == before && len(b)-i >= len(rest) && string(b[i:i+len(rest)]) == rest {
			return true
		}
	}
	return false
}

// answered makes events of the approvals that came to the model with its input.
func (r *otelReading) answered() {
	if m := r.main.Messages; !mentions(m, "appro", "v") && !mentions(m, "denie", "d") {
		return
	}
	for i, a := range answers(r.main.Messages) {
		x := r.more(hansard.TypeHumanIntervention, "approval/"+decimalText(i), r.span.Start)
		x.Intervention, x.Status = "rejection", "denied"
		if a.approved {
			x.Intervention, x.Status = "approval", "ok"
		}
		x.Action = x.Intervention
		x.ApprovalID, x.ToolCallID, x.Comment = a.id, a.call, a.reason
		x.Decision = x.Intervention
		x.ActorType, x.Source = "human", "user"
		if a.denied {
			x.Provenance = "inferred" // the result says that it was denied, not by whom
		}
	}
}

func (r *otelReading) toolName() string {
	if r.main.ToolName != "" {
		return r.main.ToolName
	}
	return r.textIn(toolNameKeys)
}

// tool reads a call of a tool: what was asked when it began, and what came of it
// when it ended. The error is the result's.
func (r *otelReading) tool(name string, inputs, outputs keyList) *hansard.Event {
	call := r.main
	call.EventType = hansard.TypeToolCall
	if name == "" {
		name = trimmedName(r.name())
	}
	call.ToolName = name
	call.Action = r.id("tool_call:", name)
	call.ToolCallID = r.textIn(toolCallKeys)
	r.unwrapped(&call.Params)
	r.moveIn(&call.Params, "params", inputs)
	r.getIn(toolTypeKeys)
	if r.pending {
		return nil
	}
	result := r.more(hansard.TypeToolResult, "result", r.ended())
	result.ToolName, result.ToolCallID, result.Action = name, call.ToolCallID, r.id("tool_result:", name)
	result.Result = r.toolResultValue
	r.moveIn(&result.Result, "result", outputs)
	r.outcomeTo(result)
	if result.Status == "ok" && r.toolFailed(result.Result) {
		result.Status = "error"
		result.Error = "the tool says that it failed"
	}
	return result
}

// outcomeTo moves duration, status and error from the main event to the result.
func (r *otelReading) outcomeTo(result *hansard.Event) {
	call := r.main
	result.DurationUS, call.DurationUS = call.DurationUS, hansard.Opt[int64]{}
	result.Status, result.Error, result.ErrorType, result.StackTrace = call.Status, call.Error, call.ErrorType, call.StackTrace
	call.Status, call.Error, call.ErrorType, call.StackTrace = "", "", "", ""
}

// toolFailed reports whether a tool's result says that it failed, by MCP's
// isError or by AgentOps' status.
func (r *otelReading) toolFailed(result []byte) bool {
	if r.text("tool.status") == "failed" || r.text("gen_ai.task.status") == "failure" {
		return true
	}
	return isObject(result) && (mentions(result, "is", "Error") || bytes.IndexByte(result, '\\') >= 0) && string(rawjson.Get(result, "isError")) == "true"
}

// trimmedName returns the name that a span's name holds: of "execute_tool x",
// "x.tool", "running tool: x".
func trimmedName(s string) string {
	for _, p := range []string{"execute_tool ", "running tool: ", "invoke_agent ", "tools/call ", "invoke_workflow ", "create_agent "} {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest
		}
	}
	for _, p := range []string{".tool", ".agent", ".task", ".workflow"} {
		if rest, ok := strings.CutSuffix(s, p); ok && rest != "" {
			return rest
		}
	}
	return s
}

// invocation reads an agent or a workflow at work. Its tokens repeat those of the
// calls below it.
func (r *otelReading) invocation(w work) {
	e := r.main
	e.EventType = hansard.TypeInvocation
	verb, name := "invoke_agent", e.AgentName
	switch {
	case w == workWorkflow:
		verb = "invoke_workflow"
		name = or(r.text("gen_ai.workflow.name", "traceloop.workflow.name", "traceloop.entity.name", "agentops.entity.name", "workflow.name"), name)
		name = or(name, trimmedName(r.name()))
	case name == "":
		name = r.text("ai.telemetry.functionId", "traceloop.entity.name", "agentops.entity.name", "graph.node.name", "graph.node.id", "resource.name", "lmnr.span.name")
		if name == "" {
			name = trimmedName(r.name())
		}
		e.AgentName = name
	}
	e.Action = r.id(verb, ":", name)
	r.model()
	r.moveFlat(&e.Messages, "messages", "llm.input_messages.")
	r.moveFlat(&e.Messages, "messages", "gen_ai.prompt.")
	r.moveIn(&e.Messages, "messages", invokedKeys)
	r.move(&e.Response, "response", "gen_ai.output.messages")
	r.moveFlat(&e.Response, "response", "llm.output_messages.")
	r.moveFlat(&e.Response, "response", "gen_ai.completion.")
	r.vercelResponse()
	r.moveIn(&e.Params, "params", inputKeys)
	r.moveIn(&e.Result, "result", finalKeys)
	r.task()
	r.usage()
	aggregate(e)
	r.handedFrom()
}

// task makes the task that an agent received readable in its parameters.
func (r *otelReading) task() {
	e := r.main
	task := lastUserText(e.Messages)
	if task == "" && len(e.Params) > 0 {
		switch {
		case e.Params[0] == '"':
			task = jsonText(e.Params)
		case isObject(e.Params) && rawjson.Get(e.Params, "task") == nil:
			if inner := rawjson.Get(e.Params, "inputs"); isObject(inner) { // OpenLLMetry's, of LangChain
				task = lastUserText(inner)
			}
			for _, name := range []string{"prompt", "input", "query", "question", "message", "user_prompt"} {
				if task != "" {
					break
				}
				if v := rawjson.Get(e.Params, name); len(v) > 2 && v[0] == '"' {
					task = jsonText(v)
					break
				}
			}
			if task == "" {
				task = lastUserText(e.Params)
			}
		case isArray(e.Params):
			task = lastUserText(e.Params)
		}
	}
	if task == "" {
		return
	}
	if len(e.Params) > 0 && e.Params[0] != '"' {
		e.Params = append(append([]byte(`{"task":`), quoted(task)...), append(append([]byte(`,"input":`), e.Params...), '}')...)
		return
	}
	e.Params = append(append([]byte(`{"task":`), quoted(task)...), '}')
}

// plan reads an agent's making of a plan.
func (r *otelReading) plan() {
	e := r.main
	e.EventType = hansard.TypeReasoning
	e.Action = "plan"
	r.move(&e.Messages, "messages", "gen_ai.input.messages")
	r.move(&e.Response, "response", "gen_ai.output.messages", "output.value", "traceloop.entity.output")
	var texts []string
	eachMessage(e.Response, func(msg []byte) {
		if t := messageText(msg); t != "" {
			texts = append(texts, t)
		}
	})
	e.Reasoning = or(reasoningText(e.Response), strings.Join(texts, "\n"))
	r.model()
	r.usage()
	aggregate(e)
}

// handoff reads that an agent handed over to another.
func (r *otelReading) handoff() {
	e := r.main
	e.EventType = hansard.TypeHandoff
	from := r.text("gen_ai.handoff.from_agent", "from_agent", "gen_ai.agent.source", "gen_ai.agent.sender")
	to := r.text("gen_ai.handoff.to_agent", "to_agent", "gen_ai.agent.target", "gen_ai.agent.recipient")
	if name, ok := strings.CutPrefix(r.name(), "handoff to "); ok {
		from, to = or(from, r.text("input.value")), or(to, or(r.text("output.value"), name))
	}
	if a, b, ok := strings.Cut(strings.TrimSuffix(r.name(), ".handoff"), " → "); ok {
		from, to = or(from, a), or(to, b)
	}
	if to == "unknown" { // OpenLLMetry's word where it does not know
		to = ""
	}
	e.HandoffFrom, e.HandoffTo = or(from, e.AgentName), to
	set(&e.AgentName, from)
	e.Action = "handoff:" + or(to, "unknown")
	e.ToolCallID = r.text("gen_ai.tool.call.id")
	r.moveIn(&e.Params, "params", inputKeys)
	r.moveIn(&e.Result, "result", outputKeys)
}

// handedFrom makes a handoff of a receiving agent's word of who handed over to
// it, where that agent is not the one above. It is inferred: the handing over
// itself was not seen.
func (r *otelReading) handedFrom() {
	from := r.text("gen_ai.agent.handoff_parent")
	if from == "" || from == r.main.AgentName {
		return
	}
	r.fact("handoff_parent", quoted(from))
}

// lookup reads that data was looked up, or a memory read or written: a call of
// the store and what came of it.
func (r *otelReading) lookup(w work) {
	op := or(r.text("gen_ai.operation.name"), or(r.text("db.operation", "db.operation.name"), "retrieval"))
	store := r.text("gen_ai.data_source.id", "gen_ai.memory.store.id", "db.collection.name", "db.system", "db.system.name", "aws.bedrock.knowledge_base.id", "reranker.model_name", "traceloop.entity.name")
	name := or(store, trimmedName(r.name()))
	result := r.tool(name, queryKeys, foundKeys)
	if result != nil {
		r.moveFlat(&result.Result, "result", "retrieval.documents.")
		r.moveFlat(&result.Result, "result", "reranker.output_documents.")
	}
	operation := "read"
	switch op {
	case "create_memory", "update_memory", "upsert_memory", "create_memory_store":
		operation = "write"
	case "delete_memory", "delete_memory_store":
		operation = "delete"
	}
	kind := "data_source"
	if w == workMemory {
		kind = "memory"
	}
	e := r.main
	e.SideEffect = map[string]string{"read": "read", "write": "write", "delete": "irreversible"}[operation]
	e.Resources = append(e.Resources, hansard.Resource{Kind: kind, ID: store, Operation: operation})
	if id := r.text("gen_ai.memory.record.id"); id != "" {
		e.Resources = append(e.Resources, hansard.Resource{Kind: "memory_record", ID: id, Operation: operation})
	}
	r.documents(result)
	e.Model = r.text("gen_ai.request.model", "reranker.model_name", "embedding.model_name")
}

// documents names the documents that were found as data touched.
func (r *otelReading) documents(result *hansard.Event) {
	if result == nil || !isArray(result.Result) {
		return
	}
	_ = rawjson.Array(result.Result, func(v []byte) error {
		if inner := rawjson.Get(v, "document"); isObject(inner) {
			v = inner
		}
		if id := getText(v, "id"); id != "" && len(result.Resources) < maxItems {
			result.Resources = append(result.Resources, hansard.Resource{Kind: "document", ID: id, Operation: "read"})
		}
		return nil
	})
}

// guardrail reads the evaluation of a policy: a decision of the policy.
func (r *otelReading) guardrail() {
	e := r.main
	e.EventType = hansard.TypeDecision
	e.PolicyID = r.text("gen_ai.guardrail.name", "aws.bedrock.guardrail.id", "guardrail.name", "traceloop.entity.name")
	set(&e.PolicyID, trimmedName(r.name()))
	e.Decision = r.text("gen_ai.guardrail.status", "guardrail.status")
	e.Action = strings.TrimSuffix("guardrail:"+e.PolicyID, ":")
	e.ActorType = "policy"
	r.moveIn(&e.Params, "params", guardedKeys)
	r.moveIn(&e.Result, "result", guardingKeys)
	switch strings.ToLower(e.Decision) {
	case "failed", "blocked", "triggered", "intervened", "tripped", "deny", "denied":
		e.Status = "denied"
	}
	if t := r.text("gen_ai.guardrail.error.type"); t != "" {
		e.Status = "error"
		e.ErrorType = t
		r.moveText(&e.Error, "error", "gen_ai.guardrail.error.message")
	}
	if e.Decision == "" && isObject(e.Result) && string(rawjson.Get(e.Result, "tripwire_triggered")) == "true" {
		e.Decision, e.Status = "tripped", "denied"
	}
}

// evaluation reads a rating of a result.
func (r *otelReading) evaluation() {
	e := r.main
	e.EventType = hansard.TypeFeedback
	name := r.text("gen_ai.evaluation.name")
	e.Action = strings.TrimSuffix("evaluation:"+or(name, trimmedName(r.name())), ":")
	e.Rating = r.get("gen_ai.evaluation.score.value").float()
	e.Decision = r.text("gen_ai.evaluation.score.label")
	r.moveText(&e.Comment, "comment", "gen_ai.evaluation.explanation")
	r.moveIn(&e.Params, "params", inputKeys)
	r.moveIn(&e.Result, "result", outputKeys)
}

// creation reads that an agent was made.
func (r *otelReading) creation() {
	e := r.main
	e.EventType = hansard.TypeLifecycle
	e.Action = "config_changed"
	r.model()
	p := appendString([]byte{'{'}, "agent", or(e.AgentName, trimmedName(r.name())))
	p = appendString(p, "description", r.text("gen_ai.agent.description"))
	p = appendString(p, "model", e.Model)
	if v := r.get("gen_ai.system_instructions"); !v.empty() {
		p = append(appendKey(p, "system_instructions"), v.structured()...)
	}
	e.Params = append(append([]byte(`{"agent_created":`), append(p, '}')...), '}')
}

// routing reads a graph's choice of its next node.
func (r *otelReading) routing() {
	e := r.main
	e.EventType = hansard.TypeDecision
	to := r.text("langgraph.command.goto_node", "langgraph.command.goto_nodes")
	e.Decision = to
	set(&e.AgentName, r.text("langgraph.command.source_node"))
	e.Action = "decision:" + to
	r.moveIn(&e.Params, "params", inputKeys)
	r.moveIn(&e.Result, "result", outputKeys)
}

// decimalText writes a small number.
func decimalText(n int) string { return string(appendScaled(nil, int64(n), 0)) }
