package dialect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// Messages come in many shapes: OpenTelemetry's {role, parts: [{type, content}]},
// OpenAI's {role, content}, content as a list of {type, text}, OpenInference's
// {"message": {...}}. What follows reads all of them; the record keeps the shape
// that was sent.

// eachMessage calls f for each message of a list; one message alone is a list of
// one. A member "messages" of an object is looked into.
func eachMessage(b []byte, f func(msg []byte)) {
	switch {
	case isArray(b):
		_ = rawjson.Array(b, func(v []byte) error {
			if inner := rawjson.Get(v, "message"); isObject(inner) {
				v = inner
			}
			switch {
			case isObject(v):
				f(v)
			case isArray(v): // LangChain's short form: ["user", "text"]
				if pair := rawMessages(v); len(pair) == 2 && pair[0][0] == '"' && pair[1][0] == '"' {
					msg := append(append([]byte(`{"role":`), pair[0]...), `,"content":`...)
					f(append(append(msg, pair[1]...), '}'))
				}
			}
			return nil
		})
	case isObject(b):
		if list := rawjson.Get(b, "messages"); isArray(list) {
			eachMessage(list, f)
			return
		}
		f(b)
	}
}

// rawMessages returns the elements of a list, up to three.
func rawMessages(b []byte) (list [][]byte) {
	_ = rawjson.Array(b, func(v []byte) error {
		if len(list) < 3 && len(v) > 0 {
			list = append(list, v)
		}
		return nil
	})
	return list
}

// eachPart calls f for each part of a message: those of "parts", those of a
// "content" that is a list.
func eachPart(msg []byte, f func(kind string, part []byte)) {
	for _, name := range [...]string{"parts", "content", "contents"} {
		_ = rawjson.Array(rawjson.Get(msg, name), func(p []byte) error {
			if inner := rawjson.Get(p, "message_content"); isObject(inner) {
				p = inner
			}
			f(getText(p, "type"), p)
			return nil
		})
	}
}

// messageText returns the text of a message.
func messageText(msg []byte) string {
	if c := rawjson.Get(msg, "content"); len(c) > 0 && c[0] == '"' {
		return jsonText(c)
	}
	var texts []string
	eachPart(msg, func(kind string, part []byte) {
		if kind == "text" || kind == "input_text" || kind == "output_text" || kind == "" {
			if t := partText(part); t != "" {
				texts = append(texts, t)
			}
		}
	})
	return strings.Join(texts, "\n")
}

// partText returns the text of a part, by any of its names.
func partText(part []byte) string {
	if len(part) > 0 && part[0] == '"' {
		return jsonText(part)
	}
	for _, name := range [...]string{"content", "text", "thinking", "reasoning"} {
		if v := rawjson.Get(part, name); len(v) > 0 && v[0] == '"' {
			return jsonText(v)
		}
	}
	return ""
}

// lastUserText returns what the user last said; "" when no message is a user's.
func lastUserText(messages []byte) string {
	last := ""
	eachMessage(messages, func(msg []byte) {
		switch getText(msg, "role") {
		case "user", "human":
			if t := messageText(msg); t != "" {
				last = t
			}
		}
	})
	return last
}

// reasoningText returns the reasoning in a model's output.
func reasoningText(messages []byte) string {
	var texts []string
	eachMessage(messages, func(msg []byte) {
		if t := getText(msg, "reasoning_content"); t != "" {
			texts = append(texts, t)
		}
		eachPart(msg, func(kind string, part []byte) {
			if kind == "reasoning" || kind == "thinking" {
				if t := partText(part); t != "" {
					texts = append(texts, t)
				}
			}
		})
	})
	return strings.Join(texts, "\n")
}

// answer is an approval or rejection that stands among messages.
type answer struct {
	id       string // of the approval
	call     string // id of the tool call
	approved bool
	reason   string
	denied   bool // read from a tool result that says so, not from an answer
}

