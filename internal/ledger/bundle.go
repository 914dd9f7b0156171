package ledger

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// Bundle returns an entry bundle of a log as tlog-tiles serves it: width leaves,
// each after its length in two bytes, from index n*256 on. They are rendered
// from the parts.
func (l *Ledger) Bundle(id hansard.LogID, n uint64, width int) ([]byte, error) {
	lg, err := l.log(id)
	if err != nil {
		return nil, err
	}
	// A seal or a merge may unlink a part between the look and the read. Its
	// entries are in another one then.
	for attempt := 0; ; attempt++ {
		b, err := l.bundle(lg, n, width)
		if !errors.Is(err, fs.ErrNotExist) || attempt == 100 {
			return b, err
		}
	}
}

func (l *Ledger) bundle(lg *log, n uint64, width int) ([]byte, error) {
	first := n * tileWidth
	l.mu.Lock()
	err := lg.checkTile(0, n, width)
	fresh := lg.freshFrom(first, width)
	parts := lg.parts
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return l.leafSource().bundle(lg.id, first, width, fresh, parts)
}

// leafSource returns where leaves are read from.
func (l *Ledger) leafSource() leafSource { return leafSource{l.cfg.FS, l.cfg.Dir, l.enc, &l.leaves} }

// leafSource reads leaves from parts.
type leafSource struct {
	fs    durable.FS
	dir   string
	enc   *part.Encoder
	cache *leafCache
}

// bundle puts width leaves from the first on together: from rows that are in no part
// yet, and from parts.
func (s leafSource) bundle(id hansard.LogID, first uint64, width int, fresh []*part.Row, parts []part.Info) ([]byte, error) {
	leaves := map[uint64][]byte{}
	for _, r := range fresh {
		e, err := s.enc.Entry(r)
		if err != nil {
			return nil, err
		}
		leaves[e.Index] = s.enc.AppendLeaf(nil, e)
	}
	for _, p := range parts {
		if p.Name.First < first+uint64(width) && first < p.Name.End {
			if err := s.readLeaves(leaves, p, first, width); err != nil {
				return nil, err
			}
		}
	}
	var b []byte
	for i := range uint64(width) {
		leaf, ok := leaves[first+i]
		if !ok {
			return nil, hansard.Errorf(hansard.KindNotFound, "entry %d of %s is not kept any more", first+i, id)
		}
		b = append(b, byte(len(leaf)>>8), byte(len(leaf)))
		b = append(b, leaf...)
	}
	return b, nil
}

// freshFrom returns those of width entries from the first on that are in no
// part yet. l.mu is held.
func (lg *log) freshFrom(first uint64, width int) []*part.Row {
	var rows []*part.Row
	for i := range uint64(width) {
		if x := first + i; x >= lg.sealedEnd && x-lg.sealedEnd < uint64(len(lg.fresh)) {
			rows = append(rows, &lg.fresh[x-lg.sealedEnd].Row)
		}
	}
	return rows
}

// readLeaves adds the leaves of a part that are among width entries from the
// first on. A bundle may lie in several row groups, where entries are large.
func (s leafSource) readLeaves(leaves map[uint64][]byte, p part.Info, first uint64, width int) error {
	for at := max(first, p.Name.First); at < min(first+uint64(width), p.Name.End); {
		g, err := s.cache.get(s, p, at)
		if err != nil {
			return err
		}
		for ; at < g.first+uint64(len(g.leaves)); at++ {
			leaves[at] = g.leaves[at-g.first]
		}
	}
	return nil
}

// leafGroup is the leaves of one row group, by index.
type leafGroup struct {
	path   string
	first  uint64
	leaves [][]byte
}

// leafCache keeps the leaves of the row group that was asked for last: whoever
// reads a log reads its bundles in order, 128 of them from one row group.
type leafCache struct {
	mu   sync.Mutex // held while a row group is read, so that it is read once
	last leafGroup
}

// get returns the row group of a part that holds the entry.
func (c *leafCache) get(s leafSource, p part.Info, index uint64) (leafGroup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := p.Path(s.dir)
	if c.last.path == path && c.last.first <= index && index < c.last.first+uint64(len(c.last.leaves)) {
		return c.last, nil
	}
	g, err := s.renderGroup(path, p, index)
	if err == nil {
		c.last = g
	}
	return g, err
}

// forget drops what is kept: who verifies reads from the disk.
func (c *leafCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = leafGroup{}
}

// renderGroup renders the leaves of the row group that holds the entry.
func (s leafSource) renderGroup(path string, p part.Info, index uint64) (leafGroup, error) {
	f, err := s.fs.Open(path, false)
	if err != nil {
		return leafGroup{}, err
	}
	defer f.Close()
	pf, err := s.enc.Open(f, p.Bytes, p.Log)
	if err != nil {
		return leafGroup{}, err
	}
	for i := range pf.Groups() {
		first, end := pf.Range(i)
		if first, end = first+p.Name.First, end+p.Name.First; index < first || index >= end {
			continue
		}
		entries, err := pf.ReadEnvelopes(i)
		if err != nil {
			return leafGroup{}, err
		}
		g := leafGroup{path, first, make([][]byte, len(entries))}
		for _, e := range entries {
			if e.Index < first || e.Index >= end {
				return leafGroup{}, hansard.Errorf(hansard.KindCorrupt, "part %s of %s: entry %d is in the wrong row group", p.Name, p.Log, e.Index)
			}
			g.leaves[e.Index-first] = s.enc.AppendLeaf(nil, e)
		}
		return g, nil
	}
	return leafGroup{}, hansard.Errorf(hansard.KindCorrupt, "part %s of %s has no entry %d", p.Name, p.Log, index)
}
