package lake_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// TestMoving reads while entries are committed, sealed and merged, and while the
// files of merged parts are removed: every read sees each acknowledged entry
// exactly once.
func TestMoving(t *testing.T) {
	const batch, batches = 64, 40
	dir := t.TempDir()
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var acked atomic.Int64
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for last := false; !last && !t.Failed(); {
				last = done.Load()
				readAll(t, l, &acked)
			}
		})
	}
	ledger(t, l, dir, batch, batches, &acked)
	done.Store(true)
	readers.Wait()
}

// readAll checks that a page and a count hold every acknowledged entry once.
func readAll(t *testing.T, l *lake.Lake, acked *atomic.Int64) {
	least := acked.Load()
	page, err := l.Events(context.Background(), tenant, query.Query{Limit: query.MaxLimit, Order: query.OldestFirst})
	if err != nil {
		t.Errorf("events: %v", err)
		return
	}
	seen := map[uint64]bool{}
	for _, e := range page.Entries {
		if seen[e.Index] {
			t.Errorf("entry %d twice", e.Index)
		}
		seen[e.Index] = true
	}
	for i := range least {
		if !seen[uint64(i)] {
			t.Errorf("entry %d of %d is missing", i, least)
			return
		}
	}
	least = acked.Load()
	table, err := l.Aggregate(context.Background(), tenant, query.Query{}, lake.Spec{Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.Distinct, Field: "event_id"}, {Op: lake.Sum, Field: "duration_ms"}}})
	if err != nil {
		t.Errorf("aggregate: %v", err)
		return
	}
	if n, distinct := table.Rows[0][0].(int64), table.Rows[0][1]; n < least || distinct != n {
		t.Errorf("%d rows, %v events, want %d at least", n, distinct, least)
	}
}

// ledger commits batches, seals every fourth and merges what it sealed.
func ledger(t *testing.T, l *lake.Lake, dir string, batch, batches int, acked *atomic.Int64) {
	s, log := newSource(12), hansard.LogID{Tenant: tenant, Tier: hansard.TierInfo}
	var all, unsealed []*hansard.Entry
	var parts []part.Info
	var waits sync.WaitGroup
	for i := range batches {
		var rows []*hansard.Entry
		for range batch {
			rows = append(rows, s.seal(s.event(), hansard.TierInfo))
		}
		all, unsealed = append(all, rows...), append(unsealed, rows...)
		l.Committed(s.enc.RowsOf(rows))
		acked.Add(int64(batch))
		if i%4 != 3 {
			continue
		}
		added := writePart(t, s.enc, dir, unsealed)
		l.Sealed(log, []part.Info{added}, nil, added.Name.End)()
		unsealed, parts = nil, append(parts, added)
		if len(parts) < 3 {
			continue
		}
		merged := writePart(t, s.enc, dir, all[parts[0].Name.First:parts[2].Name.End])
		var removed []part.Name
		for _, p := range parts {
			removed = append(removed, p.Name)
		}
		wait, old := l.Sealed(log, []part.Info{merged}, removed, merged.Name.End), parts
		parts = []part.Info{merged}
		waits.Go(func() {
			wait()
			for _, p := range old {
				if err := os.Remove(filepath.Join(dir, "tenants", tenant, "info", "parts", p.Date, p.Name.String())); err != nil {
					t.Errorf("remove: %v", err)
				}
			}
		})
	}
	waits.Wait()
	if got := l.Parts(log); len(got) != len(parts) {
		t.Errorf("%d parts live, want %d", len(got), len(parts))
	}
}
