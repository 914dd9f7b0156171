package ledger_test

import (
	"errors"
	"io/fs"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/proof"
)

// unchanging is a file system that is mounted for reading only.
type unchanging struct {
	durable.FS
	t *testing.T
}

func (u unchanging) refuse(path string) error {
	u.t.Errorf("%s is written", path)
	return &fs.PathError{Op: "write", Path: path, Err: errors.New("read-only file system")}
}

func (u unchanging) Create(path string) (durable.File, error) { return nil, u.refuse(path) }
func (u unchanging) MkdirAll(path string) error               { return u.refuse(path) }
func (u unchanging) Rename(path, _ string) error              { return u.refuse(path) }
func (u unchanging) Remove(path string) error                 { return u.refuse(path) }
func (u unchanging) SyncDir(path string) error                { return u.refuse(path) }
func (u unchanging) Lock(path string, _ bool) (func() error, error) {
	return nil, u.refuse(path)
}

func (u unchanging) Open(path string, write bool) (durable.File, error) {
	if write {
		return nil, u.refuse(path)
	}
	return u.FS.Open(path, false)
}

// readTiles reads each log whole from the folder as an outsider would, and returns
// how many entries there are. Every leaf is hashed, and the root is that of the
// signed checkpoint.
func readTiles(t *testing.T, dir string) (entries int64, err error) {
	t.Helper()
	r, err := ledger.OpenBeside(unchanging{durable.OS{}, t}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range r.Logs() {
		if len(info.Checkpoint) == 0 {
			continue
		}
		v, err := note.NewVerifier(info.VKey)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := r.Checkpoint(info.Log)
		if err != nil {
			t.Fatal(err)
		}
		c, err := proof.OpenCheckpoint(signed, v)
		if err != nil {
			t.Fatal(err)
		}
		stored := map[int64]tlog.Hash{}
		hashes := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
			for _, i := range indexes {
				list = append(list, stored[i])
			}
			return list, nil
		})
		for n := uint64(0); int64(n)*256 < c.Size; n++ {
			width := int(min(256, c.Size-int64(n)*256))
			b, err := r.Bundle(info.Log, n, width)
			if err != nil {
				return 0, err
			}
			tile, err := r.Tile(info.Log, 0, n, width)
			if err != nil {
				t.Fatal(err)
			}
			for i := range width {
				size := int(b[0])<<8 | int(b[1])
				leaf := b[2 : 2+size]
				b = b[2+size:]
				if tlog.RecordHash(leaf) != tlog.Hash(tile[i*32:(i+1)*32]) {
					t.Fatalf("%s: entry %d is not that of its tile", info.Log, int(n)*256+i)
				}
				index := int64(n)*256 + int64(i)
				add, err := tlog.StoredHashes(index, leaf, hashes)
				if err != nil {
					t.Fatal(err)
				}
				for k, h := range add {
					stored[tlog.StoredHashIndex(0, index)+int64(k)] = h
				}
			}
		}
		if root, err := tlog.TreeHash(c.Size, hashes); err != nil || root != c.Root {
			t.Fatalf("%s: root %v, %v; the checkpoint says %v", info.Log, root, err, c.Root)
		}
		entries += c.Size
	}
	return entries, r.Close()
}

// TestOpenBeside reads all logs again and again while a server appends, seals and
// merges; nothing is written, and what is read is always whole.
func TestOpenBeside(t *testing.T) {
	dir := t.TempDir() + "/d"
	l := open(t, dir, nil, func(c *ledger.Config) { c.SealAfter, c.CheckpointEvery = 10*time.Millisecond, 5*time.Millisecond })
	d := newDesk(t, l)
	d.append(l, "acme", 0, 50)
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Add(1)
	go func() {
		defer writer.Done()
		// It comes to an end, also where the reader is slow: what it reads for longer
		// than between two merges it never reads whole.
		for i := 50; i < 4050; i += 20 {
			select {
			case <-stop:
				return
			default:
				d.append(l, "acme", i, i+20)
			}
		}
	}()
	last, reads, gone := int64(0), 0, 0
	for begin := time.Now(); time.Since(begin) < 2*time.Second || reads < 5; {
		n, err := readTiles(t, dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && gone < 1000:
			gone++ // merged meanwhile: the folder is opened anew
			continue
		case err != nil || n < last:
			t.Fatalf("%d entries after %d: %v", n, last, err)
		}
		last, reads = n, reads+1
	}
	close(stop)
	writer.Wait()
	t.Logf("read %d times, the last %d entries; %d times a part was merged meanwhile", reads, last, gone)
	closeLedger(t, l)
	n, err := readTiles(t, dir)
	if err != nil || n < last {
		t.Fatalf("%d entries after the server stopped, %d before: %v", n, last, err)
	}
	if _, err := ledger.OpenBeside(durable.OS{}, t.TempDir()); hansard.KindOf(err) != hansard.KindNotFound {
		t.Errorf("a folder that is none: %v", err)
	}
}
