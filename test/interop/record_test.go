package interop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/part"
)

// appendEvent appends the i-th event. Half of them go to info, a quarter to
// debug, the rest to compliance and critical.
func appendEvent(b []byte, i int) []byte {
	f := func(members string, args ...any) []byte {
		b = fmt.Appendf(b, `{"event_id":"e-%06d","agent_name":"agent-%d","trace_id":"t-%d","timestamp":%d.5,`, i, i%7, i/12, 1763907781+i)
		return append(fmt.Appendf(b, members, args...), "}\n"...)
	}
	switch i % 8 {
	case 1, 5:
		return f(`"event_type":"agent.reasoning","reasoning":"Größe %d? <&> \u2028 𝄞","tags":["a","b c",""]`, i)
	case 2:
		return f(`"event_type":"agent.decision","action":"decision:refund","confidence":%g,"user_id":"jo@example.com"`, 1/float64(i))
	case 3:
		return f(`"event_type":"agent.error","error":"timeout after %d s","error_type":"Timeout","stack_trace":"a\nb"`, i)
	case 7:
		return f(`"event_type":"agent.llm_response","model":"m-1","input_tokens":%d,"output_tokens":7,"cost_usd":0.00%d`, i, i)
	}
	return f(`"event_type":"agent.tool_call","action":"tool_call:get_order","duration_ms":%d,"params":{"order_id":%d,"note":"%s"}`, i, i, strings.Repeat("x", i%300))
}

// post posts n more events, which must all be taken.
func (s *server) post(n int) {
	s.t.Helper()
	var body []byte
	for range n {
		body = appendEvent(body, s.sent)
		s.sent++
	}
	b, _ := s.call("POST", "/v1/events", body)
	var r intake.Receipt
	if err := json.Unmarshal(b, &r); err != nil || r.Accepted != n {
		s.t.Fatalf("%d events posted: %v %s", n, err, b)
	}
}

// postGiant posts an event whose leaf is as large as the bounds of the envelope
// allow, with a content of 100 kB beside it.
func (s *server) postGiant() {
	s.t.Helper()
	tags, resources := make([]string, 64), make([]map[string]string, 64)
	for i := range tags {
		tags[i] = fmt.Sprintf("%02d%s", i, strings.Repeat("t", 1000))
		resources[i] = map[string]string{"kind": strings.Repeat("k", 900), "operation": "read"}
	}
	body, err := json.Marshal(map[string]any{
		"event_id": "giant", "event_type": "agent.tool_call", "tags": tags, "resources": resources,
		"action": strings.Repeat("a", 5000), "params": strings.Repeat("é", 50_000),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	b, _ := s.call("POST", "/v1/events", append(body, '\n'))
	if !bytes.Contains(b, []byte(`"accepted":1`)) {
		s.t.Fatalf("the giant: %s", b)
	}
	s.sent++
}

func (s *server) seal() {
	s.t.Helper()
	if err := s.ledger.Seal(); err != nil {
		s.t.Fatal(err)
	}
}

// merge merges what may be merged, the first parts of each log but at most the
// given number of them. It returns how many parts there were.
func (s *server) merge(most int) int {
	s.t.Helper()
	merged := 0
	for _, c := range s.lake.Candidates(time.Now().Add(24*time.Hour), false) {
		var names []part.Name
		for _, p := range c.Parts[:min(most, len(c.Parts))] {
			names = append(names, p.Name)
		}
		if err := s.ledger.Merge(c.Log, names); err != nil {
			s.t.Fatal(err)
		}
		merged += len(names)
	}
	return merged
}

// fill makes a record of all that a log can be made of: merged parts, parts
// beside them, an unfinished part, and entries that are in no part yet. It seals
// the given number of times after as many events each, and then some; each seal
// puts four statements into the meta log. A checkpoint covers all of it.
func (s *server) fill(seals, events int) {
	s.t.Helper()
	for range seals {
		s.post(events)
		s.seal()
	}
	s.postGiant()
	s.post(1000)
	s.seal()
	if n := s.merge(1000); n < 4 {
		s.t.Fatalf("only %d parts to merge", n)
	}
	for range 2 {
		s.post(2100)
		s.seal()
	}
	s.post(2500)
	// These statements are in no part of the meta log, and parts are left
	// beside those that were merged.
	if n := s.merge(2); n != 8 {
		s.t.Fatalf("%d parts merged, want two of each tier", n)
	}
	s.publish()
}

// publish signs checkpoints over all that was committed.
func (s *server) publish() {
	s.t.Helper()
	if err := s.ledger.PublishCheckpoints(); err != nil {
		s.t.Fatal(err)
	}
}
