package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// VerifyConfig says what to verify, and against what.
type VerifyConfig struct {
	Dir string
	FS  durable.FS // default durable.OS
	// KeyDir is the key folder, "" if there is none at hand. With it the
	// verifier keys beside the data are compared with the real ones, and the
	// fingerprints in indexes are checked too.
	KeyDir string
	// Progress is told how many bytes of how many have been read; may be nil.
	Progress func(done, total int64)
}

// Finding is something wrong, with its place.
type Finding struct {
	File  string // below the data folder; "" when it is about a log as a whole
	Log   string // "tenant/tier", "" when it is about none
	Entry int64  // index of the entry, -1 when it is about none
	Text  string
}

// String returns the finding in one line.
func (f Finding) String() string {
	var b strings.Builder
	if f.Log != "" {
		fmt.Fprintf(&b, "log %s", f.Log)
		if f.Entry >= 0 {
			fmt.Fprintf(&b, ", entry %d", f.Entry)
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Text)
	if f.File != "" {
		fmt.Fprintf(&b, " (%s)", f.File)
	}
	return b.String()
}

// VerifiedLog is what verification found a log to be.
type VerifiedLog struct {
	Log     string
	Origin  string
	VKey    string
	Entries int64 // from the first that is kept
	Size    int64
	Signed  int64 // entries that the checkpoint covers
	Root    string
	Parts   int
}

// Verification is the outcome of Verify. The folder is sound if there are no
// findings.
type Verification struct {
	Name     string
	Logs     []VerifiedLog
	Entries  int64
	Bytes    int64
	Findings []Finding
	Notes    []string // what is not wrong but worth knowing
}

// Verify reads everything below a data folder as an outsider would, and reports
// all that does not fit: rows against leaves, leaves against trees, trees
// against signed checkpoints, contents against digests, indexes, positions,
// manifest and journal. It changes nothing. An error means that it could not be
// carried out, not that something was found.
func Verify(cfg VerifyConfig) (*Verification, error) {
	if cfg.FS == nil {
		cfg.FS = durable.OS{}
	}
	unlock, err := lockToVerify(cfg.FS, cfg.Dir)
	if err != nil {
		return nil, openError(cfg.Dir, err)
	}
	v := &verifier{
		cfg: cfg, layout: layout{cfg.FS, cfg.Dir}, enc: part.NewEncoder(), v: &Verification{},
		seen: map[string]bool{}, views: map[hansard.LogID]hashes{}, fresh: map[hansard.LogID][]*section{},
	}
	err = v.run()
	return v.v, errors.Join(err, unlock())
}

// lockToVerify takes the lock of a folder, which a copy may lack.
func lockToVerify(fsys durable.FS, dir string) (func() error, error) {
	if _, err := fsys.Stat(filepath.Join(dir, "LOCK")); errors.Is(err, fs.ErrNotExist) {
		if _, err := fsys.Stat(dir); err != nil {
			return nil, err
		}
		return func() error { return nil }, nil
	}
	return fsys.Lock(filepath.Join(dir, "LOCK"), false)
}

type verifier struct {
	cfg    VerifyConfig
	layout layout
	enc    *part.Encoder
	keys   *keys.Ring // nil without a key folder
	v      *Verification
	seen   map[string]bool              // files that were read
	fresh  map[hansard.LogID][]*section // what the journal adds to each log
	total  int64
	done   int64

	statements []*statementAt
	live       []livePart
	views      map[hansard.LogID]hashes
	positions  map[string]*bitmap // by tenant
}

// find adds a finding about a log, or a file, or both.
func (v *verifier) find(id hansard.LogID, entry int64, file, format string, args ...any) {
	f := Finding{Entry: entry, Text: fmt.Sprintf(format, args...)}
	if id.Tenant != "" {
		f.Log = id.String()
	}
	if file != "" {
		if rel, err := filepath.Rel(v.cfg.Dir, file); err == nil {
			f.File = filepath.ToSlash(rel)
		}
	}
	if len(v.v.Findings) < maxFindings {
		v.v.Findings = append(v.v.Findings, f)
	}
}

// maxFindings bounds the report; the first wrong entry is what matters.
const maxFindings = 1000

func (v *verifier) run() error {
	all, err := v.listFiles()
	if err != nil {
		return err
	}
	if _, err := v.layout.readName(); hansard.KindOf(err) == hansard.KindInvalid {
		return err // a newer format: another program can tell
	}
	if !v.checkName() {
		return nil // nothing can be said of logs without their names
	}
	v.openKeys()
	v.positions = map[string]*bitmap{}
	v.checkJournal()
	ids, err := v.layout.logs()
	if err != nil {
		v.find(hansard.LogID{}, -1, "", "%v", err)
	}
	for _, id := range ids {
		v.checkLog(id)
	}
	v.checkStatements()
	v.checkPositions()
	v.checkUnread(all)
	return nil
}

// listFiles lists all files below the folder, by path, with their sizes.
func (v *verifier) listFiles() (map[string]int64, error) {
	all := map[string]int64{}
	err := v.listBelow(v.cfg.Dir, all)
	v.v.Bytes = v.total
	return all, err
}

func (v *verifier) listBelow(dir string, all map[string]int64) error {
	entries, err := v.cfg.FS.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if err := v.listBelow(path, all); err != nil {
				return err
			}
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		all[path] = info.Size()
		v.total += info.Size()
	}
	return nil
}

