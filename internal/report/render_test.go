package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// evil is a name that tries to leave every format.
const evil = "=HYPERLINK(\"//x\")|`*_[a](b)\x1b[31m\u009b2J\u202e</td><script>alert(1)</script>{{.}}\n# head\r,\U000e0001"

func summary(t *testing.T, events []*hansard.Event, req report.Request) *report.SummaryReport {
	t.Helper()
	l, _ := record(t, events)
	req.Tenant, req.Now = tenant, now
	r, err := report.Summary(context.Background(), l, req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func render(t *testing.T, r report.Report, f report.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Render(&b, r, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func checkpoints() []report.Checkpoint {
	return []report.Checkpoint{
		{Log: "acme/critical", Size: 4, Root: "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		{Log: "acme/info", Size: 38, Root: "yv66vgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
	}
}

func TestRender(t *testing.T) {
	full := summary(t, incident(), report.Request{Checkpoints: checkpoints()})
	empty := summary(t, nil, report.Request{})
	hostile := summary(t, hostile(), report.Request{Query: report.Filter{Node: query.Not{Node: parse(t, `agent:"=1|2"`)}, Text: evil}})
	for _, f := range report.Formats() {
		golden(t, "incident."+string(f), render(t, full, f))
		golden(t, "empty."+string(f), render(t, empty, f))
		golden(t, "hostile."+string(f), render(t, hostile, f))
	}
}

// hostile returns events whose names try to leave every format, and whose costs
// and times are unknown.
func hostile() []*hansard.Event {
	events := mixed(6)
	for _, e := range events {
		e.AgentName, e.TimeSource = evil, hansard.TimeSynthetic
	}
	events[0].EventType, events[0].Model, events[0].InputTokens = hansard.TypeLLMResponse, evil, hansard.Some(int64(1200))
	events[1].EventType = "x." + evil
	return events
}

// TestRenderIsHarmless looks at each form of hostile names with a reader of that
// form.
func TestRenderIsHarmless(t *testing.T) {
	r := summary(t, hostile(), report.Request{Query: report.Filter{Text: evil}})
	harmless(t, r)
	var back struct {
		TopAgents [][2]any `json:"top_agents"`
		Filter    string   `json:"filter"`
	}
	if err := json.Unmarshal(render(t, r, report.JSON), &back); err != nil || back.Filter != evil || back.TopAgents[0][0] != evil {
		t.Errorf("json: %v: %q", err, back)
	}
}

// harmless looks at each form of a report with a reader of that form.
func harmless(t *testing.T, r report.Report) {
	t.Helper()
	for _, f := range report.Formats() {
		for _, c := range string(render(t, r, f)) {
			if c != '\n' && !unicode.IsPrint(c) {
				t.Errorf("%s: %U came through", f, c)
			}
		}
	}
	lines, err := csv.NewReader(bytes.NewReader(render(t, r, report.CSV))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		for _, cell := range line {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("csv: %q may be a formula", cell)
			}
		}
	}
	page := string(render(t, r, report.HTML))
	if regexp.MustCompile(`(?i)<script|<link|<img|src=|href=|url\(|@import| on[a-z]+=`).MatchString(page) {
		t.Error("html: it runs or loads something")
	}
	balanced(t, page)
	columns := 0
	bar := regexp.MustCompile(`(^|[^\\])\|`)
	for line := range strings.Lines(string(render(t, r, report.Markdown))) {
		if strings.Contains(line, "<") {
			t.Errorf("markdown: %s", line)
		}
		n := len(bar.FindAllString(line, -1))
		if strings.HasPrefix(line, "|") && columns > 0 && n != columns {
			t.Errorf("markdown: %d bars, want %d: %s", n, columns, line)
		}
		columns = n
	}
}

// balanced fails when elements of a page are not closed as they were opened.
func balanced(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name.Local {
				t.Fatalf("html: </%s> closes %v", token.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("html: %v are not closed", open)
	}
}

// TestRenderCutsTables holds that documents say what they leave out, and that
// the forms for machines leave out nothing.
func TestRenderCutsTables(t *testing.T) {
	var events []*hansard.Event
	for i := range 60 {
		events = append(events, &hansard.Event{
			EventID: fmt.Sprint("e", i), TraceID: "t", EventType: hansard.TypeReasoning, AgentName: fmt.Sprintf("agent-%02d", i), Timestamp: start.UnixNano(),
		})
	}
	r := summary(t, events, report.Request{})
	for f, last := range map[report.Format]bool{report.Table: false, report.Markdown: false, report.HTML: false, report.JSON: true, report.CSV: true} {
		text := string(render(t, r, f))
		if strings.Contains(text, "agent-59") != last || strings.Contains(text, "(the first 50 of 60)") == last {
			t.Errorf("%s: agent-59 is there: %t, want %t, and what is left out is said where it is", f, !last, last)
		}
	}
}

// TestJSON holds the keys that others rely on.
func TestJSON(t *testing.T) {
	f := func(r *report.SummaryReport, key string, want any) {
		t.Helper()
		var got map[string]any
		if err := json.Unmarshal(render(t, r, report.JSON), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got[key]); d != "" {
			t.Errorf("%s (-want +got):\n%s", key, d)
		}
	}
	full := summary(t, incident(), report.Request{Checkpoints: checkpoints()})
	f(full, "report", "summary")
	f(full, "tenant", "acme")
	f(full, "filter", "")
	f(full, "period", map[string]any{"start": "2026-11-23T14:22:49Z", "end": "2026-11-23T14:27:50.2Z", "open_end": true})
	f(full, "total_events", 61.0)
	f(full, "total_errors", 4.0)
	f(full, "error_rate", "6.6%")
	f(full, "total_traces", 3.0)
	f(full, "total_tool_calls", 10.0)
	f(full, "tool_call_errors", 3.0)
	f(full, "total_handoffs", 4.0)
	f(full, "total_escalations", 1.0)
	f(full, "tokens", map[string]any{"input_tokens": 6137.0, "output_tokens": 779.0, "cache_read_tokens": 7680.0, "cache_write_tokens": nil, "reasoning_tokens": nil, "token_count": 14596.0})
	f(full, "cost_usd", 0.0267318)
	f(full, "unpriced_calls", 0.0)
	f(full, "agents_active", 4.0)
	f(full, "top_agents", []any{[]any{"support", 22.0}, []any{"billing", 20.0}, []any{"research", 13.0}, []any{"router", 6.0}})
	f(full, "last_position", 60.0)
	empty := summary(t, nil, report.Request{})
	f(empty, "period", map[string]any{"start": nil, "end": nil, "open_end": true})
	f(empty, "error_rate", "0%")
	f(empty, "cost_usd", nil)
	f(empty, "top_agents", []any{})
	f(empty, "by_type", map[string]any{})
	f(empty, "missing_kinds", []any{})
	f(empty, "checkpoints", []any{})
	f(empty, "last_position", nil)
}

func TestParseFormat(t *testing.T) {
	for _, want := range report.Formats() {
		if got, err := report.ParseFormat(string(want)); err != nil || got != want || want.ContentType() == "" {
			t.Errorf("%s: %s %v", want, got, err)
		}
	}
	if _, err := report.ParseFormat("pdf"); hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" {
		t.Errorf("pdf: %v", err)
	}
	if err := report.Render(io.Discard, &report.SummaryReport{}, "pdf"); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("render pdf: %v", err)
	}
}

// failing is a writer that cannot.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestRenderReturnsTheError(t *testing.T) {
	for _, f := range report.Formats() {
		if err := report.Render(failing{}, &report.SummaryReport{}, f); err != os.ErrClosed {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}
