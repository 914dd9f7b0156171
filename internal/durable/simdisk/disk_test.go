package simdisk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
)

// cuts cuts the power many times, and counts what is left by what state says of
// it.
func cuts(d *simdisk.Disk, state func(d *simdisk.Disk) string) map[string]int {
	seen := map[string]int{}
	for seed := range uint64(400) {
		seen[state(d.Cut(rand.New(rand.NewPCG(seed, 0))))]++
	}
	return seen
}

func content(path string) func(d *simdisk.Disk) string {
	return func(d *simdisk.Disk) string {
		b, err := durable.ReadFile(d, path, 1<<20)
		if errors.Is(err, fs.ErrNotExist) {
			return "none"
		}
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
}

func create(t *testing.T, d *simdisk.Disk, path string) durable.File {
	t.Helper()
	f, err := d.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, f durable.File, b []byte, at int64) {
	t.Helper()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// states wants exactly the given states after power cuts.
func states(t *testing.T, got map[string]int, want ...string) {
	t.Helper()
	for _, w := range want {
		if got[w] == 0 {
			t.Errorf("never seen: %.40q", w)
		}
		delete(got, w)
	}
	for s, n := range got {
		t.Errorf("seen %d times: %.40q", n, s)
	}
}

func TestData(t *testing.T) {
	d := simdisk.New()
	f := create(t, d, "/f")
	must(t, d.SyncDir("/"))
	a, b := string(bytes.Repeat([]byte("a"), 512)), string(bytes.Repeat([]byte("b"), 512))
	write(t, f, []byte(a+a), 0)
	must(t, f.Sync())
	states(t, cuts(d, content("/f")), a+a)
	write(t, f, []byte(b+b), 0)
	states(t, cuts(d, content("/f")), a+a, a+b, b+a, b+b)
	must(t, f.Sync())
	states(t, cuts(d, content("/f")), b+b)
	// A sector that was written twice may be in any of its states.
	write(t, f, []byte("1"), 0)
	write(t, f, []byte("2"), 0)
	states(t, cuts(d, content("/f")), b+b, "1"+b[1:]+b, "2"+b[1:]+b)
	must(t, f.Sync())
	// The size is one more thing that may be lost.
	write(t, f, []byte("xyz"), 1024)
	states(t, cuts(d, content("/f")), "2"+b[1:]+b, "2"+b[1:]+b+"xyz", "2"+b[1:]+b+"\x00\x00\x00")
	must(t, f.Truncate(3))
	must(t, f.Sync())
	states(t, cuts(d, content("/f")), "2bb")
	must(t, f.Preallocate(5))
	states(t, cuts(d, content("/f")), "2bb", "2bb\x00\x00")
	must(t, f.Close())
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a write to a closed file: %v", err)
	}
}

func TestNames(t *testing.T) {
	d := simdisk.New()
	put := func(path, text string) {
		t.Helper()
		must(t, durable.WriteNew(d, path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}))
	}
	list := func(d *simdisk.Disk) string {
		s := ""
		entries, _ := d.ReadDir("/")
		for _, e := range entries {
			s += e.Name() + "=" + content("/"+e.Name())(d) + " "
		}
		return s
	}
	put("/a", "1") // its data is synced, its name is not
	states(t, cuts(d, list), "", "a=1 ")
	must(t, d.SyncDir("/"))
	states(t, cuts(d, list), "a=1 ")
	put("/b", "2")
	must(t, d.Rename("/b", "/a"))
	states(t, cuts(d, list), "a=1 ", "a=1 b=2 ", "a=2 ")
	must(t, d.SyncDir("/"))
	states(t, cuts(d, list), "a=2 ")
	must(t, d.Remove("/a"))
	put("/c", "3")
	states(t, cuts(d, list), "a=2 ", "", "a=2 c=3 ", "c=3 ")
	// A killed process has lost nothing, but a power cut after it may.
	states(t, cuts(d.Kill(), list), "a=2 ", "", "a=2 c=3 ", "c=3 ")
	if got := list(d.Kill()); got != "c=3 " {
		t.Errorf("after a kill: %q", got)
	}
}

