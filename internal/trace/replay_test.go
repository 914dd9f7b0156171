package trace_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// knew writes what was known at each moment.
func knew(r trace.Replay) string {
	var lines []string
	for _, m := range r.Moments {
		line := m.EventID + ":"
		if k := m.Knew.Task; k != nil {
			line += fmt.Sprintf(" task %q", k.Text)
		}
		if k := m.Knew.Handover; k != nil {
			line += fmt.Sprintf(" told %q by %s", k.Text, k.Agent)
		}
		if k := m.Knew.Said; k != nil {
			line += fmt.Sprintf(" thought %q", k.Text)
		}
		for _, k := range m.Knew.Results {
			line += fmt.Sprintf(" knew %s %q", k.EventID, k.Text)
		}
		for _, k := range m.Came {
			line += fmt.Sprintf(" came %s %q", k.EventID, k.Text)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestReplay(t *testing.T) {
	says := func(result string) func(*hansard.Event) {
		return func(e *hansard.Event) { e.Result = json.RawMessage(result) }
	}
	entries := []*hansard.Entry{
		event(0, "task", "", "x", "invocation", func(e *hansard.Event) { e.Params = json.RawMessage(`{"task":"refund"}`) }),
		event(1, "think", "task", "x", "llm_response", func(e *hansard.Event) { e.Response = json.RawMessage(`{"role":"assistant","content":"look first"}`) }),
		event(2, "c1", "task", "x", "tool_call", call("get", `{"id":7}`)),
		event(3, "c2", "task", "x", "tool_call", call("get", `{"id":8}`)),
		event(4, "r1", "c1", "x", "tool_result", result("c1", ""), says(`"paid"`)),
		event(5, "h", "task", "x", "handoff", to("y"), func(e *hansard.Event) { e.ContextSummary = "it is paid" }),
		event(6, "d", "h", "y", "decision"),
		event(7, "r2", "c2", "x", "tool_result", result("c2", "TimeoutError")),
		event(8, "d2", "task", "x", "decision"),
	}
	want := strings.Join([]string{
		`c1: task "Task received: refund" thought "look first" came r1 "paid"`,
		`c2: task "Task received: refund" thought "look first" came r2 "TimeoutError"`,
		`h: task "Task received: refund" thought "look first" knew r1 "paid"`,
		`d: told "it is paid" by x`,
		`d2: task "Task received: refund" thought "look first" knew r1 "paid" knew r2 "TimeoutError"`,
	}, "\n")
	r := trace.NewReplay(entries, 0, 100)
	if got := knew(r); got != want || r.Total != 5 {
		t.Errorf("of %d, got\n%s\nwant\n%s", r.Total, got, want)
	}
	some := trace.NewReplay(entries, 1, 2)
	if got := knew(some); got != strings.Join(strings.Split(want, "\n")[1:3], "\n") || some.Total != 5 || some.From != 1 {
		t.Errorf("two after the first: %d from %d\n%s", some.Total, some.From, got)
	}
}

// TestReplayOfMany keeps what is shown of an agent that found out a lot.
func TestReplayOfMany(t *testing.T) {
	var entries []*hansard.Entry
	for i := range 50 {
		entries = append(entries, event(int64(i), fmt.Sprint("r", i), "", "x", "tool_result", result("", ""), func(e *hansard.Event) { e.Result = json.RawMessage(fmt.Sprint(i)) }))
	}
	r := trace.NewReplay(append(entries, event(60, "d", "", "x", "decision")), 0, 10)
	k := r.Moments[0].Knew
	if len(k.Results) != 20 || k.Earlier != 30 || k.Results[19].Text != "49" || k.Results[0].Text != "30" {
		t.Errorf("%d results, %d earlier: %v", len(k.Results), k.Earlier, k.Results)
	}
}
