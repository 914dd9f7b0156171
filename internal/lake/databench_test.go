package lake_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
)

// benchTenant is the tenant of the records that hansard bench makes.
const benchTenant = "default"

// openData opens the record that HANSARD_BENCH_DATA names, a data folder that
// hansard bench --keep has made and that no server uses.
func openData(tb testing.TB) *lake.Lake {
	tb.Helper()
	dir := os.Getenv("HANSARD_BENCH_DATA")
	if dir == "" {
		tb.Skip("HANSARD_BENCH_DATA names no data folder")
	}
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	for _, tier := range append(slices.Clone(hansard.Tiers), hansard.TierMeta) {
		var infos []part.Info
		err := filepath.WalkDir(filepath.Join(dir, "tenants", benchTenant, string(tier), "parts"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".index") {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			x, err := part.OpenIndex(f)
			infos = append(infos, x.Info)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			tb.Fatal(err)
		}
		l.Load(hansard.LogID{Tenant: benchTenant, Tier: tier}, infos, nil)
	}
	return l
}

// BenchmarkData measures reports over a record of hansard bench: each first by a
// lake that has just been opened ("cold"), then again and again.
func BenchmarkData(b *testing.B) {
	l := openData(b)
	ctx := context.Background()
	since := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	dayOf := func(i int) query.Period {
		at := since.AddDate(0, 0, i%10)
		return query.Period{Since: at, Until: at.AddDate(0, 0, 1)}
	}
	f := func(name string, read func(i int) error) {
		b.Run(name, func(b *testing.B) {
			before := processorTime(b)
			if err := read(0); err != nil {
				b.Fatal(err)
			}
			cold := processorTime(b) - before
			n := 0
			for before = processorTime(b); b.Loop(); n++ {
				if err := read(n + 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(n)/1e6, "CPU-ms/op")
			b.ReportMetric(float64(cold)/1e6, "cold-CPU-ms")
		})
	}
	for _, name := range []string{"summary", "tools", "errors", "cost", "daily", "activity", "feed"} {
		t, err := report.TypeOf(name)
		if err != nil {
			b.Fatal(err)
		}
		whole := func(p query.Period) error {
			_, err := t.Make(ctx, l, report.Request{Tenant: benchTenant, Period: p})
			return err
		}
		f("all/"+name, func(int) error { return whole(query.Period{}) })
		f("day/"+name, func(i int) error { return whole(dayOf(i)) })
	}
	for _, field := range []string{"session_id", "task_id", "agent_name", "user_id"} {
		groups := func(p query.Period) error {
			found, err := l.Groups(ctx, benchTenant, query.Query{Period: p}, field, hansard.Opt[lake.GroupCursor]{}, 51)
			if err != nil {
				return err
			}
			var values []string
			for _, g := range found {
				values = append(values, g.Value)
			}
			_, err = l.GroupTokens(ctx, benchTenant, query.Query{Period: p}, field, values)
			return err
		}
		f("all/groups "+field, func(int) error { return groups(query.Period{}) })
		f("day/groups "+field, func(i int) error { return groups(dayOf(i)) })
	}
	facets := func(p query.Period) error {
		_, err := l.Facets(ctx, benchTenant, query.Query{Period: p}, []string{"agent_name", "event_type", "tool_name", "status", "model", "tier"}, 10)
		return err
	}
	f("all/facets", func(int) error { return facets(query.Period{}) })
	f("day/facets", func(i int) error { return facets(dayOf(i)) })
	histogram := func(p query.Period, width time.Duration) error {
		_, err := l.Histogram(ctx, benchTenant, query.Query{Period: p}, int64(width))
		return err
	}
	f("all/histogram", func(int) error { return histogram(query.Period{}, 2*time.Hour) })
	f("day/histogram", func(i int) error { return histogram(dayOf(i), 15*time.Minute) })
	for _, pack := range policy.Builtin() {
		packs, err := policy.Load([]policy.Choice{{Pack: pack}})
		if err != nil {
			b.Fatal(err)
		}
		f("all/pack "+pack, func(int) error {
			_, err := report.Compliance(ctx, l, report.Request{Tenant: benchTenant}, packs, policy.Facts{})
			return err
		})
		f("day/pack "+pack, func(i int) error {
			_, err := report.Compliance(ctx, l, report.Request{Tenant: benchTenant, Period: dayOf(i)}, packs, policy.Facts{})
			return err
		})
		f("day/lines of pack "+pack, func(i int) error {
			_, err := report.ComplianceLines(ctx, l, report.Request{Tenant: benchTenant, Period: dayOf(i)}, packs, policy.Facts{})
			return err
		})
	}
}
