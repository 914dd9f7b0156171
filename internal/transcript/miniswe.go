package transcript

import (
	"regexp"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// convertMiniSWE reads a trajectory of mini-swe-agent: `instance_id, info,
// messages`. The agent answers with one fenced bash command, the next user
// message is its output. Each answer carries the provider's response with time,
// tokens and cost. Its trace id is swe:<instance_id>, or the file's stem where
// there is none. A benchmark's summary of results is skipped.
func convertMiniSWE(rec *recorder, raw []byte) (string, error) {
	all := members(raw)
	list := find(all, "messages")
	if list == nil && find(all, "submitted_instances") != nil {
		return "summary", nil
	}
	id := scalar(find(all, "instance_id"))
	if id == "" {
		id = rec.reader.stem
	}
	info := members(find(all, "info"))
	rec.begin("swe:"+id, hansard.Event{
		AgentName:    "mini-swe-agent",
		AgentVersion: text(find(info, "mini_version")),
		Service:      "mini-swe-agent",
		TaskID:       boundedID(id),
	})
	c := newChat(rec)
	c.timeOf = func(m []byte) (int64, bool) { return unixTime(rawjson.Get(modelResponse(m), "created")) }
	s := &shell{chat: c}
	c.handle = s.message
	if err := c.messages(list); err != nil {
		return "", err
	}
	facts := append(without(all, "messages", "info"), without(info)...)
	rec.end(c.n, facts).ParentEventID = c.root
	return "", nil
}

// modelResponse returns what the model's provider sent for a message.
func modelResponse(m []byte) []byte { return rawjson.Get(rawjson.Get(m, "extra"), "response") }

// shell turns the messages of an agent with one tool, a shell, into events.
type shell struct {
	*chat
	pending *hansard.Event // the command whose output comes next
	refused *hansard.Event // the answer that held no one command
	failure *hansard.Event // the refusal, until the agent tries again
}

// message records one message; raw is its JSON.
func (s *shell) message(m *message, raw []byte) {
	m.rest = without(m.rest, "extra")
	switch {
	case m.role == "assistant":
		s.answer(m, modelResponse(raw))
	case m.role == "user" && s.pending != nil:
		s.output(m)
	case m.role == "user" && s.refused != nil:
		s.refusal(m)
	default:
		s.chat.message(m)
	}
}

// command finds the commands in an answer, as mini-swe-agent does.
var command = regexp.MustCompile("(?s)```bash\\s*\\n(.*?)\\n```")

// answer records a model call with its tokens, the reasoning in it and the
// command.
func (s *shell) answer(m *message, response []byte) {
	e := s.modelCall(m, response)
	parent := s.turn
	message := rawjson.Get(firstOf(rawjson.Get(response, "choices")), "message")
	thought, _, _ := strings.Cut(m.text, "```bash")
	thought = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(thought), "THOUGHT:"))
	for _, reason := range []string{text(rawjson.Get(message, "reasoning")), thought} {
		if reason != "" {
			r := s.said(hansard.TypeReasoning, m)
			r.Action = "reason"
			r.Reasoning = reason
			parent = r.EventID
		}
	}
	if s.failure != nil {
		s.failure.RecoveryAction = "retry"
		s.failure = nil
	}
	blocks := command.FindAllStringSubmatch(m.text, -1)
	if s.refused, s.pending = nil, nil; len(blocks) != 1 {
		s.refused = e
		return
	}
	t := s.said(hansard.TypeToolCall, m)
	t.ParentEventID = parent
	t.Action = "tool_call:bash"
	t.ToolName = "bash"
	t.Params = object(member{"command", quote(blocks[0][1])})
	s.pairs.give(t, s.n, "")
	s.pending = t
}

// modelCall records the provider's response. Of that, the choices repeat the
// message and hold opaque signatures; they are not kept.
func (s *shell) modelCall(m *message, response []byte) *hansard.Event {
	e := s.said(hansard.TypeLLMResponse, m)
	e.Action = "respond"
	e.Response = quote(m.text)
	e.Model = text(rawjson.Get(response, "model"))
	e.Provider = text(rawjson.Get(response, "provider"))
	setUsage(e, rawjson.Get(response, "usage"))
	var facts []member
	if id := rawjson.Get(response, "id"); !isNull(id) {
		facts = append(facts, member{"response_id", id})
	}
	if why := rawjson.Get(firstOf(rawjson.Get(response, "choices")), "finish_reason"); !isNull(why) {
		facts = append(facts, member{"finish_reason", why})
	}
	attach(e, facts)
	return e
}

// returnCode finds the return code that the output of a command begins with.
var returnCode = regexp.MustCompile(`^<returncode>(-?\d+)</returncode>`)

// output records what a command returned. The output of the last one is the
// patch alone, without a return code.
func (s *shell) output(m *message) {
	e := s.add(s.n, hansard.TypeToolResult)
	e.Action = "tool_result:bash"
	e.Source = "system"
	e.ParentEventID = s.pending.EventID
	e.ToolName = "bash"
	e.ToolCallID = s.pending.ToolCallID
	e.Result = quote(m.text)
	s.pending = nil
	code := returnCode.FindStringSubmatch(m.text)
	switch {
	case code != nil && code[1] != "0":
		e.Error = "returncode " + code[1]
		e.ErrorType = "ExitError"
		e.Status = "error"
	case code == nil && strings.HasPrefix(m.text, "The last command") && strings.Contains(m.text, "timed out"):
		e.Error = "the command timed out"
		e.ErrorType = "Timeout"
		e.Status = "timeout"
	}
	if e.Error != "" {
		e.Provenance = "inferred"
	}
}

// refusal records that the harness did not accept an answer.
func (s *shell) refusal(m *message) {
	e := s.add(s.n, hansard.TypeError)
	e.Action = "format_error"
	e.Source = "system"
	e.ParentEventID = s.refused.EventID
	e.Error = m.text
	e.ErrorType = "FormatError"
	e.Status = "error"
	e.Provenance = "inferred"
	s.refused, s.failure = nil, e
}

// firstOf returns the first element of a JSON array, nil if there is none.
func firstOf(list []byte) []byte {
	for v := range elements(list) {
		return v
	}
	return nil
}
