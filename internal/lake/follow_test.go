package lake_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
)

// follow returns the next entries of a reader, limit of them or all that there are.
func follow(t *testing.T, r *lake.Reader, limit int) (entries []*hansard.Entry) {
	t.Helper()
	for len(entries) < limit {
		some, err := r.Entries(context.Background(), limit-len(entries))
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			break
		}
		entries = append(entries, some...)
	}
	return entries
}

// from returns the entries of the tiers from a position on.
func (w *world) from(tiers []hansard.Tier, position uint64) []*hansard.Entry {
	var found []*hansard.Entry
	for _, e := range w.all {
		if e.Position >= position && slices.Contains(tiers, e.Tier) {
			found = append(found, e)
		}
	}
	return found
}

func TestFollow(t *testing.T) {
	s := newSource(30)
	all := s.entries(300)
	for range 9 {
		all = append(all, s.statement(`{"kind":"hold"}`))
	}
	w := newWorld(t, all, 40)
	f := func(tiers []hansard.Tier, from uint64, limit int) {
		t.Helper()
		want := w.from(tiers, from)
		same(t, want[:min(limit, len(want))], follow(t, w.Follow(tenant, tiers, from), limit), "follow")
	}
	f(hansard.Tiers, 0, 1000)
	f(hansard.Tiers, 0, 10)
	f(hansard.Tiers, 211, 25)
	f(hansard.Tiers, 299, 25)
	f(hansard.Tiers, 5000, 25)
	f([]hansard.Tier{hansard.TierDebug}, 100, 40)
	f([]hansard.Tier{hansard.TierMeta}, 0, 5)
	f(nil, 0, 5)
	if got := follow(t, w.Follow("nobody", hansard.Tiers, 0), 5); len(got) > 0 {
		t.Errorf("%d entries of nobody", len(got))
	}
}

// TestFollowGrowing follows two readers through a record that grows and whose rows are
// sealed and merged meanwhile: one that takes little at a time, and one that is always
// at the end.
func TestFollowGrowing(t *testing.T) {
	g, s, r := newGrowing(t, 31), newSource(31), rand.New(rand.NewPCG(31, 31))
	slow, quick := g.Follow(tenant, hansard.Tiers, 17), g.Follow(tenant, hansard.Tiers, 0)
	var bySlow, byQuick []*hansard.Entry
	for range 60 {
		g.commit(s.entries(r.IntN(40)))
		bySlow = append(bySlow, follow(t, slow, r.IntN(35))...)
		byQuick = append(byQuick, follow(t, quick, 1<<20)...)
		for log := range g.logs {
			if r.IntN(3) == 0 {
				g.seal(t, log)
			}
			if r.IntN(3) == 0 {
				g.merge(t, log)
			}
		}
	}
	if len(g.all)-len(bySlow) < 100 {
		t.Errorf("the slow one is %d behind: not slow enough to prove anything", len(g.all)-len(bySlow))
	}
	bySlow = append(bySlow, follow(t, slow, 1<<20)...)
	same(t, g.from(hansard.Tiers, 17), bySlow, "the slow one")
	same(t, g.from(hansard.Tiers, 0), byQuick, "the quick one")
}

// TestFollowGroups follows a part of several row groups, whose positions those of
// another log stand between.
func TestFollowGroups(t *testing.T) {
	s := newSource(32)
	all := s.entries(400)
	w := newWorld(t, all, 30)
	for _, log := range []hansard.LogID{{Tenant: tenant, Tier: hansard.TierInfo}, {Tenant: tenant, Tier: hansard.TierDebug}} {
		w.join(t, log)
	}
	var rows []*part.Row // what was returned stays as it is while the reader goes on
	for r := w.Follow(tenant, hansard.Tiers, 0); len(rows) < len(all); {
		some, err := r.Next(context.Background(), 7)
		if err != nil || len(some) == 0 {
			t.Fatal(len(rows), err)
		}
		rows = append(rows, some...)
	}
	for i, row := range rows {
		e, err := w.enc.Entry(row)
		if err != nil || e.EventID != all[i].EventID || e.Result == nil != (all[i].Result == nil) || string(e.Result) != string(all[i].Result) {
			t.Fatalf("row %d is no longer that of event %s: %v", i, all[i].EventID, err)
		}
	}
	for from := range uint64(len(all)) { // the last of a row group and of a part too
		want := w.from(hansard.Tiers, from)
		same(t, want[:min(2, len(want))], follow(t, w.Follow(tenant, hansard.Tiers, from), 2), "follow")
	}
}

// join makes one part of all parts of a log, with their row groups as they are.
func (w *world) join(t *testing.T, log hansard.LogID) {
	t.Helper()
	infos := w.Parts(log)
	var files []*part.File
	var indexes []*part.Index
	var gone []part.Name
	for _, info := range infos {
		b, err := os.ReadFile(info.Path(w.dir))
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.enc.Open(bytes.NewReader(b), int64(len(b)), log)
		if err != nil {
			t.Fatal(err)
		}
		files, gone = append(files, f), append(gone, info.Name)
		indexes = append(indexes, &part.Index{Info: info})
	}
	if len(files) < 3 {
		t.Fatalf("%d parts of %s", len(files), log)
	}
	x := part.NewJoinedIndex(indexes)
	var joined bytes.Buffer
	if err := w.enc.Join(&joined, x, files); err != nil {
		t.Fatal(err)
	}
	x.Bytes, x.SHA256 = int64(joined.Len()), sha256.Sum256(joined.Bytes())
	if err := os.WriteFile(x.Path(w.dir), joined.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Sealed(log, []part.Info{x.Info}, gone, x.Name.End)()
}

// TestFollowErased reads one entry, erases the content of all, and reads on: what the
// reader had at hand must not tell it.
func TestFollowErased(t *testing.T) {
	s := newSource(33)
	var entries []*hansard.Entry
	for range 20 {
		e := s.event()
		e.Error = "the order of a customer who is named here"
		entries = append(entries, s.seal(e, hansard.TierCritical))
	}
	w := newWorld(t, nil, 1)
	info := writePart(t, s.enc, w.dir, entries)
	w.Load(info.Log, []part.Info{info}, nil)
	r := w.Follow(tenant, hansard.Tiers, 0)
	if got := follow(t, r, 1); len(got) != 1 || got[0].Error == "" {
		t.Fatalf("%d entries before the erasure", len(got))
	}
	for _, e := range entries {
		e.Error, e.Params, e.Result, e.Reasoning, e.Salt = "", nil, nil, "", nil
	}
	anew := rewritePart(t, s.enc, w.dir, info, entries)
	w.Sealed(info.Log, []part.Info{anew}, []part.Name{info.Name}, info.Name.End)()
	got := follow(t, r, 1<<20)
	if len(got) != len(entries)-1 {
		t.Errorf("%d entries after it, want %d", len(got), len(entries)-1)
	}
	for _, e := range got {
		if e.Error != "" {
			t.Fatalf("entry %d still says %q", e.Index, e.Error)
		}
	}
}
