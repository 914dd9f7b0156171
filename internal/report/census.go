package report

import (
	"context"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// census is what one pass over the entries counts.
type census struct {
	events      int64
	byAgent     map[string]int64 // of those that name one
	byType      map[string]int64
	byTier      map[string]int64
	kinds       map[string]map[string]bool // the event types of each agent
	escalations int64
	synthetic   int64
	first, last hansard.Opt[int64] // timestamps, Unix nanoseconds
	position    hansard.Opt[int64] // the greatest
}

// newCensus counts the entries that the query selects.
func newCensus(ctx context.Context, src Source, tenant string, q query.Query) (*census, error) {
	table, err := src.Aggregate(ctx, tenant, q, lake.Spec{
		By: []string{"agent_name", "event_type", "tier", "time_source", "intervention"}, OrderBy: -1,
		Measures: []lake.Measure{
			{Op: lake.Count}, {Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "timestamp"}, {Op: lake.Max, Field: "position"},
		},
	})
	if err != nil {
		return nil, err
	}
	c := &census{
		byAgent: map[string]int64{}, byType: map[string]int64{}, byTier: map[string]int64{}, kinds: map[string]map[string]bool{},
	}
	for _, row := range table.Rows {
		c.add(row)
	}
	return c, nil
}

// add takes in a row: five names, then the measures.
func (c *census) add(row []any) {
	var names [5]string
	for i := range names {
		names[i], _ = row[i].(string)
	}
	agent, kind, tier, timeSource, intervention := names[0], names[1], names[2], names[3], names[4]
	n, _ := row[5].(int64)
	c.events += n
	c.byType[kind] += n
	c.byTier[tier] += n
	if agent != "" {
		c.byAgent[agent] += n
		if c.kinds[agent] == nil {
			c.kinds[agent] = map[string]bool{}
		}
		c.kinds[agent][kind] = true
	}
	if kind == hansard.TypeHumanIntervention && intervention == "escalation" {
		c.escalations += n
	}
	if timeSource == hansard.TimeSynthetic {
		c.synthetic += n
	}
	if t, ok := row[6].(int64); ok && (!c.first.Set || t < c.first.V) {
		c.first = hansard.Some(t)
	}
	if t, ok := row[7].(int64); ok && (!c.last.Set || t > c.last.V) {
		c.last = hansard.Some(t)
	}
	if p, ok := row[8].(int64); ok && (!c.position.Set || p > c.position.V) {
		c.position = hansard.Some(p)
	}
}

// count returns the one figure of a table with one row and one column.
func count(ctx context.Context, src Source, tenant string, q query.Query, m lake.Measure) (int64, error) {
	table, err := src.Aggregate(ctx, tenant, q, lake.Spec{Measures: []lake.Measure{m}, OrderBy: -1})
	if err != nil {
		return 0, err
	}
	if len(table.Rows) == 1 && len(table.Rows[0]) == 1 {
		if n, ok := table.Rows[0][0].(int64); ok {
			return n, nil
		}
	}
	return 0, hansard.Errorf(hansard.KindInternal, "report: the source did not answer %s with one number", m.Op)
}
