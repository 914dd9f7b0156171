package trace

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// The ways in which a step of a Diff differs.
const (
	Same    = "same"    // nothing but when it happened and what it took
	Changed = "changed" // what was said or done, how it ended, tokens or cost
	OnlyA   = "only_a"
	OnlyB   = "only_b"
)

// Diff is how trace B differs from trace A.
type Diff struct {
	A       DiffSide   `json:"a"`
	B       DiffSide   `json:"b"`
	Same    int        `json:"same"`
	Changed int        `json:"changed"`
	OnlyA   int        `json:"only_a"`
	OnlyB   int        `json:"only_b"`
	Steps   []DiffStep `json:"steps"` // in the order of the trees
}

// DiffSide is one of the traces. Unknown figures are null.
type DiffSide struct {
	TraceID    string          `json:"trace_id"`
	Start      *time.Time      `json:"start"`
	Events     int             `json:"total_events"`
	Errors     int             `json:"errors"`
	ToolCalls  int             `json:"tool_calls"`
	DurationMS json.RawMessage `json:"duration_ms"`
	TokenCount json.RawMessage `json:"token_count"`
	CostUSD    json.RawMessage `json:"cost_usd"`
}

// DiffStep is an event of A beside the event of B that has the same type, agent
// and name and the same place among those, or one that has no such event.
type DiffStep struct {
	Change    string      `json:"change"`
	EventType string      `json:"event_type"`
	Agent     string      `json:"agent"`
	Action    string      `json:"action"`
	Depth     int         `json:"depth"`
	A         *DiffEvent  `json:"a,omitempty"`
	B         *DiffEvent  `json:"b,omitempty"`
	Fields    []DiffField `json:"fields"` // what differs, duration_ms among it
}

// DiffEvent is one of the two.
type DiffEvent struct {
	EventID    string          `json:"event_id"`
	Time       time.Time       `json:"time"`
	Details    string          `json:"details"`
	Status     string          `json:"status"`
	DurationMS json.RawMessage `json:"duration_ms"`
}

// DiffField is a field that differs, or a member of params, result or response:
// "params.order_id". A value that is not there is null.
type DiffField struct {
	Name string          `json:"name"`
	A    json.RawMessage `json:"a"`
	B    json.RawMessage `json:"b"`
}

// NewDiff compares the entries of two traces.
func NewDiff(a, b []*hansard.Entry) Diff {
	d := Diff{A: side(a), B: side(b), Steps: []DiffStep{}}
	treeA, treeB := NewTree(a).Nodes, NewTree(b).Nodes
	names := map[string]int{}
	for _, p := range align(keysOf(treeA, names), keysOf(treeB, names)) {
		switch {
		case p.b == none:
			d.OnlyA++
			d.Steps = append(d.Steps, alone(treeA[p.a], OnlyA))
		case p.a == none:
			d.OnlyB++
			d.Steps = append(d.Steps, alone(treeB[p.b], OnlyB))
		default:
			s := both(treeA[p.a], treeB[p.b])
			if s.Change == Same {
				d.Same++
			} else {
				d.Changed++
			}
			d.Steps = append(d.Steps, s)
		}
	}
	return d
}

func side(entries []*hansard.Entry) DiffSide {
	tl := NewTimeline(entries)
	s := DiffSide{
		TraceID: tl.TraceID, Events: len(tl.Lines), Errors: tl.Errors, ToolCalls: tl.ToolCalls,
		DurationMS: fixed(tl.SpanUS, 3), TokenCount: fixed(tl.Spend.Tokens, 0), CostUSD: fixed(tl.Spend.CostNanoUSD, 9),
	}
	if len(tl.Lines) > 0 {
		s.Start = &tl.Start
	}
	return s
}

// keysOf returns for each node a number that stands for its type, agent and name.
func keysOf(nodes []Node, names map[string]int) []int {
	keys := make([]int, len(nodes))
	for i, n := range nodes {
		e := n.Entry
		name := e.EventType + "\x00" + e.AgentName + "\x00" + or(e.ToolName, e.HandoffTo, e.Action)
		key, ok := names[name]
		if !ok {
			key = len(names)
			names[name] = key
		}
		keys[i] = key
	}
	return keys
}

func stepOf(n Node, change string) DiffStep {
	return DiffStep{Change: change, EventType: n.Entry.EventType, Agent: n.Entry.AgentName, Action: Action(n.Entry), Depth: n.Depth, Fields: []DiffField{}}
}

func eventOf(e *hansard.Entry) *DiffEvent {
	return &DiffEvent{EventID: e.EventID, Time: time.Unix(0, happened(e)).UTC(), Details: Details(e), Status: status(e), DurationMS: fixed(e.DurationUS, 3)}
}

