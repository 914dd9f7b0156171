package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/remote"
)

// tail is one run of the verb tail.
type tail struct {
	p      *program
	out    *output
	search string
	n      int
	follow bool
}

func newTail(p *program) *cobra.Command {
	v := &tail{p: p}
	cmd := &cobra.Command{
		Use:   "tail [QUERY]",
		Short: "Show the last events, and follow new ones",
		Long: `Show the last events that match a search, oldest first, and with -f every new
one as it is committed. A lost connection is made again, and nothing is missed
or shown twice.`,
		Example: `  hansard tail
  hansard tail -f 'agent:billing'
  hansard tail -f -n 0 'status:error' -o ndjson | jq .action`,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.search = strings.Join(args, " ")
			return v.run(cmd.Context())
		},
	}
	cmd.ValidArgsFunction = p.completeSearch
	v.out = outputFlag(cmd, formatTable, formatNDJSON)
	cmd.Flags().IntVarP(&v.n, "lines", "n", 20, "how many of the last events to show first")
	cmd.Flags().BoolVarP(&v.follow, "follow", "f", false, "go on with new events until interrupted")
	return cmd
}

func (v *tail) run(ctx context.Context) error {
	t := v.p.terminalOf(v.p.stdout)
	format, err := v.out.format(t, formatTable, formatNDJSON)
	if err != nil {
		return err
	}
	if v.n < 0 || v.n > query.MaxLimit {
		return hansard.Errorf(hansard.KindInvalid, "-n %d: want 0 to %d", v.n, query.MaxLimit)
	}
	if v.follow && v.p.global.data != "" {
		err := hansard.Errorf(hansard.KindInvalid, "-f follows a server; files that are read with --data do not change")
		return hansard.WithHint(err, "start a server on the folder: hansard serve --data "+v.p.global.data)
	}
	list := newListing(format, v.p.stdout, t, v.p.global.zone(), v.follow)
	return v.p.with(func(b backend) error {
		last, err := v.last(ctx, b, list)
		if err != nil || !v.follow {
			return err
		}
		return v.live(ctx, b.(remoteBackend).Client, list, last)
	})
}

// last shows the last events and returns the position after which to go on.
func (v *tail) last(ctx context.Context, b backend, list listing) (hansard.Opt[uint64], error) {
	if v.n == 0 {
		return v.newest(ctx, b)
	}
	q := reading.Question{Search: v.search, Limit: v.n}
	page, err := b.Events(ctx, q)
	if err != nil {
		return hansard.Opt[uint64]{}, err
	}
	slices.Reverse(page.Events)
	if err := list.add(page.Events); err != nil || len(page.Events) > 0 {
		return highest(page.Events), err
	}
	if !v.follow {
		v.p.sayNone(ctx, b, q)
		return hansard.Opt[uint64]{}, nil
	}
	v.p.say("no events match yet; waiting for new ones, Ctrl-C ends")
	return v.newest(ctx, b)
}

// newest returns the position of the newest event of all, absent if there is
// none: with it, a connection that is lost before the first event misses none.
func (v *tail) newest(ctx context.Context, b backend) (hansard.Opt[uint64], error) {
	page, err := b.Events(ctx, reading.Question{Limit: 1})
	if err != nil {
		return hansard.Opt[uint64]{}, err
	}
	return highest(page.Events), nil
}

func highest(entries []*hansard.Entry) (position hansard.Opt[uint64]) {
	for _, e := range entries {
		position = hansard.Some(max(position.V, e.Position))
	}
	return position
}

// live follows new events.
func (v *tail) live(ctx context.Context, c *remote.Client, list listing, after hansard.Opt[uint64]) error {
	return c.Follow(ctx, remote.Feed{
		Search: v.search,
		After:  after,
		Each:   func(e *hansard.Entry) error { return list.add([]*hansard.Entry{e}) },
		Lost: func(err error, wait time.Duration) {
			v.p.say("%v; trying again in %s", err, wait)
		},
	})
}
