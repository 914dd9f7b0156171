package bench

import (
	"strconv"

	"github.com/hansardhq/hansard"
)

// text appends a member that is a text without anything to escape.
func text(dst []byte, name, value string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":"`...)
	dst = append(dst, value...)
	return append(dst, '"')
}

// figure appends a member that is an integer.
func figure(dst []byte, name string, value int64) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return strconv.AppendInt(dst, value, 10)
}

// share appends a member between 0 and 1.
func (t *run) share(dst []byte, name string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":0.`...)
	return strconv.AppendInt(dst, int64(11+t.n(88)), 10)
}

// prose appends a member that is an invented text.
func (t *run) prose(dst []byte, name string, words int) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":"`...)
	return append(t.say(dst, words), '"')
}

// say appends an invented text. Some hold what redaction is for.
func (t *run) say(dst []byte, words int) []byte {
	dst = t.w.words.append(dst, t.r, words)
	if t.rare {
		t.rare = false
		dst = append(dst, " The "+rareWord+"."...)
	}
	if t.oneIn(24) {
		dst = t.personal(append(dst, " Contact: "...))
	}
	return dst
}

// personal appends a value that redaction finds.
func (t *run) personal(dst []byte) []byte {
	switch t.n(4) {
	case 0:
		dst = append(dst, "+1 415 555 01"...)
		return strconv.AppendInt(dst, int64(10+t.n(90)), 10)
	case 1:
		return append(dst, "card 4111 1111 1111 1111"...)
	}
	return t.mail(dst)
}

func (t *run) mail(dst []byte) []byte {
	dst = append(dst, t.w.Word(300+t.n(4000))...)
	dst = append(dst, '.')
	dst = append(dst, t.w.Word(300+t.n(4000))...)
	return append(dst, "@example.com"...)
}

// head appends the 16 members that all events have.
func (t *run) head(dst []byte, kind, id string) []byte {
	dst = append(dst, `{"event_id":"`...)
	dst = append(dst, id...)
	dst = append(dst, '"')
	dst = text(dst, "event_type", kind)
	dst = text(dst, "agent_name", t.w.agents[t.agent])
	dst = text(dst, "version", "2.1."+strconv.Itoa(t.agent%7))
	dst = text(dst, "task_id", t.task)
	dst = text(dst, "session_id", t.session)
	dst = text(dst, "action", t.action(kind))
	dst = text(dst, "source", t.source(kind))
	if t.cause == "" {
		dst = append(dst, `,"parent_event_id":null`...)
	} else {
		dst = text(dst, "parent_event_id", t.parent())
	}
	dst = text(dst, "trace_id", t.trace)
	dst = append(dst, `,"timestamp":`...)
	ms := t.at.UnixMilli()
	dst = strconv.AppendInt(dst, ms/1000, 10)
	dst = append(dst, '.')
	dst = append(dst, strconv.Itoa(1000 + int(ms%1000))[1:]...)
	dst = t.duration(dst, kind)
	dst = text(dst, "model", t.model.name)
	dst = text(dst, "environment", "prod")
	if t.failed {
		dst = text(dst, "status", []string{"error", "error", "timeout"}[t.n(3)])
	} else {
		dst = text(dst, "status", "ok")
	}
	return text(dst, "service", "shop")
}

// parent returns the event that this one follows from: the one before, or the
// trace's first.
func (t *run) parent() string {
	if t.last == hansard.TypeToolCall || t.last == hansard.TypeLLMResponse {
		return t.cause
	}
	return t.root
}

func (t *run) action(kind string) string {
	switch kind {
	case hansard.TypeToolCall:
		return "tool_call:" + t.w.tools[t.tool]
	case hansard.TypeToolResult:
		return "tool_result:" + t.w.tools[t.tool]
	case hansard.TypeLLMResponse, hansard.TypeTokenUsage:
		return "llm:" + t.model.name
	case hansard.TypeInvocation:
		return "invoke"
	}
	return kind[len("agent."):]
}

func (t *run) source(kind string) string {
	switch kind {
	case hansard.TypeInvocation, hansard.TypeHumanIntervention:
		return "user"
	case hansard.TypeTokenUsage:
		return "system"
	}
	return "agent"
}

// duration appends how long it took, in a distribution with a long tail.
func (t *run) duration(dst []byte, kind string) []byte {
	dst = append(dst, `,"duration_ms":`...)
	if kind != hansard.TypeToolResult && kind != hansard.TypeLLMResponse {
		return append(dst, "0.0"...)
	}
	us := int64(1) << (10 + t.n(12))
	us += int64(t.n(int(us))) + int64(t.tool)*500
	dst = strconv.AppendInt(dst, us/1000, 10)
	dst = append(dst, '.')
	return append(dst, strconv.Itoa(1000 + int(us%1000))[1:]...)
}
