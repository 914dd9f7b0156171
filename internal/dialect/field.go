package dialect

import (
	"encoding/json"

	"github.com/hansardhq/hansard"
)

// The bounds of EVENT.md.
const (
	maxID    = 256  // bytes of an id, an item of a list, a custom event type
	maxName  = 1024 // bytes of a name, an action, a decision
	maxItems = 64   // items of a list
)

// field says how one field of the flat form is read, bounded and written.
// Exactly one of text, any, number, float and list is set, or special, which
// comes before them when reading.
type field struct {
	name string

	text    func(*hansard.Event) *string
	limit   int      // bytes of text; 0: content, not bounded here
	values  []string // the enumeration that text is restricted to; nil: none
	any     func(*hansard.Event) *json.RawMessage
	number  func(*hansard.Event) *hansard.Opt[int64]
	digits  int // number is the value sent times 10^digits; 0: integers only
	float   func(*hansard.Event) *hansard.Opt[float64]
	max     float64 // with float: the range is 0..max; 0: any finite number
	noZero  bool    // a number of 0 means absent
	list    func(*hansard.Event) *[]string
	special special
}

// special marks a field that is read by a function of its own.
type special uint8

const (
	specialNone special = iota
	specialEventID
	specialEventType
	specialTimestamp
	specialVersion
	specialActor
	specialError
	specialResources
	specialAttributes
)

