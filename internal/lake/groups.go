package lake

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
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
	node, upTo := withoutBound(q.Node)
	asked := &groupQuestion{snap: snap, by: by, in: spans{periodSpan(q.Period)}, upTo: upTo}
	if asked.chosen.node = node; !selectable(node) {
		picked, err := l.positionsOf(ctx, snap, q)
		if err != nil {
			return nil, err
		}
		asked.chosen = chosen{picked: picked}
	}
	asked.scope = newScope(q.Node, q.Period)
	values, err := l.groupPage(ctx, asked, q, after, limit)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	return l.groupDetails(ctx, asked, values)
}

// groupQuestion asks for groups of what is chosen.
type groupQuestion struct {
	snap *snapshot
	chosen
	scope *scope
	by    string
	in    spans
	upTo  int64
}

// selected returns which rows of a group count; nil: all.
func (a *groupQuestion) selected(r *rows) ([]bool, error) {
	sel, err := r.counted(&a.chosen, &passSpec{count: a.in})
	if err != nil {
		return nil, err
	}
	return r.bounded(sel, rowBounds{-1, a.upTo})
}

// groupEnd is the last event of a group.
type groupEnd struct {
	value string
	end   int64
}

// comesAfter reports whether a group comes after a cursor in the order of Groups.
func (g groupEnd) comesAfter(c hansard.Opt[GroupCursor]) bool {
	return !c.Set || g.end < c.V.End || g.end == c.V.End && g.value > c.V.Value
}

// pageGroups is how many row groups are looked at for a page before all are asked
// for the ends of their groups, hour by hour.
const pageGroups = 24

// groupPage returns the values of the groups of a page. Of the newest row groups on,
// it looks at no more than it needs: what was seen later than all that is left has
// ended there.
func (l *Lake) groupPage(ctx context.Context, a *groupQuestion, q query.Query, after hansard.Opt[GroupCursor], limit int) ([]string, error) {
	groups, err := l.partGroups(ctx, a.snap, a.scope, a.in)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(b.moments.to, a.moments.to) })
	fresh, err := l.freshGroups(a.snap, a.scope, false)
	if err != nil {
		return nil, err
	}
	ends := map[string]int64{}
	for i, g := range slices.Concat(fresh, groups) {
		if i >= len(fresh) {
			if page := pageOf(ends, after, limit, g.moments.to); len(page) == limit {
				return page, nil
			}
			if i >= len(fresh)+pageGroups && a.picked == nil {
				return l.allEnds(ctx, a, q, after, limit)
			}
		}
		if err := l.read(g, func(r *rows) error { return a.ends(r, ends) }); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return pageOf(ends, after, limit, math.MinInt64), nil
}

// ends takes in when the groups end in some rows.
func (a *groupQuestion) ends(r *rows, ends map[string]int64) error {
	sel, err := a.selected(r)
	if err != nil {
		return err
	}
	v, times := r.vector(), r.vector()
	if err := firstError(r.terms(a.by, v), r.ints("timestamp", times)); err != nil {
		return err
	}
	last, seen := make([]int64, len(v.Terms)), make([]bool, len(v.Terms))
	for i, k := range v.Codes {
		if (sel == nil || sel[i]) && (!seen[k] || times.Ints[i] > last[k]) {
			last[k], seen[k] = times.Ints[i], true
		}
	}
	for k, term := range v.Terms {
		if k == 0 || !seen[k] {
			continue
		}
		if end, ok := ends[term]; !ok {
			ends[strings.Clone(term)] = last[k]
		} else if last[k] > end {
			ends[term] = last[k]
		}
	}
	return nil
}

// pageOf returns the first groups after a cursor among those that end after a
// moment, at most limit.
func pageOf(ends map[string]int64, after hansard.Opt[GroupCursor], limit int, moment int64) []string {
	var found []groupEnd
	for value, end := range ends {
		if g := (groupEnd{value, end}); (end > moment || moment == math.MinInt64) && g.comesAfter(after) {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b groupEnd) int {
		return cmp.Or(cmp.Compare(b.end, a.end), cmp.Compare(a.value, b.value))
	})
	var page []string
	for _, g := range found[:min(limit, len(found))] {
		page = append(page, g.value)
	}
	return page
}

// allEnds is groupPage by an aggregate over everything.
func (l *Lake) allEnds(ctx context.Context, a *groupQuestion, q query.Query, after hansard.Opt[GroupCursor], limit int) ([]string, error) {
	rows, _, err := l.tallied(ctx, a.snap, q, Spec{By: []string{a.by}, Measures: []Measure{{Op: Max, Field: "timestamp"}}, OrderBy: -1})
	if err != nil {
		return nil, err
	}
	ends := map[string]int64{}
	for _, row := range rows {
		if value, ok := row[0].(string); ok {
			ends[value], _ = row[1].(int64)
		}
	}
	return pageOf(ends, after, limit, math.MinInt64), nil
}

// groupFound is what was found of a group.
type groupFound struct {
	Group
	traces, sessions, tasks [][]uint64
	agents                  map[string]bool
}

