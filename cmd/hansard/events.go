package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
)

// pageSize is how many events are asked for at once where more are wanted.
const pageSize = 5000

// events is one run of the verb events.
type events struct {
	p      *program
	out    *output
	q      reading.Question
	limit  int // 0: all
	period period
}

func newEvents(p *program) *cobra.Command {
	v := &events{p: p}
	cmd := &cobra.Command{
		Use:   "events [QUERY]",
		Short: "List and search events",
		Long: `List events, newest first: those that match a search, or all.

A search is words and key:value terms: agent:billing tool:process_refund
error:* -tier:debug cost:>0.5 "free text". AND is implied; OR, NOT and
parentheses may be used.

Persons are in the record by pseudonym only. --value finds the events about a
person, or with any other personal value, by the clear value; it never goes
into a URL. "--value -" reads it from standard input, so that it need not be in
the shell's history.`,
		Example: `  hansard events
  hansard events 'agent:billing status:error' --since 24h
  hansard events --value - < address.txt
  hansard events 'cost:>0.5' --since 2026-11-01 --until 2026-12-01 -o csv > november.csv
  hansard events --limit 0 -o ndjson > everything.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.q.Search = strings.Join(args, " ")
			return p.with(func(b backend) error { return v.run(cmd.Context(), b) })
		},
	}
	cmd.ValidArgsFunction = p.completeSearch
	v.out = outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	f := cmd.Flags()
	f.StringVar(&v.q.Value, "value", "", `events with this personal value, for example an e-mail address; "-" reads it from standard input`)
	f.IntVar(&v.limit, "limit", query.DefaultLimit, "the most events; 0: all")
	f.StringVar(&v.q.Cursor, "cursor", "", "go on after the page that gave this cursor")
	f.BoolVar(&v.q.Oldest, "oldest", false, "oldest first")
	v.period.flags(cmd)
	return cmd
}

func (v *events) run(ctx context.Context, b backend) error {
	t := v.p.terminalOf(v.p.stdout)
	format, err := v.out.format(t, formatTable, formatNDJSON)
	if err != nil {
		return err
	}
	if v.limit < 0 {
		return hansard.Errorf(hansard.KindInvalid, "--limit %d: want a number of events, or 0 for all", v.limit)
	}
	if err := v.period.apply(&v.q, v.p.global.zone()); err != nil {
		return err
	}
	if v.q.Value, err = v.p.secretArgument(v.q.Value, "value"); err != nil {
		return err
	}
	list := newListing(format, v.p.stdout, t, v.p.global.zone(), false)
	n, next, err := v.pages(ctx, b, list)
	if err != nil {
		return err
	}
	if err := list.close(); err != nil {
		return err
	}
	switch {
	case n == 0 && v.q.Cursor == "":
		v.p.sayNone(ctx, b, v.q)
	case next != "":
		v.p.say("there are more: --cursor %s goes on, --limit 0 lists all", next)
	}
	return nil
}

// pages lists events page by page up to the limit.
func (v *events) pages(ctx context.Context, b backend, list listing) (n int, next string, err error) {
	q := v.q
	for size := pageSize; ; {
		q.Limit = size
		if v.limit > 0 {
			q.Limit = min(size, v.limit-n)
		}
		page, err := b.Events(ctx, q)
		if hansard.KindOf(err) == hansard.KindTooLarge && size > 1 {
			size /= 2 // events with very much content
			continue
		}
		if err != nil {
			return n, "", err
		}
		if err := list.add(page.Events); err != nil {
			return n, "", err
		}
		n += len(page.Events)
		q.Cursor = page.NextCursor
		if q.Cursor == "" || v.limit > 0 && n >= v.limit {
			return n, q.Cursor, nil
		}
		if len(page.Events) == 0 {
			return n, "", hansard.Errorf(hansard.KindInternal, "an empty page that is not the last one")
		}
	}
}

// sayNone says why a list is empty, and what to do next.
func (p *program) sayNone(ctx context.Context, b backend, q reading.Question) {
	if q.Search == "" && q.Value == "" && q.Since == "" && q.Until == "" {
		p.say(`no events yet: send one with  echo '{"agent_name":"me","action":"hello"}' | hansard send -`)
		return
	}
	page, err := b.Events(ctx, reading.Question{Limit: 1})
	switch {
	case err != nil || len(page.Events) > 0:
		p.say("no events match")
	default:
		p.say(`no events match: there are none at all yet; send one with  echo '{"agent_name":"me","action":"hello"}' | hansard send -`)
	}
}

// period is the flags that bound the time of events.
type period struct{ since, until string }

func (d *period) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.since, "since", "", "from then on: 24h, 7d, yesterday, 2026-11-23, or an RFC 3339 time")
	cmd.Flags().StringVar(&d.until, "until", "", "before then, written likewise")
}

// apply puts the period into a question. Words such as "yesterday" are read
// here, in the user's zone: a server may be in another one.
func (d *period) apply(q *reading.Question, zone *time.Location) error {
	p, err := query.ParsePeriod(d.since, d.until, time.Now(), zone)
	if err != nil {
		return err
	}
	q.Since, q.Until = instant(p.Since), instant(p.Until)
	return nil
}

// instants returns the ends of the period as RFC 3339 times. otherwise is the
// begin where neither is named.
func (d *period) instants(otherwise string, zone *time.Location) (since, until string, err error) {
	from := d.since
	if d.since == "" && d.until == "" {
		from = otherwise
	}
	p, err := query.ParsePeriod(from, d.until, time.Now(), zone)
	return instant(p.Since), instant(p.Until), err
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// maxArgument bounds an argument that is read from standard input, in bytes.
const maxArgument = 64 << 10

// secretArgument returns the value of a flag; "-" stands for a line of standard
// input, which a person is asked for.
func (p *program) secretArgument(value, name string) (string, error) {
	if value != "-" {
		return value, nil
	}
	if in := p.terminalOf(p.stderr); in.is && isTerminalReader(p.stdin) {
		io.WriteString(p.stderr, name+": ")
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, maxArgument)).ReadString('\n')
	if line = strings.TrimSpace(line); line != "" {
		return line, nil
	}
	if err != nil && err != io.EOF {
		return "", hansard.Errorf(hansard.KindInvalid, "read --%s from standard input: %w", name, err)
	}
	return "", hansard.Errorf(hansard.KindInvalid, "--%s -: standard input is empty", name)
}

// isTerminalReader reports whether a person types what r reads.
func isTerminalReader(r io.Reader) bool {
	f, ok := r.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
