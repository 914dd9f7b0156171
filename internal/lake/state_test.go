package lake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
)

// TestState holds that what moves entries into parts and parts into one leaves the
// state as it is, and that what adds or takes entries or contents does not.
func TestState(t *testing.T) {
	s, dir := newSource(5), t.TempDir()
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var entries []*hansard.Entry
	for range 600 {
		entries = append(entries, s.seal(s.event(), hansard.TierInfo))
	}
	log := entries[0].Log
	f := func(what string, same bool, change func()) {
		t.Helper()
		before := l.State(tenant)
		change()
		if got := cmp.Equal(before, l.State(tenant)); got != same {
			t.Errorf("%s: the same state %v; %+v and then %+v", what, got, before, l.State(tenant))
		}
	}
	var parts []part.Info
	write := func(from, to int) part.Info {
		t.Helper()
		return writePart(t, s.enc, dir, entries[from:to])
	}
	f("a commit", false, func() { l.Committed(s.enc.RowsOf(entries[:300])) })
	f("another tenant's commit", true, func() {
		other := s.enc.RowsOf(entries[:10])
		for _, r := range other {
			r.Log.Tenant = "other"
		}
		l.Committed(other)
	})
	f("another commit", false, func() { l.Committed(s.enc.RowsOf(entries[300:])) })
	f("a seal of some", true, func() {
		parts = append(parts, write(0, 256))
		l.Sealed(log, parts, nil, 256)()
	})
	f("a seal of all", true, func() {
		more := write(256, 600)
		parts = append(parts, more)
		l.Sealed(log, []part.Info{more}, nil, 600)()
	})
	f("a merge", true, func() {
		merged := write(0, 600)
		l.Sealed(log, []part.Info{merged}, []part.Name{parts[0].Name, parts[1].Name}, 600)()
		parts = []part.Info{merged}
	})
	f("an erasure", false, func() {
		anew := parts[0]
		anew.Name.Rewrite++
		l.Sealed(log, []part.Info{anew}, []part.Name{parts[0].Name}, 600)()
		parts = []part.Info{anew}
	})
	f("a prune", false, func() { l.Sealed(log, nil, []part.Name{parts[0].Name}, 600)() })
}
