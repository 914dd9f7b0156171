package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard/internal/remote"
)

// TestOddText sends what is allowed in JSON and seldom seen, beside what is not
// allowed: the first is kept and read back as it was sent, before it is sealed and
// after; the second is refused with its line and its place, and costs nothing
// beside it.
func TestOddText(t *testing.T) {
	s, log := logged(t)
	var body strings.Builder
	body.WriteString("\xef\xbb\xbf") // a byte order mark
	line := 0
	var want []string
	keep := func(event string, reads ...string) { // reads: member and value, as JSON
		line++
		id := fmt.Sprintf("k%d", line)
		fmt.Fprintf(&body, `{"event_id":"%s",%s}`+"\r\n", id, event)
		want = append(want, append([]string{id}, reads...)...)
		want = append(want, "")
	}
	refused := map[int]string{}
	refuse := func(text, says string) {
		line++
		body.WriteString(text + "\n")
		refused[line] = says
	}

	keep(`"reasoning":"a\u0000b"`, "reasoning", `"a\u0000b"`)
	keep(`"params":{"a\u0000b":"\u0000"}`, "params", `{"a\u0000b":"\u0000"}`)
	keep(`"agent_name":"\u0000cook\u0007\u001b[31m"`, "agent_name", `"\u0000cook\u0007\u001b[31m"`)
	keep(`"params":{"x":"\ud800"}`, "params", `{"x":"\ufffd"}`) // a surrogate without its pair is no text
	keep(`"params":{"x":"\udc00\ud800","y":"\ud83d\ude00"},"\ud800":1`, "params", `{"x":"\ufffd\ufffd","y":"\ud83d\ude00"}`, "attributes", `{"\ufffd":1}`)
	keep(`"attributes":{"\udc00":"\udc00"},"agent_name":"\udc00"`, "attributes", `{"\ufffd":"\ufffd"}`, "agent_name", `"\ufffd"`)
	keep(`"reasoning":"one \ud83d\ude00 two 😀 \u200f\u202e"`, "reasoning", `"one 😀 two 😀 \u200f\u202e"`)
	keep(`"agent_name":"\u0063ook","\u0061ction":"st\u0069r"`, "agent_name", `"cook"`, "action", `"stir"`)
	keep(`"action":"first","action":"second"`, "action", `"second"`, "attributes", `{"action":"first"}`)
	keep(`"params":{"a":1,"a":2}`, "params", `{"a":1,"a":2}`)
	keep(`"cost_usd":1e999999,"confidence":1e999999,"input_tokens":1e999999,"params":{"n":-1e-999999}`,
		"attributes", `{"cost_usd":1e999999,"confidence":1e999999,"input_tokens":1e999999}`, "params", `{"n":-1e-999999}`)
	keep(`"params":12345678901234567890123456789.0123456789`, "params", `12345678901234567890123456789.0123456789`)
	keep(`"input_tokens":9007199254740993,"output_tokens":1.5,"token_count":-1`, "attributes", `{"input_tokens":9007199254740993,"output_tokens":1.5,"token_count":-1}`)
	keep(`"trace_id":"..","span_id":"."`, "trace_id", `".."`, "span_id", `"."`)
	keep(`"":1," ":2,"\n":3`, "attributes", `{"":1," ":2,"\n":3}`)
	keep(`"position":9,"tier":"critical","log":"x","leaf_hash":"y"`, "tier", `"critical"`, "attributes", `{"position":9,"tier":"critical","log":"x","leaf_hash":"y"}`)
	refuse("{\"event_id\":\"r1\",\"reasoning\":\"\xff\"}", "invalid UTF-8 at byte 30")
	refuse("{\"event_id\":\"r2\",\"\xc0\xaf\":1}", "invalid UTF-8 at byte 18")
	refuse("{\"event_id\":\"r3\",\"reasoning\":\"\xed\xa0\x80\"}", "invalid UTF-8 at byte 30") // a surrogate in UTF-8
	refuse("{\"event_id\":\"r4\",\"reasoning\":\"\x00\"}", "control character in a string at byte 30")
	refuse("{\"event_id\":\"r5\"\x00}", "expected ',' or '}' at byte 16")
	refuse(`{"event_id":"r6","a":'x'}`, "expected a JSON value at byte 21")
	refuse(`{"event_id":"r7","a":NaN}`, "expected a JSON value at byte 21")
	refuse(`{"event_id":"r8","a":0x10}`, "expected ',' or '}' at byte 22")
	refuse(`{"event_id":"r9","a":01}`, "expected ',' or '}' at byte 22")
	refuse(`{"event_id":"r10","a":1,}`, "expected a key in quotes at byte 24")
	refuse(`{"event_id":"r11"} {"event_id":"r12"}`, "more after the object at byte 19")
	refuse(`{"event_id":"r13","a":"\u12"}`, "bad escape in a string at byte 23")
	refuse(`{"event_id":"r14","timestamp":1e999999}`, "timestamp")
	refuse(`{"event_id":"r15","timestamp":1763907781250}`, "timestamp")
	refuse(`{"event_id":{"a":1}}`, "event_id is not a string")
	refuse(`[{"event_id":"r16"}]`, "event is not a JSON object")
	refuse("\xff\xfe{\x00", "event is not a JSON object")
	keep(`"reasoning":"the last, without a line end"`, "reasoning", `"the last, without a line end"`)

	status, r := s.post("/v1/events", strings.TrimRight(body.String(), "\r\n"))
	if status != 200 || r.Accepted+len(r.Rejected) != line || len(r.Rejected) != len(refused) {
		t.Fatalf("%d, %d accepted, %d rejected of %d lines: %v", status, r.Accepted, len(r.Rejected), line, r.Rejected)
	}
	for _, bad := range r.Rejected {
		if says, ok := refused[bad.Line]; !ok || !strings.Contains(bad.Error, says) {
			t.Errorf("line %d: %s, want %q", bad.Line, bad.Error, says)
		}
	}
	readBack(t, s, log, want)
	if err := s.ledger.Seal(); err != nil {
		t.Fatal(err)
	}
	readBack(t, s, log, want)
	for _, search := range []string{"cook", `"two 😀"`, "params.a:1", "trace_id:.."} {
		var l list
		if s.get("/v1/events?q="+url.QueryEscape(search), &l); len(l.Events) == 0 {
			t.Errorf("nothing found for %s", search)
		}
	}
}

