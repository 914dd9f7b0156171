package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// openJournal reads back the commits whose entries are in no part yet. It
// changes nothing but memory.
func (l *Ledger) openJournal() (*replay, error) {
	seqs, err := l.layout.journalSeqs()
	if err != nil {
		return nil, err
	}
	fresh := len(seqs) == 0 && len(l.tenants) == 0
	signer, vkey, err := l.keys.JournalSigner(fresh)
	if err != nil {
		return nil, err
	}
	if err := l.writeJournalVKey(vkey); err != nil {
		return nil, err
	}
	l.journal = &journal{
		fs: l.cfg.FS, dir: l.layout.journal(), size: l.cfg.JournalSize, signer: signer,
		failed: func(err error) { _ = l.ifSynced(err) }, // what else it is, the next commit finds out
	}
	r := &replay{l: l, files: seqs}
	if r.verifier, err = note.NewVerifier(vkey); err != nil {
		return nil, err
	}
	for _, seq := range seqs {
		l.journal.seq = seq
	}
	live, unborn, err := l.layout.liveJournal(seqs)
	if err != nil {
		return nil, err
	}
	for i, seq := range live {
		if err := r.file(seq, i == len(live)-1); err != nil {
			return nil, fmt.Errorf("journal file %016x: %w", seq, err)
		}
	}
	if unborn != nil {
		if err := l.layout.checkUnborn(*unborn, signedWith(l.enc, r.verifier)); err != nil {
			return nil, err
		}
	}
	l.journal.commit = r.commit
	return r, nil
}

// syncFolders makes durable the names of the folders of logs and of the keys, and
// of those that they lie in. A process that was killed may have left them in the
// page cache only, and nothing else tells: what is put into such a folder, or
// signed with such a key, is lost with it.
func (l *Ledger) syncFolders() error {
	for _, root := range []string{l.cfg.Dir, l.keys.Dir()} {
		if err := syncTree(l.cfg.FS, root, 3); err != nil { // DATA, tenants, a tenant, its tiers
			return fmt.Errorf("sync names: %w", err)
		}
		for above := filepath.Dir(root); ; above = filepath.Dir(above) {
			if err := l.cfg.FS.SyncDir(above); err != nil && !foreign(err) {
				return fmt.Errorf("sync names: %w", err)
			}
			if above == filepath.Dir(above) {
				break
			}
		}
	}
	return nil
}

// foreign reports whether a folder could not be synced because it is none that
// this program can have made.
func foreign(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EINVAL)
}

// syncNames makes durable the names of everything below the data folder. After a
// crash a name may be in the page cache only: a part that was renamed.
func (l *Ledger) syncNames() error {
	if err := syncTree(l.cfg.FS, l.cfg.Dir, -1); err != nil {
		return fmt.Errorf("sync names: %w", err)
	}
	return nil
}

// syncTree makes the names in a folder and in those below it durable, down to the
// given depth; all with -1.
func syncTree(fsys durable.FS, dir string, depth int) error {
	if depth != 0 {
		entries, err := fsys.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			if err := syncTree(fsys, filepath.Join(dir, e.Name()), depth-1); err != nil {
				return err
			}
		}
	}
	return fsys.SyncDir(dir)
}

// writeJournalVKey keeps the journal's verifier key with the data, so that
// whoever verifies a copy needs no key folder.
func (l *Ledger) writeJournalVKey(vkey string) error {
	old, err := durable.ReadFile(l.cfg.FS, l.layout.journalVKey(), 4096)
	if err == nil && string(old) == vkey+"\n" {
		return nil
	}
	return durable.WriteFile(l.cfg.FS, l.layout.journalVKey(), func(w io.Writer) error {
		_, err := io.WriteString(w, vkey+"\n")
		return err
	})
}

