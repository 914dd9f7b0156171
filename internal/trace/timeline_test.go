package trace_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// refund is a trace of a refund that times out, is tried again after a human
// approved it, and is handed over.
func refund() []*hansard.Entry {
	begin := time.Date(2026, 11, 23, 14, 23, 1, 0, time.UTC)
	var entries []*hansard.Entry
	add := func(ms int64, parent, agent, kind, action string, fill func(*hansard.Event)) {
		e := hansard.Event{
			EventID: fmt.Sprint("e", len(entries)+1), ParentEventID: parent, TraceID: "tr-7f3a", AgentName: agent,
			EventType: "agent." + kind, Action: action, Timestamp: begin.Add(time.Duration(ms) * time.Millisecond).UnixNano(),
		}
		fill(&e)
		entries = append(entries, &hansard.Entry{Event: e, Position: uint64(100 + len(entries)), Tier: hansard.TierInfo})
	}
	add(0, "", "Support", "invocation", "invoke", func(e *hansard.Event) {
		e.Params = json.RawMessage(`{"task":"Please refund order 4711,\nthe parcel never arrived"}`)
	})
	add(340, "e1", "Support", "llm_response", "llm:plan", func(e *hansard.Event) {
		e.InputTokens, e.OutputTokens, e.CostNanoUSD = hansard.Some[int64](1200), hansard.Some[int64](300), hansard.Some[int64](12_300_000)
		e.DurationUS, e.SpanID, e.Status = hansard.Some[int64](340_000), "s1", "ok"
	})
	add(341, "e1", "Support", "token_usage", "tokens", func(e *hansard.Event) {
		e.InputTokens, e.OutputTokens, e.CostNanoUSD, e.SpanID = hansard.Some[int64](1200), hansard.Some[int64](300), hansard.Some[int64](12_300_000), "s1"
	})
	add(400, "e1", "Support", "decision", "decision:refund", func(e *hansard.Event) {
		e.Decision, e.Confidence = "refund", hansard.Some(0.87)
	})
	add(410, "e4", "Support", "handoff", "handoff", func(e *hansard.Event) { e.HandoffTo = "Billing 請求" })
	add(500, "e5", "Billing 請求", "tool_call", "tool_call:process_refund", func(e *hansard.Event) {
		e.ToolName, e.ToolCallID, e.Params = "process_refund", "c1", json.RawMessage(`{"order":4711,"amount":12.5}`)
	})
	add(12_800, "e6", "Billing 請求", "tool_result", "tool_result:process_refund", func(e *hansard.Event) {
		e.ToolName, e.ToolCallID, e.Status, e.DurationUS = "process_refund", "c1", "timeout", hansard.Some[int64](12_300_000)
		e.Error, e.ErrorType = "no answer from payments in 12 s", "TimeoutError"
	})
	add(90_000, "e6", "Billing 請求", "human_intervention", "approve", func(e *hansard.Event) {
		e.Intervention, e.Approver, e.DecisionUS = "approval", "pii:person:k1:00112233aabbccdd", hansard.Some[int64](77_000_000)
	})
	add(90_100, "e5", "Billing 請求", "tool_call", "tool_call:evil", func(e *hansard.Event) {
		e.ToolName, e.ToolCallID, e.Status = "evil\x1b[2J\x1b]0;owned\a\u202e", "c2", "denied"
	})
	add(91_000, "e99", "Billing 請求", "tool_result", "tool_result:ledger", func(e *hansard.Event) {
		e.ToolName, e.Result, e.Status = "ledger", json.RawMessage(`"`+strings.Repeat("x", 1500)+`"`), "ok"
	})
	return entries
}

