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
	o := Order{Subject: id}
	if zone != nil && zone != time.Local {
		o.TimeZone = zone.String()
	}
	made, err := r.Report(ctx, tenant, "incident", o)
	if err != nil {
		return nil, err
	}
	if one, ok := made.(*report.IncidentReport); ok {
		return []*report.IncidentReport{one}, nil
	}
	return made.(report.Incidents), nil
}

// investigate looks into the traces that an id stands for, those of a task that the
// request's search and period select. What it says of other traces is as of the
// request's last position, by default that of the newest entry.
func (r *Reading) investigate(ctx context.Context, id string, req *report.Request) error {
	traces, err := r.Traces(ctx, req.Tenant, id)
	if err != nil {
		return err
	}
	if !req.UpTo.Set {
		if req.UpTo, err = r.lastPosition(ctx, req.Tenant); err != nil {
			return err
		}
	}
	for _, t := range traces {
		entries := slices.DeleteFunc(t.Entries, func(e *hansard.Entry) bool { return int64(e.Position) > req.UpTo.V })
		if !slices.ContainsFunc(entries, func(e *hansard.Entry) bool { return selects(*req, e) }) {
			continue
		}
		in := forensic.Analyze(entries)
		tool, similar, err := r.around(ctx, req.Tenant, in, req.UpTo.V)
		if err != nil {
			return err
		}
		in.Advise(tool, similar)
		req.Forensics = append(req.Forensics, report.Forensics{Incident: in, Entries: entries})
	}
	if len(req.Forensics) == 0 {
		err := hansard.Errorf(hansard.KindNotFound, "no trace of this id has an event that the search and the period select")
		return hansard.WithHint(err, "leave them out, or widen them")
	}
	return nil
}

// selects reports whether a request's search and period select an entry.
func selects(req report.Request, e *hansard.Entry) bool {
	at := query.Timestamp(e)
	switch p := req.Period; {
	case !p.Since.IsZero() && at < p.Since.UnixNano(), !p.Until.IsZero() && at >= p.Until.UnixNano():
		return false
	}
	return req.Query.Node == nil || query.Match(req.Query.Node, e)
}

// lastPosition returns the greatest position of a tenant.
func (r *Reading) lastPosition(ctx context.Context, tenant string) (last hansard.Opt[int64], err error) {
	table, err := r.cfg.Lake.Aggregate(ctx, tenant, query.Query{Node: query.And{}}, lake.Spec{OrderBy: -1, Measures: []lake.Measure{{Op: lake.Max, Field: "position"}}})
	if err == nil && len(table.Rows) == 1 {
		last.V, last.Set = table.Rows[0][0].(int64)
	}
	return last, err
}

// lastFailed returns the trace of the newest failure that an order's search and
// period select. The error is of KindNotFound when there is none.
func (r *Reading) lastFailed(ctx context.Context, tenant string, o Order) (string, error) {
	search := "(event_type:agent.error OR status:(error OR timeout))"
	if o.Search != "" {
		if _, err := query.Parse(o.Search, time.Now()); err != nil {
			return "", err // that names a place in what was asked
		}
		search += " (" + o.Search + ")"
	}
	zone, err := query.Zone(o.TimeZone)
	if err != nil {
		return "", err
	}
	period, err := query.ParsePeriod(o.Since, o.Until, time.Now(), zone)
	if err != nil {
		return "", err
	}
	q := Question{Search: search, Value: o.Value, Limit: 1}
	if !period.Since.IsZero() {
		q.Since = period.Since.Format(time.RFC3339Nano)
	}
	if !period.Until.IsZero() {
		q.Until = period.Until.Format(time.RFC3339Nano)
	}
	page, err := r.Events(ctx, tenant, q)
	if err != nil {
		return "", err
	}
	if len(page.Events) == 0 {
		err := hansard.Errorf(hansard.KindNotFound, "there is no run that failed on record")
		return "", hansard.WithHint(err, "name a trace; hansard events lists what is there")
	}
	return query.TraceID(page.Events[0]), nil
}

// around finds what other traces tell of the tool that failed: how it fared, and
// which traces failed the same way.
func (r *Reading) around(ctx context.Context, tenant string, in *forensic.Incident, upTo int64) (*forensic.ToolHistory, []forensic.Similar, error) {
	c := in.RootCause
	if c == nil || !c.OnRecord {
		return nil, nil, nil
	}
	var tool *forensic.ToolHistory
	if c.ToolName != "" {
		var err error
		if tool, err = r.toolHistory(ctx, tenant, c.ToolName, upTo); err != nil {
			return nil, nil, err
		}
	}
	similar, err := r.similar(ctx, tenant, in, upTo)
	return tool, similar, err
}

func equal(field string, values ...string) query.Node {
	n := query.Compare{Field: query.Ref{Name: field, Kind: query.KindString}, Op: query.In}
	for _, v := range values {
		n.Values = append(n.Values, query.Value{Text: v})
	}
	return n
}

// until selects the entries up to a position.
func until(position int64) query.Node {
	return query.Compare{Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.LE, Values: []query.Value{{Int: position}}}
}

// toolHistory returns how a tool fared in all of the record up to a position.
func (r *Reading) toolHistory(ctx context.Context, tenant, tool string, upTo int64) (*forensic.ToolHistory, error) {
	results := query.Query{Node: query.And{Nodes: []query.Node{equal("tool_name", tool), equal("event_type", hansard.TypeToolResult), until(upTo)}}}
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
func (r *Reading) similar(ctx context.Context, tenant string, in *forensic.Incident, upTo int64) ([]forensic.Similar, error) {
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
	nodes = append(nodes, until(upTo))
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