// liveJournal returns the files that count: from the last one that begins the
// journal anew, without a last one whose header was never written, which it
// returns apart.
func (l layout) liveJournal(seqs []uint64) (live []uint64, unborn *uint64, err error) {
	live = seqs
	for i, seq := range seqs {
		head, err := l.readHead(seq)
		if err != nil {
			return nil, nil, err
		}
		if blank(head) && i == len(seqs)-1 {
			return live[:len(live)-1], &seqs[i], nil
		}
		if checkJournalHead(head, seq) == nil && anew(head) {
			live = seqs[i:]
		}
	}
	return live, nil, nil
}

// checkUnborn refuses a file without a header that holds commits: its header was
// there before them, and is gone.
func (l layout) checkUnborn(seq uint64, signed signedBy) error {
	last, err := l.lastCommit(seq, signed)
	if err != nil || last == 0 {
		return err
	}
	err = hansard.Errorf(hansard.KindCorrupt, "journal file %016x: its header is gone, but it holds commits", seq)
	return hansard.WithHint(err, "run hansard verify on the folder; restore it from a backup")
}

// lastCommit returns the highest number of a commit that is anywhere in a journal
// file, whatever else is damaged in it; 0 if there is none.
func (l layout) lastCommit(seq uint64, signed signedBy) (uint64, error) {
	b, err := l.readJournal(seq)
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for at := int64(journalHeader); at+frameHeader <= int64(len(b)); {
		f, err := parseFrame(b[at:], seq, at)
		if err != nil || !signed(f) {
			at += frameAlign
			continue
		}
		last, at = max(last, f.commit), at+f.size
	}
	return last, nil
}

// replay applies the journal's commits in order.
type replay struct {
	l        *Ledger
	verifier note.Verifier
	files    []uint64 // sequence numbers of all files that were there
	commit   uint64
	kept     []keptFrame // commits from the first with an entry that is not sealed
	seq      uint64      // of the file that is being read
	at       int64       // ... where its next commit begins
}

// keptFrame is where a commit lies. What is in it is read again when it is copied: a
// journal may be as large as all memory that a server is to take.
type keptFrame struct {
	seq  uint64
	at   int64
	size int64
	runs []keptRun
}

// keptRun is entries of one log that follow each other.
type keptRun struct {
	log        hansard.LogID
	first, end uint64
}

// file applies one journal file. Only the last commit of the last file may be
// torn: nothing in it was acknowledged. checkCheckpoints refuses the start if a
// checkpoint says otherwise.
func (r *replay) file(seq uint64, last bool) error {
	b, err := r.l.layout.readJournal(seq)
	if err != nil {
		return err
	}
	r.seq, r.at = seq, journalHeader
	tail, err := scanJournal(b, seq, signedWith(r.l.enc, r.verifier), r.frame)
	if err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "%w", err)
	}
	if tail.torn && (tail.more || !last) {
		err := hansard.Errorf(hansard.KindCorrupt, "damaged at byte %d, before commits that were acknowledged", tail.end)
		return hansard.WithHint(err, "run hansard verify on the folder; restore it from a backup")
	}
	if tail.torn {
		r.l.cfg.Logger.Warn("dropped a torn commit that nobody was told of", "journal", seq, "byte", tail.end)
	}
	return nil
}

