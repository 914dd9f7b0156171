package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/trace"
)

const dailyTitle = "Agent Audit Summary"

// notJudged stands where rules were not judged.
const notJudged = "not judged"

func (r *DailyReport) layout() layout {
	l := r.Head.layout(dailyTitle)
	l.Title = dailyTitle + " — " + r.Date
	n := trace.Count
	figures := []string{
		"Total invocations", "total_invocations", n(r.TotalInvocations),
		"Successful", "successful", n(r.Successful) + " (" + r.SuccessRate + ")", "Failed", "failed", n(r.Failed) + " (" + r.FailureRate + ")",
	}
	if r.Open > 0 {
		figures = append(figures, "Open", "open", n(r.Open))
	}
	l.Sections = append(l.Sections, figuresSection(r.Searches, append(figures,
		"Handoffs", "handoffs", n(r.Handoffs), "Human escalations", "human_escalations", n(r.HumanEscalations))...))
	l.add("Top agents by activity", r.agents())
	errors := section{Columns: []column{{Title: "Type"}, {Title: "Errors", Numeric: true}, {Title: "Share", Numeric: true}, {Title: searchColumn, Code: true}}}
	for _, e := range r.ErrorSummary {
		errors.Rows = append(errors.Rows, row{
			Cells: []string{or(e.Type, "(not named)"), n(e.Count), e.Share, r.Searches["error_summary."+e.Type]}, Share: share(e.Count, r.ErrorSummary[0].Count),
		})
	}
	l.add("Error summary", errors)
	checks := section{Columns: []column{{Title: "Check"}}}
	for _, line := range r.compliance() {
		checks.Rows = append(checks.Rows, row{Cells: []string{line}})
	}
	l.add("Compliance checks", checks)
	l.add("Integrity", section{Columns: []column{{Title: "Check"}}, Rows: []row{{Cells: []string{r.Integrity.line()}}}})
	l.Notes = append(l.Notes, r.notes()...)
	r.end(&l)
	return l
}

func (r *DailyReport) agents() section {
	s := section{Columns: []column{
		{Title: "Agent"}, {Title: "Invocations", Numeric: true}, {Title: "Errors", Numeric: true}, {Title: "Avg duration", Numeric: true}, {Title: searchColumn, Code: true},
	}}
	for _, a := range r.TopAgents {
		s.Rows = append(s.Rows, row{Cells: []string{
			or(a.Agent, "(not named)"), trace.Count(a.Invocations), trace.Count(a.Errors), a.AvgDurationMS.text(), r.Searches["top_agents."+a.Agent],
		}, Share: share(a.Invocations, r.TopAgents[0].Invocations)})
	}
	return s
}

// notes says how some figures are meant.
func (r *DailyReport) notes() []string {
	var notes []string
	if r.Open > 0 {
		notes = append(notes, trace.Count(r.Open)+" invocations are open: no end of them was seen.")
	}
	if r.Integrity != nil {
		notes = append(notes, "Integrity: the signature of each checkpoint was checked, and that parts follow each other. hansard verify reads every entry, and so does the server when it is asked to.")
	}
	return notes
}

// compliance returns the lines of the compliance checks.
func (r *DailyReport) compliance() []string {
	if r.ComplianceChecks == nil {
		return []string{notJudged}
	}
	var lines []string
	for _, c := range r.ComplianceChecks {
		lines = append(lines, verdictIcon(policy.Verdict(c.Verdict))+" "+trace.Clean(c.Text))
	}
	if len(lines) == 0 {
		return []string{"no rules are switched on"}
	}
	return lines
}

// lines returns the verdicts of a compliance report in a line each, in its order.
func (r *ComplianceReport) lines() []ComplianceLine {
	lines := []ComplianceLine{}
	for _, name := range r.order {
		check := r.Checks[name]
		lines = append(lines, ComplianceLine{Check: name, Verdict: string(check.Verdict), Text: check.line()})
	}
	return lines
}

// line says in a line how the check came out; the sign before it says the verdict.
func (c Check) line() string {
	switch c.Verdict {
	case policy.Pass:
		return fmt.Sprintf("%s %s — within the threshold (%s)", c.Title, c.FigureText, c.ThresholdText)
	case policy.NearLimit:
		return fmt.Sprintf("%s at %s — review recommended (%s)", c.Title, c.FigureText, c.ThresholdText)
	case policy.Fail:
		return fmt.Sprintf("%s %s — %s is wanted", c.Title, c.FigureText, c.ThresholdText)
	}
	return fmt.Sprintf("%s — %s: %s", c.Title, verdictWords(c.Verdict), c.Why)
}