// readBack compares events with what was sent: an id, members and their values,
// and "" after the last.
func readBack(t *testing.T, s *server, log *diary, want []string) {
	t.Helper()
	for len(want) > 0 {
		id := want[0]
		status, raw, _ := s.call("GET", "/v1/events/"+id, "", nil)
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); status != 200 || err != nil {
			t.Fatalf("%s: %d %s %v: %s", id, status, raw, err, log)
		}
		for want = want[1:]; want[0] != ""; want = want[2:] {
			if diff := cmp.Diff(plain(t, want[1]), plain(t, string(members[want[0]]))); diff != "" {
				t.Errorf("%s, %s (-sent +read):\n%s", id, want[0], diff)
			}
		}
		want = want[1:]
	}
}

// plain returns JSON in one spelling, numbers and the spelling of what is no text
// apart: those are compared as they are written.
func plain(t *testing.T, text string) any {
	t.Helper()
	if strings.Contains(text, `"a":1,"a":2`) {
		return text // Go's decoder would change or drop it
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestWrongMethod: a path that exists answers to another method with those that it
// takes, and a path that does not exist is not found.
func TestWrongMethod(t *testing.T) {
	s := start(t, nil)
	f := func(method, path string, status int, allow string) {
		t.Helper()
		got, b, header := s.call(method, path, "", nil)
		if got != status || header.Get("Allow") != allow || method != "HEAD" && !strings.Contains(string(b), `"title"`) {
			t.Errorf("%s %s: %d, Allow %q, %s", method, path, got, header.Get("Allow"), b)
		}
	}
	f("DELETE", "/v1/events", 405, "GET, HEAD, POST")
	f("PUT", "/v1/traces/x", 405, "GET, HEAD")
	f("DELETE", "/healthz", 405, "GET, HEAD")
	f("DELETE", "/v1/nothing", 404, "")
	f("GET", "/nothing", 404, "")
}

// TestDots: the ids "." and ".." are ids, not ways up a path.
func TestDots(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", `{"event_id":"..","trace_id":"."}`+"\n"+`{"event_id":".","trace_id":".."}`)
	c, err := remote.New(remote.Config{Server: s.url})
	if err != nil {
		t.Fatal(err)
	}
	for id, trace := range map[string]string{"..": ".", ".": ".."} {
		if e, err := c.Event(t.Context(), id); err != nil || e.EventID != id || e.TraceID != trace {
			t.Errorf("event %s: %+v, %v", id, e, err)
		}
		if found, err := c.Trace(t.Context(), trace); err != nil || len(found) != 1 || found[0].TraceID != trace {
			t.Errorf("trace %s: %+v, %v", trace, found, err)
		}
		if text, _, err := c.Prove(t.Context(), id, false); err != nil || len(text) == 0 {
			t.Errorf("proof of %s: %v", id, err)
		}
	}
}
