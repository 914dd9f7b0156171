package ledger

import (
	"errors"
	"fmt"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// Merge writes parts of a log that follow each other anew as one. They must be
// of one date and end at multiples of 256; the unfinished last one is never
// merged. The entries are checked against the log's hashes before the old parts
// go. A merge that is interrupted leaves the old parts or the new one.
func (l *Ledger) Merge(id hansard.LogID, names []part.Name) error {
	return l.ifSynced(l.merge(id, names))
}

func (l *Ledger) merge(id hansard.LogID, names []part.Name) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	lg, err := l.log(id)
	if err != nil {
		return err
	}
	if l.isClosed() {
		return errBusy("the server is stopping")
	}
	infos, err := l.mergeable(lg, names)
	if err != nil || len(infos) < 2 {
		return err
	}
	items, err := l.readMerge(lg, infos)
	if err != nil {
		return fmt.Errorf("merge parts of %s: %w", id, err)
	}
	name := part.Name{First: infos[0].Name.First, End: infos[len(infos)-1].Name.End}
	x, err := l.writePart(name, items, readAll, len(items) >= textRows)
	if err != nil {
		return err
	}
	if err := l.stateSeal(lg, []*part.Index{x}); err != nil {
		return errors.Join(err, l.dropUnfinished([]*part.Index{x}))
	}
	if err := l.finishPart(x.Info); err != nil {
		return errors.Join(err, l.dropUnnamed(err, []*part.Index{x}))
	}
	// A crash here leaves the new part beside those that it covers, which the
	// next start removes.
	l.replace(lg, []*part.Index{x})
	return nil
}

func (l *Ledger) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// maxMergeBytes bounds the parts that one merge reads, compressed.
const maxMergeBytes = 32 << 20

// mergeable returns the named parts if they are there and fit together.
func (l *Ledger) mergeable(lg *log, names []part.Name) ([]part.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var infos []part.Info
	for _, n := range names {
		for _, p := range lg.parts {
			if p.Name == n && n.End%tileWidth == 0 {
				infos = append(infos, p)
			}
		}
	}
	for i := range infos[min(1, len(infos)):] {
		if infos[i].Name.End != infos[i+1].Name.First || infos[i].Date != infos[i+1].Date {
			return nil, hansard.Errorf(hansard.KindInvalid, "merge parts of %s: they do not follow each other on one date", lg.id)
		}
	}
	bytes := int64(0)
	for i, p := range infos {
		if bytes += p.Bytes; bytes > maxMergeBytes {
			return infos[:i], nil // the rest waits: a merge holds its entries in memory
		}
	}
	if n := len(infos); n > 0 && infos[n-1].Name.End-infos[0].Name.First > maxPartRows {
		return nil, hansard.Errorf(hansard.KindInvalid, "merge parts of %s: more than %d entries", lg.id, maxPartRows)
	}
	return infos, nil
}

// readMerge reads the entries of the parts and checks them against the tree.
func (l *Ledger) readMerge(lg *log, infos []part.Info) ([]*sealable, error) {
	var items []*sealable
	for _, p := range infos {
		entries, err := l.readCommitted(lg, p)
		if err != nil {
			return nil, err
		}
		some, err := l.itemsOf(p, entries)
		if err != nil {
			return nil, err
		}
		items = append(items, some...)
	}
	return items, nil
}
