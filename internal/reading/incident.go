package reading

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
)

// maxSimilar is how many similar traces are named, and similarWithin how many of
// the newest failures they are looked for in.
const (
	maxSimilar    = 10
	similarWithin = 2000
)

// Incidents looks into the traces that the id stands for, and reports on each.
// zone is that of the report's times; nil: local.
func (r *Reading) Incidents(ctx context.Context, tenant, id string, zone *time.Location) ([]*report.IncidentReport, error) {
	traces, err := r.Traces(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if zone == nil {
		zone = time.Local
	}
	var points []report.Checkpoint
	for _, c := range r.checkpoints(tenant) {
		points = append(points, pointOf(c))
	}
	var out []*report.IncidentReport
	for _, t := range traces {
		in := forensic.Analyze(t.Entries)
		tool, similar, err := r.around(ctx, tenant, in)
		if err != nil {
			return nil, err
		}
		in.Advise(tool, similar)
		out = append(out, report.Incident(in, t.Entries, report.Request{Tenant: tenant, Location: zone, Now: time.Now(), Checkpoints: points}))
	}
	return out, nil
}

// around finds what other traces tell of the tool that failed: how it fared, and
// which traces failed the same way.
func (r *Reading) around(ctx context.Context, tenant string, in *forensic.Incident) (*forensic.ToolHistory, []forensic.Similar, error) {
	c := in.RootCause
	if c == nil || !c.OnRecord {
		return nil, nil, nil
	}
	var tool *forensic.ToolHistory
	if c.ToolName != "" {
		var err error
		if tool, err = r.toolHistory(ctx, tenant, c.ToolName); err != nil {
			return nil, nil, err
		}
	}
	similar, err := r.similar(ctx, tenant, in)
	return tool, similar, err
}

func equal(field string, values ...string) query.Node {
	n := query.Compare{Field: query.Ref{Name: field, Kind: query.KindString}, Op: query.In}
	for _, v := range values {
		n.Values = append(n.Values, query.Value{Text: v})
	}
	return n
}

// toolHistory returns how a tool fared in all of the record.
func (r *Reading) toolHistory(ctx context.Context, tenant, tool string) (*forensic.ToolHistory, error) {
	results := query.Query{Node: query.And{Nodes: []query.Node{equal("tool_name", tool), equal("event_type", hansard.TypeToolResult)}}}
	table, err := r.cfg.Lake.Aggregate(ctx, tenant, results, lake.Spec{OrderBy: -1, By: []string{"status"}, Measures: []lake.Measure{
		{Op: lake.Count}, {Op: lake.P50, Field: "duration_ms"}, {Op: lake.P95, Field: "duration_ms"}, {Op: lake.Max, Field: "duration_ms"}, {Op: lake.Min, Field: "timestamp"},
	}})
	if err != nil {
		return nil, err
	}
	h := &forensic.ToolHistory{ToolName: tool}
	for _, row := range table.Rows {
		status, _ := row[0].(string)
		n, _ := row[1].(int64)
		h.Calls += n
		if t, ok := row[5].(int64); ok && (h.Since.IsZero() || t < h.Since.UnixNano()) {
			h.Since = time.Unix(0, t).UTC()
		}
		if status != "" && status != "ok" {
			h.Errors += n
			continue
		}
		if status == "ok" {
			h.P50, h.P95, h.Max = number(row[2]), number(row[3]), number(row[4])
		}
	}
	return h, nil
}

func number(v any) hansard.Opt[int64] {
	switch n := v.(type) {
	case int64:
		return hansard.Some(n)
	case float64:
		return hansard.Some(int64(n))
	}
	return hansard.Opt[int64]{}
}

// similar returns the traces with failures like the root cause, newest first.
func (r *Reading) similar(ctx context.Context, tenant string, in *forensic.Incident) ([]forensic.Similar, error) {
	f := in.Cause()
	if f == nil {
		return nil, nil
	}
	nodes := []query.Node{}
	if f.ToolName != "" {
		nodes = append(nodes, equal("tool_name", f.ToolName))
	}
	if kind := f.ErrorType(); kind != "" {
		nodes = append(nodes, equal("error_type", kind))
	} else {
		nodes = append(nodes, equal("status", "error", "timeout", "denied"))
	}
	if len(nodes) < 2 && f.ToolName == "" && f.ErrorType() == "" {
		return nil, nil
	}
	page, err := r.cfg.Lake.Events(ctx, tenant, query.Query{Node: query.And{Nodes: nodes}, Limit: similarWithin})
	if err != nil {
		return nil, err
	}
	found := map[string]*forensic.Similar{}
	for _, e := range page.Entries {
		id := query.TraceID(e)
		if id == in.TraceID {
			continue
		}
		s := found[id]
		if s == nil {
			s = &forensic.Similar{TraceID: id, TaskID: e.TaskID, AgentName: e.AgentName}
			found[id] = s
		}
		s.Failures++
		s.Time = time.Unix(0, cmp.Or(e.Timestamp, e.ReceivedAt)).UTC() // the first of them, as the newest come first
	}
	var out []forensic.Similar
	for _, s := range found {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b forensic.Similar) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.TraceID, b.TraceID))
	})
	in.SimilarTraces = len(out)
	return out[:min(len(out), maxSimilar)], nil
}
