package part

import (
	"encoding/json"

	"github.com/hansardhq/hansard"
)

type (
	entry  = hansard.Entry
	optInt = hansard.Opt[int64]
	optFlt = hansard.Opt[float64]
)

// Columns returns the columns of an entry in the order of their IDs. The slice
// is made anew for each caller; keep it.
func Columns() []*Column {
	b := &builder{}
	b.identity()
	b.what()
	b.who()
	b.cost()
	b.ours()
	b.content()
	b.beside()
	return b.columns
}

type builder struct{ columns []*Column }

func (b *builder) add(c *Column) *Column {
	c.ID = len(b.columns) + 1
	b.columns = append(b.columns, c)
	return c
}

// text adds an envelope text; term adds one with few distinct values.
func (b *builder) text(name string, f func(*entry) *string) *Column {
	return b.add(&Column{Name: name, Kind: String, str: f})
}

func (b *builder) term(name string, f func(*entry) *string) *Column {
	c := b.text(name, f)
	c.Dictionary = true
	return c
}

func (b *builder) int(name string, f func(*entry) *optInt) {
	b.add(&Column{Name: name, Kind: Int, opt: f})
}

func (b *builder) float(name string, f func(*entry) *optFlt) {
	b.add(&Column{Name: name, Kind: Float, float: f})
}

func (b *builder) list(name string, f func(*entry) *[]string) {
	b.add(&Column{Name: name, Kind: List, list: f, Dictionary: true})
}

func (b *builder) contentText(name string, f func(*entry) *string) {
	b.text(name, f).Class = Content
}

func (b *builder) contentJSON(name string, f func(*entry) *json.RawMessage) {
	b.add(&Column{Name: name, Kind: JSON, Class: Content, raw: f})
}

func (b *builder) identity() {
	b.text("event_id", func(e *entry) *string { return &e.EventID })
	b.term("event_type", func(e *entry) *string { return &e.EventType })
	b.add(&Column{Name: "timestamp", Kind: Time, Required: true, num: func(e *entry) *int64 { return &e.Timestamp }})
	b.term("agent_name", func(e *entry) *string { return &e.AgentName })
	b.term("agent_id", func(e *entry) *string { return &e.AgentID })
	b.term("agent_version", func(e *entry) *string { return &e.AgentVersion })
	b.term("task_id", func(e *entry) *string { return &e.TaskID })
	b.term("session_id", func(e *entry) *string { return &e.SessionID })
	b.term("user_id", func(e *entry) *string { return &e.UserID })
	b.term("trace_id", func(e *entry) *string { return &e.TraceID })
	b.text("span_id", func(e *entry) *string { return &e.SpanID })
	b.text("parent_event_id", func(e *entry) *string { return &e.ParentEventID })
	b.term("service", func(e *entry) *string { return &e.Service })
	b.term("environment", func(e *entry) *string { return &e.Environment })
	b.list("tags", func(e *entry) *[]string { return &e.Tags })
}

func (b *builder) what() {
	b.term("action", func(e *entry) *string { return &e.Action })
	b.term("tool_name", func(e *entry) *string { return &e.ToolName })
	b.text("tool_call_id", func(e *entry) *string { return &e.ToolCallID })
	b.term("side_effect", func(e *entry) *string { return &e.SideEffect })
	b.int("duration_us", func(e *entry) *optInt { return &e.DurationUS })
	b.term("status", func(e *entry) *string { return &e.Status })
	b.term("decision", func(e *entry) *string { return &e.Decision })
	b.float("confidence", func(e *entry) *optFlt { return &e.Confidence })
}

func (b *builder) who() {
	b.term("source", func(e *entry) *string { return &e.Source })
	b.term("actor_type", func(e *entry) *string { return &e.ActorType })
	b.term("actor_id", func(e *entry) *string { return &e.ActorID })
	b.term("actor_role", func(e *entry) *string { return &e.ActorRole })
	b.list("on_behalf_of", func(e *entry) *[]string { return &e.OnBehalfOf })
	b.term("provenance", func(e *entry) *string { return &e.Provenance })
	b.term("intervention", func(e *entry) *string { return &e.Intervention })
	b.text("approval_id", func(e *entry) *string { return &e.ApprovalID })
	b.term("approver", func(e *entry) *string { return &e.Approver })
	b.text("arguments_hash", func(e *entry) *string { return &e.ArgumentsHash })
	b.term("policy_id", func(e *entry) *string { return &e.PolicyID })
	b.term("policy_version", func(e *entry) *string { return &e.PolicyVersion })
	b.int("decision_us", func(e *entry) *optInt { return &e.DecisionUS })
	b.term("handoff_from", func(e *entry) *string { return &e.HandoffFrom })
	b.term("handoff_to", func(e *entry) *string { return &e.HandoffTo })
}

