package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// crash copies the folder while the ledger is open, checks the copy as it is, and
// opens it: acked events are there, each once.
func crash(t *testing.T, from string, acked int) (*ledger.Ledger, string) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	copyFolder(t, from, to)
	checkLedger(t, to)
	if n := len(readAll(t, to)); n != acked {
		t.Fatalf("%d events after the crash, want %d", n, acked)
	}
	l, err := ledger.Open(ledger.Config{
		Dir: to, JournalSize: 1 << 18, CheckpointEvery: time.Hour, SealAfter: time.Hour,
		Fatal: func(err error) { t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		t.Fatalf("start after the crash: %v", err)
	}
	t.Cleanup(func() { closeLedger(t, l) })
	return l, to
}

// TestCrashesInARow lets one log only be sealed between crashes, so that the
// journal holds commits that nobody needs between others that are needed.
func TestCrashesInARow(t *testing.T) {
	t.Parallel()
	tiers := []hansard.Tier{hansard.TierInfo, hansard.TierDebug, hansard.TierCompliance, hansard.TierCritical}
	for shift := range tiers {
		t.Run(string(tiers[shift]), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			l := open(t, dir, nil, quiet)
			defer closeLedger(t, l)
			acked := 0
			for stage := range 3 {
				d := newDesk(t, l)
				for end := acked + 6; acked < end; acked++ {
					d.append(l, "acme", acked, acked+1) // a commit of its own
				}
				if err := l.SealOnly(hansard.LogID{Tenant: "acme", Tier: tiers[(shift+stage)%4]}); err != nil {
					t.Fatal(err)
				}
				d.append(l, "acme", acked, acked+1)
				acked++
				_, between := crash(t, dir, acked) // twice, with nothing in between
				l, dir = crash(t, between, acked)
				for i, r := range newDesk(t, l).append(l, "acme", 0, acked) {
					if r.Outcome != ledger.Duplicate {
						t.Fatalf("stage %d: event %d was lost: %v", stage, i, r.Outcome)
					}
				}
			}
			closeLedger(t, l)
			checkLedger(t, dir)
			if n := len(readAll(t, dir)); n != acked {
				t.Errorf("%d events, want %d", n, acked)
			}
		})
	}
}

