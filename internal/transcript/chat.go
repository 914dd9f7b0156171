package transcript

import (
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// chat turns chat messages into events. The formats with one agent and
// tool_calls share it.
type chat struct {
	*recorder
	errorPrefix string                       // a tool's content that begins so reports an error; "": none does
	model       string                       // the model behind the assistant, if the run names it
	drop        string                       // a member of tool messages that only repeats the call
	timeOf      func(m []byte) (int64, bool) // the time that a message tells; may be nil
	handle      func(m *message, raw []byte) // makes the events of a message

	pairs *pairing
	root  string // event id of the task
	turn  string // event id of the user's last message
	begun bool   // a system message was seen
	n     int    // messages so far

	metered bool // a message stated its own token usage
}

func newChat(r *recorder) *chat {
	c := &chat{recorder: r, pairs: newPairing()}
	c.handle = func(m *message, _ []byte) { c.message(m) }
	return c
}

// messages reads the list of messages. The error names the message at fault.
func (c *chat) messages(list []byte) error {
	if len(list) == 0 || list[0] != '[' {
		return hansard.Errorf(hansard.KindInvalid, "the run has no list of messages")
	}
	c.firstTime(list)
	return rawjson.Array(list, func(v []byte) error {
		m, err := readMessage(v, c.reader.opt.MaxDepth)
		if err != nil {
			return hansard.Errorf(hansard.KindInvalid, "message %d %w", c.n, err)
		}
		c.setTime(v)
		before := len(c.events)
		c.handle(&m, v)
		if c.full {
			return hansard.Errorf(hansard.KindTooLarge, "the run has more than %d events", c.reader.opt.MaxEvents)
		}
		if before < len(c.events) {
			attach(c.events[before], m.rest)
		}
		c.n++
		return nil
	})
}

// firstTime starts the clock at the first time that a message tells: what came
// before it happened no later.
func (c *chat) firstTime(list []byte) {
	for v := range elements(list) {
		if c.setTime(v); c.told {
			return
		}
	}
}

func (c *chat) setTime(m []byte) {
	c.told = false
	if c.timeOf == nil {
		return
	}
	if t, ok := c.timeOf(m); ok {
		c.clock, c.told = t, true
	}
}

func (c *chat) message(m *message) {
	switch m.role {
	case "system":
		c.system(m)
	case "user":
		c.user(m)
	case "assistant":
		c.assistant(m)
	case "tool":
		c.result(m)
	default:
		e := c.add(c.n, hansard.TypeGeneric)
		e.Action = "message"
		e.ParentEventID = c.root
		e.Response = quote(m.text)
		e.Messages = m.parts
		attach(e, []member{{"role", quote(m.role)}})
	}
}

// system records the agent's instructions; later ones change its configuration.
func (c *chat) system(m *message) {
	e := c.add(c.n, hansard.TypeLifecycle)
	e.Action = "session_start"
	if c.begun {
		e.Action = "config_changed"
		e.ParentEventID = c.root
	}
	c.begun = true
	e.Source = "system"
	e.Params = object(member{"system", quote(m.text)})
	e.Messages = m.parts
}

// user records what the user said: first the task, then further turns.
func (c *chat) user(m *message) {
	e := c.add(c.n, hansard.TypeInvocation)
	e.Action = "user_message"
	e.ParentEventID = c.root
	if c.root == "" {
		e.Action = "task"
		c.root = e.EventID
	}
	c.turn = e.EventID
	e.Source = "user"
	e.Params = object(member{"task", quote(m.text)})
	e.Messages = m.parts
}

// assistant records an answer, or the tool calls of a message and the text
// beside them.
func (c *chat) assistant(m *message) {
	parent := c.turn
	reason := m.reasoning
	if len(m.calls) > 0 {
		reason = joinText(reason, m.text)
	} else {
		reason = joinText(reason, tagged(m.text, "thinking"))
	}
	if reason != "" {
		e := c.said(hansard.TypeReasoning, m)
		e.Action = "reason"
		e.Reasoning = reason
		if len(m.calls) > 0 {
			parent = e.EventID
			e.Messages = m.parts
		}
	}
	if len(m.calls) == 0 {
		c.answer(m)
		return
	}
	if m.usage != nil {
		e := c.said(hansard.TypeTokenUsage, m)
		e.Action = "model_call"
		e.Model = c.model
		c.meter(e, m)
	}
	for _, k := range m.calls {
		c.call(k, m, parent)
	}
}

// answer records the text of a message without tool calls.
func (c *chat) answer(m *message) {
	e := c.said(hansard.TypeLLMResponse, m)
	e.Action = "respond"
	e.Model = c.model
	if !m.empty {
		e.Response = quote(m.text)
	}
	e.Messages = m.parts
	if m.usage != nil {
		c.meter(e, m)
	}
}

// meter sets the usage that a message states.
func (c *chat) meter(e *hansard.Event, m *message) {
	setUsage(e, m.usage)
	c.metered = true
}

// said appends an event of the assistant.
func (c *chat) said(eventType string, m *message) *hansard.Event {
	e := c.add(c.n, eventType)
	e.ParentEventID = c.turn
	e.Source = "agent"
	if m.name != "" {
		e.AgentName = m.name
	}
	return e
}

func (c *chat) call(k call, m *message, parent string) {
	e := c.said(hansard.TypeToolCall, m)
	e.ParentEventID = parent
	e.Action = toolAction("tool_call", k.name)
	e.ToolName = k.name
	e.Params = k.params
	if e.SideEffect = sideEffect(k.name); e.SideEffect != "" {
		infer(e, "side_effect")
	}
	c.pairs.call(e, c.n, k.id)
	if escalates(k.name) {
		h := c.said(hansard.TypeHumanIntervention, m)
		h.ParentEventID = e.EventID
		h.Action = "escalation"
		h.Intervention = "escalation"
		h.Provenance = "inferred"
		h.ToolName = k.name
		h.ToolCallID = e.ToolCallID
	}
}

// result records what a tool returned. A result that answers no call of the run
// has no parent.
func (c *chat) result(m *message) {
	called := c.pairs.answer(m.callID)
	e := c.add(c.n, hansard.TypeToolResult)
	e.Source = "system"
	e.ToolName = m.name
	if called != nil {
		e.AgentName = called.AgentName
		e.ParentEventID = called.EventID
		e.ToolCallID = called.ToolCallID
		if c.drop != "" {
			m.rest = without(m.rest, c.drop)
		}
		if called.ToolName != "" {
			e.ToolName = called.ToolName
		}
		if m.callID != "" && m.callID != e.ToolCallID {
			attach(e, []member{{"tool_call_id", quote(m.callID)}})
		}
	} else {
		c.pairs.give(e, c.n, m.callID)
	}
	e.Action = toolAction("tool_result", e.ToolName)
	if !m.empty {
		e.Result = structured(m.text, c.reader.opt.MaxDepth)
	}
	e.Messages = m.parts
	c.fail(e, m)
}

// fail sets the error of a result, if there was one: the source says so, or the
// content begins like one.
func (c *chat) fail(e *hansard.Event, m *message) {
	e.Error = m.err
	if m.err == "" && c.errorPrefix != "" && strings.HasPrefix(m.text, c.errorPrefix) {
		e.Error = m.text
		e.Provenance = "inferred"
		infer(e, "error", "error_type", "status")
	}
	if e.Error != "" {
		e.ErrorType = errorType(e.Error)
		e.Status = "error"
	}
}

// errorType returns the name of the exception that an error text begins with,
// "ToolError" if it begins with none.
func errorType(s string) string {
	name, _, ok := strings.Cut(s, ":")
	if !ok || len(name) > 64 || name == "Error" {
		return "ToolError"
	}
	if strings.IndexFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '.' && r != '_'
	}) >= 0 {
		return "ToolError"
	}
	if strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception") {
		return name
	}
	return "ToolError"
}

func toolAction(what, tool string) string {
	if tool == "" {
		return what
	}
	return what + ":" + tool
}

// tagged returns what stands between <tag> and </tag>, to the end if the tag is
// not closed; "" if there is no tag.
func tagged(s, tag string) string {
	_, s, ok := strings.Cut(s, "<"+tag+">")
	if !ok {
		return ""
	}
	s, _, _ = strings.Cut(s, "</"+tag+">")
	return strings.TrimSpace(s)
}

// joinText puts two texts below each other.
func joinText(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}
