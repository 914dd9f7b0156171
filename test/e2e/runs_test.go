package e2e_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// eachLine decodes a file of JSON lines, independently of the program.
func eachLine(t *testing.T, path string, f func(map[string]any)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		var m map[string]any
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		f(m)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

func messages(run map[string]any, key string) []map[string]any {
	if text, ok := run[key].(string); ok {
		var list []map[string]any
		_ = json.Unmarshal([]byte(text), &list)
		return list
	}
	var list []map[string]any
	items, _ := run[key].([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

type counts struct{ traces, calls, erring, escalations int64 }

// inRecord counts by SQL, pairing each call with its result.
func inRecord(s *server, prefix string) counts {
	erring := `select count(*) from events c where c.event_type = 'agent.tool_call' and starts_with(c.trace_id, '` + prefix + `')
		and (c.error is not null or exists (select 1 from events r where r.event_type = 'agent.tool_result' and r.trace_id = c.trace_id
		and r.parent_event_id = c.event_id and r.error is not null))`
	return counts{
		s.number(`select count(distinct trace_id) from events where starts_with(trace_id, '` + prefix + `')`),
		s.number(`select count(*) from events where event_type = 'agent.tool_call' and starts_with(trace_id, '` + prefix + `')`),
		s.number(erring),
		s.number(`select count(*) from events where intervention = 'escalation' and starts_with(trace_id, '` + prefix + `')`),
	}
}

func reported(sum map[string]any) counts {
	n := func(key string) int64 { f, _ := sum[key].(float64); return int64(f) }
	return counts{n("total_traces"), n("total_tool_calls"), n("tool_call_errors"), n("total_escalations")}
}

func TestTauBench(t *testing.T) {
	unraced(t)
	path := data(t, "tau-bench/airline-gpt-4o.jsonl")
	var want counts
	eachLine(t, path, func(run map[string]any) {
		want.traces++
		for _, m := range messages(run, "traj") {
			calls, _ := m["tool_calls"].([]any)
			want.calls += int64(len(calls))
			for _, c := range calls {
				if f, _ := c.(map[string]any)["function"].(map[string]any); f["name"] == "transfer_to_human_agents" {
					want.escalations++
				}
			}
			if text, _ := m["content"].(string); m["role"] == "tool" && strings.HasPrefix(text, "Error") {
				want.erring++
			}
		}
	})
	if want != (counts{200, 1164, 73, 48}) {
		t.Fatalf("the file holds %+v", want)
	}
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir)
	must(t, "import", "--server", s.url, "--format", "tau-bench", path)
	if got := inRecord(s, "tau:"); got != want {
		t.Errorf("sql: %+v, the file: %+v", got, want)
	}
	if got := reported(s.summary()); got != want {
		t.Errorf("report summary: %+v, the file: %+v", got, want)
	}
	before := s.number("select count(*) from events")
	must(t, "import", "--server", s.url, "--format", "tau-bench", path)
	if after := s.number("select count(*) from events"); after != before {
		t.Errorf("a second import: %d events, before %d", after, before)
	}
	out := must(t, "trace", "--server", s.url, "tau:0:0")
	if !strings.Contains(out, "Called tool 'get_user_details' with 1 params") || !strings.Contains(out, "Task received: ") {
		t.Errorf("trace:\n%s", tail(out))
	}
	checkProof(t, s, "tau:0:0")
	s.stop()
	verified(t, dir)
}

// checkProof proves an event of the trace and verifies it offline.
func checkProof(t *testing.T, s *server, trace string) {
	t.Helper()
	var logs []struct{ Log, VKey string }
	if err := json.Unmarshal([]byte(must(t, "logs", "--server", s.url, "-o", "json")), &logs); err != nil {
		t.Fatal(err)
	}
	line := must(t, "events", "--server", s.url, "-o", "ndjson", "--limit", "1", "trace:"+trace, "type:tool_call")
	var e struct {
		EventID string `json:"event_id"`
		Log     string `json:"log"`
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err, line)
	}
	file := filepath.Join(t.TempDir(), "x.proof")
	text := must(t, "prove", "--server", s.url, e.EventID)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, l := range logs {
		_, code := run(t, "verify", file, "--key", l.VKey)
		if ok := l.Log == e.Log; (code == 0) != ok {
			t.Errorf("verify with the key of %s: exit code %d, the entry is in %s", l.Log, code, e.Log)
		}
	}
	bad := strings.Replace(text, "\nindex ", "\nindex 1", 1)
	if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, l := range logs {
		if l.Log == e.Log {
			if _, code := run(t, "verify", file, "--key", l.VKey); code != 5 {
				t.Errorf("a tampered proof: exit code %d", code)
			}
		}
	}
}

func TestAgentDojo(t *testing.T) {
	unraced(t)
	dir := data(t, "agentdojo")
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) != 6 {
		t.Fatal(files, err)
	}
	var want counts
	for _, path := range files {
		eachLine(t, path, func(run map[string]any) {
			if run["messages"] == nil {
				return
			}
			want.traces++
			for _, m := range messages(run, "messages") {
				calls, _ := m["tool_calls"].([]any)
				want.calls += int64(len(calls))
				if m["error"] != nil {
					want.erring++
				}
			}
		})
	}
	if want != (counts{1164, 4123, 341, 0}) {
		t.Fatalf("the files hold %+v", want)
	}
	data := filepath.Join(t.TempDir(), "data")
	s := start(t, data)
	must(t, append([]string{"import", "--server", s.url, "--format", "agentdojo"}, files...)...)
	if got := inRecord(s, "dojo:"); got != want {
		t.Errorf("sql: %+v, the files: %+v", got, want)
	}
	if got := reported(s.summary()); got != want {
		t.Errorf("report summary: %+v, the files: %+v", got, want)
	}
	s.stop()
	verified(t, data)
}

func TestMiniSWE(t *testing.T) {
	unraced(t)
	path := data(t, "swe/mini-swe-agent-gemini3.jsonl")
	var traces, prompt, cached, completion, total int64
	eachLine(t, path, func(run map[string]any) {
		list := messages(run, "messages")
		if len(list) == 0 {
			return
		}
		traces++
		for _, m := range list {
			extra, _ := m["extra"].(map[string]any)
			response, _ := extra["response"].(map[string]any)
			usage, _ := response["usage"].(map[string]any)
			n := func(m map[string]any, key string) int64 { f, _ := m[key].(float64); return int64(f) }
			details, _ := usage["prompt_tokens_details"].(map[string]any)
			prompt, completion, total = prompt+n(usage, "prompt_tokens"), completion+n(usage, "completion_tokens"), total+n(usage, "total_tokens")
			cached += n(details, "cached_tokens")
		}
	})
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir)
	must(t, "import", "--server", s.url, "--format", "mini-swe", path)
	for query, want := range map[string]int64{
		"select count(distinct trace_id) from events where starts_with(trace_id, 'swe:')": 20,
		"select sum(input_tokens) + coalesce(sum(cache_read_tokens), 0) from events":      prompt,
		"select coalesce(sum(cache_read_tokens), 0) from events":                          cached,
		"select sum(output_tokens) from events":                                           completion,
		"select sum(token_count) from events":                                             total,
	} {
		if got := s.number(query); got != want || traces != 20 {
			t.Errorf("%s = %d, the file: %d", query, got, want)
		}
	}
	tokens, _ := s.summary()["tokens"].(map[string]any)
	for key, want := range map[string]int64{"input": prompt - cached, "output": completion, "cache_read": cached} {
		found := false
		for k, v := range tokens {
			if f, ok := v.(float64); ok && strings.HasPrefix(k, key) {
				found = true
				if int64(f) != want {
					t.Errorf("report summary: tokens.%s = %v, the file: %d", k, v, want)
				}
			}
		}
		if !found {
			t.Errorf("report summary: tokens %v lack %s", tokens, key)
		}
	}
	s.stop()
	verified(t, dir)
}
