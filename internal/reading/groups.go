package reading

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// Group is a session, task, agent, user or trace: what its events came to. Figures
// that no event states are null.
type Group struct {
	ID            string    `json:"id"`
	Search        string    `json:"search"` // selects its events
	Events        int64     `json:"events"`
	Errors        int64     `json:"errors"`
	ToolCalls     int64     `json:"tool_calls"`
	Handoffs      int64     `json:"handoffs"`
	Interventions int64     `json:"interventions"`
	Traces        int64     `json:"traces"`
	Sessions      int64     `json:"sessions"`
	Tasks         int64     `json:"tasks"`
	Agents        []string  `json:"agents"` // the first 32, by name
	Start         time.Time `json:"start"`
	End           time.Time `json:"end"`
	// DurationMS is from the first event to the last.
	DurationMS   json.Number  `json:"duration_ms"`
	TokenCount   *int64       `json:"token_count"`
	InputTokens  *int64       `json:"input_tokens"`
	OutputTokens *int64       `json:"output_tokens"`
	CostUSD      *json.Number `json:"cost_usd"`
	Unpriced     int64        `json:"unpriced_calls"` // model calls with tokens whose cost nothing states
}

// Groups is a page of groups.
type Groups struct {
	By    string  `json:"by"` // the field
	Items []Group `json:"items"`
	// NextCursor asks for the page after this one; empty on the last.
	NextCursor string `json:"next_cursor,omitempty"`
}

// Bounds of a page of groups.
const (
	DefaultGroups = 50
	MaxGroups     = 500
)

// Groups groups the events that a question selects by session_id, task_id,
// agent_name, user_id or trace_id: the groups whose last event is the newest first,
// a page of DefaultGroups unless the question says otherwise.
func (r *Reading) Groups(ctx context.Context, tenant, by string, q Question) (*Groups, error) {
	limit, cursor := q.Limit, q.Cursor
	if limit == 0 {
		limit = DefaultGroups
	}
	if limit < 1 || limit > MaxGroups {
		return nil, hansard.Errorf(hansard.KindInvalid, "limit %d: expected 1 to %d", limit, MaxGroups)
	}
	q.Limit, q.Cursor = 0, ""
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	var after hansard.Opt[lake.GroupCursor]
	if cursor != "" {
		if after, err = parseGroupCursor(cursor); err != nil {
			return nil, err
		}
	}
	out := &Groups{By: by, Items: []Group{}}
	err = bounded(ctx, patience, func(ctx context.Context) error {
		found, err := r.cfg.Lake.Groups(ctx, tenant, plan, by, after, limit+1)
		if err != nil || len(found) == 0 {
			return err
		}
		if len(found) > limit {
			found = found[:limit]
			last := found[limit-1]
			out.NextCursor = groupCursor(lake.GroupCursor{End: last.End, Value: last.Value})
		}
		return r.groups(ctx, tenant, plan, found, out)
	})
	return out, err
}

// groups fills in the items of a page.
func (r *Reading) groups(ctx context.Context, tenant string, plan query.Query, found []lake.Group, out *Groups) error {
	values := make([]string, len(found))
	for i, g := range found {
		values[i] = g.Value
	}
	spent, err := r.cfg.Lake.GroupTokens(ctx, tenant, plan, out.By, values)
	if err != nil {
		return err
	}
	for _, g := range found {
		item := Group{
			ID: g.Value, Search: query.Term(out.By, g.Value), Events: g.Events, Errors: g.Errors, ToolCalls: g.ToolCalls,
			Handoffs: g.Handoffs, Interventions: g.Interventions, Traces: g.Traces, Sessions: g.Sessions, Tasks: g.Tasks,
			Agents: g.Agents, Start: time.Unix(0, g.Start).UTC(), End: time.Unix(0, g.End).UTC(),
			DurationMS: json.Number(trace.Decimal((g.End-g.Start)/1000, 3)),
		}
		s := spent[g.Value]
		item.TokenCount, item.InputTokens, item.OutputTokens = pointer(s.Total), pointer(s.Input), pointer(s.Output)
		if s.CostNanoUSD.Set {
			cost := json.Number(trace.Decimal(s.CostNanoUSD.V, 9))
			item.CostUSD = &cost
		}
		item.Unpriced = max(0, s.Counted-s.Priced)
		out.Items = append(out.Items, item)
	}
	return nil
}

func pointer(o hansard.Opt[int64]) *int64 {
	if !o.Set {
		return nil
	}
	return &o.V
}

// groupCursor returns the opaque text of a cursor.
func groupCursor(c lake.GroupCursor) string {
	b, _ := json.Marshal(c) // an int and a string: cannot fail
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseGroupCursor(s string) (hansard.Opt[lake.GroupCursor], error) {
	var c lake.GroupCursor
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		err := hansard.Errorf(hansard.KindInvalid, "cursor is damaged")
		return hansard.Opt[lake.GroupCursor]{}, hansard.WithHint(err, "pass on the cursor of the page before unchanged, or begin again without one")
	}
	return hansard.Some(c), nil
}

// Tool is what the calls of a tool came to.
type Tool struct {
	Tool   string       `json:"tool_name"` // "" for calls without a tool's name
	Search string       `json:"search"`
	Calls  int64        `json:"calls"`
	Errors int64        `json:"errors"` // calls that erred, or whose result did
	Timed  int64        `json:"timed"`  // calls whose latency is known
	AvgMS  *float64     `json:"avg_latency_ms"`
	P50    *json.Number `json:"p50_latency_ms"`
	P95    *json.Number `json:"p95_latency_ms"`
	P99    *json.Number `json:"p99_latency_ms"`
}

// Tools returns the figures of the tool calls that a question selects, most calls
// first.
func (r *Reading) Tools(ctx context.Context, tenant string, q Question) ([]Tool, error) {
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	tools := []Tool{}
	err = bounded(ctx, patience, func(ctx context.Context) error {
		stats, err := r.cfg.Lake.ToolCalls(ctx, tenant, plan)
		for _, s := range stats {
			t := Tool{Tool: s.Tool, Search: "type:tool_call -has:tool_name", Calls: s.Calls, Errors: s.Errors, Timed: s.Timed}
			if s.Tool != "" {
				t.Search = "type:tool_call " + query.Term("tool_name", s.Tool)
			}
			if s.Avg.Set {
				ms := s.Avg.V / 1000
				t.AvgMS = &ms
			}
			t.P50, t.P95, t.P99 = millis(s.P50), millis(s.P95), millis(s.P99)
			tools = append(tools, t)
		}
		return err
	})
	return tools, err
}

func millis(us hansard.Opt[int64]) *json.Number {
	if !us.Set {
		return nil
	}
	n := json.Number(trace.Decimal(us.V, 3))
	return &n
}