// blank reports whether there is nothing but zeros.
func blank(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// frame applies one commit.
func (r *replay) frame(f frame) error {
	if r.commit != 0 && f.commit != r.commit+1 {
		return fmt.Errorf("commit %d follows commit %d", f.commit, r.commit)
	}
	r.commit = f.commit
	kept := keptFrame{seq: r.seq, at: r.at, size: f.size}
	r.at += f.size
	sections, err := sectionsOf(r.l.enc, f, r.verifier)
	if err != nil {
		return fmt.Errorf("commit %d: %w", f.commit, err)
	}
	keep := false
	for _, s := range sections {
		applied, err := r.section(s)
		if err != nil {
			return fmt.Errorf("commit %d: log %s: %w", f.commit, s.log, err)
		}
		keep = keep || applied
		kept.runs = append(kept.runs, keptRun{s.log, s.first, s.first + uint64(len(s.rows))})
	}
	// From the first one that is needed on all are kept, so that their numbers
	// go on without a gap.
	if keep || len(r.kept) > 0 {
		r.kept = append(r.kept, kept)
	}
	return nil
}

// section adds the entries of a section that are not sealed to their log. It
// reports whether there were any.
func (r *replay) section(s *section) (bool, error) {
	t, err := r.l.tenant(s.log.Tenant)
	if err != nil {
		return false, err
	}
	lg := t.logs[s.log.Tier]
	if lg == nil {
		return false, errors.New("its folder is missing")
	}
	if s.first > lg.tree.size {
		return false, fmt.Errorf("entries %d to %d are missing", lg.tree.size, s.first-1)
	}
	applied := false
	for i, e := range s.rows {
		if e.Index < lg.tree.size {
			continue // sealed
		}
		it := &sealable{Row: s.row(i, s.leaf(r.l.enc, i)), id: idOf(t, e), at: time.Now()}
		it.tile = lg.tree.append(tlog.Hash(it.LeafHash))
		lg.fresh = append(lg.fresh, it)
		r.l.unsealed += it.size()
		t.dedup.add(it.id)
		t.next = max(t.next, e.Position+1)
		t.lastReceived = max(t.lastReceived, e.ReceivedAt)
		applied = true
	}
	if end := s.first + uint64(len(s.rows)); applied && end == lg.tree.size && lg.tree.root() != s.root {
		return false, fmt.Errorf("the root after %d entries is not the one that was committed", end)
	}
	return applied, nil
}

// rewrite copies the kept commits to a new file, which makes the old ones void,
// and removes those, before anything is served: what a killed process wrote may
// be in the page cache only. The new file has its name when all of it is durable:
// a crash at any point leaves the old files or the new one.
func (r *replay) rewrite() error {
	j := r.l.journal
	if len(r.kept) > 0 {
		size := int64(journalHeader)
		for _, k := range r.kept {
			size += k.size
		}
		f, err := newJournalFile(j.fs, j.dir, j.seq+1, max(j.size, size), r.copyKept)
		if err != nil {
			return err
		}
		j.seq, j.files, j.cur = f.seq, []*journalFile{f}, f
	}
	for _, seq := range r.files {
		// The oldest goes first, and for good before the next one does: what a
		// crash leaves of them has no gap.
		if err := j.fs.Remove(journalPath(j.dir, seq)); err != nil {
			return err
		}
		if err := j.fs.SyncDir(j.dir); err != nil {
			return err
		}
	}
	return r.l.layout.removeUnfinishedIn(j.dir)
}

// copyKept copies the kept commits to a file, one after the other.
func (r *replay) copyKept(to *journalFile) error {
	var from, buf []byte
	for i, k := range r.kept {
		if i == 0 || k.seq != r.kept[i-1].seq {
			var err error
			if from, err = r.l.layout.readJournal(k.seq); err != nil {
				return err
			}
		}
		f, err := parseFrame(from[min(k.at, int64(len(from))):], k.seq, k.at)
		if err != nil {
			return fmt.Errorf("journal file %016x changes while it is read: at byte %d: %w", k.seq, k.at, err)
		}
		buf = appendFrame(buf[:0], to.seq, to.at, f)
		if _, err := to.file.WriteAt(buf, to.at); err != nil {
			return err
		}
		to.at += int64(len(buf))
		for _, run := range k.runs {
			to.add(run.log, run.first, run.end)
		}
	}
	return nil
}

// sealableOf makes an entry that was read back ready to be sealed.
func (l *Ledger) sealableOf(t *tenant, e *hansard.Entry) *sealable {
	return &sealable{Row: *l.enc.RowOf(e), at: time.Now(), id: idOf(t, e)}
}

// idOf returns what de-duplication remembers of a stored entry. Statements have
// no fingerprint: nobody submits them.
func idOf(t *tenant, e *hansard.Entry) part.ID {
	id := part.ID{Event: part.EventHash(e.EventID)}
	if e.Tier != hansard.TierMeta {
		id.Fingerprint = t.fingerprint.Of(e)
	}
	return id
}
