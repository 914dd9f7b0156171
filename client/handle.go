package client

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard"
)

// origin is when the program began. A handle counts from it: that takes a third of the
// room of a time.
var origin = time.Now()

// Span is what all handles have: an event that took place, and the context of
// what happens within.
type Span struct {
	agent *Agent
	ctx   scoped
	began time.Duration // since origin
	ended atomic.Bool
}

// Context returns the context for what happens within: its events have this one
// as their parent, and requests that Inject or Transport send continue its trace.
func (s *Span) Context() context.Context { return &s.ctx }

// EventID returns the id of the event that began it.
func (s *Span) EventID() string { return s.ctx.scope.event() }

// TraceID returns the trace that it is in.
func (s *Span) TraceID() string { return s.ctx.scope.trace() }

// begin fills in s and, if log is set, logs the event that begins it.
func (a *Agent) begin(ctx context.Context, s *Span, log bool, typ string, own, given []Field) {
	if ctx == nil {
		ctx = context.Background()
	}
	d := draft{typ: typ, now: time.Now()}
	a.place(&d, ctx, given)
	s.agent, s.began, s.ctx.Context = a, d.now.Sub(origin), ctx
	s.open(&d, scopeOf(ctx), log)
	if a != nil && log {
		a.client.log(&d, own, given)
	}
}

// open makes the scope of what happens within s, and puts the event that begins it, d,
// into its span. Where no event begins it, there is none yet that could be a parent, and
// the parent is that of s.
func (s *Span) open(d *draft, outer *scope, event bool) {
	within := &s.ctx.scope
	if outer != nil {
		within.members, within.other = outer.members, outer.other
	}
	if d.at.trace.zero() {
		if d.at.trace = parseTraceID(d.trace); d.trace == "" {
			d.at.trace = newTraceID()
		}
	}
	d.at.span = newSpanID()
	d.own = newEventID(d.now)
	within.ids = d.at
	if event {
		within.ids.event = d.own
	}
	known := within.known()
	if (!within.ids.trace.zero() || known.trace == d.trace) && (!within.ids.event.zero() || known.event == d.parent) {
		return // mostly: ids of ours
	}
	other := known
	other.trace, other.event = d.trace, d.parent
	within.other = &other
}

// end logs the event that ends s, once. Later calls do nothing.
func (s *Span) end(typ string, own, given []Field) {
	if s == nil || s.agent == nil || s.ended.Swap(true) {
		return
	}
	d := draft{typ: typ, now: time.Now()}
	s.agent.place(&d, &s.ctx, given)
	d.own = newEventID(d.now)
	s.agent.client.log(&d, own, given)
}

// took returns the time since s began.
func (s *Span) took() Field { return Duration(time.Since(origin) - s.began) }

// Invocation is a task that an agent was given.
type Invocation struct{ Span }

// Invocation logs that the agent was given a task. Without a trace in the context
// it begins one.
func (a *Agent) Invocation(ctx context.Context, task string, fields ...Field) *Invocation {
	h := new(Invocation)
	var own [2]Field
	own[0].key, own[0].form, own[0].text = keyParams, formTask, task
	own[1].setText(keyAction, "invocation")
	a.begin(ctx, &h.Span, true, hansard.TypeInvocation, own[:], fields)
	return h
}

// End logs how the task ended, as a lifecycle event "invocation_end". Only the
// first End or Done counts.
func (h *Invocation) End(err error, fields ...Field) {
	if h == nil {
		return
	}
	var own [5]Field
	own[0].setText(keyAction, "invocation_end")
	setOutcome(own[1:], err)
	own[4] = h.took()
	h.end(hansard.TypeLifecycle, own[:], fields)
}

// Done is End for a defer: it takes the error that the function returns, and
// logs a panic as an error before it goes on. err may be nil.
//
//	defer run.Done(&err)
func (h *Invocation) Done(err *error) {
	if r := recover(); r != nil {
		h.End(panicError{r}, Status("error"), StackTrace(string(debug.Stack())))
		panic(r)
	}
	h.End(value(err))
}

