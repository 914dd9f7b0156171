package transcript_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/transcript"
)

// corpus returns the path of a file of the shared data, and skips where there
// is none.
func corpus(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared data is absent: %v", err)
	}
	return path
}

// loose is JSON as encoding/json reads it: the second opinion of these tests.
type loose = map[string]any

// jsonLines returns the objects of a file, one a line.
func jsonLines(t *testing.T, path string) []loose {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []loose
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var v loose
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// objects returns v's member key as a list of objects, nil if it is none.
func objects(v loose, key string) []loose {
	var all []loose
	list, _ := v[key].([]any)
	for _, e := range list {
		all = append(all, e.(loose))
	}
	return all
}

// readFile reads the runs of a file; any error fails the test.
func readFile(t *testing.T, format, path string) (runs []*transcript.Run, skipped int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for run, err := range transcript.Read(format, path, f, transcript.Options{}) {
		switch {
		case err != nil:
			t.Fatal(err)
		case run.Skipped != "":
			skipped++
		default:
			runs = append(runs, run)
		}
	}
	checkRuns(t, runs)
	for _, run := range runs {
		for i, e := range run.Events[1:] {
			if e.Timestamp < run.Events[i].Timestamp {
				t.Errorf("%s is before the event it follows", e.EventID)
			}
		}
	}
	return runs, skipped
}

// checkRuns checks what must hold for the runs of any file.
func checkRuns(t *testing.T, runs []*transcript.Run) {
	t.Helper()
	ids := map[string]bool{}
	for _, run := range runs {
		if run.TraceID == "" || len(run.TraceID) > 220 {
			t.Fatalf("line %d: trace id %q", run.Line, run.TraceID)
		}
		calls := map[string]*hansard.Event{}
		answered := map[string]bool{}
		for i, e := range run.Events {
			if ids[e.EventID] || len(e.EventID) > 256 {
				t.Fatalf("event id %q repeats or is too long", e.EventID)
			}
			ids[e.EventID] = true
			checkEvent(t, run, e)
			if e.ParentEventID != "" && !ids[e.ParentEventID] {
				t.Fatalf("%s: parent %q is not an earlier event", e.EventID, e.ParentEventID)
			}
			switch e.EventType {
			case hansard.TypeToolCall:
				if e.ToolCallID == "" || calls[e.ToolCallID] != nil {
					t.Fatalf("%s: tool call id %q is empty or repeats", e.EventID, e.ToolCallID)
				}
				calls[e.ToolCallID] = e
				if e.Error != "" || e.Status != "" {
					t.Fatalf("%s: a call carries an error", e.EventID)
				}
			case hansard.TypeToolResult:
				if c := calls[e.ToolCallID]; e.ParentEventID != "" && (c == nil || c.EventID != e.ParentEventID || c.ToolName != "" && c.ToolName != e.ToolName) {
					t.Fatalf("%s: no call with its id", e.EventID)
				}
				if answered[e.ToolCallID] {
					t.Fatalf("%s: a second result of one call", e.EventID)
				}
				answered[e.ToolCallID] = true
			}
			if end := e.Action == "session_end"; end != (i == len(run.Events)-1) {
				t.Fatalf("%s: session_end is not the last event", e.EventID)
			}
		}
	}
}

// checkEvent checks one event by itself.
func checkEvent(t *testing.T, run *transcript.Run, e *hansard.Event) {
	t.Helper()
	var attributes struct{ Step *int }
	if err := json.Unmarshal(e.Attributes, &attributes); err != nil || attributes.Step == nil {
		t.Fatalf("%s: attributes without step: %v", e.EventID, err)
	}
	known := false
	for _, typ := range hansard.EventTypes {
		known = known || typ == e.EventType
	}
	if !known || e.TraceID != run.TraceID || !strings.HasPrefix(e.EventID, run.TraceID+"/") {
		t.Fatalf("%s: type %q, trace %q", e.EventID, e.EventType, e.TraceID)
	}
	if e.TimeSource != hansard.TimeSynthetic && e.TimeSource != hansard.TimeFromSender {
		t.Fatalf("%s: time source %q", e.EventID, e.TimeSource)
	}
	if e.DurationUS.Set || e.TaskID == "" || e.SessionID == "" || e.Dialect == "" || e.Provenance == "" || e.Action == "" {
		t.Fatalf("%s: a duration, or no task, session, dialect, provenance or action", e.EventID)
	}
	for _, raw := range []json.RawMessage{e.Params, e.Result, e.Response, e.Messages, e.Attributes} {
		if raw != nil && rawjson.Valid(raw, 100) != nil {
			t.Fatalf("%s: a field is no JSON", e.EventID)
		}
	}
}

// count returns how many events of the runs are of a type and fulfil cond.
func count(runs []*transcript.Run, eventType string, cond func(*hansard.Event) bool) int {
	n := 0
	for _, run := range runs {
		for _, e := range run.Events {
			if e.EventType == eventType && (cond == nil || cond(e)) {
				n++
			}
		}
	}
	return n
}

func erred(e *hansard.Event) bool { return e.Error != "" }

// tally is what is counted twice: from the events, and from the file by
// encoding/json.
type tally struct {
	Runs, Calls, Results, Errors, Escalations, Writes, Answers, Turns int
}

func tallyEvents(runs []*transcript.Run) tally {
	return tally{
		Runs:    len(runs),
		Calls:   count(runs, hansard.TypeToolCall, nil),
		Results: count(runs, hansard.TypeToolResult, func(e *hansard.Event) bool { return e.ParentEventID != "" }),
		Errors:  count(runs, hansard.TypeToolResult, erred),
		Escalations: count(runs, hansard.TypeHumanIntervention, func(e *hansard.Event) bool {
			return e.Intervention == "escalation" && e.Provenance == "inferred"
		}),
		Writes:  count(runs, hansard.TypeToolCall, func(e *hansard.Event) bool { return e.SideEffect == "write" }),
		Answers: count(runs, hansard.TypeLLMResponse, nil),
		Turns:   count(runs, hansard.TypeInvocation, nil),
	}
}

// tallyChat counts chat messages; failed says whether a tool message reports an
// error, write whether a tool of that name changes something.
func tallyChat(runs []loose, messages string, failed func(loose) bool, write []string) tally {
	n := tally{Runs: len(runs)}
	for _, run := range runs {
		for _, m := range objects(run, messages) {
			calls := objects(m, "tool_calls")
			switch {
			case m["role"] == "user":
				n.Turns++
			case m["role"] == "tool":
				n.Results++
				if failed(m) {
					n.Errors++
				}
			case m["role"] == "assistant" && len(calls) == 0:
				n.Answers++
			}
			for _, c := range calls {
				n.Calls++
				name := c["function"].(loose)["name"].(string)
				if name == "transfer_to_human_agents" {
					n.Escalations++
				}
				for _, verb := range write {
					if strings.HasPrefix(name, verb+"_") {
						n.Writes++
					}
				}
			}
		}
	}
	return n
}

func beginsWithError(m loose) bool {
	s, _ := m["content"].(string)
	return strings.HasPrefix(s, "Error")
}

var tauWrites = []string{"book", "cancel", "update", "send", "modify", "exchange", "return"}

func TestTauBenchData(t *testing.T) {
	path := corpus(t, "tau-bench/airline-gpt-4o.jsonl")
	runs, skipped := readFile(t, "tau-bench", path)
	file := jsonLines(t, path)
	want := tallyChat(file, "traj", beginsWithError, tauWrites)
	got := tallyEvents(runs)
	if diff := cmp.Diff(want, got); diff != "" || skipped != 0 {
		t.Errorf("skipped %d, -file +events:\n%s", skipped, diff)
	}
	t.Logf("%+v", got)
	for i, run := range runs {
		end := run.Events[len(run.Events)-1]
		var a struct{ Reward float64 }
		if err := json.Unmarshal(end.Attributes, &a); err != nil || a.Reward != file[i]["reward"] {
			t.Errorf("%s: reward %v, want %v", run.TraceID, a.Reward, file[i]["reward"])
		}
		task := file[i]["info"].(loose)["task"].(loose)
		if end.UserID == "" || end.UserID != task["user_id"] {
			t.Errorf("%s: user id %q", run.TraceID, end.UserID)
		}
	}
	if got := runs[0].TraceID; got != "tau:0:0" {
		t.Errorf("first trace id %q", got)
	}
}

func TestAgentRxData(t *testing.T) {
	path := corpus(t, "agentrx/tau-retail.json")
	runs, skipped := readFile(t, "agentrx", path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file []loose
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	want := tallyChat(file, "traj", beginsWithError, tauWrites)
	got := tallyEvents(runs)
	if diff := cmp.Diff(want, got); diff != "" || skipped != 0 {
		t.Errorf("skipped %d, -file +events:\n%s", skipped, diff)
	}
	t.Logf("%+v", got)
	if got := runs[7].TraceID; got != "rx:7" {
		t.Errorf("eighth trace id %q", got)
	}
}

func TestAgentDojoData(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(corpus(t, "agentdojo/command-r.jsonl")), "*.jsonl"))
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var total tally
	ids := map[string]bool{}
	for _, path := range files {
		runs, skipped := readFile(t, "agentdojo", path)
		file := jsonLines(t, path)[1:]
		want := tallyChat(file, "messages", func(m loose) bool { return m["error"] != nil }, nil)
		got := tallyEvents(runs)
		want.Writes = got.Writes // no list of writing tools to compare with
		if diff := cmp.Diff(want, got); diff != "" || skipped != 1 {
			t.Errorf("%s: skipped %d, -file +events:\n%s", path, skipped, diff)
		}
		total.Runs += got.Runs
		total.Calls += got.Calls
		total.Results += got.Results
		total.Errors += got.Errors
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		for i, run := range runs {
			ids[run.TraceID] = true
			if want := "dojo:" + name + ":" + jsonText(file[i]["index"]); run.TraceID != want {
				t.Errorf("trace id %q, want %q", run.TraceID, want)
			}
			checkMembers(t, run.Events[len(run.Events)-1], file[i]["metadata"].(loose))
		}
	}
	if want := (tally{Runs: 1164, Calls: 4123, Results: 4118, Errors: 341}); total != want || len(ids) != 1164 {
		t.Errorf("six files: %+v with %d trace ids, want %+v", total, len(ids), want)
	}
}

