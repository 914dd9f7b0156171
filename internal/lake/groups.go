package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// Group is what the events with one value of a field came to.
type Group struct {
	Value         string
	Events        int64
	Errors        int64 // with the status error or timeout
	ToolCalls     int64
	Handoffs      int64
	Interventions int64
	Start, End    int64 // of the first and the last event, Unix nanoseconds
	Traces        int64 // different ones
	Sessions      int64
	Tasks         int64
	Agents        []string // the first MaxGroupAgents, by name
}

// MaxGroupAgents is how many agents of a group are named.
const MaxGroupAgents = 32

// GroupCursor is the place of a group in the order of Groups.
type GroupCursor struct {
	End   int64
	Value string
}

// groupable are the fields that Groups groups by.
func groupable(field string) bool {
	return slices.Contains([]string{"session_id", "task_id", "agent_name", "user_id", "trace_id"}, field)
}

// Groups groups the events that the query selects by a field, and returns those
// groups that come after a cursor, if there is one, the one whose last event is the
// newest first. Events without the field are in none. The details are read for the
// groups of the page only.
func (l *Lake) Groups(ctx context.Context, tenant string, q query.Query, by string, after hansard.Opt[GroupCursor], limit int) ([]Group, error) {
	if !groupable(by) || limit < 1 || limit > query.MaxLimit {
		return nil, hansard.Errorf(hansard.KindInvalid, "groups: cannot group by %q, or the limit is not within 1 and %d", by, query.MaxLimit)
	}
	snap := l.pin(tenant)
	defer snap.release()
	values, err := l.groupPage(ctx, snap, q, by, after, limit)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	rel, err := l.relation(ctx, snap, onlyValues(q, by, values), []string{
		by, "timestamp", "status", "event_type", "trace_id", "session_id", "task_id", "agent_name",
	})
	if err != nil {
		return nil, err
	}
	defer rel.close()
	text := fmt.Sprintf(`SELECT %s, count(*), count(*) FILTER (WHERE %s), count(*) FILTER (WHERE event_type = ?), count(*) FILTER (WHERE event_type = ?),
	count(*) FILTER (WHERE event_type = ?), min("timestamp"), max("timestamp"), count(DISTINCT trace_id), count(DISTINCT session_id),
	count(DISTINCT task_id), list_sort(list(DISTINCT agent_name))[1:%d] FROM (%s) GROUP BY 1 ORDER BY max("timestamp") DESC, 1`,
		quoteName(by), erred, MaxGroupAgents, rel.text)
	args := append([]any{hansard.TypeToolCall, hansard.TypeHandoff, hansard.TypeHumanIntervention}, rel.args...)
	var groups []Group
	err = l.engine.each(ctx, text, args, func(row []driver.Value) error {
		g := Group{Agents: []string{}}
		value, _ := row[0].(string)
		g.Value = strings.Clone(value)
		for i, n := range []*int64{&g.Events, &g.Errors, &g.ToolCalls, &g.Handoffs, &g.Interventions, &g.Start, &g.End, &g.Traces, &g.Sessions, &g.Tasks} {
			*n, _ = row[1+i].(int64)
		}
		agents, _ := row[11].([]any)
		for _, a := range agents {
			if name, ok := a.(string); ok {
				g.Agents = append(g.Agents, strings.Clone(name))
			}
		}
		groups = append(groups, g)
		return nil
	})
	return groups, err
}

// groupPage returns the values of the groups of a page.
func (l *Lake) groupPage(ctx context.Context, snap *snapshot, q query.Query, by string, after hansard.Opt[GroupCursor], limit int) ([]string, error) {
	rel, err := l.relation(ctx, snap, q, []string{by, "timestamp"})
	if err != nil {
		return nil, err
	}
	defer rel.close()
	name := quoteName(by)
	text, args := fmt.Sprintf(`SELECT %s, max("timestamp") AS last FROM (%s) WHERE %s IS NOT NULL GROUP BY 1`, name, rel.text, name), slices.Clone(rel.args)
	if after.Set {
		text += fmt.Sprintf(" HAVING last < ? OR last = ? AND %s > ?", name)
		args = append(args, after.V.End, after.V.End, after.V.Value)
	}
	var values []string
	err = l.engine.each(ctx, text+fmt.Sprintf(" ORDER BY last DESC, 1 LIMIT %d", limit), args, func(row []driver.Value) error {
		value, _ := row[0].(string)
		values = append(values, strings.Clone(value))
		return nil
	})
	return values, err
}

// onlyValues narrows a query to values of a field.
func onlyValues(q query.Query, field string, values []string) query.Query {
	n := query.Compare{Field: query.Ref{Name: field, Kind: query.KindString}, Op: query.In}
	for _, v := range values {
		n.Values = append(n.Values, query.Value{Text: v})
	}
	nodes := []query.Node{n}
	if q.Node != nil {
		nodes = append(nodes, q.Node)
	}
	q.Node = query.And{Nodes: nodes}
	return q
}

// GroupTokens returns the tokens and the cost of the groups with some values of a
// field, by the value.
func (l *Lake) GroupTokens(ctx context.Context, tenant string, q query.Query, by string, values []string) (map[string]TokenStat, error) {
	stats, err := l.Tokens(ctx, tenant, onlyValues(q, by, values), []string{by})
	found := map[string]TokenStat{}
	for _, s := range stats {
		found[s.Key[0]] = s
	}
	return found, err
}
