package demo_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/demo"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/internal/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

var start = time.Date(2026, 11, 23, 14, 22, 49, 0, time.UTC)

func TestIncidentIsValid(t *testing.T) {
	valid(t, demo.Incident(start), start, start.Add(6*time.Minute))
}

// valid checks that events are as senders should send them, in order, and between
// two times.
func valid(t *testing.T, events []*hansard.Event, from, until time.Time) {
	t.Helper()
	byID := map[string]*hansard.Event{}
	for _, e := range events {
		if byID[e.EventID] != nil {
			t.Errorf("event id %s twice", e.EventID)
		}
		byID[e.EventID] = e
	}
	one := func(e *hansard.Event, field, value string, of []string) {
		t.Helper()
		if value != "" && !slices.Contains(of, value) {
			t.Errorf("%s: %s is %q", e.Action, field, value)
		}
	}
	var last int64
	for _, e := range events {
		ours := strings.HasPrefix(e.EventType, "x.")
		if !ours && !slices.Contains(hansard.EventTypes, e.EventType) || e.EventID == "" || !ours && e.AgentName == "" || e.TraceID == "" || e.TaskID == "" || e.SessionID == "" || e.SpanID == "" {
			t.Errorf("%s: type, agent or an id is missing: %+v", e.Action, e)
		}
		one(e, "side_effect", e.SideEffect, hansard.SideEffects)
		one(e, "status", e.Status, hansard.Statuses)
		one(e, "source", e.Source, hansard.Sources)
		one(e, "actor.type", e.ActorType, hansard.ActorTypes)
		one(e, "provenance", e.Provenance, hansard.Provenances)
		one(e, "intervention", e.Intervention, hansard.Interventions)
		one(e, "cost_source", e.CostSource, hansard.CostSources)
		one(e, "recovery_action", e.RecoveryAction, hansard.RecoveryActions)
		for _, raw := range []json.RawMessage{e.Params, e.Result, e.Alternatives, e.Messages, e.Response} {
			if len(raw) > 0 && rawjson.Valid(raw, 64) != nil {
				t.Errorf("%s: invalid JSON %s", e.Action, raw)
			}
		}
		if p := byID[e.ParentEventID]; e.ParentEventID != "" && (p == nil || p.TraceID != e.TraceID || p.Timestamp > e.Timestamp) {
			t.Errorf("%s: its parent %q is not before it in its trace", e.Action, e.ParentEventID)
		}
		if e.Timestamp < last || e.Timestamp < from.UnixNano() || e.Timestamp > until.UnixNano() {
			t.Errorf("%s: happened at %v", e.Action, time.Unix(0, e.Timestamp).UTC())
		}
		last = e.Timestamp
	}
}

func TestIncidentFollowsFromStart(t *testing.T) {
	a, b := demo.Incident(start), demo.Incident(start.Add(time.Nanosecond))
	if d := cmp.Diff(a, demo.Incident(start)); d != "" {
		t.Errorf("the same start gives other events:\n%s", d)
	}
	for i := range a {
		if a[i].EventID == b[i].EventID {
			t.Errorf("another start gives the same id %s", a[i].EventID)
		}
	}
}

// TestLines reads the lines back as a server would.
func TestLines(t *testing.T) {
	var flat dialect.Flat
	want := demo.Incident(start)
	lines := bytes.Split(bytes.TrimSuffix(demo.Lines(start), []byte("\n")), []byte("\n"))
	if len(lines) != len(want) {
		t.Fatalf("%d lines for %d events", len(lines), len(want))
	}
	for i, line := range lines {
		got, err := flat.Decode(line)
		if err != nil {
			t.Fatal(err)
		}
		want[i].Dialect, want[i].TimeSource = dialect.FlatName, hansard.TimeFromSender
		if d := cmp.Diff(want[i], got); d != "" {
			t.Errorf("line %d (-want +got):\n%s", i+1, d)
		}
	}
}

// entries returns the events of a trace as they stand in the record.
func entries(traceID string) []*hansard.Entry {
	var found []*hansard.Entry
	for i, e := range demo.Incident(start) {
		if e.TraceID == traceID {
			found = append(found, &hansard.Entry{Event: *e, Position: uint64(i), Tier: hansard.TierInfo})
		}
	}
	return found
}

func TestTimeline(t *testing.T) {
	tl := trace.NewTimeline(entries(demo.RefundTrace))
	if len(tl.Orphans) > 0 || len(tl.Cycles) > 0 || tl.Unpaired > 0 || tl.Duplicates > 0 {
		t.Errorf("orphans %v, cycles %v, %d unpaired, %d duplicates", tl.Orphans, tl.Cycles, tl.Unpaired, tl.Duplicates)
	}
	if tl.ToolErrors != 3 || tl.Errors != 4 || tl.Handoffs != 4 || tl.Spend.Unpriced != 0 {
		t.Errorf("%d tool errors, %d errors, %d handoffs, %d unpriced; want 3, 4, 4, 0", tl.ToolErrors, tl.Errors, tl.Handoffs, tl.Spend.Unpriced)
	}
	var b bytes.Buffer
	if err := trace.Render(&b, tl, trace.Options{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "refund.txt", b.Bytes())
	for _, id := range []string{"demo-parcel-7740", "demo-policy-311"} {
		if tl := trace.NewTimeline(entries(id)); tl.Errors != 0 || len(tl.Lines) < 6 || len(tl.Orphans) > 0 {
			t.Errorf("%s: %d errors in %d events, orphans %v", id, tl.Errors, len(tl.Lines), tl.Orphans)
		}
	}
}

// TestRedaction holds that the example shows each kind of redaction, and that
// nothing of it stays in clear outside of the fields that name persons.
func TestRedaction(t *testing.T) {
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys := redact.Keys{Current: redact.Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}}
	counts := map[string]int64{}
	for _, e := range demo.Incident(start) {
		r, err := engine.Redact(keys, &hansard.Entry{Event: *e})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Entry().Redactions {
			counts[c.Kind] += c.N
		}
		line := string(dialect.AppendEvent(nil, &r.Entry().Event))
		for _, clear := range []string{"example.com", "202-555", "4111", "sk_test_"} {
			if strings.Contains(line, clear) {
				t.Errorf("%s: %q is still there", e.Action, clear)
			}
		}
	}
	want := map[string]bool{"email": true, "phone": true, "card": true, "secret": true}
	for kind := range want {
		if counts[kind] == 0 {
			t.Errorf("no %s redacted: %v", kind, counts)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if !want[kind] && kind != "person" {
			t.Errorf("%d unexpected redactions of %s", counts[kind], kind)
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
