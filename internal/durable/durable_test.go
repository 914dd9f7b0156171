package durable_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard/internal/durable"
)

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write := func(text string, fail error) error {
		return durable.WriteFile(durable.OS{}, path, func(w io.Writer) error {
			io.WriteString(w, text)
			return fail
		})
	}
	if err := write("one", nil); err != nil {
		t.Fatal(err)
	}
	// What a crash left behind is in the way of nobody.
	if err := os.WriteFile(path+durable.TempSuffix, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write("two", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write("three", broken); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	b, err := durable.ReadFile(durable.OS{}, path, 100)
	if err != nil || string(b) != "two" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Stat(path + durable.TempSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the unfinished file stays: %v", err)
	}
	if _, err := durable.ReadFile(durable.OS{}, path, 2); err == nil {
		t.Error("a file beyond the limit was read")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestPreallocate(t *testing.T) {
	f, err := durable.OS{}.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Preallocate(1 << 16); err != nil {
		t.Fatal(err)
	}
	if size, err := f.Size(); err != nil || size != 1<<16 {
		t.Errorf("size %d, %v", size, err)
	}
	if err := f.Preallocate(8 << 40); err == nil || !durable.NoSpace(err) {
		t.Errorf("more than there is: %v", err)
	}
}

func TestWriteZeros(t *testing.T) {
	for _, dir := range []string{t.TempDir(), memoryFolder(t)} {
		f, err := durable.OS{}.Create(filepath.Join(dir, "f"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		want := bytes.Repeat([]byte("x"), 1<<20)
		if _, err := f.WriteAt(want, 0); err != nil {
			t.Fatal(err)
		}
		for _, r := range [][2]int64{{4096, 4096}, {1 << 18, 3 << 18}, {10, 100}} { // the last one is not aligned
			if err := f.WriteZeros(r[0], r[1]); err != nil {
				t.Fatal(err)
			}
			clear(want[r[0] : r[0]+r[1]])
		}
		got := make([]byte, len(want))
		if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes were written, %v", dir, err)
		}
	}
}

// TestWritePages writes pages over others, on a disk and where there may be none, also
// after the file got another name; and unaligned ones, which go through the page cache.
func TestWritePages(t *testing.T) {
	for _, dir := range []string{t.TempDir(), memoryFolder(t)} {
		f, err := durable.OS{}.Create(filepath.Join(dir, "f.tmp"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := os.Rename(filepath.Join(dir, "f.tmp"), filepath.Join(dir, "f")); err != nil {
			t.Fatal(err)
		}
		want := make([]byte, 64*durable.PageSize)
		if err := f.Preallocate(int64(len(want))); err != nil {
			t.Fatal(err)
		}
		write := func(pages []byte, at int) {
			t.Helper()
			for i := range pages {
				pages[i] = byte(at/100 + i/3)
			}
			copy(want[at:], pages)
			if err := f.WritePages(pages, int64(at)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: other bytes were written, %v", dir, err)
			}
		}
		for n := range 5 {
			write(durable.AlignedPages(n+1), n*durable.PageSize)
		}
		write(durable.AlignedPages(8)[1:], 10*durable.PageSize)
		write(durable.AlignedPages(1), 5000)
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
	}
}

// memoryFolder returns a folder in memory, where direct writes may not be possible.
func memoryFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "hansard-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "LOCK")
	unlock, err := durable.OS{}.Lock(path, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, exclusive := range []bool{true, false} {
		if _, err := (durable.OS{}).Lock(path, exclusive); !errors.Is(err, durable.ErrLocked) {
			t.Errorf("exclusive %v: %v", exclusive, err)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	one, err := durable.OS{}.Lock(path, false)
	if err != nil {
		t.Fatal(err)
	}
	two, err := durable.OS{}.Lock(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (durable.OS{}).Lock(path, true); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a writer beside readers: %v", err)
	}
	one()
	two()
}

func TestSyncFailed(t *testing.T) {
	err := errors.Join(errors.New("x"), &durable.SyncError{Path: "/a/b", Err: errors.New("io")})
	if !durable.SyncFailed(err) || durable.SyncFailed(errors.New("x")) {
		t.Error("a failed sync is not told from others")
	}
}
