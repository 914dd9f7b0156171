package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

func newReport(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "report",
		Short:   "Report what happened, in figures",
		Long:    "Report on the record. A figure that cannot be computed is shown as unknown.",
		Example: "  hansard report summary --since 7d",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReportSummary(p), newReportIncident(p), newReportCompliance(p))
	return cmd
}

func newReportSummary(p *program) *cobra.Command {
	var between period
	cmd := &cobra.Command{
		Use:   "summary [QUERY]",
		Short: "Events, agents, tools, errors, tokens and cost of a period",
		Long: `Report how many events there were, of whom, which tools were called and failed,
what was spent, and what is missing from the record: over all of it, or over
what a search and a period select. Each figure comes with the search that lists
its events.`,
		Example: `  hansard report summary
  hansard report summary 'agent:billing' --since 2026-11-01 --until 2026-12-01
  hansard report summary --since 7d -o html > week.html`,
	}
	out := outputFlag(cmd, formatText, formatJSON, formatMarkdown, formatCSV, formatHTML)
	between.flags(cmd)
	cmd.ValidArgsFunction = p.completeSearch
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatText, formatText)
		if err != nil {
			return err
		}
		q := reading.Question{Search: strings.Join(args, " ")}
		if err := between.apply(&q, p.global.zone()); err != nil {
			return err
		}
		as := report.Format(format)
		if format == formatText {
			as = report.Table
		}
		return p.with(func(b backend) error {
			text, err := b.Summary(cmd.Context(), q, as)
			if err != nil {
				return err
			}
			_, err = p.stdout.Write(text)
			return err
		})
	}
	return cmd
}
