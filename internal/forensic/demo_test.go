package forensic_test

import (
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/demo"
	"github.com/hansardhq/hansard/internal/forensic"
)

// company returns the demo company's week, and its traces in order of time.
func company() (h *demo.History, traces map[string][]*hansard.Entry) {
	h = demo.NewCompany(7).History(time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC))
	traces = map[string][]*hansard.Entry{}
	for i, e := range h.Events {
		traces[e.TraceID] = append(traces[e.TraceID], &hansard.Entry{Event: *e, Position: uint64(i + 1)})
	}
	return h, traces
}

func TestCompany(t *testing.T) {
	h, traces := company()
	w := forensic.NewWatch()
	sinks := map[string]demo.Injection{}
	for _, in := range h.Injections {
		sinks[in.Sink] = in
	}
	hits, extra := 0, 0
	for i, e := range h.Events {
		for _, f := range w.Take(&hansard.Entry{Event: *e, Position: uint64(i + 1)}) {
			if in, ok := sinks[f.SinkEvent]; ok && in.Source == f.SourceEvent {
				hits++
				delete(sinks, f.SinkEvent)
			} else {
				extra++
				t.Log(f)
			}
		}
	}
	t.Log("injections", len(h.Injections), "hits", hits, "extra", extra, "missed", sinks)
	classes := map[string]int{}
	for _, entries := range traces {
		in := forensic.Analyze(entries)
		if in.RootCause == nil {
			if len(in.Failures) == 0 {
				classes["none"]++
			} else {
				classes["none: "+in.NoCause]++
			}
			continue
		}
		classes[in.RootCause.Class]++
		if len(in.Failures) == 0 || classes[in.RootCause.Class] < 3 {
			t.Log(in.TraceID, in.RootCause.Class, in.RootCause.Why)
		}
	}
	t.Log(len(traces), classes)
}
