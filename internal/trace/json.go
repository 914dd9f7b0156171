package trace

import (
	"encoding/json"
	"time"

	"github.com/hansardhq/hansard"
)

// timelineJSON is the JSON form of a Timeline. Unknown figures are null, empty
// lists [].
type timelineJSON struct {
	TraceID        string          `json:"trace_id"`
	Start          *time.Time      `json:"start"`
	End            *time.Time      `json:"end"`
	DurationMS     json.RawMessage `json:"duration_ms"`
	SyntheticTimes bool            `json:"synthetic_times"`
	Agents         []string        `json:"agents"`
	TotalEvents    int             `json:"total_events"`
	ToolCalls      int             `json:"tool_calls"`
	ToolErrors     int             `json:"tool_errors"`
	Unpaired       int             `json:"unpaired_tool_results"`
	Errors         int             `json:"errors"`
	Handoffs       int             `json:"handoffs"`
	InputTokens    json.RawMessage `json:"input_tokens"`
	OutputTokens   json.RawMessage `json:"output_tokens"`
	CacheRead      json.RawMessage `json:"cache_read_tokens"`
	CacheWrite     json.RawMessage `json:"cache_write_tokens"`
	Reasoning      json.RawMessage `json:"reasoning_tokens"`
	TokenCount     json.RawMessage `json:"token_count"`
	CostUSD        json.RawMessage `json:"cost_usd"`
	Unpriced       int             `json:"unpriced_calls"`
	Truncated      int             `json:"truncated"`
	Dropped        int             `json:"dropped"`
	Withheld       int             `json:"withheld"`
	Pending        int             `json:"pending"`
	Duplicates     int             `json:"duplicates"`
	Orphans        []string        `json:"orphans"`
	Cycles         [][]string      `json:"cycles"`
	Skewed         int             `json:"skewed"`
	Expired        []expiryJSON    `json:"expired"`
	Cut            bool            `json:"cut"`
	Critical       []segmentJSON   `json:"critical_path"`
	Gaps           []gapJSON       `json:"gaps"`
	Retries        []Retry         `json:"retries"`
	Timeline       []lineJSON      `json:"timeline"`
	Tree           []int           `json:"tree"`
}

// MarshalJSON writes the timeline with snake_case names, EVENT.md's where it has
// them. "tree" lists the indexes of "timeline" in order of the tree.
func (tl Timeline) MarshalJSON() ([]byte, error) {
	s := tl.Spend
	j := timelineJSON{
		TraceID: tl.TraceID, DurationMS: fixed(tl.SpanUS, 3), SyntheticTimes: tl.Synthetic, Agents: list(tl.Agents),
		TotalEvents: len(tl.Lines), ToolCalls: tl.ToolCalls, ToolErrors: tl.ToolErrors, Unpaired: tl.Unpaired,
		Errors: tl.Errors, Handoffs: tl.Handoffs, InputTokens: fixed(s.Input, 0), OutputTokens: fixed(s.Output, 0),
		CacheRead: fixed(s.CacheRead, 0), CacheWrite: fixed(s.CacheWrite, 0), Reasoning: fixed(s.Reasoning, 0),
		TokenCount: fixed(s.Tokens, 0), CostUSD: fixed(s.CostNanoUSD, 9), Unpriced: s.Unpriced, Truncated: tl.Loss.Truncated,
		Dropped: tl.Loss.Dropped, Withheld: tl.Loss.Withheld, Pending: tl.Loss.Pending, Duplicates: tl.Duplicates,
		Orphans: list(tl.Orphans), Cycles: list(tl.Cycles), Timeline: make([]lineJSON, len(tl.Lines)), Tree: list(tl.Nested),
		Skewed: tl.Skewed, Cut: tl.Cut, Retries: list(tl.Retries), Expired: expiries(tl.Expired), Critical: []segmentJSON{}, Gaps: []gapJSON{},
	}
	for i := range tl.Lines {
		j.Timeline[i] = tl.Lines[i].json() // a Marshaler for each would be written twice
	}
	for _, c := range tl.Critical {
		j.Critical = append(j.Critical, segmentJSON{c.EventID, c.Start, fixed(hansard.Some(c.US), 3)})
	}
	for _, g := range tl.Gaps {
		j.Gaps = append(j.Gaps, gapJSON{g.Start, fixed(hansard.Some(g.US), 3), g.After, g.Before})
	}
	if len(tl.Lines) > 0 {
		j.Start, j.End = &tl.Start, &tl.End
	}
	return json.Marshal(j)
}

