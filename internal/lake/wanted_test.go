package lake_test

import (
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// TestWantedFindsWhatIsAround asks about one session: what its events count for hangs
// on events of their traces that are in other sessions, logs and parts.
func TestWantedFindsWhatIsAround(t *testing.T) {
	s := newSource(9)
	g := newGrowing(t, 9)
	begin := epoch
	put := func(kind, trace, session, status string, after time.Duration) *hansard.Entry {
		e := &hansard.Entry{}
		e.EventID, e.EventType, e.TraceID, e.SessionID = "ev-"+kind+trace+session, kind, trace, session
		e.Status, e.Timestamp = status, begin+int64(after)
		e.ToolCallID, e.ToolName, e.SpanID = "call", "search", "span-"+trace
		if kind == hansard.TypeLLMResponse || kind == hansard.TypeTokenUsage {
			e.InputTokens = hansard.Some(int64(10))
			e.CostNanoUSD = hansard.Opt[int64]{V: 7, Set: kind == hansard.TypeTokenUsage}
		}
		return s.seal(e, tierOf(e))
	}
	// part makes a part of what there is of each log.
	part := func(entries ...*hansard.Entry) {
		g.commit(entries)
		for log := range g.logs {
			for g.sealed[log] < len(g.logs[log]) {
				g.seal(t, log)
			}
		}
	}
	part(put(hansard.TypeToolCall, "a", "one", "", 0), put(hansard.TypeTokenUsage, "a", "one", "", time.Second))
	part(put(hansard.TypeToolResult, "a", "two", "error", 20*time.Hour)) // of the critical log
	part(put(hansard.TypeLLMResponse, "a", "two", "", time.Minute))
	part(put(hansard.TypeToolCall, "b", "two", "", 0))
	part(put(hansard.TypeToolResult, "c", "two", "error", 0))
	g.commit([]*hansard.Entry{ // fresh
		put(hansard.TypeToolResult, "b", "one", "timeout", time.Minute), put(hansard.TypeToolCall, "c", "three", "", time.Minute),
	})
	for _, search := range []string{"session:one", "session:two", "session:three"} {
		q := query.Query{Node: parse(t, search), Period: query.Period{Since: time.Unix(0, begin), Until: time.Unix(0, begin).Add(2 * time.Hour)}}
		tools, err := g.ToolCalls(t.Context(), tenant, q)
		if err != nil || len(tools) != 1 || tools[0].Calls != 1 || tools[0].Errors != 1 {
			t.Errorf("%s: tools %+v, %v, want a call that erred", search, tools, err)
		}
	}
	// The model call is counted on its response, which another session has.
	q := query.Query{Node: parse(t, "session:one")}
	tokens, err := g.Tokens(t.Context(), tenant, q, []string{"session_id"})
	if err != nil || len(tokens) != 1 || tokens[0].Calls != 0 || tokens[0].Input.Set || tokens[0].CostNanoUSD.V != 7 {
		t.Errorf("tokens %+v, %v, want the cost alone", tokens, err)
	}
}