func jsonText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// checkMembers checks that the event's attributes hold these members, but for
// those that say nothing.
func checkMembers(t *testing.T, e *hansard.Event, want loose) {
	t.Helper()
	var got loose
	if err := json.Unmarshal(e.Attributes, &got); err != nil {
		t.Fatal(err)
	}
	for k, v := range want {
		if list, ok := v.([]any); v == nil || ok && len(list) == 0 {
			continue
		}
		if !reflect.DeepEqual(got[k], v) {
			t.Errorf("%s: attribute %s = %v, want %v", e.EventID, k, got[k], v)
		}
	}
}

func TestWhoAndWhenData(t *testing.T) {
	f := func(name string, wantRuns, wantBlamed int) {
		t.Helper()
		path := corpus(t, "whoandwhen/"+name+".dev.jsonl")
		runs, _ := readFile(t, "whoandwhen", path)
		file := jsonLines(t, path)
		if len(runs) != wantRuns || len(file) != wantRuns {
			t.Fatalf("%s: %d runs of %d lines, want %d", name, len(runs), len(file), wantRuns)
		}
		blamed := 0
		for i, run := range runs {
			if want := "ww:" + name + ":" + jsonText(i+1); run.TraceID != want {
				t.Errorf("trace id %q, want %q", run.TraceID, want)
			}
			end := run.Events[len(run.Events)-1]
			want := loose{}
			for _, k := range []string{"mistake_agent", "mistake_step", "mistake_reason", "question_ID", "ground_truth"} {
				want[k] = file[i][k]
			}
			checkMembers(t, end, want)
			checkWhoAndWhen(t, run, objects(file[i], "history"))
			for _, e := range run.Events {
				deduced := e.EventType == hansard.TypeHandoff && e.Provenance == "inferred"
				if !deduced && e.AgentName == file[i]["mistake_agent"] && step(e) == file[i]["mistake_step"] {
					blamed++
					break
				}
			}
		}
		if blamed != wantBlamed {
			t.Errorf("%s: %d runs have an event of the blamed agent at the blamed step, want %d", name, blamed, wantBlamed)
		}
	}
	f("ag", 63, 62) // one label names a step of another agent
	f("hc", 29, 27) // two do
}

