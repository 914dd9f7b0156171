package ledger_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// slowReader is a follower whose readers hold the first parts that are superseded, or
// the first that are pruned, until it is told that they are done.
type slowReader struct {
	*recorder
	pruned bool // which of the two
	held   atomic.Bool
	once   sync.Once
	gate   chan struct{}
}

func newSlowReader(pruned bool) *slowReader {
	return &slowReader{recorder: newRecorder(), pruned: pruned, gate: make(chan struct{})}
}

func (s *slowReader) done() { s.once.Do(func() { close(s.gate) }) }

func (s *slowReader) Sealed(id hansard.LogID, added []part.Info, removed []part.Name, end uint64) func() {
	wait := s.recorder.Sealed(id, added, removed, end)
	if id != infoLog || len(removed) == 0 || s.pruned != (len(added) == 0) || s.held.Swap(true) {
		return wait
	}
	return func() { <-s.gate; wait() }
}

// files returns the paths below a folder of the disk.
func files(t testing.TB, d *simdisk.Disk, dir string) []string {
	t.Helper()
	entries, err := d.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() {
			all = append(all, files(t, d, path)...)
		} else {
			all = append(all, path)
		}
	}
	return all
}

// wanted is what has to hold of a disk, now and after any of so many power cuts.
func wanted(t testing.TB, d *simdisk.Disk, cuts int, what string, holds func(d *simdisk.Disk) error) {
	t.Helper()
	if err := holds(d.Kill()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for seed := range uint64(cuts) {
		if err := holds(d.Cut(rand.New(rand.NewPCG(seed, 8)))); err != nil {
			t.Errorf("%s, after a power cut: %v", what, err)
			return
		}
	}
}

// noneBelow wants no file of a part of acme/info, nor of what is beside one, that ends
// at or below an index.
func noneBelow(t testing.TB, end uint64) func(d *simdisk.Disk) error {
	return func(d *simdisk.Disk) error {
		for _, path := range files(t, d, folder+"/tenants/acme/info/parts") {
			var first, last uint64
			if _, err := fmt.Sscanf(filepath.Base(path), "%d-%d.", &first, &last); err != nil || last <= end {
				return fmt.Errorf("%s is there", strings.TrimPrefix(path, folder))
			}
		}
		return nil
	}
}

// erasedIn wants no part to hold the content of an entry of acme/info.
func erasedIn(index uint64) func(d *simdisk.Disk) error {
	return func(d *simdisk.Disk) error {
		parts, err := ledger.AllParts(d, folder, infoLog)
		if err != nil {
			return err
		}
		for _, p := range parts {
			entries, err := ledger.ReadPart(d, folder, p)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Index == index && len(e.Salt) > 0 {
					return fmt.Errorf("part %s has the content of entry %d", p.Name, index)
				}
			}
		}
		return nil
	}
}

