package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/remote"
	"github.com/hansardhq/hansard/internal/trace"
)

func newReindex(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "reindex [--data DIR]",
		Short: "Make everything anew that is derived from the record",
		Long: `Make the indexes and hash tiles of a record anew from its parts, which are the
record itself and are only read. Do it when an index is missing or damaged. What
is as it should be is left alone.

With --data the folder is worked on while no server has it open. Without, the
server does it in the background and goes on serving; this command waits for it
and shows how far it is, and the work goes on if the command is interrupted.
With tokens it takes one with the role admin, and does that token's tenant.

A run that is interrupted, by a stop or a crash, goes on where it was the next
time. Rows that are not those which were committed are an error: they never get
hashes that make them look sound.`,
		Example: `  hansard reindex
  hansard reindex --data ./hansard-data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.global.data == "" {
				return p.reindexServer(cmd.Context())
			}
			bar := p.newProgress("reindexing", -1)
			cfg := ledger.Config{Dir: p.global.data, KeyDir: p.global.keyDir()}
			done, err := ledger.Reindex(cmd.Context(), cfg, bar.set)
			bar.end()
			if err != nil {
				return err
			}
			return p.writeReindexed(remote.Reindex{Parts: done.Parts, Entries: done.Entries, Skipped: done.Skipped, Made: done.Made})
		},
	}
}

// reindexPoll is how often the server is asked how far it is.
const reindexPoll = 200 * time.Millisecond

// reindexServer has the server reindex and waits for the end.
func (p *program) reindexServer(ctx context.Context) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	at, err := c.StartReindex(ctx)
	if err != nil {
		return err
	}
	bar := p.newProgress("reindexing", -1)
	defer bar.end()
	for at.Running {
		bar.set(at.Done, at.Total)
		select {
		case <-ctx.Done():
			bar.end()
			p.say("the server goes on with it")
			return ctx.Err()
		case <-time.After(reindexPoll):
		}
		if at, err = c.Reindexing(ctx); err != nil {
			return err
		}
	}
	bar.end()
	if at.Error != "" {
		return hansard.Errorf(hansard.KindCorrupt, "%s", at.Error)
	}
	return p.writeReindexed(at)
}

func (p *program) writeReindexed(r remote.Reindex) error {
	_, err := fmt.Fprintf(p.stdout, "reindexed: %s %s in %s parts, %s made anew\n",
		trace.Count(r.Entries), entriesWord(r.Entries), trace.Count(int64(r.Parts)), filesWord(r.Made))
	if err == nil && r.Skipped > 0 {
		_, err = fmt.Fprintf(p.stdout, "  %s of them were done by a run that was interrupted\n", trace.Count(r.Skipped))
	}
	return err
}

func filesWord(n int) string {
	if n == 1 {
		return "1 file"
	}
	return trace.Count(int64(n)) + " files"
}
