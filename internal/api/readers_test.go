package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
)

// readsOf is a server whose reads are collected as they would be stated.
func readsOf(t *testing.T, change func(*api.Config)) (*server, func() []access.ReadOnRecord) {
	t.Helper()
	var mu sync.Mutex
	var stated []access.ReadOnRecord
	counted := map[access.ReadOnRecord]int64{} // over however many statements
	log := access.NewReaderLog(access.ReaderLogConfig{
		Has: func(string) bool { return true },
		Spell: func(_ string, asked []access.Asked) (string, error) {
			words := make([]string, len(asked))
			for i, a := range asked {
				words[i] = a.Name + "=" + a.Value
			}
			return strings.Join(words, " "), nil
		},
		State: func(_ string, members map[string]any) error {
			mu.Lock()
			defer mu.Unlock()
			stated = append(stated, members["reads"].([]access.ReadOnRecord)...)
			if groups, ok := members["not_listed"].([]access.ReadsNotListed); ok {
				for _, g := range groups {
					counted[access.ReadOnRecord{Reader: g.Reader, Route: g.Route}] += g.N
				}
			}
			return nil
		},
	})
	s := start(t, func(c *api.Config) {
		c.Readers = log
		if change != nil {
			change(c)
		}
	})
	return s, func() []access.ReadOnRecord {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for r, n := range counted {
			r.Query = fmt.Sprintf("(%d times)", n)
			stated = append(stated, r)
		}
		return stated
	}
}

