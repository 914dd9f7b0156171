package demo_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/demo"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/redact"
)

// thursday is when the companies of the tests are looked at.
var thursday = time.Date(2026, 11, 26, 9, 41, 17, 0, time.UTC)

func TestHistory(t *testing.T) {
	for seed := range uint64(3) {
		h := demo.NewCompany(seed).History(thursday)
		if n := len(h.Events); n < 5000 || n > 20_000 {
			t.Errorf("seed %d: %d events", seed, n)
		}
		// The incident began at most a day and an hour before.
		valid(t, h.Events, thursday.Add(-demo.HistoryLength), thursday)
		seen := map[string]int{}
		for _, e := range h.Events {
			seen[e.EventType]++
			seen[e.RecoveryAction]++
			seen[e.Intervention]++
			seen[e.Status]++
			seen[e.CostSource]++
			seen["error "+e.ErrorType]++
			seen[e.AgentName]++
		}
		for _, want := range []string{
			hansard.TypeReasoning, hansard.TypeFeedback, hansard.TypeHandoff, hansard.TypeLifecycle, hansard.TypeTokenUsage,
			"retry", "fallback", "circuit_open", "escalate", "abort",
			"requested", "approval", "rejection", "confirmation", "escalation", "stop",
			"ok", "error", "timeout", "denied", "unpriced", "reported",
			"error TimeoutError", "error RateLimitError", "error ValidationError", "error TokenBudgetExceeded", "error OverloadedError",
			"router", "support", "research", "billing", "code",
		} {
			if seen[want] == 0 {
				t.Errorf("seed %d: a week without %q", seed, want)
			}
		}
	}
}

// TestHistoryIsTrue holds what a history says of itself against its events.
func TestHistoryIsTrue(t *testing.T) {
	h := demo.NewCompany(1).History(thursday)
	byID := map[string]*hansard.Event{}
	for _, e := range h.Events {
		byID[e.EventID] = e
	}
	if e := byID[h.RootCause]; e == nil || e.TraceID != demo.RefundTrace || e.ErrorType != "TimeoutError" || e.Attempt.V != 1 {
		t.Errorf("the root cause is %+v", e)
	}
	if len(h.Injections) < 5 {
		t.Errorf("%d injections in a week", len(h.Injections))
	}
	for _, in := range h.Injections {
		source, sink := byID[in.Source], byID[in.Sink]
		if source == nil || sink == nil || source.Timestamp >= sink.Timestamp || source.TraceID != in.TraceID || sink.TraceID != in.TraceID {
			t.Errorf("injection %+v: source %v, sink %v", in, source, sink)
			continue
		}
		if source.EventType != hansard.TypeToolResult || sink.EventType != hansard.TypeToolCall || sink.SideEffect == "read" {
			t.Errorf("injection %+v: from %s to %s", in, source.Action, sink.Action)
		}
		// Where the sink sends to came from the source, and from nowhere else.
		target := regexp.MustCompile(`audit-desk[0-9]+@|GB33BUKB[0-9]+|collect\.trailtalk`).Find(sink.Params)
		if target == nil || !bytes.Contains(source.Result, target) {
			t.Errorf("injection %+v: %s is not in the source", in, target)
		}
		for _, e := range h.Events {
			if e.TraceID == in.TraceID && e.EventType == hansard.TypeInvocation && bytes.Contains(e.Params, target) {
				t.Errorf("injection %+v: the user named %s", in, target)
			}
		}
	}
	out := 0
	for _, e := range h.Events {
		at := time.Unix(0, e.Timestamp)
		if e.Status == "timeout" && e.Attempt.V > 1 && !at.Before(h.OutageFrom) && !at.After(h.OutageUntil.Add(time.Minute)) {
			out++
		}
	}
	if out < 6 {
		t.Errorf("%d refunds tried again in the outage", out)
	}
}

