package ledger

import (
	"fmt"

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
	entries, err := l.readPart(p)
	if err != nil {
		return false, fmt.Errorf("index part %s of %s: %w", p.Name, p.Log, err)
	}
	l.mu.Lock()
	t := l.tenants[p.Log.Tenant]
	l.mu.Unlock()
	// A crash here, or later, leaves the old index or the new one, both whole.
	x, err := l.makeIndex(t, p, entries)
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
