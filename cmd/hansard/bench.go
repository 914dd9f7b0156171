package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/trace"
)

func newBench(p *program) *cobra.Command {
	cfg := bench.Config{}
	var events string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a server on this machine",
		Long: `Bench starts a server of its own on this machine (loopback, a free port, a
folder of its own, everything switched on), sends it the events of an invented
team of agents, asks it questions, kills it, verifies what it holds, and says
what that took: processor time of the server for an event, latency, memory,
bytes on the disk. Nothing of yours is touched; what it makes is deleted at the
end (--keep keeps it).

The folder should lie on the disk that you mean to use: how long it takes to make
events durable depends on it. Two runs at once measure each other.

With --data DIR the server runs on a folder that an earlier run with the same
--events and --seed has kept, and no events are sent first.

With --peer FILE, the program of VictoriaLogs, that takes the same events in turn
with a server of ours, three times each: this machine's speed, which differs from
others' and from one moment to the next, is not in the ratio of the two.

TARGET is the worst and AIM the best that the project holds itself to, on two
cores; a missed target does not change the exit code.`,
		Example: `  hansard bench
  hansard bench --events 10M --dir /var/lib/hansard-bench -o json
  hansard bench --only ingest,memory --cpuprofile cpu.pprof --settle 0
  hansard bench --only peer --peer ./victoria-logs --settle 20s`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd, formatTable, formatJSON, formatMarkdown)
	flags := cmd.Flags()
	flags.StringVar(&events, "events", "1M", "how many events to send, such as 20k, 1M, 10M; in steps of 5,000")
	flags.Uint64Var(&cfg.Seed, "seed", 1, "of the invented events: the same seed makes the same events")
	flags.StringSliceVar(&cfg.Only, "only", nil, "measure only some of: "+strings.Join(bench.Measures(), ", "))
	flags.IntVar(&cfg.Batch, "batch", 1000, "events of a request")
	flags.IntVar(&cfg.Connections, "connections", 4, "connections that send at once")
	flags.DurationVar(&cfg.Settle, "settle", 130*time.Second, "time for sealing and merging at least, before anything else is measured; 0: stop the server instead, which seals")
	flags.IntVar(&cfg.Rate, "rate", 10_000, "events a second when the latency is measured")
	flags.IntVar(&cfg.RateBatch, "rate-batch", 100, "events of a request then")
	flags.DurationVar(&cfg.RateFor, "rate-for", 15*time.Second, "for how long")
	flags.StringVar(&cfg.Dir, "dir", "", "folder to make the data in (default the system's for temporary files)")
	flags.BoolVar(&cfg.Keep, "keep", false, "keep the data")
	flags.StringVar(&cfg.Peer, "peer", "", "program file of VictoriaLogs, to measure beside ours what an event costs")
	flags.StringVar(&cfg.CPUProfile, "cpuprofile", "", "write a profile of the server's processor time to this file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		if cfg.Events, err = parseCount(events); err != nil {
			return err
		}
		if cfg.Program, err = os.Executable(); err != nil {
			return hansard.Errorf(hansard.KindInternal, "find this program: %w", err)
		}
		shown := p.newBenchProgress()
		cfg.Version, cfg.Data, cfg.Progress = versionText(), p.global.data, shown.show
		report, err := bench.Run(cmd.Context(), cfg)
		shown.end()
		if err != nil {
			return err
		}
		return p.writeBench(report, format)
	}
	return cmd
}

// parseCount reads a number such as 1000, 20k or 10M.
func parseCount(text string) (int, error) {
	number, factor := text, 1
	switch {
	case strings.HasSuffix(text, "k"):
		number, factor = text[:len(text)-1], 1000
	case strings.HasSuffix(text, "M"):
		number, factor = text[:len(text)-1], 1_000_000
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1_000_000_000/factor {
		return 0, hansard.Errorf(hansard.KindInvalid, "--events %q: want a number such as 20k, 1M or 10M", text)
	}
	return n * factor, nil
}

// writeBench writes what was measured.
func (p *program) writeBench(r *bench.Report, format string) error {
	if format == formatJSON {
		return p.writeJSON(r)
	}
	titles := []string{"MEASURE", "VALUE", "UNIT", "TARGET", "AIM", "", "DETAIL"}
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = []string{row.Name, "unknown", row.Unit, "", "", string(row.Verdict), row.Detail}
		if row.Value != nil {
			rows[i][1] = figureText(*row.Value)
		}
		if row.Target != 0 {
			rows[i][3], rows[i][4] = figureText(row.Target), figureText(row.Aim)
		}
	}
	if format == formatMarkdown {
		return writeMarkdown(p.stdout, titles, rows)
	}
	t := newTable(p.terminalOf(p.stdout), column{title: titles[0]}, column{title: titles[1], right: true}, column{title: titles[2]},
		column{title: titles[3], right: true}, column{title: titles[4], right: true}, column{title: titles[5], paint: paintVerdict}, column{title: titles[6], rest: true})
	if err := t.write(p.stdout, rows); err != nil {
		return err
	}
	for _, n := range r.Notes {
		p.say("note: %s", n)
	}
	_, err := fmt.Fprintf(p.stdout, "\n%s events of %.0f bytes, seed %d, batches of %d over %d connections; %s on %s/%s with %d cores\n",
		trace.Count(int64(r.Events)), r.EventBytes, r.Seed, r.Batch, r.Connections, r.Version, r.OS, r.Arch, r.CPUs)
	return err
}

// figureText writes a figure with three digits or all before the point.
func figureText(v float64) string {
	switch {
	case v >= 10_000:
		return trace.Count(int64(v + 0.5))
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func paintVerdict(s string) string {
	switch strings.TrimSpace(s) {
	case string(bench.VerdictMissed):
		return red(s)
	case "":
		return s
	}
	return green(s)
}

// benchProgress shows how far a run is: a bar on a terminal, a line for each
// measure elsewhere.
type benchProgress struct {
	p    *program
	mu   sync.Mutex // guards what follows: several connections report
	what string
	bar  *progress
}

func (p *program) newBenchProgress() *benchProgress { return &benchProgress{p: p} }

func (b *benchProgress) show(what string, done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if what != b.what {
		if b.bar != nil {
			b.bar.end()
		}
		if total <= 0 {
			total = -1
		}
		b.what, b.bar = what, b.p.newProgress(what, total)
		if !b.p.terminalOf(b.p.stderr).is {
			b.p.say("bench: %s", what)
		}
	}
	if total > 0 {
		b.bar.set(done, total)
	}
}

func (b *benchProgress) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		b.bar.end()
	}
}