// TestReadsAreNoted holds that reads, and only reads, are on record, with what was
// asked, how many rows came back, and what became of it.
func TestReadsAreNoted(t *testing.T) {
	s, reads := readsOf(t, nil)
	s.post("/v1/events", `{"event_id":"e-1","trace_id":"t-1","agent_name":"billing","session_id":"s-1"}`+"\n"+`{"event_id":"e-2","trace_id":"t-1","agent_name":"support"}`+"\n")
	if err := s.ledger.PublishCheckpoints(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/v1/events?q=agent:billing&limit=5", "/v1/events/e-1", "/v1/events/e-1/proof", "/v1/events/nobody", "/v1/events?q=agent:(", "/v1/traces/t-1",
		"/v1/reports/summary?since=24h", "/v1/version", "/v1/logs", "/v1/import", "/healthz", "/readyz", "/metrics", "/openapi.json", "/nothing",
	} {
		s.call("GET", path, "", nil)
	}
	for _, l := range s.ledger.Logs() {
		s.call("GET", "/log/"+l.Log.String()+"/checkpoint", "", nil)
	}
	s.call("POST", "/v1/events/search", "application/json", strings.NewReader(`{"value":"ada@example.com","limit":3}`))
	s.call("POST", "/v1/sql", "application/json", strings.NewReader(`{"query":"select 1 union all select 2"}`))
	s.call("POST", "/v1/ask", "application/json", strings.NewReader(`{"question":"show the audit log"}`))
	var got []string
	for _, r := range reads() {
		rows := "-"
		if r.Rows != nil {
			rows = fmt.Sprint(*r.Rows)
		}
		got = append(got, fmt.Sprintf("%s %s [%s] rows %s status %d", r.Reader, r.Route, r.Query, rows, r.Status))
	}
	want := []string{
		"loopback GET /v1/events [q=agent:billing limit=5] rows 1 status 200",
		"loopback GET /v1/events/{id} [id=e-1] rows 1 status 200",
		"loopback GET /v1/events/{id}/proof [id=e-1] rows 1 status 200",
		"loopback GET /v1/events/{id} [id=nobody] rows - status 404",
		"loopback GET /v1/events [q=agent:(] rows - status 400",
		"loopback GET /v1/traces/{id} [id=t-1] rows 2 status 200",
		"loopback GET /v1/reports/summary [since=24h] rows 2 status 200",
		"loopback POST /v1/events/search [value=ada@example.com limit=3] rows 0 status 200",
		"loopback POST /v1/sql [query=select 1 union all select 2] rows 2 status 200",
		"loopback POST /v1/ask [question=show the audit log] rows 2 status 200",
		"loopback GET /log/{tenant}/{tier}/checkpoint [(2 times)] rows - status 0", // of the events' log, and the meta log
	}
	if !slices.Equal(got, want) {
		t.Errorf("on record:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRefusedReadsAreNoted holds that who may not read is on record for trying.
func TestRefusedReadsAreNoted(t *testing.T) {
	const token = "token-0123456789abcdef0123456789"
	tokens, err := access.ParseTokens([]byte("- id: ci\n  token: " + token + "\n  tenant: default\n  role: ingest\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, reads := readsOf(t, func(c *api.Config) { c.Access.Tokens = tokens })
	if status, _, _ := s.call("GET", "/v1/events", "", nil, "Authorization", "Bearer "+token); status != 403 {
		t.Errorf("status %d", status)
	}
	if status, _, _ := s.call("GET", "/v1/events", "", nil); status != 401 {
		t.Errorf("status %d", status)
	}
	list := reads()
	if len(list) != 1 || list[0].Reader != "ci" || list[0].Status != 403 || list[0].Rows != nil {
		t.Errorf("on record: %+v", list)
	}
}

// TestAsk asks in words.
func TestAsk(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", `{"event_id":"e-1","trace_id":"t-1","task_id":"refund-7","session_id":"s-1","agent_name":"billing","user_id":"ada@example.com"}`+"\n"+
		`{"event_id":"e-2","trace_id":"t-1","agent_name":"support","status":"timeout","error":"late","error_type":"TimeoutError"}`+"\n")
	ask := func(question string) map[string]json.RawMessage {
		t.Helper()
		body, err := json.Marshal(map[string]string{"question": question, "tz": "UTC"})
		if err != nil {
			t.Fatal(err)
		}
		status, b, _ := s.call("POST", "/v1/ask", "application/json", strings.NewReader(string(body)))
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(b, &answer); err != nil || status != 200 {
			t.Fatalf("%s: %d %s", question, status, b)
		}
		return answer
	}
	f := func(question, line, certainty, member, want string) {
		t.Helper()
		a := ask(question)
		if string(a["line"]) != `"`+line+`"` || string(a["certainty"]) != `"`+certainty+`"` || !strings.Contains(string(a[member]), want) {
			t.Errorf("%s: %s %s, %s %.300s", question, a["line"], a["certainty"], member, a[member])
		}
	}
	f("Show me the audit log", "hansard events", "certain", "events", `"event_id":"e-2"`)
	f("events of billing", "hansard events agent_name:billing", "certain", "events", `"event_id":"e-1"`)
	f("events about ada@example.com", "hansard events --value -", "certain", "events", `"event_id":"e-1"`)
	f("trace task refund-7", "hansard trace refund-7", "certain", "traces", `"trace_id":"t-1"`)
	f("show error summary", "hansard report errors", "certain", "report", `"total_errors":1`)
	f("audit agent billing", "hansard report agent billing", "certain", "report", `"total_events":1`)
	f("run forensic analysis", "hansard incident t-1", "certain", "report", `"root_cause"`)
	f("what did the agent do?", "hansard session s-1", "certain", "report", `"session"`)
	f("is the record intact?", "hansard verify", "certain", "note", "run the command")
	f("erorrs", "hansard report errors", "likely", "report", `"errors"`)
	f("make coffee", "", "none", "nearest", "Show")
	if a := ask("events of billing"); strings.Contains(string(a["events"]), `"e-2"`) {
		t.Errorf("events of another agent: %s", a["events"])
	}
	if status, b, _ := s.call("POST", "/v1/ask", "application/json", strings.NewReader(`{"question":"errors","tz":"Mars/Olympus"}`)); status != 400 {
		t.Errorf("%d %s", status, b)
	}
}