func alone(n Node, change string) DiffStep {
	s := stepOf(n, change)
	if change == OnlyA {
		s.A = eventOf(n.Entry)
	} else {
		s.B = eventOf(n.Entry)
	}
	return s
}

func both(a, b Node) DiffStep {
	s := stepOf(a, Same)
	s.A, s.B = eventOf(a.Entry), eventOf(b.Entry)
	s.Fields = append(s.Fields, contentFields(a.Entry, b.Entry)...)
	s.Fields = append(s.Fields, figureFields(a.Entry, b.Entry)...)
	if len(s.Fields) > 0 {
		s.Change = Changed
	}
	if f, ok := differ("duration_ms", s.A.DurationMS, s.B.DurationMS); ok {
		s.Fields = append(s.Fields, f)
	}
	return s
}

// contentFields are what was said or done and how it ended, where that differs.
func contentFields(a, b *hansard.Entry) []DiffField {
	var fields []DiffField
	text := func(name, x, y string) {
		if x != y {
			fields = append(fields, DiffField{name, quoted(x), quoted(y)})
		}
	}
	text("status", status(a), status(b))
	text("error_type", a.ErrorType, b.ErrorType)
	text("error", a.Error, b.Error)
	text("action", Action(a), Action(b))
	fields = members(fields, "params", a.Params, b.Params, 0)
	fields = members(fields, "result", a.Result, b.Result, 0)
	text("decision", a.Decision, b.Decision)
	text("reasoning", a.Reasoning, b.Reasoning)
	text("context_summary", a.ContextSummary, b.ContextSummary)
	fields = members(fields, "response", a.Response, b.Response, 0)
	text("model", a.Model, b.Model)
	text("approver", a.Approver, b.Approver)
	text("recovery_action", a.RecoveryAction, b.RecoveryAction)
	return fields
}

// figureFields are tokens and cost, where they differ.
func figureFields(a, b *hansard.Entry) []DiffField {
	var fields []DiffField
	number := func(name string, x, y hansard.Opt[int64], places int) {
		if f, ok := differ(name, fixed(x, places), fixed(y, places)); ok {
			fields = append(fields, f)
		}
	}
	number("input_tokens", a.InputTokens, b.InputTokens, 0)
	number("output_tokens", a.OutputTokens, b.OutputTokens, 0)
	number("cache_read_tokens", a.CacheReadTokens, b.CacheReadTokens, 0)
	number("cache_write_tokens", a.CacheWriteTokens, b.CacheWriteTokens, 0)
	number("cost_usd", a.CostNanoUSD, b.CostNanoUSD, 9)
	return fields
}

func differ(name string, a, b json.RawMessage) (DiffField, bool) {
	return DiffField{name, a, b}, !bytes.Equal(a, b)
}

const (
	maxDiffDepth  = 4    // down to which members of objects are compared one by one
	maxDiffFields = 100  // of one event
	maxDiffText   = 2000 // of one value, in bytes
)

// members appends what differs between two JSON values: of objects, the members.
func members(fields []DiffField, name string, a, b []byte, depth int) []DiffField {
	a, b = trimmed(a), trimmed(b)
	if len(fields) >= maxDiffFields || bytes.Equal(canonical(nil, a, 0), canonical(nil, b, 0)) {
		return fields
	}
	if depth >= maxDiffDepth || len(a) == 0 || len(b) == 0 || a[0] != '{' || b[0] != '{' {
		return append(fields, DiffField{name, clipped(a), clipped(b)})
	}
	seen := map[string]bool{}
	for _, raw := range [][]byte{a, b} {
		_ = rawjson.Object(raw, func(key, _ []byte) error { // it was checked when it came
			member := string(rawjson.Unquote(nil, key))
			if !seen[member] {
				seen[member] = true
				fields = members(fields, name+"."+member, rawjson.Get(a, member), rawjson.Get(b, member), depth+1)
			}
			return nil
		})
	}
	return fields
}

func trimmed(raw []byte) []byte { return bytes.Trim(raw, " \t\r\n") }

// quoted is a text as JSON; null where there is none.
func quoted(s string) json.RawMessage {
	if s == "" {
		return json.RawMessage("null")
	}
	if len(s) > maxDiffText {
		s = strings.ToValidUTF8(s[:maxDiffText], "") + "…"
	}
	return rawjson.AppendQuote(nil, s)
}

// clipped is a JSON value; what is long becomes the begin of its text.
func clipped(raw []byte) json.RawMessage {
	switch {
	case len(raw) == 0:
		return json.RawMessage("null")
	case len(raw) <= maxDiffText:
		return bytes.Clone(raw)
	}
	return quoted(string(raw))
}
