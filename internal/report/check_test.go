package report_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
)

// TestCompare computes every type of report again: it is the same over the same
// entries, also after others have come, and not over fewer.
func TestCompare(t *testing.T) {
	events := incident()
	half, _ := record(t, events[:40])
	whole, _ := record(t, events)
	fewer, _ := record(t, events[5:40])
	for _, of := range report.Types() {
		if of.Subject != "" || of.Name == "feed" || of.Name == "readers" {
			continue // see TestGolden: they differ in their subject only; readers counts no entries
		}
		made := func(src report.Source, req report.Request) report.Report {
			t.Helper()
			req.Tenant = tenant
			req.Packs = packs(t, nil)
			r, err := of.Make(context.Background(), src, req)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		text := render(t, made(half, report.Request{Now: now, Period: query.Period{Since: start}}), report.JSON)
		said, err := report.ReadReport(text)
		if err != nil {
			t.Fatalf("%s: %v", of.Name, err)
		}
		again := report.Request{Now: said.GeneratedAt, Period: said.Period, UpTo: said.LastPosition}
		f := func(src report.Source, same bool) {
			t.Helper()
			c, err := said.Compare(made(src, again), report.Head{GeneratedAt: now, Tenant: tenant}, nil)
			if err != nil || c.Same != same || c.Compared == 0 {
				t.Errorf("%s: same %t, want %t: %+v, %v", of.Name, c.Same, same, c.Changes, err)
			}
			harmless(t, c)
		}
		f(half, true)
		f(whole, true)
		f(fewer, false)
	}
}

func TestReadReportRefuses(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"report":"nonsense"}`, `{"report":"tools","last_position":1.5}`, `{"report":"tools"`} {
		if _, err := report.ReadReport([]byte(text)); hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte(`{"report":"tools","tenant":"acme","period":{"start":"2026-11-23T14:22:49Z","end":null},"last_position":4,"tool_breakdown":[{"tool":"x","calls":1}],"searches":{"a":"b"}}`))
	f.Add([]byte(`{"report":"summary","top_agents":[["a",1],["a",2]],"by_type":{"x":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		said, err := report.ReadReport(text)
		if err != nil {
			return
		}
		c, err := said.Compare(&report.ToolsReport{}, report.Head{GeneratedAt: time.Unix(0, 0)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Render(&bytes.Buffer{}, c, report.Markdown); err != nil {
			t.Fatal(err)
		}
	})
}
