package trace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// run is a run of three tool calls; edit changes events before they are compared.
func run(edit func(e *hansard.Event)) []*hansard.Entry {
	all := []*hansard.Entry{
		event(0, "task", "", "x", "invocation", func(e *hansard.Event) { e.Params = json.RawMessage(`{"task":"refund"}`) }),
		event(1, "c1", "task", "x", "tool_call", call("get", `{"id": 7, "with": {"a":1, "b":[1,2]}}`)),
		event(2, "r1", "c1", "x", "tool_result", result("c1", ""), func(e *hansard.Event) { e.Result = json.RawMessage(`{"ok":true}`) }),
		event(3, "c2", "task", "x", "tool_call", call("pay", `{"id":7}`)),
		event(4, "u", "c2", "x", "token_usage", func(e *hansard.Event) {
			e.InputTokens, e.CostNanoUSD = hansard.Some[int64](100), hansard.Some[int64](5_000_000)
		}),
	}
	for _, e := range all {
		if edit != nil {
			edit(&e.Event)
		}
	}
	return all
}

func changes(d trace.Diff) string {
	var lines []string
	for _, s := range d.Steps {
		if s.Change == trace.Same {
			continue
		}
		id := ""
		for _, e := range []*trace.DiffEvent{s.A, s.B} {
			if e != nil && id == "" {
				id = e.EventID
			}
		}
		line := s.Change + " " + id
		for _, f := range s.Fields {
			line += fmt.Sprintf(" %s: %s > %s", f.Name, f.A, f.B)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestDiff(t *testing.T) {
	f := func(name, want string, same int, b []*hansard.Entry) {
		t.Helper()
		d := trace.NewDiff(run(nil), b)
		if got := changes(d); got != want || d.Same != same {
			t.Errorf("%s: %d the same, want %d; got\n%s\nwant\n%s", name, d.Same, same, got, want)
		}
	}
	f("itself, later and slower", "", 5, run(func(e *hansard.Event) {
		e.Timestamp += 1e12
		e.DurationUS = hansard.Some[int64](9)
		e.Params = bytes.ReplaceAll(e.Params, []byte(" "), nil)
	}))
	f("a member of params", `changed c1 params.with.b: [1,2] > [1,3] params.new: null > "x"`, 4, run(func(e *hansard.Event) {
		if e.EventID == "c1" {
			e.Params = json.RawMessage(`{"new":"x","with":{"b":[1,3],"a":1},"id":7}`)
		}
	}))
	f("how it ended, and what it cost", "changed r1 status: null > \"error\" error_type: null > \"TimeoutError\"\nchanged u input_tokens: 100 > null cost_usd: 0.005 > null", 3, run(func(e *hansard.Event) {
		switch e.EventID {
		case "r1":
			e.Status, e.ErrorType = "error", "TimeoutError"
		case "u":
			e.InputTokens, e.CostNanoUSD = hansard.Opt[int64]{}, hansard.Opt[int64]{}
		}
	}))
	f("another tool", "only_a c2\nonly_b c2", 4, run(func(e *hansard.Event) {
		if e.EventID == "c2" {
			e.ToolName = "transfer"
		}
	}))
	f("nothing", "only_a task\nonly_a c1\nonly_a r1\nonly_a c2\nonly_a u", 0, nil)
	// A retry in between is an event more; what is around it keeps its partner.
	f("a retry", "only_b c1x", 5, append(run(nil), event(2, "c1x", "c1", "x", "tool_call", call("get", `{"id":7}`))))
}

// TestDiffIsHarmless renders what a sender could use against a terminal.
func TestDiffIsHarmless(t *testing.T) {
	evil := "\x1b[2J\u202e\r\n"
	d := trace.NewDiff(run(nil), run(func(e *hansard.Event) {
		e.AgentName, e.Reasoning = "x", evil
		e.Params = json.RawMessage(`{"` + strings.ReplaceAll("k\u202e", `"`, "") + `":"\u001b[31m"}`)
	}))
	var out bytes.Buffer
	if err := trace.RenderDiff(&out, d, false, true); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\x1b", "\u202e", "\r"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%q came through:\n%q", bad, out.String())
		}
	}
}
