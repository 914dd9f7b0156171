package lake_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// benchWorld is a lake of 1,048,576 events in 8 parts of the info log, and
// 10,000 fresh ones.
func benchWorld(b *testing.B) *lake.Lake {
	b.Helper()
	s, dir := newSource(9), b.TempDir()
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	batch := func(n int) []*hansard.Entry {
		var rows []*hansard.Entry
		for range n {
			rows = append(rows, s.seal(s.event(), hansard.TierInfo))
		}
		return rows
	}
	var infos []part.Info
	for range 8 {
		infos = append(infos, writePart(b, s.enc, dir, batch(131072)))
	}
	l.Load(hansard.LogID{Tenant: tenant, Tier: hansard.TierInfo}, infos, part.NewEncoder().RowsOf(batch(10_000)))
	return l
}

func BenchmarkMillion(b *testing.B) {
	l, ctx := benchWorld(b), context.Background()
	f := func(name string, read func(i int) error) {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if err := read(i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	f("trace", func(i int) error {
		rows, err := l.Trace(ctx, tenant, fmt.Sprintf("trace-%06d", 4000+i%80_000), 100_000)
		if err == nil && len(rows) != 12 {
			err = fmt.Errorf("%d rows", len(rows))
		}
		return err
	})
	f("event", func(i int) error {
		_, err := l.Event(ctx, tenant, fmt.Sprintf("ev-%08d", 1000+i*7919%1_000_000))
		return err
	})
	for _, search := range []string{"", "agent:billing tool:process_refund status:error", "event_type:decision", `"policy 7 allows" agent:planner`, "customer", "attributes.retries:2", "confidence:>0.99999"} {
		n := parse(b, search)
		f("newest100/"+search, func(int) error {
			_, err := l.Events(ctx, tenant, query.Query{Node: n})
			return err
		})
	}
	f("tools", func(int) error {
		_, err := l.ToolCalls(ctx, tenant, query.Query{})
		return err
	})
	f("tokens by model", func(int) error {
		_, err := l.Tokens(ctx, tenant, query.Query{}, []string{"model"})
		return err
	})
	count := []lake.Measure{{Op: lake.Count}, {Op: lake.Errors}, {Op: lake.P95, Field: "duration_ms"}}
	for _, by := range []string{"tool_name", "hour", "trace_id"} {
		f("aggregate by "+by, func(int) error {
			_, err := l.Aggregate(ctx, tenant, query.Query{}, lake.Spec{By: []string{by}, Measures: count, Limit: 10, Desc: true, OrderBy: 1})
			return err
		})
	}
	f("traces of a task", func(i int) error {
		_, err := l.TracesOfTask(ctx, tenant, fmt.Sprintf("task-%d", 100+i))
		return err
	})
}

// BenchmarkFresh counts 64,000 fresh rows by tool through the table function.
func BenchmarkFresh(b *testing.B) {
	s := newSource(9)
	l, err := lake.New(lake.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var rows []*hansard.Entry
	for range 64_000 {
		rows = append(rows, s.seal(s.event(), hansard.TierInfo))
	}
	l.Committed(s.enc.RowsOf(rows))
	for b.Loop() {
		_, err := l.Aggregate(context.Background(), tenant, query.Query{}, lake.Spec{By: []string{"tool_name"}, Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.P95, Field: "duration_ms"}}})
		if err != nil {
			b.Fatal(err)
		}
	}
}
