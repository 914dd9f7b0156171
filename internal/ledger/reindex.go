package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/part"
)

// Reindexed says what a reindex did.
type Reindexed struct {
	Parts   int
	Entries int64 // of the parts, those of an earlier run that was interrupted among them
	Skipped int64 // entries of parts that an interrupted run had done
	Made    int   // files that were missing or wrong, and were made anew
}

// Reindex makes everything that is derived from the parts of a data folder anew:
// the indexes beside them (from all columns: an index holds fingerprints of what
// was submitted), and the tiles (from the leaves that the rows render to). What
// is as it should be is left alone. No server may run; a running one does the
// same with StartReindex. A run that is interrupted goes on where it was.
//
// The parts are the record, and tiles are made to fit them only where the tiles
// are damaged: rows that differ from sound tiles, or that do not make the root of
// the checkpoint, were tampered with, and are an error.
func Reindex(ctx context.Context, cfg Config, progress func(done, total int64)) (Reindexed, error) {
	return reindexOffline(ctx, cfg, saveEvery, progress)
}

func reindexOffline(ctx context.Context, cfg Config, every int64, progress func(done, total int64)) (Reindexed, error) {
	cfg.setDefaults()
	l := &Ledger{cfg: cfg, layout: layout{cfg.FS, cfg.Dir}, enc: part.NewEncoder(), keys: cfg.Keys, tenants: map[string]*tenant{}}
	unlock, err := cfg.FS.Lock(l.layout.lock(), true)
	if err != nil {
		return Reindexed{}, openError(cfg.Dir, err)
	}
	out, err := l.reindexFolder(ctx, every, progress)
	return out, errors.Join(err, unlock())
}

func (l *Ledger) reindexFolder(ctx context.Context, every int64, progress func(done, total int64)) (out Reindexed, err error) {
	name, err := l.layout.readName()
	if err != nil {
		return out, openError(l.cfg.Dir, err)
	}
	if l.keys == nil {
		if l.keys, err = keys.Open(l.cfg.FS, l.cfg.KeyDir, name); err != nil {
			return out, err
		}
	}
	ids, err := l.layout.logs()
	if err != nil {
		return out, err
	}
	run := &reindexing{l: l, every: every, progress: progress, record: record{}, rooted: map[hansard.LogID]uint64{}}
	for _, id := range ids {
		live, _, _, err := l.keptParts(id)
		if err != nil {
			return out, err
		}
		run.parts = append(run.parts, live...)
		if c, err := l.layout.readCheckpoint(id); err == nil && len(live) > 0 && uint64(c.Size) <= live[len(live)-1].Name.End {
			run.rooted[id] = uint64(c.Size)
		}
		if id.Tier == hansard.TierMeta {
			run.record.read(statementSource{fs: l.cfg.FS, dir: l.cfg.Dir, enc: l.enc, parts: live})
		}
	}
	run.install = run.installFile
	if err := run.run(ctx); err != nil {
		return run.out, err
	}
	for _, id := range ids {
		if err := l.checkReindexed(id); err != nil {
			return run.out, err
		}
	}
	return run.out, nil
}

// checkReindexed cuts what is beyond the sealed entries off the tiles, and holds
// them against the log's checkpoint, where that covers no entry of the journal.
func (l *Ledger) checkReindexed(id hansard.LogID) error {
	live, _, _, err := l.keptParts(id)
	if err != nil || len(live) == 0 {
		return err
	}
	end := live[len(live)-1].Name.End
	store := tileStore{l.cfg.FS, l.layout.tiles(id)}
	if err := store.trim(end); err != nil {
		return err
	}
	c, err := l.layout.readCheckpoint(id)
	if err != nil || uint64(c.Size) > end {
		return nil // what is wrong with a checkpoint, verification says
	}
	t, err := treeAt(uint64(c.Size), store.hash)
	if err == nil && t.root() != c.Root {
		err = tampered(id, fmt.Sprintf("the first %d entries are not those that the checkpoint covers", c.Size))
	}
	return err
}

// keptParts lists the parts of a log from its minimum on.
func (l *Ledger) keptParts(id hansard.LogID) (live, superseded, expired []part.Info, err error) {
	vkey, err := durable.ReadFile(l.cfg.FS, l.layout.vkey(id), 4096)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, err
	}
	m, err := l.layout.readMinimum(id, l.keys.Name(), trimLine(vkey))
	if err != nil {
		return nil, nil, nil, err
	}
	return l.layout.partsFrom(id, m)
}

func tampered(id hansard.LogID, what string) error {
	err := hansard.Errorf(hansard.KindCorrupt, "log %s: %s", id, what)
	return hansard.WithHint(err, "run hansard verify on the folder; restore it from a backup, or keep it for forensics")
}

// reindexing is one run over parts.
type reindexing struct {
	l        *Ledger
	parts    []part.Info
	every    int64                   // entries after which it notes where it is
	progress func(done, total int64) // may be nil
	// install puts what was made for a part in its place, if the part is still
	// there.
	install func(d *derivation) error
	record  record // the parts whose bytes are on record
	// rooted is up to which entry of each log the tiles are held against a checkpoint
	// at the end.
	rooted map[hansard.LogID]uint64

	done  map[hansard.LogID]uint64 // entries below this, by an interrupted run too
	stuck map[hansard.LogID]bool   // a part of the log is bad
	bad   error                    // which parts are, and why
	gone  []part.Info              // replaced by other parts meanwhile
	out   Reindexed
}

// errGone says that other parts have replaced a part.
var errGone = errors.New("the part is gone")

