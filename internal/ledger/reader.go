package ledger

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// Reader is a data folder opened for reading while no server runs. It changes
// nothing and needs no keys.
type Reader struct {
	layout layout
	enc    *part.Encoder
	unlock func() error
	name   string
	logs   map[hansard.LogID]*readLog
	leaves leafCache
}

type readLog struct {
	vkey       string
	min        minimum
	parts      []part.Info
	view       hashes
	checkpoint []byte
}

// OpenReader opens the data folder for reading. Several readers may have it
// open, but no server.
func OpenReader(fsys durable.FS, dir string) (*Reader, error) {
	r := &Reader{layout: layout{fsys, dir}, enc: part.NewEncoder(), logs: map[hansard.LogID]*readLog{}}
	name, err := r.layout.readName()
	if errors.Is(err, fs.ErrNotExist) {
		err := hansard.Errorf(hansard.KindNotFound, "%s is no data folder: it has no FORMAT file", dir)
		return nil, hansard.WithHint(err, "hansard serve --data "+dir+" makes one")
	}
	if err != nil {
		return nil, openError(dir, err)
	}
	r.name = name
	if r.unlock, err = fsys.Lock(r.layout.lock(), false); err != nil {
		return nil, openError(dir, err)
	}
	if err := r.load(); err != nil {
		return nil, errors.Join(openError(dir, err), r.unlock())
	}
	return r, nil
}

// Close ends the reading.
func (r *Reader) Close() error { return r.unlock() }

// Name returns the server's name, with which every origin begins.
func (r *Reader) Name() string { return r.name }

// Follow hands all logs over to a follower.
func (r *Reader) Follow(f Follower) {
	for id, lg := range r.logs {
		f.Load(id, lg.parts, rowsOf(lg.view.fresh))
	}
}

func (r *Reader) load() error {
	ids, err := r.layout.logs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if r.layout.unbegun(id) {
			continue
		}
		if r.logs[id], err = r.loadLog(id); err != nil {
			return fmt.Errorf("log %s: %w", id, err)
		}
	}
	if err := r.loadJournal(); err != nil {
		return err
	}
	return r.checkSizes()
}

func (r *Reader) loadLog(id hansard.LogID) (*readLog, error) {
	lg := &readLog{}
	vkey, err := durable.ReadFile(r.layout.fs, r.layout.vkey(id), 4096)
	if err != nil {
		return nil, err
	}
	lg.vkey = trimLine(vkey)
	lg.checkpoint, err = durable.ReadFile(r.layout.fs, r.layout.checkpoint(id), 1<<16)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if lg.min, err = r.layout.readMinimum(id, r.name, lg.vkey); err != nil {
		return nil, err
	}
	live, _, _, err := r.layout.partsFrom(id, lg.min)
	if err != nil {
		return nil, err
	}
	end := lg.min.Index
	for _, p := range live {
		if p.Name.First != end {
			return nil, hansard.Errorf(hansard.KindCorrupt, "entries %d to %d are in no part", end, int64(p.Name.First)-1)
		}
		x, err := readHead(r.layout.fs, p.Path(r.layout.dir)+IndexSuffix)
		if err == nil && (x.Log != p.Log || x.Name != p.Name || x.Date != p.Date) {
			err = errors.New("it is that of another part")
		}
		if err != nil {
			err := hansard.Errorf(hansard.KindCorrupt, "index of part %s: %w", p.Name, err)
			return nil, hansard.WithHint(err, "hansard reindex makes it anew")
		}
		lg.parts, end = append(lg.parts, x), p.Name.End
	}
	lg.view = hashes{tiles: tileStore{r.layout.fs, r.layout.tiles(id)}, sealedEnd: end}
	return lg, nil
}

func trimLine(b []byte) string {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	return string(b)
}

// loadJournal adds the entries that are in no part yet. Damage before the last
// commit is an error: part of the record must not pass for all of it.
func (r *Reader) loadJournal() error {
	seqs, err := r.layout.journalSeqs()
	if err != nil || len(seqs) == 0 {
		return err
	}
	vkey, err := durable.ReadFile(r.layout.fs, r.layout.journalVKey(), 4096)
	if err != nil {
		return err
	}
	key, err := note.NewVerifier(trimLine(vkey))
	if err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "journal.vkey: %w", err)
	}
	live, unborn, err := r.layout.liveJournal(seqs)
	if err != nil {
		return err
	}
	j := &readJournal{r: r, key: key}
	for i, seq := range live {
		if err := j.file(seq, i == len(live)-1); err != nil {
			err := hansard.Errorf(hansard.KindCorrupt, "journal file %016x: %w", seq, err)
			return hansard.WithHint(err, "run hansard verify on the folder")
		}
	}
	if unborn != nil {
		return r.layout.checkUnborn(*unborn, signedWith(r.enc, key))
	}
	return nil
}

