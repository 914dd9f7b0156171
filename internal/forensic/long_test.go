package forensic_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
)

// longRuns are runs of about n events, each of a shape whose length could be paid
// for with its square.
func longRuns(n int) map[string][]hansard.Event {
	runs := map[string][]hansard.Event{}
	add := func(name string, events ...hansard.Event) { runs[name] = append(runs[name], events...) }
	said := func(agent, text string) hansard.Event {
		return hansard.Event{EventType: hansard.TypeLLMResponse, AgentName: agent, Response: []byte(strconv.Quote(text))}
	}
	user := func(text string) hansard.Event {
		return hansard.Event{EventType: hansard.TypeInvocation, Source: "user", Params: []byte(`{"task":` + strconv.Quote(text) + `}`)}
	}
	write := func(id, params string) hansard.Event {
		e := call(id, "set", params)
		e.SideEffect = "write"
		return e
	}
	for i := range n / 2 {
		id, k := fmt.Sprint(i), fmt.Sprint(i/2)
		add("failing calls", call(id, "x", `{"a":`+id+`}`), result(id, "x", "timeout", "", "no answer"))
		add("one call again and again", call(id, "x", `{"a":1}`), result(id, "x", "timeout", "", "no answer"))
		add("changes of different things", write(id, `{"order_id":"o`+k+`x`+id+`"}`), result(id, "set", []string{"ok", "error"}[i%2], "", []string{"", "order is closed"}[i%2]))
		add("claims to a user", user("how many are there of kind "+id), said("desk", "There are "+fmt.Sprint(i%10_000)+" of them. "+id))
		add("a model that never answers", hansard.Event{EventType: hansard.TypeLLMResponse, AgentName: "desk", Model: "m", Status: "error", Error: "500"}, said("clerk", "no "+id))
		one := said("desk", "I count "+id+" and assume "+k)
		one.Attributes = []byte(`{"step":0}`)
		two := said("clerk", "It seems that "+id+" failed")
		two.Attributes = []byte(`{"step":0}`)
		add("all in one step", one, two)
		add("talk", said("desk", "I count "+id+" and assume "+k), said("clerk", "It seems that "+id+" failed"))
		add("errors below errors", hansard.Event{EventType: hansard.TypeError, AgentName: "desk", Error: "e" + id, ErrorType: "E"}, hansard.Event{EventType: hansard.TypeError, AgentName: "clerk", Error: "f" + id, ParentEventID: fmt.Sprint("e", 2*i)})
	}
	runs["claims to a user"] = append([]hansard.Event{call("c", "x", `{}`), {EventType: hansard.TypeToolResult, AgentName: "a", ToolName: "x", ToolCallID: "c", Status: "ok", Result: []byte("[" + numbers(10_000) + "]")}}, runs["claims to a user"]...)
	return runs
}

// numbers lists the numbers below n.
func numbers(n int) string {
	text := "0"
	for i := 1; i < n; i++ {
		text += fmt.Sprintf(", %d", i)
	}
	return text
}

// TestLong looks into long runs: with ten times the events, no shape takes much
// more than ten times as long.
func TestLong(t *testing.T) {
	n := 4_000
	if testing.Short() { // the race run: one goroutine looks into a run
		n /= 10
	}
	short, long := longRuns(n), longRuns(10*n)
	for name := range long {
		analyze := func(events []hansard.Event) (*forensic.Incident, time.Duration) {
			entries := story(events...)
			begin := time.Now()
			in := forensic.Analyze(entries)
			return in, time.Since(begin)
		}
		_, before := analyze(short[name])
		in, took := analyze(long[name])
		t.Logf("%s: %s, %s with ten times the events; %d failures", name, before, took, len(in.Failures))
		if took > 40*before+time.Second {
			t.Errorf("%s: %s for ten times what took %s", name, took, before)
		}
	}
}
