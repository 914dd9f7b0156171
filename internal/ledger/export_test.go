package ledger

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// MaxBody is the most that one commit may hold, in bytes.
const MaxBody = maxBody

// Freeze keeps the sealer and the publisher from changing the folder until the
// returned function is called. Locks are taken in the order of publish1.
func (l *Ledger) Freeze() func() {
	l.sealMu.Lock()
	var logs []*log
	l.mu.Lock()
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			logs = append(logs, lg)
		}
	}
	l.mu.Unlock()
	for _, lg := range logs {
		lg.publishing.Lock()
	}
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		for _, lg := range logs {
			lg.publishing.Unlock()
		}
		l.sealMu.Unlock()
	}
}

// SealOnly seals one log, as the sealer does when no other is due.
func (l *Ledger) SealOnly(id hansard.LogID) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	lg, err := l.log(id)
	if err != nil {
		return err
	}
	if err := l.sealLog(lg, true, false); err != nil {
		return err
	}
	return l.freeJournal(false)
}

// CommitTogether commits requests of a tenant as one group, as the committer does
// with what arrived while it waited for the disk. Nothing else may be under way.
func (l *Ledger) CommitTogether(tenant string, requests ...[]classify.Record) []error {
	var group []*request
	for _, records := range requests {
		group = append(group, &request{tenant: tenant, records: records, done: make(chan struct{})})
	}
	l.commit(group)
	errs := make([]error, len(group))
	for i, r := range group {
		errs[i] = r.err
	}
	return errs
}

// Forge edits entries of a closed log and makes its parts, indexes and tiles fit,
// as somebody would who may write to the data folder and has no key. It returns
// the new SHA-256 of each part that it changed, by the part's name.
func Forge(dir string, id hansard.LogID, edit func(*hansard.Entry) bool) (map[string]string, error) {
	return ForgeIn(durable.OS{}, dir, id, edit)
}

// ForgeIn is Forge in any file system.
func ForgeIn(fsys durable.FS, dir string, id hansard.LogID, edit func(*hansard.Entry) bool) (map[string]string, error) {
	lay := layout{fsys, dir}
	live, _, err := lay.partFiles(id)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	var leaves []tlog.Hash
	for _, p := range live {
		entries, sum, err := ForgePart(fsys, dir, p, edit)
		if err != nil {
			return nil, err
		}
		if sum != "" {
			sums[p.Name.String()] = sum
		}
		leaves = append(leaves, leafHashes(entries)...)
	}
	return sums, ForgeTiles(fsys, dir, id, leaves)
}

// ForgeTiles makes a log's tiles anew from leaf hashes.
func ForgeTiles(fsys durable.FS, dir string, id hansard.LogID, leaves []tlog.Hash) error {
	store := tileStore{fsys, layout{fsys, dir}.tiles(id)}
	if err := store.trim(0); err != nil {
		return err
	}
	return store.append(0, leaves, nil)
}

// LivePart is a part that counts, of the log's parts in the order of indexes.
func LivePart(fsys durable.FS, dir string, id hansard.LogID) ([]part.Info, error) {
	live, _, err := layout{fsys, dir}.partFiles(id)
	return live, err
}

// ReadPart returns the entries of a part.
func ReadPart(fsys durable.FS, dir string, p part.Info) ([]*hansard.Entry, error) {
	return readPart(fsys, part.NewEncoder(), p.Path(dir), p)
}

