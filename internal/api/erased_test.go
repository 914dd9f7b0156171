package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// asked is a request of TestErasedIsForgotten.
type asked struct {
	tells      bool // the content itself; the others are made from it
	path, body string
}

// TestErasedIsForgotten asks all that can tell the content of an event before it is
// erased, so that whatever keeps answers has them, and again afterwards, when the event
// was in memory, in a part, and in the unfinished part that the next seal writes again.
func TestErasedIsForgotten(t *testing.T) {
	s := start(t, nil)
	const word = "zanzibar"
	event := func(id string) string {
		return fmt.Sprintf(`{"event_id":%q,"trace_id":"t1","task_id":"k1","session_id":"s1","agent_name":"billing","event_type":"agent.error",`+
			`"tool_name":"pay","status":"error","error":"%[2]s broke","error_type":"E","stack_trace":"at %[2]s","reasoning":"%[2]s","params":{"a":"%[2]s"},`+
			`"result":"%[2]s","messages":["%[2]s"],"response":"%[2]s","comment":"%[2]s","correction":"%[2]s","context_summary":"%[2]s",`+
			`"attributes":{"a":"%[2]s"},"timestamp":"2026-11-20T10:00:00Z"}`, id, word)
	}
	seal := func() {
		t.Helper()
		if err := s.ledger.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	s.post("/v1/events", event("in-a-part"))
	seal()
	s.post("/v1/events", event("in-memory"))
	// What tells the content, and what is made from it.
	questions := []asked{
		{true, "/v1/events/in-a-part", ""}, {true, "/v1/events/in-memory", ""}, {true, "/v1/events?q=agent:billing", ""}, {true, "/v1/events?q=" + word, ""},
		{true, "/v1/traces/t1?events=true", ""}, {true, "/v1/traces/t1/incident", ""}, {true, "/v1/reports/errors", ""},
		{true, "/v1/reports/incident?subject=t1&format=markdown", ""}, {true, "/v1/sql", `{"query":"SELECT * FROM events"}`},
		{false, "/v1/traces/t1/replay", ""}, {false, "/v1/traces/t1/graph", ""}, {false, "/v1/reports/session?subject=s1", ""}, {false, "/v1/events/facets", ""},
		{false, "/v1/reports/summary", ""},
	}
	tags := map[string]string{}
	ask := func(a asked) string {
		t.Helper()
		method, contentType := http.MethodGet, ""
		if a.body != "" {
			method, contentType = http.MethodPost, "application/json"
		}
		status, body, h := s.call(method, a.path, contentType, strings.NewReader(a.body), "If-None-Match", tags[a.path])
		if status != http.StatusOK && status != http.StatusNotModified {
			t.Errorf("%s: %d %s", a.path, status, body)
		}
		tags[a.path] = h.Get("ETag")
		return string(body)
	}
	for _, a := range questions {
		if !strings.Contains(ask(a), word) && a.tells {
			t.Errorf("%s does not tell the content at all", a.path)
		}
	}
	for _, id := range []string{"in-a-part", "in-memory"} {
		var e hansard.Entry
		s.get("/v1/events/"+id, &e)
		if _, err := s.ledger.Erase(e.Log, []uint64{e.Index}, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
	}
	forgotten := func(when string) {
		t.Helper()
		for _, a := range questions {
			if body := ask(a); strings.Contains(body, word) || body == "" {
				t.Errorf("%s, %s answers %q", when, a.path, body)
			}
		}
	}
	forgotten("after the erasure")
	clear(tags) // a seal changes no answer
	s.post("/v1/events", `{"event_id":"later","trace_id":"t1","agent_name":"billing","event_type":"agent.error","error":"again","timestamp":"2026-11-20T10:00:01Z"}`)
	seal()
	forgotten("after the next seal")
}
