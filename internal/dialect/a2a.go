package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// The proposed conventions of the Agent2Agent protocol (a2a.*, before that
// gen_ai.a2a.*).

// a2aSpan decides by the method. Sending a message to another agent is a handoff,
// seen from the client; the server's side is that agent at work.
func (r *otelReading) a2aSpan() work {
	v := r.get("a2a.method.name", "gen_ai.a2a.rpc.method")
	if v.Kind != ValueString {
		return workNone
	}
	method := string(v.Text)
	w := workGeneric
	switch strings.ToLower(method) {
	case "sendmessage", "sendstreamingmessage", "message/send", "message/stream", "tasks/send", "tasks/sendsubscribe":
		w = workDelegation
		if r.span.Kind == KindServer {
			w = workAgent
		}
	}
	return r.decided(w, "a2a.method.name", method)
}

// delegation reads that a message went to an agent elsewhere. The agent's name on
// a client's span is that of the one called.
func (r *otelReading) delegation() {
	e := r.main
	e.EventType = hansard.TypeHandoff
	e.HandoffTo, e.AgentName = or(e.AgentName, r.text("server.address")), ""
	e.AgentID = ""
	e.Action = "handoff:" + or(e.HandoffTo, "unknown")
	r.move(&e.Params, "params", "gen_ai.input.messages", "input.value")
	r.move(&e.Result, "result", "gen_ai.output.messages", "output.value")
	r.inputRequired()
}

// inputRequired makes an event of a task's state that asks for a person.
func (r *otelReading) inputRequired() {
	if !r.has("a2a.task.state") && !r.has("gen_ai.a2a.task.state") {
		return
	}
	state := strings.ToUpper(r.text("a2a.task.state", "gen_ai.a2a.task.state"))
	state = strings.ReplaceAll(strings.TrimPrefix(state, "TASK_STATE_"), "-", "_")
	switch state {
	case "INPUT_REQUIRED", "AUTH_REQUIRED":
		at := r.main.Timestamp
		if r.span != nil {
			at = r.ended()
		}
		x := r.more(hansard.TypeHumanIntervention, "input_required", at)
		x.Intervention, x.Action, x.ActorType = "requested", "human_input_requested", "agent"
		x.AgentName = or(x.AgentName, r.main.HandoffTo)
	case "REJECTED":
		r.main.Status = "denied"
	case "CANCELED", "CANCELLED":
		r.main.Status = "cancelled"
	case "FAILED":
		if r.main.Status == "ok" || r.main.Status == "" {
			r.main.Status, r.main.ErrorType = "error", "TASK_STATE_FAILED"
		}
	}
}
