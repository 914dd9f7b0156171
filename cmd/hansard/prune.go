package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/retention"
	"github.com/hansardhq/hansard/internal/trace"
)

func newPrune(p *program) *cobra.Command {
	var f keepFlags
	var dryRun, now, confirm bool
	cmd := &cobra.Command{
		Use:   "prune --dry-run|--now",
		Short: "Remove what has expired, or say what would go",
		Long: `Remove the entries that were received longer ago than their tier is kept, as the
server does once a day by itself. Whole parts go, by date; what they came to is
rolled up first. That they go is put on record before they do, and what remains
still verifies. There is no way back: --dry-run says what would go.

By itself the server removes at most two days of each log a day; --now removes all
that has expired. Nothing goes while a hold stands on a log, or after the clock
jumped by more than an hour until --confirm-clock says that it is right.

With --data the folder is pruned while no server has it open.`,
		Example: `  hansard prune --dry-run
  hansard prune --now
  hansard prune --now --data ./hansard-data --config hansard.yaml`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "with --data: configuration file with the settings of retention (or HANSARD_CONFIG)")
	flags.BoolVar(&dryRun, "dry-run", false, "say what would go, and remove nothing")
	flags.BoolVar(&now, "now", false, "remove all that has expired")
	flags.BoolVar(&confirm, "confirm-clock", false, "the clock is right after it jumped: pruning may go on; alone it removes nothing")
	out := outputFlag(cmd, formatTable, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		if dryRun == now && !(confirm && !now) {
			err := hansard.Errorf(hansard.KindInvalid, "prune: --dry-run or --now?")
			return hansard.WithHint(err, "--dry-run says what would go; --now removes it")
		}
		return p.keeping(&f, func(k keepers) error {
			results, err := k.Prune(cmd.Context(), !now, confirm)
			if err != nil {
				return err
			}
			return p.writePruned(results, now, format)
		})
	}
	return cmd
}

func (p *program) writePruned(results []retention.Result, now bool, format string) error {
	if format == formatJSON {
		return p.writeJSON(results)
	}
	titles := []string{"LOG", "KEPT", "RECEIVED ON", "ENTRIES", "PARTS", "BYTES"}
	var rows [][]string
	var entries uint64
	var bytes int64
	for _, r := range results {
		for _, d := range r.Dates {
			rows = append(rows, []string{r.Log, r.Keep, d.Date, trace.Count(int64(d.Entries)), trace.Count(int64(d.Parts)), trace.Bytes(int(d.Bytes))})
			if r.Removed || !now && r.Refused == "" {
				entries, bytes = entries+d.Entries, bytes+d.Bytes
			}
		}
	}
	switch format {
	case formatCSV:
		return writeCSV(p.stdout, titles, rows)
	case formatMarkdown:
		return writeMarkdown(p.stdout, titles, rows)
	}
	if len(rows) > 0 {
		figure := func(title string) column { return column{title: title, right: true} }
		t := newTable(p.terminalOf(p.stdout), column{title: titles[0]}, column{title: titles[1]}, column{title: titles[2]}, figure(titles[3]), figure(titles[4]), figure(titles[5]))
		if err := t.write(p.stdout, rows); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout)
	}
	for _, r := range results {
		if r.Refused != "" {
			fmt.Fprintf(p.stdout, "%s: nothing goes: %s\n  hint: %s\n", r.Log, trace.Clean(r.Refused), trace.Clean(r.Hint))
		}
	}
	what := fmt.Sprintf("%s %s, %s", trace.Count(int64(entries)), entriesWord(int64(entries)), trace.Bytes(int(bytes)))
	var err error
	switch {
	case entries == 0:
		_, err = fmt.Fprintln(p.stdout, "nothing has expired that can go; hansard retention says what goes when")
	case now:
		_, err = fmt.Fprintf(p.stdout, "removed: %s; it is on record\n", what)
	default:
		_, err = fmt.Fprintf(p.stdout, "would go: %s; nothing was removed\n", what)
	}
	return err
}
