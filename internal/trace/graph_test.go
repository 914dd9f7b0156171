package trace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// event returns an event of an agent at a second, with a parent; kind is the type
// without "agent.".
func event(second int64, id, parent, agent, kind string, fill ...func(*hansard.Event)) *hansard.Entry {
	e := at(second*1e9, id, parent)
	e.AgentName, e.EventType, e.Action = agent, "agent."+kind, kind
	for _, f := range fill {
		f(&e.Event)
	}
	return e
}

func to(agent string) func(*hansard.Event) {
	return func(e *hansard.Event) { e.HandoffTo = agent }
}

// call makes a tool call; params is JSON.
func call(tool, params string) func(*hansard.Event) {
	return func(e *hansard.Event) { e.ToolName, e.ToolCallID, e.Params = tool, e.EventID, json.RawMessage(params) }
}

func result(of, errorType string) func(*hansard.Event) {
	return func(e *hansard.Event) {
		if e.ToolCallID, e.ErrorType = of, errorType; errorType != "" {
			e.Status = "error"
		}
	}
}

// edges writes the edges of a graph, one a line.
func edges(g trace.Graph) string {
	var lines []string
	for _, e := range g.Edges {
		lines = append(lines, fmt.Sprintf("%s -%s-> %s %d", e.From, e.Kind, e.To, e.Count))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func nodes(g trace.Graph) string {
	var names []string
	for _, n := range g.Nodes {
		names = append(names, fmt.Sprintf("%s:%s:%d:%d", n.ID, strings.TrimPrefix(n.Type, "agent."), n.Events, n.Errors))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// handedOver is a run in which a router hands over to billing, which delegates to
// a checker, hands back, and the router hands over to somebody who never acts.
func handedOver() []*hansard.Entry {
	return []*hansard.Entry{
		event(1, "r1", "", "router", "invocation"),
		event(2, "h1", "r1", "router", "handoff", to("billing")),
		event(3, "b1", "h1", "billing", "invocation"),
		event(4, "c1", "b1", "checker", "tool_call", call("check", `{}`)),
		event(5, "c2", "c1", "checker", "error"),
		event(6, "h2", "b1", "billing", "handoff", to("router")),
		event(7, "r2", "", "router", "decision"),
		event(8, "h3", "r2", "router", "handoff", to("nobody")),
		event(9, "x", "gone", "", "generic"),
	}
}

func TestAgentGraph(t *testing.T) {
	entries := handedOver()
	for range 3 {
		g := trace.AgentGraph(trace.StepsOf(entries), false)
		if got, want := nodes(g), "billing:agent:2:0 checker:agent:2:1 nobody:missing:0:0 router:agent:4:0"; got != want {
			t.Errorf("nodes %s, want %s", got, want)
		}
		if d := cmp.Diff("billing -delegation-> checker 1\nbilling -handoff-> router 1\nrouter -handoff-> billing 1\nrouter -handoff-> nobody 1", edges(g)); d != "" {
			t.Errorf("aggregated (-want +got):\n%s", d)
		}
		if !slices.Equal(g.Orphans, []string{"x"}) {
			t.Errorf("orphans %v", g.Orphans)
		}
		g = trace.AgentGraph(trace.StepsOf(entries), true)
		if got, want := nodes(g), "billing #1:agent:2:0 checker #1:agent:2:1 nobody:missing:0:0 router #1:agent:2:0 router #2:agent:2:0"; got != want {
			t.Errorf("nodes %s, want %s", got, want)
		}
		if d := cmp.Diff("billing #1 -delegation-> checker #1 1\nbilling #1 -handoff-> router #2 1\nrouter #1 -handoff-> billing #1 1\nrouter #2 -handoff-> nobody 1", edges(g)); d != "" {
			t.Errorf("expanded (-want +got):\n%s", d)
		}
		rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	}
}

func TestEventGraph(t *testing.T) {
	g := trace.EventGraph(trace.StepsOf([]*hansard.Entry{
		event(1, "a", "", "x", "tool_call", call("t", `{}`)), event(2, "b", "a", "x", "reasoning"), event(3, "o", "gone", "x", "reasoning"), event(4, "p", "gone", "x", "reasoning"),
		event(5, "y", "z", "x", "reasoning"), event(6, "z", "y", "x", "reasoning"), event(7, "res", "", "x", "tool_result", result("a", "")), event(8, "b", "a", "x", "reasoning"),
	}))
	want := "a -parent-> b 1\na -result-> res 1\nmissing/gone -parent-> o 1\nmissing/gone -parent-> p 1\ny -parent-> z 1"
	if d := cmp.Diff(want, edges(g)); d != "" {
		t.Errorf("edges (-want +got):\n%s", d)
	}
	if g.Duplicates != 1 || len(g.Nodes) != 8 || fmt.Sprint(g.Cycles, g.Orphans) != "[[y z]] [o p]" {
		t.Errorf("%d duplicates, %d nodes, circles %v, orphans %v", g.Duplicates, len(g.Nodes), g.Cycles, g.Orphans)
	}
	b, err := json.Marshal(g)
	if err != nil || !strings.Contains(string(b), `{"from":"missing/gone","to":"o","kind":"parent","count":1}`) {
		t.Errorf("%v %s", err, b)
	}
}

// TestDraw checks that what a sender wrote cannot break out of a label.
func TestDraw(t *testing.T) {
	evil := "a\"]; n0 -> n1 [label=\"\n\x1b[2J<script>%%{init}%% `x` \\"
	g := trace.AgentGraph(trace.StepsOf([]*hansard.Entry{event(1, "1", "", evil, "handoff", to(evil+"2")), event(2, "2", "", evil, "error")}), false)
	var dot, mermaid bytes.Buffer
	if err := g.WriteDOT(&dot); err != nil {
		t.Fatal(err)
	}
	if err := g.WriteMermaid(&mermaid); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(dot.String(), "\n") {
		quotes := strings.Count(line, `"`) - strings.Count(strings.ReplaceAll(line, `\\`, ""), `\"`)
		if quotes%2 != 0 || strings.Contains(line, "\x1b") {
			t.Errorf("DOT: %q", line)
		}
	}
	if n := strings.Count(dot.String(), "\n"); n != 3+1+2+1+1 {
		t.Errorf("DOT has %d lines:\n%s", n, dot.String())
	}
	for _, line := range strings.Split(mermaid.String(), "\n") {
		if strings.Count(line, `"`)%2 != 0 || strings.ContainsAny(line, "\x1b`\\") || strings.Contains(line, "<s") || strings.Contains(line, "%%") {
			t.Errorf("Mermaid: %q", line)
		}
	}
}

func TestRetries(t *testing.T) {
	f := func(want string, entries ...*hansard.Entry) {
		t.Helper()
		var got []string
		for _, r := range trace.Retries(entries) {
			got = append(got, fmt.Sprintf("%s %v failed %d recovered %v %v %s", r.Tool, r.Calls, r.Failed, r.Recovered, r.Errors, trace.Duration(r.WaitedUS)))
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("got %s\nwant %s", s, want)
		}
	}
	one, two := call("pay", `{"a":1,"b":[2]}`), call("pay", ` {"b" : [2], "a":1}`)
	f("pay [c1 c2 c3] failed 2 recovered true [TimeoutError] 5.0s",
		event(1, "c1", "", "x", "tool_call", one), event(2, "r1", "", "x", "tool_result", result("c1", "TimeoutError")),
		event(3, "c2", "", "x", "tool_call", two), event(4, "r2", "", "x", "tool_result", result("c2", "TimeoutError")),
		event(5, "c3", "", "x", "tool_call", one), event(6, "r3", "", "x", "tool_result", result("c3", "")))
	f("pay [c1 c2] failed 2 recovered false [A B] 3.0s",
		event(1, "c1", "", "x", "tool_call", one), event(2, "r1", "", "x", "tool_result", result("c1", "A")),
		event(3, "c2", "", "x", "tool_call", two), event(4, "r2", "", "x", "tool_result", result("c2", "B")))
	// Other params, another agent, another tool, or a call that worked: no retry.
	f("",
		event(1, "c1", "", "x", "tool_call", one), event(2, "r1", "", "x", "tool_result", result("c1", "A")),
		event(3, "c2", "", "x", "tool_call", call("pay", `{"a":1,"b":[3]}`)), event(4, "c3", "", "y", "tool_call", one), event(5, "c4", "", "x", "tool_call", call("ask", `{"a":1,"b":[2]}`)))
	f("", event(1, "c1", "", "x", "tool_call", one), event(2, "r1", "", "x", "tool_result", result("c1", "")), event(3, "c2", "", "x", "tool_call", one))
}

// TestCriticalPath checks where the time went in a trace with a parallel branch.
func TestCriticalPath(t *testing.T) {
	took := func(s int64) func(*hansard.Event) {
		return func(e *hansard.Event) { e.DurationUS = hansard.Some(s * 1e6) }
	}
	tl := trace.NewTimeline([]*hansard.Entry{
		event(0, "root", "", "x", "invocation", took(20)), event(3, "fast", "root", "x", "llm_response", took(2)),
		event(10, "slow", "root", "x", "llm_response", took(9)), event(4, "inner", "slow", "x", "tool_call", took(3)),
		event(15, "last", "root", "x", "tool_call", took(5)), event(14, "early", "last", "x", "tool_call", took(2)),
		event(20, "end", "root", "x", "lifecycle", took(20)),
	})
	got := map[string]int64{}
	for _, l := range tl.Lines {
		got[l.EventID] = l.CriticalUS / 1e6
	}
	if d := cmp.Diff(map[string]int64{"root": 5, "fast": 0, "slow": 6, "inner": 3, "last": 4, "early": 2, "end": 0}, got); d != "" {
		t.Errorf("on the critical path (-want +got):\n%s", d)
	}
	var sum int64
	for _, s := range tl.Critical {
		sum += s.US
	}
	if sum != 20e6 || !slices.IsSortedFunc(tl.Critical, func(a, b trace.Segment) int { return a.Start.Compare(b.Start) }) {
		t.Errorf("segments add up to %d: %+v", sum, tl.Critical)
	}
	if tl.Skewed != 1 || len(tl.Gaps) != 2 || tl.Gaps[1].US != 4e6 || tl.Gaps[1].After != "slow" || tl.Gaps[1].Before != "early" {
		t.Errorf("%d skewed, gaps %+v", tl.Skewed, tl.Gaps)
	}
	if b := tl.Lines[0].Branch; b == nil || b.Events != 7 || b.US.V != 20e6 {
		t.Errorf("branch of the root: %+v", b)
	}
}

// TestFigures checks on arbitrary traces what must hold of each: what is on the
// critical path adds up to no more than the trace took, branches add up to the
// whole, and nothing is lost in a graph.
func TestFigures(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		n := 1 + r.IntN(60)
		var entries []*hansard.Entry
		for i := range n {
			e := event(int64(r.IntN(100)), fmt.Sprint("e", i), "", fmt.Sprint("a", r.IntN(3)), []string{"tool_call", "tool_result", "handoff", "llm_response", "invocation"}[r.IntN(5)])
			if r.IntN(4) > 0 {
				e.ParentEventID = fmt.Sprint("e", r.IntN(n+5)) // also itself, circles, and what is not there
			}
			if r.IntN(2) == 0 {
				e.DurationUS = hansard.Some(int64(r.IntN(30e6)))
				e.InputTokens = hansard.Some(int64(r.IntN(100)))
			}
			e.HandoffTo = fmt.Sprint("a", r.IntN(5))
			entries = append(entries, e)
		}
		tl := trace.NewTimeline(entries)
		var on, tokens, events int64
		for i, l := range tl.Lines {
			on += l.CriticalUS
			if tl.Lines[i].Depth == 0 {
				if b := l.Branch; b != nil {
					events, tokens = events+int64(b.Events), tokens+b.Spend.Tokens.V
				} else {
					events, tokens = events+1, tokens+entries[slices.IndexFunc(entries, func(e *hansard.Entry) bool { return e.EventID == l.EventID })].InputTokens.V
				}
			}
		}
		if events != int64(n) || tokens != tl.Spend.Tokens.V {
			t.Fatalf("seed %d: branches have %d events of %d, %d tokens of %d", seed, events, n, tokens, tl.Spend.Tokens.V)
		}
		if on < 0 || on > 200e6 {
			t.Fatalf("seed %d: %d us on the critical path", seed, on)
		}
		g := trace.EventGraph(trace.StepsOf(entries))
		if len(g.Nodes) < n || len(g.Edges) < n-len(tl.Cycles)-countRoots(entries) {
			t.Fatalf("seed %d: %d nodes, %d edges of %d events", seed, len(g.Nodes), len(g.Edges), n)
		}
		for _, expanded := range []bool{false, true} {
			g, events := trace.AgentGraph(trace.StepsOf(entries), expanded), 0
			ids := map[string]bool{}
			for _, node := range g.Nodes {
				events += node.Events
				ids[node.ID] = true
			}
			for _, e := range g.Edges {
				if !ids[e.From] || !ids[e.To] {
					t.Fatalf("seed %d: edge %v leads nowhere", seed, e)
				}
			}
			if events != n {
				t.Fatalf("seed %d: agents have %d events of %d", seed, events, n)
			}
		}
	}
}

func countRoots(entries []*hansard.Entry) int {
	n := 0
	for _, e := range entries {
		if e.ParentEventID == "" {
			n++
		}
	}
	return n
}

// TestLongTrace tells a trace of 50,000 events with much content, and checks that
// what is kept of it fits into memory.
func TestLongTrace(t *testing.T) {
	const n = 50_000
	content := json.RawMessage(`{"text":"` + strings.Repeat("x", 1000) + `"}`)
	steps := make([]trace.Step, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range steps {
		e := event(int64(i), fmt.Sprint("e", i), fmt.Sprint("e", i/3), "x", "tool_call", call("t", string(content)))
		e.Messages, e.Attributes = slices.Clone(content), slices.Clone(content)
		steps[i] = trace.NewStep(e)
	}
	tl := trace.Tell(steps)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > n*3500 {
		t.Errorf("%d bytes are kept of each event", kept/n)
	}
	if len(tl.Lines) != n || tl.Lines[0].Branch == nil || tl.Lines[0].Branch.Events < n-1 {
		t.Errorf("%d lines", len(tl.Lines))
	}
	if g := trace.EventGraph(steps); len(g.Nodes) != n {
		t.Errorf("%d nodes", len(g.Nodes))
	}
}