// read notes that n bytes of a file were read.
func (v *verifier) read(path string, n int64) {
	v.seen[path] = true
	v.done += n
	if v.cfg.Progress != nil {
		v.cfg.Progress(v.done, v.total)
	}
}

// readFile returns the file, or nil and a finding.
func (v *verifier) readFile(id hansard.LogID, path string, limit int64) []byte {
	b, err := durable.ReadFile(v.cfg.FS, path, limit)
	if err != nil {
		v.find(id, -1, path, "cannot be read: %v", errors.Unwrap(err))
		v.seen[path] = true
		return nil
	}
	v.read(path, int64(len(b)))
	return b
}

func (v *verifier) checkName() bool {
	name, err := v.layout.readName()
	v.read(v.layout.format(), 0)
	if err != nil {
		v.find(hansard.LogID{}, -1, v.layout.format(), "%v", err)
		return false
	}
	v.v.Name = name
	return true
}

func (v *verifier) openKeys() {
	if v.cfg.KeyDir == "" {
		return
	}
	if _, err := v.cfg.FS.Stat(v.cfg.KeyDir); err != nil {
		return
	}
	ring, err := keys.Open(v.cfg.FS, v.cfg.KeyDir, v.v.Name)
	if err != nil {
		v.v.Notes = append(v.v.Notes, fmt.Sprintf("the key folder was not used: %v", err))
		return
	}
	v.keys = ring
}

// checkUnread reports files that belong to nothing.
func (v *verifier) checkUnread(all map[string]int64) {
	for path, size := range all {
		switch {
		case v.seen[path]:
		case path == v.layout.lock():
			if size != 0 {
				v.find(hansard.LogID{}, -1, path, "the lock file is not empty")
			}
		case strings.HasSuffix(path, IndexSuffix) && !has(all, strings.TrimSuffix(path, IndexSuffix)):
			v.v.Notes = append(v.v.Notes, "an index without its part was left by a crash: "+filepath.Base(path))
		case strings.HasSuffix(path, durable.TempSuffix):
			v.v.Notes = append(v.v.Notes, "an unfinished file was left by a crash: "+filepath.Base(path))
		default:
			v.find(hansard.LogID{}, -1, path, "unexpected file")
		}
	}
}

func has(files map[string]int64, path string) bool {
	_, ok := files[path]
	return ok
}

// verifierKey returns the key of a log or of the journal as it lies beside the
// data, compared with the key folder's where there is one.
func (v *verifier) verifierKey(id hansard.LogID, path, name string, signer func() (note.Signer, string, error)) note.Verifier {
	b := v.readFile(id, path, 4096)
	if b == nil {
		return nil
	}
	key, err := note.NewVerifier(trimLine(b))
	if err != nil || key.Name() != name || trimLine(b)+"\n" != string(b) {
		v.find(id, -1, path, "not the verifier key of %s", name)
		return nil
	}
	if v.keys != nil {
		if _, want, err := signer(); err == nil && want != trimLine(b) {
			v.find(id, -1, path, "another verifier key than that of the key folder")
			return nil
		}
	}
	return key
}

