package ledger

import (
	"crypto/sha256"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is the right edge of an RFC 6962 tree: the roots of the perfect subtrees
// that its size is made of, the largest first. It can grow and be hashed
// without any other part of the tree. The zero tree is empty.
type tree struct {
	size  uint64
	peaks []tlog.Hash
}

func (t *tree) clone() tree { return tree{t.size, slices.Clone(t.peaks)} }

// append adds a leaf hash: one node hash an entry on average. It returns the root of
// the tile that the leaf completes, nil if it completes none.
func (t *tree) append(leaf tlog.Hash) (tile *tlog.Hash) {
	h, width := leaf, 1
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.peaks) - 1
		h = nodeHash(t.peaks[last], h)
		t.peaks = t.peaks[:last]
		if width *= 2; width == tileWidth {
			root := h
			tile = &root
		}
	}
	t.peaks = append(t.peaks, h)
	t.size++
	return tile
}

// nodeHash is tlog.NodeHash, the hash of a node with two children (RFC 6962, 2.1),
// in one piece: half as fast again.
func nodeHash(left, right tlog.Hash) tlog.Hash {
	var node [1 + 2*tlog.HashSize]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+tlog.HashSize:], right[:])
	return sha256.Sum256(node[:])
}

// emptyRoot is the root of the empty tree: SHA-256 of nothing (RFC 6962, 2.1).
func emptyRoot() tlog.Hash { return tlog.Hash(sha256.Sum256(nil)) }

// root returns the tree's root.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		return emptyRoot()
	}
	h := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		h = nodeHash(t.peaks[i], h)
	}
	return h
}

// treeAt builds the right edge of the tree of the given size from its hashes.
func treeAt(size uint64, hash func(level int, n uint64) (tlog.Hash, error)) (tree, error) {
	t := tree{size: size}
	start := uint64(0)
	for rest := size; rest > 0; {
		level := bits.Len64(rest) - 1
		h, err := hash(level, start>>level)
		if err != nil {
			return tree{}, err
		}
		t.peaks = append(t.peaks, h)
		start += 1 << level
		rest -= 1 << level
	}
	return t, nil
}

// appendTile adds the root of 256 leaves at once. The tree's size must be a
// multiple of 256.
func (t *tree) appendTile(root tlog.Hash) {
	h := root
	for n := t.size / tileWidth; n&1 == 1; n >>= 1 {
		last := len(t.peaks) - 1
		h = nodeHash(t.peaks[last], h)
		t.peaks = t.peaks[:last]
	}
	t.peaks = append(t.peaks, h)
	t.size += tileWidth
}
