package lake_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// naiveGroups groups by the plain rule.
func naiveGroups(entries []*hansard.Entry, of func(*hansard.Entry) string) []lake.Group {
	groups := map[string]*lake.Group{}
	type sets struct{ traces, sessions, tasks, agents map[string]bool }
	seen := map[string]sets{}
	for _, e := range entries {
		v := of(e)
		if v == "" {
			continue
		}
		g, at := groups[v], query.Timestamp(e)
		if g == nil {
			g = &lake.Group{Value: v, Start: at, End: at}
			groups[v], seen[v] = g, sets{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
		}
		g.Events++
		g.Start, g.End = min(g.Start, at), max(g.End, at)
		if failed(e) {
			g.Errors++
		}
		switch e.EventType {
		case hansard.TypeToolCall:
			g.ToolCalls++
		case hansard.TypeHandoff:
			g.Handoffs++
		case hansard.TypeHumanIntervention:
			g.Interventions++
		}
		seen[v].traces[query.TraceID(e)], seen[v].sessions[e.SessionID] = true, true
		seen[v].tasks[e.TaskID], seen[v].agents[e.AgentName] = true, true
	}
	var all []lake.Group
	for v, g := range groups {
		for _, set := range []map[string]bool{seen[v].sessions, seen[v].tasks, seen[v].agents} {
			delete(set, "")
		}
		g.Traces, g.Sessions, g.Tasks = int64(len(seen[v].traces)), int64(len(seen[v].sessions)), int64(len(seen[v].tasks))
		g.Agents = slices.Sorted(maps.Keys(seen[v].agents))
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b lake.Group) int {
		return cmp.Or(cmp.Compare(b.End, a.End), strings.Compare(a.Value, b.Value))
	})
	return all
}

func TestGroups(t *testing.T) {
	w := newWorld(t, newSource(51).entries(2500), 500)
	for field, of := range map[string]func(*hansard.Entry) string{
		"session_id": func(e *hansard.Entry) string { return e.SessionID },
		"agent_name": func(e *hansard.Entry) string { return e.AgentName },
		"trace_id":   query.TraceID,
	} {
		for _, search := range []string{"", "status:error"} {
			q := query.Query{Node: parse(t, search)}
			want := naiveGroups(w.selected(q), of)
			var got []lake.Group
			var after hansard.Opt[lake.GroupCursor]
			for pages := 0; pages <= len(want)/7+1; pages++ { // page by page
				page, err := w.Groups(t.Context(), tenant, q, field, after, 7)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				last := page[len(page)-1]
				after = hansard.Some(lake.GroupCursor{End: last.End, Value: last.Value})
			}
			if d := gocmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s of %q (-want +got):\n%.2000s", field, search, d)
			}
		}
	}
	if _, err := w.Groups(t.Context(), tenant, query.Query{}, "params", hansard.Opt[lake.GroupCursor]{}, 7); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("groups by params: %v", err)
	}
}