// TestRefusedStart damages the last commit, which a checkpoint covers: the start
// is refused, and what is left of the commit stays for whoever looks into it.
func TestRefusedStart(t *testing.T) {
	t.Parallel()
	running := filepath.Join(t.TempDir(), "data")
	l := open(t, running, nil, quiet)
	d := newDesk(t, l)
	d.append(l, "acme", 0, 1)
	d.append(l, "acme", 4, 5)
	if err := l.PublishCheckpoints(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	copyFolder(t, running, dir)
	closeLedger(t, l)
	file := glob(t, dir, "journal/*")[0]
	b := readFile(t, file)
	at, err := ledger.CommitsIn(b, 1)
	if err != nil || len(at) != 2 {
		t.Fatalf("%d commits, want 2: %v", len(at), err)
	}
	b[at[1]+60] ^= 1
	writeFile(t, file, b)
	found(t, dir, "the checkpoint covers 2 entries, but only 1 are there")
	refused(t, dir)
	refused(t, dir) // and again
}

// TestNamesSyncedFirst kills the process after a part has its name and before
// that name is synced. The next start may take away what the part replaces, in
// parts and journal, only when the name cannot be lost any more.
func TestNamesSyncedFirst(t *testing.T) {
	t.Parallel()
	dir, killed := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")
	fs := newDisk()
	l := open(t, dir, nil, func(c *ledger.Config) {
		quiet(c)
		c.FS = fs
	})
	d := newDesk(t, l)
	d.sealCalls(0, 100)
	if _, err := l.Append(t.Context(), "acme", d.calls(100, 200)); err != nil {
		t.Fatal(err)
	}
	copied := false
	fs.set(func(d *disk) {
		d.renamed = func(path string) {
			if !copied && strings.Contains(path, "/info/") && strings.HasSuffix(path, ".parquet") {
				copied = true
				copyFolder(t, dir, killed)
			}
		}
	})
	closeLedger(t, l)
	if !copied {
		t.Fatal("no part was sealed")
	}
	again := newDisk()
	closeLedger(t, open(t, killed, nil, func(c *ledger.Config) {
		quiet(c)
		c.FS = again
	}))
	checkLedger(t, killed)
	if n := len(readAll(t, killed)); n != 200 {
		t.Errorf("%d events, want 200", n)
	}
	for _, suffix := range []string{".parquet", ".journal"} {
		syncedBefore(t, again.done, killed, suffix)
	}
}

// syncedBefore wants a file with the suffix to be removed, and every folder of
// parts to be synced before the first one is.
func syncedBefore(t *testing.T, done []string, dir, suffix string) {
	t.Helper()
	first := slices.IndexFunc(done, func(s string) bool { return strings.HasPrefix(s, "remove ") && strings.HasSuffix(s, suffix) })
	if first < 0 {
		t.Errorf("no file %s was removed", suffix)
		return
	}
	synced := map[string]bool{}
	for _, s := range done[:first] {
		if path, ok := strings.CutPrefix(s, "sync "); ok {
			synced[path] = true
		}
	}
	folders := append(glob(t, dir, "tenants/acme/*/parts/*"), glob(t, dir, "tenants/acme/*/parts")...)
	folders = append(folders, glob(t, dir, "tenants/acme/*")...)
	for _, path := range append(folders, dir, dir+"/tenants", dir+"/tenants/acme", dir+".keys", dir+".keys/acme") {
		if !synced[path] {
			t.Errorf("%s is not synced before a file %s is removed", strings.TrimPrefix(path, dir), suffix)
		}
	}
}

// TestCrashAtEveryStep kills the process after each step that a seal takes on the
// disk: a folder that a crash left has no findings, and it opens.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	fs := newDisk()
	l := open(t, dir, nil, func(c *ledger.Config) {
		quiet(c)
		c.FS = fs
	})
	d := newDesk(t, l)
	d.sealCalls(0, 10)
	if _, err := l.Append(t.Context(), "acme", d.calls(10, 20)); err != nil {
		t.Fatal(err)
	}
	copies := map[string]string{}
	fs.set(func(d *disk) {
		d.renamed = func(path string) {
			to := filepath.Join(t.TempDir(), "data")
			copyFolder(t, dir, to)
			copies[fmt.Sprintf("%d %s", len(copies), strings.TrimPrefix(path, dir+"/tenants/acme/"))] = to
		}
	})
	for range 2 { // the second one seals the statements about the first
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	fs.set(func(d *disk) { d.renamed = nil })
	closeLedger(t, l)
	if len(copies) < 5 {
		t.Errorf("only %d steps", len(copies))
	}
	for step, dir := range copies {
		t.Run(step, func(t *testing.T) { crash(t, dir, 20) })
	}
}

// TestCrashInNewLog leaves the folder of a new log without what newLog had not
// come to yet. Nothing was acknowledged in it; the next start goes on.
func TestCrashInNewLog(t *testing.T) {
	t.Parallel()
	f := func(name string, id hansard.LogID, leave func(t *testing.T, l *ledger.Ledger, folder string)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			l := open(t, dir, nil, quiet)
			newDesk(t, l).append(l, "acme", 0, 1) // info only
			closeLedger(t, l)
			if _, _, err := l.Pseudonyms(id.Tenant); err != nil {
				t.Fatal(err)
			}
			if _, _, err := l.Keys().LogSigner(id, true); err != nil {
				t.Fatal(err)
			}
			leave(t, l, filepath.Join(dir, "tenants", id.Tenant, string(id.Tier)))
			l = open(t, dir, nil, quiet)
			for i, r := range newDesk(t, l).append(l, id.Tenant, 4, 8) {
				if r.Outcome != ledger.Accepted {
					t.Errorf("event %d: outcome %v", i, r.Outcome)
				}
			}
			closeLedger(t, l)
			checkLedger(t, dir)
			if n := len(readAll(t, dir)); n != 5 {
				t.Errorf("%d events, want 5", n)
			}
		})
	}
	folder := func(t *testing.T, _ *ledger.Ledger, folder string) {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	unfinished := func(t *testing.T, l *ledger.Ledger, path string) {
		folder(t, l, path)
		writeFile(t, filepath.Join(path, "vkey"+durable.TempSuffix), []byte("half"))
	}
	debug := hansard.LogID{Tenant: "acme", Tier: hansard.TierDebug}
	f("a key and no folder", debug, func(*testing.T, *ledger.Ledger, string) {})
	f("a folder", debug, folder)
	f("a folder and an unfinished vkey", debug, unfinished)
	f("the first folder of a tenant", hansard.LogID{Tenant: "new", Tier: hansard.TierInfo}, folder)
}

// answered reports whether Append answers that the record is durable. A process
// that ended answers nothing.
func answered(l *ledger.Ledger, rec classify.Record) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	done := make(chan bool, 1)
	go func() {
		_, err := l.Append(ctx, "acme", []classify.Record{rec})
		done <- err == nil
	}()
	select {
	case ok := <-done:
		return ok
	case <-ctx.Done():
		return false
	}
}

