package report_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/transcript"
)

const tauBench = "../../../shared/data/tau-bench/airline-gpt-4o.jsonl"

// TestTauBench holds calls by tool, and errors by tool and message, against a count
// made from the file itself.
func TestTauBench(t *testing.T) {
	file, err := os.ReadFile(tauBench)
	if err != nil {
		t.Skip("tau-bench is not there: ", err)
	}
	calls, errors, messages := map[string]int64{}, map[string]int64{}, map[string]int64{}
	lines := bufio.NewScanner(bytes.NewReader(file))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var run struct {
			Traj []struct {
				Role, Name, Content string
				ToolCalls           []struct {
					Function struct{ Name string }
				} `json:"tool_calls"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &run); err != nil {
			t.Fatal(err)
		}
		for _, m := range run.Traj {
			for _, c := range m.ToolCalls {
				calls[c.Function.Name]++
			}
			if m.Role == "tool" && strings.HasPrefix(m.Content, "Error") {
				errors[m.Name]++
				messages[m.Content]++
			}
		}
	}
	var events []*hansard.Event
	for run, err := range transcript.Read("tau-bench", "airline-gpt-4o.jsonl", bytes.NewReader(file), transcript.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, run.Events...)
	}
	l, _ := record(t, events)
	tools, err := report.Tools(t.Context(), l, report.Request{Tenant: tenant, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	gotCalls, gotErrors := map[string]int64{}, map[string]int64{}
	for _, u := range tools.ToolBreakdown {
		if gotCalls[u.Tool] = u.Calls; u.Errors > 0 {
			gotErrors[u.Tool] = u.Errors
		}
	}
	if d := cmp.Diff(calls, gotCalls); d != "" {
		t.Errorf("calls by tool (-want +got):\n%s", d)
	}
	if d := cmp.Diff(errors, gotErrors); d != "" {
		t.Errorf("errors by tool (-want +got):\n%s", d)
	}
	found, err := report.Errors(t.Context(), l, report.Request{Tenant: tenant, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found.MostCommonErrors {
		if messages[m.Name] != m.N {
			t.Errorf("%s: %d, want %d", m.Name, m.N, messages[m.Name])
		}
	}
	if found.TotalErrors != 73 || tools.TotalToolCalls != 1164 {
		t.Errorf("%d errors of %d calls, want 73 of 1164", found.TotalErrors, tools.TotalToolCalls)
	}
}
