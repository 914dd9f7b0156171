package forensic_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/demo"
	"github.com/hansardhq/hansard/internal/forensic"
)

// company returns the demo company's week, and its traces in order of time.
func company() (h *demo.History, all []*hansard.Entry, traces map[string][]*hansard.Entry) {
	h = demo.NewCompany(7).History(time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC))
	traces = map[string][]*hansard.Entry{}
	for i, e := range h.Events {
		entry := &hansard.Entry{Event: *e, Position: uint64(i + 1)}
		all = append(all, entry)
		traces[e.TraceID] = append(traces[e.TraceID], entry)
	}
	return h, all, traces
}

// TestCompanyInjections holds the watch against what is true of the company.
func TestCompanyInjections(t *testing.T) {
	h, all, _ := company()
	w := forensic.NewWatch()
	left := map[string]demo.Injection{}
	for _, in := range h.Injections {
		left[in.Sink] = in
	}
	if len(left) < 4 {
		t.Fatalf("the company has %d injections", len(left))
	}
	for _, e := range all {
		for _, f := range w.Take(e) {
			if in, ok := left[f.SinkEvent]; !ok || in.Source != f.SourceEvent {
				t.Errorf("a finding where there is no injection: %+v", f)
			}
			delete(left, f.SinkEvent)
		}
	}
	for _, in := range left {
		t.Errorf("not found: %+v", in)
	}
}

// TestCompanyCauses: a run without a failure has no root cause, the outage is
// found in what it met, and what was made good is not blamed.
func TestCompanyCauses(t *testing.T) {
	h, _, traces := company()
	outage, injected := 0, map[string]bool{}
	for _, in := range h.Injections {
		injected[in.TraceID] = true
	}
	for id, entries := range traces {
		in := forensic.Analyze(entries)
		c := in.RootCause
		if (c == nil) == (in.NoCause == "") {
			t.Errorf("%s: a cause %v, and the reason that there is none %q", id, c, in.NoCause)
		}
		if c == nil {
			continue
		}
		if injected[id] != (c.Class == forensic.ClassInjection) {
			t.Errorf("%s: injected: %v, cause: %+v", id, injected[id], c)
		}
		if len(in.Failures) == 0 && !injected[id] {
			t.Errorf("%s: nothing failed, and %s is to blame: %s", id, c.AgentName, c.Why)
		}
		if c.Class == forensic.ClassTimeout {
			outage++
			if c.ToolName != "process_refund" || c.Party != forensic.PartyTool || c.AgentName != "billing" {
				t.Errorf("%s: %+v", id, c)
			}
		}
		for _, f := range in.Failures {
			if f.Recovered && slices.Contains(c.EventIDs, f.EventIDs[0]) {
				t.Errorf("%s: a failure that was made good is blamed: %+v", id, f)
			}
		}
	}
	if outage < 5 {
		t.Errorf("the outage met %d runs", outage)
	}
	c := forensic.Analyze(traces[demo.RefundTrace]).RootCause
	if c == nil || !slices.Contains(c.EventIDs, h.RootCause) || c.Confidence < 0.9 {
		t.Errorf("%s: %+v, want %s", demo.RefundTrace, c, h.RootCause)
	}
}
