package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
)

// RollupFile is a file with what the entries of one date came to that were pruned.
// It cannot be made anew, so its hash is in the statement of the prune.
type RollupFile struct {
	Log    hansard.LogID
	Name   string // "2006-01-02.FIRST-END.ndjson.zst"
	SHA256 hansard.Hash
}

// Date returns the date of receipt of the entries, "2006-01-02".
func (r RollupFile) Date() string { return r.Name[:min(len(r.Name), len("2006-01-02"))] }

// end returns the index after the last of the entries.
func (r RollupFile) end() uint64 {
	n := strings.TrimSuffix(r.Name, ".ndjson.zst")
	end, _ := strconv.ParseUint(n[strings.LastIndexByte(n, '-')+1:], 10, 64)
	return end
}

// maxRollup bounds the size of a roll-up's file.
const maxRollup = 64 << 20

var rollupPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}\.\d{12}-\d{12}\.ndjson\.zst$`)

func (l layout) rollups(id hansard.LogID) string { return filepath.Join(l.log(id), "rollups") }

func (l layout) rollup(f RollupFile) string { return filepath.Join(l.rollups(f.Log), f.Name) }

// WriteRollup keeps what the entries of a date come to, before they are pruned. One
// that is there already stays: the entries were the same.
func (l *Ledger) WriteRollup(id hansard.LogID, d PruneDate, write func(io.Writer) error) (RollupFile, error) {
	f := RollupFile{Log: id, Name: fmt.Sprintf("%s.%012d-%012d.ndjson.zst", d.Date, d.First, d.End)}
	path := l.layout.rollup(f)
	var err error
	if f.SHA256, _, err = hashFile(l.cfg.FS, path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err = l.cfg.FS.MkdirAll(filepath.Dir(path)); err == nil {
		// A crash leaves a file that no statement names. The prune that follows
		// finds it and states it.
		err = durable.WriteFile(l.cfg.FS, path, write)
	}
	if err == nil {
		f.SHA256, _, err = hashFile(l.cfg.FS, path)
	}
	if err != nil {
		return f, fmt.Errorf("write roll-up %s of %s: %w", f.Name, id, l.ifSynced(err))
	}
	return f, nil
}

// ReadRollup returns the bytes of a roll-up, checked against what is on record.
func (l *Ledger) ReadRollup(f RollupFile) ([]byte, error) { return l.layout.readRollup(f) }

// ReadRollup returns the bytes of a roll-up, checked against what is on record.
func (r *Reader) ReadRollup(f RollupFile) ([]byte, error) { return r.layout.readRollup(f) }

func (l layout) readRollup(f RollupFile) ([]byte, error) {
	path := l.rollup(f)
	b, err := durable.ReadFile(l.fs, path, maxRollup)
	if err != nil {
		return nil, fmt.Errorf("roll-up %s of %s: %w", f.Name, f.Log, err)
	}
	if sum, _, err := hashFile(l.fs, path); err != nil || sum != f.SHA256 {
		err := hansard.Errorf(hansard.KindCorrupt, "roll-up %s of %s is not the one that was put on record", f.Name, f.Log)
		return nil, hansard.WithHint(err, "run hansard verify on the folder")
	}
	return b, nil
}

// ExpireRollups removes a tenant's roll-ups of dates before the given one, of logs on
// which no hold stands: the statement first, then the files. It returns how many.
func (l *Ledger) ExpireRollups(tenantName, before string) (int, error) {
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	k, err := l.keepingOf(tenantName)
	if err != nil {
		return 0, err
	}
	if k.jump != nil {
		return 0, nil // no date can be relied on
	}
	n := 0
	for tier, p := range k.logs {
		id := hansard.LogID{Tenant: tenantName, Tier: tier}
		if k.hold(tier) != nil {
			continue
		}
		var names []string
		for _, r := range p.rollups {
			if (RollupFile{Name: r.Name}).Date() < before && len(names) < 500 { // a statement has bounds
				names = append(names, r.Name)
			}
		}
		if len(names) > 0 {
			if err := l.State(tenantName, kindRollupsExpired, map[string]any{"log": id.String(), "names": names}); err != nil {
				return n, err
			}
		}
		n += len(names)
	}
	if k, err = l.keepingOf(tenantName); err != nil {
		return n, err
	}
	return n, l.removeUnstated(tenantName, k, before)
}

// removeUnstated removes the files of roll-ups of dates before the given one that are
// not on record any more. A crash after their statement left them.
func (l *Ledger) removeUnstated(tenantName string, k *keeping, before string) error {
	for tier, p := range k.logs {
		id := hansard.LogID{Tenant: tenantName, Tier: tier}
		names, err := l.layout.list(l.layout.rollups(id))
		if err != nil {
			return err
		}
		stated := map[string]bool{}
		for _, r := range p.rollups {
			stated[r.Name] = true
		}
		removed := false
		for _, name := range names {
			f := RollupFile{Log: id, Name: name}
			if stated[name] || f.Date() >= before || !rollupPattern.MatchString(name) {
				continue
			}
			if err := l.cfg.FS.Remove(l.layout.rollup(f)); err != nil {
				return err
			}
			removed = true
		}
		if removed {
			if err := l.ifSynced(l.cfg.FS.SyncDir(l.layout.rollups(id))); err != nil {
				return err
			}
		}
	}
	return nil
}
