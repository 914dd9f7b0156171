package ledger_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// TestErase takes the content of entries out of the record. Leaves and proofs stay,
// duplicates are known, the log goes on, merges and reindexes.
func TestErase(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	var before []*proof.Proof
	var vkey string
	erased := []uint64{0, 7, 299, 300}
	entriesOf := func() []*hansard.Entry {
		logs, _ := record(t, disk.Kill())
		slices.SortFunc(logs[infoLog], func(a, b *hansard.Entry) int { return int(a.Index) - int(b.Index) })
		return logs[infoLog]
	}
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		d.bulk("acme", 0, 256)
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
		d.bulk("acme", 256, 100) // in the journal only
	})
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		for _, e := range entriesOf() {
			if slices.Contains(erased, e.Index) {
				p, err := l.Prove(e, true)
				if err != nil {
					t.Fatal(err)
				}
				before = append(before, p)
			}
		}
		info, _ := l.Log(infoLog)
		vkey = info.VKey
		out, err := l.Erase(infoLog, erased, ledger.EraseOrder{By: "test", Reason: "asked"})
		if err != nil || out.Entries != 4 || out.Parts != 2 {
			t.Fatalf("%+v, %v", out, err)
		}
		if out, err = l.Erase(infoLog, erased, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil || out.Entries != 0 {
			t.Errorf("erased again: %+v, %v", out, err)
		}
		for i, r := range append(d.append(l, "acme", 0, 1), d.append(l, "acme", 4*300, 4*300+1)...) {
			if r.Outcome != ledger.Duplicate {
				t.Errorf("event %d sent again: outcome %v", i, r.Outcome)
			}
		}
		d.bulk("acme", 356, 200)
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
		var names []part.Name
		live, err := ledger.LivePart(disk, folder, infoLog)
		for _, p := range live {
			names = append(names, p.Name)
		}
		if err != nil || len(names) != 3 {
			t.Fatalf("%v, %v", names, err)
		}
		if err := l.Merge(infoLog, names[:2]); err != nil {
			t.Fatal(err)
		}
	})
	key, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range before {
		if _, err := p.Verify(key); err != nil {
			t.Errorf("a proof from before, of entry %d: %v", p.Index, err)
		}
	}
	enc := part.NewEncoder()
	for _, e := range entriesOf() {
		gone := slices.Contains(erased, e.Index)
		if content := enc.AppendContent(nil, e); gone != (len(content) == 0) || gone != (len(e.Salt) == 0) || e.ContentSize == 0 {
			t.Errorf("entry %d has the content %q", e.Index, content)
		}
	}
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		for _, e := range entriesOf() {
			if p, err := l.Prove(e, true); err != nil {
				t.Fatalf("entry %d: %v", e.Index, err)
			} else if _, err := p.Verify(key); err != nil {
				t.Fatalf("entry %d: %v", e.Index, err)
			}
		}
		for i, r := range d.append(l, "acme", 4*300, 4*300+1) {
			if r.Outcome != ledger.Duplicate {
				t.Errorf("event %d sent again after a start: outcome %v", i, r.Outcome)
			}
		}
	})
	if _, err := ledger.Reindex(t.Context(), ledger.Config{Dir: folder, FS: disk}, nil); err != nil {
		t.Error(err)
	}
	if err := sound(disk, false); err != nil {
		t.Error(err)
	}
}

// TestEraseRefused: a hold keeps content too, and an erasure under one is found.
func TestEraseRefused(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		d.bulk("acme", 0, 10)
		if _, err := l.AddHold(infoLog, "a claim", "test"); err != nil {
			t.Fatal(err)
		}
		_, err := l.Erase(infoLog, []uint64{1}, ledger.EraseOrder{By: "test", Reason: "asked"})
		if hansard.KindOf(err) != hansard.KindDenied {
			t.Errorf("%v", err)
		}
		if _, err := l.Erase(infoLog, []uint64{1}, ledger.EraseOrder{By: "test"}); hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("without a reason: %v", err)
		}
	})
	logs, _ := record(t, disk)
	for _, e := range logs[infoLog] {
		if len(e.Salt) == 0 {
			t.Errorf("entry %d was erased", e.Index)
		}
	}
}

