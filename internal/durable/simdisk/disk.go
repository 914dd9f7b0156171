// Package simdisk is a disk in memory that forgets what was not synced, for
// tests of power cuts and faults. It models a file system that keeps no more
// than POSIX promises:
//
//   - Data that was written is in the page cache until Sync. At a power cut each
//     sector of 512 bytes that was written since the last Sync is on the disk or
//     not, in any of the states that it had, independently of its neighbours; so
//     is the file's size.
//   - A name that was made, replaced or removed is durable after SyncDir on its
//     folder. At a power cut any of the changes since then is on the disk or not;
//     a later change of a name implies the earlier ones of that name. A rename
//     happens wholly or not at all.
//   - After a Sync that failed the pages are clean: a later Sync says that all is
//     well and writes nothing of them.
//   - A process that is killed loses nothing, but makes nothing durable either.
//
// A test sees each operation before it happens, may fail it or make it do
// nothing, and may copy the disk as a power cut or a kill would leave it.
package simdisk

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/hansardhq/hansard/internal/durable"
)

// Kind is a kind of operation.
type Kind string

// The kinds of operations. Those of the first group change the disk.
const (
	Create      Kind = "create"
	Mkdir       Kind = "mkdir"
	Rename      Kind = "rename"
	Remove      Kind = "remove"
	Write       Kind = "write"
	Truncate    Kind = "truncate"
	Preallocate Kind = "preallocate"
	Sync        Kind = "sync"
	SyncDir     Kind = "syncdir"

	Open    Kind = "open"
	Read    Kind = "read"
	ReadDir Kind = "readdir"
	Stat    Kind = "stat"
)

// Changes reports whether operations of this kind change what is on the disk or
// what a power cut leaves of it.
func (k Kind) Changes() bool {
	switch k {
	case Open, Read, ReadDir, Stat:
		return false
	}
	return true
}

// Op is an operation that is about to happen.
type Op struct {
	Kind Kind
	Path string // of a rename the new one
}

// ErrSkip makes, returned by the function that Before was given, a Write, a Sync
// or a SyncDir answer success and do nothing.
var ErrSkip = errors.New("skip this operation")

// Disk is a simulated disk. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex // guards all below
	root   *node
	locks  map[string]int // by path: -1 for a writer, or the number of readers
	before func(Op) error
	random *rand.Rand // what is left after a failed sync
}

var _ durable.FS = (*Disk)(nil)

// New returns an empty disk: a root folder.
func New() *Disk { return newDisk(newFolder()) }

func newDisk(root *node) *Disk {
	return &Disk{root: root, locks: map[string]int{}, random: rand.New(rand.NewPCG(1, 2))}
}

// Before has f called ahead of every operation. Its error is what the operation
// fails with; a Sync or SyncDir fails with a durable.SyncError of it, and a
// Write after half of its bytes. f may copy the disk, and no more.
func (d *Disk) Before(f func(Op) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = f
}

// ask asks the test about an operation. d.mu is not held.
func (d *Disk) ask(kind Kind, path string) (skip bool, err error) {
	d.mu.Lock()
	f := d.before
	d.mu.Unlock()
	if f == nil {
		return false, nil
	}
	err = f(Op{kind, path})
	if errors.Is(err, ErrSkip) {
		return true, nil
	}
	if err != nil {
		err = &fs.PathError{Op: string(kind), Path: path, Err: err}
	}
	return false, err
}

// Kill returns the disk as the next process finds it when this one is killed now:
// all that was written is there, and what was not synced can still be lost.
func (d *Disk) Kill() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return newDisk(d.root.clone(map[*node]*node{}))
}

// Cut returns the disk as it is after a power cut now: what was synced, and a
// random part of what was not.
func (d *Disk) Cut(r *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return newDisk(d.root.cut(newFate(r), map[*node]*node{}))
}

// find returns the node at path. d.mu is held.
func (d *Disk) find(op, path string) (*node, error) {
	n := d.root
	for name := range strings.SplitSeq(strings.Trim(filepath.Clean(path), "/."), "/") {
		if name == "" {
			continue
		}
		if n.names == nil {
			return nil, &fs.PathError{Op: op, Path: path, Err: syscall.ENOTDIR}
		}
		if n = n.names[name]; n == nil {
			return nil, &fs.PathError{Op: op, Path: path, Err: syscall.ENOENT}
		}
	}
	return n, nil
}

