package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// besideAttempts is how often a folder is looked at that a server is changing.
const besideAttempts = 50

// OpenBeside opens the data folder for reading although a server may have it open.
// What it holds is of the moment when it was opened: each checkpoint was held against
// the hashes. A part may be gone when it is read, because the server merged or pruned
// it: the error then is fs.ErrNotExist, and a folder opened anew has its entries. It
// takes no lock and writes nothing.
func OpenBeside(fsys durable.FS, dir string) (*Reader, error) {
	var err error
	for attempt := range besideAttempts {
		if attempt > 0 {
			time.Sleep(time.Duration(attempt) * 10 * time.Millisecond) // a seal is under way
		}
		r := &Reader{layout: layout{fsys, dir}, enc: part.NewEncoder(), logs: map[hansard.LogID]*readLog{}, unlock: func() error { return nil }}
		if r.name, err = r.layout.readName(); errors.Is(err, fs.ErrNotExist) {
			return nil, hansard.Errorf(hansard.KindNotFound, "%s is no data folder: it has no FORMAT file", dir)
		}
		if err == nil {
			err = r.load()
		}
		if err == nil {
			err = r.checkRoots()
		}
		if err == nil {
			return r, nil
		}
	}
	return nil, openError(dir, err)
}

// checkRoots holds the checkpoints against the hashes.
func (r *Reader) checkRoots() error {
	for id, lg := range r.logs {
		if lg.checkpoint == nil {
			continue
		}
		c, err := lg.point()
		if err != nil {
			return fmt.Errorf("log %s: %w", id, err)
		}
		if root, err := lg.view.root(uint64(c.Size)); err != nil || root != c.Root {
			return errors.Join(hansard.Errorf(hansard.KindCorrupt, "log %s: the hashes are not those of the checkpoint", id), err)
		}
	}
	return nil
}

// signed returns a log and its checkpoint. The error is of KindNotFound without one.
func (r *Reader) signed(id hansard.LogID) (*readLog, proof.Checkpoint, error) {
	lg := r.logs[id]
	if lg == nil || lg.checkpoint == nil {
		return nil, proof.Checkpoint{}, hansard.Errorf(hansard.KindNotFound, "log %s has no checkpoint", id)
	}
	c, err := lg.point()
	return lg, c, err
}

// Checkpoint returns the signed checkpoint of a log.
func (r *Reader) Checkpoint(id hansard.LogID) ([]byte, error) {
	lg, _, err := r.signed(id)
	if err != nil {
		return nil, err
	}
	return lg.checkpoint, nil
}

// Tile returns a hash tile, as that of a Ledger.
func (r *Reader) Tile(id hansard.LogID, level int, n uint64, width int) ([]byte, error) {
	lg, c, err := r.signed(id)
	if err == nil {
		err = checkTile(id, lg.min, uint64(c.Size), level, n, width)
	}
	if err != nil {
		return nil, err
	}
	return lg.view.tile(level, n, width)
}

// Bundle returns an entry bundle, as that of a Ledger.
func (r *Reader) Bundle(id hansard.LogID, n uint64, width int) ([]byte, error) {
	lg, c, err := r.signed(id)
	if err == nil {
		err = checkTile(id, lg.min, uint64(c.Size), 0, n, width)
	}
	if err != nil {
		return nil, err
	}
	first := n * tileWidth
	var fresh []*part.Row
	for i := range uint64(width) {
		if x := first + i; x >= lg.view.sealedEnd && x-lg.view.sealedEnd < uint64(len(lg.view.fresh)) {
			fresh = append(fresh, &lg.view.fresh[x-lg.view.sealedEnd].Row)
		}
	}
	return leafSource{r.layout.fs, r.layout.dir, r.enc, &r.leaves}.bundle(id, first, width, fresh, lg.parts)
}
