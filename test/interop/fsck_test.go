package interop_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
	tessera "github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"
)

// TestMain silences fsck's log. What it finds it also returns.
func TestMain(m *testing.M) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// fsckWorkers is more than there can be wrong resources: fsck's workers end at
// the first one that each of them meets, and it waits for them forever when all
// have ended.
const fsckWorkers = 32

// runFsck runs Tessera's fsck on the log below base, as its command does.
func runFsck(ctx context.Context, base, origin string, v note.Verifier) (fsck.Status, error) {
	root, err := url.Parse(base)
	if err != nil {
		return fsck.Status{}, err
	}
	fetcher, err := client.NewHTTPFetcher(root, nil)
	if err != nil {
		return fsck.Status{}, err
	}
	f := fsck.New(origin, v, fetcher, hashBundle, fsck.Opts{N: fsckWorkers})
	err = f.Check(ctx)
	return f.Status(), err
}

// hashBundle returns the leaf hashes of an entry bundle.
func hashBundle(bundle []byte) ([][]byte, error) {
	b := &tessera.EntryBundle{}
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, e := range b.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return hashes, nil
}

// TestFsck lets Tessera's fsck derive every log anew from its entries, and then
// shows that it would have noticed a changed bit in any kind of answer.
func TestFsck(t *testing.T) {
	s := start(t)
	s.fill(60, 30)
	for _, l := range s.logs() {
		status, err := runFsck(t.Context(), s.base(l), l.Origin, l.verifier(t))
		if err != nil {
			t.Errorf("%s: %v", l.Log, err)
		}
		t.Logf("%s: %d entries, %d resources, %d bytes", l.Log, l.Size, status.ResourcesFetched, status.BytesFetched)
	}
	for _, l := range s.logs() {
		if l.Size < 2000 { // each change is a run of its own
			s.checkBites(t, l)
		}
	}
}

// checkBites tampers with each kind of answer. fsck and torchwood must notice,
// and so must the auditor's program where it reads what was changed.
func (s *server) checkBites(t *testing.T, l publicLog) {
	t.Helper()
	full, rest := l.Size/256, uint8(l.Size%256)
	if full == 0 || rest == 0 {
		t.Fatalf("%s: %d entries, the test wants full and partial tiles", l.Log, l.Size)
	}
	f := func(what, path string, change func([]byte) []byte) {
		t.Helper()
		proxy := tamper(t, s, "/log/"+l.Log+"/"+path, change)
		base := proxy.url + "/log/" + l.Log + "/"
		_, err := runFsck(t.Context(), base, l.Origin, l.verifier(t))
		if err == nil || proxy.hits.Load() == 0 {
			t.Errorf("%s: %s (%s), changed %d times: fsck says %v", l.Log, what, path, proxy.hits.Load(), err)
		}
		if err := newReader(t, base, l).verify(t.Context()); err == nil {
			t.Errorf("%s: %s (%s): torchwood did not notice", l.Log, what, path)
		}
		if strings.HasPrefix(path, "tile/0") || strings.HasPrefix(path, "tile/1") {
			return // the auditor's program reads no hash tiles
		}
		if _, err := audit(base, l.VKey); err == nil {
			t.Errorf("%s: %s (%s): the auditor's program did not notice", l.Log, what, path)
		}
	}
	f("the first entry", layout.EntriesPath(0, 0), flip(10))
	f("an entry in the middle", layout.EntriesPath(full/2, 0), flip(-1))
	f("the last entry", layout.EntriesPath(full, rest), flip(-1))
	f("a full hash tile", layout.TilePath(0, full-1, 0), flip(77))
	f("a partial hash tile", layout.TilePath(0, full, rest), flip(-1))
	f("a tile of the next level", layout.TilePath(1, 0, uint8(full)), flip(0))
	f("the origin", "checkpoint", flip(0))
	f("the signature", "checkpoint", flip(-10))
	f("the size", "checkpoint", func(b []byte) []byte {
		return []byte(strings.Replace(string(b), fmt.Sprintf("\n%d\n", l.Size), fmt.Sprintf("\n%d\n", l.Size-1), 1))
	})
}

// TestFsckWhileGrowing checks the logs again and again while they take in
// events, are sealed and merged: what a checkpoint covers must be there at any
// moment, wherever the entries are just then.
func TestFsckWhileGrowing(t *testing.T) {
	s := start(t)
	s.post(600)
	s.seal()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var runs int
	logs := s.logs()
	wg.Go(func() {
		for ctx.Err() == nil {
			for _, l := range logs {
				v, err := note.NewVerifier(l.VKey)
				if err == nil {
					_, err = runFsck(context.Background(), s.base(l), l.Origin, v)
				}
				if err != nil {
					t.Errorf("%s: %v", l.Log, err)
				}
				runs++
			}
		}
	})
	for i := range 12 {
		s.post(200 + i)
		s.seal()
		if i%4 == 3 {
			s.merge(1000)
		}
	}
	cancel()
	wg.Wait()
	if runs < 10 {
		t.Errorf("only %d runs", runs)
	}
	t.Logf("%d runs", runs)
}
