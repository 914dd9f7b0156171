package lake_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
)

// TestFreshOrder asks for fresh rows by trace as they grow, of older moments too, and
// after a seal.
func TestFreshOrder(t *testing.T) {
	l, err := lake.New(lake.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s, enc := newSource(7), part.NewEncoder()
	var all []*hansard.Entry
	for range 200 {
		all = append(all, s.seal(s.event(), hansard.TierInfo))
	}
	log := all[0].Log
	ask := func(from, n int) {
		t.Helper()
		want := slices.Clone(all[from : from+n])
		slices.SortFunc(want, func(a, b *hansard.Entry) int {
			return cmp.Or(cmp.Compare(a.TraceID, b.TraceID), cmp.Compare(a.Position, b.Position))
		})
		got, err := l.FreshByTrace(log, n)
		if err != nil || len(got) != n {
			t.Fatalf("%d rows, %v, want %d", len(got), err, n)
		}
		for i, e := range want {
			if got[i].Place.Position != e.Position {
				t.Fatalf("row %d of %d: position %d, want %d", i, n, got[i].Place.Position, e.Position)
			}
		}
	}
	l.Committed(enc.RowsOf(all[:100]))
	ask(0, 60)
	ask(0, 100)
	ask(0, 100)
	ask(0, 17)
	l.Committed(enc.RowsOf(all[100:]))
	ask(0, 200)
	ask(0, 90)
	l.Sealed(log, nil, nil, all[150].Index)
	ask(150, 50)
}