// TestFailedSync fails the sync of a folder once. The process ends, and with it
// every answer; what was acknowledged before is there at the next start.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	calls, reasoning := 0, 1 // what event to send when the sync is about to fail
	f := func(name, folder string, last int, answers bool, every time.Duration) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			fs, ended := newDisk(), make(chan error, 16)
			l := open(t, dir, nil, func(c *ledger.Config) {
				quiet(c)
				c.FS, c.JournalSize, c.SealRows, c.CheckpointEvery = fs, 1<<10, 10, every
				c.Fatal = func(err error) {
					ended <- err
					runtime.Goexit() // nothing runs on in a process that ended
				}
			})
			d := newDesk(t, l)
			long := event(4*100 + last)
			long.Reasoning = strings.Repeat("so ", 3000) // more than is left of the journal's file
			final, after := d.record("acme", long), d.record("acme", event(4*200))
			var synced, failed atomic.Int32
			armed := make(chan struct{})
			fs.set(func(d *disk) {
				d.broken = func(path string) bool {
					if !strings.HasPrefix(path, filepath.Join(dir, folder)) {
						return false
					}
					if folder == "journal" && synced.Add(1) > 1 {
						<-armed // the next file of the journal, which is made in the background
					}
					select {
					case <-armed:
						return failed.Add(1) == 1
					default:
						return false
					}
				}
			})
			if _, err := l.Append(t.Context(), "acme", d.calls(0, 9)); err != nil {
				t.Fatal(err)
			}
			close(armed)
			acked := 9
			if answered(l, final) {
				acked++
			}
			endedBySync(t, ended)
			if !answers && (acked > 9 || answered(l, after)) {
				t.Error("an event was acknowledged after the failed sync")
			}
			crash(t, dir, acked)
		})
	}
	f("of the journal", "journal", calls, false, time.Hour)
	f("of a new log", "tenants/acme/debug", reasoning, false, time.Hour)
	f("of a new part", "tenants/acme/info/parts", calls, true, time.Hour)
	f("of a checkpoint", "tenants/acme/info", calls, true, 10*time.Millisecond)
}

func endedBySync(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if !durable.SyncFailed(err) {
			t.Errorf("fatal: %v", err)
		}
	case <-time.After(2 * time.Second):
		t.Error("Fatal was not called")
	}
}

// fatEvent is an event whose envelope is as large as an envelope may be.
func fatEvent(i int) hansard.Event {
	ev := event(4 * i)
	for k := range 64 {
		ev.Tags = append(ev.Tags, fmt.Sprintf("%02d", k)+strings.Repeat("x ", 120))
		ev.Resources = append(ev.Resources, hansard.Resource{
			Kind: strings.Repeat("k", 200), ID: strings.Repeat("i ", 100), Operation: "read", DataClass: strings.Repeat("d", 100),
		})
	}
	return ev
}

// TestLargeEnvelopes commits a request of large envelopes together with small
// ones: what is too much for one commit fails alone. What a record is counted as
// is what it takes.
func TestLargeEnvelopes(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: how much one commit takes is counted in one goroutine")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, quiet)
	d := newDesk(t, l)
	enc := part.NewEncoder()
	rec := d.record("acme", fatEvent(0))
	row := len(enc.AppendRow(nil, rec.Entry()))
	if row < 20_000 || rec.Size() < row {
		t.Errorf("a row of %d bytes is counted as %d", row, rec.Size())
	}
	// Content is the quickest way to more than one commit takes.
	text, _ := json.Marshal(strings.Repeat("word ", 200_000))
	var large []classify.Record
	for size := 0; size <= ledger.MaxBody; size += large[len(large)-1].Size() {
		ev := event(4 * (1000 + len(large)))
		ev.Params, ev.Result = text, text
		large = append(large, d.record("acme", ev))
	}
	errs := l.CommitTogether("acme", d.calls(1, 2), large, d.calls(2, 3))
	if errs[0] != nil || errs[2] != nil || hansard.KindOf(errs[1]) != hansard.KindTooLarge {
		t.Errorf("errors %v", errs)
	}
	// The failed request can be sent again in parts, the others not.
	errs = l.CommitTogether("acme", large[:1], d.calls(1, 3))
	if errs[0] != nil || errs[1] != nil {
		t.Errorf("errors %v", errs)
	}
	closeLedger(t, l)
	checkLedger(t, dir)
	if n := len(readAll(t, dir)); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
}

