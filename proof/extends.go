package proof

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles reads a hash tile of a log (C2SP tlog-tiles): width hashes of the given
// tile level, of 32 bytes each, from the n-th tile on.
type Tiles func(ctx context.Context, level int, n int64, width int) ([]byte, error)

// ErrRewritten says that a log does not begin with the entries that it began
// with before: its history was written anew, or shortened.
var ErrRewritten = errors.New("the log's history is another one")

// Extends checks that the log which has the checkpoint now still begins with the
// entries that the checkpoint before covers. The tiles come from whoever is
// checked: each is checked against now. An error matches ErrRewritten when it is
// about the log; any other is about the reading.
func Extends(ctx context.Context, before, now Checkpoint, tiles Tiles) error {
	switch {
	case before.Origin != now.Origin:
		return fmt.Errorf("checkpoints of two logs: %s and %s", before.Origin, now.Origin)
	case before.Size > now.Size:
		return fmt.Errorf("%w: it had %d entries, and has %d now", ErrRewritten, before.Size, now.Size)
	case before.Size == 0:
		return nil
	case before.Size == now.Size:
		return sameRoot(before, now.Root)
	}
	r := &tileReader{ctx: ctx, tiles: tiles}
	root, err := tlog.TreeHash(before.Size, tlog.TileHashReader(tlog.Tree{N: now.Size, Hash: now.Root}, r))
	switch {
	case r.err != nil:
		return fmt.Errorf("read tiles: %w", r.err)
	case err != nil:
		return fmt.Errorf("%w: its tiles do not make the root of its checkpoint: %w", ErrRewritten, err)
	}
	return sameRoot(before, root)
}

func sameRoot(before Checkpoint, root tlog.Hash) error {
	if root != before.Root {
		return fmt.Errorf("%w: its first %d entries are not those that they were", ErrRewritten, before.Size)
	}
	return nil
}

// tileReader reads tiles for package tlog.
type tileReader struct {
	ctx   context.Context
	tiles Tiles
	err   error // of the reading
}

// Height implements tlog.TileReader.
func (*tileReader) Height() int { return 8 }

// ReadTiles implements tlog.TileReader.
func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, err := r.tiles(r.ctx, t.L, t.N, t.W)
		if err == nil && len(b) != t.W*tlog.HashSize {
			err = fmt.Errorf("tile of %d bytes, want %d", len(b), t.W*tlog.HashSize)
		}
		if err != nil {
			r.err = err
			return nil, err
		}
		data[i] = b
	}
	return data, nil
}

// SaveTiles implements tlog.TileReader.
func (*tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
