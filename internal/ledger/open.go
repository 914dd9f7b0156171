package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/proof"
)

// Open opens the data folder for writing, making it if it is new, and recovers
// what a crash left behind. Only one process may have it open.
func Open(cfg Config) (*Ledger, error) {
	cfg.setDefaults()
	l := &Ledger{
		cfg: cfg, layout: layout{cfg.FS, cfg.Dir}, enc: part.NewEncoder(), keys: cfg.Keys,
		requests: make(chan *request, 1024), pending: make(chan struct{}),
		sealNow: make(chan struct{}, 1), stop: make(chan struct{}), sealed: make(chan struct{}), tenants: map[string]*tenant{}, keeping: map[string]*keeping{}, erasedTo: map[string]string{},
	}
	l.rowLeaves = l.enc.NewRowLeaves()
	l.wall.last, l.wall.since = cfg.Now(), cfg.Elapsed()
	if err := cfg.FS.MkdirAll(cfg.Dir); err != nil {
		return nil, openError(cfg.Dir, err)
	}
	unlock, err := cfg.FS.Lock(l.layout.lock(), true)
	if err != nil {
		return nil, openError(cfg.Dir, err)
	}
	l.unlock = unlock
	if err := l.open(); err != nil {
		return nil, errors.Join(openError(cfg.Dir, err), unlock())
	}
	l.start()
	l.check("stating a clock jump failed", l.stateClockBack())
	return l, nil
}

// openError tells the user what to do about a folder that does not open.
func openError(dir string, err error) error {
	switch {
	case errors.Is(err, durable.ErrLocked):
		err := hansard.Errorf(hansard.KindBusy, "open %s: another process has it open", dir)
		return hansard.WithHint(err, "ask the running server (--server), or stop it first")
	case errors.Is(err, fs.ErrPermission):
		err := hansard.Errorf(hansard.KindDenied, "open %s: %w", dir, err)
		return hansard.WithHint(err, "run as the owner of the folder and of its key folder, and make both writable")
	case errors.Is(err, syscall.EROFS):
		err := hansard.Errorf(hansard.KindDenied, "open %s: %w", dir, err)
		return hansard.WithHint(err, "a server has to write: mount the disk writable; to read only, use the other verbs with --data")
	case errors.Is(err, syscall.ENOTDIR):
		err := hansard.Errorf(hansard.KindInvalid, "open %s: %w", dir, err)
		return hansard.WithHint(err, "the data folder is a folder; name another one with --data")
	case durable.TooManyFiles(err):
		return hansard.WithHint(fmt.Errorf("open %s: %w", dir, err), "raise the limit of open files (ulimit -n, or LimitNOFILE of its unit)")
	case durable.NoSpace(err):
		return hansard.WithHint(fmt.Errorf("open %s: %w", dir, err), "make room on the disk of the data folder and start again; nothing that was recorded is lost")
	}
	return fmt.Errorf("open %s: %w", dir, err)
}

func (l *Ledger) open() error {
	if err := l.openKeys(); err != nil {
		return err
	}
	for _, dir := range []string{l.layout.journal(), l.layout.tenants()} {
		if err := l.cfg.FS.MkdirAll(dir); err != nil {
			return err
		}
	}
	if err := l.syncFolders(); err != nil {
		return err
	}
	if err := l.openLogs(); err != nil {
		return err
	}
	replayed, err := l.openJournal()
	if err != nil {
		return err
	}
	// Up to here a start that is refused has changed nothing.
	if err := l.checkCheckpoints(); err != nil {
		return err
	}
	if len(replayed.files) > 0 { // no graceful stop
		if err := l.syncNames(); err != nil {
			return err
		}
	}
	if err := l.removeSuperseded(); err != nil {
		return err
	}
	if err := l.removeExpired(); err != nil {
		return err
	}
	if err := replayed.rewrite(); err != nil {
		return err
	}
	for _, t := range l.tenants {
		if err := l.loadIDs(t); err != nil {
			return err
		}
		for _, lg := range t.logs {
			if l.cfg.Follower != nil {
				l.cfg.Follower.Load(lg.id, lg.parts, rowsOf(lg.fresh))
			}
		}
	}
	return nil
}

