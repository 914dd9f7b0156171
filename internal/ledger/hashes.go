package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// hashes reads the hashes of a log as it was at one moment: the sealed ones from
// the tiles, the others from memory. It needs no lock: tiles and entries never
// change once they are there.
type hashes struct {
	tiles     tileStore
	sealedEnd uint64
	fresh     []*sealable
}

// hashes returns the view of the log as it is now. The ledger's mutex is held,
// or the ledger is not open yet.
func (lg *log) hashes() hashes {
	return hashes{lg.tiles, lg.sealedEnd, lg.fresh[:len(lg.fresh):len(lg.fresh)]}
}

// root returns the root of the log when it had the given size.
func (h hashes) root(size uint64) (tlog.Hash, error) {
	t, err := treeAt(size, h.at)
	return t.root(), err
}

// at returns the hash of the subtree at the given level whose leaves are
// n<<level and following, sealed or not.
func (h hashes) at(level int, n uint64) (tlog.Hash, error) {
	switch {
	case (n+1)<<level <= h.sealedEnd:
		return h.tiles.hash(level, n)
	case level == 0 && n-h.sealedEnd >= uint64(len(h.fresh)):
		return tlog.Hash{}, fmt.Errorf("entry %d is not there", n)
	case level == 0:
		return tlog.Hash(h.fresh[n-h.sealedEnd].LeafHash), nil
	}
	left, err := h.at(level-1, 2*n)
	if err != nil {
		return tlog.Hash{}, err
	}
	right, err := h.at(level-1, 2*n+1)
	return nodeHash(left, right), err
}

// reader reads stored hashes by the indexes of package tlog.
func (h hashes) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			level, n := tlog.SplitStoredHashIndex(x)
			var err error
			if out[i], err = h.at(level, uint64(n)); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// size returns the number of entries.
func (h hashes) size() uint64 { return h.sealedEnd + uint64(len(h.fresh)) }
