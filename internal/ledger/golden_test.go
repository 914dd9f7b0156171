package ledger_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
)

var update = flag.Bool("update", false, "make the data folder of this version anew")

// golden is where a data folder of format 1 lies, with its keys beside it.
const golden = "testdata/golden/1"

// makeGolden makes a small folder with all that the format has: parts of two dates, of
// which one was pruned, a roll-up, an erased entry, a hold, a jump of the clock, and
// entries that only the journal has.
func makeGolden(t *testing.T) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	c := &clock{}
	c.move(time.Duration(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).UnixNano()))
	l := open(t, dir, newRecorder(), func(cfg *ledger.Config) {
		cfg.Name, cfg.Now, cfg.JournalSize, cfg.SealAfter, cfg.CheckpointEvery = "golden", c.now, 8<<10, time.Hour, time.Hour
	})
	d := newDesk(t, l)
	d.append(l, "acme", 0, 1040)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(l.Seal())
	prune(t, l, infoLog, "9999-01-01")
	c.move(day)
	d.append(l, "acme", 1040, 1080)
	_, err := l.Erase(infoLog, []uint64{257}, ledger.EraseOrder{By: "test", Reason: "asked"})
	do(err)
	_, err = l.AddHold(infoLog, "a claim", "test")
	do(err)
	now := time.Unix(0, c.ns.Load())
	do(l.ClockMoved(now, now.Add(2*time.Hour), time.Second))
	do(l.Seal())
	d.append(l, "acme", 1080, 1100)
	do(l.PublishCheckpoints())
	do(os.RemoveAll(golden))
	copyTree(t, dir, golden+"/data")
	copyTree(t, dir+".keys", golden+"/data.keys")
	closeLedger(t, l)
}

// copyTree copies files, for their owner only.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestGolden opens a data folder that an earlier build of this format wrote: it
// verifies, holds what it held, and goes on. What the format is may only be added to.
func TestGolden(t *testing.T) {
	t.Parallel()
	if *update {
		makeGolden(t)
	}
	dir := filepath.Join(t.TempDir(), "data")
	copyTree(t, golden+"/data", dir)
	copyTree(t, golden+"/data.keys", dir+".keys")
	v := checkLedger(t, dir)
	for _, lg := range v.Logs {
		if lg.Log == "acme/info" && (lg.Size != 275 || lg.Minimum != 256 || lg.Signed != 275) {
			t.Errorf("%+v", lg)
		}
	}
	events := readAll(t, dir)
	if n := len(events); n != 1100-256 {
		t.Errorf("%d events", n)
	}
	if e := events["acme/e-1028"]; e == nil || len(e.Salt) > 0 || e.ContentSize == 0 { // erased
		t.Errorf("%+v", e)
	}
	if e := events["acme/e-1099"]; e == nil || string(e.Params) != `{"order_id":1099,"note":"hello"}` || e.Tier != hansard.TierCritical {
		t.Errorf("%+v", e)
	}
	r, err := ledger.OpenReader(durable.OS{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := r.Kept("acme")
	if err != nil || len(kept.Holds) != 1 || kept.Holds[0].Reason != "a claim" || kept.Jump == nil || len(kept.Rollups) != 1 || len(kept.Unfinished) != 0 {
		t.Errorf("%+v, %v", kept, err)
	}
	for _, f := range kept.Rollups {
		if b, err := r.ReadRollup(f); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir, newRecorder(), nil)
	d := newDesk(t, l)
	for i, r := range d.append(l, "acme", 1028, 1099) { // sealed under former fingerprints, and the first was erased
		if r.Outcome != ledger.Duplicate {
			t.Errorf("e-%d, sent again: %v", 1028+i, r.Outcome)
		}
	}
	changed := event(1040)
	changed.Reasoning = "for another reason"
	if r, err := l.Append(t.Context(), "acme", []classify.Record{d.record("acme", changed)}); err != nil || r[0].Outcome != ledger.Conflict {
		t.Errorf("another event with a sealed one's id: %v, %v", r, err)
	}
	outcomes := []ledger.Outcome{d.append(l, "acme", 1099, 1100)[0].Outcome, d.append(l, "acme", 1100, 1101)[0].Outcome}
	if !slices.Equal(outcomes, []ledger.Outcome{ledger.Duplicate, ledger.Accepted}) {
		t.Errorf("outcomes %v", outcomes)
	}
	closeLedger(t, l)
	checkLedger(t, dir)
}