// loadIDs fills the filter of a tenant's ids. An index whose ids are damaged is
// made anew.
func (l *Ledger) loadIDs(t *tenant) error {
	for range len(t.dedup.sealed) + 1 {
		err := t.dedup.rebuild()
		var damaged damagedIDs
		if !errors.As(err, &damaged) {
			return err
		}
		p := damaged.part
		l.cfg.Logger.Warn("making an index anew", "part", p.Name.String(), "log", p.Log.String(), "reason", damaged.error)
		entries, err := l.readPart(p)
		if err != nil {
			return err
		}
		x, err := l.makeIndex(t, p, entries)
		if err != nil {
			return err
		}
		l.reindexed(t, t.logs[p.Log.Tier], x.Info)
	}
	return hansard.Errorf(hansard.KindCorrupt, "the indexes of parts are damaged again and again")
}

// openKeys reads the server's name, or gives it one, and opens the key ring.
func (l *Ledger) openKeys() error {
	name, err := l.layout.readName()
	if errors.Is(err, fs.ErrNotExist) {
		name, err = l.newName()
	}
	if err != nil {
		return err
	}
	if l.keys == nil {
		if l.keys, err = keys.Open(l.cfg.FS, l.cfg.KeyDir, name); err != nil {
			return err
		}
	}
	return nil
}

// newName names a new data folder. The name is in every origin, so no two
// installations may share it by chance.
func (l *Ledger) newName() (string, error) {
	logs, err := l.layout.logs()
	if err != nil {
		return "", err
	}
	if len(logs) > 0 {
		return "", hansard.Errorf(hansard.KindCorrupt, "the FORMAT file is missing, but there are logs")
	}
	name := l.cfg.Name
	if name == "" {
		var b [4]byte
		rand.Read(b[:])
		name = "hansard-" + hex.EncodeToString(b[:])
	}
	if strings.ContainsAny(name, " +\n\t") {
		return "", hansard.Errorf(hansard.KindInvalid, "name %q: no spaces and no +", name)
	}
	return name, l.layout.writeName(name)
}

func (l *Ledger) openLogs() error {
	ids, err := l.layout.logs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		t, err := l.tenant(id.Tenant)
		if err != nil {
			return err
		}
		if t.logs[id.Tier], err = l.openLog(t, id); err != nil {
			return fmt.Errorf("log %s: %w", id, err)
		}
	}
	return nil
}

// tenant returns the tenant, making its keys if it is new. l.mu is held, or the
// ledger is not open yet.
func (l *Ledger) tenant(name string) (*tenant, error) {
	if t := l.tenants[name]; t != nil {
		return t, nil
	}
	existing, err := l.layout.list(filepath.Join(l.layout.tenants(), name))
	if err != nil {
		return nil, err
	}
	pseudonyms, err := l.keys.Pseudonyms(name, len(existing) == 0)
	if err != nil {
		return nil, err
	}
	t := &tenant{name: name, logs: map[hansard.Tier]*log{}, dedup: newDedup(l.cfg.FS), pseudonyms: pseudonyms, fingerprint: classify.NewFingerprintKey(keys.FingerprintKey(pseudonyms))}
	l.tenants[name] = t
	return t, nil
}

// Pseudonyms returns the tenant's pseudonym keys and the key of its
// fingerprints, making the tenant's keys if it is new.
func (l *Ledger) Pseudonyms(tenantName string) (redact.Keys, *classify.FingerprintKey, error) {
	if !TenantPattern.MatchString(tenantName) {
		return redact.Keys{}, nil, hansard.Errorf(hansard.KindInvalid, "tenant %q: want 1 to 63 of a-z, 0-9 and -", tenantName)
	}
	l.mu.Lock()
	t, err := l.tenant(tenantName)
	l.mu.Unlock()
	if err := l.disk(err); err != nil {
		return redact.Keys{}, nil, err
	}
	return t.pseudonyms, t.fingerprint, nil
}

