package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// resultWindow is how long after a period a result still belongs to a call in
// it.
const resultWindow = 24 * time.Hour

// ToolStat is what the calls of one tool came to.
type ToolStat struct {
	Tool   string // "" for calls without a tool's name
	Calls  int64
	Errors int64 // calls that erred, or whose result did
	// Latency in microseconds over the calls that have one: the call's own
	// duration, else its result's. A duration of an event whose time was
	// invented does not count. Not set when no call has one. A percentile
	// is one of the latencies.
	Timed         int64
	Avg           hansard.Opt[float64]
	P50, P95, P99 hansard.Opt[int64]
}

// ToolCalls returns the figures of the tool calls that the query selects, most
// calls first. A call is paired with the results in its trace that have its
// tool_call_id, and when there are none, with those whose parent it is and where
// one of both has no tool_call_id; the results need not match the search, and may
// follow up to a day after its period.
func (l *Lake) ToolCalls(ctx context.Context, tenant string, q query.Query) ([]ToolStat, error) {
	snap := l.pin(tenant)
	defer snap.release()
	period := q.Period
	if !period.Until.IsZero() {
		period.Until = period.Until.Add(resultWindow)
	}
	if calls := onlyType(q, hansard.TypeToolCall); selectable(calls.Node) {
		return l.toolCalls(ctx, snap, calls, period)
	}
	calls, err := l.relation(ctx, snap, onlyType(q, hansard.TypeToolCall),
		[]string{"event_id", "trace_id", "tool_call_id", "tool_name", "status", "duration_us", "time_source"})
	if err != nil {
		return nil, err
	}
	defer calls.close()
	results, err := l.relation(ctx, snap, onlyType(query.Query{Period: period}, hansard.TypeToolResult),
		[]string{"trace_id", "tool_call_id", "parent_event_id", "status", "duration_us", "time_source", "position"})
	if err != nil {
		return nil, err
	}
	defer results.close()
	var stats []ToolStat
	args := append(append([]any{}, calls.args...), results.args...)
	err = l.engine.each(ctx, toolStatement(calls.text, results.text), args, func(row []driver.Value) error {
		tool, _ := row[0].(string)
		s := ToolStat{Tool: strings.Clone(tool)}
		s.Calls, _ = row[1].(int64)
		s.Errors, _ = row[2].(int64)
		s.Timed, _ = row[3].(int64)
		s.Avg.V, s.Avg.Set = row[4].(float64)
		for i, p := range []*hansard.Opt[int64]{&s.P50, &s.P95, &s.P99} {
			p.V, p.Set = row[5+i].(int64)
		}
		stats = append(stats, s)
		return nil
	})
	return stats, err
}

// onlyType narrows a query to event types.
func onlyType(q query.Query, types ...string) query.Query {
	n := query.Compare{Field: query.Ref{Name: "event_type", Kind: query.KindString}, Op: query.In}
	for _, t := range types {
		n.Values = append(n.Values, query.Value{Text: t})
	}
	nodes := []query.Node{n}
	if q.Node != nil {
		nodes = append(nodes, q.Node)
	}
	q.Node = query.And{Nodes: nodes}
	return q
}

// timed is an event's duration unless its time was invented.
const timed = `CASE WHEN coalesce("time_source", '') <> '` + hansard.TimeSynthetic + `' THEN "duration_us" END`

// toolStatement pairs calls with results. The duration of several results of
// one call is that of the first received.
func toolStatement(calls, results string) string {
	return fmt.Sprintf(`
WITH calls AS MATERIALIZED (SELECT *, %[3]s AS own_us FROM (%[1]s)),
results AS MATERIALIZED (SELECT *, %[4]s AS bad, %[3]s AS own_us FROM (%[2]s)),
by_call AS (
	SELECT trace_id, tool_call_id, bool_or(bad) AS bad, arg_min(own_us, position) FILTER (WHERE own_us IS NOT NULL) AS own_us
	FROM results WHERE tool_call_id IS NOT NULL GROUP BY ALL),
parents AS (
	SELECT trace_id, parent_event_id, bool_or(bad) AS bad, arg_min(own_us, position) FILTER (WHERE own_us IS NOT NULL) AS own_us
	FROM results WHERE parent_event_id IS NOT NULL GROUP BY ALL),
anonymous AS (
	SELECT trace_id, parent_event_id, bool_or(bad) AS bad, arg_min(own_us, position) FILTER (WHERE own_us IS NOT NULL) AS own_us
	FROM results WHERE parent_event_id IS NOT NULL AND tool_call_id IS NULL GROUP BY ALL),
by_parent AS (SELECT *, true AS has_id FROM anonymous UNION ALL SELECT *, false FROM parents),
paired AS (
	SELECT c.tool_name,
		%[5]s OR coalesce(CASE WHEN r.bad IS NOT NULL THEN r.bad ELSE p.bad END, false) AS bad,
		coalesce(c.own_us, CASE WHEN r.bad IS NOT NULL THEN r.own_us ELSE p.own_us END) AS us
	FROM calls c
	LEFT JOIN by_call r ON r.trace_id = c.trace_id AND r.tool_call_id = c.tool_call_id
	LEFT JOIN by_parent p ON p.trace_id = c.trace_id AND p.parent_event_id = c.event_id AND p.has_id = (c.tool_call_id IS NOT NULL))
SELECT coalesce(tool_name, ''), count(*), count(*) FILTER (WHERE bad), count(us), avg(us),
	quantile_disc(us, 0.5), quantile_disc(us, 0.95), quantile_disc(us, 0.99)
FROM paired GROUP BY 1 ORDER BY 2 DESC, 1`,
		calls, results, timed, erred, strings.ReplaceAll(erred, `"status"`, "c.status"))
}
