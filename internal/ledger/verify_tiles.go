package ledger

import (
	"fmt"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// checkTileFiles makes the upper levels of the stored tree anew from the level
// below and compares, and checks that no file holds more than it should.
func (c *logCheck) checkTileFiles() {
	store := c.tileStore()
	for row, count := 0, c.sealedEnd; count > 0; row, count = row+1, count/tileWidth {
		file := uint64(0)
		if row == 0 {
			file = c.min.Index / hashesInFile // of those before only the hashes above are kept
		}
		for ; file*hashesInFile < count; file++ {
			c.checkTileFile(store, row, file, min(count-file*hashesInFile, hashesInFile))
		}
	}
	c.checkFreshTiles(store)
}

// checkTileFile verifies a file that holds n hashes of sealed entries. Those of
// row 0 were compared with the entries.
func (c *logCheck) checkTileFile(store tileStore, row int, file, n uint64) {
	path := store.path(row, file)
	b := c.v.readFile(c.id, path, hashesInFile*tlog.HashSize)
	if b == nil {
		return
	}
	if uint64(len(b)) < n*tlog.HashSize {
		c.find(-1, path, "the file has %d hashes, want %d", len(b)/tlog.HashSize, n)
		return
	}
	if extra := b[n*tlog.HashSize:]; len(extra) > 0 && !c.expected(row, file*hashesInFile+n, extra) {
		c.find(-1, path, "the file has hashes of entries that are not there")
	}
	for i := uint64(0); row > 0 && i < n; i++ {
		at := file*hashesInFile + i
		if row == 1 && at/tilesPerFile < c.min.Index/hashesInFile {
			continue // the leaf hashes were pruned; the level above vouches for it
		}
		want, err := c.below(store, row, at)
		if err != nil || want != tlog.Hash(b[i*tlog.HashSize:][:tlog.HashSize]) {
			c.find(int64(at)<<(tileHeight*row), path, "the stored hash of %d entries is not that of the level below", uint64(1)<<(tileHeight*row))
			return
		}
	}
}

// below makes a hash of a row above 0 anew from the row below: of the entries
// themselves where it can.
func (c *logCheck) below(store tileStore, row int, at uint64) (tlog.Hash, error) {
	if h, ok := c.folds[at]; ok && row == 1 {
		return h, nil
	}
	below, err := store.read(row-1, at*tileWidth, tileWidth)
	if err != nil {
		return tlog.Hash{}, err
	}
	return foldTile(below), nil
}

// expected reports whether hashes beyond the sealed entries are those of entries
// in the journal, or blank in their place: a crash between tiles and part leaves
// them, a power cut or a full disk what had been written of them.
func (c *logCheck) expected(row int, from uint64, extra []byte) bool {
	view := c.v.hashesOf(c.id)
	for ; len(extra) > 0; from++ {
		if from >= view.size()>>(row*tileHeight) {
			return false
		}
		want, err := view.at(row*tileHeight, from)
		n := min(len(extra), tlog.HashSize)
		if err != nil || !blankOr(extra[:n], want) {
			return false
		}
		extra = extra[n:]
	}
	return true
}

// blankOr reports whether each byte is that of the hash, or zero.
func blankOr(b []byte, h tlog.Hash) bool {
	for i, c := range b {
		if c != 0 && c != h[i] {
			return false
		}
	}
	return true
}

// checkFreshTiles checks files of levels or ranges beyond the sealed entries,
// which a crash between tiles and part leaves.
func (c *logCheck) checkFreshTiles(store tileStore) {
	rows, err := c.v.layout.list(store.dir)
	if err != nil {
		return
	}
	for _, name := range rows {
		row, err := strconv.Atoi(name)
		files, _ := c.v.layout.list(filepath.Join(store.dir, name))
		for _, f := range files {
			var file uint64
			path := filepath.Join(store.dir, name, f)
			_, err2 := fmt.Sscanf(f, "%06d", &file)
			if c.v.seen[path] || err != nil || err2 != nil || row < 0 || row > 7 || store.path(row, file) != path {
				continue // read already, or no tiles: an unexpected file
			}
			if b := c.v.readFile(c.id, path, hashesInFile*tlog.HashSize); b != nil && !c.expected(row, file*hashesInFile, b) {
				c.find(-1, path, "the file has hashes of entries that are not there")
			}
		}
	}
}