// newLog makes the key and the folder of a log. A crash in the middle leaves a
// key without a log, which the next attempt uses, or an empty log.
func (l *Ledger) newLog(id hansard.LogID) (*log, error) {
	_, vkey, err := l.keys.LogSigner(id, true)
	if err != nil {
		return nil, err
	}
	if err := l.cfg.FS.MkdirAll(l.layout.log(id)); err != nil {
		return nil, err
	}
	if err := l.writeVKey(id, vkey); err != nil {
		return nil, err
	}
	return l.openLog(l.tenants[id.Tenant], id)
}

func (l *Ledger) writeVKey(id hansard.LogID, vkey string) error {
	return durable.WriteFile(l.cfg.FS, l.layout.vkey(id), func(w io.Writer) error {
		_, err := io.WriteString(w, vkey+"\n")
		return err
	})
}

// openLog loads a log from its folder.
func (l *Ledger) openLog(t *tenant, id hansard.LogID) (*log, error) {
	_, missing := durable.ReadFile(l.cfg.FS, l.layout.vkey(id), 4096)
	_, unsigned := durable.ReadFile(l.cfg.FS, l.layout.checkpoint(id), 1<<16)
	begun := !errors.Is(missing, fs.ErrNotExist) || !errors.Is(unsigned, fs.ErrNotExist)
	signer, vkey, err := l.keys.LogSigner(id, !begun)
	if err != nil {
		return nil, err
	}
	if errors.Is(missing, fs.ErrNotExist) { // a crash before it was written
		if err := l.writeVKey(id, vkey); err != nil {
			return nil, err
		}
	}
	lg := &log{id: id, signer: signer, vkey: vkey, tiles: tileStore{l.cfg.FS, l.layout.tiles(id)}}
	if err := l.loadParts(t, lg); err != nil {
		return nil, err
	}
	if lg.tree, err = treeAt(lg.sealedEnd, lg.tiles.hash); err != nil {
		if err := l.rebuildTiles(lg); err != nil {
			return nil, err
		}
		if lg.tree, err = treeAt(lg.sealedEnd, lg.tiles.hash); err != nil {
			return nil, err
		}
	}
	return lg, l.loadTail(t, lg)
}

// loadParts finds the live parts and what their indexes say of them. Unfinished
// files that a crash left behind are removed; superseded parts stay until the
// start is certain.
func (l *Ledger) loadParts(t *tenant, lg *log) error {
	if err := l.removeUnfinished(lg.id); err != nil {
		return err
	}
	var err error
	if lg.min, err = l.layout.readMinimum(lg.id, l.keys.Name(), lg.vkey); err != nil {
		return err
	}
	lg.sealedEnd = lg.min.Index
	live, superseded, _, err := l.layout.partsFrom(lg.id, lg.min)
	if err != nil {
		return err
	}
	lg.superseded = superseded
	for _, p := range live {
		if p.Name.First != lg.sealedEnd {
			return hansard.Errorf(hansard.KindCorrupt, "entries %d to %d are in no part", lg.sealedEnd, p.Name.First-1)
		}
		x, err := l.loadIndex(t, p)
		if err != nil {
			return fmt.Errorf("part %s: %w", p.Name, err)
		}
		lg.parts = append(lg.parts, x)
		lg.sealedEnd = p.Name.End
		t.next = max(t.next, x.LastPosition+1)
		t.lastReceived = max(t.lastReceived, x.LastReceived)
		t.dedup.sealed = append(t.dedup.sealed, newIDFile(l.cfg.Dir, x))
	}
	return nil
}

