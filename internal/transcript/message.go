package transcript

import (
	"encoding/json"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// message is one chat message in the shape that most frameworks share.
type message struct {
	role      string // system, user, assistant or tool; else as written
	name      string
	text      string
	empty     bool   // the content was absent or null
	parts     []byte // the content, if it holds more than text
	reasoning string // reasoning that the message carries beside its content
	calls     []call
	callID    string // a tool message: the id of the call that it answers
	err       string // a tool message: the error that it reports
	usage     []byte
	rest      []member
}

// call is one tool call of an assistant's message.
type call struct {
	id, name string
	params   json.RawMessage
}

// readMessage reads the valid JSON value v. The error is of kind invalid.
func readMessage(v []byte, maxDepth int) (message, error) {
	all := members(v)
	if len(v) == 0 || v[0] != '{' {
		return message{}, hansard.Errorf(hansard.KindInvalid, "is no JSON object")
	}
	m := message{
		role:      role(text(find(all, "role"))),
		name:      text(find(all, "name")),
		reasoning: text(find(all, "reasoning_content")),
		callID:    scalar(find(all, "tool_call_id")),
		usage:     find(all, "usage"),
	}
	if m.role == "" {
		return message{}, hansard.Errorf(hansard.KindInvalid, "has no role")
	}
	content := find(all, "content")
	m.empty = content == nil
	m.text, m.parts = contentText(content)
	if refusal := text(find(all, "refusal")); m.text == "" && refusal != "" {
		m.text, m.empty = refusal, false
	}
	known := []string{"role", "name", "content", "reasoning_content", "tool_call_id", "tool_calls", "function_call", "usage"}
	if m.role == "tool" {
		known = append(known, "error")
		if e := find(all, "error"); e != nil {
			if m.err = text(e); m.err == "" {
				m.err = string(e)
			}
		}
	}
	m.calls = readCalls(all, maxDepth)
	m.rest = without(all, known...)
	return m, nil
}

// role returns the one word for a role that frameworks name differently.
func role(s string) string {
	switch s {
	case "developer":
		return "system"
	case "human":
		return "user"
	case "ai", "model":
		return "assistant"
	case "function":
		return "tool"
	}
	return s
}

// contentText returns the text of a message's content: a string, or a list of
// parts. The content itself is returned if it holds more than its text.
func contentText(v []byte) (string, []byte) {
	if len(v) == 0 || v[0] == '"' {
		return text(v), nil
	}
	if v[0] != '[' {
		return "", v
	}
	var texts []string
	more := false
	_ = rawjson.Array(v, func(part []byte) error {
		t := rawjson.Get(part, "text")
		if len(t) == 0 || t[0] != '"' {
			more = true
			return nil
		}
		texts = append(texts, text(t))
		return nil
	})
	if !more {
		v = nil
	}
	return strings.Join(texts, "\n"), v
}

// readCalls returns the tool calls of a message: tool_calls, or the older
// function_call, which has no id.
func readCalls(all []member, maxDepth int) []call {
	var calls []call
	add := func(id string, function []byte) {
		f := members(function)
		calls = append(calls, call{
			id:     id,
			name:   text(find(f, "name")),
			params: arguments(find(f, "arguments"), maxDepth),
		})
	}
	_ = rawjson.Array(find(all, "tool_calls"), func(v []byte) error {
		add(scalar(rawjson.Get(v, "id")), rawjson.Get(v, "function"))
		return nil
	})
	if f := find(all, "function_call"); len(f) > 0 && f[0] == '{' {
		add("", f)
	}
	return calls
}

// arguments returns a call's arguments: the object that the model wrote as a
// string, the string itself if it wrote none, the value if it is no string.
func arguments(v []byte, maxDepth int) json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	if v[0] != '"' {
		return rawjson.Compact(nil, v)
	}
	s := text(v)
	if s == "" {
		return nil
	}
	return structured(s, maxDepth)
}
