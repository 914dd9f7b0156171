package lake_test

import (
	"context"
	"testing"

	"github.com/hansardhq/hansard"
)

func TestFollow(t *testing.T) {
	s := newSource(30)
	all := s.entries(300)
	for range 9 {
		all = append(all, s.statement(`{"kind":"hold"}`))
	}
	w := newWorld(t, all, 40)
	f := func(tiers []hansard.Tier, from uint64, limit int) {
		t.Helper()
		var want []*hansard.Entry
		for _, e := range w.all {
			for _, tier := range tiers {
				if e.Tier == tier && e.Position >= from && len(want) < limit {
					want = append(want, e)
				}
			}
		}
		got, err := w.Follow(context.Background(), tenant, tiers, from, limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, want, got, "follow")
	}
	f(hansard.Tiers, 0, 1000)
	f(hansard.Tiers, 0, 10)
	f(hansard.Tiers, 211, 25)
	f(hansard.Tiers, 299, 25)
	f(hansard.Tiers, 5000, 25)
	f([]hansard.Tier{hansard.TierDebug}, 100, 40)
	f([]hansard.Tier{hansard.TierMeta}, 0, 5)
	f(nil, 0, 5)
}