// fields holds the fields of the flat form in the order of EVENT.md, which is
// the order in which we write them. It is never changed.
var fields = [...]field{
	{name: "event_id", special: specialEventID, limit: maxID, text: func(e *hansard.Event) *string { return &e.EventID }},
	{name: "event_type", special: specialEventType},
	{name: "timestamp", special: specialTimestamp},
	{name: "agent_name", limit: maxName, text: func(e *hansard.Event) *string { return &e.AgentName }},
	{name: "agent_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.AgentID }},
	{name: "agent_version", limit: maxName, text: func(e *hansard.Event) *string { return &e.AgentVersion }},
	{name: "version", special: specialVersion},
	{name: "task_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.TaskID }},
	{name: "session_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.SessionID }},
	{name: "user_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.UserID }},
	{name: "trace_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.TraceID }},
	{name: "span_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.SpanID }},
	{name: "parent_event_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.ParentEventID }},
	{name: "service", limit: maxName, text: func(e *hansard.Event) *string { return &e.Service }},
	{name: "environment", limit: maxName, text: func(e *hansard.Event) *string { return &e.Environment }},
	{name: "tags", list: func(e *hansard.Event) *[]string { return &e.Tags }},

	{name: "action", limit: maxName, text: func(e *hansard.Event) *string { return &e.Action }},
	{name: "tool_name", limit: maxName, text: func(e *hansard.Event) *string { return &e.ToolName }},
	{name: "tool_call_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.ToolCallID }},
	{name: "side_effect", values: hansard.SideEffects, text: func(e *hansard.Event) *string { return &e.SideEffect }},
	{name: "params", any: func(e *hansard.Event) *json.RawMessage { return &e.Params }},
	{name: "result", any: func(e *hansard.Event) *json.RawMessage { return &e.Result }},
	{name: "duration_ms", digits: 3, noZero: true, number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.DurationUS }},
	{name: "status", values: hansard.Statuses, text: func(e *hansard.Event) *string { return &e.Status }},

	{name: "reasoning", text: func(e *hansard.Event) *string { return &e.Reasoning }},
	{name: "decision", limit: maxName, text: func(e *hansard.Event) *string { return &e.Decision }},
	{name: "alternatives", any: func(e *hansard.Event) *json.RawMessage { return &e.Alternatives }},
	{name: "confidence", max: 1, noZero: true, float: func(e *hansard.Event) *hansard.Opt[float64] { return &e.Confidence }},

	{name: "source", values: hansard.Sources, text: func(e *hansard.Event) *string { return &e.Source }},
	{name: "actor", special: specialActor},
	{name: "on_behalf_of", list: func(e *hansard.Event) *[]string { return &e.OnBehalfOf }},
	{name: "provenance", values: hansard.Provenances, text: func(e *hansard.Event) *string { return &e.Provenance }},

	{name: "intervention", values: hansard.Interventions, text: func(e *hansard.Event) *string { return &e.Intervention }},
	{name: "approval_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.ApprovalID }},
	{name: "approver", limit: maxID, text: func(e *hansard.Event) *string { return &e.Approver }},
	{name: "arguments_hash", limit: maxID, text: func(e *hansard.Event) *string { return &e.ArgumentsHash }},
	{name: "policy_id", limit: maxID, text: func(e *hansard.Event) *string { return &e.PolicyID }},
	{name: "policy_version", limit: maxName, text: func(e *hansard.Event) *string { return &e.PolicyVersion }},
	{name: "decision_ms", digits: 3, number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.DecisionUS }},

	{name: "handoff_from", limit: maxName, text: func(e *hansard.Event) *string { return &e.HandoffFrom }},
	{name: "handoff_to", limit: maxName, text: func(e *hansard.Event) *string { return &e.HandoffTo }},
	{name: "context_summary", text: func(e *hansard.Event) *string { return &e.ContextSummary }},

	{name: "model", limit: maxName, text: func(e *hansard.Event) *string { return &e.Model }},
	{name: "provider", limit: maxName, text: func(e *hansard.Event) *string { return &e.Provider }},
	{name: "input_tokens", number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.InputTokens }},
	{name: "output_tokens", number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.OutputTokens }},
	{name: "cache_read_tokens", number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.CacheReadTokens }},
	{name: "cache_write_tokens", number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.CacheWriteTokens }},
	{name: "reasoning_tokens", number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.ReasoningTokens }},
	{name: "token_count", noZero: true, number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.TokenCount }},
	{name: "cost_usd", digits: 9, number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.CostNanoUSD }},
	{name: "cost_source", values: hansard.CostSources, text: func(e *hansard.Event) *string { return &e.CostSource }},

	{name: "error", special: specialError, text: func(e *hansard.Event) *string { return &e.Error }},
	{name: "error_type", limit: maxName, text: func(e *hansard.Event) *string { return &e.ErrorType }},
	{name: "stack_trace", text: func(e *hansard.Event) *string { return &e.StackTrace }},
	{name: "recovery_action", values: hansard.RecoveryActions, text: func(e *hansard.Event) *string { return &e.RecoveryAction }},
	{name: "attempt", number: func(e *hansard.Event) *hansard.Opt[int64] { return &e.Attempt }},

	{name: "rating", float: func(e *hansard.Event) *hansard.Opt[float64] { return &e.Rating }},
	{name: "correction", text: func(e *hansard.Event) *string { return &e.Correction }},
	{name: "comment", text: func(e *hansard.Event) *string { return &e.Comment }},
	{name: "follow_up", text: func(e *hansard.Event) *string { return &e.FollowUp }},

	{name: "resources", special: specialResources},
	{name: "messages", any: func(e *hansard.Event) *json.RawMessage { return &e.Messages }},
	{name: "response", any: func(e *hansard.Event) *json.RawMessage { return &e.Response }},
	{name: "attributes", special: specialAttributes},
}

// fieldTable finds a field by its name: open addressing over a hash of a few
// bytes. A slot holds the field's index plus one; 0 is free.
var fieldTable = indexFields()

func indexFields() (table [256]uint8) {
	for i := range fields {
		h := hashName(fields[i].name)
		for table[h] != 0 {
			h++
		}
		table[h] = uint8(i + 1)
	}
	return table
}

// hashName needs no more than to keep our own names apart; it runs once per
// member of every event. The factors were searched for: two names collide.
func hashName[T string | []byte](s T) uint8 {
	n := len(s)
	if n < 4 {
		return uint8(n)
	}
	return uint8(n) + s[0]*30 + s[n/2]*39 + s[n-1]*56 + s[n-3]*206
}

// findField returns the index of the field with the given name, -1 if there
// is none.
func findField(name []byte) int {
	for h := hashName(name); fieldTable[h] != 0; h++ {
		if i := int(fieldTable[h]) - 1; fields[i].name == string(name) {
			return i
		}
	}
	return -1
}
