package durable_test

import (
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
