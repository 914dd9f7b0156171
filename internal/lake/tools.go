package lake

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// resultWindow is how far from a call a result may be that belongs to it.
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
// one of both has no tool_call_id; the results need not match the search nor lie in
// its period, but within a day of the call.
func (l *Lake) ToolCalls(ctx context.Context, tenant string, q query.Query) ([]ToolStat, error) {
	snap := l.pin(tenant)
	defer snap.release()
	q = onlyType(q, hansard.TypeToolCall)
	picked, err := l.picked(ctx, snap, q)
	if err != nil {
		return nil, err
	}
	return l.toolCalls(ctx, snap, q, picked)
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
