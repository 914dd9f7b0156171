package ledger

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/hansardhq/hansard/internal/part"
)

// unlinkParts removes superseded parts once no reader holds them. It does not wait for
// that; lockUnlinked does. sealMu is held.
func (l *Ledger) unlinkParts(lg *log, removed []part.Info, wait func()) {
	if len(removed) == 0 {
		return
	}
	done := make(chan struct{})
	l.mu.Lock()
	before := lg.leaving
	lg.leaving = done
	l.mu.Unlock()
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		defer close(done)
		wait()
		for _, p := range removed {
			if err := l.removePart(p); err != nil {
				l.cfg.Logger.Warn("a superseded part stays until the next start", "part", p.Name.String(), "error", err)
			}
		}
		// A power cut brings them back, and the next start removes them: no sync is
		// needed here. A prune and an erasure, which say on record that nothing is
		// left, sync the folders of all dates that these may lie in.
		if before != nil {
			<-before
		}
	}()
}

// lockUnlinked locks sealMu when no reader holds a part of the log that another one
// has superseded, and all of those are unlinked. A prune and an erasure wait for it:
// what is superseded holds the same entries.
func (l *Ledger) lockUnlinked(lg *log) {
	for {
		l.sealMu.Lock()
		l.mu.Lock()
		done := lg.leaving
		l.mu.Unlock()
		if done == nil {
			return
		}
		select {
		case <-done:
			return
		default:
		}
		l.sealMu.Unlock() // a seal need not wait for readers
		<-done
	}
}

// syncDates makes durable what came or went in the folders of the parts' dates.
func (l *Ledger) syncDates(parts []part.Info) error {
	dirs := map[string]bool{}
	for _, p := range parts {
		dirs[filepath.Dir(p.Path(l.cfg.Dir))] = true
	}
	for dir := range dirs {
		// A folder that is not there went with all that was in it.
		if err := l.cfg.FS.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// removePart unlinks a part and what lies beside it, the part first: the rest
// without its part is removed at the next start.
func (l *Ledger) removePart(p part.Info) error {
	path := p.Path(l.cfg.Dir)
	if err := l.cfg.FS.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // with what is beside it
	}
	// A crash here leaves files beside no part, which the next start removes. A
	// power cut may also bring back the part without them.
	return l.removeBeside(path)
}
