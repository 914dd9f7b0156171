package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// OS is the operating system's file system.
type OS struct{}

var _ FS = OS{}

// Create implements FS.
func (OS) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

// Open implements FS.
func (OS) Open(path string, write bool) (File, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

// MkdirAll implements FS.
func (o OS) MkdirAll(path string) error { return MkdirAll(o, path) }

// Mkdir makes one folder, mode 0700. Its name is not durable yet.
func (OS) Mkdir(path string) error { return os.Mkdir(path, 0o700) }

// Stat implements FS.
func (OS) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// Rename implements FS.
func (OS) Rename(oldPath, newPath string) error { return os.Rename(oldPath, newPath) }

// Remove implements FS.
func (OS) Remove(path string) error { return os.Remove(path) }

// ReadDir implements FS.
func (OS) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// SyncDir implements FS.
func (OS) SyncDir(path string) error {
	d, err := openFolder(path)
	if err != nil {
		return &SyncError{Path: path, Err: err}
	}
	if err := d.Sync(); err != nil {
		return &SyncError{Path: path, Err: errors.Join(err, d.Close())}
	}
	return d.Close()
}

// openFolder opens a folder. When the process has too many files open it waits
// for some to be closed: a name that is not synced ends the process.
func openFolder(path string) (*os.File, error) {
	for range 200 {
		d, err := os.Open(path)
		if !TooManyFiles(err) {
			return d, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return os.Open(path)
}

type osFile struct {
	*os.File
	direct  *os.File // the same file, opened for writes past the page cache; nil: not yet
	refused bool     // such writes cannot be
}

func (f *osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f *osFile) Preallocate(n int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, n)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = writeZeros(f, 0, n) // a file system without fallocate
	}
	if err != nil && NoSpace(err) {
		return errors.Join(ErrNoSpace, err)
	}
	return err
}

// WriteZeros implements File.
func (f *osFile) WriteZeros(at, n int64) error {
	return f.pastCache(func(w io.WriterAt) error { return writeZeros(w, at, n) })
}

// WritePages implements File.
func (f *osFile) WritePages(pages []byte, at int64) error {
	return f.pastCache(func(w io.WriterAt) error {
		_, err := w.WriteAt(pages, at)
		return err
	})
}

// pastCache calls write with a writer past the page cache, and with the file itself
// where the file system has no such writes, or not of these bytes.
func (f *osFile) pastCache(write func(io.WriterAt) error) error {
	if f.direct == nil && !f.refused {
		// By its descriptor: the file may have another name by now.
		direct, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_WRONLY|unix.O_DIRECT, 0)
		f.direct, f.refused = direct, err != nil
	}
	if f.refused {
		return write(f.File)
	}
	err := write(f.direct)
	if errors.Is(err, unix.EINVAL) {
		return write(f.File)
	}
	return err
}

// Close implements File.
func (f *osFile) Close() error {
	if f.direct != nil {
		return errors.Join(f.direct.Close(), f.File.Close())
	}
	return f.File.Close()
}

// zeros are at a multiple of a page in memory, as direct writes want it.
var zeros = sync.OnceValues(func() ([]byte, error) {
	return unix.Mmap(-1, 0, 256<<10, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
})

func writeZeros(f io.WriterAt, at, n int64) error {
	b, err := zeros()
	for end := at + n; err == nil && at < end; at += int64(len(b)) {
		_, err = f.WriteAt(b[:min(int64(len(b)), end-at)], at)
	}
	return err
}

func (f *osFile) Sync() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return &SyncError{Path: f.Name(), Err: err}
		}
	}
}