// derivation is what is derived from one part.
type derivation struct {
	p    part.Info
	rows *scanned
	err  error
}

// saveEvery is how many entries a run works on before it notes where it is: what a
// kill costs the next one.
const saveEvery = 1 << 20

func (r *reindexing) run(ctx context.Context) error {
	scanners, err := newScanners(r.l.cfg.FS, r.l.cfg.Dir, r.l.enc)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, p := range r.parts {
		total += int64(p.Name.End - p.Name.First)
	}
	if r.stuck = map[hansard.LogID]bool{}; r.done == nil {
		r.done = r.l.layout.readReindex()
	}
	todo := slices.DeleteFunc(slices.Clone(r.parts), r.isDone)
	next, stop := inOrder(scanners, len(todo), func(s *scanner, i int) *derivation { return r.derive(s, todo[i]) })
	saved := r.out.Entries
	for range todo {
		d := next()
		if err = ctx.Err(); err == nil {
			err = r.take(d)
		}
		if err != nil {
			stop()
			return errors.Join(err, r.l.layout.writeReindex(r.done))
		}
		if r.progress != nil {
			r.progress(r.out.Entries, total)
		}
		if r.out.Entries-saved >= r.every {
			saved = r.out.Entries
			if err := r.l.layout.writeReindex(r.done); err != nil {
				stop()
				return err
			}
		}
	}
	return errors.Join(r.bad, r.l.layout.removeReindex())
}

// isDone counts the part if an interrupted run had done it.
func (r *reindexing) isDone(p part.Info) bool {
	if p.Name.End > r.done[p.Log] {
		return false
	}
	n := int64(p.Name.End - p.Name.First)
	r.out.Parts++
	r.out.Entries += n
	r.out.Skipped += n
	return true
}

// derive scans a part. It changes nothing.
func (r *reindexing) derive(s *scanner, p part.Info) *derivation {
	d := &derivation{p: p}
	key, err := r.l.fingerprintKey(p.Log.Tenant)
	if err != nil {
		d.err = err
		return d
	}
	sum, size, err := s.hash(p)
	if err == nil {
		s.bare = p.Name.End <= r.rooted[p.Log] && r.record.has(p, sum) && r.l.tilesOf(p.Log).complete(p.Name.First, p.Name.End)
		d.rows, err = s.scan(p, key)
	}
	if err == nil {
		d.rows.index.SHA256, d.rows.index.Bytes = sum, size
		err = r.checkDate(d)
	}
	d.err = err
	return d
}

func (l *Ledger) tilesOf(id hansard.LogID) tileStore {
	return tileStore{l.cfg.FS, l.layout.tiles(id)}
}

func (r *reindexing) checkDate(d *derivation) error {
	if d.rows.index.Date != d.p.Date {
		return hansard.Errorf(hansard.KindCorrupt, "it lies in the folder of %s, its last entry is of %s", d.p.Date, d.rows.index.Date)
	}
	return nil
}

// fingerprintKey returns the key of a tenant's fingerprints.
func (l *Ledger) fingerprintKey(tenantName string) (*classify.FingerprintKey, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := l.tenant(tenantName)
	if err != nil {
		return nil, err
	}
	return t.fingerprint, nil
}

// take installs what was derived from a part.
func (r *reindexing) take(d *derivation) error {
	err := d.err
	if err == nil {
		err = r.install(d)
	}
	if errors.Is(err, errGone) || errors.Is(err, fs.ErrNotExist) && r.l.requests != nil {
		r.gone = append(r.gone, d.p)
		return nil
	}
	if err != nil {
		err = fmt.Errorf("part %s of %s: %w", d.p.Name, d.p.Log, err)
		if d.err == nil && hansard.KindOf(err) != hansard.KindCorrupt {
			return err // the disk: nothing more can be written
		}
		r.bad = errors.Join(r.bad, err)
		r.stuck[d.p.Log] = true
		return nil // what is good beside it is still made
	}
	r.out.Parts++
	r.out.Entries += int64(d.p.Name.End - d.p.Name.First)
	if !r.stuck[d.p.Log] {
		r.done[d.p.Log] = max(r.done[d.p.Log], d.p.Name.End)
	}
	return nil
}

// installFile writes the part's index and its stretch of the tiles, where they
// are not as they should be.
func (r *reindexing) installFile(d *derivation) error {
	_, err := r.installDerived(d)
	return err
}

// installDerived does the same and reports whether the index was another one.
func (r *reindexing) installDerived(d *derivation) (changed bool, err error) {
	l := r.l
	path := d.p.Path(l.cfg.Dir)
	old, err := durable.ReadFile(l.cfg.FS, path+IndexSuffix, maxIndex)
	if err == nil && d.rows.lacksPrints() {
		if x, err := part.ParseIndex(old); err == nil {
			d.rows.takePrints(x)
		}
	}
	// The bytes of an index depend on it alone.
	if err != nil || !bytes.Equal(old, d.rows.index.Append(nil)) {
		if err := l.writeIndex(path, d.rows.index); err != nil {
			return false, err
		}
		changed = true
		r.out.Made++
	}
	if d.rows.leaves == nil {
		return changed, nil // the tiles are sound
	}
	made, err := l.tilesOf(d.p.Log).mend(d.p.Name.First, d.rows.leaves)
	r.out.Made += made
	var bad *badTile
	if errors.As(err, &bad) {
		return changed, tampered(d.p.Log, fmt.Sprintf("entry %d is not the one that was committed", bad.entry))
	}
	return changed, err
}
