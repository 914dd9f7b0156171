package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

func newIncident(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "incident [TRACE]",
		Short: "Find out where a trace went wrong, and why",
		Long: `Look into a trace for its root cause: the first failure that nothing made good, with
whom it lies, how it spread, what retries, circuit breaker, fallback and people did
about it, what it cost, which traces failed alike, and what to do so that it does
not happen again. Where no failure is on record, the words of the agents are
weighed. No model is asked: the same entries always give the same answer, and it
may be that there is none.

TRACE is the id of a trace, of a task (then all its traces), or of an event; left
out, it is the last trace that failed. hansard report incident is the same, and
takes a search and a period, too.`,
		Example: `  hansard incident 4bf92f3577b34da6a3ce929d0e0e4736
  hansard incident refund-4711 -o markdown > incident.md
  hansard incident refund-4711 -o html > incident.html
  hansard incident refund-4711 -o json | jq .root_cause`,
		Args: cobra.MaximumNArgs(1),
	}
	out := outputFlag(cmd, formatTable, formatJSON, formatMarkdown, formatCSV, formatHTML)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		return p.incident(cmd.Context(), strings.Join(args, ""), format)
	}
	return cmd
}

// incident writes the forensics of a trace, of the last that failed where id is "".
func (p *program) incident(ctx context.Context, id, format string) error {
	zone, err := zoneName(p.global.zone())
	if err != nil {
		return err
	}
	return p.with(func(b backend) error {
		text, _, err := b.Report(ctx, "incident", reading.Order{Subject: id, TimeZone: zone, Width: p.terminalOf(p.stdout).width}, report.Format(format))
		if err != nil {
			return err
		}
		_, err = p.stdout.Write(text)
		return err
	})
}