// TestModelsAreRecorded holds models against the changes of configuration that brought
// them: every agent's came before its first call, but for the research agent's, which
// somebody put on record in the middle of the week.
func TestModelsAreRecorded(t *testing.T) {
	for day := range 7 {
		brought, calls, early := map[string]bool{}, 0, 0
		for _, e := range demo.NewCompany(uint64(day)).History(thursday.AddDate(0, 0, day)).Events {
			pair := e.AgentName + " " + e.Model
			switch {
			case e.EventType == hansard.TypeLifecycle && e.Action == "config_changed":
				brought[pair] = true
			case e.EventType != hansard.TypeLLMResponse:
			case brought[pair]:
				calls++
			case pair != "research gemini-2.5-flash":
				t.Fatalf("%s: nothing brought the model", pair)
			default:
				early++
			}
		}
		if calls < 20*early || early == 0 || !brought["research gemini-2.5-flash"] {
			t.Errorf("day %d: %d calls after the change, %d before it", day, calls, early)
		}
	}
}

func TestCompanyFollowsFromSeed(t *testing.T) {
	a, b := demo.NewCompany(7), demo.NewCompany(7)
	h := a.History(thursday)
	same(t, h.Events, b.History(thursday).Events)
	other := demo.NewCompany(8).History(thursday)
	if len(other.Events) == len(h.Events) && other.Events[0].EventID == h.Events[0].EventID {
		t.Error("another seed gives the same week")
	}
	// Asked in two halves, life is the same as in one, whatever the steps.
	until := thursday.Add(40 * time.Minute)
	whole := a.Live(thursday, 20, h).Until(until)
	var halves []*hansard.Event
	live := b.Live(thursday, 20, b.History(thursday))
	for at := thursday; at.Before(until); at = at.Add(7 * time.Second) {
		halves = append(halves, live.Until(at)...)
	}
	halves = append(halves, live.Until(until)...)
	same(t, whole, halves)
	if len(whole) < 500 {
		t.Errorf("%d events in 40 minutes at 20 times the pace", len(whole))
	}
	all := slices.Concat(h.Events, whole)
	valid(t, all, thursday.Add(-demo.HistoryLength), until)
}

// same checks that two lists hold the same events.
func same(t *testing.T, want, got []*hansard.Event) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i, e := range want {
		if a, b := dialect.AppendEvent(nil, e), dialect.AppendEvent(nil, got[i]); !bytes.Equal(a, b) {
			t.Fatalf("event %d is\n%s\nwant\n%s", i, b, a)
		}
	}
}

// TestResume holds that the time in which nobody watched is filled once.
func TestResume(t *testing.T) {
	c := demo.NewCompany(1)
	from := thursday.Add(-3 * time.Hour)
	h := c.Resume(from, thursday)
	if len(h.Events) == 0 || len(h.Events) > 1000 {
		t.Errorf("%d events in three hours", len(h.Events))
	}
	valid(t, h.Events, from, thursday)
	if n := len(c.Resume(thursday.Add(-time.Second), thursday).Events); n > 5 {
		t.Errorf("%d events in a second", n)
	}
}

// TestCompanyRedaction holds that nothing personal of a week stays in clear.
func TestCompanyRedaction(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine redacts")
	}
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys := redact.Keys{Current: redact.Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}}
	clear := regexp.MustCompile(`[a-z0-9.]+@(example|orders-verify)\b|202-555|4111 1111|5555 5555|4242 4242|GB33BUKB`)
	kinds := map[string]int64{}
	for _, e := range demo.NewCompany(1).History(thursday).Events {
		r, err := engine.Redact(keys, &hansard.Entry{Event: *e})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Entry().Redactions {
			kinds[c.Kind] += c.N
		}
		if line := dialect.AppendEvent(nil, &r.Entry().Event); clear.Match(line) {
			t.Errorf("%s: %q is still there", e.Action, clear.Find(line))
		}
	}
	for _, kind := range []string{"email", "phone", "card", "iban", "person", "secret"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s in a week: %v", kind, kinds)
		}
	}
}
