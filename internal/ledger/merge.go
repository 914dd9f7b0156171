package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/part"
)

// Merge writes parts of a log that follow each other anew as one. They must be
// of one date and end at multiples of 256; the unfinished last one is never
// merged. The entries are checked against the log's hashes before the old parts
// go. A merge that is interrupted leaves the old parts or the new one.
func (l *Ledger) Merge(id hansard.LogID, names []part.Name) error {
	return l.ifSynced(l.merge(id, names, l.merged))
}

// merge puts the part that write has written of others into their place.
func (l *Ledger) merge(id hansard.LogID, names []part.Name, write func(*log, []part.Info) (*part.Index, error)) error {
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
	x, err := write(lg, infos)
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

// merged writes parts anew as one, unfinished.
func (l *Ledger) merged(lg *log, infos []part.Info) (*part.Index, error) {
	items, err := l.readMerge(lg, infos)
	if err != nil {
		return nil, fmt.Errorf("merge parts of %s: %w", lg.id, err)
	}
	name := part.Name{First: infos[0].Name.First, End: infos[len(infos)-1].Name.End}
	return l.writePart(name, items, readAll, len(items) >= textRows)
}

func (l *Ledger) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

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
		if bytes += p.Bytes; bytes > part.MaxMergeBytes {
			return infos[:i], nil // the rest waits: a merge holds its entries in memory
		}
	}
	if n := len(infos); n > 0 && infos[n-1].Name.End-infos[0].Name.First > part.MaxRows {
		return nil, hansard.Errorf(hansard.KindInvalid, "merge parts of %s: more than %d entries", lg.id, part.MaxRows)
	}
	return infos, nil
}

// readMerge reads the entries of the parts and checks them against the tree. They
// are read by columns and become rows: as entries, those of a large merge would take
// half a gigabyte.
func (l *Ledger) readMerge(lg *log, infos []part.Info) ([]*sealable, error) {
	s, err := newScanner(l.cfg.FS, l.cfg.Dir, l.enc)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	key := l.tenants[lg.id.Tenant].fingerprint
	l.mu.Unlock()
	var items []*sealable
	for _, p := range infos {
		some, err := l.readItems(s, lg, p, key)
		if err != nil {
			return nil, fmt.Errorf("part %s: %w", p.Name, err)
		}
		items = append(items, some...)
	}
	return items, nil
}

// readItems returns the entries of a part, ready to be sealed again.
func (l *Ledger) readItems(s *scanner, lg *log, p part.Info, key *classify.FingerprintKey) ([]*sealable, error) {
	f, pf, _, err := openPart(l.cfg.FS, l.enc, p.Path(l.cfg.Dir), p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := pf.Rows()
	stored, err := lg.tiles.read(0, p.Name.First, int(n))
	if err != nil {
		return nil, err
	}
	s.print = s.fingerprinter(p.Log, key)
	items, found := make([]*sealable, n), &scanned{erased: map[[10]byte]bool{}}
	for i := range pf.Groups() {
		if err := s.group.Load(pf, i, nil); err != nil {
			return nil, err
		}
		first, end := pf.Range(i)
		if err := s.itemsOfGroup(found, p.Log, p.Name.First+first, items[first:end], stored[first:end]); err != nil {
			return nil, err
		}
	}
	return items, l.takePrints(p, items, found.erased)
}

// itemsOfGroup makes the items of the row group that is loaded, which must hold the
// entries from first on, each once, as they were committed.
func (s *scanner) itemsOfGroup(found *scanned, log hansard.LogID, first uint64, items []*sealable, stored []tlog.Hash) error {
	g := s.group
	block := make([]sealable, g.Len())
	for i, row := range g.Rows() {
		it := &block[i]
		it.Log, it.Place, it.LeafHash, it.id = log, g.Place(i), g.HashLeaf(i), s.id(found, i)
		at := it.Place.Index - first
		if at >= uint64(len(items)) || items[at] != nil {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d is there twice, or out of place", it.Place.Index)
		}
		if tlog.Hash(it.LeafHash) != stored[at] {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d is not the one that was committed", it.Place.Index)
		}
		it.Bytes, items[at] = row, it
	}
	if uint64(g.Len()) != uint64(len(items)) {
		return hansard.Errorf(hansard.KindCorrupt, "%d rows for %d entries", g.Len(), len(items))
	}
	return nil
}

// takePrints gives erased entries the fingerprints that the part's index has of
// them: they cannot be computed any more.
func (l *Ledger) takePrints(p part.Info, items []*sealable, erased map[[10]byte]bool) error {
	if len(erased) == 0 {
		return nil
	}
	old, err := readIndex(l.cfg.FS, p.Path(l.cfg.Dir)+IndexSuffix)
	if err != nil {
		return fmt.Errorf("its index: %w", err)
	}
	for _, it := range items {
		if erased[it.id.Event] {
			it.id.Fingerprint, _ = old.Find(it.id.Event)
		}
	}
	return nil
}
