package query

import (
	"math"

	"github.com/hansardhq/hansard"
)

// Timestamp returns when the event happened, in Unix nanoseconds; its receipt
// time where the sender did not say.
func Timestamp(e *hansard.Entry) int64 {
	if e.Timestamp == 0 {
		return e.ReceivedAt
	}
	return e.Timestamp
}

// TraceID returns the trace of the entry: its event id where it has none.
func TraceID(e *hansard.Entry) string {
	if e.TraceID == "" {
		return e.EventID
	}
	return e.TraceID
}

// stringOf returns a field of KindString, KindPerson or KindText; "" when it is
// absent.
func stringOf(e *hansard.Entry, name string) string {
	switch name {
	case "event_id":
		return e.EventID
	case "event_type":
		return e.EventType
	case "agent_name":
		return e.AgentName
	case "agent_id":
		return e.AgentID
	case "agent_version":
		return e.AgentVersion
	case "task_id":
		return e.TaskID
	case "session_id":
		return e.SessionID
	case "user_id":
		return e.UserID
	case "trace_id":
		return TraceID(e)
	case "span_id":
		return e.SpanID
	case "parent_event_id":
		return e.ParentEventID
	case "service":
		return e.Service
	case "environment":
		return e.Environment
	case "action":
		return e.Action
	case "tool_name":
		return e.ToolName
	case "tool_call_id":
		return e.ToolCallID
	case "side_effect":
		return e.SideEffect
	case "status":
		return e.Status
	case "reasoning":
		return e.Reasoning
	case "decision":
		return e.Decision
	}
	return moreStringOf(e, name)
}

// moreStringOf is the second half of stringOf.
func moreStringOf(e *hansard.Entry, name string) string {
	switch name {
	case "source":
		return e.Source
	case "actor_type":
		return e.ActorType
	case "actor_id":
		return e.ActorID
	case "actor_role":
		return e.ActorRole
	case "provenance":
		return e.Provenance
	case "intervention":
		return e.Intervention
	case "approval_id":
		return e.ApprovalID
	case "approver":
		return e.Approver
	case "arguments_hash":
		return e.ArgumentsHash
	case "policy_id":
		return e.PolicyID
	case "policy_version":
		return e.PolicyVersion
	case "handoff_from":
		return e.HandoffFrom
	case "handoff_to":
		return e.HandoffTo
	case "context_summary":
		return e.ContextSummary
	case "model":
		return e.Model
	case "provider":
		return e.Provider
	case "cost_source":
		return e.CostSource
	}
	return restOf(e, name)
}

// restOf is the last part of stringOf.
func restOf(e *hansard.Entry, name string) string {
	switch name {
	case "error":
		return e.Error
	case "error_type":
		return e.ErrorType
	case "stack_trace":
		return e.StackTrace
	case "recovery_action":
		return e.RecoveryAction
	case "correction":
		return e.Correction
	case "comment":
		return e.Comment
	case "follow_up":
		return e.FollowUp
	case "submitted_by":
		return e.SubmittedBy
	case "tier":
		return string(e.Tier)
	case "dialect":
		return e.Dialect
	case "time_source":
		return e.TimeSource
	case "log":
		if e.Log == (hansard.LogID{}) {
			return ""
		}
		return e.Log.String()
	case "leaf_hash":
		if e.LeafHash == (hansard.Hash{}) {
			return ""
		}
		return e.LeafHash.String()
	}
	return ""
}

// JSONOf returns what an entry has in a field of KindJSON; empty when it is absent
// or the field is of another kind.
func JSONOf(e *hansard.Entry, name string) []byte {
	raw, _ := jsonOf(e, name)
	return raw
}

// jsonOf returns a field of KindJSON; ok is false when name is none.
func jsonOf(e *hansard.Entry, name string) (raw []byte, ok bool) {
	switch name {
	case "params":
		return e.Params, true
	case "result":
		return e.Result, true
	case "alternatives":
		return e.Alternatives, true
	case "messages":
		return e.Messages, true
	case "response":
		return e.Response, true
	case "attributes":
		return e.Attributes, true
	case "statement":
		return e.Statement, true
	}
	return nil, false
}

// intOf returns a field of KindInt in its unit; ok is false when it is absent.
func intOf(e *hansard.Entry, name string) (n int64, ok bool) {
	var o hansard.Opt[int64]
	switch name {
	case "duration_ms":
		o = e.DurationUS
	case "decision_ms":
		o = e.DecisionUS
	case "input_tokens":
		o = e.InputTokens
	case "output_tokens":
		o = e.OutputTokens
	case "cache_read_tokens":
		o = e.CacheReadTokens
	case "cache_write_tokens":
		o = e.CacheWriteTokens
	case "reasoning_tokens":
		o = e.ReasoningTokens
	case "token_count":
		o = e.TokenCount
	case "cost_usd":
		o = e.CostNanoUSD
	case "attempt":
		o = e.Attempt
	case "position":
		return int64(min(e.Position, math.MaxInt64)), true
	case "index":
		return int64(min(e.Index, math.MaxInt64)), true
	}
	return o.V, o.Set
}

// floatOf returns a field of KindFloat.
func floatOf(e *hansard.Entry, name string) hansard.Opt[float64] {
	switch name {
	case "confidence":
		return e.Confidence
	case "rating":
		return e.Rating
	}
	return hansard.Opt[float64]{}
}

// timeOf returns a field of KindTime in Unix nanoseconds; ok is false when it is
// absent.
func timeOf(e *hansard.Entry, name string) (t int64, ok bool) {
	switch name {
	case "timestamp":
		return Timestamp(e), true
	case "received_at":
		return e.ReceivedAt, e.ReceivedAt != 0
	}
	return 0, false
}

// listOf returns a field of KindList without empty elements.
func listOf(e *hansard.Entry, name string) []string {
	var list []string
	add := func(s string) {
		if s != "" {
			list = append(list, s)
		}
	}
	switch name {
	case "tags":
		return e.Tags
	case "labels":
		return e.Labels
	case "on_behalf_of":
		return e.OnBehalfOf
	case "redactions":
		for _, r := range e.Redactions {
			add(r.Kind)
		}
	case "resources.kind":
		for _, r := range e.Resources {
			add(r.Kind)
		}
	case "resources.id":
		for _, r := range e.Resources {
			add(r.ID)
		}
	case "resources.operation":
		for _, r := range e.Resources {
			add(r.Operation)
		}
	case "resources.data_class":
		for _, r := range e.Resources {
			add(r.DataClass)
		}
	}
	return list
}
