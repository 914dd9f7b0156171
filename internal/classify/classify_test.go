package classify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	key    = classify.NewFingerprintKey(secret)
)

func record(t *testing.T, cfg classify.Config, ev hansard.Event) classify.Record {
	t.Helper()
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if ev.EventID == "" {
		ev.EventID = "e"
	}
	r, err := engine.Redact(redact.Keys{Current: redact.Key{ID: "k1", Secret: secret}}, &hansard.Entry{Event: ev})
	if err != nil {
		t.Fatal(err)
	}
	c, err := classify.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := c.Classify(new(arena.Lasting), r, "loopback", key)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestTiers(t *testing.T) {
	f := func(ev hansard.Event, want hansard.Tier) {
		t.Helper()
		if got := record(t, classify.Config{}, ev).Entry().Tier; got != want {
			t.Errorf("%s %q %q: tier %s, want %s", ev.EventType, ev.Status, ev.Error, got, want)
		}
	}
	f(hansard.Event{EventType: hansard.TypeError}, hansard.TierCritical)
	f(hansard.Event{EventType: hansard.TypeSecurity}, hansard.TierCritical)
	f(hansard.Event{EventType: hansard.TypeCompliance}, hansard.TierCritical)
	f(hansard.Event{EventType: hansard.TypeToolResult, Error: "x"}, hansard.TierCritical)
	f(hansard.Event{EventType: hansard.TypeReasoning, Status: "timeout"}, hansard.TierCritical)
	f(hansard.Event{EventType: hansard.TypeToolResult, Status: "denied"}, hansard.TierInfo)
	for _, typ := range []string{hansard.TypeDecision, hansard.TypeHandoff, hansard.TypeHumanIntervention, hansard.TypeLifecycle} {
		f(hansard.Event{EventType: typ}, hansard.TierCompliance)
	}
	for _, typ := range []string{hansard.TypeInvocation, hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeTokenUsage, hansard.TypeFeedback} {
		f(hansard.Event{EventType: typ}, hansard.TierInfo)
	}
	f(hansard.Event{EventType: hansard.TypeReasoning}, hansard.TierDebug)
	f(hansard.Event{EventType: "x.custom"}, hansard.TierDebug)
	f(hansard.Event{EventType: hansard.TypeLLMResponse}, hansard.TierDebug)
	f(hansard.Event{EventType: hansard.TypeLLMResponse, InputTokens: hansard.Some[int64](0)}, hansard.TierInfo)
	f(hansard.Event{EventType: hansard.TypeGeneric, CostNanoUSD: hansard.Some[int64](1)}, hansard.TierInfo)
	f(hansard.Event{EventType: hansard.TypeReasoning, RaiseTier: hansard.TierCompliance}, hansard.TierCompliance)
	f(hansard.Event{EventType: hansard.TypeError, RaiseTier: hansard.TierDebug}, hansard.TierCritical)
}

func TestConfiguredTiers(t *testing.T) {
	cfg := classify.Config{RaiseTiers: map[string]hansard.Tier{hansard.TypeReasoning: hansard.TierInfo, hansard.TypeError: hansard.TierDebug}}
	if got := record(t, cfg, hansard.Event{EventType: hansard.TypeReasoning}).Entry().Tier; got != hansard.TierInfo {
		t.Errorf("raised to %s", got)
	}
	if got := record(t, cfg, hansard.Event{EventType: hansard.TypeError}).Entry().Tier; got != hansard.TierCritical {
		t.Errorf("lowered to %s", got)
	}
	if _, err := classify.New(classify.Config{RaiseTiers: map[string]hansard.Tier{"x": "meta"}}); err == nil {
		t.Error("meta is no tier for events")
	}
}

func TestFill(t *testing.T) {
	e := record(t, classify.Config{}, hansard.Event{EventType: hansard.TypeToolResult, Error: "x", Status: "ok", EventID: "e7"}).Entry()
	if e.Status != "error" || e.TraceID != "e7" || e.TimeSource != hansard.TimeOfReceipt || len(e.Salt) != 16 {
		t.Errorf("status %q, trace %q, time source %q, salt of %d bytes", e.Status, e.TraceID, e.TimeSource, len(e.Salt))
	}
	e = record(t, classify.Config{}, hansard.Event{EventType: hansard.TypeToolResult, Error: "x", Status: "timeout", Timestamp: 1}).Entry()
	if e.Status != "timeout" || e.TimeSource != hansard.TimeFromSender {
		t.Errorf("status %q, time source %q", e.Status, e.TimeSource)
	}
	if err := part.NewEncoder().CheckContent(e); err != nil {
		t.Error(err)
	}
	if e := record(t, classify.Config{}, hansard.Event{EventType: hansard.TypeGeneric}).Entry(); e.ContentSize != 0 || e.Salt != nil {
		t.Errorf("an event without content commits to %d bytes", e.ContentSize)
	}
}

// TestFingerprint checks that it follows what was sent, and nothing else.
func TestFingerprint(t *testing.T) {
	ev := hansard.Event{EventType: hansard.TypeToolCall, Params: json.RawMessage(`{"a":1}`)}
	a, b := record(t, classify.Config{}, ev), record(t, classify.Config{}, ev)
	if a.ID().Fingerprint != b.ID().Fingerprint {
		t.Error("the same event twice has two fingerprints")
	}
	stored := *a.Entry()
	stored.Position, stored.Index, stored.ReceivedAt, stored.Timestamp = 7, 8, 9, 9
	if key.Of(&stored) != a.ID().Fingerprint {
		t.Error("a stored entry has another fingerprint than the event that was sent")
	}
	if classify.NewFingerprintKey([]byte("another key")).Of(&stored) == a.ID().Fingerprint {
		t.Error("the fingerprint does not depend on the key")
	}
	if got := fmt.Sprintf("%x", a.ID().Fingerprint); got != "7fcc3461c6de" { // as every index on a disk has it
		t.Errorf("the fingerprint is %s", got)
	}
	if got := fmt.Sprintf("%x", key.Former().Of(&stored)); got != "871282b2c670" { // as older ones have it
		t.Errorf("the former fingerprint is %s", got)
	}
	ev.Params = json.RawMessage(`{"a":2}`)
	if record(t, classify.Config{}, ev).ID().Fingerprint == a.ID().Fingerprint {
		t.Error("other params, the same fingerprint")
	}
}

// TestLeafFits fills every list and text of the envelope with what escapes to six
// bytes each: the leaf stays within the format, and nothing is lost.
func TestLeafFits(t *testing.T) {
	long := strings.Repeat("\x01", 1000)
	ev := hansard.Event{EventType: "x.long", AgentName: long, Action: long, ToolName: long, Decision: long, Service: long, Environment: long, Model: long, Provider: long, AgentVersion: long, ActorRole: long, HandoffTo: long, HandoffFrom: long, ErrorType: long}
	for i := range 64 {
		item := fmt.Sprintf("%02d", i) + strings.Repeat("\x02", 250)
		ev.Tags = append(ev.Tags, item)
		ev.Resources = append(ev.Resources, hansard.Resource{Kind: item, Operation: item, DataClass: item})
	}
	e := record(t, classify.Config{}, ev).Entry()
	e.Position, e.Index, e.ReceivedAt, e.Timestamp = 1<<53-1, 1<<40, 1<<62, 1<<62
	enc := part.NewEncoder()
	if leaf := enc.AppendLeaf(nil, e); len(leaf) > part.MaxLeaf {
		t.Errorf("leaf of %d bytes", len(leaf))
	}
	if !e.Truncated || !strings.Contains(string(e.Attributes), `"overflow.resources"`) || !json.Valid(e.Attributes) {
		t.Errorf("truncated %v, attributes %.80s", e.Truncated, e.Attributes)
	}
	if err := enc.CheckContent(e); err != nil {
		t.Error(err)
	}
}

func TestCut(t *testing.T) {
	cfg := classify.Config{MaxField: 1000}
	text := "head " + strings.Repeat("é", 2000) + " tail"
	raw, _ := json.Marshal(map[string]string{"text": text})
	e := record(t, cfg, hansard.Event{EventType: hansard.TypeGeneric, Reasoning: text, Params: raw, Attributes: raw, Comment: "short"}).Entry()
	if !e.Truncated || len(e.Reasoning) > 1000 || !strings.HasPrefix(e.Reasoning, "head ") || !strings.HasSuffix(e.Reasoning, " tail") || !strings.Contains(e.Reasoning, "bytes cut") {
		t.Errorf("reasoning %.60q", e.Reasoning)
	}
	if len(e.Params) > 1000 || !json.Valid(e.Params) || !strings.Contains(string(e.Params), "tail") {
		t.Errorf("params %.60q", e.Params)
	}
	var object map[string]any
	if err := json.Unmarshal(e.Attributes, &object); err != nil {
		t.Errorf("attributes are no object: %v", err)
	}
	if e.Comment != "short" {
		t.Errorf("comment %q", e.Comment)
	}
}

// BenchmarkClassify makes the records of events as agents send them.
func BenchmarkClassify(b *testing.B) {
	engine, err := redact.New(redact.Config{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := classify.New(classify.Config{})
	if err != nil {
		b.Fatal(err)
	}
	var events []redact.Redacted
	for i := range 500 {
		r, err := engine.Redact(redact.Keys{Current: redact.Key{ID: "k1", Secret: secret}}, &hansard.Entry{Event: hansard.Event{
			EventID: fmt.Sprintf("0199ae4c-7c1b-7d2e-9f00-%012d", i), EventType: hansard.EventTypes[i%10], Timestamp: 1763900000000000000 + int64(i)*1e7,
			AgentName: fmt.Sprint("agent-", i%50), AgentID: fmt.Sprint("a-", i%50), TraceID: fmt.Sprintf("trace-%016x", i/20), SpanID: fmt.Sprintf("%016x", i),
			TaskID: fmt.Sprint("task-", i/20), SessionID: fmt.Sprint("s-", i/60), Service: "shop", Environment: "prod", ToolName: fmt.Sprint("tool_", i%40),
			Status: "ok", Model: "large", DurationUS: hansard.Some(int64(i * 31)), InputTokens: hansard.Some(int64(i)), OutputTokens: hansard.Some(int64(i)),
			Params: json.RawMessage(`{"order_id":4711,"note":"the customer asks for a refund of the order","amount":12.5}`),
			Result: json.RawMessage(`{"status":"done"}`), Reasoning: "because the order was late by some days and the policy allows for it",
		}})
		if err != nil {
			b.Fatal(err)
		}
		events = append(events, r)
	}
	var a arena.Lasting
	for b.Loop() {
		for _, r := range events {
			if _, err := c.Classify(&a, r, "loopback", key); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/entry")
}