// checkJournal reads the commits that may not be sealed yet.
func (v *verifier) checkJournal() {
	seqs, err := v.layout.journalSeqs()
	if err != nil {
		v.find(hansard.LogID{}, -1, "", "%v", err)
		return
	}
	if v.layout.justMade(seqs) {
		v.v.Notes = append(v.v.Notes, "nothing was ever recorded: the first start was interrupted")
		return
	}
	key := v.verifierKey(hansard.LogID{}, v.layout.journalVKey(), v.v.Name+"/journal", func() (note.Signer, string, error) { return v.keys.JournalSigner(false) })
	live, unborn, err := v.layout.liveJournal(seqs)
	if err != nil {
		v.find(hansard.LogID{}, -1, v.layout.journal(), "%v", err)
		return
	}
	for _, seq := range seqs {
		v.read(journalPath(v.layout.journal(), seq), 0)
	}
	j := &journalCheck{v: v, key: key}
	for i, seq := range live {
		j.file(seq, i == len(live)-1)
	}
	if unborn == nil {
		return
	}
	if last, err := v.layout.lastCommit(*unborn, key); err != nil || last > 0 {
		v.find(hansard.LogID{}, -1, journalPath(v.layout.journal(), *unborn), "the file's header is gone, but it holds commits")
	}
}

type journalCheck struct {
	v      *verifier
	key    note.Verifier
	commit uint64
}

func (j *journalCheck) file(seq uint64, last bool) {
	path := journalPath(j.v.layout.journal(), seq)
	b := j.v.readFile(hansard.LogID{}, path, maxJournal)
	if b == nil {
		return
	}
	tail, err := scanJournal(b, seq, j.key, func(f frame) error {
		j.frame(path, f)
		return nil
	})
	switch {
	case err != nil:
		j.v.find(hansard.LogID{}, -1, path, "%v", err)
	case tail.torn && (tail.more || !last):
		j.v.find(hansard.LogID{}, -1, path, "damaged at byte %d, before commits that were acknowledged", tail.end)
	case tail.torn && !tail.begun:
		j.v.find(hansard.LogID{}, -1, path, "bytes that belong to no commit after byte %d", tail.end)
	case tail.torn:
		j.v.v.Notes = append(j.v.v.Notes, fmt.Sprintf("the journal ends with a torn commit at byte %d, which the next start drops unless a checkpoint covers it", tail.end))
	}
}

func (j *journalCheck) frame(path string, f frame) {
	none := hansard.LogID{}
	if j.commit != 0 && f.commit != j.commit+1 {
		j.v.find(none, -1, path, "commit %d follows commit %d", f.commit, j.commit)
	}
	j.commit = f.commit
	if j.key != nil && !j.key.Verify(signedText(f.commit, f.body), f.sig) {
		j.v.find(none, -1, path, "commit %d: its signature is not the journal key's", f.commit)
		return // whoever wrote it may have written anything
	}
	sections, err := parseBody(j.v.enc, f.body)
	if err != nil {
		j.v.find(none, -1, path, "commit %d: %v", f.commit, err)
	}
	for _, s := range sections {
		j.v.fresh[s.log] = append(j.v.fresh[s.log], s)
	}
}

// checkpointOf returns the log's signed checkpoint, false if there is none.
func (v *verifier) checkpointOf(id hansard.LogID, key note.Verifier) (proof.Checkpoint, bool) {
	path := v.layout.checkpoint(id)
	signed, err := durable.ReadFile(v.cfg.FS, path, 1<<16)
	v.read(path, int64(len(signed)))
	if errors.Is(err, fs.ErrNotExist) {
		v.v.Notes = append(v.v.Notes, fmt.Sprintf("log %s has no checkpoint yet", id))
		return proof.Checkpoint{}, false
	}
	if err != nil || key == nil {
		v.find(id, -1, path, "the checkpoint cannot be checked")
		return proof.Checkpoint{}, false
	}
	c, err := proof.OpenCheckpoint(signed, key)
	if err != nil {
		v.find(id, -1, path, "%v", err)
		return c, false
	}
	return c, true
}