// TestFullDisk begins a tenant on a full disk: the sender is asked to wait, and
// nothing unfinished takes what room there is.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	f := func(name string, full func(d *disk, f func(string) bool)) {
		t.Helper()
		for _, file := range []string{"acme/meta/vkey", "acme/info/vkey", "acme/info.key", "acme/meta.key", "acme/pseudonym.key"} {
			t.Run(name+" "+file, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "data")
				fs := newDisk()
				l := open(t, dir, nil, func(c *ledger.Config) {
					quiet(c)
					c.FS = fs
				})
				d := newDesk(t, l)
				d.append(l, "zeta", 0, 1) // the journal has room
				fs.set(func(d *disk) { full(d, func(path string) bool { return strings.Contains(path, file) }) })
				if file == "acme/pseudonym.key" {
					if _, _, err := l.Pseudonyms("acme"); hansard.KindOf(err) != hansard.KindBusy {
						t.Errorf("keys of a new tenant: %v, of kind %v", err, hansard.KindOf(err))
					}
				} else if _, err := l.Append(t.Context(), "acme", d.calls(1, 2)); hansard.KindOf(err) != hansard.KindBusy {
					t.Errorf("append: %v, of kind %v", err, hansard.KindOf(err))
				}
				noUnfinished(t, dir)
				fs.set(func(d *disk) { full(d, nil) })
				d.append(l, "acme", 1, 9)
				closeLedger(t, l)
				checkLedger(t, dir)
				if n := len(readAll(t, dir)); n != 9 {
					t.Errorf("%d events, want 9", n)
				}
			})
		}
	}
	f("no file for", func(d *disk, f func(string) bool) { d.full = f })
	f("no room for", func(d *disk, f func(string) bool) { d.crowded = f })
}

// TestSealOnFullDisk fails seals at every file that they write: the entries stay
// in the journal, and nothing unfinished is left.
func TestSealOnFullDisk(t *testing.T) {
	t.Parallel()
	f := func(name, file string, full func(d *disk, f func(string) bool)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			fs := newDisk()
			l := open(t, dir, nil, func(c *ledger.Config) {
				quiet(c)
				c.FS = fs
			})
			d := newDesk(t, l)
			d.sealCalls(0, 10)
			fs.set(func(d *disk) {
				full(d, func(path string) bool { return strings.Contains(path, "/info/") && strings.HasSuffix(path, file) })
			})
			for i := range 3 {
				if _, err := l.Append(t.Context(), "acme", d.calls(10+i, 11+i)); err != nil {
					t.Fatal(err)
				}
				if err := l.Seal(); !durable.NoSpace(err) && hansard.KindOf(err) != hansard.KindBusy {
					t.Errorf("seal: %v", err)
				}
				noUnfinished(t, dir)
			}
			crash(t, dir, 13)
			fs.set(func(d *disk) { full(d, nil) })
			closeLedger(t, l)
			checkLedger(t, dir)
			if n := len(readAll(t, dir)); n != 13 {
				t.Errorf("%d events, want 13", n)
			}
		})
	}
	none := func(d *disk, f func(string) bool) { d.full = f }
	little := func(d *disk, f func(string) bool) { d.crowded = f }
	f("no part", ".parquet"+durable.TempSuffix, none)
	f("half a part", ".parquet"+durable.TempSuffix, little)
	f("no index", ledger.IndexSuffix+durable.TempSuffix, none)
	f("half an index", ledger.IndexSuffix+durable.TempSuffix, little)
	f("no checkpoint", "checkpoint"+durable.TempSuffix, none)
	f("half a checkpoint", "checkpoint"+durable.TempSuffix, little)
}

// TestAfterClose asks a closed ledger for things. It says no.
func TestAfterClose(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	rec := newRecorder()
	l := open(t, dir, rec, quiet)
	d := newDesk(t, l)
	d.sealCalls(0, 256)
	d.sealCalls(256, 512)
	records := d.calls(600, 601)
	closeLedger(t, l)
	before := filesOf(t, dir)
	f := func(name string, call func() error) {
		t.Helper()
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("%s: panic: %v", name, p)
			}
		}()
		if err := call(); hansard.KindOf(err) != hansard.KindBusy {
			t.Errorf("%s: %v, want an error of kind %v", name, err, hansard.KindBusy)
		}
	}
	f("merge", func() error { return l.Merge(infoLog, rec.parts[infoLog]) })
	f("state", func() error { return l.State("acme", "clock_jump", map[string]any{}) })
	f("append", func() error {
		_, err := l.Append(t.Context(), "acme", records)
		return err
	})
	for path, b := range filesOf(t, dir) {
		if before[path] != b {
			t.Errorf("%s was changed", strings.TrimPrefix(path, dir))
		}
	}
	closeLedger(t, l)
}
