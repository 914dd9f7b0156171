package clients_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew from what came")

// golden holds what a suite put on record against testdata/SUITE.golden: the tree
// of its events, each with what matters of it. Times, ids and durations are left
// out, all else is as real as the framework that sent it.
func golden(t *testing.T, s *server, suite string) {
	t.Helper()
	got := tree(s.events(suite))
	path := filepath.Join("testdata", suite+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if unordered(got) != unordered(string(want)) {
		t.Errorf("%s: got\n%s\nwant (%s; -update writes it anew)\n%s", suite, got, path, want)
	}
}

// unordered is a tree with the events that have the same parent in the order of
// their text: what a framework does at once comes in one order today and in another
// tomorrow.
func unordered(tree string) string {
	lines := strings.Split(strings.TrimRight(tree, "\n"), "\n")
	depth := func(i int) int { return len(lines[i]) - len(strings.TrimLeft(lines[i], " ")) }
	var sorted func(from, to int) []string
	sorted = func(from, to int) []string {
		var blocks []string
		for i := from; i < to; {
			end := i + 1
			for end < to && depth(end) > depth(i) {
				end++
			}
			blocks = append(blocks, strings.Join(append([]string{lines[i]}, sorted(i+1, end)...), "\n"))
			i = end
		}
		slices.Sort(blocks)
		return blocks
	}
	return strings.Join(sorted(0, len(lines)), "\n")
}

// TestUnordered holds what the comparison of trees lets pass, and what not.
func TestUnordered(t *testing.T) {
	a := "x\n  b\n    1\n  a\n  a\n"
	if same := "x\n  a\n  b\n    1\n  a\n"; unordered(a) != unordered(same) {
		t.Error("the order of siblings matters")
	}
	for _, other := range []string{"x\n  b\n  a\n    1\n  a\n", "x\n  b\n    1\n  a\n", "x\n  b\n    1\na\n  a\n"} {
		if unordered(a) == unordered(other) {
			t.Errorf("%q passes for %q", other, a)
		}
	}
}

// tree renders events, indented below the events that caused them.
func tree(events []row) string {
	kids, there := map[string][]row{}, map[string]bool{}
	for _, e := range events {
		there[e.text("event_id")] = true
	}
	for _, e := range events {
		parent := e.text("parent_event_id")
		if parent != "" && !there[parent] {
			parent = "orphan"
		}
		kids[parent] = append(kids[parent], e)
	}
	var b strings.Builder
	var put func(parent string, depth int)
	put = func(parent string, depth int) {
		for _, e := range kids[parent] {
			fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", depth), line(e))
			put(e.text("event_id"), depth+1)
		}
	}
	put("", 0)
	if len(kids["orphan"]) > 0 {
		b.WriteString("whose parents are not on record:\n")
		put("orphan", 1)
	}
	return b.String()
}

// varying is what differs from run to run in texts: ids and places of files.
var varying = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+|[0-9a-f]{16,}|File "[^"]+", line \d+|/[\w./-]+/[\w.-]+`)

// line renders an event.
func line(e row) string {
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(e.text("event_type"), "agent."))
	for _, f := range []struct{ name, column string }{
		{"", "action"}, {"agent", "agent_name"}, {"dialect", "dialect"}, {"session", "session_id"}, {"task", "task_id"}, {"status", "status"}, {"from", "handoff_from"}, {"to", "handoff_to"},
		{"intervention", "intervention"}, {"decision", "decision"}, {"provider", "provider"},
		{"in", "input_tokens"}, {"cached", "cache_read_tokens"}, {"written", "cache_write_tokens"}, {"out", "output_tokens"}, {"reasoning", "reasoning_tokens"},
		{"params", "params"}, {"result", "result"}, {"error", "error"}, {"error_type", "error_type"}, {"provenance", "provenance"}, {"labels", "labels"},
	} {
		v := e.text(f.column)
		if v == "" || v == "null" || v == "[]" || f.name == "provenance" && v == "observed" {
			continue
		}
		v = varying.ReplaceAllString(strings.ReplaceAll(v, "\n", " "), "…")
		if r := []rune(v); len(r) > 90 {
			v = string(r[:90]) + "…"
		}
		if f.name != "" {
			v = f.name + "=" + v
		}
		b.WriteString(" " + v)
	}
	if e.text("user_id") != "" {
		b.WriteString(" with a user")
	}
	return b.String()
}

// sums is what the calls of a model in a trace have used, to the token.
type sums struct{ calls, input, cached, output, reasoning int }

// spent adds up what a suite's calls of the model used. What repeats the tokens of
// others does not count.
func spent(s *server, suite string) sums {
	var n sums
	for _, e := range s.events(suite) {
		if e.text("event_type") != "agent.llm_response" || slices.Contains(strings.Split(strings.Trim(e.text("labels"), "[]"), ","), `"aggregate"`) {
			continue
		}
		n.calls++
		for _, f := range []struct {
			to     *int
			column string
		}{{&n.input, "input_tokens"}, {&n.cached, "cache_read_tokens"}, {&n.output, "output_tokens"}, {&n.reasoning, "reasoning_tokens"}} {
			v, _ := e[f.column].(float64)
			*f.to += int(v)
		}
	}
	return n
}
