package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
)

// A journal file begins with a header of 64 bytes; frames follow; the rest, to
// the preallocated size, is zero.
//
//	 0  16 bytes  magic "hansard journal\n"
//	16  uint64    version, 2; 1 where all frames are of former versions
//	24  uint64    sequence number, as in the file's name
//	32  int64     made at, Unix nanoseconds
//	40  uint32    1: this file begins the journal anew, earlier ones are void; else 0
//	44  16 bytes  zero
//	60  uint32    CRC-32C of the 60 bytes before
const (
	journalMagic   = "hansard journal\n"
	journalVersion = 2
	journalHeader  = 64
	journalSuffix  = ".journal"
)

// journalFile is one file of the journal.
type journalFile struct {
	path string
	seq  uint64
	file durable.File
	at   int64 // end of the last frame
	size int64 // preallocated
	// begun is when the first commit to the file was about to be written.
	begun time.Time
	// ends says, for each log with entries in the file, the index after its
	// last one. When all of them are sealed the file can go.
	ends map[hansard.LogID]uint64
	// begins says, for the same logs, the index of the first one.
	begins map[hansard.LogID]uint64
}

func journalPath(dir string, seq uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", seq, journalSuffix))
}

// journal is the write-ahead journal: the last of its files is written to. It
// belongs to the committer; the sealer frees files under the ledger's mutex.
type journal struct {
	fs     durable.FS
	dir    string
	size   int64 // of a new file
	signer note.Signer
	commit uint64         // number of the last commit
	seq    uint64         // of the newest file
	files  []*journalFile // oldest first; the ledger's mutex guards it, and what they hold
	cur    *journalFile   // the last of them; the committer's alone
	spare  *spareFile     // the next one, nil: not begun yet; the committer's alone
	pages  []byte         // what commits are written from
	lead   []byte         // what the page at the end of the current file begins with
	leadOf *journalFile   // the file that lead is of
	// failed is told what making a file ahead failed with: a failed sync ends the
	// process.
	failed func(error)
}

// reserve makes sure that a frame with a body of n bytes fits into the current
// file, beginning a new one if need be, which it returns. When there is no room on
// the disk it returns an error matching durable.ErrNoSpace, and nothing has changed:
// running out of space here is no failed sync.
func (j *journal) reserve(n int) (*journalFile, error) {
	need := frameSize(n)
	if j.cur != nil && j.cur.at+need <= j.cur.size {
		return nil, nil
	}
	return j.begin(max(j.size, need+journalHeader))
}

// turn begins a new file, so that the current one can go when its entries are
// sealed, and returns it; nil if nothing is in the current one.
func (j *journal) turn() (*journalFile, error) {
	if j.cur == nil || j.cur.at <= journalHeader {
		return nil, nil
	}
	return j.begin(j.size)
}

// begin makes another file the current one.
func (j *journal) begin(size int64) (*journalFile, error) {
	f, err := j.next(size)
	if err != nil {
		return nil, err
	}
	f.begun = time.Now()
	j.seq, j.cur, j.spare = f.seq, f, nil
	return f, nil
}

// next returns the next file with its header: the spare one, or one made now. When
// it fails it can be called again, but after a sync that failed.
func (j *journal) next(size int64) (*journalFile, error) {
	var f *journalFile
	if j.spare != nil {
		var err error
		if f, err = j.spare.take(); err != nil {
			return nil, err
		}
	}
	if f == nil {
		j.spare = nil
		// A crash here, or later, leaves one file more, which is blank.
		return newJournalFile(j.fs, j.dir, j.seq+1, size, nil)
	}
	if size = wholePages(size); size > f.size {
		if err := f.file.Preallocate(size); err != nil {
			return nil, err
		}
		f.size = size
	}
	// A crash up to here leaves a blank file. What it leaves of the header is all
	// of it or nothing: it is within one sector. With a header it is the last file,
	// the only one that may end with a torn commit: nothing is written to the one
	// before any more, whether or not this works.
	j.cur.size = j.cur.at
	head := journalHead(f.seq, false)
	page := durable.AlignedPages(1)
	copy(page, head)
	if err := f.file.WritePages(page, 0); err != nil {
		return nil, err
	}
	if err := f.file.Sync(); err != nil {
		return nil, err
	}
	return f, nil
}