// line says what the look at the logs showed.
func (i *Integrity) line() string {
	switch {
	case i == nil:
		return "not looked at"
	case len(i.Broken) > 0:
		return "❌ the checkpoint of " + strings.Join(i.Broken, ", ") + " cannot be opened: run hansard verify"
	case len(i.Gaps) > 0:
		return "❌ there are gaps in " + strings.Join(i.Gaps, ", ") + ": run hansard verify"
	case i.Logs == 0:
		return "⚠️ no log has a checkpoint yet"
	}
	if v := i.Verified; v != nil && v.Findings > 0 {
		return fmt.Sprintf("❌ the verification that ended at %s has findings: run hansard verify", v.EndedAt.Format(time.RFC3339))
	}
	text := i.read()
	if i.Unsigned > 0 {
		text += fmt.Sprintf("; %d without a checkpoint yet", i.Unsigned)
	}
	return text
}

// read says how far the entries were read, and how far only the signatures speak.
func (i *Integrity) read() string {
	logs := func(n int) string {
		if n == 1 {
			return "1 log"
		}
		return fmt.Sprintf("%d logs", n)
	}
	signed := fmt.Sprintf("%s signed up to %s entries", logs(i.Logs), trace.Count(int64(i.Entries)))
	v := i.Verified
	if v == nil {
		// The report reads no entry: it says what it looked at, and who reads them all.
		return "✅ " + signed + ", no gaps (hansard verify reads each entry)"
	}
	text := fmt.Sprintf("✅ %s verified up to %s entries, no gaps (%s", logs(v.Logs), trace.Count(int64(v.Entries)), v.EndedAt.Format(time.RFC3339))
	if v.Entries < i.Entries {
		text += "; since then " + signed
	}
	return text + ")"
}

// document writes the summary as Markdown in the shape that audit summaries have;
// what it was computed from and the searches follow at the end.
func (r *DailyReport) document() []byte {
	var b strings.Builder
	n := trace.Count
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s — %s", dailyTitle, markdown(r.Date))
	line("## Overview")
	line("- **Total Invocations**: %s", n(r.TotalInvocations))
	line("- **Successful**: %s (%s)", n(r.Successful), r.SuccessRate)
	line("- **Failed**: %s (%s)", n(r.Failed), r.FailureRate)
	if r.Open > 0 {
		line("- **Open**: %s", n(r.Open))
	}
	line("- **Handoffs**: %s", n(r.Handoffs))
	line("- **Human Escalations**: %s", n(r.HumanEscalations))
	line("## Top Agents by Activity")
	line("| Agent | Invocations | Errors | Avg Duration |")
	line("|-------|-------------|--------|--------------|")
	for _, a := range r.TopAgents {
		line("| %s | %s | %s | %s |", markdown(trace.Clean(or(a.Agent, "(not named)"))), n(a.Invocations), n(a.Errors), a.AvgDurationMS.text())
	}
	line("## Error Summary")
	for _, e := range r.ErrorSummary {
		line("- **%s**: %s (%s)", markdown(trace.Clean(or(e.Type, "(not named)"))), n(e.Count), e.Share)
	}
	if len(r.ErrorSummary) == 0 {
		line("- no errors")
	}
	line("## Compliance Checks")
	for _, c := range r.compliance() {
		line("- %s", markdown(c))
	}
	line("## Integrity")
	line("- %s", markdown(r.Integrity.line()))
	return append([]byte(b.String()), r.basis()...)
}

// basis is what a daily report was computed from.
func (r *DailyReport) basis() []byte {
	l := r.Head.layout(dailyTitle).clean()
	var b strings.Builder
	b.WriteString("## Record\n")
	for _, f := range l.Facts {
		fmt.Fprintf(&b, "- **%s**: %s\n", f.Label, markdown(f.Value))
	}
	for _, c := range r.Checkpoints {
		fmt.Fprintf(&b, "- **Checkpoint**: %s, %d entries, root %s\n", markdown(trace.Clean(c.Log)), c.Size, markdownCode(trace.Clean(c.Root)))
	}
	for _, note := range append(r.notes(), l.Notes...) {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	b.WriteString("## Searches\n| Figure | Search |\n|--------|--------|\n")
	for _, name := range slices.Sorted(maps.Keys(r.Searches)) {
		fmt.Fprintf(&b, "| %s | %s |\n", markdown(trace.Clean(name)), markdownCode(trace.Clean(r.Searches[name])))
	}
	return []byte(b.String())
}
