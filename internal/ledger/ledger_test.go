package ledger_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

func TestAppendSealReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, nil)
	d := newDesk(t, l)
	for i := 0; i < 3000; i += 500 {
		for k, r := range d.append(l, "acme", i, i+500) {
			if r.Outcome != ledger.Accepted {
				t.Fatalf("event %d: outcome %v", i+k, r.Outcome)
			}
		}
		if i == 1000 {
			if err := l.Seal(); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.append(l, "other", 0, 10)
	closeLedger(t, l)
	v := checkLedger(t, dir)
	if len(readAll(t, dir)) != 3010 {
		t.Errorf("%d events, want 3010", len(readAll(t, dir)))
	}
	for _, lg := range v.Logs {
		if lg.Signed != lg.Size {
			t.Errorf("log %s: checkpoint over %d of %d entries after a graceful stop", lg.Log, lg.Signed, lg.Size)
		}
	}
	if journals, _ := os.ReadDir(filepath.Join(dir, "journal")); len(journals) != 0 {
		t.Errorf("%d journal files after a graceful stop", len(journals))
	}
	l = open(t, dir, newRecorder(), nil)
	d = newDesk(t, l)
	for i, r := range d.append(l, "acme", 2990, 3300) {
		want := ledger.Accepted
		if i < 10 {
			want = ledger.Duplicate
		}
		if r.Outcome != want {
			t.Fatalf("event %d: outcome %v, want %v", 2990+i, r.Outcome, want)
		}
	}
	closeLedger(t, l)
	checkLedger(t, dir)
	if n := len(readAll(t, dir)); n != 3310 {
		t.Errorf("%d events, want 3310", n)
	}
}

func TestDuplicatesAndConflicts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, nil)
	d := newDesk(t, l)
	other := event(1)
	other.Reasoning = "another reason"
	check := func(l *ledger.Ledger, ev hansard.Event, want ledger.Outcome) {
		t.Helper()
		res, err := l.Append(context.Background(), "acme", []classify.Record{d.record("acme", ev)})
		if err != nil {
			t.Fatal(err)
		}
		if res[0].Outcome != want {
			t.Errorf("outcome %v, want %v", res[0].Outcome, want)
		}
	}
	// Twice in one request, and again in a second.
	res, err := l.Append(context.Background(), "acme", []classify.Record{d.record("acme", event(1)), d.record("acme", event(1)), d.record("acme", other)})
	if err != nil {
		t.Fatal(err)
	}
	if res[0].Outcome != ledger.Accepted || res[1].Outcome != ledger.Duplicate || res[2].Outcome != ledger.Conflict {
		t.Errorf("outcomes %v", res)
	}
	check(l, event(1), ledger.Duplicate)
	check(l, other, ledger.Conflict)
	noTime := event(2)
	noTime.Timestamp = 0
	check(l, noTime, ledger.Accepted)
	if err := l.Seal(); err != nil {
		t.Fatal(err)
	}
	check(l, event(1), ledger.Duplicate)
	check(l, other, ledger.Conflict)
	check(l, noTime, ledger.Duplicate)
	closeLedger(t, l)
	l = open(t, dir, nil, nil)
	check(l, event(1), ledger.Duplicate)
	check(l, other, ledger.Conflict)
	check(l, noTime, ledger.Duplicate)
	// Another tenant is another record.
	if res := d.append(l, "other", 1, 2); res[0].Outcome != ledger.Accepted {
		t.Errorf("another tenant: %v", res)
	}
	closeLedger(t, l)
	checkLedger(t, dir)
}