// checkSizes refuses a folder that holds less than a checkpoint covers, or parts
// that none does.
func (r *Reader) checkSizes() error {
	for id, lg := range r.logs {
		size := lg.view.sealedEnd + uint64(len(lg.view.fresh))
		signed := uint64(0)
		if lg.checkpoint != nil {
			c, err := lg.point()
			if err != nil {
				return fmt.Errorf("log %s: %w", id, err)
			}
			signed = uint64(c.Size)
		}
		if signed > size || signed < lg.view.sealedEnd {
			err := hansard.Errorf(hansard.KindCorrupt, "log %s: a checkpoint covers %d entries, %d are there and %d of them in parts", id, signed, size, lg.view.sealedEnd)
			return hansard.WithHint(err, "run hansard verify on the folder")
		}
	}
	return nil
}

// point returns the checkpoint on disk, checked.
func (lg *readLog) point() (proof.Checkpoint, error) {
	v, err := note.NewVerifier(lg.vkey)
	if err != nil {
		return proof.Checkpoint{}, hansard.Errorf(hansard.KindCorrupt, "vkey: %w", err)
	}
	c, err := proof.OpenCheckpoint(lg.checkpoint, v)
	if err != nil {
		return proof.Checkpoint{}, hansard.Errorf(hansard.KindCorrupt, "%w", err)
	}
	return c, nil
}

// readJournal adds the journal's commits to a reader.
type readJournal struct {
	r      *Reader
	key    note.Verifier
	commit uint64
}

func (j *readJournal) file(seq uint64, last bool) error {
	b, err := j.r.layout.readJournal(seq)
	if err != nil {
		return err
	}
	tail, err := scanJournal(b, seq, signedWith(j.r.enc, j.key), j.frame)
	if err == nil && tail.torn && (tail.more || !last) {
		err = fmt.Errorf("damaged at byte %d, before commits that were acknowledged", tail.end)
	}
	return err
}

func (j *readJournal) frame(f frame) error {
	if j.commit != 0 && f.commit != j.commit+1 {
		return fmt.Errorf("commit %d follows commit %d", f.commit, j.commit)
	}
	j.commit = f.commit
	sections, err := sectionsOf(j.r.enc, f, j.key)
	if err != nil {
		return fmt.Errorf("commit %d: %w", f.commit, err)
	}
	for _, s := range sections {
		if err := j.r.add(s); err != nil {
			return err
		}
	}
	return nil
}

// add adds the entries of a section that are in no part.
func (r *Reader) add(s *section) error {
	lg := r.logs[s.log]
	if lg == nil {
		return fmt.Errorf("log %s has entries, but no folder", s.log)
	}
	for i, e := range s.rows {
		switch size := lg.view.sealedEnd + uint64(len(lg.view.fresh)); {
		case e.Index > size:
			return fmt.Errorf("log %s: entries %d to %d are missing", s.log, size, e.Index-1)
		case e.Index == size:
			hash := part.HashLeaf(r.enc.AppendLeaf(nil, e))
			lg.view.fresh = append(lg.view.fresh, &sealable{Row: s.row(i, hash)})
		}
	}
	return nil
}

// Prove returns the proof that the entry is in its log, against the checkpoint
// on disk. An entry that it does not cover cannot be proved without the server.
func (r *Reader) Prove(e *hansard.Entry, disclose bool) (*proof.Proof, error) {
	lg := r.logs[e.Log]
	if lg == nil || lg.checkpoint == nil {
		return nil, hansard.Errorf(hansard.KindNotFound, "log %s has no checkpoint", e.Log)
	}
	c, err := lg.point()
	if err != nil {
		return nil, err
	}
	if int64(e.Index) >= c.Size {
		err := hansard.Errorf(hansard.KindNotFound, "no checkpoint covers entry %d of %s yet", e.Index, e.Log)
		return nil, hansard.WithHint(err, "start the server, which signs one, and ask it")
	}
	return lg.view.prove(r.enc, e, c, lg.checkpoint, disclose)
}

// prove makes the proof of an entry against a checkpoint, and checks it.
func (h hashes) prove(enc *part.Encoder, e *hansard.Entry, c proof.Checkpoint, signed []byte, disclose bool) (*proof.Proof, error) {
	record, err := tlog.ProveRecord(c.Size, int64(e.Index), h.reader())
	if err != nil {
		return nil, fmt.Errorf("prove entry %d of %s: %w", e.Index, e.Log, err)
	}
	p := &proof.Proof{Leaf: enc.AppendLeaf(nil, e), Index: int64(e.Index), Hashes: record, Checkpoint: signed}
	if disclose && len(e.Salt) > 0 {
		p.Salt, p.Content = e.Salt, enc.AppendContent(nil, e)
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, tlog.RecordHash(p.Leaf)); err != nil {
		return nil, hansard.Errorf(hansard.KindCorrupt, "entry %d of %s is not the one that was committed", e.Index, e.Log)
	}
	return p, nil
}

// Logs lists the logs, in no order.
func (r *Reader) Logs() []Info {
	var infos []Info
	for id, lg := range r.logs {
		infos = append(infos, Info{
			Log: id, Origin: proof.Origin(r.name, id), VKey: lg.vkey, Sealed: lg.view.sealedEnd,
			Size: lg.view.sealedEnd + uint64(len(lg.view.fresh)), Minimum: lg.min.Index, Expired: lg.min.Received, Checkpoint: lg.checkpoint,
		})
	}
	return infos
}
