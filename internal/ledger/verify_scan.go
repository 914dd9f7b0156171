package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// scanning is a part on its way through the scanners.
type scanning struct {
	c *logCheck
	p part.Info

	sum  hansard.Hash // of the file
	size int64
	lost error // the file cannot be read
	bad  error // its rows cannot
	rows *scanned
	// differs is the first entry whose stored leaf hash is another, -1: none.
	differs int64
	tiles   error       // the stored leaf hashes cannot be read
	folds   []tlog.Hash // roots of the tiles of 256 that the part fills
}

// scanAll scans the parts of all logs, as many at a time as there are processors,
// and returns a function that returns them one after the other in their order.
// Parts that are ready wait until those in front of them have been taken, so that
// only a few are in memory.
func (v *verifier) scanAll(checks []*logCheck) (next func() *scanning, err error) {
	scanners, err := newScanners(v.cfg.FS, v.cfg.Dir, v.enc)
	if err != nil {
		return nil, err
	}
	type task struct {
		c *logCheck
		p part.Info
	}
	var tasks []task
	for _, c := range checks {
		for _, p := range c.live {
			tasks = append(tasks, task{c, p})
		}
	}
	for _, s := range scanners {
		s.check, s.read = true, v.count
	}
	next, _ = inOrder(scanners, len(tasks), func(s *scanner, i int) *scanning {
		t := &scanning{c: tasks[i].c, p: tasks[i].p, differs: -1}
		t.run(s)
		return t
	})
	return next, nil
}

// run scans the part. It touches nothing of the verifier.
func (t *scanning) run(s *scanner) {
	if t.sum, t.size, t.lost = s.hash(t.p); t.lost != nil {
		return
	}
	if t.rows, t.bad = s.scan(t.p, t.c.fp); t.bad != nil {
		return
	}
	t.rows.index.SHA256, t.rows.index.Bytes = t.sum, t.size
	leaves := t.rows.leaves
	stored, err := t.c.tileStore().read(0, t.p.Name.First, len(leaves))
	if t.tiles = err; err == nil {
		for i := range leaves {
			if leaves[i] != stored[i] {
				t.differs = int64(t.p.Name.First) + int64(i)
				break
			}
		}
	}
	if t.p.Name.First%tileWidth != 0 {
		return
	}
	for ; len(leaves) >= tileWidth; leaves = leaves[tileWidth:] {
		t.folds = append(t.folds, foldTile(leaves[:tileWidth]))
	}
}