// TestEraseExpired erases what has expired in a part that cannot go yet.
func TestEraseExpired(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		for n := range 4 { // 10 a day: all of them in the unfinished last part
			d.bulk("acme", 10*n, 10)
			if err := l.Seal(); err != nil {
				t.Fatal(err)
			}
			c.move(day)
		}
		for range 2 {
			out, err := l.EraseExpired(infoLog, "2000-01-03", ledger.EraseOrder{By: "retention", Reason: "expired", KeepDays: 1})
			if err != nil || out.Entries != 20 && out.Entries != 0 {
				t.Errorf("%+v, %v", out, err)
			}
		}
		h, err := l.AddHold(infoLog, "a claim", "test")
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.EraseExpired(infoLog, "2000-01-04", ledger.EraseOrder{By: "retention", Reason: "expired", KeepDays: 1})
		if hansard.KindOf(err) != hansard.KindDenied {
			t.Errorf("under a hold: %v", err)
		}
		if _, err := l.ReleaseHold("acme", h.ID, "settled", "test"); err != nil {
			t.Fatal(err)
		}
		if err := l.ClockMoved(c.now(), c.now().Add(30*day), 0); err != nil {
			t.Fatal(err)
		}
		if out, err := l.EraseExpired(infoLog, "2000-01-04", ledger.EraseOrder{By: "retention", Reason: "expired", KeepDays: 1}); err != nil || out.Entries > 0 {
			t.Errorf("the clock jumped: %+v, %v", out, err)
		}
		plan, err := l.PlanPrune(infoLog, "2000-01-03", 0)
		if err != nil || !plan.Empty() {
			t.Errorf("%+v, %v", plan, err)
		}
	})
	logs, parts := record(t, disk)
	for _, e := range logs[infoLog] {
		if gone := part.Date(e.ReceivedAt) < "2000-01-03"; gone != (len(e.Salt) == 0) {
			t.Errorf("entry %d of %s: salt %x", e.Index, time.Unix(0, e.ReceivedAt).UTC(), e.Salt)
		}
	}
	if n := parts[infoLog][0].Name; n.Rewrite != 1 || len(parts[infoLog]) != 1 || !strings.HasSuffix(n.String(), ".1.parquet") {
		t.Errorf("%v", n)
	}
}

// TestEraseTampering puts content back that was erased: the part from before in the
// place of the new one, beside it, or one that both were merged into.
func TestEraseTampering(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		for n := range 2 {
			d.bulk("acme", 256*n, 256)
			if err := l.Seal(); err != nil {
				t.Fatal(err)
			}
		}
	})
	before := disk.Kill()
	old, err := ledger.LivePart(before, folder, infoLog)
	if err != nil || len(old) != 2 {
		t.Fatal(old, err)
	}
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		if _, err := l.Erase(infoLog, []uint64{3, 5}, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
	})
	erased, err := ledger.LivePart(disk, folder, infoLog)
	if err != nil || erased[0].Name.Rewrite != 1 {
		t.Fatal(erased, err)
	}
	back := func(d *simdisk.Disk, p part.Info) {
		t.Helper()
		for _, suffix := range []string{"", ledger.IndexSuffix} {
			b, err := durable.ReadFile(before, p.Path(folder)+suffix, 1<<24)
			if err == nil {
				err = durable.WriteFile(d, p.Path(folder)+suffix, func(w io.Writer) error {
					_, err := w.Write(b)
					return err
				})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	find := func(d *simdisk.Disk, what, want string) {
		t.Helper()
		v, err := ledger.Verify(ledger.VerifyConfig{Dir: folder, FS: d})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Findings {
			if want != "" && strings.Contains(f.String(), want) {
				return
			}
		}
		if want != "" || len(v.Findings) > 0 {
			t.Errorf("%s: want %q, found %v", what, want, v.Findings)
		}
	}
	const want = "was erased for good"
	d := disk.Kill()
	back(d, old[0])
	find(d, "beside the new part", want)
	for _, suffix := range []string{"", ledger.IndexSuffix} {
		if err := d.Remove(erased[0].Path(folder) + suffix); err != nil {
			t.Fatal(err)
		}
	}
	find(d, "in its place", want)
	at(t, disk, 0, func(_ *desk, l *ledger.Ledger, _ *clock) {
		if err := l.Merge(infoLog, []part.Name{erased[0].Name, old[1].Name}); err != nil {
			t.Fatal(err)
		}
	})
	d = disk.Kill()
	find(d, "merged since", "")
	back(d, old[1]) // has no erased entry
	find(d, "the other part", "")
	back(d, old[0])
	find(d, "beside the merged part", want)
}

// TestEraseClearsJournal erases what a quiet server has in its one journal file.
func TestEraseClearsJournal(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		d.bulk("acme", 0, 10)
		holds := func() bool {
			for _, path := range files(t, disk, folder+"/journal") {
				b, err := durable.ReadFile(disk, path, 1<<28)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(b), `{"order_id":12,`) { // of event 4*3
					return true
				}
			}
			return false
		}
		if !holds() {
			t.Fatal("the journal does not hold the content")
		}
		if _, err := l.Erase(infoLog, []uint64{3}, ledger.EraseOrder{By: "test", Reason: "asked"}); err != nil {
			t.Fatal(err)
		}
		if holds() {
			t.Error("the journal holds content that was erased")
		}
	})
}