// TestFolders makes a folder as MkdirAll does, and as a process that is killed in
// between leaves it.
func TestFolders(t *testing.T) {
	d := simdisk.New()
	must(t, d.MkdirAll("/x/y"))
	exists := func(path string) func(d *simdisk.Disk) string {
		return func(d *simdisk.Disk) string {
			info, err := d.Stat(path)
			return fmt.Sprint(err == nil && info.IsDir())
		}
	}
	states(t, cuts(d, exists("/x/y")), "true")
	must(t, d.Mkdir("/x/z"))
	must(t, d.MkdirAll("/x/z")) // it cannot know
	states(t, cuts(d, exists("/x/z")), "true", "false")
	must(t, durable.WriteFile(d, "/x/z/f", func(w io.Writer) error { return nil }))
	states(t, cuts(d, exists("/x/z")), "true", "false")
	must(t, d.SyncDir("/x"))
	states(t, cuts(d, exists("/x/z")), "true")
	// When the name cannot be made durable, none is left.
	d.Before(func(op simdisk.Op) error {
		if op.Kind == simdisk.SyncDir {
			return syscall.EIO
		}
		return nil
	})
	if err := d.MkdirAll("/x/w"); !durable.SyncFailed(err) {
		t.Errorf("error %v", err)
	}
	if _, err := d.Stat("/x/w"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

// TestFailedSync syncs again after a sync that failed: it says that all is well,
// and what was dropped stays lost.
func TestFailedSync(t *testing.T) {
	d := simdisk.New()
	f := create(t, d, "/f")
	must(t, d.SyncDir("/"))
	must(t, f.Preallocate(64*512))
	must(t, f.Sync())
	write(t, f, bytes.Repeat([]byte("x"), 64*512), 0)
	d.Before(func(op simdisk.Op) error {
		if op.Kind == simdisk.Sync {
			return syscall.EIO
		}
		return nil
	})
	if err := f.Sync(); !durable.SyncFailed(err) || !errors.Is(err, syscall.EIO) {
		t.Errorf("error %v", err)
	}
	d.Before(nil)
	must(t, f.Sync())
	for text := range cuts(d, content("/f")) {
		if n := bytes.Count([]byte(text), []byte("x")); n == 0 || n == 64*512 {
			t.Errorf("%d of %d bytes are left", n, 64*512)
		}
	}
}

// TestCareless has writers that leave a step out. The disk loses what they wrote,
// at some power cut.
func TestCareless(t *testing.T) {
	f := func(name string, want bool, skip func(op simdisk.Op) bool) {
		t.Helper()
		d := simdisk.New()
		put := func(text string) {
			must(t, durable.WriteFile(d, "/f", func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			}))
		}
		put("old")
		d.Before(func(op simdisk.Op) error {
			if skip(op) {
				return simdisk.ErrSkip
			}
			return nil
		})
		put("new")
		lost := 0
		for text, n := range cuts(d, content("/f")) {
			if text != "new" {
				lost += n
			}
		}
		if (lost > 0) != want {
			t.Errorf("%s: the text is lost %d times of 400", name, lost)
		}
	}
	f("careful", false, func(simdisk.Op) bool { return false })
	f("no sync of the data", true, func(op simdisk.Op) bool { return op.Kind == simdisk.Sync })
	f("no sync of the name", true, func(op simdisk.Op) bool { return op.Kind == simdisk.SyncDir })
}

func TestFaults(t *testing.T) {
	d := simdisk.New()
	f := create(t, d, "/f")
	d.Before(func(op simdisk.Op) error {
		switch op.Kind {
		case simdisk.Write, simdisk.Create, simdisk.Preallocate:
			return syscall.ENOSPC
		case simdisk.Open:
			return syscall.EMFILE
		}
		return nil
	})
	if n, err := f.WriteAt([]byte("1234"), 0); n != 2 || !durable.NoSpace(err) {
		t.Errorf("write: %d, %v", n, err)
	}
	if _, err := d.Create("/g"); !durable.NoSpace(err) {
		t.Errorf("create: %v", err)
	}
	if err := f.Preallocate(100); !durable.NoSpace(err) {
		t.Errorf("preallocate: %v", err)
	}
	if _, err := d.Open("/f", false); !durable.TooManyFiles(err) {
		t.Errorf("open: %v", err)
	}
}

func TestLock(t *testing.T) {
	d := simdisk.New()
	unlock, err := d.Lock("/LOCK", true)
	must(t, err)
	if _, err := d.Lock("/LOCK", false); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a reader beside a writer: %v", err)
	}
	next, err := d.Kill().Lock("/LOCK", true) // the process is gone
	must(t, errors.Join(err, unlock()))
	must(t, next())
	for range 2 {
		if _, err := d.Lock("/LOCK", false); err != nil {
			t.Errorf("readers: %v", err)
		}
	}
	if _, err := d.Lock("/LOCK", true); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a writer beside readers: %v", err)
	}
}
