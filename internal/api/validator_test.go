package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/reading"
)

const failed = `{"event_id":"f%d","trace_id":"t1","task_id":"k1","session_id":"s1","user_id":"u1","agent_name":"billing","event_type":"agent.error","error":"it broke","timestamp":"2026-11-20T10:00:0%dZ"}`

// settle waits until checkpoints cover all events: they are part of reports.
func (s *server) settle() {
	s.t.Helper()
	for range 100 {
		covered := true
		for _, i := range s.ledger.Logs() {
			if i.Log.Tier != hansard.TierMeta && !strings.Contains(string(i.Checkpoint), fmt.Sprintf("\n%d\n", i.Size)) {
				covered = false
			}
		}
		if covered {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("no checkpoint covers the events")
}

// TestTags holds that answers about many events have a tag that stands while the
// record is as it is, whatever is put into the meta log, and no longer.
func TestTags(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", fmt.Sprintf(failed, 1, 1)+"\n"+fmt.Sprintf(failed, 2, 2))
	s.post("/v1/events", `{"event_id":"o1","trace_id":"t2"}`)
	s.settle()
	paths := []string{
		"/v1/events", "/v1/events?q=agent:billing&since=2026-11-20&until=2026-11-21", "/v1/events/facets", "/v1/events/histogram?since=2026-11-20T00:00:00Z",
		"/v1/sessions", "/v1/tasks", "/v1/agents", "/v1/users", "/v1/traces", "/v1/sessions/s1", "/v1/tasks/k1", "/v1/agents/billing", "/v1/tools",
		"/v1/traces/t1", "/v1/traces/t1?events=true", "/v1/traces/t1/graph", "/v1/traces/t1/graph?format=dot", "/v1/traces/t1/diff/t2", "/v1/traces/t1/replay",
		"/v1/traces/t1/incident", "/v1/traces/t1/incident?format=csv", "/v1/reports/summary", "/v1/reports/errors?since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z",
		"/v1/reports/cost?format=html", "/v1/reports/tool_usage", "/v1/reports/agent?subject=billing", "/v1/reports/session?subject=s1", "/v1/reports/incident?subject=t1", "/v1/reports/feed",
	}
	tags := map[string]string{}
	for _, path := range paths {
		status, _, h := s.call("GET", path, "", nil)
		if tags[path] = h.Get("ETag"); status != 200 || !strings.HasPrefix(tags[path], `W/"`) {
			t.Errorf("%s: %d, ETag %q", path, status, tags[path])
		}
		if got := h.Get("Cache-Control") + "; " + h.Get("Vary"); got != "private, no-cache; Authorization, Cookie, Hansard-Tenant" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if err := s.ledger.State("default", "test", map[string]any{"what": "reads"}); err != nil { // into the meta log
		t.Fatal(err)
	}
	for _, path := range paths {
		status, body, h := s.call("GET", path, "", nil, "If-None-Match", `"x", `+tags[path])
		if status != 304 || len(body) != 0 || h.Get("ETag") != tags[path] {
			t.Errorf("%s again: %d with %d bytes, ETag %q", path, status, len(body), h.Get("ETag"))
		}
	}
	s.post("/v1/events", fmt.Sprintf(failed, 3, 3))
	for _, path := range paths {
		status, body, h := s.call("GET", path, "", nil, "If-None-Match", tags[path])
		if tag := h.Get("ETag"); status != 200 || len(body) == 0 || tag == "" || tag == tags[path] {
			t.Errorf("%s after another event: %d with %d bytes, ETag %q", path, status, len(body), tag)
		}
	}
	seen := map[string]string{}
	for path, tag := range tags {
		if seen[tag] != "" {
			t.Errorf("%s and %s have one tag", path, seen[tag])
		}
		seen[tag] = path
	}
}

// TestNoTags holds that what is about more than events, or is refused, has none.
func TestNoTags(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", fmt.Sprintf(failed, 1, 1))
	f := func(path string, want int) {
		t.Helper()
		status, _, h := s.call("GET", path, "", nil, "If-None-Match", "*")
		if status != want || h.Get("ETag") != "" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, ETag %q, Cache-Control %q", path, status, h.Get("ETag"), h.Get("Cache-Control"))
		}
	}
	f("/v1/events?q=tier:meta", 200)
	f("/v1/reports/readers", 200)
	f("/v1/reports/daily", 200)
	f("/v1/reports/compliance", 200)
	f("/v1/events?q=agent:(", 400)
	f("/v1/events?limit=-1", 400)
	f("/v1/events?since=never", 400)
	f("/v1/events?q=user:ada@example.com", 400)
	f("/v1/traces/none", 404)
}

// TestTagsOfTenants holds that the tag of one tenant, and of one server, says nothing
// to another with the same events.
func TestTagsOfTenants(t *testing.T) {
	const a, b, writer = "token-a-0123456789abcdef01234567", "token-b-0123456789abcdef01234567", "token-w-0123456789abcdef01234567"
	tokens, err := access.ParseTokens([]byte("- {id: a, tenant: acme, role: reader, token: " + a + "}\n- {id: b, tenant: beta, role: reader, token: " + b + "}\n" +
		"- {id: aw, tenant: acme, role: ingest, token: " + writer + "}\n- {id: bw, tenant: beta, role: ingest, token: " + writer + "x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	with := func(c *api.Config) { c.Access.Tokens = tokens }
	s, other := start(t, with), start(t, with)
	for _, to := range []*server{s, other} {
		for _, token := range []string{writer, writer + "x"} {
			if status, r := to.post("/v1/events", fmt.Sprintf(failed, 1, 1), "Authorization", "Bearer "+token); status != 200 || r.Accepted != 1 {
				t.Fatal(status)
			}
		}
		to.settle()
	}
	of := func(s *server, token, tag string, want int) string {
		t.Helper()
		status, _, h := s.call("GET", "/v1/events", "", nil, "Authorization", "Bearer "+token, "If-None-Match", tag)
		if status != want {
			t.Errorf("status %d, want %d", status, want)
		}
		return h.Get("ETag")
	}
	tag := of(s, a, "", 200)
	of(s, a, tag, 304)
	if of(s, b, tag, 200) == tag {
		t.Error("two tenants have one tag")
	}
	of(other, a, tag, 200)
	// Not only because checkpoints differ.
	one, two := api.NewTagger(), api.NewTagger()
	if by := func(tag func(string, url.Values, reading.Validity, time.Time) string, tenant string) string {
		return tag(tenant, nil, reading.HoldsAlways, time.Now())
	}; by(one, "acme") == by(one, "beta") || by(one, "acme") == by(two, "acme") {
		t.Error("the tag of the same state says nothing of tenant or server")
	}
	of(s, writer, tag, 403)
	of(s, "token-of-nobody-0123456789abcdef", tag, 401)
}

// TestTagsOfErased holds that an erasure ends the tags of what it takes from.
func TestTagsOfErased(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", fmt.Sprintf(failed, 1, 1))
	s.settle()
	_, _, h := s.call("GET", "/v1/traces/t1?events=true", "", nil)
	var e hansard.Entry
	s.get("/v1/events/f1", &e)
	if _, err := s.ledger.Erase(e.Log, []uint64{e.Index}, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil {
		t.Fatal(err)
	}
	status, body, _ := s.call("GET", "/v1/traces/t1?events=true", "", nil, "If-None-Match", h.Get("ETag"))
	if status != 200 || strings.Contains(string(body), "it broke") {
		t.Errorf("after the erasure: %d %s", status, body)
	}
}

// TestUnchangedIsARead holds that an answer without a body is on record as a read.
func TestUnchangedIsARead(t *testing.T) {
	s, reads := readsOf(t, nil)
	s.post("/v1/events", fmt.Sprintf(failed, 1, 1))
	s.settle()
	for _, path := range []string{"/v1/events?q=agent:billing&limit=5", "/v1/traces/t1/incident?fields=root_cause&format=json"} {
		_, _, h := s.call("GET", path, "", nil)
		s.call("GET", path, "", nil, "If-None-Match", h.Get("ETag"))
	}
	var got []string
	for _, r := range reads() {
		got = append(got, fmt.Sprintf("%s [%s] %d", r.Route, r.Query, r.Status))
	}
	want := []string{
		"GET /v1/events [q=agent:billing limit=5] 200", "GET /v1/events [limit=5 q=agent:billing] 304",
		"GET /v1/traces/{id}/incident [id=t1 fields=[root_cause]] 200", "GET /v1/traces/{id}/incident [id=t1 fields=root_cause] 304",
	}
	if !slices.Equal(got, want) {
		t.Errorf("on record:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTagMoves holds that the tag of a period that goes on with the clock is of one
// minute, and that of another period of all.
func TestTagMoves(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)
	tag := api.NewTagger()
	f := func(asked string, later time.Duration, same bool) {
		t.Helper()
		v, err := url.ParseQuery(asked)
		if err != nil {
			t.Fatal(err)
		}
		at := func(now time.Time) string { return tag("acme", v, api.ByPeriod(v, now), now) }
		if got := at(now) == at(now.Add(later)); got != same {
			t.Errorf("%s, %s later: the same tag %v", asked, later, got)
		}
	}
	for _, moving := range []string{"since=24h", "since=yesterday", "since=2026-11-20&until=now", "q=timestamp:>2h", "q=received_at:today"} {
		f(moving, 10*time.Second, true)
		f(moving, 40*time.Second, false)
	}
	for _, fixed := range []string{"", "q=agent:a", "since=2026-11-20", "since=2026-11-20T00:00:00Z&until=2026-11-21", "q=timestamp:>2026-11-01"} {
		f(fixed, 1000*time.Hour, true)
	}
	for _, none := range []string{"q=tier:meta", "q=(", "since=x", "tz=Nowhere"} {
		v, _ := url.ParseQuery(none)
		if got := api.ByPeriod(v, now); got != reading.HoldsNever {
			t.Errorf("%s: %v", none, got)
		}
	}
}

// TestIncidentFields asks for members of an incident report alone.
func TestIncidentFields(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", fmt.Sprintf(failed, 1, 1)+"\n"+strings.Replace(fmt.Sprintf(failed, 2, 2), `"t1"`, `"t2"`, 1))
	var whole, some map[string]json.RawMessage
	s.get("/v1/traces/t1/incident", &whole)
	s.get("/v1/traces/t1/incident?fields=no_cause,root_cause", &some)
	if len(some) != 2 || string(some["no_cause"]) != string(whole["no_cause"]) || some["root_cause"] == nil {
		t.Errorf("%s", some)
	}
	var list []map[string]json.RawMessage
	s.get("/v1/traces/k1/incident?fields=trace_id", &list)
	if len(list) != 2 || len(list[0]) != 1 || string(list[0]["trace_id"]) != `"t1"` {
		t.Errorf("of a task: %s", list)
	}
	for _, path := range []string{"/v1/traces/t1/incident?fields=nothing", "/v1/traces/t1/incident?fields=trace_id&format=csv"} {
		if status, b, _ := s.call("GET", path, "", nil); status != 400 {
			t.Errorf("%s: %d %s", path, status, b)
		}
	}
}
