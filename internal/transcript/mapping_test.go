package transcript_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/transcript"
)

// eventsOf returns the events of the one run in input.
func eventsOf(t *testing.T, format, input string) []*hansard.Event {
	t.Helper()
	out, runs := render(t, format, "in.jsonl", []byte(input), transcript.Options{})
	if len(runs) != 1 {
		t.Fatalf("not one run: %s", out)
	}
	checkRuns(t, runs)
	return runs[0].Events
}

func TestToolErrors(t *testing.T) {
	f := func(format, message, wantError, wantType, wantProvenance string) {
		t.Helper()
		list := `[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"x","arguments":"{}"}}]},` + message + `]`
		input := map[string]string{
			"tau-bench":       `{"task_id":1,"trial":1,"traj":` + list + `}`,
			"agentdojo":       `{"index":1,"messages":` + list + `}`,
			"openai-messages": `{"messages":` + list + `}`,
		}[format]
		e := eventsOf(t, format, input)[1]
		if e.EventType != hansard.TypeToolResult {
			t.Fatalf("the second event is %s", e.EventType)
		}
		want := []string{wantError, wantType, wantProvenance}
		if diff := cmp.Diff(want, []string{e.Error, e.ErrorType, e.Provenance}); diff != "" {
			t.Errorf("%s %s: -want +got:\n%s", format, message, diff)
		}
		if (e.Status == "error") != (wantError != "") {
			t.Errorf("%s %s: status %q", format, message, e.Status)
		}
	}
	const tau, dojo, chat = "tau-bench", "agentdojo", "openai-messages"
	f(tau, `{"role":"tool","content":"Error: no","tool_call_id":"a"}`, "Error: no", "ToolError", "inferred")
	f(tau, `{"role":"tool","content":"No Error","tool_call_id":"a"}`, "", "", "observed")
	f(dojo, `{"role":"tool","content":"","error":"ValueError: no"}`, "ValueError: no", "ValueError", "observed")
	f(dojo, `{"role":"tool","content":"","error":"json.JSONDecodeError: no"}`, "json.JSONDecodeError: no", "json.JSONDecodeError", "observed")
	f(dojo, `{"role":"tool","content":"","error":"a b Error: no"}`, "a b Error: no", "ToolError", "observed")
	f(dojo, `{"role":"tool","content":"","error":"Nope"}`, "Nope", "ToolError", "observed")
	f(dojo, `{"role":"tool","content":"Error: x","error":null}`, "", "", "observed")
	f(chat, `{"role":"tool","content":"Error: x","tool_call_id":"a"}`, "Error: x", "ToolError", "inferred")
	f(chat, `{"role":"tool","content":"Errors: 0","tool_call_id":"a"}`, "", "", "observed")
	f(chat, `{"role":"tool","content":"x","error":{"code":1},"tool_call_id":"a"}`, `{"code":1}`, "ToolError", "observed")
}

func TestArguments(t *testing.T) {
	f := func(arguments, want string) {
		t.Helper()
		input := `{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"x","arguments":` + arguments + `}}]}]}`
		if diff := cmp.Diff(want, string(eventsOf(t, "openai-messages", input)[0].Params)); diff != "" {
			t.Errorf("%s: %s", arguments, diff)
		}
	}
	f(`"{\"a\": 1.50, \"b\": [ ]}"`, `{"a":1.50,"b":[]}`)
	f(`"[1]"`, `[1]`)
	f(`"{\"a\": "`, `"{\"a\": "`)
	f(`"5"`, `"5"`)
	f(`{"a": 1}`, `{"a":1}`)
	f(`""`, ``)
	f(`null`, ``)
}

