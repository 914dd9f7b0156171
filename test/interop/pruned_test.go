package interop_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// TestTorchwoodPruned prunes logs and has torchwood read what remains: it verifies
// from the minimum on, entry by entry, and it is a later state of what was signed
// before. What was pruned is answered with 410.
func TestTorchwoodPruned(t *testing.T) {
	s := start(t)
	s.post(4000)
	s.seal()
	before := map[string]tlog.Tree{}
	for _, l := range s.logs() {
		before[l.Log] = newReader(t, s.base(l), l).mustTree(t)
	}
	pruned := 0
	for _, tier := range hansard.Tiers {
		plan, err := s.ledger.PlanPrune(hansard.LogID{Tenant: tenant, Tier: tier}, "9999-01-01", 0)
		if err == nil {
			_, err = s.ledger.Prune(plan, ledger.PruneOrder{By: "test"})
		}
		if err != nil {
			t.Fatal(err)
		}
		if !plan.Empty() {
			pruned++
		}
	}
	s.post(900)
	s.seal()
	s.publish()
	for _, l := range s.logs() {
		r := newReader(t, s.base(l), l)
		tree := r.mustTree(t)
		r.checkGrowth(t, before[l.Log], tree)
		n := 0
		for i, entry := range r.AllEntries(t.Context(), tree, int64(l.Minimum)) {
			var leaf leaf
			if err := json.Unmarshal(entry, &leaf); err != nil || i != int64(l.Minimum)+int64(n) {
				t.Fatalf("%s: entry %d: %v", l.Log, i, err)
			}
			n++
		}
		if err := r.Err(); err != nil || uint64(n) != l.Size-l.Minimum {
			t.Errorf("%s: read %d of %d entries: %v", l.Log, n, l.Size-l.Minimum, err)
		}
		if l.Minimum == 0 {
			continue
		}
		t.Logf("%s: %d of %d entries pruned", l.Log, l.Minimum, l.Size)
		if err := newReader(t, s.base(l), l).verify(t.Context()); err == nil {
			t.Errorf("%s: torchwood reads what was pruned", l.Log)
		}
		for _, path := range []string{"tile/entries/000", "tile/0/000"} {
			res, err := http.Get(s.base(l) + path)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusGone || !strings.Contains(res.Header.Get("Content-Type"), "problem+json") {
				t.Errorf("%s of %s: %d %s", path, l.Log, res.StatusCode, res.Header.Get("Content-Type"))
			}
		}
	}
	if pruned < 3 {
		t.Errorf("%d logs were pruned", pruned)
	}
}