// folder returns the folder that holds path, and the name in it. d.mu is held.
func (d *Disk) folder(op, path string) (*node, string, error) {
	n, err := d.find(op, filepath.Dir(path))
	if err == nil && n.names == nil {
		err = &fs.PathError{Op: op, Path: path, Err: syscall.ENOTDIR}
	}
	return n, filepath.Base(path), err
}

// Create implements durable.FS.
func (d *Disk) Create(path string) (durable.File, error) {
	if _, err := d.ask(Create, path); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, name, err := d.folder("open", path)
	if err != nil {
		return nil, err
	}
	if dir.names[name] != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
	}
	n := &node{}
	dir.change(map[string]*node{name: n})
	return &file{d: d, n: n, path: path, write: true}, nil
}

// Open implements durable.FS.
func (d *Disk) Open(path string, write bool) (durable.File, error) {
	if _, err := d.ask(Open, path); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("open", path)
	if err != nil {
		return nil, err
	}
	if n.names != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	}
	return &file{d: d, n: n, path: path, write: write}, nil
}

// MkdirAll implements durable.FS.
func (d *Disk) MkdirAll(path string) error { return durable.MkdirAll(d, path) }

// Mkdir makes one folder. Its name is not durable yet.
func (d *Disk) Mkdir(path string) error {
	if _, err := d.ask(Mkdir, path); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, name, err := d.folder("mkdir", path)
	if err != nil {
		return err
	}
	if dir.names[name] != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.EEXIST}
	}
	dir.change(map[string]*node{name: newFolder()})
	return nil
}

// Rename implements durable.FS, within one folder.
func (d *Disk) Rename(oldPath, newPath string) error {
	if _, err := d.ask(Rename, newPath); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, name, err := d.folder("rename", oldPath)
	if err != nil {
		return err
	}
	n := dir.names[name]
	switch {
	case filepath.Dir(oldPath) != filepath.Dir(newPath):
		err = errors.ErrUnsupported
	case n == nil:
		err = syscall.ENOENT
	}
	if err != nil {
		return &fs.PathError{Op: "rename", Path: oldPath, Err: err}
	}
	dir.change(map[string]*node{name: nil, filepath.Base(newPath): n})
	return nil
}

// Remove implements durable.FS.
func (d *Disk) Remove(path string) error {
	if _, err := d.ask(Remove, path); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, name, err := d.folder("remove", path)
	if err != nil {
		return err
	}
	switch n := dir.names[name]; {
	case n == nil:
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.ENOENT}
	case len(n.names) > 0:
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.ENOTEMPTY}
	}
	dir.change(map[string]*node{name: nil})
	return nil
}

// ReadDir implements durable.FS.
func (d *Disk) ReadDir(path string) ([]fs.DirEntry, error) {
	if _, err := d.ask(ReadDir, path); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("open", path)
	if err != nil {
		return nil, err
	}
	if n.names == nil {
		return nil, &fs.PathError{Op: "readdir", Path: path, Err: syscall.ENOTDIR}
	}
	var entries []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(n.names)) {
		entries = append(entries, fs.FileInfoToDirEntry(n.names[name].info(name)))
	}
	return entries, nil
}

// Stat implements durable.FS.
func (d *Disk) Stat(path string) (fs.FileInfo, error) {
	if _, err := d.ask(Stat, path); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("stat", path)
	if err != nil {
		return nil, err
	}
	return n.info(filepath.Base(path)), nil
}

// SyncDir implements durable.FS.
func (d *Disk) SyncDir(path string) error {
	skip, err := d.ask(SyncDir, path)
	if err != nil {
		return &durable.SyncError{Path: path, Err: err}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("open", path)
	if err == nil && n.names == nil {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return &durable.SyncError{Path: path, Err: err}
	}
	if !skip {
		n.synced, n.pending = maps.Clone(n.names), nil
	}
	return nil
}

// Lock implements durable.FS. Locks end with the process: a copy of the disk has
// none.
func (d *Disk) Lock(path string, exclusive bool) (unlock func() error, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, name, err := d.folder("open", path)
	if err != nil {
		return nil, err
	}
	if dir.names[name] == nil {
		dir.change(map[string]*node{name: {}})
	}
	held := d.locks[path]
	if held < 0 || exclusive && held > 0 {
		return nil, durable.ErrLocked
	}
	step := 1
	if exclusive {
		step = -1
	}
	d.locks[path] += step
	return sync.OnceValue(func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.locks[path] -= step
		return nil
	}), nil
}