func TestTimeline(t *testing.T) {
	entries := refund()
	slices.Reverse(entries)
	tl := trace.NewTimeline(append(entries, entries[3]))
	check := func(name string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	check("trace", tl.TraceID, "tr-7f3a")
	check("start", tl.Start.Format(time.RFC3339), "2026-11-23T14:23:01Z")
	check("end", tl.End.Format(time.RFC3339), "2026-11-23T14:24:32Z")
	check("span", tl.SpanUS, hansard.Some[int64](91_000_000))
	check("agents", tl.Agents, "[Support Billing 請求]")
	check("events", len(tl.Lines), 10)
	check("tool calls", tl.ToolCalls, 2)
	check("tool errors", tl.ToolErrors, 1)
	check("unpaired", tl.Unpaired, 1)
	check("errors", tl.Errors, 1)
	check("handoffs", tl.Handoffs, 1)
	check("tokens", tl.Spend.Tokens, hansard.Some[int64](1500))
	check("cost", tl.Spend.CostNanoUSD, hansard.Some[int64](12_300_000))
	check("duplicates", tl.Duplicates, 1)
	check("orphans", tl.Orphans, "[e10]")
	check("cycles", len(tl.Cycles), 0)
	check("tree", tl.Nested, "[0 1 2 3 4 5 6 7 8 9]")
	check("synthetic", tl.Synthetic, false)
	for i, l := range tl.Lines {
		check("order", l.EventID, fmt.Sprint("e", i+1))
	}
	check("duration", tl.Lines[6].Duration, "12.3s")
	check("unknown duration", tl.Lines[0].Duration, "")
	check("depth", tl.Lines[6].Depth, 4)
}

func TestTimelineOfLittle(t *testing.T) {
	tl := trace.NewTimeline(nil)
	if tl.SpanUS.Set || len(tl.Lines) != 0 || tl.TraceID != "" {
		t.Errorf("a timeline of nothing: %+v", tl)
	}
	e := &hansard.Entry{Event: hansard.Event{EventID: "e1", EventType: hansard.TypeError}, ReceivedAt: 5}
	tl = trace.NewTimeline([]*hansard.Entry{e})
	if tl.TraceID != "e1" || tl.Lines[0].Status != "error" || tl.Errors != 1 || tl.Start.UnixNano() != 5 {
		t.Errorf("a timeline of one error: %+v", tl)
	}
}

// TestTimelineSynthetic: of invented times no latency is spoken.
func TestTimelineSynthetic(t *testing.T) {
	entries := refund()
	entries[2].TimeSource = hansard.TimeSynthetic
	tl := trace.NewTimeline(entries)
	if !tl.Synthetic || tl.SpanUS.Set {
		t.Errorf("synthetic %v, span %v", tl.Synthetic, tl.SpanUS)
	}
	var b bytes.Buffer
	if err := trace.Render(&b, tl, trace.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "synthetic times") || strings.Contains(b.String(), "1m31s") {
		t.Errorf("the rendering of synthetic times:\n%s", b.String())
	}
}

func TestTimelineJSON(t *testing.T) {
	b, err := json.Marshal(trace.NewTimeline(refund()))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "refund.json", indent(t, b))
	b, err = json.Marshal(trace.NewTimeline(nil))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "empty.json", indent(t, b))
}

func indent(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

func TestRender(t *testing.T) {
	f := func(file string, entries []*hansard.Entry, opt trace.Options) {
		t.Helper()
		var b bytes.Buffer
		if err := trace.Render(&b, trace.NewTimeline(entries), opt); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.Bytes())
	}
	f("refund.txt", refund(), trace.Options{Width: 120})
	f("refund-tree.txt", refund(), trace.Options{Width: 120, Tree: true})
	f("refund-color.txt", refund(), trace.Options{Width: 100, Color: true})
	f("refund-wide.txt", refund(), trace.Options{})
	f("empty.txt", nil, trace.Options{Width: 80})
}

// TestRenderIsHarmless: nothing that a sender wrote controls the terminal, and
// no line is wider than it.
func TestRenderIsHarmless(t *testing.T) {
	hostile := "a\x1b[31m\x07\r\n\t\u009b2J\u202e\u2028\ufeff\U000e0041\xff名前" + strings.Repeat("界", 90)
	var entries []*hansard.Entry
	for i := range 15 {
		e := at(int64(i+1)*1e15, fmt.Sprint(i), fmt.Sprint(i-1)) // over days, nested deep
		e.AgentName, e.Action, e.TraceID, e.ToolName = hostile, hostile, hostile, hostile
		e.EventType, e.Status, e.DurationUS = hansard.TypeToolCall, hostile, hansard.Some[int64](1<<53)
		entries = append(entries, e)
	}
	m := &runewidth.Condition{StrictEmojiNeutral: true}
	for _, opt := range []trace.Options{{Width: 1}, {Width: 80, Tree: true}, {Width: 133}, {Tree: true}} {
		var b bytes.Buffer
		if err := trace.Render(&b, trace.NewTimeline(entries), opt); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x202e || c == 0x2028 }) {
				t.Errorf("%+v: a control character in %q", opt, line)
			}
			if width := m.StringWidth(line); opt.Width > 0 && width > max(80, opt.Width) {
				t.Errorf("%+v: %d columns in %q", opt, width, line)
			}
		}
	}
}

// TestTotalsAreWhole: a figure is never cut; the line is broken instead.
func TestTotalsAreWhole(t *testing.T) {
	var b bytes.Buffer
	if err := trace.Render(&b, trace.NewTimeline(refund()), trace.Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if want := "1 handoff\n1,500 tokens (1,200 in, 300 out) · $0.0123\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
}

func TestClean(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := trace.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	f("plain Grüße 日本 ✅", "plain Grüße 日本 ✅")
	f("a\x1b[2Jb", `a\x1b[2Jb`)
	f("a\r\nb\tc\u00a0d\u3000e", "a  b c d e")
	f("\u009b\u202e\u200d\U000e0041\x7f\x00", `\x9b\u202e\u200d\U000e0041\x7f\x00`)
	f("\xff\u2028", "\ufffd ")
}

// failing is a writer that cannot write.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestRenderReturnsTheError(t *testing.T) {
	if err := trace.Render(failing{}, trace.NewTimeline(refund()), trace.Options{}); err == nil {
		t.Error("an error of the writer is lost")
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}