// openSlow opens a ledger with two parts of 256 entries in acme/info, and the next
// one begun.
func openSlow(t *testing.T, disk *simdisk.Disk, f ledger.Follower) (*desk, *ledger.Ledger) {
	t.Helper()
	l, err := ledger.Open(ledger.Config{
		Dir: folder, Name: "test", FS: disk, CheckpointEvery: time.Hour, SealAfter: time.Hour, Follower: f, JournalSize: 64 << 10,
		Fatal: func(err error) { t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, l)
	for n := range 3 {
		d.bulk("acme", 256*n, min(256, 512-256*n+5))
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	return d, l
}

// inBackground does something that has to wait for readers, and wants it to wait.
func inBackground(t *testing.T, f *slowReader, act func() error) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- act() }()
	select {
	case err := <-ended:
		t.Errorf("it did not wait for readers: %v", err)
		ended <- err
	case <-time.After(100 * time.Millisecond):
	}
	f.done()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// pruneAll prunes all whole parts of acme/info.
func pruneAll(l *ledger.Ledger) error {
	plan, err := l.PlanPrune(infoLog, "9999-01-01", 0)
	if err == nil {
		_, err = l.Prune(plan, ledger.PruneOrder{By: "test", KeepDays: 7})
	}
	return err
}

// TestPruneWaitsForSuperseded prunes a merged part while readers hold those that it
// was merged from: they hold the same entries, and have to be gone too, for good,
// before it is on record that all is.
func TestPruneWaitsForSuperseded(t *testing.T) {
	t.Parallel()
	disk, f := simdisk.New(), newSlowReader(false)
	defer f.done()
	d, l := openSlow(t, disk, f)
	if err := l.Merge(infoLog, wholeParts(f.recorder, infoLog)); err != nil {
		t.Fatal(err)
	}
	d.bulk("acme", 600, 5) // replaces the unfinished last part, which nobody holds
	if err := l.Seal(); err != nil {
		t.Fatal(err)
	}
	inBackground(t, f, func() error { return pruneAll(l) })
	wanted(t, disk, 40, "a pruned part", noneBelow(t, 512))
	wanted(t, disk, 2, "the record", func(d *simdisk.Disk) error { return sound(d, true) })
	closeLedger(t, l)
}

// TestPruneWaitsForReaders prunes parts that readers hold: they stay until those are
// done.
func TestPruneWaitsForReaders(t *testing.T) {
	t.Parallel()
	disk, f := simdisk.New(), newSlowReader(true)
	defer f.done()
	d, l := openSlow(t, disk, f)
	inBackground(t, f, func() error { return pruneAll(l) })
	wanted(t, disk, 40, "a pruned part", noneBelow(t, 512))
	// Their ids went with them.
	if r := d.append(l, "acme", 0, 1); r[0].Outcome != ledger.Accepted {
		t.Errorf("a pruned event is sent again: outcome %v", r[0].Outcome)
	}
	closeLedger(t, l)
}

// TestEraseWaitsForSuperseded erases what is also in a part that readers hold and
// that another one has superseded: a merge's, and the unfinished last one of before.
func TestEraseWaitsForSuperseded(t *testing.T) {
	t.Parallel()
	f := func(name string, index uint64, before func(d *desk, f *slowReader, l *ledger.Ledger) error) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk, f := simdisk.New(), newSlowReader(false)
			defer f.done()
			d, l := openSlow(t, disk, f)
			if err := before(d, f, l); err != nil {
				t.Fatal(err)
			}
			inBackground(t, f, func() error {
				_, err := l.Erase(infoLog, []uint64{index}, ledger.EraseOrder{By: "test", Reason: "asked"})
				return err
			})
			wanted(t, disk, 20, "what was erased", erasedIn(index))
			closeLedger(t, l)
		})
	}
	f("read", 3, func(*desk, *slowReader, *ledger.Ledger) error { return nil })
	f("merged", 3, func(_ *desk, f *slowReader, l *ledger.Ledger) error {
		return l.Merge(infoLog, wholeParts(f.recorder, infoLog))
	})
	f("sealed again", 514, func(d *desk, _ *slowReader, l *ledger.Ledger) error {
		d.bulk("acme", 600, 20)
		return nil // the erasure seals it
	})
}