// wholePages rounds a size up: a file is written page by page.
func wholePages(size int64) int64 {
	return (size + durable.PageSize - 1) / durable.PageSize * durable.PageSize
}

// newJournalFile makes a journal file that is durable, name and space and all.
// If there is a function that writes frames to it, it begins the journal anew with
// them: such a file has its name only when all of it is on the disk.
func newJournalFile(fsys durable.FS, dir string, seq uint64, size int64, fill func(*journalFile) error) (*journalFile, error) {
	path := journalPath(dir, seq)
	made := path
	if fill != nil {
		made += durable.TempSuffix
	}
	f, err := createReserved(fsys, made, size)
	if err != nil {
		return nil, fmt.Errorf("begin journal file: %w", err)
	}
	// A crash up to the rename leaves an unfinished file, which the next start
	// removes; without frames a blank one, which does not count. What it leaves
	// of the header is all of it or nothing: it is within one sector.
	f.path, f.seq, f.at = path, seq, journalHeader
	_, err = f.file.WriteAt(journalHead(seq, fill != nil), 0)
	if err == nil && fill != nil {
		err = fill(f)
	}
	if err == nil {
		err = f.file.Sync()
	}
	if err == nil && made != path {
		// A crash after this leaves the old files or this one, which makes them
		// void.
		err = fsys.Rename(made, path)
	}
	if err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin journal file: %w", err), f.file.Close(), fsys.Remove(made))
	}
	return f, nil
}

// createReserved makes a blank file of a size, of which nothing is durable yet.
func createReserved(fsys durable.FS, path string, size int64) (*journalFile, error) {
	f, err := createAnew(fsys, path)
	if err != nil {
		return nil, err
	}
	size = wholePages(size)
	if err := f.Preallocate(size); err != nil {
		return nil, errors.Join(err, f.Close(), fsys.Remove(path))
	}
	return &journalFile{path: path, file: f, size: size, ends: map[hansard.LogID]uint64{}, begins: map[hansard.LogID]uint64{}}, nil
}

// createAnew makes a file. One of that name can only be left of an attempt that
// failed, and did not count.
func createAnew(fsys durable.FS, path string) (durable.File, error) {
	f, err := fsys.Create(path)
	if errors.Is(err, fs.ErrExist) {
		if err := fsys.Remove(path); err != nil {
			return nil, err
		}
		return fsys.Create(path)
	}
	return f, err
}

func journalHead(seq uint64, anew bool) []byte {
	b := make([]byte, 0, journalHeader)
	b = append(b, journalMagic...)
	b = binary.LittleEndian.AppendUint64(b, journalVersion)
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(time.Now().UnixNano()))
	if anew {
		b = binary.LittleEndian.AppendUint32(b, 1)
	}
	b = b[:journalHeader-4]
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// anew reports whether the file, whose header is sound, makes earlier ones void.
func anew(b []byte) bool { return binary.LittleEndian.Uint32(b[40:]) == 1 }

// append writes one commit and syncs it. reserve has made room. After an error
// that is no durable.SyncError nothing has changed. After one that is, the file's
// state is unknown: the process must end, and the next start finds out what
// reached the disk.
func (j *journal) append(c *commitFrame) error {
	f := j.cur
	sig, err := c.sign(j.signer, j.commit+1)
	if err != nil {
		return err
	}
	size, err := j.write(c, frame{commit: j.commit + 1, entries: uint32(c.entries), signed: signedLeaves, sig: sig})
	if err != nil {
		return errors.Join(fmt.Errorf("write commit %d: %w", j.commit+1, err), j.abandon())
	}
	// A crash here may leave any part of the frame on the disk. Nothing in it
	// was acknowledged; recovery drops it, or keeps it if it is whole.
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("sync commit %d: %w", j.commit+1, err)
	}
	// A crash here keeps the commit: the sender has no answer and sends again,
	// and de-duplication finds the entries.
	j.commit++
	f.at += size
	j.prepare()
	return nil
}

// maxPages is how many pages are kept to write commits from: more than most have.
const maxPages = 4 << 20 / durable.PageSize