// ForgePart writes a part anew if edit changed an entry of it.
func ForgePart(fsys durable.FS, dir string, p part.Info, edit func(*hansard.Entry) bool) ([]*hansard.Entry, string, error) {
	enc, path := part.NewEncoder(), p.Path(dir)
	entries, err := readPart(fsys, enc, path, p)
	if err != nil {
		return nil, "", err
	}
	old, err := readIndex(fsys, path+IndexSuffix)
	if err != nil {
		return nil, "", err
	}
	changed := false
	ids := make([]part.ID, len(entries))
	for i, e := range entries {
		if edit(e) {
			changed, e.LeafHash = true, part.HashLeaf(enc.AppendLeaf(nil, e))
		}
		ids[i].Event = part.EventHash(e.EventID)
		ids[i].Fingerprint, _ = old.Find(ids[i].Event)
	}
	if !changed {
		return entries, "", nil
	}
	err = durable.WriteFile(fsys, path, func(w io.Writer) error { return enc.Write(w, entries) })
	if err != nil {
		return nil, "", err
	}
	x := part.NewIndex(p.Name, entries, ids)
	if len(old.Texts) > 0 {
		if err := x.AddRowTexts(enc, enc.RowsOf(entries)); err != nil {
			return nil, "", err
		}
	}
	return entries, x.SHA256.String(), ForgeIndex(fsys, path, x)
}

// ForgeIndex writes an index that names the bytes of its part as they are.
func ForgeIndex(fsys durable.FS, path string, x *part.Index) (err error) {
	if x.SHA256, x.Bytes, err = hashFile(fsys, path); err != nil {
		return err
	}
	return durable.WriteFile(fsys, path+IndexSuffix, func(w io.Writer) error {
		_, err := w.Write(x.Append(nil))
		return err
	})
}

// LeafHashes returns the leaf hashes of entries.
func LeafHashes(entries []*hansard.Entry) []tlog.Hash { return leafHashes(entries) }

// Frame is a commit in a journal file.
type Frame struct {
	At     int64
	Commit uint64
	Body   []byte
	Sig    []byte
	Signed uint64
}

// Frames returns the commits of a journal file.
func Frames(b []byte, seq uint64) ([]Frame, error) {
	var frames []Frame
	at := int64(journalHeader)
	_, err := scanJournal(b, seq, nil, func(f frame) error {
		frames = append(frames, Frame{at, f.commit, f.body, f.sig, f.signed})
		at += f.size
		return nil
	})
	return frames, err
}

// PutFrames returns a journal file of the same size with these commits, whose
// checksums fit.
func PutFrames(b []byte, seq uint64, frames []Frame) []byte {
	out := append([]byte(nil), b[:journalHeader]...)
	for _, f := range frames {
		out = appendFrame(out, seq, int64(len(out)), frame{commit: f.Commit, entries: 1, signed: f.Signed, body: f.Body, sig: f.Sig})
	}
	for len(out) < len(b) {
		out = append(out, 0)
	}
	return out
}

// PutHead returns a journal file with a changed header, whose checksum fits.
func PutHead(b []byte, change func(head []byte)) []byte {
	out := append([]byte(nil), b...)
	change(out[:60])
	binary.LittleEndian.PutUint32(out[60:], crc32.Checksum(out[:60], castagnoli))
	return out
}

// JournalFile returns a journal file with one commit of one row, whose checksums
// fit. Without a signer its signature is 64 zeros.
func JournalFile(seq, commit uint64, signer note.Signer, id hansard.LogID, row []byte) ([]byte, error) {
	body := appendString(appendString([]byte{1}, id.Tenant), string(id.Tier))
	body = appendString(append(body, 0, 1), string(row))
	body = append(body, make([]byte, tlog.HashSize)...)
	sig := make([]byte, frameSig)
	if signer != nil {
		var err error
		if sig, err = signer.Sign(bodyText(commit, body)); err != nil {
			return nil, err
		}
	}
	return appendFrame(journalHead(seq, false), seq, journalHeader, frame{commit: commit, entries: 1, body: body, sig: sig}), nil
}

// CommitsIn returns where the commits of a journal file begin.
func CommitsIn(b []byte, seq uint64) ([]int64, error) {
	var at []int64
	next := int64(journalHeader)
	_, err := scanJournal(b, seq, nil, func(f frame) error {
		at, next = append(at, next), next+f.size
		return nil
	})
	if err == nil && len(at) == 0 {
		err = fmt.Errorf("journal file %x holds no commit", seq)
	}
	return at, err
}