// TestCrash copies the folder while records are appended and sealed, as a crash
// would leave it, and recovers the copy: what was acknowledged before the copy
// began is there once.
func TestCrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, func(c *ledger.Config) { c.SealRows = 300; c.SealAfter = 10 * time.Millisecond })
	d := newDesk(t, l)
	acked := 0
	for round := range 8 {
		d.append(l, "acme", acked, acked+137)
		acked += 137
		if round%2 == 1 {
			time.Sleep(15 * time.Millisecond)
		}
		copied := filepath.Join(t.TempDir(), "data")
		copyFrozen(t, l, dir, copied)
		before, err := ledger.Verify(ledger.VerifyConfig{Dir: copied, KeyDir: copied + ".keys"})
		if err != nil || len(before.Findings) > 0 {
			t.Fatalf("round %d, before recovery: %v %v", round, err, before.Findings)
		}
		again := open(t, copied, nil, nil)
		d2 := newDesk(t, again)
		for i, r := range d2.append(again, "acme", 0, acked) {
			if r.Outcome != ledger.Duplicate {
				t.Fatalf("round %d: event %d was lost: %v", round, i, r.Outcome)
			}
		}
		d2.append(again, "acme", acked, acked+10)
		closeLedger(t, again)
		checkLedger(t, copied)
		if n := len(readAll(t, copied)); n != acked+10 {
			t.Fatalf("round %d: %d events, want %d", round, n, acked+10)
		}
	}
	closeLedger(t, l)
	checkLedger(t, dir)
}

// copyFrozen copies the data and key folders at one moment: sealing waits.
func copyFrozen(t *testing.T, l *ledger.Ledger, from, to string) {
	t.Helper()
	unfreeze := l.Freeze()
	defer unfreeze()
	for _, suffix := range []string{"", ".keys"} {
		if err := os.CopyFS(to+suffix, os.DirFS(from+suffix)); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", ".keys"} {
		_ = filepath.WalkDir(to+suffix, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				return os.Chmod(path, 0o700)
			}
			return os.Chmod(path, 0o600)
		})
	}
}

// TestEveryBit changes bits in every file below the data folder: verify finds
// each, and names the file or the log.
func TestEveryBit(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of verifications; nothing in them runs beside anything")
	}
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, nil)
	d := newDesk(t, l)
	d.append(l, "acme", 0, 1200)
	if err := l.Seal(); err != nil {
		t.Fatal(err)
	}
	d.append(l, "acme", 1200, 1300)
	if err := l.PublishCheckpoints(); err != nil {
		t.Fatal(err)
	}
	crashed := filepath.Join(t.TempDir(), "data")
	copyFrozen(t, l, dir, crashed)
	closeLedger(t, l)
	for name, dir := range map[string]string{"stopped": dir, "crashed": crashed} {
		t.Run(name, func(t *testing.T) { everyBit(t, dir) })
	}
}

func everyBit(t *testing.T, dir string) {
	checkLedger(t, dir)
	files := 0
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "LOCK" {
			return err
		}
		files++
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(dir, path)
		for _, at := range []int{len(whole) / 3, len(whole) * 9 / 10, len(whole) - 1} {
			bad := append([]byte(nil), whole...)
			bad[at] ^= 0x10
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, KeyDir: dir + ".keys"})
			if err != nil {
				t.Errorf("%s, byte %d: %v", rel, at, err)
				continue
			}
			named := false
			for _, f := range v.Findings {
				named = named || f.File == filepath.ToSlash(rel) || f.Log != "" && strings.Contains(filepath.ToSlash(rel), "tenants/"+f.Log+"/")
			}
			if !named {
				t.Errorf("%s, byte %d of %d: not found: %v", rel, at, len(whole), v.Findings)
			}
		}
		return os.WriteFile(path, whole, 0o600)
	})
	if files < 15 {
		t.Errorf("only %d files were tried", files)
	}
	checkLedger(t, dir)
}

func TestProve(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, nil)
	d := newDesk(t, l)
	d.append(l, "acme", 0, 700)
	if err := l.Seal(); err != nil {
		t.Fatal(err)
	}
	d.append(l, "acme", 700, 900)
	rec.mu.Lock()
	fresh := rec.fresh[hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}]
	rec.mu.Unlock()
	if len(fresh) != 50 {
		t.Fatalf("%d fresh entries, want 50", len(fresh))
	}
	for _, e := range append(entriesOf(t, fresh), sealedOf(t, dir)...) {
		if e.Log.Tier == hansard.TierMeta {
			continue
		}
		p, err := l.Prove(e, true)
		if err != nil {
			t.Fatal(err)
		}
		info, err := l.Log(e.Log)
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(info.VKey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(v); err != nil {
			t.Fatalf("entry %s %d: %v", e.Log, e.Index, err)
		}
		if !strings.Contains(string(p.Content), "order_id") {
			t.Fatalf("content %s", p.Content)
		}
	}
	closeLedger(t, l)
}

