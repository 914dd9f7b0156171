package client

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
)

// Agent logs what one agent does. It is safe for concurrent use; all agents of a
// client share its queue. A nil *Agent logs nothing, so an agent that runs
// without a record needs no second code path.
//
// The methods take the context, what the kind of event cannot do without, and any
// number of fields. They return at once: no lock is held for longer than the copy
// of one event takes, and nothing waits for a network or a disk. They never fail and never
// panic; what had to be given up is counted in Stats and told to the record.
//
// Those for what happens at one moment return the event's id. Those for what
// takes time write an event when it begins and return a handle, which times it,
// carries a context for what happens within, and writes how it ended. A handle
// may be ignored.
type Agent struct {
	client   *Client
	name     string
	defaults *bundle
}

// Agent returns an agent of that name; the fields go with each of its events.
func (c *Client) Agent(name string, fields ...Field) *Agent {
	if c == nil {
		return nil
	}
	return c.agent.With(append([]Field{AgentName(name)}, fields...)...)
}

// With returns an agent with these fields too. They win over the agent's.
func (a *Agent) With(fields ...Field) *Agent {
	if a == nil {
		return nil
	}
	b := &Agent{client: a.client, name: a.name, defaults: merge(members(fields), a.defaults)}
	for _, f := range fields {
		if f.key == keyAgentName && f.text != "" {
			b.name = f.text
		}
	}
	return b
}

// place says where in the work an event happens.
func (a *Agent) place(d *draft, ctx context.Context, given []Field) {
	if s := scopeOf(ctx); s != nil {
		d.at, d.carried = s.ids, s.members
		if s.other != nil {
			d.trace, d.parent = s.other.trace, s.other.event
		}
	}
	if a == nil {
		return
	}
	d.defaults = a.defaults
	if d.at.trace.zero() && d.trace == "" && a.client.traceOf != nil && ctx != nil {
		d.trace, d.span = a.client.foreignTrace(ctx)
	}
	for i := range given {
		// A trace of the caller's own has its own spans and parents.
		if f := &given[i]; f.key == keyTraceID && !d.in(f.text) {
			d.at, d.trace, d.span, d.parent = ids{}, f.text, "", ""
		}
	}
	for i := range given {
		if given[i].key == keyParentEventID {
			d.parent, d.at.event = given[i].text, pair128{}
		}
	}
}

// moment logs an event that nothing follows.
func (a *Agent) moment(ctx context.Context, typ string, own, given []Field) string {
	if a == nil {
		return ""
	}
	d := draft{typ: typ, now: time.Now()}
	a.place(&d, ctx, given)
	d.id = newEventID(d.now).eventText()
	a.client.log(&d, own, given)
	return d.id
}

// Event logs an event of any type: one of hansard.EventTypes, or a type of the
// caller's own that begins with "x.".
func (a *Agent) Event(ctx context.Context, eventType string, fields ...Field) string {
	return a.moment(ctx, eventType, nil, fields)
}

// Reasoning logs a chain of thought or a rationale.
func (a *Agent) Reasoning(ctx context.Context, thought string, fields ...Field) string {
	var own [2]Field
	own[0].setContent(keyReasoning, thought)
	own[1].setText(keyAction, "reasoning")
	return a.moment(ctx, hansard.TypeReasoning, own[:], fields)
}

// Decision logs the branch that was taken. Say why and how sure with Reasoning,
// Alternatives and Confidence.
func (a *Agent) Decision(ctx context.Context, decision string, fields ...Field) string {
	var own [2]Field
	own[0].setText(keyDecision, decision)
	own[1].setVerb(verbDecision, decision)
	return a.moment(ctx, hansard.TypeDecision, own[:], fields)
}

// LLMResponse logs what a model answered. LLMCall logs the same and times it.
func (a *Agent) LLMResponse(ctx context.Context, model string, response any, fields ...Field) string {
	var own [3]Field
	own[0].setText(keyModel, model)
	own[1].setAnswer(keyResponse, response)
	own[2].setVerb(verbLLM, model)
	return a.moment(ctx, hansard.TypeLLMResponse, own[:], fields)
}

// ToolResult logs what a tool returned, for a tool whose call somebody else
// logged: name it with Parent or ToolCallID. The End of a ToolCall does the same.
func (a *Agent) ToolResult(ctx context.Context, tool string, result any, err error, fields ...Field) string {
	var own [6]Field
	own[0].setAnswer(keyResult, result)
	own[1].setText(keyToolName, tool)
	own[2].setVerb(verbToolResult, tool)
	setOutcome(own[3:], err)
	return a.moment(ctx, hansard.TypeToolResult, own[:], fields)
}

// Error logs an error that the agent met. A nil error is logged as an unknown
// one.
func (a *Agent) Error(ctx context.Context, err error, fields ...Field) string {
	if err == nil {
		err = errUnknown
	}
	var own [4]Field
	setOutcome(own[:], err)
	own[3].setText(keyAction, "error")
	return a.moment(ctx, hansard.TypeError, own[:], fields)
}

// HumanIntervention logs what a human did or was asked for: "requested",
// "approval", "rejection", "override", "confirmation", "escalation" or "stop".
// AskApproval logs a request and times its answer.
func (a *Agent) HumanIntervention(ctx context.Context, intervention string, fields ...Field) string {
	var own [2]Field
	own[0].setText(keyIntervention, intervention)
	own[1].setVerb(verbIntervention, intervention)
	return a.moment(ctx, hansard.TypeHumanIntervention, own[:], fields)
}

// TokenUsage logs tokens that no LLMResponse counts. Tokens of one model call
// count once: do not log them in both.
func (a *Agent) TokenUsage(ctx context.Context, model string, input, output int64, fields ...Field) string {
	var own [4]Field
	own[0].setText(keyModel, model)
	own[1].setInt(keyInputTokens, input)
	own[2].setInt(keyOutputTokens, output)
	own[3].setText(keyAction, "token_usage")
	return a.moment(ctx, hansard.TypeTokenUsage, own[:], fields)
}

// Feedback logs what somebody thinks of the agent's work. Say more with
// Correction, Comment, FollowUp and Actor.
func (a *Agent) Feedback(ctx context.Context, rating float64, fields ...Field) string {
	var own [2]Field
	own[0].setFloat(keyRating, rating)
	own[1].setText(keyAction, "feedback")
	return a.moment(ctx, hansard.TypeFeedback, own[:], fields)
}

// Security logs what touches security, for example "prompt_injection_detected".
func (a *Agent) Security(ctx context.Context, action string, fields ...Field) string {
	return a.did(ctx, hansard.TypeSecurity, action, fields)
}

// Compliance logs what touches a duty, for example "consent_recorded".
func (a *Agent) Compliance(ctx context.Context, action string, fields ...Field) string {
	return a.did(ctx, hansard.TypeCompliance, action, fields)
}

// Lifecycle logs what happens to the agent itself: "session_start",
// "session_end", "config_changed", "heartbeat".
func (a *Agent) Lifecycle(ctx context.Context, action string, fields ...Field) string {
	return a.did(ctx, hansard.TypeLifecycle, action, fields)
}

// did logs an event of which its action says all.
func (a *Agent) did(ctx context.Context, typ, action string, fields []Field) string {
	var own [1]Field
	own[0].setText(keyAction, action)
	return a.moment(ctx, typ, own[:], fields)
}
