package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

func newReportCompliance(p *program) *cobra.Command {
	var between period
	var packs []string
	cmd := &cobra.Command{
		Use:     "compliance [QUERY]",
		Aliases: []string{"compliance_check"},
		Short:   "Judge the record by the controls of compliance packs",
		Long: `Judge the record by the controls of the packs that are switched on in the
configuration, or of those that --pack names. A check passes, is near its limit,
fails, does not apply, or lacks evidence: what is not on record is never a pass.
Each verdict comes with its figure, the entries that prove it and what to do.

hansard policy list names the packs, hansard policy explain says what they check.

The exit code is 5 when a check fails.`,
		Example: `  hansard report compliance --since 30d
  hansard report compliance --pack eu-ai-act --since 2026-11-01 --until 2026-12-01 -o html > november.html
  hansard report compliance 'agent:billing' --pack base --pack eu-ai-act -o json`,
	}
	out := outputFlag(cmd, formatText, formatJSON, formatMarkdown, formatCSV, formatHTML)
	between.flags(cmd)
	cmd.Flags().StringSliceVar(&packs, "pack", nil, "pack to judge; may be given more than once (default: those that are switched on)")
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
		compliant := ""
		err = p.with(func(b backend) error {
			text, outcome, err := b.Compliance(cmd.Context(), q, packs, as)
			if err != nil {
				return err
			}
			compliant = outcome
			_, err = p.stdout.Write(text)
			return err
		})
		if err == nil && compliant == "false" {
			return quietError{exitFinding}
		}
		return err
	}
	return cmd
}