// answers returns what was approved or rejected since the model last spoke:
// what stands before was said in an earlier call, whose messages are repeated.
func answers(messages []byte) []answer {
	var said, denied []answer
	eachMessage(messages, func(msg []byte) {
		if role := getText(msg, "role"); role == "assistant" || role == "model" {
			said, denied = nil, nil
			return
		}
		eachPart(msg, func(kind string, part []byte) {
			switch kind {
			case "tool_approval_response", "tool-approval-response":
				verdict := rawjson.Get(part, "approved")
				if len(verdict) == 0 {
					return // Vercel's version 7 sends the part without what was answered
				}
				a := answer{
					id:       or(getText(part, "approval_id"), getText(part, "approvalId")),
					approved: string(verdict) == "true",
					reason:   getText(part, "reason"),
				}
				said = append(said, a)
			case "tool-result": // of Vercel's version 6
				if output := rawjson.Get(part, "output"); getText(output, "type") == "execution-denied" {
					denied = append(denied, answer{call: getText(part, "toolCallId"), reason: getText(output, "reason"), denied: true})
				}
			case "tool_call_response":
				response := rawjson.Get(part, "response")
				if response == nil {
					response = rawjson.Get(part, "result")
				}
				if string(rawjson.Get(response, "denied")) == "true" {
					denied = append(denied, answer{call: getText(part, "id"), reason: getText(response, "reason"), denied: true})
				}
			}
		})
	})
	if len(said) > 0 {
		return said
	}
	return denied
}

// moveFlat builds a field from attributes with a prefix whose keys spell out a
// structure: "llm.input_messages.0.message.role". It does nothing where there
// are none, or where the field is set.
func (r *otelReading) moveFlat(to *json.RawMessage, field, prefix string) {
	if len(*to) > 0 || !r.shape.numbered || !r.mayHave(prefix) {
		return
	}
	var root flatNode
	for i := range r.attrs {
		a := &r.attrs[i]
		if !hasPrefix(a.Key, prefix) || len(a.Key) == len(prefix) || a.Key[len(prefix)] < '0' || a.Key[len(prefix)] > '9' {
			continue
		}
		r.used[i] = true
		if r.withheld(a.Value) || root.put(a.Key[len(prefix):], a.Value) {
			r.inField[i] = !isWithheld(a.Value.Text)
		}
	}
	if len(root.kids) == 0 {
		return
	}
	*to = root.append(nil)
	r.moved = append(r.moved, movedAttr{prefix + "*", field})
}

// flatNode is one step of a structure that keys spell out.
type flatNode struct {
	name  []byte
	value *Value
	kids  []*flatNode
}

// maxFlatDepth bounds how deep keys may nest.
const maxFlatDepth = 24

// put adds a value at a path; false when there is no room for it.
func (n *flatNode) put(path []byte, v Value) bool {
	for depth := 0; ; depth++ {
		first, rest, more := bytes.Cut(path, []byte("."))
		if depth == maxFlatDepth {
			first, more = path, false
		}
		n = n.kid(first)
		if !more {
			break
		}
		path = rest
	}
	if n.value != nil {
		return false
	}
	n.value = &v
	return true
}

func (n *flatNode) kid(name []byte) *flatNode {
	// The last one first: keys of one message stand together.
	for i := len(n.kids) - 1; i >= 0 && i > len(n.kids)-64; i-- {
		if bytes.Equal(n.kids[i].name, name) {
			return n.kids[i]
		}
	}
	kid := &flatNode{name: name}
	n.kids = append(n.kids, kid)
	return kid
}

// append appends the node as JSON: an array where all its kids are numbers.
func (n *flatNode) append(dst []byte) []byte {
	if len(n.kids) == 0 {
		if n.value == nil {
			return append(dst, "null"...)
		}
		return n.value.AppendJSON(dst)
	}
	if n.value != nil { // both a value and a structure
		n.kids = append(n.kids, &flatNode{name: []byte("value"), value: n.value})
	}
	numbers := true
	for _, k := range n.kids {
		_, err := strconv.ParseUint(string(k.name), 10, 32)
		numbers = numbers && err == nil
	}
	if numbers {
		slices.SortStableFunc(n.kids, func(a, b *flatNode) int {
			x, _ := strconv.ParseUint(string(a.name), 10, 32)
			y, _ := strconv.ParseUint(string(b.name), 10, 32)
			return cmp.Compare(x, y)
		})
		dst = append(dst, '[')
		for i, k := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = k.append(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, k := range n.kids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = k.append(append(rawjson.AppendQuote(dst, k.name), ':'))
	}
	return append(dst, '}')
}