// write writes a commit at the end of the current file, and returns the size of its
// frame. It writes whole pages, of which the first begins with what is on the disk
// already, and the last ends with the zeros that are there as well. So no page has to be
// read first, and none of what nobody reads again is kept in the page cache, whose pages
// cost more processor time than all else that is done for the disk. The frame is made
// where it is written from: no other copy of it is in memory.
//
// A page is not written whole when the power fails, but each of its sectors is, or
// stays: the commits before lose nothing.
func (j *journal) write(c *commitFrame, f frame) (size int64, err error) {
	if err := j.loadLead(); err != nil {
		return 0, err
	}
	lead, at := len(j.lead), j.cur.at
	pages := j.room(lead + int(frameSize(c.size)))
	b := append(append(pages[:0], j.lead...), make([]byte, frameHeader)...)
	b = closeFrame(c.appendBody(b), lead, j.cur.seq, at, f)
	if size = int64(len(b) - lead); size != frameSize(c.size) {
		return 0, fmt.Errorf("frame of %d bytes where %d were to be", size, frameSize(c.size))
	}
	end := int(wholePages(int64(len(b))))
	clear(pages[len(b):end])
	if err := j.cur.file.WritePages(pages[:end], at-int64(lead)); err != nil {
		return 0, err
	}
	j.lead = append(j.lead[:0], b[len(b)/durable.PageSize*durable.PageSize:]...)
	return size, nil
}

// room returns whole pages with room for n bytes, which are the journal's until the next
// call.
func (j *journal) room(n int) []byte {
	want := (n + durable.PageSize - 1) / durable.PageSize
	if want > maxPages {
		return durable.AlignedPages(want)
	}
	if have := len(j.pages) / durable.PageSize; have < want {
		j.pages = durable.AlignedPages(min(max(want, 2*have), maxPages))
	}
	return j.pages
}

