package report_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/report"
)

// make computes a report of a type over events.
func makeReport(t *testing.T, of report.Type, events []*hansard.Event, req report.Request) report.Report {
	t.Helper()
	l, _ := record(t, events)
	req.Tenant, req.Now = tenant, now
	if of.Subject != "" && req.Subject == "" {
		req.Subject = map[string]string{"agent": "billing", "session": events[0].SessionID}[of.Subject]
	}
	r, err := of.Make(context.Background(), l, req)
	if err != nil {
		t.Fatalf("%s: %v", of.Name, err)
	}
	return r
}

// TestGolden compares every type of report in every format with a file that a
// person can read.
func TestGolden(t *testing.T) {
	for _, of := range report.Types() {
		switch of.Name {
		case "summary", "compliance", "incident":
			continue // see TestRender, TestComplianceRender and TestIncident
		}
		r := makeReport(t, of, incident(), report.Request{Checkpoints: checkpoints()})
		for _, f := range report.Formats() {
			golden(t, of.Name+"."+string(f), render(t, r, f))
		}
	}
}

// TestTypesAreHarmless renders hostile names, and nothing at all, in every type of
// report.
func TestTypesAreHarmless(t *testing.T) {
	events := hostile()
	for _, e := range events {
		e.Error, e.ErrorType, e.ToolName, e.SessionID, e.Status = evil, evil, evil, evil, "error"
	}
	for _, of := range report.Types() {
		req := report.Request{Query: report.Filter{Text: evil}}
		if of.Subject != "" {
			req.Subject = evil
		}
		harmless(t, makeReport(t, of, events, req))
		none := report.Request{}
		if of.Subject != "" {
			none.Subject = "nobody"
		}
		harmless(t, makeReport(t, of, nil, none))
	}
}

func TestTypeOf(t *testing.T) {
	seen := map[string]bool{}
	for _, of := range report.Types() {
		for _, name := range append([]string{of.Name}, of.Aliases...) {
			if got, err := report.TypeOf(name); err != nil || got.Name != of.Name || seen[name] {
				t.Errorf("%s: %s %v", name, got.Name, err)
			}
			seen[name] = true
		}
		if of.Short == "" || of.Empty() == nil || !slices.Contains([]string{"", "agent", "session", "trace"}, of.Subject) {
			t.Errorf("%s: not described", of.Name)
		}
	}
	if _, err := report.TypeOf("nonsense"); hansard.KindOf(err) != hansard.KindNotFound || hansard.HintOf(err) == "" {
		t.Errorf("nonsense: %v", err)
	}
}

// TestNarrow: on a terminal of 80 columns no row of a report is cut by the terminal,
// and figures are whole.
func TestNarrow(t *testing.T) {
	reports := []report.Report{incidentReport(outage()), compliance(t, audited(), report.Request{}, packs(t, nil), kept(30))}
	for _, of := range report.Types() {
		if of.Name != "incident" && of.Name != "compliance" {
			reports = append(reports, makeReport(t, of, incident(), report.Request{Checkpoints: checkpoints()}))
		}
	}
	m := runewidth.Condition{StrictEmojiNeutral: true}
	for _, r := range reports {
		var wide, narrow bytes.Buffer
		if err := errors.Join(report.RenderTable(&wide, r, 0), report.RenderTable(&narrow, r, 80)); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(narrow.String()) {
			if line = strings.TrimRight(line, "\n"); m.StringWidth(line) > 80 {
				t.Errorf("%T: %d columns: %s", r, m.StringWidth(line), line)
			}
		}
		if a, b := strings.Count(wide.String(), "$"), strings.Count(narrow.String(), "$"); a != b {
			t.Errorf("%T: %d amounts, %d of them on a narrow terminal", r, a, b)
		}
	}
}
