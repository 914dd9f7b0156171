package client

import (
	"math"
	"time"
	"unsafe"

	"github.com/hansardhq/hansard"
)

// Field is one member of an event: a value for one of the record's fields, or an
// attribute of the caller's own. The functions below make fields; one given twice
// counts as it was given last. The zero Field is ignored.
//
// Values are encoded before the call that gets them returns, so they may be
// changed afterwards. What is no JSON value (a channel, a NaN, a value whose
// MarshalJSON fails) is replaced by a text that says so: logging never fails the
// agent.
type Field struct {
	key  key
	form form
	text string // the value, or an attribute's name
	num  uint64 // an integer or the bits of a float
	any  any
}

// key says which field of the record it is.
type key uint8

// form says how a field is written.
type form uint8

const (
	formText    form = iota
	formContent      // text that may be long, and is then cut
	formInt          // num as a signed integer
	formFloat        // num as the bits of a float64
	formMilli        // num as nanoseconds, written in milliseconds with three decimals
	formJSON         // any, as JSON
	formTexts        // num texts, any the place of the first
	formActor        // any, an actor
	formAttr         // any, the attribute named text
	formTask         // text, as {"task": text}
	formVerb         // num, a verb, and text, its object
)

// The keys, in the order of the record's fields.
const (
	keyNone key = iota
	keyTimestamp
	keyAgentName
	keyAgentID
	keyAgentVersion
	keyTaskID
	keySessionID
	keyUserID
	keyTraceID
	keySpanID
	keyParentEventID
	keyService
	keyEnvironment
	keyTags
	keyAction
	keyToolName
	keyToolCallID
	keySideEffect
	keyParams
	keyResult
	keyDuration
	keyStatus
	keyReasoning
	keyDecision
	keyAlternatives
	keyConfidence
	keySource
	keyActor
	keyOnBehalfOf
	keyProvenance
	keyIntervention
	keyApprovalID
	keyApprover
	keyArgumentsHash
	keyPolicyID
	keyPolicyVersion
	keyDecisionMS
	keyHandoffFrom
	keyHandoffTo
	keyContextSummary
	keyModel
	keyProvider
	keyInputTokens
	keyOutputTokens
	keyCacheReadTokens
	keyCacheWriteTokens
	keyReasoningTokens
	keyTokenCount
	keyCostUSD
	keyCostSource
	keyError
	keyErrorType
	keyStackTrace
	keyRecovery
	keyAttempt
	keyRating
	keyCorrection
	keyComment
	keyFollowUp
	keyResources
	keyMessages
	keyResponse
	keyTier
	keyAttribute // the last; may come many times
)

// member returns what begins the member of a key: a comma, its JSON name and a
// colon.
func (k key) member() string {
	return [...]string{
		"", `,"timestamp":`, `,"agent_name":`, `,"agent_id":`, `,"agent_version":`, `,"task_id":`, `,"session_id":`,
		`,"user_id":`, `,"trace_id":`, `,"span_id":`, `,"parent_event_id":`, `,"service":`, `,"environment":`, `,"tags":`,
		`,"action":`, `,"tool_name":`, `,"tool_call_id":`, `,"side_effect":`, `,"params":`, `,"result":`,
		`,"duration_ms":`, `,"status":`, `,"reasoning":`, `,"decision":`, `,"alternatives":`, `,"confidence":`,
		`,"source":`, `,"actor":`, `,"on_behalf_of":`, `,"provenance":`, `,"intervention":`, `,"approval_id":`,
		`,"approver":`, `,"arguments_hash":`, `,"policy_id":`, `,"policy_version":`, `,"decision_ms":`, `,"handoff_from":`,
		`,"handoff_to":`, `,"context_summary":`, `,"model":`, `,"provider":`, `,"input_tokens":`, `,"output_tokens":`,
		`,"cache_read_tokens":`, `,"cache_write_tokens":`, `,"reasoning_tokens":`, `,"token_count":`, `,"cost_usd":`,
		`,"cost_source":`, `,"error":`, `,"error_type":`, `,"stack_trace":`, `,"recovery_action":`, `,"attempt":`,
		`,"rating":`, `,"correction":`, `,"comment":`, `,"follow_up":`, `,"resources":`, `,"messages":`, `,"response":`,
		`,"tier":`, "",
	}[k]
}

// verb is the first word of an action.
type verb uint64

const (
	verbToolCall verb = iota
	verbToolResult
	verbDecision
	verbHandoff
	verbLLM
	verbIntervention
)

// String returns the word.
func (v verb) String() string {
	return [...]string{"tool_call", "tool_result", "decision", "handoff", "llm_call", "human_intervention"}[v]
}

func text(k key, s string) Field    { return Field{key: k, form: formText, text: s} }
func content(k key, s string) Field { return Field{key: k, form: formContent, text: s} }
func whole(k key, n int64) Field    { return Field{key: k, form: formInt, num: uint64(n)} }
func float(k key, x float64) Field  { return Field{key: k, form: formFloat, num: math.Float64bits(x)} }
func anyJSON(k key, v any) Field    { return Field{key: k, form: formJSON, any: v} }

