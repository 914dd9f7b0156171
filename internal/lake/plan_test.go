package lake_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// TestPlan removes the files that a read should not need.
func TestPlan(t *testing.T) {
	s, dir := newSource(40), t.TempDir()
	s.step = 10e9 // a part is about 17 minutes
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	log := hansard.LogID{Tenant: tenant, Tier: hansard.TierInfo}
	var infos []part.Info
	var all []*hansard.Entry
	for range 12 {
		var rows []*hansard.Entry
		for range 100 {
			rows = append(rows, s.seal(s.event(), hansard.TierInfo))
		}
		infos, all = append(infos, writePart(t, s.enc, dir, rows)), append(all, rows...)
	}
	l.Load(log, infos, nil)
	for _, p := range infos[:6] {
		if err := os.Remove(filepath.Join(dir, "tenants", tenant, "info", "parts", p.Date, p.Name.String())); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{Lake: l, all: all}
	ctx := context.Background()
	f := func(name string, want error, read func() error) {
		t.Helper()
		if err := read(); (err == nil) != (want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("the newest page", nil, func() error { _, err := l.Events(ctx, tenant, query.Query{Limit: 50}); return err })
	f("a late period", nil, func() error {
		q := query.Query{Period: query.Period{Since: time.Unix(0, infos[6].MinTime+1e10)}, Limit: 1000}
		w.pages(t, q, "a late period")
		_, err := l.Tokens(ctx, tenant, query.Query{Period: query.Period{Since: q.Period.Since.Add(2 * time.Hour)}}, nil)
		return err
	})
	f("a late position", nil, func() error {
		w.pages(t, query.Query{Node: parse(t, "position:>=700 tier:info"), Limit: 100}, "a late position")
		return nil
	})
	f("a late trace", nil, func() error {
		w.pages(t, query.Query{Node: parse(t, "trace:trace-000080"), Limit: 100}, "a late trace")
		return nil
	})
	f("another tier", nil, func() error {
		w.pages(t, query.Query{Node: parse(t, "tier:critical"), Limit: 100}, "another tier")
		return nil
	})
	f("a late event", nil, func() error { _, err := l.Event(ctx, tenant, "ev-00001150"); return err })
	f("an early event", os.ErrNotExist, func() error { _, err := l.Event(ctx, tenant, "ev-00000050"); return err })
	f("the oldest page", os.ErrNotExist, func() error {
		_, err := l.Events(ctx, tenant, query.Query{Limit: 50, Order: query.OldestFirst})
		return err
	})
}

// TestStrangeFolder reads parts below a folder whose name could be a pattern or
// end a string.
func TestStrangeFolder(t *testing.T) {
	s := newSource(41)
	dir := filepath.Join(t.TempDir(), "a'b [1]*?{x} k=v")
	l, err := lake.New(lake.Config{Dir: dir, WorkerCommand: []string{workerVerb}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all []*hansard.Entry
	for range 50 {
		all = append(all, s.seal(s.event(), hansard.TierInfo))
	}
	l.Load(all[0].Log, []part.Info{writePart(t, s.enc, dir, all)}, nil)
	w := &world{Lake: l, all: all}
	w.pages(t, query.Query{Limit: 20}, "strange folder")
	r, err := l.SQL(context.Background(), tenant, "SELECT count(*) FROM events", lake.Limits{})
	if err != nil || sqlText(r) != "50\n" {
		t.Errorf("sql: %v, %v", r, err)
	}
}
