package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard/internal/durable"
)

// Tiles on disk are packed: at each level 0, 8, 16, ... of the tree the hashes
// stand one after the other, 32 bytes each, in files of tilesPerFile tiles of
// 256 hashes (2 MiB). A file per tile, as they are served, would be millions of
// files; what is served is cut out of these.
const (
	tileHeight   = 8
	tileWidth    = 1 << tileHeight
	tilesPerFile = 256
	hashesInFile = tilesPerFile * tileWidth
)

// tileStore reads and appends a log's stored hashes. Appends come from one
// goroutine; reads may be concurrent with them, below what was appended.
type tileStore struct {
	fs  durable.FS
	dir string
}

func (s tileStore) path(row int, file uint64) string {
	return filepath.Join(s.dir, strconv.Itoa(row), fmt.Sprintf("%06d", file))
}

// read returns count hashes of a row (tree level row*8) from the n-th on.
func (s tileStore) read(row int, n uint64, count int) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, count)
	for count > 0 {
		at := n % hashesInFile
		k := min(count, int(hashesInFile-at))
		b := make([]byte, k*tlog.HashSize)
		f, err := s.fs.Open(s.path(row, n/hashesInFile), false)
		if err != nil {
			return nil, fmt.Errorf("read tiles: %w", err)
		}
		_, err = f.ReadAt(b, int64(at)*tlog.HashSize)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read tiles: level %d, hash %d: %w", row*tileHeight, n, err)
		}
		for ; len(b) > 0; b = b[tlog.HashSize:] {
			hashes = append(hashes, tlog.Hash(b[:tlog.HashSize]))
		}
		n, count = n+uint64(k), count-k
	}
	return hashes, nil
}

// write puts hashes into a row from the n-th on and syncs them.
func (s tileStore) write(row int, n uint64, hashes []tlog.Hash) error {
	for len(hashes) > 0 {
		at := n % hashesInFile
		k := min(len(hashes), int(hashesInFile-at))
		b := make([]byte, 0, k*tlog.HashSize)
		for _, h := range hashes[:k] {
			b = append(b, h[:]...)
		}
		if err := s.writeFile(s.path(row, n/hashesInFile), b, int64(at)*tlog.HashSize); err != nil {
			return fmt.Errorf("write tiles: %w", err)
		}
		n, hashes = n+uint64(k), hashes[k:]
	}
	return nil
}

func (s tileStore) writeFile(path string, b []byte, at int64) error {
	f, err := s.fs.Open(path, true)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		if err = s.fs.MkdirAll(filepath.Dir(path)); err == nil {
			f, err = s.fs.Create(path)
		}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, at)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if created {
		return s.fs.SyncDir(filepath.Dir(path))
	}
	return nil
}

// append stores leaf hashes from index first on, and the hashes of the levels
// above that they complete. It is idempotent: a crash in the middle leaves
// hashes beyond the sealed size, which the next seal writes again, the same. roots
// are those of the tiles that the leaves complete; nil: they are made of the leaves.
func (s tileStore) append(first uint64, leaves, roots []tlog.Hash) error {
	for row := 0; len(leaves) > 0; row++ {
		if err := s.write(row, first, leaves); err != nil {
			return err
		}
		from, to := first/tileWidth, (first+uint64(len(leaves)))/tileWidth
		if row == 0 && uint64(len(roots)) == to-from {
			first, leaves = from, roots
			continue
		}
		// The parents of the tiles that this completes.
		var parents []tlog.Hash
		for t := from; t < to; t++ {
			tile, err := s.read(row, t*tileWidth, tileWidth)
			if err != nil {
				return err
			}
			parents = append(parents, foldTile(tile))
		}
		first, leaves = from, parents
	}
	return nil
}

// foldTile returns the root of a power of two of hashes.
func foldTile(hashes []tlog.Hash) tlog.Hash {
	next := make([]tlog.Hash, max(1, len(hashes)/2))
	next[0] = hashes[0]
	for n := len(hashes) / 2; n > 0; n /= 2 {
		for i := range n {
			next[i] = nodeHash(hashes[2*i], hashes[2*i+1])
		}
		hashes = next
	}
	return next[0]
}

// hash returns the hash of the subtree at the given level whose leaves are
// n<<level and following. All of them must be below the sealed size.
func (s tileStore) hash(level int, n uint64) (tlog.Hash, error) {
	row, up := level/tileHeight, level%tileHeight
	hashes, err := s.read(row, n<<up, 1<<up)
	if err != nil {
		return tlog.Hash{}, err
	}
	return foldTile(hashes), nil
}
