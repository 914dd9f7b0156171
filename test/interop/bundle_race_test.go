package interop_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
)

// slowDisk takes its time to open a part.
type slowDisk struct{ durable.OS }

func (s slowDisk) Open(path string, write bool) (durable.File, error) {
	if filepath.Ext(path) == ".parquet" && !write {
		time.Sleep(30 * time.Millisecond)
	}
	return s.OS.Open(path, write)
}

// TestBundleWhileSealing asks for the last bundle while each seal replaces the
// part that it is in.
func TestBundleWhileSealing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	lk, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	lg, err := ledger.Open(ledger.Config{
		Dir: dir, Name: "interop", Follower: lk, SealAfter: time.Hour, CheckpointEvery: time.Hour, FS: slowDisk{},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, stop := serve(t, lg, lk)
	h := httptest.NewServer(handler)
	defer func() { stop(); h.Close(); lg.Close(); lk.Close() }()
	s := &server{t: t, url: h.URL, dir: dir, ledger: lg, lake: lk}
	s.post(600)
	s.seal()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				c, err := fetch(s.url + "/log/acme/info/checkpoint")
				var size int64
				if err == nil {
					_, err = fmt.Sscanf(strings.Split(string(c), "\n")[1], "%d", &size)
				}
				if err == nil && size%256 != 0 {
					_, err = fetch(s.url + "/log/acme/info/" + bundlePath(size/256, size%256))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		s.post(8)
		s.seal()
	}
	cancel()
	wg.Wait()
}