func step(e *hansard.Event) string { return string(rawjson.Get(e.Attributes, "step")) }

// checkWhoAndWhen compares a run with its history.
func checkWhoAndWhen(t *testing.T, run *transcript.Run, history []loose) {
	t.Helper()
	want := map[string]int{}
	for _, m := range history {
		role, _ := m["role"].(string)
		text, _ := m["content"].(string)
		if strings.HasSuffix(role, " (thought)") {
			want["thought"]++
		}
		if strings.Contains(role, "(-> ") {
			want["handoff"]++
		}
		if strings.HasSuffix(role, "(termination condition)") {
			want["decision"]++
		}
		if strings.HasPrefix(text, "exitcode: ") {
			want["result"]++
			if !strings.HasPrefix(text, "exitcode: 0 ") {
				want["error"]++
			}
		}
		if role == "ComputerTerminal" {
			want["result"]++
		}
	}
	got := map[string]int{}
	steps := map[string]bool{}
	for _, e := range run.Events {
		steps[step(e)] = true
		switch {
		case e.EventType == hansard.TypeReasoning && strings.Contains(string(e.Attributes), "(thought)"):
			got["thought"]++
		case e.EventType == hansard.TypeHandoff && e.Provenance == "observed":
			got["handoff"]++
		case e.EventType == hansard.TypeDecision:
			got["decision"]++
		case e.EventType == hansard.TypeToolResult:
			got["result"]++
			if e.Error != "" {
				got["error"]++
			}
		}
		if e.HandoffFrom != "" && e.HandoffFrom == e.HandoffTo {
			t.Errorf("%s: handoff of %s to itself", e.EventID, e.HandoffFrom)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -history +events:\n%s", run.TraceID, diff)
	}
	if len(steps) != len(history)+1 { // and one for the end
		t.Errorf("%s: %d steps for %d messages", run.TraceID, len(steps), len(history))
	}
}

func TestMiniSWEData(t *testing.T) {
	path := corpus(t, "swe/mini-swe-agent-gemini3.jsonl")
	runs, skipped := readFile(t, "mini-swe", path)
	var file []loose
	for _, v := range jsonLines(t, path) {
		if v["messages"] != nil {
			file = append(file, v)
		}
	}
	if len(runs) != 20 || len(file) != 20 || skipped != 1 {
		t.Fatalf("%d runs of %d, %d skipped", len(runs), len(file), skipped)
	}
	for i, run := range runs {
		checkMiniSWE(t, run, file[i])
	}
}

// spend is what a run spent; Input counts what came from the cache too, as the
// file does.
type spend struct {
	Calls                                       int
	Input, Cached, Output, Reasoning, All, Nano int64
	Failed                                      int
	First, Last                                 int64
}

func checkMiniSWE(t *testing.T, run *transcript.Run, file loose) {
	t.Helper()
	var want, got spend
	for _, m := range objects(file, "messages") {
		if text, _ := m["content"].(string); m["role"] == "user" && strings.HasPrefix(text, "<returncode>") &&
			!strings.HasPrefix(text, "<returncode>0<") {
			want.Failed++
		}
		if m["role"] != "assistant" {
			continue
		}
		response := m["extra"].(loose)["response"].(loose)
		u := response["usage"].(loose)
		f := func(v any) int64 { return int64(v.(float64)) }
		want.Calls++
		want.Input += f(u["prompt_tokens"])
		want.Cached += f(u["prompt_tokens_details"].(loose)["cached_tokens"])
		want.Output += f(u["completion_tokens"])
		want.Reasoning += f(u["completion_tokens_details"].(loose)["reasoning_tokens"])
		want.All += f(u["total_tokens"])
		want.Last = f(response["created"]) * 1e9
		if want.First == 0 {
			want.First = want.Last
		}
	}
	stats := file["info"].(loose)["model_stats"].(loose)
	want.Nano = int64(math.Round(stats["instance_cost"].(float64) * 1e9))
	for _, e := range run.Events {
		if e.EventType == hansard.TypeToolResult && e.Error != "" {
			got.Failed++
		}
		if e.EventType != hansard.TypeLLMResponse {
			if e.TokenCount.Set || e.CostNanoUSD.Set {
				t.Errorf("%s: tokens or cost beside the model call", e.EventID)
			}
			continue
		}
		got.Calls++
		got.Input += e.InputTokens.V + e.CacheReadTokens.V
		got.Cached += e.CacheReadTokens.V
		got.Output += e.OutputTokens.V
		got.Reasoning += e.ReasoningTokens.V
		got.All += e.TokenCount.V
		got.Nano += e.CostNanoUSD.V
		if e.TimeSource != hansard.TimeFromSender || e.CostSource != "reported" || e.Model == "" || e.Provider == "" {
			t.Errorf("%s: time %q, cost %q, model %q, provider %q", e.EventID, e.TimeSource, e.CostSource, e.Model, e.Provider)
		}
	}
	got.First, got.Last = run.Events[0].Timestamp, run.Events[len(run.Events)-1].Timestamp
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -file +events:\n%s", run.TraceID, diff)
	}
	if n := int(stats["api_calls"].(float64)); n != got.Calls {
		t.Errorf("%s: %d model calls, the file says %d", run.TraceID, got.Calls, n)
	}
	checkMembers(t, run.Events[len(run.Events)-1], loose{
		"exit_status": file["info"].(loose)["exit_status"], "model_stats": stats, "instance_id": file["instance_id"],
	})
}

// TestDataTwice reads every file of the shared data twice; the events must be
// the same to the last byte, and no two runs of different files share an id.
func TestDataTwice(t *testing.T) {
	f := func(format, pattern string) {
		t.Helper()
		files, _ := filepath.Glob(filepath.Join(filepath.Dir(corpus(t, "README.md")), pattern))
		if len(files) == 0 {
			t.Fatalf("no file %s", pattern)
		}
		for _, path := range files {
			a, _ := readFile(t, format, path)
			b, _ := readFile(t, format, path)
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: two readings differ", path)
			}
		}
	}
	f("tau-bench", "tau-bench/*.jsonl")
	f("agentrx", "agentrx/tau-retail.json")
	f("agentdojo", "agentdojo/*.jsonl")
	f("whoandwhen", "whoandwhen/*.jsonl")
	f("mini-swe", "swe/*.jsonl")
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join("..", "..", "..", "shared", "data", "tau-bench", "airline-gpt-4o.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		b.Skipf("the shared data is absent: %v", err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range transcript.Read("tau-bench", path, bytes.NewReader(data), transcript.Options{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
