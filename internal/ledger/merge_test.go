package ledger_test

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// sealEach seals after each of n times that send sends something.
func sealEach(t *testing.T, l *ledger.Ledger, n int, send func(i int)) {
	t.Helper()
	for i := range n {
		send(i)
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
	}
}

// editPart writes the file of a part anew, with one entry of the good bytes edited, and
// returns what it wrote.
func editPart(t *testing.T, path string, good []byte, id hansard.LogID, edit func(e *hansard.Entry)) []byte {
	t.Helper()
	enc := part.NewEncoder()
	file, err := enc.Open(bytes.NewReader(good), int64(len(good)), id)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := file.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(entries, func(a, b *hansard.Entry) int { return cmp.Compare(a.Index, b.Index) })
	edit(entries[7])
	var b bytes.Buffer
	if err := enc.Write(&b, entries); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTamperedStays edits a part between its seal and its merge, or an erasure in it:
// neither writes anything anew that is not what was committed, and both leave the parts
// as they are.
func TestTamperedStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, nil)
	defer closeLedger(t, l)
	d := newDesk(t, l)
	sealEach(t, l, 2, func(i int) { d.append(l, "acme", i*1100, (i+1)*1100) })
	id := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	whole := wholeParts(rec, id)
	info := rec.infos[id][slices.IndexFunc(rec.infos[id], func(p part.Info) bool { return p.Name == whole[1] })]
	path := info.Path(dir)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := func(what, want string, edit func(e *hansard.Entry)) {
		t.Helper()
		edited := editPart(t, path, good, id, edit)
		err = l.Merge(id, whole)
		if err == nil || !strings.Contains(err.Error(), want) || hansard.KindOf(err) != hansard.KindCorrupt {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		// Of another entry than the edited one.
		out, err := l.Erase(id, []uint64{whole[1].First + 3}, ledger.EraseOrder{By: "test", Reason: "asked"})
		if hansard.KindOf(err) != hansard.KindCorrupt || out.Entries != 0 {
			t.Errorf("%s: erased %d, %v", what, out.Entries, err)
		}
		if now := wholeParts(rec, id); !slices.Equal(now, whole) {
			t.Errorf("%s: the parts are now %v", what, now)
		}
		if there, err := os.ReadFile(path); err != nil || !bytes.Equal(there, edited) {
			t.Errorf("%s: the part was written anew: %v", what, err)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.1.parquet*")); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", what, left, err)
		}
	}
	f("another text", "is not the one that was committed", func(e *hansard.Entry) { e.Action += "x" })
	f("another content", "content", func(e *hansard.Entry) { e.Reasoning += "x" })
	f("an entry twice", "entry 264 is", func(e *hansard.Entry) { e.Index++ })
	f("an entry of another part", "is there twice, or out of place", func(e *hansard.Entry) { e.Index = 0 })
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Merge(id, whole); err != nil {
		t.Fatal(err)
	}
	if now := wholeParts(rec, id); len(now) != 1 || now[0].First != whole[0].First || now[0].End != whole[1].End {
		t.Errorf("merged into %v", now)
	}
}

// TestJoin joins parts, one of them with an erasure, in the process that wrote them and
// after a start: what is on record is what the parts held.
func TestJoin(t *testing.T) {
	for _, again := range []bool{false, true} {
		if again && testing.Short() {
			break // the race run: the same goroutines
		}
		dir := filepath.Join(t.TempDir(), "data")
		rec := newRecorder()
		l := open(t, dir, rec, nil)
		d := newDesk(t, l)
		sealEach(t, l, 3, func(i int) { d.bulk("acme", i*3300, 3300) })
		id := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
		if _, err := l.Erase(id, []uint64{5}, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
		if again {
			closeLedger(t, l)
			rec = newRecorder()
			l = open(t, dir, rec, nil)
			d = newDesk(t, l)
		}
		whole := wholeParts(rec, id)
		slices.SortFunc(whole, func(a, b part.Name) int { return cmp.Compare(a.First, b.First) })
		if len(whole) < 3 {
			t.Fatalf("the parts are %v", whole)
		}
		if err := l.Join(id, whole); err != nil {
			t.Fatal(err)
		}
		first, last := whole[0], whole[len(whole)-1]
		now := rec.infos[id][slices.IndexFunc(rec.infos[id], func(p part.Info) bool { return p.Name.First == 0 })]
		if now.Name != (part.Name{First: first.First, End: last.End}) || now.Rows != int64(last.End) || len(now.Texts) != 3 {
			t.Errorf("joined %v into %+v", whole, now)
		}
		for i := range 8 { // the erased one too
			if r := d.append(l, "acme", 4*i, 4*i+1)[0]; r.Outcome != ledger.Duplicate {
				t.Errorf("event %d sent again: outcome %v", i, r.Outcome)
			}
		}
		closeLedger(t, l)
		checkLedger(t, dir)
		checkReindex(t, dir, id)
	}
}

// checkReindex removes the index of a log's first part and wants the same one made anew,
// by a reindex and by a start.
func checkReindex(t *testing.T, dir string, id hansard.LogID) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "tenants", id.Tenant, string(id.Tier), "parts", "*", "000000000000-*"+ledger.IndexSuffix))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v, %v", paths, err)
	}
	want, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	remake := func(what string, f func()) {
		t.Helper()
		if err := os.Remove(paths[0]); err != nil {
			t.Fatal(err)
		}
		f()
		if got, err := os.ReadFile(paths[0]); err != nil || len(got) != len(want) {
			t.Errorf("%s: %d bytes, %v, want %d", what, len(got), err, len(want))
		}
	}
	remake("reindex", func() {
		if _, err := ledger.Reindex(t.Context(), ledger.Config{Dir: dir}, nil); err != nil {
			t.Fatal(err)
		}
	})
	remake("start", func() { closeLedger(t, open(t, dir, nil, nil)) })
}

// TestTamperedIsNotJoined edits a part before it is joined: not by the hash that the
// process remembers, and after a start, with an index made anew, not by the log's hashes.
func TestTamperedIsNotJoined(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, nil)
	d := newDesk(t, l)
	sealEach(t, l, 2, func(i int) { d.append(l, "acme", i*1100, (i+1)*1100) })
	id := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	whole := wholeParts(rec, id)
	path := rec.infos[id][slices.IndexFunc(rec.infos[id], func(p part.Info) bool { return p.Name == whole[1] })].Path(dir)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	editPart(t, path, good, id, func(e *hansard.Entry) { e.Action += "x" })
	refuses := func(want string) {
		t.Helper()
		before := wholeParts(rec, id)
		err := l.Join(id, before)
		if err == nil || !strings.Contains(err.Error(), want) || hansard.KindOf(err) != hansard.KindCorrupt {
			t.Errorf("%v, want %q", err, want)
		}
		if now := wholeParts(rec, id); !slices.Equal(now, before) {
			t.Errorf("the parts are now %v", now)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.tmp")); err != nil || len(left) > 0 {
			t.Errorf("%v is left, %v", left, err)
		}
	}
	refuses("not those that were written")
	closeLedger(t, l)
	if err := os.Remove(path + ledger.IndexSuffix); err != nil {
		t.Fatal(err)
	}
	rec = newRecorder()
	l = open(t, dir, rec, nil)
	refuses("is not the one that was")
	closeLedger(t, l)
}
