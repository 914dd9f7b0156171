package report_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/report"
)

// TestSummaryLoss shows what is missing: numbers of a session's sequence, what the
// senders cut, dropped or withheld, and spans that never ended. The start of a span
// that has ended does not count beside it.
func TestSummaryLoss(t *testing.T) {
	var events []*hansard.Event
	add := func(id, typ string, change func(*hansard.Event)) {
		e := &hansard.Event{EventID: id, EventType: typ, Timestamp: start.UnixNano() + int64(len(events)), TraceID: "t", AgentName: "a"}
		if change != nil {
			change(e)
		}
		events = append(events, e)
	}
	for _, n := range []int{0, 1, 2, 5, 6, 9} { // 3, 4, 7 and 8 are missing
		add(fmt.Sprintf("claude-code/s1/%d/17", n), hansard.TypeGeneric, func(e *hansard.Event) { e.Dialect, e.SessionID = "claude-code", "s1" })
	}
	add("claude-code/s1/9/17/intervention", hansard.TypeHumanIntervention, func(e *hansard.Event) { e.Dialect, e.SessionID = "claude-code", "s1" })
	for n := range 3 {
		add(fmt.Sprintf("claude-code/s2/%d/17", n), hansard.TypeGeneric, func(e *hansard.Event) { e.Dialect, e.SessionID = "claude-code", "s2" })
	}
	pending := func(e *hansard.Event) { e.Labels = []string{"pending"} }
	add("t/1/pending", hansard.TypeLLMResponse, pending)
	add("t/1", hansard.TypeLLMResponse, nil)
	add("t/2/pending", hansard.TypeLLMResponse, pending)
	add("x1", hansard.TypeGeneric, func(e *hansard.Event) { e.Truncated = true })
	add("x2", hansard.TypeGeneric, func(e *hansard.Event) { e.Labels = []string{"dropped", "withheld"} })

	l, _ := record(t, events)
	summarise := func(search string) *report.SummaryReport {
		t.Helper()
		r, err := report.Summary(context.Background(), l, report.Request{Tenant: tenant, Now: now, Query: report.Filter{Node: parse(t, search)}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := summarise("")
	want := report.Loss{LostEvents: 4, SessionsWithGaps: 1, Truncated: 1, Dropped: 1, Withheld: 1, PendingSpans: 1}
	if d := cmp.Diff(want, r.Loss); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if r.TotalEvents != int64(len(events)-2) {
		t.Errorf("%d events, want %d without the two starts", r.TotalEvents, len(events)-2)
	}
	var b bytes.Buffer
	if err := report.Render(&b, r, report.Markdown); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Events missing from sessions' sequences", "Spans that began and whose end is missing"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("the report does not say %q", line)
		}
	}
	// A search that leaves out some of a session's events makes no gap.
	if got := summarise("session:s2 event_type:agent.generic").Loss; got != (report.Loss{}) {
		t.Errorf("s2: %+v", got)
	}
	if got := summarise("session:s1 type:agent.human_intervention").Loss; got.LostEvents != 4 {
		t.Errorf("s1: %+v", got)
	}
}
