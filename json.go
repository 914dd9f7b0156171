package hansard

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// wire is the JSON form of an entry: EVENT.md's names, absent values left out.
type wire struct {
	EventID       string          `json:"event_id"`
	EventType     string          `json:"event_type"`
	Timestamp     string          `json:"timestamp"`
	AgentName     string          `json:"agent_name,omitempty"`
	AgentID       string          `json:"agent_id,omitempty"`
	AgentVersion  string          `json:"agent_version,omitempty"`
	TaskID        string          `json:"task_id,omitempty"`
	SessionID     string          `json:"session_id,omitempty"`
	UserID        string          `json:"user_id,omitempty"`
	TraceID       string          `json:"trace_id,omitempty"`
	SpanID        string          `json:"span_id,omitempty"`
	ParentEventID string          `json:"parent_event_id,omitempty"`
	Service       string          `json:"service,omitempty"`
	Environment   string          `json:"environment,omitempty"`
	Tags          []string        `json:"tags,omitempty"`
	Action        string          `json:"action,omitempty"`
	ToolName      string          `json:"tool_name,omitempty"`
	ToolCallID    string          `json:"tool_call_id,omitempty"`
	SideEffect    string          `json:"side_effect,omitempty"`
	Params        json.RawMessage `json:"params,omitempty"`
	Result        json.RawMessage `json:"result,omitempty"`
	DurationMS    json.Number     `json:"duration_ms,omitempty"`
	Status        string          `json:"status,omitempty"`
	Reasoning     string          `json:"reasoning,omitempty"`
	Decision      string          `json:"decision,omitempty"`
	Alternatives  json.RawMessage `json:"alternatives,omitempty"`
	Confidence    *float64        `json:"confidence,omitempty"`
	Source        string          `json:"source,omitempty"`
	Actor         *wireActor      `json:"actor,omitempty"`
	OnBehalfOf    []string        `json:"on_behalf_of,omitempty"`
	Provenance    string          `json:"provenance,omitempty"`
	Intervention  string          `json:"intervention,omitempty"`
	ApprovalID    string          `json:"approval_id,omitempty"`
	Approver      string          `json:"approver,omitempty"`
	ArgumentsHash string          `json:"arguments_hash,omitempty"`
	PolicyID      string          `json:"policy_id,omitempty"`
	PolicyVersion string          `json:"policy_version,omitempty"`
	DecisionMS    json.Number     `json:"decision_ms,omitempty"`
	HandoffFrom   string          `json:"handoff_from,omitempty"`
	HandoffTo     string          `json:"handoff_to,omitempty"`
	Context       string          `json:"context_summary,omitempty"`
	Model         string          `json:"model,omitempty"`
	Provider      string          `json:"provider,omitempty"`
	Input         *int64          `json:"input_tokens,omitempty"`
	Output        *int64          `json:"output_tokens,omitempty"`
	CacheRead     *int64          `json:"cache_read_tokens,omitempty"`
	CacheWrite    *int64          `json:"cache_write_tokens,omitempty"`
	ReasoningTok  *int64          `json:"reasoning_tokens,omitempty"`
	TokenCount    *int64          `json:"token_count,omitempty"`
	CostUSD       json.Number     `json:"cost_usd,omitempty"`
	CostSource    string          `json:"cost_source,omitempty"`
	Error         string          `json:"error,omitempty"`
	ErrorType     string          `json:"error_type,omitempty"`
	StackTrace    string          `json:"stack_trace,omitempty"`
	Recovery      string          `json:"recovery_action,omitempty"`
	Attempt       *int64          `json:"attempt,omitempty"`
	Rating        *float64        `json:"rating,omitempty"`
	Correction    string          `json:"correction,omitempty"`
	Comment       string          `json:"comment,omitempty"`
	FollowUp      string          `json:"follow_up,omitempty"`
	Resources     []Resource      `json:"resources,omitempty"`
	Messages      json.RawMessage `json:"messages,omitempty"`
	Response      json.RawMessage `json:"response,omitempty"`
	Attributes    json.RawMessage `json:"attributes,omitempty"`
	Persons       json.RawMessage `json:"persons,omitempty"`

	Position    uint64           `json:"position"`
	ReceivedAt  string           `json:"received_at"`
	SubmittedBy string           `json:"submitted_by,omitempty"`
	Tier        Tier             `json:"tier"`
	Labels      []string         `json:"labels,omitempty"`
	Redactions  map[string]int64 `json:"redactions,omitempty"`
	Truncated   bool             `json:"truncated,omitempty"`
	Dialect     string           `json:"dialect,omitempty"`
	TimeSource  string           `json:"time_source,omitempty"`
	Statement   json.RawMessage  `json:"statement,omitempty"`
	Content     *wireContent     `json:"content,omitempty"`
	Erased      bool             `json:"erased,omitempty"`
	Log         string           `json:"log"`
	Index       uint64           `json:"index"`
	LeafHash    string           `json:"leaf_hash,omitempty"`
}