// groupDetails returns what the groups with some values came to, in the order of
// Groups.
func (l *Lake) groupDetails(ctx context.Context, a *groupQuestion, values []string) ([]Group, error) {
	groups, err := l.partGroups(ctx, a.snap, a.scope, a.in)
	if err != nil {
		return nil, err
	}
	if w, ok := l.wantedBy(onlyValues(query.Query{}, a.by, values).Node); ok {
		if groups, err = l.having(ctx, groups, w); err != nil {
			return nil, err
		}
	}
	fresh, err := l.freshGroups(a.snap, a.scope, false)
	if err != nil {
		return nil, err
	}
	found, place := make([]groupFound, len(values)), map[string]int{}
	for i, v := range values {
		place[v] = i
		found[i] = groupFound{Group: Group{Value: v, Agents: []string{}}, agents: map[string]bool{}}
	}
	var mu sync.Mutex // guards found
	pass := &tracePass[struct{}]{lake: l, groups: append(groups, fresh...)}
	err = pass.each(ctx, func(_ int, g *group) error {
		return l.read(g, func(r *rows) error { return a.details(r, place, found, &mu) })
	})
	if err != nil {
		return nil, err
	}
	list := make([]Group, 0, len(found))
	for i := range found {
		f := &found[i]
		f.Traces, f.Sessions, f.Tasks = countDistinct(f.traces), countDistinct(f.sessions), countDistinct(f.tasks)
		f.Agents = append(f.Agents, slices.Sorted(maps.Keys(f.agents))...)
		f.Agents = f.Agents[:min(MaxGroupAgents, len(f.Agents))]
		list = append(list, f.Group)
	}
	slices.SortFunc(list, func(a, b Group) int { return cmp.Or(cmp.Compare(b.End, a.End), cmp.Compare(a.Value, b.Value)) })
	return list, nil
}

// details takes in what some rows say of the groups.
func (a *groupQuestion) details(r *rows, place map[string]int, found []groupFound, mu *sync.Mutex) error {
	v := r.vector()
	if err := r.terms(a.by, v); err != nil {
		return err
	}
	of, some := make([]int, len(v.Terms)), false // 1 and up
	for k, term := range v.Terms[1:] {
		if i, ok := place[term]; ok {
			of[k+1], some = i+1, true
		}
	}
	if !some {
		return nil
	}
	sel, err := a.selected(r)
	if err != nil {
		return err
	}
	kind, status, agent, times := r.vector(), r.vector(), r.vector(), r.vector()
	ids := []*part.Vector{r.vector(), r.vector(), r.vector()}
	if err := firstError(
		r.terms("event_type", kind), r.terms("status", status), r.terms("agent_name", agent), r.ints("timestamp", times),
		r.keys("trace_id", ids[0]), r.keys("session_id", ids[1]), r.keys("task_id", ids[2]),
	); err != nil {
		return err
	}
	call, handoff, human := codeOf(kind, hansard.TypeToolCall), codeOf(kind, hansard.TypeHandoff), codeOf(kind, hansard.TypeHumanIntervention)
	failed, timedOut := codeOf(status, "error"), codeOf(status, "timeout")
	is := func(code, want uint32) int64 {
		if code != 0 && code == want {
			return 1
		}
		return 0
	}
	own := make([]groupFound, len(found))
	lists := make([][3][]uint64, len(found))
	agents := make([][]bool, len(found))
	for i, k := range v.Codes {
		at := of[k] - 1
		if at < 0 || sel != nil && !sel[i] {
			continue
		}
		g := &own[at]
		if g.Events == 0 {
			g.Start, g.End = times.Ints[i], times.Ints[i]
			agents[at] = make([]bool, len(agent.Terms))
		}
		g.Events++
		g.Errors += is(status.Codes[i], failed) + is(status.Codes[i], timedOut)
		g.ToolCalls += is(kind.Codes[i], call)
		g.Handoffs += is(kind.Codes[i], handoff)
		g.Interventions += is(kind.Codes[i], human)
		g.Start, g.End = min(g.Start, times.Ints[i]), max(g.End, times.Ints[i])
		agents[at][agent.Codes[i]] = true
		for c, keys := range ids {
			if list := lists[at][c]; len(list) == 0 || list[len(list)-1] != keys.Keys[i] {
				lists[at][c] = append(list, keys.Keys[i])
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for at := range own {
		if own[at].Events == 0 {
			continue
		}
		f, g := &found[at], &own[at]
		if f.Events == 0 {
			f.Start, f.End = g.Start, g.End
		}
		f.Events, f.Errors, f.ToolCalls = f.Events+g.Events, f.Errors+g.Errors, f.ToolCalls+g.ToolCalls
		f.Handoffs, f.Interventions = f.Handoffs+g.Handoffs, f.Interventions+g.Interventions
		f.Start, f.End = min(f.Start, g.Start), max(f.End, g.End)
		f.traces, f.sessions, f.tasks = append(f.traces, lists[at][0]), append(f.sessions, lists[at][1]), append(f.tasks, lists[at][2])
		for k, seen := range agents[at] {
			if seen && k > 0 {
				f.agents[strings.Clone(agent.Terms[k])] = true
			}
		}
	}
	return nil
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
	if by != "agent_name" { // of these there are few: what is kept is of all, whichever a page has
		q = onlyValues(q, by, values)
	}
	stats, err := l.Tokens(ctx, tenant, q, []string{by})
	found := map[string]TokenStat{}
	for _, s := range stats {
		found[s.Key[0]] = s
	}
	return found, err
}