// ClockMoved tells the ledger that the wall clock went from one time to another
// while the monotonic clock went on by elapsed.
func (l *Ledger) ClockMoved(from, to time.Time, elapsed time.Duration) error {
	return l.stateClockJump(from, to, elapsed)
}

// MinimumsIn returns the minimum of each log of a folder.
func MinimumsIn(fsys durable.FS, dir string) (map[hansard.LogID]uint64, error) {
	lay := layout{fsys, dir}
	name, err := lay.readName()
	if err != nil {
		return nil, nil // nothing is there yet
	}
	ids, err := lay.logs()
	if err != nil {
		return nil, err
	}
	all := map[hansard.LogID]uint64{}
	for _, id := range ids {
		vkey, err := durable.ReadFile(fsys, lay.vkey(id), 4096)
		if err != nil {
			continue
		}
		m, err := lay.readMinimum(id, name, trimLine(vkey))
		if err != nil {
			return nil, err
		}
		all[id] = m.Index
	}
	return all, nil
}

// PutMinimum signs a minimum with the log's own key and puts it in the log's place.
func (l *Ledger) PutMinimum(id hansard.LogID, index uint64, root tlog.Hash, received int64) error {
	lg, err := l.log(id)
	if err != nil {
		return err
	}
	return l.writeMinimum(lg, minimum{index, root, received})
}

// AwaitSpare waits until the next journal file is made, or has failed, if it was
// begun. No request may be under way.
func (l *Ledger) AwaitSpare() {
	if s := l.journal.spare; s != nil {
		<-s.done
	}
}

// JournalHolds reports whether a journal file holds entries of the log below index.
func (l *Ledger) JournalHolds(id hansard.LogID, below uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.journal.files {
		if first, ok := f.begins[id]; ok && first < below {
			return true
		}
	}
	return false
}

// RootAt returns the root that a log had at a size.
func RootAt(fsys durable.FS, dir string, id hansard.LogID, size uint64) (tlog.Hash, error) {
	t, err := treeAt(size, tileStore{fsys, layout{fsys, dir}.tiles(id)}.hash)
	return t.root(), err
}

// AllParts lists all parts of a log that are on the disk, superseded ones too.
func AllParts(fsys durable.FS, dir string, id hansard.LogID) ([]part.Info, error) {
	live, superseded, err := layout{fsys, dir}.partFiles(id)
	return append(live, superseded...), err
}

// PruneTiles removes the files of leaf hashes in a folder of tiles of which all lie
// below an index.
func PruneTiles(fsys durable.FS, dir string, below uint64) error {
	return tileStore{fsys, dir}.prune(below)
}

// ReadBack writes a part of the log's entries that are in none yet, as the seal
// does, but each as change makes its row: index and hashes stay those of the entry.
// It returns what reading the part back finds, and leaves nothing.
func (l *Ledger) ReadBack(id hansard.LogID, change func(i int, row []byte) []byte) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	lg, err := l.log(id)
	if err != nil {
		return err
	}
	l.mu.Lock()
	items := make([]*sealable, len(lg.fresh))
	for i, it := range lg.fresh {
		changed := *it
		changed.Bytes = change(i, it.Bytes)
		items[i] = &changed
	}
	l.mu.Unlock()
	x, err := l.writePart(part.Name{First: items[0].Place.Index, End: items[len(items)-1].Place.Index + 1}, items, readAll, false)
	if err != nil {
		return err
	}
	return l.dropUnfinished([]*part.Index{x})
}

// ReindexNoting is Reindex that notes where it is after so many entries.
func ReindexNoting(ctx context.Context, cfg Config, every int64, progress func(done, total int64)) (Reindexed, error) {
	return reindexOffline(ctx, cfg, every, progress)
}
