package ledger

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard/internal/durable"
)

// spareFile is the next file of the journal, which is made while the current one is
// still written to: a commit need not wait for that. It is blank, so that it does not
// count until its header is written.
type spareFile struct {
	hurry atomic.Bool   // it is wanted: as it is will do
	done  chan struct{} // closed when what follows is set
	file  *journalFile  // nil after an error
	err   error
}

// zeroChunk is how many zeros are written at a time: a commit's sync waits for no
// more than that.
const zeroChunk = 256 << 10

// zeroPause is how much a disk that is at work for commits rests between chunks.
const zeroPause = 2 * time.Millisecond

// quickFile is how soon a file is half full when commits are many: their time goes
// into writing, and zeros would double it.
const quickFile = 500 * time.Millisecond

// prepare begins to make the next file when half of the current one is written.
func (j *journal) prepare() {
	if j.spare != nil || j.cur.at < j.cur.size/2 || j.cur.size < j.size {
		return
	}
	s := &spareFile{done: make(chan struct{})}
	j.spare = s
	zero := time.Since(j.cur.begun) > quickFile
	go func(seq uint64) {
		defer close(s.done)
		if s.file, s.err = s.make(j.fs, j.dir, seq, j.size, zero); s.err != nil {
			j.failed(s.err)
		}
	}(j.seq + 1)
}

// make makes the file. A crash leaves it, or a part of it, and the next start
// removes it.
func (s *spareFile) make(fsys durable.FS, dir string, seq uint64, size int64, zero bool) (*journalFile, error) {
	f, err := createReserved(fsys, journalPath(dir, seq), size)
	if err != nil {
		return nil, err
	}
	f.seq, f.at = seq, journalHeader
	for at := int64(0); zero && err == nil && at < f.size && !s.hurry.Load(); at += zeroChunk {
		err = f.file.WriteZeros(at, min(zeroChunk, f.size-at))
		time.Sleep(zeroPause)
	}
	if err == nil {
		err = f.file.Sync()
	}
	if err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.file.Close(), fsys.Remove(f.path))
	}
	return f, nil
}

// take returns the file, nil if it could not be made: whoever needs one makes it then,
// and fails for the same reason.
func (s *spareFile) take() (*journalFile, error) {
	s.hurry.Store(true)
	<-s.done
	if durable.SyncFailed(s.err) {
		return nil, s.err
	}
	return s.file, nil
}

// dropSpare removes the next file.
func (j *journal) dropSpare() error {
	if j.spare == nil {
		return nil
	}
	f, err := j.spare.take()
	j.spare = nil
	if f == nil {
		return err
	}
	return j.unlink(f)
}
