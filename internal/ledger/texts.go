package ledger

import (
	"fmt"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// AddTexts gives one part that was sealed under load the text filters that it has
// gone without, and reports whether there was one. It reads the whole part: it is
// for times at which nothing else is to do.
func (l *Ledger) AddTexts() (bool, error) {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	lg, p := l.withoutTexts()
	if lg == nil || l.isClosed() {
		return false, nil
	}
	sum, _, err := hashFile(l.cfg.FS, p.Path(l.cfg.Dir))
	if err == nil && sum != p.SHA256 {
		err = hansard.Errorf(hansard.KindCorrupt, "its bytes are not those that were written")
	}
	if err != nil {
		return false, fmt.Errorf("index part %s of %s: %w", p.Name, p.Log, err)
	}
	l.mu.Lock()
	t := l.tenants[p.Log.Tenant]
	l.mu.Unlock()
	x, err := l.indexWithTexts(t, p)
	if err == nil {
		// A crash here, or later, leaves the old index or the new one, both whole.
		err = l.writeIndex(p.Path(l.cfg.Dir), x)
	}
	if err != nil {
		return false, fmt.Errorf("index part %s of %s: %w", p.Name, p.Log, err)
	}
	l.mu.Lock()
	l.reindexed(t, lg, x.Info)
	end := lg.sealedEnd
	l.mu.Unlock()
	if l.cfg.Follower != nil {
		l.cfg.Follower.Sealed(p.Log, []part.Info{x.Info}, []part.Name{p.Name}, end)
	}
	return true, nil
}

// indexWithTexts returns the index of a part with text filters. It reads no other
// columns than those with texts.
func (l *Ledger) indexWithTexts(t *tenant, p part.Info) (*part.Index, error) {
	x, err := readIndex(l.cfg.FS, p.Path(l.cfg.Dir)+IndexSuffix)
	if err != nil {
		entries, err := l.readPart(p)
		if err != nil {
			return nil, err
		}
		return l.makeIndex(t, p, entries)
	}
	return x, l.addTexts(x)
}

// addTexts adds the text filters of a part's row groups to its index.
func (l *Ledger) addTexts(x *part.Index) error {
	f, err := l.cfg.FS.Open(x.Info.Path(l.cfg.Dir), false)
	if err != nil {
		return err
	}
	defer f.Close()
	pf, err := l.enc.Open(f, x.Bytes, x.Log)
	if err != nil {
		return err
	}
	group, err := l.enc.NewGroup()
	if err != nil {
		return err
	}
	texts := part.TextColumns()
	for i := range pf.Groups() {
		if err := group.Load(pf, i, func(c *part.Column) bool { return slices.Contains(texts, c.Name) }); err != nil {
			return err
		}
		group.AddTexts(x)
	}
	return nil
}

// withoutTexts returns a part that should have text filters and has none.
func (l *Ledger) withoutTexts() (*log, part.Info) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			for _, p := range lg.parts {
				if p.Rows >= textRows && len(p.Texts) == 0 && p.Name.End%tileWidth == 0 {
					return lg, p
				}
			}
		}
	}
	return nil, part.Info{}
}

// reindexed takes note of an index that was made anew. l.mu is held, or the ledger
// is not open yet.
func (l *Ledger) reindexed(t *tenant, lg *log, p part.Info) {
	parts := append([]part.Info(nil), lg.parts...) // readers may hold the old ones
	for i := range parts {
		if parts[i].Name == p.Name {
			parts[i] = p
		}
	}
	lg.parts = parts
	sealed := append([]idFile(nil), t.dedup.sealed...)
	for i, f := range sealed {
		if f.info.Log == p.Log && f.info.Name == p.Name {
			sealed[i] = newIDFile(l.cfg.Dir, p)
		}
	}
	t.dedup.sealed = sealed
}