func (b *builder) cost() {
	b.term("model", func(e *entry) *string { return &e.Model })
	b.term("provider", func(e *entry) *string { return &e.Provider })
	b.int("input_tokens", func(e *entry) *optInt { return &e.InputTokens })
	b.int("output_tokens", func(e *entry) *optInt { return &e.OutputTokens })
	b.int("cache_read_tokens", func(e *entry) *optInt { return &e.CacheReadTokens })
	b.int("cache_write_tokens", func(e *entry) *optInt { return &e.CacheWriteTokens })
	b.int("reasoning_tokens", func(e *entry) *optInt { return &e.ReasoningTokens })
	b.int("token_count", func(e *entry) *optInt { return &e.TokenCount })
	b.int("cost_nano_usd", func(e *entry) *optInt { return &e.CostNanoUSD })
	b.term("cost_source", func(e *entry) *string { return &e.CostSource })
	b.term("error_type", func(e *entry) *string { return &e.ErrorType })
	b.term("recovery_action", func(e *entry) *string { return &e.RecoveryAction })
	b.int("attempt", func(e *entry) *optInt { return &e.Attempt })
	b.float("rating", func(e *entry) *optFlt { return &e.Rating })
	b.add(&Column{Name: "resources", Kind: JSON, get: getResources, set: setResources})
}

func (b *builder) ours() {
	b.add(&Column{Name: "position", Kind: Int, Required: true, unum: func(e *entry) *uint64 { return &e.Position }})
	b.add(&Column{Name: "received_at", Kind: Time, Required: true, num: func(e *entry) *int64 { return &e.ReceivedAt }})
	b.term("submitted_by", func(e *entry) *string { return &e.SubmittedBy })
	b.term("tier", func(e *entry) *string { return (*string)(&e.Tier) })
	b.list("labels", func(e *entry) *[]string { return &e.Labels })
	b.add(&Column{Name: "redactions", Kind: JSON, get: getRedactions, set: setRedactions})
	b.add(&Column{Name: "truncated", Kind: Bool, flag: func(e *entry) *bool { return &e.Truncated }})
	b.term("dialect", func(e *entry) *string { return &e.Dialect })
	b.term("time_source", func(e *entry) *string { return &e.TimeSource })
	b.add(&Column{Name: "statement", Kind: JSON, raw: func(e *entry) *json.RawMessage { return &e.Statement }})
	b.add(&Column{Name: "v", Kind: Int, Required: true, num: func(e *entry) *int64 { return &e.Encoder }})
}

// content adds the content columns. Their order is the order of the members of
// the content object and is frozen with the encoder version.
func (b *builder) content() {
	b.contentJSON("params", func(e *entry) *json.RawMessage { return &e.Params })
	b.contentJSON("result", func(e *entry) *json.RawMessage { return &e.Result })
	b.contentText("reasoning", func(e *entry) *string { return &e.Reasoning })
	b.contentJSON("alternatives", func(e *entry) *json.RawMessage { return &e.Alternatives })
	b.contentText("context_summary", func(e *entry) *string { return &e.ContextSummary })
	b.contentText("error", func(e *entry) *string { return &e.Error })
	b.contentText("stack_trace", func(e *entry) *string { return &e.StackTrace })
	b.contentText("correction", func(e *entry) *string { return &e.Correction })
	b.contentText("comment", func(e *entry) *string { return &e.Comment })
	b.contentText("follow_up", func(e *entry) *string { return &e.FollowUp })
	b.contentJSON("messages", func(e *entry) *json.RawMessage { return &e.Messages })
	b.contentJSON("response", func(e *entry) *json.RawMessage { return &e.Response })
	b.contentJSON("attributes", func(e *entry) *json.RawMessage { return &e.Attributes })
	b.contentJSON("persons", func(e *entry) *json.RawMessage { return &e.Persons })
}

func (b *builder) beside() {
	b.add(&Column{Name: "index", Kind: Int, Class: Beside, Required: true, unum: func(e *entry) *uint64 { return &e.Index }})
	b.add(&Column{
		Name: "salt", Kind: Bytes, Class: Beside,
		bytes: func(e *entry) []byte { return e.Salt },
		set:   func(e *entry, v []byte) error { e.Salt = v; return nil },
	})
	b.add(&Column{Name: "content_digest", Kind: Bytes, Class: Beside, bytes: getDigest, set: setDigest})
	b.add(&Column{Name: "content_size", Kind: Int, Class: Beside, num: func(e *entry) *int64 { return &e.ContentSize }})
}
