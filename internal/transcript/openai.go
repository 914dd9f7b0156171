package transcript

import (
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// convertOpenAI reads a conversation in the form of the chat completions API:
// an object with `messages`, or the bare list. Its trace id is the line's own
// `trace_id`, `conversation_id` or `id`, else chat:<stem>:<line>.
//
// Messages may carry `created`, `created_at` or `timestamp` (Unix seconds or
// RFC 3339); those that do not then have the time of the one before. A tool's
// error is its member `error`, or a content that begins with "Error:".
func convertOpenAI(rec *recorder, raw []byte) (string, error) {
	all := members(raw)
	list := find(all, "messages")
	if raw[0] == '[' {
		list = raw
	}
	first := func(keys ...string) string {
		for _, k := range keys {
			if s := scalar(find(all, k)); s != "" {
				return s
			}
		}
		return ""
	}
	id := first("trace_id", "conversation_id", "id")
	if id == "" {
		id = "chat:" + rec.reader.stem + ":" + string(integer(rec.piece.seq))
	}
	agent := first("agent_name", "agent")
	if agent == "" {
		agent = "assistant"
	}
	rec.begin(id, hansard.Event{
		AgentName: agent,
		Service:   first("service"),
		TaskID:    first("task_id"),
		SessionID: first("session_id", "conversation_id"),
		UserID:    first("user_id", "user"),
	})
	c := newChat(rec)
	c.errorPrefix = "Error:"
	c.model = first("model")
	c.timeOf = messageTime
	if err := c.messages(list); err != nil {
		return "", err
	}
	c.totals(find(all, "usage"))
	rec.end(c.n, without(all, "messages", "usage", "user_id", "user")).ParentEventID = c.root
	return "", nil
}

// totals records the usage that the line states for the conversation as a
// whole, unless its messages stated their own.
func (c *chat) totals(usage []byte) {
	if usage == nil {
		return
	}
	e := c.add(c.n, hansard.TypeTokenUsage)
	e.Action = "model_calls"
	e.Source = "agent"
	e.ParentEventID = c.root
	e.Model = c.model
	setUsage(e, usage)
	if c.metered {
		e.Labels = []string{"aggregate"}
	}
}

// messageTime returns the time that a message tells.
func messageTime(m []byte) (int64, bool) {
	for _, key := range []string{"created", "created_at", "timestamp"} {
		v := rawjson.Get(m, key)
		if t, ok := unixTime(v); ok {
			return t, true
		}
		if t, err := time.Parse(time.RFC3339Nano, text(v)); err == nil && t.Unix() > 0 && t.Year() < 2200 {
			return t.UnixNano(), true
		}
	}
	return 0, false
}
