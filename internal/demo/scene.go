package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
)

// scene is one run: what its events have in common, and the events so far.
type scene struct {
	start   time.Time
	trace   string
	task    string
	session string
	user    string
	service string // empty: the shop's
	events  []*hansard.Event
}

// The agents.
const (
	router   = "router"
	support  = "support"
	billing  = "billing"
	research = "research"
)

// add appends what an agent did after the given milliseconds, caused by parent;
// nil: it is a root.
func (s *scene) add(ms int64, agent string, parent *hansard.Event, e hansard.Event) *hansard.Event {
	at := s.start.Add(time.Duration(ms) * time.Millisecond)
	seed := s.seed(len(s.events))
	e.EventID, e.Timestamp = eventID(at, seed), at.UnixNano()
	if agent != "" {
		e.AgentName, e.AgentID, e.AgentVersion = agent, "agent-"+agent, version(agent)
	}
	e.TraceID, e.TaskID, e.SessionID, e.UserID = s.trace, s.task, s.session, s.user
	e.Service, e.Environment = cmp.Or(s.service, "shop-assistant"), "production"
	e.Provenance = "observed"
	if e.Source == "" {
		e.Source = "agent"
	}
	if e.ActorType == "" {
		e.ActorType = "agent"
	}
	if parent != nil {
		e.ParentEventID = parent.EventID
	}
	if e.SpanID == "" {
		e.SpanID = hex.EncodeToString(seed[16:24])
	}
	s.events = append(s.events, &e)
	return &e
}

// seed returns what makes the ids of the n-th event differ from all others.
func (s *scene) seed(n int) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s %d %d", s.trace, s.start.UnixNano(), n))
}

// eventID returns a UUIDv7 whose random bits come from seed.
func eventID(at time.Time, seed [32]byte) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16)
	copy(id[6:], seed[:10])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func version(agent string) string {
	switch agent {
	case router:
		return "1.4.0"
	case billing:
		return "2.1.3"
	case code:
		return "0.9.2"
	}
	return "2.0.1"
}

// asked appends the begin of a run: what the user wants.
func (s *scene) asked(agent, role, task string) *hansard.Event {
	return s.add(0, agent, nil, hansard.Event{
		EventType: hansard.TypeInvocation, Action: "invoke", Params: taskParams(task),
		Source: "user", ActorType: "human", ActorID: s.user, ActorRole: role,
	})
}

// invocation is the begin of an agent's work for another agent.
func invocation(task string) hansard.Event {
	return hansard.Event{EventType: hansard.TypeInvocation, Action: "invoke", Params: taskParams(task)}
}

// taskParams returns the parameters of an invocation; task is one of our texts,
// none of which needs an escape.
func taskParams(task string) json.RawMessage { return json.RawMessage(`{"task":"` + task + `"}`) }

// model is a language model with its prices in nano-dollars per token.
type model struct {
	name, provider         string
	input, cached, written int64
}

func small() model { return model{"gpt-4.1-mini", "openai", 400, 100, 1600} }
func large() model { return model{"claude-sonnet-4-5", "anthropic", 3000, 300, 15_000} }

// answer is one answer of a model.
type answer struct {
	model                 model
	ms                    int64 // how long it took
	input, cached, output int64 // tokens
	messages, response    string
}

// think appends a model call that ended after the given milliseconds: its
// answer, and what the gateway metered for it. Both state the same tokens, as
// senders do; they count once.
func (s *scene) think(ms int64, agent string, parent *hansard.Event, a answer) *hansard.Event {
	e := hansard.Event{
		Model: a.model.name, Provider: a.model.provider,
		InputTokens: hansard.Some(a.input), OutputTokens: hansard.Some(a.output),
		TokenCount: hansard.Some(a.input + a.cached + a.output),
	}
	switch cost := a.input*a.model.input + a.cached*a.model.cached + a.output*a.model.written; {
	case a.model.provider == "google": // its calls pass no gateway that says what they cost
	case cost == 0:
		e.CostSource = "unpriced"
	default:
		e.CostNanoUSD, e.CostSource = hansard.Some(cost), "reported"
	}
	if a.cached > 0 {
		e.CacheReadTokens = hansard.Some(a.cached)
	}
	usage := e
	e.EventType, e.Action, e.Status = hansard.TypeLLMResponse, "llm:"+a.model.name, "ok"
	e.DurationUS = hansard.Some(a.ms * 1000)
	e.Messages, e.Response = json.RawMessage(a.messages), json.RawMessage(a.response)
	call := s.add(ms, agent, parent, e)
	usage.EventType, usage.Action, usage.SpanID, usage.Source = hansard.TypeTokenUsage, "usage:"+a.model.name, call.SpanID, "system"
	usage.ActorType = "system"
	s.add(ms+5, agent, call, usage)
	return call
}

// toolCall is a call of a tool with what it touches.
type toolCall struct {
	id, tool, sideEffect string
	params               string
	resources            []hansard.Resource
	attempt              int64 // 0: not said
}

// call appends the begin of a tool call.
func (s *scene) call(ms int64, agent string, parent *hansard.Event, c toolCall) *hansard.Event {
	e := hansard.Event{
		EventType: hansard.TypeToolCall, Action: "tool_call:" + c.tool, ToolName: c.tool, ToolCallID: c.id,
		SideEffect: c.sideEffect, Params: json.RawMessage(c.params), Resources: c.resources,
	}
	if c.attempt > 0 {
		e.Attempt = hansard.Some(c.attempt)
	}
	return s.add(ms, agent, parent, e)
}

// returned appends the result of a call that took ms milliseconds.
func (s *scene) returned(call *hansard.Event, ms int64, e hansard.Event) *hansard.Event {
	e.EventType, e.Action = hansard.TypeToolResult, "tool_result:"+call.ToolName
	e.ToolName, e.ToolCallID, e.SpanID, e.Attempt = call.ToolName, call.ToolCallID, call.SpanID, call.Attempt
	e.SideEffect = call.SideEffect
	e.DurationUS = hansard.Some(ms * 1000)
	if e.Status == "" {
		e.Status = "ok"
	}
	since := time.Unix(0, call.Timestamp).Sub(s.start).Milliseconds()
	return s.add(since+ms, call.AgentName, call, e)
}

// result is the result of a tool that worked.
func result(json string) hansard.Event { return hansard.Event{Result: []byte(json)} }

// ends closes the work that begin began, after the given milliseconds.
func (s *scene) ends(ms int64, begin *hansard.Event) {
	e := hansard.Event{EventType: hansard.TypeLifecycle, Action: "invocation_end", SpanID: begin.SpanID, Status: "ok"}
	e.DurationUS = hansard.Some(s.start.UnixNano()/1000 + ms*1000 - begin.Timestamp/1000)
	s.add(ms, begin.AgentName, begin, e)
}