// loadLead reads what the page begins with in which the current file ends, if it is
// another file than that of the last commit.
func (j *journal) loadLead() error {
	f := j.cur
	if j.leadOf == f {
		return nil
	}
	j.lead = slices.Grow(j.lead[:0], durable.PageSize)[:f.at%durable.PageSize]
	if _, err := f.file.ReadAt(j.lead, f.at-int64(len(j.lead))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	j.leadOf = f
	return nil
}

// add takes note of entries of a log in the file.
func (f *journalFile) add(id hansard.LogID, first, end uint64) {
	if _, ok := f.begins[id]; !ok {
		f.begins[id] = first
	}
	f.ends[id] = end
}

// abandon ends the current file after its last commit, because a write to it
// failed: what reached it of the frame must not stand in front of later commits.
// The next commit begins a new file.
func (j *journal) abandon() error {
	f := j.cur
	// A crash before the sync leaves a torn commit at the end of the last file.
	err := f.file.Truncate(f.at)
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil && !durable.SyncFailed(err) {
		err = &durable.SyncError{Path: f.path, Err: err}
	}
	f.size = f.at
	return err
}

// sealedFiles returns the files whose entries are all sealed, oldest first, without
// the current one unless all is set. The ledger's mutex is held.
func (j *journal) sealedFiles(sealed func(hansard.LogID) uint64, all bool) []*journalFile {
	for i, f := range j.files {
		if !all && i == len(j.files)-1 {
			return j.files[:i:i]
		}
		for log, end := range f.ends {
			if sealed(log) < end {
				return j.files[:i:i]
			}
		}
	}
	return j.files[:len(j.files):len(j.files)]
}

// unlink removes a file for good. When it fails it can be called again.
func (j *journal) unlink(f *journalFile) error {
	if err := j.fs.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := j.fs.SyncDir(j.dir); err != nil {
		return err
	}
	return f.file.Close()
}

// journalTail says how a journal file ends.
type journalTail struct {
	end   int64 // offset after the last whole frame
	torn  bool  // bytes that are no frame follow
	begun bool  // ... as a power cut leaves them that hits the write of a frame
	more  bool  // ... and a whole frame after those: damage, not a torn end
}

// scanJournal calls f for each whole frame of the journal file in b, in order.
// By its signature it tells a frame behind damage from a sender's text that looks like
// one.
func scanJournal(b []byte, seq uint64, signed signedBy, f func(frame) error) (journalTail, error) {
	if err := checkJournalHead(b, seq); err != nil {
		return journalTail{}, err
	}
	at, last := int64(journalHeader), uint64(0)
	for at < int64(len(b)) {
		fr, err := parseFrame(b[at:], seq, at)
		if err != nil {
			break
		}
		if err := f(fr); err != nil {
			return journalTail{}, err
		}
		at, last = at+fr.size, fr.commit
	}
	tail := journalTail{end: at}
	if rest := b[min(at, int64(len(b))):]; !blank(rest) {
		tail.torn, tail.more, tail.begun = true, frameAfter(b, seq, at, last, signed), frameBegun(rest) || sectorsLeft(rest, at)
	}
	return tail, nil
}

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// frameBegun reports whether b begins with the header of a frame and holds
// nothing beyond that frame.
func frameBegun(b []byte) bool {
	if len(b) < frameHeader || binary.LittleEndian.Uint32(b) != frameMagic {
		return false
	}
	size := frameSize(int(binary.LittleEndian.Uint32(b[4:])))
	return size <= int64(len(b)) && blank(b[size:])
}

// sectorsLeft reports whether b, which lies at the given offset, looks like what is
// left of one write whose first sector was lost: each sector of the disk is blank
// or written from its begin on. What is written are texts and hashes: mostly not
// zero. A file that commits are written to ends with a sector.
func sectorsLeft(b []byte, at int64) bool {
	first := min(int((sector-at%sector)%sector), len(b))
	if !blank(b[:first]) {
		return false // the header of the frame would be there
	}
	for b = b[first:]; len(b) > 0; b = b[min(sector, len(b)):] {
		s := bytes.TrimRight(b[:min(sector, len(b))], "\x00")
		if zeros := bytes.Count(s, []byte{0}); len(s) > 0 && (len(b) < sector || blank(s[:min(16, len(s))]) || zeros > len(s)/2) {
			return false
		}
	}
	return true
}

// frameAfter reports whether a whole frame begins anywhere after at, of one of
// the commits that may follow the last one.
func frameAfter(b []byte, seq uint64, at int64, last uint64, signed signedBy) bool {
	for at += frameAlign; at+frameHeader <= int64(len(b)); at += frameAlign {
		commit := binary.LittleEndian.Uint64(b[at+8:])
		if binary.LittleEndian.Uint32(b[at:]) != frameMagic || commit <= last || commit > last+maxCommits || binary.LittleEndian.Uint64(b[at+24:]) > signedLeaves {
			continue // told apart without reading the body
		}
		f, err := parseFrame(b[at:], seq, at)
		if err == nil && signed(f) {
			return true
		}
	}
	return false
}

// maxCommits is more than a journal file has commits.
const maxCommits = 1 << 24

var errJournalHead = errors.New("journal: damaged file header")

func checkJournalHead(b []byte, seq uint64) error {
	if len(b) < journalHeader || string(b[:16]) != journalMagic {
		return errJournalHead
	}
	if crc32.Checksum(b[:60], castagnoli) != binary.LittleEndian.Uint32(b[60:]) || binary.LittleEndian.Uint64(b[24:]) != seq {
		return errJournalHead
	}
	if v := binary.LittleEndian.Uint64(b[16:]); v < 1 || v > journalVersion {
		return fmt.Errorf("journal: version %d, this program knows %d", v, journalVersion)
	}
	return nil
}

// journalSeqs lists the journal files by sequence number. Unfinished ones are
// none.
func (l layout) journalSeqs() ([]uint64, error) {
	names, err := l.list(l.journal())
	if err != nil {
		return nil, err
	}
	var seqs []uint64
	for _, s := range names {
		if strings.HasSuffix(s, journalSuffix+durable.TempSuffix) {
			continue
		}
		var seq uint64
		if _, err := fmt.Sscanf(s, "%016x"+journalSuffix, &seq); err != nil || journalPath(l.journal(), seq) != filepath.Join(l.journal(), s) {
			return nil, hansard.Errorf(hansard.KindCorrupt, "unexpected file journal/%s", s)
		}
		seqs = append(seqs, seq)
	}
	return seqs, nil
}

// maxJournal bounds how large a journal file may be that is read back.
const maxJournal = 1 << 30

// readHead returns the first bytes of a journal file.
func (l layout) readHead(seq uint64) ([]byte, error) {
	f, err := l.fs.Open(journalPath(l.journal(), seq), false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, journalHeader)
	n, err := f.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

func (l layout) readJournal(seq uint64) ([]byte, error) {
	b, err := durable.ReadFile(l.fs, journalPath(l.journal(), seq), maxJournal)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b, err
}