func TestUsage(t *testing.T) {
	f := func(usage, want string) {
		t.Helper()
		input := `{"messages":[{"role":"assistant","content":"x","usage":` + usage + `}]}`
		e := eventsOf(t, "openai-messages", input)[0]
		var b strings.Builder
		for _, o := range []hansard.Opt[int64]{e.InputTokens, e.CacheReadTokens, e.OutputTokens, e.ReasoningTokens, e.TokenCount, e.CostNanoUSD} {
			if o.Set {
				fmt.Fprintf(&b, "%d ", o.V)
			} else {
				b.WriteString("- ")
			}
		}
		if got := b.String() + e.CostSource; got != want {
			t.Errorf("%s: got %q, want %q", usage, got, want)
		}
	}
	f(`{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13}`, "10 - 3 - 13 - ")
	f(`{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":10},"completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":2},"cost":0.0198518}`, "0 10 3 2 - 19851800 reported")
	f(`{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}`, "1 2 - - - - ")
	f(`{"prompt_tokens":-1,"completion_tokens":1.5,"total_tokens":"3","cost":-1}`, "- - - - - - ")
	f(`{"cost":0}`, "- - - - - 0 reported")
	f(`{"cost":1e300,"total_tokens":1e300}`, "- - - - - - ")
	f(`[]`, "- - - - - - ")
}

// TestUsageOnce shows that the line's usage is marked as a sum when its
// messages state their own.
func TestUsageOnce(t *testing.T) {
	f := func(message string, want []string) {
		t.Helper()
		events := eventsOf(t, "openai-messages", `{"usage":{"total_tokens":5},"messages":[`+message+`]}`)
		e := events[len(events)-2]
		if e.EventType != hansard.TypeTokenUsage || !cmp.Equal(e.Labels, want) {
			t.Errorf("%s with labels %v, want %v", e.EventType, e.Labels, want)
		}
	}
	f(`{"role":"assistant","content":"x"}`, nil)
	f(`{"role":"assistant","content":"x","usage":{"total_tokens":5}}`, []string{"aggregate"})
}

func TestMiniSWEOutput(t *testing.T) {
	f := func(answer, output, want string) {
		t.Helper()
		input := `{"instance_id":"i","messages":[{"role":"user","content":"t"},` +
			fmt.Sprintf(`{"role":"assistant","content":%q},{"role":"user","content":%q}]}`, answer, output)
		events := eventsOf(t, "mini-swe", input)
		e := events[len(events)-2]
		if got := strings.Join([]string{e.EventType, e.Status, e.ErrorType, e.Error}, "|"); got != want {
			t.Errorf("%q %q: got %q, want %q", answer, output, got, want)
		}
	}
	const one = "```bash\nls\n```"
	f(one, "<returncode>0</returncode>", "agent.tool_result|||")
	f(one, "<returncode>-9</returncode>", "agent.tool_result|error|ExitError|returncode -9")
	f(one, "The last command <command>ls</command> timed out", "agent.tool_result|timeout|Timeout|the command timed out")
	f(one, "diff --git", "agent.tool_result|||")
	f("no command", "One, please", "agent.error|error|FormatError|One, please")
	f(one+one, "One, please", "agent.error|error|FormatError|One, please")
}

// TestMiniSWETimes shows that a message that tells no time has the time of the
// one before, and says that it is invented.
func TestMiniSWETimes(t *testing.T) {
	f := func(created, want string) {
		t.Helper()
		input := `{"instance_id":"i","messages":[{"role":"user","content":"t"},{"role":"assistant","content":"x","extra":{"response":{"created":` +
			created + `}}}]}`
		var got []string
		for _, e := range eventsOf(t, "mini-swe", input)[:2] {
			got = append(got, fmt.Sprintf("%d %s", e.Timestamp/1e6, e.TimeSource))
		}
		if got := strings.Join(got, ","); got != want {
			t.Errorf("created %s: got %s, want %s", created, got, want)
		}
	}
	f("1763510520", "1763510520000 synthetic,1763510520000 sender")
	f("1763510520.25", "1763510520250 synthetic,1763510520250 sender")
	f("1763510520000", "1735689600000 synthetic,1735689601000 synthetic") // milliseconds: not guessed at
	f("null", "1735689600000 synthetic,1735689601000 synthetic")
}

// TestFormats checks what the formats say of themselves.
func TestFormats(t *testing.T) {
	var names []string
	for _, f := range transcript.Formats() {
		names = append(names, f.Name)
		if f.Description == "" || strings.Contains(f.Description, "\n") {
			t.Errorf("%s: description %q", f.Name, f.Description)
		}
	}
	want := []string{"openai-messages", "tau-bench", "agentrx", "agentdojo", "whoandwhen", "mini-swe"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