// TestPruneAfterError has the removal of a file fail in the middle of a prune. The
// next attempt ends it, for good, whatever the first one got to.
func TestPruneAfterError(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 4; n++ { // two parts, two indexes
		for _, restart := range []bool{false, true} {
			if testing.Short() && restart != (n == 2) {
				continue
			}
			disk := simdisk.New()
			_, l := openSlow(t, disk, newRecorder())
			failRemoval(disk, n)
			if err := pruneAll(l); !errors.Is(err, syscall.EIO) {
				t.Fatalf("the removal %d failed: %v", n, err)
			}
			if restart {
				closeLedger(t, l)
				var err error
				if l, err = ledger.Open(ledger.Config{Dir: folder, FS: disk, CheckpointEvery: time.Hour, SealAfter: time.Hour}); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.FinishPrunes("acme"); err != nil {
				t.Fatal(err)
			}
			wanted(t, disk, 40, "a pruned part", noneBelow(t, 512))
			wanted(t, disk, 2, "the record", func(d *simdisk.Disk) error { return sound(d, false) })
			closeLedger(t, l)
		}
	}
}

// TestEraseAfterError has the removal of the part with the content fail. The next
// attempt removes it, though no part that counts has the content any more.
func TestEraseAfterError(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 2; n++ { // the part, its index
		disk := simdisk.New()
		_, l := openSlow(t, disk, newRecorder())
		erase := func() error {
			_, err := l.Erase(infoLog, []uint64{3}, ledger.EraseOrder{By: "test", Reason: "asked"})
			return err
		}
		failRemoval(disk, n)
		if err := erase(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("the removal failed: %v", err)
		}
		if err := erase(); err != nil {
			t.Fatal(err)
		}
		wanted(t, disk, 20, "what was erased", erasedIn(3))
		closeLedger(t, l)
	}
}

// failRemoval has the n-th removal of a finished file of a part fail.
func failRemoval(d *simdisk.Disk, n int) {
	d.Before(func(op simdisk.Op) error {
		name := filepath.Base(op.Path)
		if op.Kind != simdisk.Remove || !slices.Contains([]string{".parquet", ledger.IndexSuffix}, filepath.Ext(name)) || !strings.Contains(op.Path, "/info/") {
			return nil
		}
		if n--; n == 0 {
			return syscall.EIO
		}
		return nil
	})
}

// TestPruneOrder looks at the disk in the middle of a prune: before the minimum moves,
// the intent is on record and a published checkpoint covers it; before a file goes,
// the minimum is there for good.
func TestPruneOrder(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	_, l := openSlow(t, disk, newRecorder())
	var moved, going *simdisk.Disk
	disk.Before(func(op simdisk.Op) error {
		switch {
		case moved == nil && op.Kind == simdisk.Rename && strings.HasSuffix(op.Path, "/info/minimum"):
			moved = disk.Kill()
		case going == nil && op.Kind == simdisk.Remove && strings.Contains(op.Path, "/info/parts/"):
			going = disk.Kill()
		}
		return nil
	})
	prune(t, l, infoLog, "9999-01-01")
	disk.Before(nil)
	closeLedger(t, l)
	if moved == nil || going == nil {
		t.Fatal("no minimum moved, or nothing went")
	}
	logs, _ := record(t, moved)
	covered := checkpointSize(t, moved, metaLog)
	intents := 0
	for _, e := range logs[metaLog] {
		if strings.Contains(string(e.Statement), `"kind":"prune"`) {
			intents++
			if int64(e.Index) >= covered {
				t.Errorf("the intent is statement %d, and the published checkpoint covers %d", e.Index, covered)
			}
		}
	}
	if intents != 1 || len(logs[infoLog]) != 517 || checkpointSize(t, moved, infoLog) != 517 {
		t.Errorf("before the minimum moves: %d intents, %d entries", intents, len(logs[infoLog]))
	}
	wanted(t, moved, 12, "the record, before the minimum moves", func(d *simdisk.Disk) error { return sound(d, true) })
	wanted(t, going, 20, "the minimum, before anything goes", func(d *simdisk.Disk) error {
		m, err := ledger.MinimumsIn(d, folder)
		if err == nil && m[infoLog] != 512 {
			err = fmt.Errorf("it is %d", m[infoLog])
		}
		return err
	})
}

// checkpointSize returns how many entries a log's published checkpoint covers.
func checkpointSize(t *testing.T, d *simdisk.Disk, id hansard.LogID) (size int64) {
	t.Helper()
	b, err := durable.ReadFile(d, folder+"/tenants/"+id.String()+"/checkpoint", 1<<16)
	if err == nil {
		_, err = fmt.Sscanf(strings.SplitN(string(b), "\n", 3)[1], "%d", &size)
	}
	if err != nil {
		t.Fatal(err)
	}
	return size
}