// lineJSON is the JSON form of a Line.
type lineJSON struct {
	Time          time.Time       `json:"time"`
	Agent         string          `json:"agent"`
	Action        string          `json:"action"`
	Details       string          `json:"details"`
	Duration      string          `json:"duration"`
	Status        string          `json:"status"`
	EventID       string          `json:"event_id"`
	EventType     string          `json:"event_type"`
	ParentEventID string          `json:"parent_event_id,omitempty"`
	ToolName      string          `json:"tool_name,omitempty"`
	DurationMS    json.RawMessage `json:"duration_ms"`
	Position      uint64          `json:"position"`
	Tier          hansard.Tier    `json:"tier,omitempty"`
	Depth         int             `json:"depth"`
	Orphan        bool            `json:"orphan,omitempty"`
	Cycle         bool            `json:"cycle,omitempty"`
	HasError      bool            `json:"has_error"`
	CriticalMS    json.RawMessage `json:"critical_ms,omitempty"`
	SkewMS        json.RawMessage `json:"skew_ms,omitempty"`
	Branch        *branchJSON     `json:"branch,omitempty"`
}

// branchJSON is the JSON form of a Branch.
type branchJSON struct {
	Events     int             `json:"events"`
	Errors     int             `json:"errors"`
	DurationMS json.RawMessage `json:"duration_ms"`
	TokenCount json.RawMessage `json:"token_count"`
	CostUSD    json.RawMessage `json:"cost_usd"`
	Unpriced   int             `json:"unpriced_calls"`
}

// expiryJSON is the JSON form of an Expiry.
type expiryJSON struct {
	Tier  hansard.Tier `json:"tier"`
	Until *time.Time   `json:"until"` // null: all have expired
}

func expiries(all []Expiry) []expiryJSON {
	out := make([]expiryJSON, len(all))
	for i, x := range all {
		if out[i].Tier = x.Tier; !x.Until.IsZero() {
			out[i].Until = &x.Until
		}
	}
	return out
}

// segmentJSON is the JSON form of a Segment.
type segmentJSON struct {
	EventID    string          `json:"event_id"`
	Start      time.Time       `json:"start"`
	DurationMS json.RawMessage `json:"duration_ms"`
}

// gapJSON is the JSON form of a Gap.
type gapJSON struct {
	Start      time.Time       `json:"start"`
	DurationMS json.RawMessage `json:"duration_ms"`
	After      string          `json:"after"`
	Before     string          `json:"before"`
}

// MarshalJSON writes the retry with snake_case names.
func (r Retry) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Tool      string          `json:"tool_name"`
		Agent     string          `json:"agent_name"`
		Calls     []string        `json:"event_ids"`
		Failed    int             `json:"failed"`
		Recovered bool            `json:"recovered"`
		Errors    []string        `json:"error_types"`
		Start     time.Time       `json:"start"`
		WaitedMS  json.RawMessage `json:"waited_ms"`
	}{r.Tool, r.Agent, list(r.Calls), r.Failed, r.Recovered, list(r.Errors), r.Start, fixed(hansard.Some(r.WaitedUS), 3)})
}

// positive writes microseconds as milliseconds; nothing for 0.
func positive(us int64) json.RawMessage {
	if us == 0 {
		return nil
	}
	return fixed(hansard.Some(us), 3)
}

// MarshalJSON writes the line with snake_case names; an unknown duration is ""
// and null.
func (l Line) MarshalJSON() ([]byte, error) { return json.Marshal(l.json()) }

func (l *Line) json() lineJSON {
	var branch *branchJSON
	if b := l.Branch; b != nil {
		branch = &branchJSON{b.Events, b.Errors, fixed(b.US, 3), fixed(b.Spend.Tokens, 0), fixed(b.Spend.CostNanoUSD, 9), b.Spend.Unpriced}
	}
	return lineJSON{
		l.Time, l.Agent, l.Action, l.Details, l.Duration, l.Status, l.EventID, l.EventType, l.ParentEventID,
		l.ToolName, fixed(l.DurationUS, 3), l.Position, l.Tier, l.Depth, l.Orphan, l.Cycle, l.Erred,
		positive(l.CriticalUS), positive(l.SkewUS), branch,
	}
}

// fixed writes n * 10^-places exactly; null when absent.
func fixed(n hansard.Opt[int64], places int) json.RawMessage {
	if !n.Set {
		return json.RawMessage("null")
	}
	return json.RawMessage(Decimal(n.V, places))
}

// list returns s, or an empty list for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
