package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

func newHold(p *program) *cobra.Command {
	var f keepFlags
	cmd := &cobra.Command{
		Use:   "hold",
		Short: "Keep a log from being pruned: legal holds",
		Long: `A legal hold freezes a log as it is: nothing of it is pruned while the hold
stands, whatever its retention. Holds and releases are on record, with who asked
and why; personal data in a reason is replaced like everywhere.`,
		Example: `  hansard hold add --log info --reason "claim 2026-114"
  hansard hold list
  hansard hold release hold-5f0c9b12a7e4 --reason "settled"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&f.config, "config", "", "with --data: configuration file, for the rules of redaction (or HANSARD_CONFIG)")
	cmd.AddCommand(newHoldAdd(p, &f), newHoldList(p, &f), newHoldRelease(p, &f))
	return cmd
}

func newHoldAdd(p *program, f *keepFlags) *cobra.Command {
	var log, reason string
	cmd := &cobra.Command{
		Use:     "add --log TIER --reason TEXT",
		Short:   "Set a hold on a log",
		Long:    "Set a legal hold on the log of a tier: debug, info, compliance or critical. It holds from the moment at which this command ends well.",
		Example: `  hansard hold add --log info --reason "claim 2026-114"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if log == "" || reason == "" {
				return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "hold add: --log and --reason are needed"), "such as --log info --reason \"claim 2026-114\"")
			}
			return p.keeping(f, func(k keepers) error {
				h, err := k.AddHold(cmd.Context(), log, reason)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "%s holds %s from entry %d on\n", h.ID, h.Tier, h.Minimum)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&log, "log", "", "the tier whose log is held: debug, info, compliance or critical")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept for good")
	return cmd
}

func newHoldRelease(p *program, f *keepFlags) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "release ID --reason TEXT",
		Short:   "End a hold",
		Long:    "End a legal hold. What has expired meanwhile goes with the next prune.",
		Example: `  hansard hold release hold-5f0c9b12a7e4 --reason "settled"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "hold release: --reason is needed"), "it is kept for good, beside the hold")
			}
			return p.keeping(f, func(k keepers) error {
				h, err := k.ReleaseHold(cmd.Context(), args[0], reason)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "%s is released; what has expired of %s goes with the next prune\n", h.ID, h.Tier)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept for good")
	return cmd
}

func newHoldList(p *program, f *keepFlags) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the holds",
		Long:    "List the legal holds that stand, and with --all those that were released.",
		Example: `  hansard hold list --all`,
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&all, "all", false, "released ones too")
	out := outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatNDJSON)
		if err != nil {
			return err
		}
		return p.keeping(f, func(k keepers) error {
			holds, err := k.Holds(cmd.Context(), all)
			if err != nil {
				return err
			}
			return p.writeHolds(holds, format)
		})
	}
	return cmd
}

func (p *program) writeHolds(holds []ledger.Hold, format string) error {
	t := p.terminalOf(p.stdout)
	if format == formatJSON || format == formatNDJSON {
		return writeJSONList(p, holds, format)
	}
	titles := []string{"HOLD", "LOG", "SINCE", "BY", "RELEASED", "REASON"}
	rows := make([][]string, len(holds))
	for i, h := range holds {
		rows[i] = []string{h.ID, h.Tier, h.Since.Format(time.DateOnly), h.By, none, h.Reason}
		if !h.Stands() {
			rows[i][4] = h.Released.Format(time.DateOnly)
		}
	}
	switch {
	case format == formatCSV:
		return writeCSV(p.stdout, titles, rows)
	case format == formatMarkdown:
		return writeMarkdown(p.stdout, titles, rows)
	case len(holds) == 0:
		p.say("no holds: hansard hold add sets one")
		return nil
	}
	columns := make([]column, len(titles))
	for i, title := range titles {
		columns[i] = column{title: title, rest: i == len(titles)-1, most: 40}
	}
	return newTable(t, columns...).write(p.stdout, rows)
}