type wireActor struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id,omitempty"`
	Role string `json:"role,omitempty"`
}

type wireContent struct {
	Alg    string `json:"alg"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	Salt   string `json:"salt,omitempty"` // gone after an erasure
}

// MarshalJSON renders the entry with EVENT.md's names. Durations are in
// milliseconds and money in dollars, as exact decimals.
func (e *Entry) MarshalJSON() ([]byte, error) {
	w := wire{
		EventID: e.EventID, EventType: e.EventType, Timestamp: rfc3339(e.Timestamp), AgentName: e.AgentName, AgentID: e.AgentID,
		AgentVersion: e.AgentVersion, TaskID: e.TaskID, SessionID: e.SessionID, UserID: e.UserID, TraceID: e.TraceID,
		SpanID: e.SpanID, ParentEventID: e.ParentEventID, Service: e.Service, Environment: e.Environment, Tags: e.Tags,
		Action: e.Action, ToolName: e.ToolName, ToolCallID: e.ToolCallID, SideEffect: e.SideEffect, Params: e.Params,
		Result: e.Result, DurationMS: decimal(e.DurationUS, 3), Status: e.Status, Reasoning: e.Reasoning, Decision: e.Decision,
		Alternatives: e.Alternatives, Confidence: pointer(e.Confidence), Source: e.Source, OnBehalfOf: e.OnBehalfOf,
		Provenance: e.Provenance, Intervention: e.Intervention, ApprovalID: e.ApprovalID, Approver: e.Approver,
		ArgumentsHash: e.ArgumentsHash, PolicyID: e.PolicyID, PolicyVersion: e.PolicyVersion, DecisionMS: decimal(e.DecisionUS, 3),
		HandoffFrom: e.HandoffFrom, HandoffTo: e.HandoffTo, Context: e.ContextSummary, Model: e.Model, Provider: e.Provider,
		Input: pointer(e.InputTokens), Output: pointer(e.OutputTokens), CacheRead: pointer(e.CacheReadTokens),
		CacheWrite: pointer(e.CacheWriteTokens), ReasoningTok: pointer(e.ReasoningTokens), TokenCount: pointer(e.TokenCount),
		CostUSD: decimal(e.CostNanoUSD, 9), CostSource: e.CostSource, Error: e.Error, ErrorType: e.ErrorType,
		StackTrace: e.StackTrace, Recovery: e.RecoveryAction, Attempt: pointer(e.Attempt), Rating: pointer(e.Rating),
		Correction: e.Correction, Comment: e.Comment, FollowUp: e.FollowUp, Resources: e.Resources, Messages: e.Messages,
		Response: e.Response, Attributes: e.Attributes, Persons: e.Persons, Position: e.Position,
		ReceivedAt: rfc3339(e.ReceivedAt), SubmittedBy: e.SubmittedBy, Tier: e.Tier, Labels: e.Labels, Truncated: e.Truncated,
		Dialect: e.Dialect, TimeSource: e.TimeSource, Statement: e.Statement, Log: e.Log.String(), Index: e.Index,
	}
	if e.ActorType != "" || e.ActorID != "" || e.ActorRole != "" {
		w.Actor = &wireActor{e.ActorType, e.ActorID, e.ActorRole}
	}
	for _, r := range e.Redactions {
		if w.Redactions == nil {
			w.Redactions = map[string]int64{}
		}
		w.Redactions[r.Kind] = r.N
	}
	if e.ContentSize > 0 {
		w.Content = &wireContent{"sha256", e.ContentDigest.String(), e.ContentSize, hex.EncodeToString(e.Salt)}
		w.Erased = len(e.Salt) == 0
	}
	if e.LeafHash != (Hash{}) {
		w.LeafHash = e.LeafHash.String()
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Entry) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*e = Entry{
		Event: Event{
			EventID: w.EventID, EventType: w.EventType, AgentName: w.AgentName, AgentID: w.AgentID, AgentVersion: w.AgentVersion,
			TaskID: w.TaskID, SessionID: w.SessionID, UserID: w.UserID, TraceID: w.TraceID, SpanID: w.SpanID,
			ParentEventID: w.ParentEventID, Service: w.Service, Environment: w.Environment, Tags: w.Tags, Action: w.Action,
			ToolName: w.ToolName, ToolCallID: w.ToolCallID, SideEffect: w.SideEffect, Params: w.Params, Result: w.Result,
			Status: w.Status, Reasoning: w.Reasoning, Decision: w.Decision, Alternatives: w.Alternatives,
			Confidence: opt(w.Confidence), Source: w.Source, OnBehalfOf: w.OnBehalfOf, Provenance: w.Provenance,
			Intervention: w.Intervention, ApprovalID: w.ApprovalID, Approver: w.Approver, ArgumentsHash: w.ArgumentsHash,
			PolicyID: w.PolicyID, PolicyVersion: w.PolicyVersion, HandoffFrom: w.HandoffFrom, HandoffTo: w.HandoffTo,
			ContextSummary: w.Context, Model: w.Model, Provider: w.Provider, InputTokens: opt(w.Input), OutputTokens: opt(w.Output),
			CacheReadTokens: opt(w.CacheRead), CacheWriteTokens: opt(w.CacheWrite), ReasoningTokens: opt(w.ReasoningTok),
			TokenCount: opt(w.TokenCount), CostSource: w.CostSource, Error: w.Error, ErrorType: w.ErrorType,
			StackTrace: w.StackTrace, RecoveryAction: w.Recovery, Attempt: opt(w.Attempt), Rating: opt(w.Rating),
			Correction: w.Correction, Comment: w.Comment, FollowUp: w.FollowUp, Resources: w.Resources, Messages: w.Messages,
			Response: w.Response, Attributes: w.Attributes, Dialect: w.Dialect, TimeSource: w.TimeSource, Labels: w.Labels,
			Truncated: w.Truncated,
		},
		Encoder: EncoderVersion, Position: w.Position, SubmittedBy: w.SubmittedBy, Tier: w.Tier, Statement: w.Statement,
		Persons: w.Persons, Index: w.Index,
	}
	if w.Actor != nil {
		e.ActorType, e.ActorID, e.ActorRole = w.Actor.Type, w.Actor.ID, w.Actor.Role
	}
	return e.unmarshalRest(&w)
}

func (e *Entry) unmarshalRest(w *wire) (err error) {
	tenant, tier, _ := strings.Cut(w.Log, "/")
	e.Log = LogID{tenant, Tier(tier)}
	if e.Timestamp, err = unixNano(w.Timestamp); err != nil {
		return err
	}
	if e.ReceivedAt, err = unixNano(w.ReceivedAt); err != nil {
		return err
	}
	for number, field := range map[*json.Number]*Opt[int64]{&w.DurationMS: &e.DurationUS, &w.DecisionMS: &e.DecisionUS} {
		if *field, err = scaled(*number, 1_000); err != nil {
			return err
		}
	}
	if e.CostNanoUSD, err = scaled(w.CostUSD, 1_000_000_000); err != nil {
		return err
	}
	for kind, n := range w.Redactions {
		e.Redactions = append(e.Redactions, RedactionCount{kind, n})
	}
	sortCounts(e.Redactions)
	if w.Content != nil {
		e.ContentSize = w.Content.Size
		if _, err := hex.Decode(e.ContentDigest[:], []byte(w.Content.Digest)); err != nil {
			return fmt.Errorf("content digest: %w", err)
		}
		if e.Salt, err = hex.DecodeString(w.Content.Salt); err != nil {
			return fmt.Errorf("content salt: %w", err)
		}
		if len(e.Salt) == 0 {
			e.Salt = nil
		}
	}
	_, err = hex.Decode(e.LeafHash[:], []byte(w.LeafHash))
	return err
}

func sortCounts(counts []RedactionCount) {
	for i := range counts {
		for k := i; k > 0 && counts[k].Kind < counts[k-1].Kind; k-- {
			counts[k], counts[k-1] = counts[k-1], counts[k]
		}
	}
}

func rfc3339(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

func unixNano(s string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UnixNano(), err
}

func pointer[T any](o Opt[T]) *T {
	if !o.Set {
		return nil
	}
	return &o.V
}

func opt[T any](p *T) Opt[T] {
	if p == nil {
		return Opt[T]{}
	}
	return Some(*p)
}

// decimal renders v/10^digits without trailing zeros; "" when absent.
func decimal(v Opt[int64], digits int) json.Number {
	if !v.Set {
		return ""
	}
	sign, n := "", v.V
	if n < 0 {
		sign, n = "-", -n
	}
	s := strconv.FormatInt(n, 10)
	if len(s) <= digits {
		s = strings.Repeat("0", digits-len(s)+1) + s
	}
	whole, part := s[:len(s)-digits], strings.TrimRight(s[len(s)-digits:], "0")
	if part == "" {
		return json.Number(sign + whole)
	}
	return json.Number(sign + whole + "." + part)
}

// scaled reads a decimal exactly and multiplies it by scale.
func scaled(n json.Number, scale int64) (Opt[int64], error) {
	if n == "" {
		return Opt[int64]{}, nil
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return Opt[int64]{}, fmt.Errorf("malformed number")
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	if !r.IsInt() || !r.Num().IsInt64() {
		return Opt[int64]{}, fmt.Errorf("number out of range")
	}
	return Some(r.Num().Int64()), nil
}
