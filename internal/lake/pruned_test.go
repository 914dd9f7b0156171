package lake_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// TestPruneForgetsItsHours prunes the result of a call that was made hours before: the
// call has not failed any more, as far as there is anything on record. What lies
// farther away is not read again: its file is gone.
func TestPruneForgetsItsHours(t *testing.T) {
	s := newSource(9)
	g := newGrowing(t, 9)
	put := func(kind, trace, status string, after time.Duration) {
		t.Helper()
		e := &hansard.Entry{}
		e.EventID, e.EventType, e.TraceID = fmt.Sprint("ev-", s.position), kind, trace
		e.Status, e.Timestamp, e.ToolCallID, e.ToolName = status, epoch+int64(after), "call", "search"
		e = s.seal(e, tierOf(e))
		g.commit([]*hansard.Entry{e})
		g.seal(t, e.Log)
	}
	put(hansard.TypeToolCall, "a", "", 0)
	put(hansard.TypeToolResult, "a", "error", 20*time.Hour) // the first of the critical log
	put(hansard.TypeToolCall, "b", "", 100*time.Hour)
	put(hansard.TypeToolResult, "b", "error", 101*time.Hour)
	ask := func(errors int64, events []string) {
		t.Helper()
		tools, err := g.ToolCalls(t.Context(), tenant, query.Query{})
		if err != nil || len(tools) != 1 || tools[0].Calls != 2 || tools[0].Errors != errors {
			t.Errorf("tools %+v, %v, want 2 calls of which %d failed", tools, err, errors)
		}
		table, err := g.Aggregate(t.Context(), tenant, query.Query{}, lake.Spec{By: []string{"event_id"}, OrderBy: -1})
		var ids []string
		for _, row := range table.Rows {
			ids = append(ids, row[0].(string))
		}
		if err != nil || !slices.Equal(ids, events) {
			t.Errorf("events %q, %v, want %q", ids, err, events)
		}
	}
	ask(2, []string{"ev-0", "ev-1", "ev-2", "ev-3"})
	critical := hansard.LogID{Tenant: tenant, Tier: hansard.TierCritical}
	far := []part.Info{g.parts[critical][1], g.parts[hansard.LogID{Tenant: tenant, Tier: hansard.TierInfo}][1]}
	for _, p := range far {
		if err := os.Remove(p.Path(g.dir)); err != nil {
			t.Fatal(err)
		}
	}
	g.prune(t, critical)
	ask(1, []string{"ev-0", "ev-2", "ev-3"})
}
