package main

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// BenchmarkDay plays days of one event a second, on a clock of its own, that are sealed
// and merged minute by minute as serve does it: what such a day takes in processor time,
// and what it leaves on the disk. With 365 times that a year has to do with.
func BenchmarkDay(b *testing.B) {
	const seconds = 24 * 60 * 60
	workload := bench.NewWorkload(1, 10*seconds)
	var now atomic.Int64
	now.Store(workload.Day(0).UnixNano())
	dir := filepath.Join(b.TempDir(), "data")
	st, err := openStore(storeConfig{Ledger: ledger.Config{
		Dir: dir, Name: "bench", SealAfter: 24 * time.Hour,
		Now:     func() time.Time { return time.Unix(0, now.Load()) },
		Elapsed: func() time.Duration { return time.Duration(now.Load()) },
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	d := &simulatedDay{b: b, st: st, workload: workload, now: &now}
	before, played := processorTime(b), 0
	for b.Loop() {
		d.minutes(24 * 60)
		played++
	}
	d.minutes(60) // what the last date ends with is joined
	files, parts := 0, 0
	err = filepath.WalkDir(filepath.Join(dir, "tenants"), func(path string, e fs.DirEntry, err error) error {
		date := filepath.Base(filepath.Dir(path)) // of tiles and checkpoints it is none
		if err == nil && !e.IsDir() && len(date) == len(time.DateOnly) && date < part.Date(now.Load()) {
			files++
			if filepath.Ext(path) == ".parquet" {
				parts++
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((processorTime(b)-before).Seconds()/float64(played), "CPU-s/day")
	b.ReportMetric(float64(parts)/float64(played), "parts/day")
	b.ReportMetric(float64(files)/float64(played), "files/day")
}

// simulatedDay is a server on a clock of its own.
type simulatedDay struct {
	b        *testing.B
	st       *store
	workload *bench.Workload
	now      *atomic.Int64
	block    bench.Block
	events   int // sent so far
}

// minutes plays so many minutes: 60 events, a seal, and what the merger does.
func (d *simulatedDay) minutes(n int) {
	for range n {
		for range 6 {
			d.now.Add(int64(10 * time.Second))
			d.send(10)
		}
		if err := d.st.ledger.Seal(); err != nil {
			d.b.Fatal(err)
		}
		for _, c := range d.st.lake.Candidates(time.Unix(0, d.now.Load()), false) {
			if err := merge(d.st.ledger, c); err != nil {
				d.b.Fatal(err)
			}
		}
	}
}

// send sends the next n events, which are in one block.
func (d *simulatedDay) send(n int) {
	if block := d.events / bench.BlockEvents; d.block.Ends == nil || d.block.Number != block {
		d.workload.Fill(&d.block, block)
	}
	from := d.events % bench.BlockEvents
	d.events += n
	lines := bytes.NewReader(d.block.Lines(from, from+n))
	receipt, err := d.st.intake.Body(d.b.Context(), intake.Source{Tenant: "default", SubmittedBy: "loopback"}, dialect.FormNDJSON, lines)
	if err != nil || receipt.Accepted != n {
		d.b.Fatalf("%+v, %v", receipt, err)
	}
}

// processorTime returns what this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
