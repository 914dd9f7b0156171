package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// Config says what to measure, and how.
type Config struct {
	Program string // path of the program whose server is measured
	Version string // its version, for the report
	// Dir is the folder in which the server's data is made; default the
	// system's for temporary files. The data is deleted at the end unless Keep.
	Dir  string
	Keep bool
	// Data is a data folder that an earlier run with the same Seed and Events
	// has filled and kept: no events are sent first. It is written to, and kept.
	Data string

	Events      int           // how many are sent, rounded up to whole blocks; default 1,000,000
	Seed        uint64        // of the workload
	Batch       int           // events of a request; default 1000
	Connections int           // that send at once; default 4
	Settle      time.Duration // how long the server has for sealing and merging at least; 0: it is stopped instead
	Rate        int           // events a second when latency is measured; default 10,000
	RateBatch   int           // events of a request then; default 100
	RateFor     time.Duration // how long; default 15 s

	// Peer is the program file of VictoriaLogs, which is measured beside ours; empty: it
	// is not.
	Peer string

	// Only lists what to measure, of Measures; none: everything.
	Only []string
	// CPUProfile is a file for a profile of the server's processor time, from
	// its start until it is stopped first; empty: none. Those of the servers of
	// MeasureOTLP are beside it, as FILE.otlp-flat and so on.
	CPUProfile string

	// Progress is told how far the run is; total is 0 where nobody knows. It may
	// be called by several goroutines at once.
	Progress func(what string, done, total int64)
}

// What can be measured.
const (
	MeasureIngest    = "ingest"
	MeasureMemory    = "memory"
	MeasureDisk      = "disk"
	MeasureQueries   = "queries"
	MeasureLatency   = "latency"
	MeasureCrash     = "crash"
	MeasureVerify    = "verify"
	MeasureReindex   = "reindex"
	MeasureRedaction = "redaction"
	MeasureOTLP      = "otlp"
	MeasurePeer      = "peer"
)

// Measures lists what can be measured, in the order of the report.
func Measures() []string {
	return []string{
		MeasureIngest, MeasurePeer, MeasureOTLP, MeasureLatency, MeasureMemory, MeasureDisk, MeasureRedaction, MeasureVerify, MeasureReindex,
		MeasureCrash, MeasureQueries,
	}
}

// checked returns the config with its defaults. The error is of KindInvalid.
func (c Config) checked() (Config, error) {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&c.Events, 1_000_000)
	def(&c.Batch, 1000)
	def(&c.Connections, 4)
	def(&c.Rate, 10_000)
	def(&c.RateBatch, 100)
	if c.RateFor == 0 {
		c.RateFor = 15 * time.Second
	}
	if c.Progress == nil {
		c.Progress = func(string, int64, int64) {}
	}
	for _, m := range c.Only {
		if !slices.Contains(Measures(), m) {
			return c, hansard.Errorf(hansard.KindInvalid, "%q cannot be measured: want %s", m, strings.Join(Measures(), ", "))
		}
	}
	if slices.Contains(c.Only, MeasurePeer) && c.Peer == "" {
		return c, hansard.Errorf(hansard.KindInvalid, "to measure %q, name the program of VictoriaLogs (--peer FILE)", MeasurePeer)
	}
	if c.Peer != "" {
		var err error
		if c.Peer, err = exec.LookPath(c.Peer); err != nil {
			return c, hansard.Errorf(hansard.KindInvalid, "the program of VictoriaLogs: %w", err)
		}
	}
	c.Events = (c.Events + BlockEvents - 1) / BlockEvents * BlockEvents
	switch {
	case c.Events < 1 || c.Events > 1_000_000_000:
		return c, hansard.Errorf(hansard.KindInvalid, "%d events: want at most 1,000,000,000", c.Events)
	case c.Batch < 1 || c.Batch > BlockEvents || c.RateBatch < 1 || c.RateBatch > BlockEvents:
		return c, hansard.Errorf(hansard.KindInvalid, "events of a request: want 1 to %d", BlockEvents)
	case c.Connections < 1 || c.Connections > maxConns:
		return c, hansard.Errorf(hansard.KindInvalid, "%d connections: want 1 to %d", c.Connections, maxConns)
	case c.RateFor > time.Minute:
		return c, hansard.Errorf(hansard.KindInvalid, "latency is measured for a minute at most: the requests are made beforehand")
	case c.Rate < c.RateBatch:
		return c, hansard.Errorf(hansard.KindInvalid, "%d events a second are less than a request", c.Rate)
	}
	return c, nil
}

