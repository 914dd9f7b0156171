package ledger_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
)

// withSpare returns a copy of the folder of a running server that has made the next
// journal file, and that file.
func withSpare(t *testing.T) (dir, spare string) {
	t.Helper()
	running := filepath.Join(t.TempDir(), "data")
	l := open(t, running, nil, func(c *ledger.Config) {
		quiet(c)
		c.JournalSize = 1 << 14
	})
	d := newDesk(t, l)
	for i := range 1000 {
		d.append(l, "acme", i, i+1)
		for _, file := range glob(t, running, "journal/*") {
			if b := readFile(t, file); len(b) > 0 && blank(b) {
				time.Sleep(10 * time.Millisecond) // its size was the last that was to be set
				dir = filepath.Join(t.TempDir(), "data")
				copyFolder(t, running, dir)
				closeLedger(t, l)
				checkLedger(t, dir)
				return dir, filepath.Join("journal", filepath.Base(file))
			}
		}
	}
	t.Fatal("no file is made ahead")
	return "", ""
}

// TestSpare looks at the file for commits to come: a stop takes it away, a start after
// a crash too, and nothing may be in it.
func TestSpare(t *testing.T) {
	t.Parallel()
	dir, spare := withSpare(t)
	f := func(what string, clean bool, change func(path string)) {
		t.Helper()
		copied := filepath.Join(t.TempDir(), "data")
		copyFolder(t, dir, copied)
		change(filepath.Join(copied, spare))
		v, err := ledger.Verify(ledger.VerifyConfig{Dir: copied, KeyDir: copied + ".keys"})
		if err != nil || (len(v.Findings) == 0) != clean {
			t.Errorf("%s: %v, %v", what, v.Findings, err)
		}
		if !clean {
			return
		}
		closeLedger(t, open(t, copied, nil, quiet))
		if files, err := filepath.Glob(filepath.Join(copied, "journal/*")); err != nil || len(files) > 0 {
			t.Errorf("%s: after a start and a stop: %v, %v", what, files, err)
		}
	}
	f("as it is", true, func(string) {})
	f("not all of it is there", true, func(path string) { writeFile(t, path, readFile(t, path)[:1000]) })
	f("nothing of it is there", true, func(path string) { writeFile(t, path, nil) })
	f("bytes in it", false, func(path string) {
		b := readFile(t, path)
		b[5000] = 1
		writeFile(t, path, b)
	})
}

// TestNoRoomForSpare has no room for the next file while the current one is written
// to: commits go on, up to its end; and when there is room, they go on again.
func TestNoRoomForSpare(t *testing.T) {
	t.Parallel()
	disk, w, err := simdisk.New(), (*world)(nil), error(nil)
	if w, err = newWorld(); err != nil {
		t.Fatal(err)
	}
	full := false
	v := &life{w: w, disk: disk, tune: func(c *ledger.Config) { c.JournalSize = 1 << 14 }, fault: func(op simdisk.Op) error {
		if full && (op.Kind == simdisk.Preallocate || op.Kind == simdisk.Create) && strings.Contains(op.Path, "/journal/") {
			return syscall.ENOSPC
		}
		return nil
	}}
	l, err := v.open()
	if err != nil {
		t.Fatal(err)
	}
	set := func(on bool) {
		v.mu.Lock()
		defer v.mu.Unlock()
		full = on
	}
	send := func() error { return w.send(l, w.compose("acme", 2, 0, true), v.gone) }
	if err := send(); err != nil {
		t.Fatal(err)
	}
	set(true)
	taken := 0
	for ; taken < 1000; taken++ {
		if err = send(); err != nil {
			break
		}
	}
	if taken == 0 || err == nil {
		t.Fatalf("%d requests were taken on a full disk, then: %v", taken, err)
	}
	set(false)
	for range 40 {
		for _, s := range w.open() {
			if err := w.send(l, s, v.gone); err != nil {
				t.Fatal(err)
			}
		}
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	if v.fatal != nil {
		t.Fatal(v.fatal)
	}
	if err := v.finish(l); err != nil {
		t.Fatal(err)
	}
	if files, err := disk.ReadDir(folder + "/journal"); err != nil || len(files) > 0 {
		t.Error(fmt.Sprint(files, err))
	}
}
