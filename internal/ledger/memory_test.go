package ledger_test

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/durable"
)

// memory is a file system in memory, cheap to copy: files are replaced, never
// changed. It is for one goroutine, but reading is for many.
type memory map[string][]byte

var _ durable.FS = memory{}

// loadMemory reads the folders and puts them below others in memory.
func loadMemory(t testing.TB, folders map[string]string) memory {
	t.Helper()
	m := memory{}
	for from, to := range folders {
		err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(from, p)
			if err != nil {
				return err
			}
			m[path.Join(to, filepath.ToSlash(rel))], err = os.ReadFile(p)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m memory) clone() memory { return maps.Clone(m) }

// names returns the paths of the files for which keep is true, sorted.
func (m memory) names(keep func(string) bool) []string {
	var names []string
	for name := range m {
		if keep(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func missing(op, path string) error { return &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist} }

func (m memory) Create(path string) (durable.File, error) {
	if _, ok := m[path]; ok {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	m[path] = nil
	return memoryFile{m, path}, nil
}

func (m memory) Open(path string, _ bool) (durable.File, error) {
	if _, ok := m[path]; !ok {
		return nil, missing("open", path)
	}
	return memoryFile{m, path}, nil
}

func (m memory) MkdirAll(string) error { return nil }

func (m memory) Rename(from, to string) error {
	b, ok := m[from]
	if !ok {
		return missing("rename", from)
	}
	delete(m, from)
	m[to] = b
	return nil
}

func (m memory) Remove(path string) error {
	if _, ok := m[path]; !ok {
		return missing("remove", path)
	}
	delete(m, path)
	return nil
}

func (m memory) Stat(p string) (fs.FileInfo, error) {
	if b, ok := m[p]; ok {
		return memoryInfo{path.Base(p), int64(len(b)), 0o600}, nil
	}
	for name := range m {
		if strings.HasPrefix(name, p+"/") {
			return memoryInfo{path.Base(p), 0, fs.ModeDir | 0o700}, nil
		}
	}
	return nil, missing("stat", p)
}

func (m memory) ReadDir(dir string) ([]fs.DirEntry, error) {
	found := map[string]fs.DirEntry{}
	for name, b := range m {
		rest, ok := strings.CutPrefix(name, dir+"/")
		if !ok {
			continue
		}
		if first, _, deeper := strings.Cut(rest, "/"); deeper {
			found[first] = fs.FileInfoToDirEntry(memoryInfo{first, 0, fs.ModeDir | 0o700})
		} else {
			found[rest] = fs.FileInfoToDirEntry(memoryInfo{rest, int64(len(b)), 0o600})
		}
	}
	if len(found) == 0 {
		return nil, missing("readdir", dir)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }), nil
}

func (m memory) SyncDir(string) error { return nil }

func (m memory) Lock(string, bool) (func() error, error) { return func() error { return nil }, nil }

type memoryFile struct {
	m    memory
	path string
}

func (f memoryFile) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(f.m[f.path]).ReadAt(p, at)
}

func (f memoryFile) WriteAt(p []byte, at int64) (int, error) {
	b := bytes.Clone(f.m[f.path])
	if need := int(at) + len(p); need > len(b) {
		b = append(b, make([]byte, need-len(b))...)
	}
	f.m[f.path] = b
	return copy(b[at:], p), nil
}

func (f memoryFile) Size() (int64, error) { return int64(len(f.m[f.path])), nil }

func (f memoryFile) Preallocate(n int64) error {
	_, err := f.WriteAt(nil, n)
	return err
}

func (f memoryFile) WriteZeros(at, n int64) error {
	_, err := f.WriteAt(make([]byte, n), at)
	return err
}

func (f memoryFile) WritePages(p []byte, at int64) error {
	_, err := f.WriteAt(p, at)
	return err
}

func (f memoryFile) Truncate(n int64) error {
	f.m[f.path] = bytes.Clone(f.m[f.path][:n])
	return nil
}

func (memoryFile) Sync() error  { return nil }
func (memoryFile) Close() error { return nil }

type memoryInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i memoryInfo) Name() string       { return i.name }
func (i memoryInfo) Size() int64        { return i.size }
func (i memoryInfo) Mode() fs.FileMode  { return i.mode }
func (i memoryInfo) ModTime() time.Time { return time.Time{} }
func (i memoryInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memoryInfo) Sys() any           { return nil }

var _ io.ReaderAt = memoryFile{}
