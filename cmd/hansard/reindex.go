package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/trace"
)

func newReindex(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "reindex --data DIR",
		Short: "Make everything anew that is derived from the record",
		Long: `Make the indexes and hash tiles of a data folder anew from its parts, which are
the record itself and are only read. Do it when an index is missing or damaged.
No server may have the folder open.`,
		Example: "  hansard reindex --data ./hansard-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.global.data == "" {
				return hansard.Errorf(hansard.KindInvalid, "reindex works on files: name the folder with --data DIR")
			}
			bar := p.newProgress("reindexing", -1)
			cfg := ledger.Config{Dir: p.global.data, KeyDir: p.global.keyDir()}
			done, err := ledger.Reindex(cmd.Context(), cfg, bar.set)
			bar.end()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "reindexed: %s %s in %s parts\n",
				trace.Count(done.Entries), entriesWord(done.Entries), trace.Count(int64(done.Parts)))
			return err
		},
	}
}
