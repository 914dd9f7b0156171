package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/lake"
)

// TestLargeContents takes in events of nearly a MiB each, seals them, and asks all
// kinds of questions: none fails for memory, and a page ends early, by bytes,
// without losing an event.
func TestLargeContents(t *testing.T) {
	s := start(t, nil)
	const events, size = 60, 900_000
	for i := range events {
		body := fmt.Sprintf(`{"event_id":"big-%02d","event_type":"tool_call","trace_id":"t-big","timestamp":%d,"params":{"d":"%s"}}`,
			i, 1763907781+i, strings.Repeat("word ", size/5))
		if _, r := s.post("/v1/events", body); r.Accepted != 1 {
			t.Fatalf("%+v", r)
		}
	}
	if err := s.ledger.Seal(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/events?limit=1", "/v1/events?q=nosuchword", "/v1/events/big-07", "/v1/traces/t-big", "/v1/events?order=oldest&limit=2", "/log/default/info/tile/entries/000.p/60"} {
		if status, b, _ := s.call("GET", path, "", nil); status != 200 {
			t.Errorf("%s: %d %.200s", path, status, b)
		}
	}
	seen := map[string]bool{}
	for cursor, pages := "", 0; ; pages++ {
		var l list
		s.get("/v1/events?limit=100&cursor="+cursor, &l)
		if n := len(l.Events); n > lake.MaxPageBytes/size+1 || n == 0 {
			t.Fatalf("a page of %d events of %d bytes", n, size)
		}
		for _, e := range l.Events {
			seen[e.EventID] = true
		}
		if cursor = l.NextCursor; cursor == "" {
			if pages == 0 {
				t.Error("all came on one page")
			}
			break
		}
	}
	if len(seen) != events {
		t.Errorf("%d events on all pages, want %d", len(seen), events)
	}
}
