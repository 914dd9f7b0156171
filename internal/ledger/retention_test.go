package ledger_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
)

// TestPruneRefused asks for prunes that may not be.
func TestPruneRefused(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	for n := range 5 {
		at(t, disk, time.Duration(n)*day, func(d *desk, l *ledger.Ledger, c *clock) {
			d.bulk("acme", 256*n, 256)
			if err := l.Seal(); err != nil {
				t.Fatal(err)
			}
		})
	}
	ask := func(l *ledger.Ledger, dates int, want hansard.Kind, hint string) {
		t.Helper()
		plan, err := l.PlanPrune(infoLog, "9999-01-01", dates)
		if err != nil || plan.Empty() {
			t.Fatal(plan, err)
		}
		_, err = l.Prune(plan, ledger.PruneOrder{By: "retention", Unattended: true, KeepDays: 1})
		if got := hansard.KindOf(err); err == nil && want >= 0 || err != nil && got != want || !strings.Contains(hansard.HintOf(err), hint) {
			t.Errorf("%d dates: %v of kind %v, want %v", dates, err, got, want)
		}
	}
	const allowed = hansard.Kind(-1)
	at(t, disk, 9*day, func(d *desk, l *ledger.Ledger, c *clock) {
		ask(l, 3, hansard.KindInvalid, "")
		c.move(2 * time.Hour)
		ask(l, 1, hansard.KindDenied, "--confirm-clock")
		if err := l.ConfirmClock("acme", "test"); err != nil {
			t.Fatal(err)
		}
		h, err := l.AddHold(infoLog, "a claim", "test")
		if err != nil {
			t.Fatal(err)
		}
		ask(l, 1, hansard.KindDenied, "hansard hold release "+h.ID)
		if _, err := l.ReleaseHold("acme", h.ID, "settled", "test"); err != nil {
			t.Fatal(err)
		}
		ask(l, 1, allowed, "")
		ask(l, 1, hansard.KindBusy, "")
	})
	at(t, disk, 9*day+21*time.Hour, func(d *desk, l *ledger.Ledger, c *clock) { ask(l, 1, hansard.KindBusy, "") })
	at(t, disk, 9*day+23*time.Hour, func(d *desk, l *ledger.Ledger, c *clock) { ask(l, 2, allowed, "") })
}

