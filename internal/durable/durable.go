// Package durable keeps bytes: files whose writes are known to have reached the
// disk, and nothing else. Everything that Hansard writes below its data and key
// folders goes through an FS, so that the same code runs on a real disk and on
// a simulated one that forgets what was not synced.
//
// The rules are those of a careful database. A file's data is durable after
// Sync; its name is durable after SyncDir on its folder. A Sync that failed is
// never tried again on the same file: the kernel may have dropped the pages and
// would answer success (Rebello et al., "Can Applications Recover from fsync
// Failures?", ATC 2020).
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"unsafe"
)

// FS is a file system with the operations that durability needs. Paths are
// those of the operating system. Implementations are safe for concurrent use.
type FS interface {
	// Create makes a new file for reading and writing, mode 0600. It fails
	// with fs.ErrExist if the file exists.
	Create(path string) (File, error)
	// Open opens a file for reading and, if write is set, for writing.
	Open(path string, write bool) (File, error)
	// MkdirAll makes a folder and its parents, mode 0700, and makes the new
	// names durable. When that fails no new name is left.
	MkdirAll(path string) error
	// Stat describes a file or a folder.
	Stat(path string) (fs.FileInfo, error)
	// Rename replaces newPath by oldPath. The change is durable after
	// SyncDir on the folder.
	Rename(oldPath, newPath string) error
	// Remove removes a file or an empty folder.
	Remove(path string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(path string) ([]fs.DirEntry, error)
	// SyncDir makes the names in a folder durable. Every error is a
	// SyncError: the names have changed, and whether that lasts is not known.
	SyncDir(path string) error
	// Lock takes the lock file at path, making it if need be: exclusively for
	// a writer, shared for readers. The lock ends when the returned function
	// is called or the process ends, however it ends. It returns ErrLocked at
	// once if it cannot have the lock.
	Lock(path string, exclusive bool) (unlock func() error, err error)
}

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("another process uses this folder")

// File is an open file. ReadAt and WriteAt are safe for concurrent use on
// ranges that do not overlap.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size returns the file's length in bytes.
	Size() (int64, error)
	// Preallocate reserves n bytes of zeros from the file's start, so that
	// later writes within them cannot run out of space. It returns an error
	// matching ErrNoSpace when there is no room.
	Preallocate(n int64) error
	// WriteZeros writes n zeros at an offset, and past the page cache where that
	// can be. What was only reserved is marked as written then, which every sync
	// of a first write would have to wait for else.
	WriteZeros(at, n int64) error
	// WritePages writes whole pages of PageSize bytes at a multiple of a page, past
	// the page cache where that can be. The bytes must lie in memory of AlignedPages.
	// It is for one goroutine at a time.
	WritePages(pages []byte, at int64) error
	// Truncate cuts the file to n bytes.
	Truncate(n int64) error
	// Sync makes the data durable (fdatasync).
	Sync() error
}

// PageSize is what a disk writes and the page cache holds at a time, in bytes.
const PageSize = 4096

// AlignedPages returns memory for n pages that begins, in memory, at a multiple of a
// page: writes past the page cache are from such memory only.
func AlignedPages(n int) []byte {
	b := make([]byte, (n+1)*PageSize)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (PageSize - 1) // memory of Go does not move
	return b[skip:][: n*PageSize : n*PageSize]
}

// ErrNoSpace says that the file system or a quota is full.
var ErrNoSpace = errors.New("no space left on the device")

// NoSpace reports whether err says that there is no room.
func NoSpace(err error) bool {
	return errors.Is(err, ErrNoSpace) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// TooManyFiles reports whether err says that the process or the system has as
// many files open as it may have.
func TooManyFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// SyncError says that a sync failed: what the disk holds is not known.
type SyncError struct {
	Path string
	Err  error
}

// Error returns the file's name and the cause.
func (e *SyncError) Error() string {
	return fmt.Sprintf("sync %s: %v", filepath.Base(e.Path), e.Err)
}

// Unwrap returns the cause.
func (e *SyncError) Unwrap() error { return e.Err }

// SyncFailed reports whether err comes from a sync that failed.
func SyncFailed(err error) bool {
	var s *SyncError
	return errors.As(err, &s)
}

// TempSuffix ends the names of files that are not finished. Whoever finds one
// at start removes it.
const TempSuffix = ".tmp"

// WriteFile replaces the file at path with what write writes, durably: a crash
// leaves the old file or the new one, never a mixture.
func WriteFile(fsys FS, path string, write func(io.Writer) error) error {
	tmp := path + TempSuffix
	if err := fsys.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove old %s: %w", filepath.Base(tmp), err)
	}
	if err := WriteNew(fsys, tmp, write); err != nil {
		_ = fsys.Remove(tmp)
		return err
	}
	// A crash here leaves the old file and a finished temporary one, which
	// the next start removes.
	if err := fsys.Rename(tmp, path); err != nil {
		return fmt.Errorf("rename %s: %w", filepath.Base(tmp), err)
	}
	// A crash here leaves the old name or the new one; both are whole.
	return fsys.SyncDir(filepath.Dir(path))
}

// MkdirAll makes a folder and its parents by the simpler steps of a file system,
// as FS.MkdirAll has to. A crash in the middle may leave a folder whose name is
// not durable, which nobody can tell from one whose name is: whoever starts
// after a crash syncs the folders that it finds.
func MkdirAll(f interface {
	Stat(path string) (fs.FileInfo, error)
	Mkdir(path string) error
	Remove(path string) error
	SyncDir(path string) error
}, path string) error {
	info, err := f.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil || errors.Is(err, syscall.ENOTDIR):
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MkdirAll(f, parent); err != nil {
			return err
		}
	}
	if err := f.Mkdir(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := f.SyncDir(parent); err != nil {
		return errors.Join(err, f.Remove(path))
	}
	return nil
}

// WriteNew writes a new file and syncs its data, not its name. A sync that fails
// because the disk is full is a full disk and no failed sync: nobody relies on
// the file, and it is not synced again.
func WriteNew(fsys FS, path string, write func(io.Writer) error) error {
	f, err := fsys.Create(path)
	if err != nil {
		return fmt.Errorf("create %s: %w", filepath.Base(path), err)
	}
	w := &writer{f: f}
	err = write(w)
	if err == nil {
		err = w.flush()
	}
	if err == nil {
		if err = f.Sync(); err != nil && NoSpace(err) {
			err = fmt.Errorf("write %s: %w", filepath.Base(path), ErrNoSpace)
		}
	}
	return errors.Join(err, f.Close())
}

// writer is a buffered io.Writer over the start of a File.
type writer struct {
	f   File
	at  int64
	buf []byte
}

const writeBuffer = 1 << 18

func (w *writer) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	if len(w.buf) >= writeBuffer {
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (w *writer) flush() error {
	n, err := w.f.WriteAt(w.buf, w.at)
	w.at += int64(n)
	w.buf = w.buf[:0]
	return err
}

// ReadFile returns the whole file, which may be at most limit bytes.
func ReadFile(fsys FS, path string, limit int64) ([]byte, error) {
	f, err := fsys.Open(path, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", filepath.Base(path), size, limit)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return b, nil
}
