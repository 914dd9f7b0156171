package ledger_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// TestReadBack writes parts that are not what was committed: whatever is wrong with
// a row is found before the part counts.
func TestReadBack(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "data"), nil, nil)
	defer closeLedger(t, l)
	d := newDesk(t, l)
	d.append(l, "acme", 0, 40)
	id := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	enc := part.NewEncoder()
	edit := func(at int, f func(e *hansard.Entry)) func(i int, row []byte) []byte {
		return func(i int, row []byte) []byte {
			if i != at {
				return row
			}
			e, err := enc.ParseRow(row)
			if err != nil {
				t.Fatal(err)
			}
			f(e)
			return enc.AppendRow(nil, e)
		}
	}
	f := func(what, want string, change func(i int, row []byte) []byte) {
		t.Helper()
		err := l.ReadBack(id, change)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || hansard.KindOf(err) != hansard.KindCorrupt):
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	f("as committed", "", func(_ int, row []byte) []byte { return row })
	const another = "is not the one that was written"
	f("another text", another, edit(3, func(e *hansard.Entry) { e.Action += "x" }))
	f("another time", another, edit(0, func(e *hansard.Entry) { e.ReceivedAt++ }))
	f("another number", another, edit(5, func(e *hansard.Entry) { e.Attempt = hansard.Some[int64](7) }))
	f("a value gone", another, edit(4, func(e *hansard.Entry) { e.EventType = "" }))
	f("another digest", another, edit(2, func(e *hansard.Entry) { e.ContentDigest[31] ^= 1 }))
	f("another content", "entry 2: content", edit(2, func(e *hansard.Entry) { e.Reasoning = "x" + e.Reasoning }))
	f("another salt", "entry 2: content", edit(2, func(e *hansard.Entry) { e.Salt = slices.Concat(e.Salt[1:], e.Salt[:1]) }))
	f("a salt gone", "entry 2: content", edit(2, func(e *hansard.Entry) { e.Salt = nil }))
	f("an entry twice", "does not belong there", edit(6, func(e *hansard.Entry) { e.Index-- }))
	f("an entry of another part", "does not belong there", edit(6, func(e *hansard.Entry) { e.Index += 1000 }))
}

// liar is a disk that, while it lies, keeps another last byte of each part than the
// one that was written.
type liar struct {
	durable.OS
	lies atomic.Bool
}

func (d *liar) Create(path string) (durable.File, error) {
	f, err := d.OS.Create(path)
	if err == nil && d.lies.Load() && strings.HasSuffix(path, ".parquet"+durable.TempSuffix) {
		return &lyingFile{f}, nil
	}
	return f, err
}

type lyingFile struct{ durable.File }

func (f *lyingFile) WriteAt(b []byte, at int64) (int, error) {
	b = slices.Clone(b)
	b[len(b)-1] ^= 1
	return f.File.WriteAt(b, at)
}

// TestLyingDisk holds that a part is refused whose file is not what was written, and
// that its entries are sealed later.
func TestLyingDisk(t *testing.T) {
	disk := &liar{}
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, func(c *ledger.Config) { c.FS = disk })
	d := newDesk(t, l)
	d.append(l, "acme", 0, 40)
	disk.lies.Store(true)
	if err := l.Seal(); err == nil || !strings.Contains(err.Error(), "does not hold what was written") {
		t.Errorf("seal: %v", err)
	}
	disk.lies.Store(false)
	if err := l.Seal(); err != nil {
		t.Errorf("seal again: %v", err)
	}
	closeLedger(t, l)
	checkLedger(t, dir)
}