// TestStartRemoves starts a server on what kills left: parts below the minimum, parts
// that others cover, unfinished files. They are gone, for good, before it serves.
func TestStartRemoves(t *testing.T) {
	t.Parallel()
	start := func(d *simdisk.Disk) *ledger.Ledger {
		t.Helper()
		l, err := ledger.Open(ledger.Config{Dir: folder, FS: d, CheckpointEvery: time.Hour, SealAfter: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	none := func(text string) func(d *simdisk.Disk) error {
		return func(d *simdisk.Disk) error {
			for _, path := range files(t, d, folder) {
				if strings.Contains(path, text) {
					return fmt.Errorf("%s is there", path)
				}
			}
			return nil
		}
	}
	disk := simdisk.New()
	_, l := openSlow(t, disk, newRecorder())
	failRemoval(disk, 1)
	if err := pruneAll(l); err == nil {
		t.Fatal("the prune did not fail")
	}
	left := disk.Kill()
	closeLedger(t, l)
	for _, path := range []string{"/tenants/acme/info/minimum", "/tenants/acme/info/rollups/2000-01-01.000000000000-000000000256.ndjson.zst", "/tenants/acme/info/parts/x.parquet"} {
		if err := left.MkdirAll(folder + path[:strings.LastIndexByte(path, '/')]); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(path, "/parts/") {
			continue
		}
		if f, err := left.Create(folder + path + durable.TempSuffix); err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	l = start(left)
	wanted(t, left, 40, "a pruned part", noneBelow(t, 512))
	if err := none(durable.TempSuffix)(left); err != nil {
		t.Error(err)
	}
	closeLedger(t, l)

	disk, f := simdisk.New(), newSlowReader(false)
	_, l = openSlow(t, disk, f)
	if err := l.Merge(infoLog, wholeParts(f.recorder, infoLog)); err != nil {
		t.Fatal(err)
	}
	left = disk.Kill()
	f.done()
	closeLedger(t, l)
	l = start(left)
	wanted(t, left, 40, "a superseded part", none("000000000256-000000000512"))
	closeLedger(t, l)
}

// TestPruneClearsJournal prunes what a quiet server has in its one journal file.
func TestPruneClearsJournal(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) { // the journal file is large
		d.bulk("acme", 0, 300)
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
		if !l.JournalHolds(infoLog, 256) {
			t.Fatal("the journal is free already")
		}
		if err := pruneAll(l); err != nil {
			t.Fatal(err)
		}
		if l.JournalHolds(infoLog, 256) {
			t.Error("the journal holds pruned entries")
		}
	})
}

// TestPruneTiles removes files of hashes for good, also when it finds them gone.
func TestPruneTiles(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		d := simdisk.New()
		if err := d.MkdirAll("/tiles/0"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"000000", "000001", "000002"} {
			if f, err := d.Create("/tiles/0/" + name); err != nil || f.Close() != nil {
				t.Fatal(err)
			}
		}
		if err := d.SyncDir("/tiles/0"); err != nil {
			t.Fatal(err)
		}
		if gone { // by an attempt that was interrupted
			if err := d.Remove("/tiles/0/000000"); err != nil {
				t.Fatal(err)
			}
		}
		below := uint64(65536)
		if !gone {
			below = 2*65536 + 256
		}
		if err := ledger.PruneTiles(d, "/tiles", below); err != nil {
			t.Fatal(err)
		}
		want := []string{"/tiles/0/000002"}
		if gone {
			want = []string{"/tiles/0/000001", "/tiles/0/000002"}
		}
		wanted(t, d, 20, "files of hashes", func(d *simdisk.Disk) error {
			if got := files(t, d, "/tiles"); !slices.Equal(got, want) {
				return fmt.Errorf("%v, want %v", got, want)
			}
			return nil
		})
	}
}

// TestRollupsExpire removes roll-ups that have expired: the statement first, then the
// files, for good; none of a log on which a hold stands, and none after a jump of the
// clock.
func TestRollupsExpire(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	_, l := openSlow(t, disk, newRecorder())
	prune(t, l, infoLog, "9999-01-01")
	rollups := folder + "/tenants/acme/info/rollups"
	if n := len(files(t, disk, rollups)); n != 1 {
		t.Fatalf("%d roll-ups", n)
	}
	h, err := l.AddHold(infoLog, "a claim", "test")
	if err != nil {
		t.Fatal(err)
	}
	expire := func(want int) {
		t.Helper()
		if n, err := l.ExpireRollups("acme", "9999-01-01"); err != nil || n != want {
			t.Errorf("%d roll-ups expire, want %d: %v", n, want, err)
		}
	}
	expire(0)
	if _, err := l.ReleaseHold("acme", h.ID, "settled", "test"); err != nil {
		t.Fatal(err)
	}
	if err := l.ClockMoved(time.Now(), time.Now().Add(30*day), 0); err != nil {
		t.Fatal(err)
	}
	expire(0) // no date can be relied on
	if err := l.ConfirmClock("acme", "test"); err != nil {
		t.Fatal(err)
	}
	var going *simdisk.Disk
	disk.Before(func(op simdisk.Op) error {
		if going == nil && op.Kind == simdisk.Remove && strings.HasPrefix(op.Path, rollups) {
			going = disk.Kill()
		}
		return nil
	})
	expire(1)
	disk.Before(nil)
	if going == nil {
		t.Fatal("nothing went")
	}
	stated := func(d *simdisk.Disk) error {
		logs, _ := record(t, d)
		for _, e := range logs[metaLog] {
			if strings.Contains(string(e.Statement), `"kind":"rollups_expired"`) {
				return nil
			}
		}
		return io.ErrUnexpectedEOF
	}
	wanted(t, going, 6, "the statement, before a file goes", stated)
	wanted(t, disk, 40, "roll-ups", func(d *simdisk.Disk) error {
		if left := files(t, d, rollups); len(left) > 0 {
			return fmt.Errorf("%v is there", left)
		}
		return nil
	})
	wanted(t, disk, 2, "the record", func(d *simdisk.Disk) error { return sound(d, true) })
	closeLedger(t, l)
}