// The methods below make a field where it lies. What a helper says itself is made so:
// the copy of a field that was just written waits until it has left the processor's
// store buffer, which costs more than the rest of it.

func (f *Field) setText(k key, s string)    { f.key, f.form, f.text = k, formText, s }
func (f *Field) setContent(k key, s string) { f.key, f.form, f.text = k, formContent, s }
func (f *Field) setInt(k key, n int64)      { f.key, f.form, f.num = k, formInt, uint64(n) }
func (f *Field) setFloat(k key, x float64)  { f.key, f.form, f.num = k, formFloat, math.Float64bits(x) }
func (f *Field) setVerb(v verb, object string) {
	f.key, f.form, f.num, f.text = keyAction, formVerb, uint64(v), object
}

// setAnswer leaves f out where v is nil: null would say that the answer was null.
func (f *Field) setAnswer(k key, v any) {
	if v != nil {
		f.key, f.form, f.any = k, formJSON, v
	}
}

// texts keeps a list by its first text and its length: fields are copied about, and
// only two of all kinds have a list.
func texts(k key, list []string) Field {
	return Field{key: k, form: formTexts, any: unsafe.SliceData(list), num: uint64(len(list))}
}

// list returns the list that texts keeps.
func (f *Field) list() []string { return unsafe.Slice(f.any.(*string), f.num) }

// When says when it happened; default: now. The record takes the years 1970 to
// 2262; another time becomes the attribute "timestamp".
func When(t time.Time) Field {
	if !representable(t) {
		return Attr("timestamp", t.UTC().Format(time.RFC3339Nano))
	}
	return Field{key: keyTimestamp, form: formInt, num: uint64(t.UnixNano())}
}

// representable reports whether the record takes a time.
func representable(t time.Time) bool {
	s := t.Unix()
	return s >= 0 && s <= math.MaxInt64/1_000_000_000-1
}

// AgentName says who acted, where it is not the Agent that logs.
func AgentName(name string) Field { return text(keyAgentName, name) }

// AgentID tells this instance of an agent from others of its name.
func AgentID(id string) Field { return text(keyAgentID, id) }

// AgentVersion is the version of the agent: of its code, its prompts, or both.
func AgentVersion(v string) Field { return text(keyAgentVersion, v) }

// Task is the id of the job that the agent works on.
func Task(id string) Field { return text(keyTaskID, id) }

// Session is the id of the conversation.
func Session(id string) Field { return text(keySessionID, id) }

// User is the id of the person it is done for. The record holds a pseudonym.
func User(id string) Field { return text(keyUserID, id) }

// Trace puts the event into a trace of the caller's, rather than that of the
// context. At most 256 bytes.
func Trace(id string) Field { return text(keyTraceID, id) }

// Parent names the event that led to this one, rather than that of the context.
func Parent(eventID string) Field { return text(keyParentEventID, eventID) }

// Service is the program that the agent is part of.
func Service(name string) Field { return text(keyService, name) }

// Environment is where it runs, for example "prod".
func Environment(name string) Field { return text(keyEnvironment, name) }

// Tags mark the event; at most 64.
func Tags(tags ...string) Field { return texts(keyTags, tags) }

// Action is a short verb phrase that says what was done.
func Action(s string) Field { return text(keyAction, s) }

// ToolName is the tool that was called.
func ToolName(s string) Field { return text(keyToolName, s) }

// ToolCallID is the id that the model gave the call.
func ToolCallID(id string) Field { return text(keyToolCallID, id) }

// SideEffect says what the tool does to the world: "none", "read", "write" or
// "irreversible".
func SideEffect(s string) Field { return text(keySideEffect, s) }

// Params is the input: any value that has a JSON form.
func Params(v any) Field { return anyJSON(keyParams, v) }

// Result is the output: any value that has a JSON form.
func Result(v any) Field { return anyJSON(keyResult, v) }

// Duration says how long it took. A negative one is ignored.
func Duration(d time.Duration) Field {
	if d < 0 {
		return None()
	}
	return Field{key: keyDuration, form: formMilli, num: uint64(d)}
}

// Status is "ok", "error", "timeout", "denied" or "cancelled".
func Status(s string) Field { return text(keyStatus, s) }

// Reasoning is the chain of thought, or the rationale.
func Reasoning(s string) Field { return content(keyReasoning, s) }

// Alternatives are the branches that were not taken: any value with a JSON form.
func Alternatives(v any) Field { return anyJSON(keyAlternatives, v) }

// Confidence is how sure the agent was, above 0 and at most 1. The record takes
// 0 for "not said".
func Confidence(x float64) Field { return float(keyConfidence, x) }

