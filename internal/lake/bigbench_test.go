package lake_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
)

// BenchmarkLake measures the questions that have a target, warm, over as many
// millions of events as HANSARD_BENCH_MILLIONS says (default 1), a million
// events a day.
func BenchmarkLake(b *testing.B) {
	millions := 1
	if n, err := strconv.Atoi(os.Getenv("HANSARD_BENCH_MILLIONS")); err == nil {
		millions = n
	}
	w := newBigWorld(b, millions*1_000_000, 1_000_000)
	ctx := context.Background()
	f := func(name string, read func(i int) error) {
		b.Run(name, func(b *testing.B) {
			if err := read(0); err != nil { // warm
				b.Fatal(err)
			}
			before := processorTime(b)
			n := 0
			for ; b.Loop(); n++ {
				if err := read(n + 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(n)/1e6, "CPU-ms/op")
		})
	}
	count := lake.Measure{Op: lake.Count}
	byTool := lake.Spec{By: []string{"tool_name"}, Measures: []lake.Measure{count, {Op: lake.Errors}, {Op: lake.P95, Field: "duration_ms"}}, OrderBy: 1, Desc: true}
	oneDay := query.Period{Since: time.Unix(0, w.last-day*3/2), Until: time.Unix(0, w.last-day/2)}
	f("trace", func(i int) error {
		rows, err := w.Trace(ctx, tenant, traceName(uint64(i*7919%(w.events/21)+1)), 100_000)
		if err == nil && (len(rows) < 5 || len(rows) > 35) {
			err = fmt.Errorf("%d rows", len(rows))
		}
		return err
	})
	f("summary", func(int) error {
		_, err := report.Summary(ctx, w, report.Request{Tenant: tenant})
		return err
	})
	f("summary of a day", func(int) error {
		_, err := report.Summary(ctx, w, report.Request{Tenant: tenant, Period: oneDay})
		return err
	})
	f("tool percentiles", func(int) error {
		_, err := w.ToolCalls(ctx, tenant, query.Query{})
		return err
	})
	f("count by tool, p95", func(int) error {
		_, err := w.Aggregate(ctx, tenant, query.Query{}, byTool)
		return err
	})
	f("count by hour", func(int) error {
		_, err := w.Aggregate(ctx, tenant, query.Query{}, lake.Spec{By: []string{"hour"}, Measures: []lake.Measure{count, {Op: lake.Sum, Field: "cost_usd"}}})
		return err
	})
	f("tokens by model", func(int) error {
		_, err := w.Tokens(ctx, tenant, query.Query{}, []string{"model"})
		return err
	})
	f("day: count by tool, p95", func(int) error {
		_, err := w.Aggregate(ctx, tenant, query.Query{Period: oneDay}, byTool)
		return err
	})
	for _, search := range []string{"", "agent:agent-7", "agent:agent-7 tool:tool_3 status:error", "xylograph", word(29_000), word(300), "nothingofthekind", "status:error"} {
		n := parse(b, search)
		f("newest 100 "+search, func(int) error {
			_, err := w.Events(ctx, tenant, query.Query{Node: n})
			return err
		})
	}
}

// processorTime returns the CPU time of this process in nanoseconds.
func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkYear reads traces of a year, in one part for each tier and day as
// merges leave them: a tenth of the events of one a second, the same number of
// parts.
func BenchmarkYear(b *testing.B) {
	w := newBigWorld(b, 365*8640, 8640)
	parts := 0
	for _, tier := range hansard.Tiers {
		parts += len(w.Parts(hansard.LogID{Tenant: tenant, Tier: tier}))
	}
	ctx, n := context.Background(), 0
	before := processorTime(b)
	for ; b.Loop(); n++ {
		rows, err := w.Trace(ctx, tenant, traceName(uint64(n*7919%(w.events/21)+1)), 100_000)
		if err != nil || len(rows) < 5 || len(rows) > 35 {
			b.Fatalf("%d rows, %v", len(rows), err)
		}
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(n)/1e6, "CPU-ms/op")
	b.ReportMetric(float64(2*parts), "files")
}