// removeUnfinished removes temporary files, and indexes and notes without their
// part.
func (l *Ledger) removeUnfinished(id hansard.LogID) error {
	dates, err := l.layout.list(l.layout.parts(id))
	if err != nil {
		return err
	}
	for _, date := range dates {
		dir := filepath.Join(l.layout.parts(id), date)
		names, err := l.layout.list(dir)
		if err != nil {
			return err
		}
		have := map[string]bool{}
		for _, n := range names {
			have[n] = true
		}
		for _, n := range names {
			owner, isIndex := strings.CutSuffix(n, IndexSuffix)
			noted, isNote := strings.CutSuffix(n, NoteSuffix)
			if strings.HasSuffix(n, durable.TempSuffix) || isIndex && !have[owner] || isNote && !have[noted] {
				if err := l.cfg.FS.Remove(filepath.Join(dir, n)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// loadTail reads the entries of the last, unfinished bundle, which the next
// seal writes again.
func (l *Ledger) loadTail(t *tenant, lg *log) error {
	if lg.sealedEnd%tileWidth == 0 {
		return nil
	}
	last := lg.parts[len(lg.parts)-1]
	entries, err := l.readPart(last)
	if err != nil {
		return fmt.Errorf("part %s: %w", last.Name, err)
	}
	lg.tail, err = l.itemsFor(t, last, entries[len(entries)-int(lg.sealedEnd%tileWidth):])
	return err
}

// checkCheckpoints refuses to go on from less than what was published, or from
// something else.
func (l *Ledger) checkCheckpoints() error {
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			if err := l.checkCheckpoint(lg); err != nil {
				return fmt.Errorf("log %s: %w", lg.id, err)
			}
		}
	}
	return nil
}

func (l *Ledger) checkCheckpoint(lg *log) error {
	signed, err := durable.ReadFile(l.cfg.FS, l.layout.checkpoint(lg.id), 1<<16)
	if errors.Is(err, fs.ErrNotExist) && lg.sealedEnd == 0 {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return unsignedParts(lg, 0)
	}
	if err != nil {
		return err
	}
	v, err := note.NewVerifier(lg.vkey)
	if err != nil {
		return err
	}
	c, err := proof.OpenCheckpoint(signed, v)
	if err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "%w", err)
	}
	if uint64(c.Size) < lg.sealedEnd {
		return unsignedParts(lg, uint64(c.Size))
	}
	hint := "run hansard verify on the folder; restore it from a backup, or keep it for forensics and start a new one"
	if uint64(c.Size) > lg.tree.size {
		err := hansard.Errorf(hansard.KindCorrupt, "a checkpoint covers %d entries, but only %d are there", c.Size, lg.tree.size)
		return hansard.WithHint(err, hint)
	}
	root, err := lg.hashes().root(uint64(c.Size))
	if err != nil {
		return err
	}
	if root != c.Root {
		err := hansard.Errorf(hansard.KindCorrupt, "the first %d entries are not those that the checkpoint covers", c.Size)
		return hansard.WithHint(err, hint)
	}
	lg.signed, lg.checkpoint = proofPoint{uint64(c.Size), root}, signed
	return nil
}

// unsignedParts says that parts hold entries that no checkpoint covers. A part
// gets its name only after a checkpoint over it is on the disk, so this is an
// older checkpoint put back.
func unsignedParts(lg *log, signed uint64) error {
	err := hansard.Errorf(hansard.KindCorrupt, "%d entries are in parts, but the checkpoint covers %d", lg.sealedEnd, signed)
	return hansard.WithHint(err, "run hansard verify on the folder; restore it from a backup, or keep it for forensics and start a new one")
}

// removeSuperseded unlinks parts that others cover, once those are known to be
// what was written.
func (l *Ledger) removeSuperseded() error {
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			for _, p := range lg.superseded {
				if err := l.checkCovering(lg, p); err != nil {
					return fmt.Errorf("log %s: %w", lg.id, err)
				}
				if err := l.removePart(p); err != nil {
					return err
				}
			}
			if err := l.syncDates(lg.superseded); err != nil {
				return err
			}
			lg.superseded = nil
		}
	}
	return nil
}

// checkCovering checks the bytes of the live parts that cover p.
func (l *Ledger) checkCovering(lg *log, p part.Info) error {
	for _, q := range lg.parts {
		if !q.Name.Covers(p.Name) {
			continue
		}
		sum, _, err := hashFile(l.cfg.FS, q.Path(l.cfg.Dir))
		if err != nil {
			return err
		}
		if sum != q.SHA256 {
			err := hansard.Errorf(hansard.KindCorrupt, "part %s is damaged; part %s, which it was to replace, is kept", q.Name, p.Name)
			return hansard.WithHint(err, "run hansard verify on the folder")
		}
	}
	return nil
}

func rowsOf(items []*sealable) []*part.Row {
	rows := make([]*part.Row, len(items))
	for i, it := range items {
		rows[i] = &it.Row
	}
	return rows
}