// bench is a run.
type bench struct {
	cfg      Config
	dir      string // of everything that the run makes
	workload *Workload
	report   *Report
	stored   int // events that the server has acknowledged

	// more is what is sent after the workload's own events, from block next on.
	more *Workload
	next int
}

// data is the server's data folder.
func (b *bench) data() string {
	if b.cfg.Data != "" {
		return b.cfg.Data
	}
	return filepath.Join(b.dir, "data")
}

// wants reports whether one of the measures was asked for.
func (b *bench) wants(measures ...string) bool {
	return len(b.cfg.Only) == 0 || slices.ContainsFunc(measures, func(m string) bool { return slices.Contains(b.cfg.Only, m) })
}

// Run measures. What it makes on the disk is gone when it returns, unless it is
// to be kept; the servers that it starts have ended.
func Run(ctx context.Context, cfg Config) (report *Report, err error) {
	if cfg, err = cfg.checked(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(cfg.Dir, "hansard-bench-")
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "make a folder for the data: %w", err)
	}
	b := &bench{cfg: cfg, dir: dir, workload: NewWorkload(cfg.Seed, cfg.Events), report: newReport(cfg)}
	b.more, b.next = b.workload, cfg.Events/BlockEvents
	var first Block
	b.workload.Fill(&first, 0)
	b.report.EventBytes = float64(len(first.Body)) / BlockEvents
	if cfg.Data != "" { // earlier runs may have sent more; nothing may come twice
		b.more = NewWorkload(mix(uint64(time.Now().UnixNano())), cfg.Events)
	}
	if cfg.Keep {
		b.note("kept: %s", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(b.report.Rows, func(x, y Row) int {
		return slices.Index(Measures(), x.Measure) - slices.Index(Measures(), y.Measure)
	})
	b.report.Rows = slices.DeleteFunc(b.report.Rows, func(r Row) bool { return !b.wants(r.Measure) })
	return b.report, nil
}

// run runs the measures that were asked for, in the order in which each finds
// what it needs.
func (b *bench) run(ctx context.Context) error {
	if b.wants(MeasureRedaction) {
		if err := b.measureRedaction(); err != nil {
			return err
		}
	}
	if b.cfg.Peer != "" && b.wants(MeasurePeer) {
		if err := b.measurePeer(ctx); err != nil {
			return err
		}
	}
	if b.wants(MeasureOTLP) {
		if err := b.measureOTLP(ctx); err != nil {
			return err
		}
	}
	if b.wants(MeasureIngest, MeasureMemory, MeasureDisk, MeasureQueries, MeasureLatency, MeasureCrash, MeasureVerify, MeasureReindex) {
		if err := b.measureServer(ctx); err != nil {
			return err
		}
	}
	for _, m := range []struct {
		name string
		run  func(context.Context) error
	}{{MeasureCrash, b.measureCrash}, {MeasureVerify, b.measureVerify}, {MeasureReindex, b.measureReindex}} {
		if b.wants(m.name) {
			if err := m.run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// profileTo returns the arguments of a server whose processor time is profiled, to the
// file that was asked for with a suffix; none where none was.
func (b *bench) profileTo(suffix string) []string {
	if b.cfg.CPUProfile == "" {
		return nil
	}
	return []string{"--cpuprofile", b.cfg.CPUProfile + suffix}
}

// measureServer measures what one server process does, from its start on.
func (b *bench) measureServer(ctx context.Context) error {
	s, err := b.startServer(ctx, time.Minute, b.profileTo("")...)
	if err != nil {
		return err
	}
	defer func() { _ = s.kill() }() // where an error ends it; else it has ended
	if b.cfg.Data != "" {
		size, _, err := s.logSizes(ctx)
		if b.stored = int(size); err != nil || b.stored < b.cfg.Events {
			return errors.Join(err, hansard.Errorf(hansard.KindInvalid, "the data folder holds %d events, want at least %d", b.stored, b.cfg.Events))
		}
	} else if s, err = b.measureIngest(ctx, s); err != nil {
		return err
	}
	if b.wants(MeasureQueries) {
		if err := b.measureQueries(ctx, s); err != nil {
			return err
		}
	}
	if b.wants(MeasureLatency) {
		if err := b.measureLatency(ctx, s); err != nil {
			return err
		}
	}
	if b.wants(MeasureReindex) {
		if err := b.measureReindexServing(ctx, s); err != nil {
			return err
		}
	}
	_, err = s.stop()
	return err
}
