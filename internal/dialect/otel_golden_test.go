package dialect_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readOTLP reads a request in a file as the receiver does.
func readOTLP(t testing.TB, body []byte) []dialect.Reading {
	t.Helper()
	signal, enc := otlp.Sniff(body)
	mapper := dialect.OTel{LeftOver: true}
	var out []dialect.Reading
	d, err := otlp.Decode(signal, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
		out = append(out, mapper.Map(&b.Batch)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Refused > 0 {
		t.Fatalf("refused: %s", d)
	}
	return out
}

// describe writes readings for people to read and to compare.
func describe(readings []dialect.Reading) string {
	var b strings.Builder
	for _, r := range readings {
		kind := "span"
		if r.Log {
			kind = "log"
		}
		fmt.Fprintf(&b, "%s %d: %s, %s\n", kind, r.Index+1, r.Dialect, r.Rule)
		for _, e := range r.Events {
			b.WriteString("  " + eventText(e) + "\n")
		}
		if len(r.LeftOver) > 0 {
			fmt.Fprintf(&b, "  left over: %s\n", strings.Join(r.LeftOver, " "))
		}
	}
	return b.String()
}

// eventText returns an event as JSON, with what the flat form cannot say behind it.
func eventText(e *hansard.Event) string {
	s := string(dialect.AppendEvent(nil, e))
	if len(e.Labels) > 0 {
		s += " labels=" + strings.Join(e.Labels, ",")
	}
	if e.Truncated {
		s += " truncated"
	}
	return s
}

// TestGolden reads each file of testdata/otel and compares what becomes of it with
// the golden file beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/otel/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			readings := readOTLP(t, body)
			checkReadings(t, readings)
			got := describe(readings)
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}

// checkReadings holds what every reading must keep to.
func checkReadings(t testing.TB, readings []dialect.Reading) {
	t.Helper()
	ids := map[string]bool{}
	for _, r := range readings {
		if len(r.Events) == 0 {
			t.Fatalf("reading %d has no event", r.Index)
		}
		for i, e := range r.Events {
			if e.EventID == "" || e.EventType == "" || e.Dialect == "" || e.Dialect != r.Dialect {
				t.Errorf("event %q has type %q and dialect %q; the reading has %q", e.EventID, e.EventType, e.Dialect, r.Dialect)
			}
			if r.Rule == "" {
				t.Errorf("event %q: no rule", e.EventID)
			}
			if ids[e.EventID] && i > 0 {
				t.Errorf("two events have the id %q", e.EventID)
			}
			ids[e.EventID] = true
			for name, raw := range map[string][]byte{
				"params": e.Params, "result": e.Result, "messages": e.Messages, "response": e.Response, "attributes": e.Attributes, "alternatives": e.Alternatives,
			} {
				if len(raw) > 0 && rawjson.Valid(raw, 200) != nil {
					t.Errorf("event %q: %s is not JSON: %s", e.EventID, name, bytes.ToValidUTF8(raw, []byte("?")))
				}
			}
			if e.Attempt.V < 0 || e.InputTokens.V < 0 || e.OutputTokens.V < 0 || e.DurationUS.V < 0 {
				t.Errorf("event %q has a negative figure", e.EventID)
			}
		}
		if len(r.Events[0].Attributes) == 0 {
			t.Errorf("event %q does not hold its source", r.Events[0].EventID)
		}
	}
}

// TestGoldenProtobuf reads the fixtures as protobuf, as the collector's library
// writes them: the same becomes of them.
func TestGoldenProtobuf(t *testing.T) {
	files, err := filepath.Glob("testdata/otel/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pb []byte
		signal, _ := otlp.Sniff(body)
		if signal == otlp.Logs {
			req := plogotlp.NewExportRequest()
			if err = req.UnmarshalJSON(body); err == nil {
				pb, err = req.MarshalProto()
			}
		} else {
			req := ptraceotlp.NewExportRequest()
			if err = req.UnmarshalJSON(body); err == nil {
				pb, err = req.MarshalProto()
			}
		}
		if err != nil {
			t.Fatal(file, err)
		}
		if got, _ := otlp.Sniff(pb); got != signal {
			t.Errorf("%s: taken for %s", file, got)
		}
		if diff := cmp.Diff(describe(readOTLP(t, body)), describe(readOTLP(t, pb))); diff != "" {
			t.Errorf("%s (-JSON +protobuf)\n%s", file, diff)
		}
	}
}

// TestIdentity holds that what is sent again is the same, and that what happened
// twice is not.
func TestIdentity(t *testing.T) {
	log := func(body string) dialect.LogRecord {
		return dialect.LogRecord{Time: 7, Body: dialect.StringValue(body)}
	}
	ids := func(b *dialect.Batch) []string {
		var mapper dialect.OTel
		var ids []string
		for _, r := range mapper.Map(b) {
			for _, e := range r.Events {
				ids = append(ids, e.EventID)
			}
		}
		return ids
	}
	batch := &dialect.Batch{Logs: []dialect.LogRecord{log("a"), log("a"), log("b")}}
	first := ids(batch)
	if diff := cmp.Diff(first, ids(batch)); diff != "" {
		t.Errorf("sent again:\n%s", diff)
	}
	if first[0] == first[1] || first[1] != first[0]+"~2" || first[2] == first[0] {
		t.Errorf("ids %v", first)
	}
	// The time at which a collector saw it is none of the record's.
	later := log("b")
	later.Observed = 99
	if got := ids(&dialect.Batch{Logs: []dialect.LogRecord{later}}); got[0] != first[2] {
		t.Errorf("observed later: %v, want %v", got, first[2])
	}
	span := dialect.Span{TraceID: "t", SpanID: "s", Name: "x"}
	if got := ids(&dialect.Batch{Spans: []dialect.Span{span, {Name: "no ids"}, {TraceID: "t", Name: "no span id"}}}); got[0] != "t/s" || got[1] == got[2] {
		t.Errorf("span ids %v", got)
	}
}

// TestRepeatedKeys sends attributes of the same key, first and last and beside others
// that are in the same chain: each has a key of its own in the record.
func TestRepeatedKeys(t *testing.T) {
	for _, others := range []int{0, 1, 50} {
		attrs := []dialect.Attr{{Key: []byte("k"), Value: dialect.IntValue(1)}, {Key: []byte("otel"), Value: dialect.IntValue(2)}}
		for i := range others {
			attrs = append(attrs, dialect.Attr{Key: fmt.Appendf(nil, "other.%d", i), Value: dialect.IntValue(3)})
		}
		attrs = append(attrs, dialect.Attr{Key: []byte("k"), Value: dialect.IntValue(4)}, dialect.Attr{Key: []byte("k"), Value: dialect.StringValue("5")}, dialect.Attr{})
		var o dialect.OTel
		got := o.Map(&dialect.Batch{Spans: []dialect.Span{{Resource: &dialect.Resource{}, Scope: &dialect.Scope{}, Attrs: attrs}}})[0].Events[0].Attributes
		for key, want := range map[string]string{"k": "1", "k~2": "4", "k~3": `"5"`, "otel~2": "2", "": "null"} {
			if v := string(rawjson.Get(got, key)); v != want {
				t.Errorf("of %d others beside, %q is %q, want %q: %s", others, key, v, want, got)
			}
		}
		if n := rawjson.Len(got); n != others+6 {
			t.Errorf("%d attributes of %d: %s", n, others+6, got)
		}
	}
}

// TestLateParentAcrossExports sends children before their parent: the ids join
// them, and nothing is guessed about the agent until it is known.
func TestLateParentAcrossExports(t *testing.T) {
	var mapper dialect.OTel
	service := &dialect.Resource{Attrs: []dialect.Attr{{Key: []byte("service.name"), Value: dialect.StringValue("shop")}}}
	op := func(name string) []dialect.Attr {
		return []dialect.Attr{{Key: []byte("gen_ai.operation.name"), Value: dialect.StringValue(name)}}
	}
	child := mapper.Map(&dialect.Batch{Spans: []dialect.Span{{Resource: service, TraceID: "t", SpanID: "c", ParentID: "p", Name: "chat", Attrs: op("chat")}}})[0].Events[0]
	agent := append(op("invoke_agent"), dialect.Attr{Key: []byte("gen_ai.agent.name"), Value: dialect.StringValue("Ada")})
	parent := mapper.Map(&dialect.Batch{Spans: []dialect.Span{{Resource: service, TraceID: "t", SpanID: "p", Name: "invoke_agent", Attrs: agent}}})[0].Events[0]
	if child.ParentEventID != parent.EventID || child.AgentName != "" {
		t.Errorf("the child has parent %q and agent %q; the parent is %q", child.ParentEventID, child.AgentName, parent.EventID)
	}
	entries := []*hansard.Entry{{Event: *child}, {Event: *parent, Position: 1}}
	for _, l := range trace.NewTimeline(entries).Lines {
		if l.Agent != "Ada" {
			t.Errorf("%s: agent %q", l.EventID, l.Agent)
		}
	}
}

// TestNestedModelCalls counts a call once that two instrumentations saw.
func TestNestedModelCalls(t *testing.T) {
	attrs := []dialect.Attr{
		{Key: []byte("gen_ai.operation.name"), Value: dialect.StringValue("chat")},
		{Key: []byte("gen_ai.usage.input_tokens"), Value: dialect.IntValue(10)},
		{Key: []byte("gen_ai.usage.output_tokens"), Value: dialect.StringValue("3")},
	}
	var mapper dialect.OTel
	var entries []*hansard.Entry
	for _, r := range mapper.Map(&dialect.Batch{Spans: []dialect.Span{
		{TraceID: "t", SpanID: "outer", Name: "ChatOpenAI", Attrs: attrs}, {TraceID: "t", SpanID: "inner", ParentID: "outer", Name: "chat", Attrs: attrs},
	}}) {
		for _, e := range r.Events {
			entries = append(entries, &hansard.Entry{Event: *e})
		}
	}
	if s := trace.Spent(entries); s.Tokens != hansard.Some(int64(13)) {
		t.Errorf("tokens %+v, want 13", s.Tokens)
	}
}

// TestTokenRules holds each dialect's own rule of what counts as input and output.
// The golden files have the rest.
func TestTokenRules(t *testing.T) {
	f := func(file string, want trace.Spend) {
		t.Helper()
		body, err := os.ReadFile("testdata/otel/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var entries []*hansard.Entry
		for _, r := range readOTLP(t, body) {
			for _, e := range r.Events {
				entries = append(entries, &hansard.Entry{Event: *e})
			}
		}
		got := trace.Spent(entries)
		got.Unpriced = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", file, diff)
		}
	}
	n := func(v int64) hansard.Opt[int64] { return hansard.Some(v) }
	// The input of OpenTelemetry includes the cached tokens, that of Claude Code
	// does not; aggregates on invocations are not added.
	f("genai_agents", trace.Spend{Input: n(500), Output: n(50), Tokens: n(550)})
	f("openinference", trace.Spend{Input: n(72), CacheRead: n(128), Output: n(20), Reasoning: n(5), Tokens: n(220), CostNanoUSD: n(420_000)})
	f("vercel_legacy", trace.Spend{Input: n(36), CacheRead: n(64), Output: n(10), Reasoning: n(4), Tokens: n(110)})
	f("vercel_v7_approval", trace.Spend{Input: n(26), CacheRead: n(64), Output: n(9), Tokens: n(99)})
	f("langfuse", trace.Spend{Input: n(20), CacheRead: n(400), CacheWrite: n(50), Output: n(5), Tokens: n(475), CostNanoUSD: n(45_000)})
	f("pydantic_v2", trace.Spend{Input: n(50), CacheRead: n(20), Output: n(7), Tokens: n(77), CostNanoUSD: n(200_000)})
	f("claude_code_logs", trace.Spend{Input: n(25000), CacheRead: n(20000), CacheWrite: n(500), Output: n(200), Tokens: n(45700), CostNanoUSD: n(13_500_000)})
	f("claude_code_spans", trace.Spend{Input: n(25000), CacheRead: n(20000), CacheWrite: n(500), Output: n(200), Tokens: n(45700)})
	f("codex_logs", trace.Spend{Input: n(904), CacheRead: n(4096), Output: n(300), Reasoning: n(128), Tokens: n(5300)})
	// Thoughts are apart from the output, tool use from the input.
	f("gemini_cli_logs", trace.Spend{Input: n(407), CacheRead: n(600), Output: n(80), Reasoning: n(30), Tokens: n(1087)})
}
