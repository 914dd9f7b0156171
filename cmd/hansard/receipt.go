package main

import (
	"fmt"
	"strings"

	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/trace"
)

// maxShown is how many refused lines of a file are shown.
const maxShown = 20

// reportReceipt says what became of a file: its refused lines on the standard
// error, and with line set one line of figures on the standard output.
func (p *program) reportReceipt(name string, r *intake.Receipt, line bool) {
	if line {
		fmt.Fprintln(p.stdout, receiptLine(trace.Clean(name)+":", r))
	}
	for i, x := range r.Rejected {
		if i == maxShown {
			p.say("  ... and %s more refused", trace.Count(int64(len(r.Rejected)-maxShown)))
			break
		}
		p.say("%s: line %d refused: %s", name, x.Line, x.Error)
	}
	for i, c := range r.Conflicts {
		if i == maxShown {
			p.say("  ... and %s more conflicts", trace.Count(int64(len(r.Conflicts)-maxShown)))
			break
		}
		p.say("%s: line %d: event id %s is on record with other content; the record stays as it is", name, c.Line, c.EventID)
	}
	if r.Unlisted > 0 {
		p.say("%s: %s more were refused or in conflict and are not listed", name, trace.Count(int64(r.Unlisted)))
	}
}

// receiptLine returns the figures of a receipt in one line.
func receiptLine(what string, r *intake.Receipt) string {
	var parts []string
	add := func(n int, one, many string) {
		word := many
		if n == 1 {
			word = one
		}
		parts = append(parts, trace.Count(int64(n))+" "+word)
	}
	if r.Runs > 0 {
		add(r.Runs, "run", "runs")
	}
	add(r.Accepted, "accepted", "accepted")
	add(r.Duplicates, "duplicate", "duplicates")
	for _, x := range []struct {
		n         int
		one, many string
	}{
		{len(r.Conflicts), "conflict", "conflicts"}, {len(r.Rejected), "rejected", "rejected"},
		{r.Unlisted, "not listed", "not listed"}, {r.Skipped, "skipped", "skipped"},
	} {
		if x.n > 0 {
			add(x.n, x.one, x.many)
		}
	}
	return what + " " + strings.Join(parts, ", ")
}

// linesError is an error whose text has several lines, as they stand.
type linesError struct{ text string }

// Error returns the text.
func (e linesError) Error() string { return e.text }

// untaken reports whether something of what was sent is not on record.
func untaken(r *intake.Receipt) bool {
	return len(r.Rejected) > 0 || len(r.Conflicts) > 0 || r.Unlisted > 0
}
