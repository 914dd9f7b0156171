package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
)

// disk is a real disk that notes what is synced and removed, and that can be
// told to be full or to fail a sync.
type disk struct {
	durable.FS
	mu      sync.Mutex
	done    []string          // "sync <folder>" and "remove <file>", in order
	full    func(string) bool // no file can be made at this path
	crowded func(string) bool // a file can be made, but not written
	broken  func(string) bool // the folder's sync fails
	renamed func(string)      // called after each rename, with the new path

	// still is held while files are renamed and removed, and while renamed runs:
	// logs are sealed side by side, and a folder that is copied must not lose a
	// file between its listing and its reading.
	still sync.Mutex
}

func newDisk() *disk { return &disk{FS: durable.OS{}} }

func (d *disk) set(f func(d *disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d)
}

func (d *disk) ask(question func(d *disk) func(string) bool, path string) bool {
	d.mu.Lock()
	f := question(d)
	d.mu.Unlock()
	return f != nil && f(path)
}

func (d *disk) note(what, path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = append(d.done, what+" "+path)
}

func (d *disk) Create(path string) (durable.File, error) {
	if d.ask(func(d *disk) func(string) bool { return d.full }, path) {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := d.FS.Create(path)
	if err == nil && d.ask(func(d *disk) func(string) bool { return d.crowded }, path) {
		return crowdedFile{f}, nil
	}
	return f, err
}

func (d *disk) Rename(oldPath, newPath string) error {
	d.still.Lock()
	defer d.still.Unlock()
	err := d.FS.Rename(oldPath, newPath)
	d.mu.Lock()
	f := d.renamed
	d.mu.Unlock()
	if f != nil {
		f(newPath)
	}
	return err
}

func (d *disk) SyncDir(path string) error {
	d.note("sync", path)
	if d.ask(func(d *disk) func(string) bool { return d.broken }, path) {
		return &durable.SyncError{Path: path, Err: errors.New("input/output error")}
	}
	return d.FS.SyncDir(path)
}

func (d *disk) Remove(path string) error {
	d.still.Lock()
	defer d.still.Unlock()
	d.note("remove", path)
	return d.FS.Remove(path)
}

// crowdedFile is a file on a disk that is full.
type crowdedFile struct{ durable.File }

func (crowdedFile) WriteAt([]byte, int64) (int, error) { return 0, syscall.ENOSPC }

func (crowdedFile) WritePages([]byte, int64) error { return syscall.ENOSPC }

// quiet keeps the ledger from doing anything that it is not told to do.
func quiet(c *ledger.Config) { c.CheckpointEvery, c.SealAfter = time.Hour, time.Hour }

// calls returns tool calls with the numbers from..to-1: all of them go to the
// info log, see event.
func (d *desk) calls(from, to int) []classify.Record {
	d.t.Helper()
	var memory arena.Lasting
	var records []classify.Record
	for i := from; i < to; i++ {
		records = append(records, d.recordIn(&memory, "acme", event(4*i)))
	}
	return records
}

// sealCalls appends tool calls and seals them and the statements about them.
func (d *desk) sealCalls(from, to int) {
	d.t.Helper()
	if _, err := d.l.Append(d.t.Context(), "acme", d.calls(from, to)); err != nil {
		d.t.Fatal(err)
	}
	for range 2 {
		if err := d.l.Seal(); err != nil {
			d.t.Fatal(err)
		}
	}
}

var (
	infoLog = hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	metaLog = hansard.LogID{Tenant: "acme", Tier: hansard.TierMeta}
)

// copyFolder copies the data and key folders as they are on the disk now, which
// is what a killed process leaves.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", ".keys"} {
		if err := os.CopyFS(to+suffix, os.DirFS(from+suffix)); err != nil {
			t.Fatal(err)
		}
		err := filepath.WalkDir(to+suffix, func(path string, e os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if e.IsDir() {
				return os.Chmod(path, 0o700)
			}
			return os.Chmod(path, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// glob returns the files that the pattern below dir names, at least one.
func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	return paths
}

// filesOf returns the bytes of all files below a folder.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files[path] = string(readFile(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// noUnfinished fails the test for each temporary file of the ledger at dir.
func noUnfinished(t *testing.T, dir string) {
	t.Helper()
	for _, root := range []string{dir, dir + ".keys"} {
		for path := range filesOf(t, root) {
			if strings.HasSuffix(path, durable.TempSuffix) {
				t.Errorf("left behind: %s", strings.TrimPrefix(path, dir))
			}
		}
	}
}

// refused wants Open to fail with KindCorrupt and to leave the journal, the
// checkpoints and the parts as they were.
func refused(t *testing.T, dir string) {
	t.Helper()
	before := filesOf(t, dir)
	l, err := ledger.Open(ledger.Config{Dir: dir})
	if err == nil {
		t.Error("the folder opens")
		_ = l.Close()
		return
	}
	if hansard.KindOf(err) != hansard.KindCorrupt {
		t.Errorf("open: %v, want an error of kind %v", err, hansard.KindCorrupt)
	}
	after := filesOf(t, dir)
	for path, b := range before {
		if got, ok := after[path]; (!ok || got != b) && !strings.HasSuffix(path, ledger.IndexSuffix) && !strings.Contains(path, "/tiles/") {
			t.Errorf("the refused start changed %s", strings.TrimPrefix(path, dir))
		}
	}
}

// unreadable wants OpenReader to fail with KindCorrupt.
func unreadable(t *testing.T, dir string) {
	t.Helper()
	r, err := ledger.OpenReader(durable.OS{}, dir)
	if err == nil {
		t.Error("a reader opens the folder")
		_ = r.Close()
		return
	}
	if hansard.KindOf(err) != hansard.KindCorrupt {
		t.Errorf("open for reading: %v, want an error of kind %v", err, hansard.KindCorrupt)
	}
}

// found wants Verify to find something whose text contains want, with the key
// folder and without.
func found(t *testing.T, dir, want string) {
	t.Helper()
	for _, keys := range []string{"", dir + ".keys"} {
		v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, KeyDir: keys})
		if err != nil {
			t.Fatal(err)
		}
		hit := false
		for _, f := range v.Findings {
			hit = hit || strings.Contains(f.String(), want)
		}
		if !hit {
			t.Errorf("with keys %v: %d findings, none says %q: %v", keys != "", len(v.Findings), want, v.Findings)
		}
	}
}