func value(err *error) error {
	if err == nil {
		return nil
	}
	return *err
}

// panicError is a panic as an error.
type panicError struct{ value any }

// Error returns what the panic said.
func (e panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// ToolCall is a call of a tool.
type ToolCall struct {
	Span
	tool string
}

// ToolCall logs that a tool is called, before it is: params is its input, any
// value that has a JSON form. Say what it does to the world with SideEffect.
func (a *Agent) ToolCall(ctx context.Context, tool string, params any, fields ...Field) *ToolCall {
	h := &ToolCall{tool: tool}
	var own [3]Field
	own[0].setAnswer(keyParams, params)
	own[1].setText(keyToolName, tool)
	own[2].setVerb(verbToolCall, tool)
	a.begin(ctx, &h.Span, true, hansard.TypeToolCall, own[:], fields)
	return h
}

// End logs what the tool returned. Only the first End or Done counts.
func (h *ToolCall) End(result any, err error, fields ...Field) {
	if h == nil {
		return
	}
	var own [7]Field
	own[0].setAnswer(keyResult, result)
	own[1].setText(keyToolName, h.tool)
	own[2].setVerb(verbToolResult, h.tool)
	setOutcome(own[3:], err)
	own[6] = h.took()
	h.end(hansard.TypeToolResult, own[:], fields)
}

// Done is End without a result, for a defer: see Invocation.Done.
func (h *ToolCall) Done(err *error) {
	if r := recover(); r != nil {
		h.End(nil, panicError{r}, Status("error"), StackTrace(string(debug.Stack())))
		panic(r)
	}
	h.End(nil, value(err))
}

// Tool calls fn as a tool of the agent and logs the call, what it returned or
// how it failed, and how long it took, panics included.
func Tool[T any](ctx context.Context, a *Agent, tool string, params any, fn func(context.Context) (T, error), fields ...Field) (result T, err error) {
	call := a.ToolCall(ctx, tool, params, fields...)
	defer call.Done(&err)
	if result, err = fn(call.Context()); err == nil {
		call.End(result, nil)
	}
	return result, err
}

// LLMCall is a call of a model.
type LLMCall struct {
	Span
	model string
	given []Field
}

// LLMCall begins a call of a model. It logs nothing before End: the answer is the
// event. The fields, for example Messages and Provider, are kept until then.
func (a *Agent) LLMCall(ctx context.Context, model string, fields ...Field) *LLMCall {
	h := &LLMCall{model: model, given: append([]Field(nil), fields...)}
	a.begin(ctx, &h.Span, false, hansard.TypeLLMResponse, nil, fields)
	return h
}

// End logs what the model answered, with its tokens among the fields. Only the
// first End or Done counts.
func (h *LLMCall) End(response any, err error, fields ...Field) {
	if h == nil {
		return
	}
	var own [7]Field
	own[0].setAnswer(keyResponse, response)
	own[1].setText(keyModel, h.model)
	own[2].setVerb(verbLLM, h.model)
	setOutcome(own[3:], err)
	own[6] = h.took()
	h.end(hansard.TypeLLMResponse, own[:], append(h.given, fields...))
}

// Done is End without a response, for a defer: see Invocation.Done.
func (h *LLMCall) Done(err *error) {
	if r := recover(); r != nil {
		h.End(nil, panicError{r}, Status("error"), StackTrace(string(debug.Stack())))
		panic(r)
	}
	h.End(nil, value(err))
}

// Handoff is work that goes from one agent to another.
type Handoff struct{ Span }

// Handoff logs that the agent hands over, and what it tells the next one, which
// works on in the handle's Context.
func (a *Agent) Handoff(ctx context.Context, to, summary string, fields ...Field) *Handoff {
	h := new(Handoff)
	var own [4]Field
	if a != nil {
		own[0].setText(keyHandoffFrom, a.name)
	}
	own[1].setText(keyHandoffTo, to)
	own[2].setContent(keyContextSummary, summary)
	own[3].setVerb(verbHandoff, to)
	a.begin(ctx, &h.Span, true, hansard.TypeHandoff, own[:], fields)
	return h
}

// Approval is a question to a human.
type Approval struct {
	Span
	id   string
	hash string
}

// AskApproval logs that a human is asked to allow an action with these
// parameters. The answer is tied to exactly them by their hash.
func (a *Agent) AskApproval(ctx context.Context, action string, params any, fields ...Field) *Approval {
	h := new(Approval)
	h.hash, h.id = a.approval(params)
	for i := range fields {
		if f := &fields[i]; f.key == keyApprovalID && f.text != "" {
			h.id = f.text
		}
	}
	var own [5]Field
	own[0].setText(keyIntervention, "requested")
	own[1].setVerb(verbIntervention, action)
	own[2].setText(keyApprovalID, h.id)
	own[3].setText(keyArgumentsHash, h.hash)
	own[4].setAnswer(keyParams, params)
	a.begin(ctx, &h.Span, true, hansard.TypeHumanIntervention, own[:], fields)
	return h
}

// Approved logs that the person allowed it, and how long that took. Only the
// first answer counts.
func (h *Approval) Approved(by string, fields ...Field) { h.Answered("approval", by, fields...) }

// Rejected logs that the person refused it.
func (h *Approval) Rejected(by string, fields ...Field) { h.Answered("rejection", by, fields...) }

// Answered logs another answer: "override", "confirmation", "escalation", "stop".
func (h *Approval) Answered(intervention, by string, fields ...Field) {
	if h == nil {
		return
	}
	var own [8]Field
	own[0].setText(keyIntervention, intervention)
	own[1].setVerb(verbIntervention, intervention)
	own[2].setText(keyApprover, by)
	own[3].setText(keyApprovalID, h.id)
	own[4].setText(keyArgumentsHash, h.hash)
	own[5] = DecisionTime(time.Since(origin) - h.began)
	own[6] = Actor("human", by, "")
	own[7].setText(keySource, "user")
	h.end(hansard.TypeHumanIntervention, own[:], fields)
}

// ID returns the id that ties the request, its answer and what is done with it.
func (h *Approval) ID() string { return h.id }

// Hash returns the hash of the parameters that were asked for.
func (h *Approval) Hash() string { return h.hash }

// HashOf returns the hash of a tool's parameters, "sha256:" and hexadecimal, over
// their JSON with the keys of maps sorted.
func HashOf(params any) string {
	var b [hashLen]byte
	putHash(b[:], new(shapes).appendValue(nil, params, 1))
	return string(b[:])
}

const (
	hashPrefix = "sha256:"
	hashLen    = len(hashPrefix) + 2*sha256.Size
)

func putHash(dst, text []byte) {
	sum := sha256.Sum256(text)
	dst = dst[copy(dst, hashPrefix):]
	for i := 0; i < len(sum); i += 8 {
		putHex(dst[2*i:], binary.BigEndian.Uint64(sum[i:]))
	}
}

// approval returns what ties an approval to its parameters, and a new id for it: both
// parts of one string.
func (a *Agent) approval(params any) (hash, id string) {
	var b [hashLen + eventIDLen]byte
	if a == nil {
		copy(b[:], HashOf(params))
	} else {
		e := a.client.encoders.Get().(*encoder)
		e.buf = e.shapes.appendValue(e.buf[:0], params, 1)
		putHash(b[:], e.buf)
		a.client.keep(e)
	}
	newEventID(time.Now()).putEvent((*[eventIDLen]byte)(b[hashLen:]))
	s := string(b[:])
	return s[:hashLen], s[hashLen:]
}
