package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/reading"
)

// team are events of two agents within two hours of 2025-11-23.
func team(s *server) {
	s.t.Helper()
	var b strings.Builder
	for i := range 60 {
		agent, status := "support", "ok"
		if i%3 == 0 {
			agent = "billing desk"
		}
		if i%10 == 0 {
			status = "error"
		}
		fmt.Fprintf(&b, `{"event_id":"t%d","event_type":"agent.tool_call","agent_name":%q,"status":%q,"user_id":"jo@example.com","tags":["a","b%d"],"timestamp":"2025-11-23T10:%02d:00Z","attributes":{"order":{"id":%d}}}`+"\n",
			i, agent, status, i%2, i, i)
	}
	if status, r := s.post("/v1/events", b.String()); status != 200 || r.Accepted != 60 {
		s.t.Fatalf("%d %+v", status, r)
	}
}

func TestFacetsAndHistogram(t *testing.T) {
	s := start(t, nil)
	var empty reading.Histogram
	s.get("/v1/events/histogram", &empty)
	if empty.Start != nil || len(empty.Buckets) != 0 {
		t.Errorf("histogram of nothing: %+v", empty)
	}
	team(s)
	var f reading.Facets
	s.get("/v1/events/facets?fields=agent_name,tags&values=1", &f)
	if f.TotalEvents != 60 || f.TotalErrors != 6 || len(f.Facets) != 2 {
		t.Fatalf("%+v", f)
	}
	if v := f.Facets[0].Values; len(v) != 1 || v[0] != (reading.FacetValue{Value: "support", Count: 40, Errors: 4, Search: "agent_name:support"}) || f.Facets[0].Distinct != 2 {
		t.Errorf("agents: %+v", f.Facets[0])
	}
	s.get("/v1/events/facets?q="+url.QueryEscape("agent:billing*"), &f)
	i := slices.IndexFunc(f.Facets, func(f reading.Facet) bool { return f.Field == "agent_name" })
	if f.TotalEvents != 20 || f.Facets[i].Values[0].Search != `agent_name:"billing desk"` {
		t.Errorf("%+v", f.Facets[i])
	}
	var h reading.Histogram
	s.get("/v1/events/histogram?buckets=12", &h)
	if h.WidthMS != 5*60*1000 || len(h.Buckets) != 12 || h.TotalEvents != 60 || h.TotalErrors != 6 || h.Buckets[0].Count != 5 || h.Buckets[0].Errors != 1 {
		t.Errorf("%+v", h)
	}
	s.get("/v1/events/histogram?buckets=10&since=2025-11-23T09:00:00Z&until=2025-11-23T12:00:00Z", &h)
	if h.WidthMS != 30*60*1000 || len(h.Buckets) != 6 || h.Buckets[0].Count != 0 || h.Buckets[2].Count != 30 || h.Buckets[5].Count != 0 {
		t.Errorf("%+v", h)
	}

	// By the reader's clock, over the night that it is put back.
	s.post("/v1/events", `{"event_id":"dst1","event_type":"x.tick","timestamp":"2025-10-26T00:30:00Z"}
{"event_id":"dst2","event_type":"x.tick","timestamp":"2025-10-26T22:59:59Z"}
{"event_id":"dst3","event_type":"x.tick","timestamp":"2025-10-26T23:00:00Z"}`)
	s.get("/v1/events/histogram?q=type:x.tick&buckets=3&tz=Europe/Berlin&since=2025-10-25&until=2025-10-28", &h)
	if h.TimeZone != "Europe/Berlin" || h.WidthMS != 24*60*60*1000 || len(h.Buckets) != 3 || h.Buckets[1].Count != 2 || h.Buckets[2].Count != 1 || h.Buckets[1].Start.Format(time.RFC3339) != "2025-10-26T00:00:00+02:00" {
		t.Errorf("%+v", h)
	}
	if status, b, _ := s.call("GET", "/v1/events/histogram?tz=Mars/Olympus", "", nil); status != 400 || !strings.Contains(string(b), "Europe/Berlin") {
		t.Errorf("a zone that is not there: %d %s", status, b)
	}

	// A person's value comes in a body only.
	for _, path := range []string{"/v1/events/facets", "/v1/events/histogram", "/v1/complete"} {
		if status, b, _ := s.call("GET", path+"?q=user:jo@example.com", "", nil); status != 400 || !strings.Contains(string(b), "POST") {
			t.Errorf("GET %s with a person: %d %s", path, status, b)
		}
	}
	if status, b, _ := s.call("GET", "/v1/complete?q=user:jo@example.com+agent:(", "", nil); status != 400 {
		t.Errorf("half a search with a person: %d %s", status, b)
	}
	for path, want := range map[string]string{"/v1/events/facets": `"total_events":60`, "/v1/events/histogram": `"total_events":60`} {
		status, b, _ := s.call("POST", path, "application/json", strings.NewReader(`{"q":"user:jo@example.com"}`))
		if status != 200 || !strings.Contains(string(b), want) {
			t.Errorf("POST %s: %d %s", path, status, b)
		}
	}
	for _, path := range []string{
		"/v1/events/facets?fields=params", "/v1/events/facets?values=201", "/v1/events/histogram?buckets=1001", "/v1/events/histogram?q=agent:(",
	} {
		if status, b, _ := s.call("GET", path, "", nil); status != 400 {
			t.Errorf("GET %s: %d %s", path, status, b)
		}
	}
}

func TestComplete(t *testing.T) {
	s := start(t, nil)
	team(s)
	f := func(search string, want ...string) {
		t.Helper()
		var c reading.Completion
		status, b, _ := s.call("GET", "/v1/complete?q="+url.QueryEscape(search), "", nil)
		if err := json.Unmarshal(b, &c); status != 200 || err != nil {
			t.Fatalf("%s: %d %s", search, status, b)
		}
		var got []string
		for _, i := range c.Items {
			got = append(got, i.Insert)
		}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%s: %q, want first %q", search, got, want)
		}
	}
	f("ag", "agent:")
	f("agent:", "support", `"billing desk"`)
	f("agent:desk", `"billing desk"`)
	f(`agent:"billing d`, `"billing desk"`)
	f("tags:", "a", "b0", "b1")
	f("attributes.", "attributes.order:", "attributes.order.id:")
	f("has:attributes.ord", "attributes.order", "attributes.order.id")
	f("status:den", "denied")
	f("session:")
	var c reading.Completion
	s.get("/v1/complete?q=agent:&cursor=2", &c)
	if c.Wanted != "key" || c.From != 0 || c.To != 6 || c.Problem == nil || c.Problem.Position != 6 {
		t.Errorf("%+v", c)
	}
	s.get("/v1/complete?q=agent:sup", &c)
	if c.Problem != nil || c.Field != "agent_name" || c.Items[0].Count == nil || *c.Items[0].Count != 40 {
		t.Errorf("%+v", c)
	}
}
