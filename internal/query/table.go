package query

import (
	"slices"

	"github.com/hansardhq/hansard"
)

// table lists the searchable fields. It is never changed.
var table = []Field{
	// Identity.
	{Name: "event_id", Kind: KindString, Aliases: []string{"id"}, Description: "id of the event, unique per tenant"},
	{Name: "event_type", Kind: KindString, Enum: hansard.EventTypes, Aliases: []string{"type"}, Description: `type of the event; "agent." may be left out; x.* are custom`},
	{Name: "timestamp", Kind: KindTime, Aliases: []string{"time"}, Description: "when it happened; the receipt time where the sender did not say"},
	{Name: "agent_name", Kind: KindString, Aliases: []string{"agent"}, Description: "agent that acted"},
	{Name: "agent_id", Kind: KindString, Description: "id of the agent that acted"},
	{Name: "agent_version", Kind: KindString, Aliases: []string{"version"}, Description: "version of the agent"},
	{Name: "task_id", Kind: KindString, Aliases: []string{"task"}, Description: "job that it belongs to"},
	{Name: "session_id", Kind: KindString, Aliases: []string{"session"}, Description: "conversation that it belongs to"},
	{Name: "user_id", Kind: KindPerson, Person: true, Aliases: []string{"user"}, Description: "person for whom it was done"},
	{Name: "trace_id", Kind: KindString, Aliases: []string{"trace"}, Description: "trace; the event id where there is none"},
	{Name: "span_id", Kind: KindString, Aliases: []string{"span"}, Description: "span of the source"},
	{Name: "parent_event_id", Kind: KindString, Aliases: []string{"parent"}, Description: "event that caused it"},
	{Name: "service", Kind: KindString, Description: "service that it ran in"},
	{Name: "environment", Kind: KindString, Aliases: []string{"env"}, Description: "environment that it ran in"},
	{Name: "tags", Kind: KindList, Aliases: []string{"tag"}, Description: "tags that the sender gave"},

	// What.
	{Name: "action", Kind: KindString, Description: "short verb phrase, for example tool_call:get_order"},
	{Name: "tool_name", Kind: KindString, Aliases: []string{"tool"}, Description: "tool that was called"},
	{Name: "tool_call_id", Kind: KindString, Aliases: []string{"call"}, Description: "id that pairs a tool call with its result"},
	{Name: "side_effect", Kind: KindString, Enum: hansard.SideEffects, Description: "what the tool can change"},
	{Name: "params", Kind: KindJSON, Content: true, Description: "input"},
	{Name: "result", Kind: KindJSON, Content: true, Description: "output"},
	{Name: "duration_ms", Kind: KindInt, Unit: UnitMicros, Aliases: []string{"duration"}, Description: "how long it took; 2s, 340ms, 1m30s, a bare number is milliseconds"},
	{Name: "status", Kind: KindString, Enum: hansard.Statuses, Description: "how it ended"},

	// Why.
	{Name: "reasoning", Kind: KindText, Content: true, Description: "rationale of the agent"},
	{Name: "decision", Kind: KindString, Description: "branch taken"},
	{Name: "alternatives", Kind: KindJSON, Content: true, Description: "branches not taken"},
	{Name: "confidence", Kind: KindFloat, Description: "confidence of the agent, 0..1"},

	// Who.
	{Name: "source", Kind: KindString, Enum: hansard.Sources, Description: "who began it: user, system or agent"},
	{Name: "actor_type", Kind: KindString, Enum: hansard.ActorTypes, Aliases: []string{"actor.type"}, Description: "what kind of actor"},
	{Name: "actor_id", Kind: KindPerson, Person: true, Aliases: []string{"actor.id", "actor"}, Description: "person or system that acted"},
	{Name: "actor_role", Kind: KindString, Aliases: []string{"actor.role"}, Description: "role of the actor"},
	{Name: "on_behalf_of", Kind: KindList, Person: true, Description: "persons that it was done for"},
	{Name: "provenance", Kind: KindString, Enum: hansard.Provenances, Description: "said by the source, or deduced"},

	// Human intervention.
	{Name: "intervention", Kind: KindString, Enum: hansard.Interventions, Description: "what the human did"},
	{Name: "approval_id", Kind: KindString, Aliases: []string{"approval"}, Description: "id of the approval; has:approval is intervention:approval"},
	{Name: "approver", Kind: KindPerson, Person: true, Description: "person who approved"},
	{Name: "arguments_hash", Kind: KindString, Description: "hash of the arguments that were approved"},
	{Name: "policy_id", Kind: KindString, Aliases: []string{"policy"}, Description: "policy that was applied"},
	{Name: "policy_version", Kind: KindString, Description: "version of the policy"},
	{Name: "decision_ms", Kind: KindInt, Unit: UnitMicros, Description: "how long the human took"},

	// Handoff.
	{Name: "handoff_from", Kind: KindString, Description: "agent that handed over"},
	{Name: "handoff_to", Kind: KindString, Aliases: []string{"handoff"}, Description: "agent that took over; has:handoff is type:handoff"},
	{Name: "context_summary", Kind: KindText, Content: true, Description: "what was handed over"},

	// Cost.
	{Name: "model", Kind: KindString, Description: "model that answered"},
	{Name: "provider", Kind: KindString, Description: "who runs the model"},
	{Name: "input_tokens", Kind: KindInt, Description: "tokens read, without both cache classes"},
	{Name: "output_tokens", Kind: KindInt, Description: "tokens written"},
	{Name: "cache_read_tokens", Kind: KindInt, Description: "tokens read from the cache"},
	{Name: "cache_write_tokens", Kind: KindInt, Description: "tokens written to the cache"},
	{Name: "reasoning_tokens", Kind: KindInt, Description: "output tokens that were reasoning"},
	{Name: "token_count", Kind: KindInt, Aliases: []string{"tokens"}, Description: "tokens in all; 10k and 2m are understood"},
	{Name: "cost_usd", Kind: KindInt, Unit: UnitNanoUSD, Aliases: []string{"cost"}, Description: "cost in dollars; 0.5 or $0.5"},
	{Name: "cost_source", Kind: KindString, Enum: hansard.CostSources, Description: "who computed the cost"},

	// Error.
	{Name: "error", Kind: KindText, Content: true, Description: "error message"},
	{Name: "error_type", Kind: KindString, Description: "class of the error"},
	{Name: "stack_trace", Kind: KindText, Content: true, Description: "where in the code"},
	{Name: "recovery_action", Kind: KindString, Enum: hansard.RecoveryActions, Aliases: []string{"recovery"}, Description: "what was done about it"},
	{Name: "attempt", Kind: KindInt, Description: "number of the try"},

	// Feedback.
	{Name: "rating", Kind: KindFloat, Description: "rating given"},
	{Name: "correction", Kind: KindText, Content: true, Description: "what should have been said"},
	{Name: "comment", Kind: KindText, Content: true, Description: "comment given"},
	{Name: "follow_up", Kind: KindText, Content: true, Description: "what the user asked next"},

	// Data touched.
	{Name: "resources.kind", Kind: KindList, Aliases: []string{"resources"}, Description: "kinds of the data touched; has:resources is any of the four"},
	{Name: "resources.id", Kind: KindList, Person: true, Aliases: []string{"resource"}, Description: "ids of the data touched; they may name persons"},
	{Name: "resources.operation", Kind: KindList, Description: "what was done to the data"},
	{Name: "resources.data_class", Kind: KindList, Description: "classes of the data touched"},

	// Model input and output, and the rest.
	{Name: "messages", Kind: KindJSON, Content: true, Description: "raw model input"},
	{Name: "response", Kind: KindJSON, Content: true, Description: "raw model output"},
	{Name: "attributes", Kind: KindJSON, Content: true, Description: "everything else that the source said; attributes.x.y is a path into it"},

	// Ours.
	{Name: "position", Kind: KindInt, Description: "place in the order over all logs of the tenant"},
	{Name: "received_at", Kind: KindTime, Aliases: []string{"received"}, Description: "when it was received"},
	{Name: "submitted_by", Kind: KindString, Description: "token that sent it, or loopback"},
	{Name: "tier", Kind: KindString, Enum: tiers(), Description: "how long it is kept"},
	{Name: "labels", Kind: KindList, Aliases: []string{"label"}, Description: "labels that we gave"},
	{Name: "redactions", Kind: KindList, Aliases: []string{"redaction"}, Description: "kinds of what was redacted"},
	{Name: "truncated", Kind: KindBool, Description: "something was cut to fit"},
	{Name: "dialect", Kind: KindString, Description: "dialect that read it"},
	{Name: "time_source", Kind: KindString, Enum: []string{hansard.TimeFromSender, hansard.TimeOfReceipt, hansard.TimeSynthetic}, Description: "where the timestamp came from"},
	{Name: "statement", Kind: KindJSON, Description: "what the meta log states"},
	{Name: "log", Kind: KindString, Description: "log that holds it, tenant/tier"},
	{Name: "index", Kind: KindInt, Description: "place in its log, from 0"},
	{Name: "leaf_hash", Kind: KindString, Aliases: []string{"leaf"}, Description: "leaf hash, 64 hexadecimal digits"},
}

// tiers lists the values of the field tier: the tiers of events and the meta log.
func tiers() []string {
	var names []string
	for _, t := range append(hansard.Tiers[:len(hansard.Tiers):len(hansard.Tiers)], hansard.TierMeta) {
		names = append(names, string(t))
	}
	return names
}

// TextFields lists the fields that full text looks into: the names and all
// content, in the order of EVENT.md. The clear values of persons are not among
// them; persons are searched for by their own fields.
func TextFields() []string { return slices.Clone(textFields) }

// textFields is never changed.
var textFields = []string{
	"agent_name", "action", "tool_name", "params", "result", "reasoning", "decision", "alternatives",
	"handoff_from", "handoff_to", "context_summary", "error", "error_type", "stack_trace",
	"correction", "comment", "follow_up", "messages", "response", "attributes",
}
