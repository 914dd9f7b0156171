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

// TestTamperedStays edits a part between its seal and its merge, or an erasure in it:
// neither writes anything anew that is not what was committed, and both leave the parts
// as they are.
func TestTamperedStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, nil)
	defer closeLedger(t, l)
	d := newDesk(t, l)
	for i := range 2 {
		d.append(l, "acme", i*1100, (i+1)*1100)
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	id, enc := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}, part.NewEncoder()
	whole := wholeParts(rec, id)
	info := rec.infos[id][slices.IndexFunc(rec.infos[id], func(p part.Info) bool { return p.Name == whole[1] })]
	path := info.Path(dir)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := func(what, want string, edit func(e *hansard.Entry)) {
		t.Helper()
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
		if there, err := os.ReadFile(path); err != nil || !bytes.Equal(there, b.Bytes()) {
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
