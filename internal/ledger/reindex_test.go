package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// derived returns the bytes of all indexes and tiles.
func derived(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for path, b := range filesOf(t, dir) {
		if strings.HasSuffix(path, ledger.IndexSuffix) || strings.Contains(path, "/tiles/") {
			files[path] = b
		}
	}
	return files
}

// spoil removes or damages every derived file.
func spoil(t *testing.T, dir string) {
	t.Helper()
	n := 0
	for path, b := range derived(t, dir) {
		switch n++; n % 3 {
		case 0:
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		case 1:
			writeFile(t, path, append([]byte("xx"), b[2:]...))
		default:
			writeFile(t, path, []byte(b+"beyond the end, 32 bytes at most"))
		}
	}
}

func sameFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	for path, b := range want {
		if got[path] != b {
			t.Errorf("%s is another one", path)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d derived files, want %d", len(got), len(want))
	}
}

// TestReindexMends spoils all that is derived: the same bytes come back.
func TestReindexMends(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 4)
	want := derived(t, dir)
	f := func(made bool) {
		t.Helper()
		done, err := ledger.Reindex(t.Context(), ledger.Config{Dir: dir}, nil)
		if err != nil || (done.Made > 0) != made || done.Entries < 1024 {
			t.Fatalf("%+v, %v", done, err)
		}
		sameFiles(t, derived(t, dir), want)
		checkLedger(t, dir)
	}
	f(false)
	spoil(t, dir)
	f(true)
	f(false)
}

// TestReindexResumes interrupts a run after each part: it goes on where it was.
func TestReindexResumes(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 4)
	want := derived(t, dir)
	spoil(t, dir)
	last := int64(0)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		done, err := ledger.Reindex(ctx, ledger.Config{Dir: dir}, func(int64, int64) {
			if n++; n == 2 {
				cancel()
			}
		})
		cancel()
		if done.Skipped < last {
			t.Errorf("%d entries are taken for done, after %d", done.Skipped, last)
		}
		if last = done.Skipped; err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if last == 0 {
		t.Error("no run went on where the one before it was")
	}
	sameFiles(t, derived(t, dir), want)
	checkLedger(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "REINDEX")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("how far it was stays on the disk: %v", err)
	}
}

// TestReindexKilled goes on with the folders that a run would leave if it were killed
// at each of its steps: where it was noted last, and not at the beginning.
func TestReindexKilled(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 4)
	want := derived(t, dir)
	spoil(t, dir)
	var left []string
	_, err := ledger.ReindexNoting(t.Context(), ledger.Config{Dir: dir}, 256, func(int64, int64) {
		left = append(left, filepath.Join(t.TempDir(), "left"))
		copyFolder(t, dir, left[len(left)-1])
	})
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for _, killed := range left {
		done, err := ledger.Reindex(t.Context(), ledger.Config{Dir: killed}, nil)
		if err != nil || done.Skipped < last {
			t.Errorf("%d entries are taken for done, after %d; %v", done.Skipped, last, err)
		}
		last = done.Skipped
		got := map[string]string{}
		for path, b := range derived(t, killed) {
			got[dir+strings.TrimPrefix(path, killed)] = b
		}
		sameFiles(t, got, want)
		checkLedger(t, killed)
	}
	if last < 512 {
		t.Errorf("a run that was killed at its end is not gone on with: %d entries are taken for done", last)
	}
}

// TestReindexStopped stops the server half-way: when it runs again, the reindex goes
// on where it was.
func TestReindexStopped(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, newRecorder(), nil)
	d := newDesk(t, l)
	for k := range 8 {
		d.sealCalls(k*256, (k+1)*256)
	}
	// A run may be done before the server has stopped.
	for range 50 {
		if err := l.StartReindex(""); err != nil {
			t.Fatal(err)
		}
		for l.ReindexState().Done == 0 {
			time.Sleep(100 * time.Microsecond)
		}
		closeLedger(t, l)
		stopped := l.ReindexState()
		l = open(t, dir, newRecorder(), nil)
		if stopped.Err == nil {
			continue
		}
		if err := l.StartReindex(""); err != nil {
			t.Fatal(err)
		}
		for l.ReindexState().Running {
			time.Sleep(time.Millisecond)
		}
		if st := l.ReindexState(); st.Err != nil || st.Result.Skipped == 0 || st.Result.Skipped < stopped.Result.Entries {
			t.Errorf("the first did %+v, the second %+v", stopped.Result, st)
		}
		closeLedger(t, l)
		checkLedger(t, dir)
		return
	}
	t.Error("no run was stopped half-way")
}

