package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/retention"
	"github.com/hansardhq/hansard/internal/trace"
)

func newErase(p *program) *cobra.Command {
	var f keepFlags
	var req retention.EraseRequest
	cmd := &cobra.Command{
		Use:   "erase --event ID|--value VALUE --reason TEXT",
		Short: "Erase the content of events",
		Long: `Take the content of events out of the record: params, results, reasoning, messages,
clear values of persons. The envelope stays, with persons as pseudonyms, and so do
the leaf and every proof: they hold the content only as a salted digest, and the
salt goes too. What was erased, when, by whom and why is on record. There is no way
back: --dry-run says what would go.

--value finds the events that hold a personal value, as hansard events --value does;
with "-" it is read from standard input. A legal hold on a log keeps its content.`,
		Example: `  hansard erase --value jane@example.com --dry-run
  hansard erase --value jane@example.com --reason "request 2026-31 under Art. 17 GDPR"
  hansard erase --event e-4711 --reason "a password in a tool's result"`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "with --data: configuration file, for the rules of redaction (or HANSARD_CONFIG)")
	flags.StringArrayVar(&req.Events, "event", nil, "id of an event; may be given more than once")
	flags.StringVar(&req.Value, "value", "", "a personal value: all events that hold it; - reads it from standard input")
	flags.StringVar(&req.Reason, "reason", "", "why; it is kept for good")
	flags.BoolVar(&req.DryRun, "dry-run", false, "say what would go, and erase nothing")
	out := outputFlag(cmd, formatTable, formatJSON)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		if (len(req.Events) == 0) == (req.Value == "") {
			return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "erase: --event or --value?"), "name events by their ids, or a value that they hold")
		}
		if req.Reason == "" && !req.DryRun {
			return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "erase: --reason is needed"), "it is kept for good, beside what was erased; --dry-run needs none")
		}
		if req.Value, err = p.secretArgument(req.Value, "value"); err != nil {
			return err
		}
		return p.keeping(&f, func(k keepers) error {
			res, err := k.Erase(cmd.Context(), req)
			if err != nil {
				return err
			}
			return p.writeErased(res, format)
		})
	}
	return cmd
}

func (p *program) writeErased(res retention.EraseResult, format string) error {
	if format == formatJSON {
		return p.writeJSON(res)
	}
	for _, l := range res.Logs {
		fmt.Fprintf(p.stdout, "%s: %s %s\n", l.Log, trace.Count(int64(l.Entries)), entriesWord(int64(l.Entries)))
	}
	if res.Already > 0 {
		fmt.Fprintf(p.stdout, "%s %s no content\n", trace.Count(int64(res.Already)), map[bool]string{true: "entry has", false: "entries have"}[res.Already == 1])
	}
	var err error
	switch {
	case res.Found == 0:
		_, err = fmt.Fprintln(p.stdout, "no event holds it: nothing was erased")
	case res.DryRun:
		_, err = fmt.Fprintln(p.stdout, "nothing was erased: this was a dry run")
	default:
		_, err = fmt.Fprintf(p.stdout, "erased: the content of %s %s; it is on record\n", trace.Count(int64(res.Erased)), entriesWord(int64(res.Erased)))
	}
	return err
}
