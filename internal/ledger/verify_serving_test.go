package ledger_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
)

// verifyServing has the server verify the logs of acme, and returns what it found.
func verifyServing(t *testing.T, l *ledger.Ledger) map[hansard.LogID]ledger.ServingVerified {
	t.Helper()
	if err := l.PublishCheckpoints(); err != nil {
		t.Fatal(err)
	}
	if err := l.StartVerify("acme"); err != nil {
		t.Fatal(err)
	}
	s := l.VerifyState("acme")
	for deadline := time.Now().Add(time.Minute); s.Running && time.Now().Before(deadline); s = l.VerifyState("acme") {
		time.Sleep(time.Millisecond)
	}
	if s.Running || s.Err != nil || s.Done != s.Total || s.Total == 0 || s.Ended.Before(s.Started) {
		t.Fatalf("%+v", s)
	}
	found := map[hansard.LogID]ledger.ServingVerified{}
	for _, lg := range s.Logs {
		found[lg.Log] = lg
		if info, err := l.Log(lg.Log); err != nil || lg.Size == 0 || lg.Size != int64(info.Size) {
			t.Errorf("%s: %d entries verified, %+v, %v", lg.Log, lg.Size, info, err)
		}
	}
	return found
}

// soundServing wants nothing to be found in any log.
func soundServing(t *testing.T, when string, found map[hansard.LogID]ledger.ServingVerified) {
	t.Helper()
	for id, v := range found {
		for _, f := range v.Findings {
			t.Errorf("%s: %s: %s", when, id, f)
		}
	}
	if len(found) < 2 {
		t.Errorf("%s: %d logs", when, len(found))
	}
}

// TestVerifyServing verifies inside the server what was pruned, what was erased, and
// what only the journal has.
func TestVerifyServing(t *testing.T) {
	t.Parallel()
	p := newPruned(t)
	at(t, p.disk, 3*day, func(d *desk, l *ledger.Ledger, c *clock) {
		found := verifyServing(t, l)
		soundServing(t, "pruned", found)
		if v := found[infoLog]; v.Pruned != 512 || v.Size != 900 {
			t.Errorf("%+v", v)
		}
		if _, err := l.Erase(infoLog, []uint64{600, 899}, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
		soundServing(t, "erased", verifyServing(t, l))
		d.append(l, "acme", 5000, 5100)
		soundServing(t, "not sealed", verifyServing(t, l))
		prune(t, l, infoLog, "2000-01-04")
		found = verifyServing(t, l)
		soundServing(t, "pruned again", found)
		if v := found[infoLog]; v.Pruned != 768 || v.Size != 925 {
			t.Errorf("pruned again: %+v", v)
		}
	})
}

// TestVerifyServingFinds changes files under the server, and wants it to find that the
// next time, wherever it looked before.
func TestVerifyServingFinds(t *testing.T) {
	t.Parallel()
	f := func(name string, id hansard.LogID, want string, entry int64, change func(d *simdisk.Disk) error) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := simdisk.New()
			_, l := openSlow(t, disk, newRecorder())
			if err := pruneFirst(l); err != nil {
				t.Fatal(err)
			}
			soundServing(t, "before", verifyServing(t, l))
			if _, err := l.Bundle(infoLog, 1, 256); err != nil { // somebody reads it
				t.Fatal(err)
			}
			if err := change(disk); err != nil {
				t.Fatal(err)
			}
			got := verifyServing(t, l)[id].Findings
			hit := false
			for _, f := range got {
				hit = hit || f.Entry == entry && strings.Contains(f.Text, want)
			}
			if !hit {
				t.Errorf("want %q at %d, found %v", want, entry, got)
			}
			_ = l.Close()
		})
	}
	f("a row", infoLog, "cannot be read", 256, func(d *simdisk.Disk) error {
		live, err := ledger.LivePart(d, folder, infoLog)
		if err != nil {
			return err
		}
		_, _, err = ledger.ForgePart(d, folder, live[0], func(e *hansard.Entry) bool {
			if e.Index == 300 {
				e.AgentName = "somebody"
			}
			return e.Index == 300
		})
		return err
	})
	tile := func(d *simdisk.Disk, path string, at int64) error {
		file, err := d.Open(filepath.Join(folder, "tenants/acme/info/tiles", path), true)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = file.WriteAt([]byte("x"), at)
		return err
	}
	f("a leaf's hash", infoLog, "the row is not what its hash says", 400, func(d *simdisk.Disk) error { return tile(d, "0/000000", 400*32+7) })
	f("a hash of what was pruned", infoLog, "the root of the entries", -1, func(d *simdisk.Disk) error { return tile(d, "1/000000", 7) })
	f("a part that is gone", infoLog, "cannot be read", 256, func(d *simdisk.Disk) error {
		live, err := ledger.LivePart(d, folder, infoLog)
		if err != nil {
			return err
		}
		return d.Remove(live[0].Path(folder))
	})
	f("a part of the last log", metaLog, "cannot be read", 0, func(d *simdisk.Disk) error {
		live, err := ledger.LivePart(d, folder, metaLog)
		if err != nil {
			return err
		}
		return d.Remove(live[0].Path(folder))
	})
	f("a part that is no part", infoLog, "cannot be read", 256, func(d *simdisk.Disk) error {
		live, err := ledger.LivePart(d, folder, infoLog)
		if err != nil {
			return err
		}
		b, err := durable.ReadFile(d, live[0].Path(folder), 1<<24)
		if err != nil {
			return err
		}
		file, err := d.Open(live[0].Path(folder), true)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = file.WriteAt(make([]byte, len(b)), 0)
		return err
	})
}

// pruneFirst prunes the first part of acme/info.
func pruneFirst(l *ledger.Ledger) error {
	plan, err := l.PlanPrune(infoLog, "9999-01-01", 0)
	if err != nil {
		return err
	}
	plan.End = 256
	d := &plan.Dates[0]
	d.End, d.Parts, d.Entries = 256, 1, 256
	_, err = l.Prune(plan, ledger.PruneOrder{By: "test", KeepDays: 7})
	return err
}