// TestReindexTampered puts another entry into a part whose tiles are sound. The
// tiles must not be made to fit it, and the other parts are mended.
func TestReindexTampered(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 3)
	tiles := map[string]string{}
	for path, b := range derived(t, dir) {
		if strings.Contains(path, "/tiles/") {
			tiles[path] = b
		}
	}
	forge300(t, dir)
	for path, b := range tiles { // as they were
		writeFile(t, path, []byte(b))
	}
	for _, path := range glob(t, dir, "tenants/acme/info/parts/*/000000000512*"+ledger.IndexSuffix) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	_, err := ledger.Reindex(t.Context(), ledger.Config{Dir: dir}, nil)
	if hansard.KindOf(err) != hansard.KindCorrupt || !strings.Contains(err.Error(), "entry 300") {
		t.Errorf("error %v, want one about entry 300", err)
	}
	for path, b := range tiles {
		if !bytes.Equal(readFile(t, path), []byte(b)) {
			t.Errorf("%s was made to fit", path)
		}
	}
	glob(t, dir, "tenants/acme/info/parts/*/000000000512*"+ledger.IndexSuffix) // made anew all the same
	found(t, dir, "entry 300")
}

// forge300 gives entry 300 another agent, and the log the tiles and the indexes that
// belong to it then.
func forge300(t *testing.T, dir string) {
	t.Helper()
	_, err := ledger.Forge(dir, infoLog, func(e *hansard.Entry) bool {
		if e.Index == 300 {
			e.AgentName = "somebody-else"
		}
		return e.Index == 300
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReindexForgedTiles has tiles that are sound in themselves, and not those of the
// parts, which are on record.
func TestReindexForgedTiles(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 3)
	parts := map[string]string{}
	for path, b := range filesOf(t, dir) {
		if strings.HasSuffix(path, ".parquet") || strings.HasSuffix(path, ledger.IndexSuffix) || strings.HasSuffix(path, "checkpoint") {
			parts[path] = b
		}
	}
	forge300(t, dir)
	for path, b := range parts { // as they were
		writeFile(t, path, []byte(b))
	}
	forged := derived(t, dir)
	_, err := ledger.Reindex(t.Context(), ledger.Config{Dir: dir}, nil)
	if hansard.KindOf(err) != hansard.KindCorrupt {
		t.Errorf("error %v, want one about the tiles", err)
	}
	sameFiles(t, derived(t, dir), forged)
	found(t, dir, "entry 300")
}

// TestReindexServing spoils all that is derived under a running server that takes
// events in, and reindexes twice: everything is as it should be, and an event that
// comes again is known.
func TestReindexServing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, newRecorder(), nil)
	d := newDesk(t, l)
	for k := range 6 {
		d.sealCalls(k*256, (k+1)*256)
	}
	time.Sleep(100 * time.Millisecond) // superseded parts are unlinked by and by
	spoil(t, dir)
	for range 2 {
		if err := l.StartReindex(""); err != nil {
			t.Fatal(err)
		}
		if err := l.StartReindex("acme"); hansard.KindOf(err) != hansard.KindBusy {
			t.Errorf("a second one at the same time: %v", err)
		}
		for i := 0; l.ReindexState().Running; i++ {
			if i%20 == 0 && i < 100 {
				d.sealCalls(2000+10*i, 2000+10*i+200)
			}
			time.Sleep(time.Millisecond)
		}
		if st := l.ReindexState(); st.Err != nil || st.Result.Entries < 6*256 {
			t.Errorf("state %+v", st)
		}
	}
	if st := l.ReindexState(); st.Result.Made != 0 {
		t.Errorf("the second run made %d files anew", st.Result.Made)
	}
	results, err := l.Append(t.Context(), "acme", d.calls(0, 10))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Outcome != ledger.Duplicate {
			t.Errorf("event %d comes again and is %v", i, r.Outcome)
		}
	}
	closeLedger(t, l)
	checkLedger(t, dir)
}
