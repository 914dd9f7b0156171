package remote

import (
	"encoding/json"
	"math/big"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// timeline is the JSON of a trace.Timeline.
type timeline struct {
	TraceID    string        `json:"trace_id"`
	Start      time.Time     `json:"start"`
	End        time.Time     `json:"end"`
	DurationMS *json.Number  `json:"duration_ms"`
	Synthetic  bool          `json:"synthetic_times"`
	Agents     []string      `json:"agents"`
	ToolCalls  int           `json:"tool_calls"`
	ToolErrors int           `json:"tool_errors"`
	Unpaired   int           `json:"unpaired_tool_results"`
	Errors     int           `json:"errors"`
	Handoffs   int           `json:"handoffs"`
	Input      *json.Number  `json:"input_tokens"`
	Output     *json.Number  `json:"output_tokens"`
	CacheRead  *json.Number  `json:"cache_read_tokens"`
	CacheWrite *json.Number  `json:"cache_write_tokens"`
	Reasoning  *json.Number  `json:"reasoning_tokens"`
	Tokens     *json.Number  `json:"token_count"`
	CostUSD    *json.Number  `json:"cost_usd"`
	Unpriced   int           `json:"unpriced_calls"`
	Truncated  int           `json:"truncated"`
	Dropped    int           `json:"dropped"`
	Withheld   int           `json:"withheld"`
	Pending    int           `json:"pending"`
	Duplicates int           `json:"duplicates"`
	Orphans    []string      `json:"orphans"`
	Cycles     [][]string    `json:"cycles"`
	Skewed     int           `json:"skewed"`
	Cut        bool          `json:"cut"`
	Expired    []expiry      `json:"expired"`
	Critical   []pathSegment `json:"critical_path"`
	Gaps       []gap         `json:"gaps"`
	Retries    []retry       `json:"retries"`
	Lines      []line        `json:"timeline"`
	Nested     []int         `json:"tree"`
}

// line is the JSON of a trace.Line.
type line struct {
	Time          time.Time    `json:"time"`
	Agent         string       `json:"agent"`
	Action        string       `json:"action"`
	Details       string       `json:"details"`
	Duration      string       `json:"duration"`
	Status        string       `json:"status"`
	EventID       string       `json:"event_id"`
	EventType     string       `json:"event_type"`
	ParentEventID string       `json:"parent_event_id"`
	ToolName      string       `json:"tool_name"`
	DurationMS    *json.Number `json:"duration_ms"`
	Position      uint64       `json:"position"`
	Tier          hansard.Tier `json:"tier"`
	Depth         int          `json:"depth"`
	Orphan        bool         `json:"orphan"`
	Cycle         bool         `json:"cycle"`
	HasError      bool         `json:"has_error"`
	CriticalMS    *json.Number `json:"critical_ms"`
	SkewMS        *json.Number `json:"skew_ms"`
	Branch        *branch      `json:"branch"`
}

// branch is the JSON of a trace.Branch.
type branch struct {
	Events     int          `json:"events"`
	Errors     int          `json:"errors"`
	DurationMS *json.Number `json:"duration_ms"`
	Tokens     *json.Number `json:"token_count"`
	CostUSD    *json.Number `json:"cost_usd"`
	Unpriced   int          `json:"unpriced_calls"`
}

// expiry is the JSON of a trace.Expiry.
type expiry struct {
	Tier  hansard.Tier `json:"tier"`
	Until time.Time    `json:"until"`
}

// pathSegment is the JSON of a trace.Segment.
type pathSegment struct {
	EventID    string       `json:"event_id"`
	Start      time.Time    `json:"start"`
	DurationMS *json.Number `json:"duration_ms"`
}

// gap is the JSON of a trace.Gap.
type gap struct {
	Start      time.Time    `json:"start"`
	DurationMS *json.Number `json:"duration_ms"`
	After      string       `json:"after"`
	Before     string       `json:"before"`
}

// retry is the JSON of a trace.Retry.
type retry struct {
	Tool      string       `json:"tool_name"`
	Agent     string       `json:"agent_name"`
	Calls     []string     `json:"event_ids"`
	Failed    int          `json:"failed"`
	Recovered bool         `json:"recovered"`
	Errors    []string     `json:"error_types"`
	Start     time.Time    `json:"start"`
	WaitedMS  *json.Number `json:"waited_ms"`
}

// time fills in where the time went.
func (t timeline) time(tl *trace.Timeline) {
	for _, x := range t.Expired {
		tl.Expired = append(tl.Expired, trace.Expiry{Tier: x.Tier, Until: x.Until})
	}
	for _, s := range t.Critical {
		tl.Critical = append(tl.Critical, trace.Segment{EventID: s.EventID, Start: s.Start, US: scaled(s.DurationMS, 1_000).V})
	}
	for _, g := range t.Gaps {
		tl.Gaps = append(tl.Gaps, trace.Gap{Start: g.Start, US: scaled(g.DurationMS, 1_000).V, After: g.After, Before: g.Before})
	}
	for _, r := range t.Retries {
		tl.Retries = append(tl.Retries, trace.Retry{
			Tool: r.Tool, Agent: r.Agent, Calls: r.Calls, Failed: r.Failed, Recovered: r.Recovered, Errors: r.Errors,
			Start: r.Start, WaitedUS: scaled(r.WaitedMS, 1_000).V,
		})
	}
}

// branch returns the trace.Branch; nil for none.
func (b *branch) branch() *trace.Branch {
	if b == nil {
		return nil
	}
	return &trace.Branch{
		Events: b.Events, Errors: b.Errors, US: scaled(b.DurationMS, 1_000),
		Spend: trace.Spend{Tokens: scaled(b.Tokens, 1), CostNanoUSD: scaled(b.CostUSD, 1_000_000_000), Unpriced: b.Unpriced},
	}
}

func (t timeline) timeline() trace.Timeline {
	tl := trace.Timeline{
		TraceID: t.TraceID, Start: t.Start, End: t.End, SpanUS: scaled(t.DurationMS, 1_000), Synthetic: t.Synthetic,
		Agents: t.Agents, ToolCalls: t.ToolCalls, ToolErrors: t.ToolErrors, Unpaired: t.Unpaired, Errors: t.Errors,
		Handoffs: t.Handoffs, Duplicates: t.Duplicates, Orphans: t.Orphans, Cycles: t.Cycles,
		Loss: trace.Loss{Truncated: t.Truncated, Dropped: t.Dropped, Withheld: t.Withheld, Pending: t.Pending},
		Spend: trace.Spend{
			Input: scaled(t.Input, 1), Output: scaled(t.Output, 1), CacheRead: scaled(t.CacheRead, 1),
			CacheWrite: scaled(t.CacheWrite, 1), Reasoning: scaled(t.Reasoning, 1), Tokens: scaled(t.Tokens, 1),
			CostNanoUSD: scaled(t.CostUSD, 1_000_000_000), Unpriced: t.Unpriced,
		},
	}
	tl.Skewed, tl.Cut = t.Skewed, t.Cut
	t.time(&tl)
	for _, l := range t.Lines {
		tl.Lines = append(tl.Lines, trace.Line{
			Time: l.Time, Agent: l.Agent, Action: l.Action, Details: l.Details, Duration: l.Duration, Status: l.Status,
			EventID: l.EventID, EventType: l.EventType, ParentEventID: l.ParentEventID, ToolName: l.ToolName,
			DurationUS: scaled(l.DurationMS, 1_000), Position: l.Position, Tier: l.Tier, Depth: max(l.Depth, 0),
			Orphan: l.Orphan, Cycle: l.Cycle, Erred: l.HasError, Branch: l.Branch.branch(),
			CriticalUS: scaled(l.CriticalMS, 1_000).V, SkewUS: scaled(l.SkewMS, 1_000).V,
		})
	}
	for _, i := range t.Nested {
		if i >= 0 && i < len(tl.Lines) { // an index beside the lines would crash whoever walks the tree
			tl.Nested = append(tl.Nested, i)
		}
	}
	return tl
}

// maxNumber is the longest number that scaled reads: big.Rat would take "1e999999999"
// literally.
const maxNumber = 40

// scaled reads a decimal exactly and multiplies it by scale; absent for null and
// for what does not fit.
func scaled(n *json.Number, scale int64) hansard.Opt[int64] {
	if n == nil || len(*n) > maxNumber || containsExponent(string(*n)) {
		return hansard.Opt[int64]{}
	}
	r, ok := new(big.Rat).SetString(string(*n))
	if !ok {
		return hansard.Opt[int64]{}
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	if !r.IsInt() || !r.Num().IsInt64() {
		return hansard.Opt[int64]{}
	}
	return hansard.Some(r.Num().Int64())
}

func containsExponent(s string) bool {
	for i := range len(s) {
		if s[i] == 'e' || s[i] == 'E' {
			return true
		}
	}
	return false
}