func TestMergeAndReindex(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, nil)
	d := newDesk(t, l)
	sealEach(t, l, 6, func(i int) { d.append(l, "acme", i*1100, (i+1)*1100) })
	info := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	before := append([]part.Name(nil), rec.parts[info]...)
	if err := l.Merge(info, before); err != nil {
		t.Fatal(err)
	}
	after := rec.parts[info]
	if len(before) < 6 || len(after) != 2 || after[1].First != 0 || after[1].End != 1536 && after[0].End != 1536 {
		t.Errorf("merged %v into %v", before, after)
	}
	for i, r := range d.append(l, "acme", 0, 6700) {
		if want := i >= 6600; (r.Outcome == ledger.Accepted) != want || r.Outcome == ledger.Conflict {
			t.Fatalf("event %d: outcome %v", i, r.Outcome)
		}
	}
	closeLedger(t, l)
	checkLedger(t, dir)
	if n := len(readAll(t, dir)); n != 6700 {
		t.Errorf("%d events, want 6700", n)
	}
	// All that is derived can be lost.
	kept := map[string][]byte{}
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (strings.HasSuffix(path, ledger.IndexSuffix) || strings.Contains(path, "/tiles/")) {
			kept[path], _ = os.ReadFile(path)
			return os.Remove(path)
		}
		return err
	})
	out, err := ledger.Reindex(context.Background(), ledger.Config{Dir: dir}, nil)
	if err != nil || out.Entries < 6700 {
		t.Fatalf("%v, %v", out, err)
	}
	for path, want := range kept {
		if got, _ := os.ReadFile(path); string(got) != string(want) {
			t.Errorf("%s is not what it was", path)
		}
	}
	checkLedger(t, dir)
}

func sealedOf(t *testing.T, dir string) []*hansard.Entry {
	t.Helper()
	var all []*hansard.Entry
	_ = filepath.WalkDir(filepath.Join(dir, "tenants"), func(path string, e os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".parquet" {
			return err
		}
		tier := hansard.Tier(filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(path)))))
		f, _ := os.Open(path)
		defer f.Close()
		info, _ := f.Stat()
		pf, err := part.NewEncoder().Open(f, info.Size(), hansard.LogID{Tenant: "acme", Tier: tier})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := pf.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entries...)
		return nil
	})
	return all
}

func TestConcurrentAppends(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, newRecorder(), func(c *ledger.Config) { c.SealRows = 500 })
	d := newDesk(t, l)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				d.append(l, "acme", w*1000+i*25, w*1000+i*25+25)
			}
		})
	}
	wg.Wait()
	closeLedger(t, l)
	checkLedger(t, dir)
	if n := len(readAll(t, dir)); n != 8*500 {
		t.Errorf("%d events, want %d", n, 8*500)
	}
}

func TestOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, nil)
	defer closeLedger(t, l)
	if _, err := ledger.Open(ledger.Config{Dir: dir}); hansard.KindOf(err) != hansard.KindBusy {
		t.Errorf("second open: %v", err)
	}
	if _, err := ledger.OpenReader(durable.OS{}, dir); hansard.KindOf(err) != hansard.KindBusy {
		t.Errorf("reader beside a server: %v", err)
	}
}

func TestLostKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, nil)
	newDesk(t, l).append(l, "acme", 0, 8)
	closeLedger(t, l)
	for _, name := range []string{"journal.key", "acme/info.key", "acme/pseudonym.key"} {
		path := filepath.Join(dir+".keys", name)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		_, err := ledger.Open(ledger.Config{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "is lost") || hansard.HintOf(err) == "" {
			t.Errorf("without %s: %v", name, err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
	closeLedger(t, open(t, dir, nil, nil))
}
