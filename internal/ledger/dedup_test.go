package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// opens counts the files that are opened.
type opens struct {
	durable.FS
	n int
}

func (o *opens) Open(path string, write bool) (durable.File, error) {
	o.n++
	return o.FS.Open(path, write)
}

// sealedIDs returns a dedup that remembers the ids of some parts, and the ids by part.
// A part was received a second after the one before.
func sealedIDs(t testing.TB, parts, perPart int) (*dedup, *opens, [][]part.ID) {
	t.Helper()
	dir, fs, r := t.TempDir(), &opens{FS: durable.OS{}}, rand.New(rand.NewPCG(7, 7))
	d := newDedup(fs)
	var added []*part.Index
	all := make([][]part.ID, parts)
	for p := range all {
		for range perPart {
			var id part.ID
			binary.LittleEndian.PutUint64(id.Event[:], r.Uint64())
			binary.LittleEndian.PutUint32(id.Fingerprint[:], r.Uint32())
			all[p] = append(all[p], id)
		}
		x := &part.Index{IDs: slices.Clone(all[p])}
		part.SortIDs(x.IDs)
		x.Log = hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
		x.Name, x.Date = part.Name{First: uint64(p * perPart), End: uint64((p + 1) * perPart)}, "2026-01-02"
		x.Rows, x.Info.IDs, x.LastReceived = int64(perPart), perPart, int64(p)*1e9
		path := x.Path(dir) + IndexSuffix
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, x.Append(nil), 0o600); err != nil {
			t.Fatal(err)
		}
		added = append(added, x)
	}
	d.seal(dir, added, nil)
	if err := d.rebuild(); err != nil {
		t.Fatal(err)
	}
	return d, fs, all
}

// TestSentAgain looks up ids in the order in which they came, and others: each is found
// in its file, those outside the window in none, and what is sent again in order is
// looked for in one file or two.
func TestSentAgain(t *testing.T) {
	const parts, perPart = 60, 40
	d, fs, all := sealedIDs(t, parts, perPart)
	const forever = int64(1) << 40
	check := func(id part.ID, now, window int64, want bool) {
		t.Helper()
		fp, ok, err := d.find(id.Event, now, window)
		if err != nil || ok != want || ok && fp != id.Fingerprint {
			t.Fatalf("found %t, %x, %v; want %t, %x", ok, fp, err, want, id.Fingerprint)
		}
	}
	fs.n = 0
	for _, ids := range all {
		for _, id := range ids {
			check(id, forever, forever, true)
		}
	}
	if most := parts*parts/2 + parts*parts + parts*perPart*2; fs.n > most {
		t.Errorf("%d files were opened for %d ids in order, want at most %d", fs.n, parts*perPart, most)
	}
	r := rand.New(rand.NewPCG(8, 8))
	for range 3000 {
		p := r.IntN(parts)
		check(all[p][r.IntN(perPart)], parts*1e9, 30e9, p >= parts-30)
	}
	if len(d.found) != keptFound {
		t.Errorf("%d files are remembered, want %d", len(d.found), keptFound)
	}
	if sorted := slices.Sorted(slices.Values(d.found)); len(slices.Compact(sorted)) != keptFound {
		t.Errorf("a file is remembered twice: %v", d.found)
	}
	d.seal("", nil, nil)
	check(all[0][0], forever, forever, true)
}

// BenchmarkSentAgain looks up ids that lie in 300 parts, in the order in which they came.
func BenchmarkSentAgain(b *testing.B) {
	d, _, all := sealedIDs(b, 300, 1000)
	n := 0
	for b.Loop() {
		id := all[n/1000%300][n%1000]
		if _, ok, err := d.find(id.Event, 1<<40, 1<<40); !ok || err != nil {
			b.Fatal(ok, err)
		}
		n++
	}
}