// Source says where it came from: "user", "system" or "agent".
func Source(s string) Field { return text(keySource, s) }

// Actor says who acted: typ is "human", "agent", "policy" or "system"; id may
// name a person, and the record then holds a pseudonym; role may be empty.
func Actor(typ, id, role string) Field {
	return Field{key: keyActor, form: formActor, any: &actor{typ, id, role}}
}

type actor struct{ typ, id, role string }

// OnBehalfOf names the persons it is done for; at most 64.
func OnBehalfOf(ids ...string) Field { return texts(keyOnBehalfOf, ids) }

// Inferred says that the event was not observed but deduced.
func Inferred() Field { return text(keyProvenance, "inferred") }

// ApprovalID ties a request for approval, its answer and what was done with it.
func ApprovalID(id string) Field { return text(keyApprovalID, id) }

// Approver is the person who answered. The record holds a pseudonym.
func Approver(id string) Field { return text(keyApprover, id) }

// ArgumentsHash ties an approval to exactly the arguments that were approved. See
// HashOf.
func ArgumentsHash(hash string) Field { return text(keyArgumentsHash, hash) }

// Policy is the id of the rule that was applied.
func Policy(id string) Field { return text(keyPolicyID, id) }

// PolicyVersion is the version of the rule that was applied.
func PolicyVersion(v string) Field { return text(keyPolicyVersion, v) }

// DecisionTime is how long the human took to answer. A negative one is ignored.
func DecisionTime(d time.Duration) Field {
	if d < 0 {
		return None()
	}
	return Field{key: keyDecisionMS, form: formMilli, num: uint64(d)}
}

// ContextSummary is what one agent tells the next at a handoff.
func ContextSummary(s string) Field { return content(keyContextSummary, s) }

// Model is the model that answered, as its provider names it.
func Model(name string) Field { return text(keyModel, name) }

// Provider is who runs the model, for example "openai".
func Provider(name string) Field { return text(keyProvider, name) }

// InputTokens counts input, without what came from or went to a cache.
func InputTokens(n int64) Field { return whole(keyInputTokens, n) }

// OutputTokens counts output, reasoning included.
func OutputTokens(n int64) Field { return whole(keyOutputTokens, n) }

// CacheReadTokens counts input that came from a cache.
func CacheReadTokens(n int64) Field { return whole(keyCacheReadTokens, n) }

// CacheWriteTokens counts input that went to a cache.
func CacheWriteTokens(n int64) Field { return whole(keyCacheWriteTokens, n) }

// ReasoningTokens counts the output that was reasoning.
func ReasoningTokens(n int64) Field { return whole(keyReasoningTokens, n) }

// TokenCount is the total, where the parts are not known.
func TokenCount(n int64) Field { return whole(keyTokenCount, n) }

// CostUSD is what the provider says that it cost, in US dollars. Leave it out
// when it is not known: the record never shows an unknown cost as 0.
func CostUSD(x float64) Field { return float(keyCostUSD, x) }

// CostSource says where a cost comes from: "reported" or "priced".
func CostSource(s string) Field { return text(keyCostSource, s) }

// ErrorType classes an error, for example "TimeoutError".
func ErrorType(s string) Field { return text(keyErrorType, s) }

// StackTrace is where the error happened.
func StackTrace(s string) Field { return content(keyStackTrace, s) }

// Recovery says what is done about an error: "retry", "fallback",
// "circuit_open", "escalate" or "abort".
func Recovery(s string) Field { return text(keyRecovery, s) }

// Attempt counts the tries of one thing, from 1.
func Attempt(n int) Field { return whole(keyAttempt, int64(n)) }

// Rating is what somebody thinks of the answer, on a scale of the caller's.
func Rating(x float64) Field { return float(keyRating, x) }

// Correction is what the answer should have been.
func Correction(s string) Field { return content(keyCorrection, s) }

// Comment is what somebody said about it.
func Comment(s string) Field { return content(keyComment, s) }

// FollowUp is what is to be done next.
func FollowUp(s string) Field { return content(keyFollowUp, s) }

// Resources names the data that was touched; at most 64.
func Resources(list ...hansard.Resource) Field { return anyJSON(keyResources, list) }

// Messages is the raw input of a model: any value that has a JSON form.
func Messages(v any) Field { return anyJSON(keyMessages, v) }

// Response is the raw output of a model: any value that has a JSON form.
func Response(v any) Field { return anyJSON(keyResponse, v) }

// AtLeast keeps the event at least as long as the tier says. It can raise an
// event's tier, never lower it.
func AtLeast(tier hansard.Tier) Field { return text(keyTier, string(tier)) }

// Attr is an attribute of the caller's own: any value that has a JSON form, under
// a name of the caller's.
func Attr(name string, v any) Field {
	return Field{key: keyAttribute, form: formAttr, text: name, any: v}
}

// None is a field that says nothing, for callers that have a field only
// sometimes.
func None() Field { return Field{} }
