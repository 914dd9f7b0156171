package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/part"
)

// VerifyConfig says what to verify, and against what.
type VerifyConfig struct {
	Dir string
	FS  durable.FS // default durable.OS
	// KeyDir is the key folder, "" if there is none at hand. With it the
	// verifier keys beside the data are compared with the real ones, and the
	// fingerprints in indexes are checked too.
	KeyDir string
	// Against are checkpoints that were kept outside the folder. Each must be of
	// one of its logs, signed by the key that lies in the folder, and a state
	// that the log had: nothing that it covers may be gone or changed.
	Against []Outside
	// Progress is told how many bytes of how many have been read; may be nil.
	// It is not called by two goroutines at once.
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
	Minimum int64 // the first entry that is kept; those before were pruned
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
	Notes    []string   // what is not wrong but worth knowing
	Against  []Compared // outside checkpoints that the logs agree with
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
		ends: map[hansard.LogID]uint64{}, pruned: map[string]uint64{},
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

	// progress guards done: the scanners count what they read.
	progress sync.Mutex
	done     int64

	statements []*statementAt
	live       []livePart
	views      map[hansard.LogID]hashes
	ends       map[hansard.LogID]uint64 // entries in parts
	positions  map[string]*bitmap       // by tenant
	pruned     map[string]uint64        // entries that were pruned, by tenant
}

// find adds a finding about a log, or a file, or both.
func (v *verifier) find(id hansard.LogID, entry int64, file, format string, args ...any) {
	f := Finding{Entry: entry, Text: fmt.Sprintf(format, args...)}
	if id.Tenant != "" {
		f.Log = id.String()
	}
	if file != "" {
		f.File = v.rel(file)
	}
	if len(v.v.Findings) < maxFindings {
		v.v.Findings = append(v.v.Findings, f)
	}
}

// rel returns a file's path below the data folder, with slashes.
func (v *verifier) rel(file string) string {
	rel, err := filepath.Rel(v.cfg.Dir, file)
	if err != nil {
		return filepath.Base(file)
	}
	return filepath.ToSlash(rel)
}

// note adds what is not wrong but worth knowing.
func (v *verifier) note(format string, args ...any) {
	if len(v.v.Notes) < maxFindings {
		v.v.Notes = append(v.v.Notes, fmt.Sprintf(format, args...))
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
	var checks []*logCheck
	for _, id := range v.listLogs() {
		if c := v.beginLog(id); c != nil {
			checks = append(checks, c)
		}
	}
	against := v.beginAgainst(checks)
	next, err := v.scanAll(checks)
	if err != nil {
		return err
	}
	for _, c := range checks {
		c.run(next)
	}
	v.checkHomeless(checks)
	v.endAgainst(against)
	v.checkStatements()
	v.checkKeeping(checks)
	v.checkPositions()
	v.checkUnread(all)
	return nil
}

// checkHomeless reports commits to logs that have no folder.
func (v *verifier) checkHomeless(checks []*logCheck) {
	for id, sections := range v.fresh {
		if !slices.ContainsFunc(checks, func(c *logCheck) bool { return c.id == id }) {
			v.find(id, int64(sections[0].first), v.layout.journal(), "the journal has entries of the log, which has no folder")
		}
	}
}

// listLogs lists the folders of logs, and reports those that are none.
func (v *verifier) listLogs() []hansard.LogID {
	var ids []hansard.LogID
	tenants, err := v.layout.list(v.layout.tenants())
	if err != nil {
		v.find(hansard.LogID{}, -1, v.layout.tenants(), "%v", err)
	}
	for _, t := range tenants {
		dir := filepath.Join(v.layout.tenants(), t)
		tiers, err := v.layout.list(dir)
		if err != nil {
			v.find(hansard.LogID{}, -1, dir, "%v", err)
		}
		for _, tier := range tiers {
			id := hansard.LogID{Tenant: t, Tier: hansard.Tier(tier)}
			if !TenantPattern.MatchString(t) || !id.Tier.Valid() {
				v.find(hansard.LogID{}, -1, filepath.Join(dir, tier), "it is no log's")
				continue
			}
			ids = append(ids, id)
		}
	}
	return ids
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
		if !info.Mode().IsRegular() {
			v.find(hansard.LogID{}, -1, path, "it is no regular file")
		}
		all[path] = info.Size()
		v.total += info.Size()
	}
	return nil
}

// read notes that n bytes of a file were read.
func (v *verifier) read(path string, n int64) {
	v.seen[path] = true
	v.count(n)
}

// count counts bytes that were read. It is safe for concurrent use.
func (v *verifier) count(n int64) {
	v.progress.Lock()
	defer v.progress.Unlock()
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
		v.note("the key folder was not used: %v", err)
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
		case path == v.layout.reindex():
			if _, err := v.layout.parseReindex(); err != nil {
				v.find(hansard.LogID{}, -1, path, "not how far a reindex was: %v", err)
				continue
			}
			v.note("a reindex was interrupted; the next one goes on from there (REINDEX)")
		case v.layout.isSums(path): // derived, and sealed: no report takes over one that was edited
		case strings.HasSuffix(path, IndexSuffix) && !has(all, strings.TrimSuffix(path, IndexSuffix)):
			v.note("an index without its part was left by a crash: %s", v.rel(path))
		case strings.HasSuffix(path, NoteSuffix) && !has(all, strings.TrimSuffix(path, NoteSuffix)):
			v.note("a note without its part was left by a crash: %s", v.rel(path))
		case strings.HasSuffix(path, durable.TempSuffix):
			v.note("an unfinished file was left by a crash: %s", v.rel(path))
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
// data, and its text, compared with the key folder's where there is one.
func (v *verifier) verifierKey(id hansard.LogID, path, name string, signer func() (note.Signer, string, error)) (note.Verifier, string) {
	b := v.readFile(id, path, 4096)
	if b == nil {
		return nil, ""
	}
	text := trimLine(b)
	key, err := note.NewVerifier(text)
	if err != nil || key.Name() != name || text+"\n" != string(b) {
		v.find(id, -1, path, "not the verifier key of %s", name)
		return nil, text
	}
	if v.keys != nil {
		if _, want, err := signer(); err == nil && want != text {
			v.find(id, -1, path, "another verifier key than that of the key folder")
			return nil, text
		}
	}
	return key, text
}

// canonicalNote spells a note that key has signed as it was written: with that
// one signature, and no bits that mean nothing.
func canonicalNote(signed []byte, key note.Verifier) string {
	n, err := note.Open(signed, note.VerifierList(key))
	if err != nil || len(n.Sigs) != 1 {
		return ""
	}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return ""
	}
	return n.Text + "\n\u2014 " + n.Sigs[0].Name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

func notExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
