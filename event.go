package hansard

import "encoding/json"

// MaxSafeInteger is the largest integer that an envelope may hold: 2^53 - 1,
// the largest that RFC 8785 canonical JSON renders exactly.
const MaxSafeInteger = 1<<53 - 1

// The event types. A custom type begins with "x." and is kept as sent.
const (
	TypeInvocation        = "agent.invocation"
	TypeReasoning         = "agent.reasoning"
	TypeToolCall          = "agent.tool_call"
	TypeToolResult        = "agent.tool_result"
	TypeDecision          = "agent.decision"
	TypeLLMResponse       = "agent.llm_response"
	TypeError             = "agent.error"
	TypeHandoff           = "agent.handoff"
	TypeHumanIntervention = "agent.human_intervention"
	TypeTokenUsage        = "agent.token_usage"
	TypeFeedback          = "agent.feedback"
	TypeSecurity          = "agent.security"
	TypeCompliance        = "agent.compliance"
	TypeLifecycle         = "agent.lifecycle"
	TypeGeneric           = "agent.generic"
)

// EventTypes lists the event types in the order of EVENT.md.
var EventTypes = []string{
	TypeInvocation, TypeReasoning, TypeToolCall, TypeToolResult, TypeDecision,
	TypeLLMResponse, TypeError, TypeHandoff, TypeHumanIntervention, TypeTokenUsage,
	TypeFeedback, TypeSecurity, TypeCompliance, TypeLifecycle, TypeGeneric,
}

// Enumerated values of envelope fields. A value outside an enumeration is not
// lost: the dialect moves it to Attributes.
var (
	SideEffects     = []string{"none", "read", "write", "irreversible"}
	Statuses        = []string{"ok", "error", "timeout", "denied", "cancelled"}
	Sources         = []string{"user", "system", "agent"}
	ActorTypes      = []string{"human", "agent", "policy", "system"}
	Provenances     = []string{"observed", "inferred"}
	Interventions   = []string{"requested", "approval", "rejection", "override", "confirmation", "escalation", "stop"}
	CostSources     = []string{"reported", "priced", "unpriced"}
	RecoveryActions = []string{"retry", "fallback", "circuit_open", "escalate", "abort"}
)

// Time sources: where an event's timestamp came from.
const (
	TimeFromSender = "sender"    // the sender said when it happened
	TimeOfReceipt  = "receipt"   // the sender did not; the receipt time stands in
	TimeSynthetic  = "synthetic" // a converter invented it; no latency may be read from it
)

// Resource is one piece of data that an event touched.
type Resource struct {
	// Kind is what it is, for example "table" or "customer".
	Kind string `json:"kind,omitempty"`
	// ID names it. It may name a person: in the envelope it is a pseudonym
	// and the clear value is content.
	ID string `json:"id,omitempty"`
	// Operation is what was done, for example "read".
	Operation string `json:"operation,omitempty"`
	// DataClass is its class, for example "pii" or "public".
	DataClass string `json:"data_class,omitempty"`
}

// Event is what happened, in our words (EVENT.md). Times are Unix nanoseconds,
// durations microseconds and money nano-dollars, as integers, so that sums do
// not depend on their order. An empty string means absent.
//
// Fields marked "content" are committed to by a salted digest and can be
// erased; fields marked "person" name a person: redaction moves the clear value
// to content and leaves a keyed pseudonym here. All others are the envelope.
type Event struct {
	// Identity.
	EventID       string // unique per tenant; the server gives a UUIDv7 when it is empty
	EventType     string // one of EventTypes, or "x.*"
	Timestamp     int64  // Unix nanoseconds; 0: absent, receipt time is used
	AgentName     string
	AgentID       string
	AgentVersion  string
	TaskID        string
	SessionID     string
	UserID        string // person
	TraceID       string // empty: the event id is its trace
	SpanID        string
	ParentEventID string
	Service       string
	Environment   string
	Tags          []string

	// What.
	Action     string
	ToolName   string
	ToolCallID string
	SideEffect string          // one of SideEffects
	Params     json.RawMessage // content; any JSON
	Result     json.RawMessage // content; any JSON
	DurationUS Opt[int64]      // microseconds, >= 0
	Status     string          // one of Statuses

	// Why.
	Reasoning    string // content
	Decision     string
	Alternatives json.RawMessage // content; any JSON
	Confidence   Opt[float64]    // 0..1

	// Who.
	Source     string   // one of Sources
	ActorType  string   // one of ActorTypes
	ActorID    string   // person
	ActorRole  string   //
	OnBehalfOf []string // persons
	Provenance string   // one of Provenances

	// Human intervention.
	Intervention  string // one of Interventions
	ApprovalID    string
	Approver      string // person
	ArgumentsHash string
	PolicyID      string
	PolicyVersion string
	DecisionUS    Opt[int64] // microseconds, >= 0; decision_ms in JSON

	// Handoff.
	HandoffFrom    string
	HandoffTo      string
	ContextSummary string // content

	// Cost.
	Model            string
	Provider         string
	InputTokens      Opt[int64]
	OutputTokens     Opt[int64]
	CacheReadTokens  Opt[int64]
	CacheWriteTokens Opt[int64]
	ReasoningTokens  Opt[int64] // part of OutputTokens
	TokenCount       Opt[int64] // total
	CostNanoUSD      Opt[int64] // nano-dollars; cost_usd in JSON
	CostSource       string     // one of CostSources

	// Error.
	Error          string // content
	ErrorType      string
	StackTrace     string // content
	RecoveryAction string // one of RecoveryActions
	Attempt        Opt[int64]

	// Feedback.
	Rating     Opt[float64]
	Correction string // content
	Comment    string // content
	FollowUp   string // content

	// Data touched.
	Resources []Resource

	// Model input and output, and everything else that the source said.
	Messages   json.RawMessage // content; any JSON
	Response   json.RawMessage // content; any JSON
	Attributes json.RawMessage // content; a JSON object

	// Set by a dialect, never by a sender.
	Dialect    string   // the dialect that read it, for example "flat" or "tau-bench"
	TimeSource string   // one of the Time constants
	Labels     []string // for example "aggregate": tokens and cost are repeated elsewhere and never summed
	RaiseTier  Tier     // the least tier that the event asks for; it can raise, never lower
	Truncated  bool     // something was cut or moved to fit the bounds
}
