package simdisk

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/hansardhq/hansard/internal/durable"
)

// file is an open file.
type file struct {
	d      *Disk
	n      *node
	path   string
	write  bool
	closed bool
}

// use takes the disk's mutex, if the file may be used. The caller releases it.
func (f *file) use(op string, write bool) error {
	f.d.mu.Lock()
	var err error
	switch {
	case f.closed:
		err = os.ErrClosed
	case write && !f.write:
		err = syscall.EBADF
	default:
		return nil
	}
	f.d.mu.Unlock()
	return &fs.PathError{Op: op, Path: f.path, Err: err}
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(b []byte, at int64) (int, error) {
	if _, err := f.d.ask(Read, f.path); err != nil {
		return 0, err
	}
	if err := f.use("read", false); err != nil {
		return 0, err
	}
	defer f.d.mu.Unlock()
	if at < 0 {
		return 0, &fs.PathError{Op: "read", Path: f.path, Err: syscall.EINVAL}
	}
	if at >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements io.WriterAt. When it fails the first half is written.
func (f *file) WriteAt(b []byte, at int64) (int, error) {
	skip, failed := f.d.ask(Write, f.path)
	if err := f.use("write", true); err != nil {
		return 0, err
	}
	defer f.d.mu.Unlock()
	if skip {
		return len(b), nil
	}
	if failed != nil {
		b = b[:len(b)/2]
	}
	if len(b) > 0 {
		f.n.write(b, int(at))
	}
	return len(b), failed
}

// WriteZeros implements durable.File.
func (f *file) WriteZeros(at, n int64) error {
	_, err := f.WriteAt(make([]byte, n), at)
	return err
}

// WritePages implements durable.File. It refuses what a disk would.
func (f *file) WritePages(pages []byte, at int64) error {
	if len(pages)%durable.PageSize != 0 || at%durable.PageSize != 0 {
		return fmt.Errorf("write %d bytes at %d: not whole pages", len(pages), at)
	}
	_, err := f.WriteAt(pages, at)
	return err
}

// Size implements durable.File.
func (f *file) Size() (int64, error) {
	if err := f.use("stat", false); err != nil {
		return 0, err
	}
	defer f.d.mu.Unlock()
	return int64(len(f.n.data)), nil
}

// Preallocate implements durable.File.
func (f *file) Preallocate(n int64) error {
	if _, err := f.d.ask(Preallocate, f.path); err != nil {
		return err
	}
	if err := f.use("fallocate", true); err != nil {
		return err
	}
	defer f.d.mu.Unlock()
	if int(n) > len(f.n.data) {
		f.n.resize(int(n))
	}
	return nil
}

// Truncate implements durable.File.
func (f *file) Truncate(n int64) error {
	if _, err := f.d.ask(Truncate, f.path); err != nil {
		return err
	}
	if err := f.use("truncate", true); err != nil {
		return err
	}
	defer f.d.mu.Unlock()
	f.n.resize(int(n))
	return nil
}

// Sync implements durable.File.
func (f *file) Sync() error {
	skip, failed := f.d.ask(Sync, f.path)
	if err := f.use("sync", false); err != nil {
		return &durable.SyncError{Path: f.path, Err: err}
	}
	defer f.d.mu.Unlock()
	switch {
	case failed != nil:
		f.n.failSync(f.d.random)
		return &durable.SyncError{Path: f.path, Err: failed}
	case !skip:
		f.n.sync()
	}
	return nil
}

// Close implements io.Closer.
func (f *file) Close() error {
	if err := f.use("close", false); err != nil {
		return err
	}
	defer f.d.mu.Unlock()
	f.closed = true
	return nil
}
