package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// maxIndex bounds the size of an index file that is read: 256k ids and a filter.
const maxIndex = 64 << 20

// readIndex reads the index at path.
func readIndex(fsys durable.FS, path string) (*part.Index, error) {
	b, err := durable.ReadFile(fsys, path, maxIndex)
	if err != nil {
		return nil, err
	}
	return part.ParseIndex(b)
}

// loadIndex returns the head of a part's index, making the index anew from the
// part if it is missing or damaged: it is derived.
func (l *Ledger) loadIndex(t *tenant, p part.Info) (part.Info, error) {
	x, err := readHead(l.cfg.FS, p.Path(l.cfg.Dir)+IndexSuffix)
	if err == nil && x.Log == p.Log && x.Name == p.Name && x.Date == p.Date {
		return x, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.cfg.Logger.Warn("making an index anew", "part", p.Name.String(), "log", p.Log.String(), "reason", err)
	}
	entries, err := l.readPart(p)
	if err != nil {
		return part.Info{}, err
	}
	made, err := l.makeIndex(t, p, entries)
	if err != nil {
		return part.Info{}, err
	}
	return made.Info, nil
}

// readHead reads what the manifest needs of the index at path.
func readHead(fsys durable.FS, path string) (part.Info, error) {
	f, err := fsys.Open(path, false)
	if err != nil {
		return part.Info{}, err
	}
	defer f.Close()
	x, err := part.OpenIndex(f)
	if err != nil {
		return part.Info{}, err
	}
	return x.Info, nil
}

// makeIndex writes the index of a part that is on disk.
func (l *Ledger) makeIndex(t *tenant, p part.Info, entries []*hansard.Entry) (*part.Index, error) {
	ids := make([]part.ID, len(entries))
	for i, e := range entries {
		ids[i] = idOf(t, e)
	}
	x := part.NewIndex(p.Name, entries, ids)
	path := p.Path(l.cfg.Dir)
	var err error
	if x.SHA256, x.Bytes, err = hashFile(l.cfg.FS, path); err != nil {
		return nil, err
	}
	if len(entries) >= textRows {
		if err := l.addTexts(x); err != nil {
			return nil, err
		}
	}
	return x, l.writeIndex(path, x)
}

func (l *Ledger) writeIndex(path string, x *part.Index) error {
	return durable.WriteFile(l.cfg.FS, path+IndexSuffix, func(w io.Writer) error {
		_, err := w.Write(x.Append(nil))
		return err
	})
}

// hashFile returns the SHA-256 and the size of a file.
func hashFile(fsys durable.FS, path string) (sum hansard.Hash, size int64, err error) {
	h := sha256.New()
	if size, err = copyFile(h, fsys, path); err != nil {
		return sum, 0, err
	}
	h.Sum(sum[:0])
	return sum, size, nil
}

// copyFile writes what a file holds to w and returns how much that is.
func copyFile(w io.Writer, fsys durable.FS, path string) (size int64, err error) {
	f, err := fsys.Open(path, false)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if size, err = f.Size(); err != nil {
		return 0, err
	}
	_, err = io.Copy(w, io.NewSectionReader(f, 0, size))
	return size, err
}

// readPart returns the entries of a part in the order of their indexes, with
// their leaf hashes.
func (l *Ledger) readPart(p part.Info) ([]*hansard.Entry, error) {
	return readPart(l.cfg.FS, l.enc, p.Path(l.cfg.Dir), p)
}

// openPart opens a part that has a row for each of its entries, and no more rows than
// may be held in memory. size is in bytes. The caller closes the file.
func openPart(fsys durable.FS, enc *part.Encoder, path string, p part.Info) (f durable.File, pf *part.File, size int64, err error) {
	if f, err = fsys.Open(path, false); err != nil {
		return nil, nil, 0, err
	}
	if size, err = f.Size(); err == nil {
		pf, err = enc.Open(f, size, p.Log)
	}
	if err == nil {
		if n := pf.Rows(); n < 0 || uint64(n) != p.Name.End-p.Name.First || n > part.MaxRows {
			err = hansard.Errorf(hansard.KindCorrupt, "%d rows for the entries %d to %d", n, p.Name.First, p.Name.End-1)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, 0, err
	}
	return f, pf, size, nil
}

func readPart(fsys durable.FS, enc *part.Encoder, path string, p part.Info) ([]*hansard.Entry, error) {
	f, pf, _, err := openPart(fsys, enc, path, p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := pf.ReadAll()
	if err != nil {
		return nil, err
	}
	return entries, place(enc, p, entries)
}

// place puts the entries of a part into the order of their indexes, checks that
// there is one for each index of its range, and sets their leaf hashes.
func place(enc *part.Encoder, p part.Info, entries []*hansard.Entry) error {
	sort.Slice(entries, func(i, j int) bool { return entries[i].Index < entries[j].Index })
	if uint64(len(entries)) != p.Name.End-p.Name.First {
		return hansard.Errorf(hansard.KindCorrupt, "%d rows for the entries %d to %d", len(entries), p.Name.First, p.Name.End-1)
	}
	var leaf []byte
	for i, e := range entries {
		if want := p.Name.First + uint64(i); e.Index != want {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d is missing or there twice", want)
		}
		leaf = enc.AppendLeaf(leaf[:0], e)
		e.LeafHash = part.HashLeaf(leaf)
	}
	return nil
}

// writePart writes a part under a temporary name, and its index, and returns the
// index. The part has been read back and found to render to the leaves that it
// was written from; finishPart gives it its name. texts asks for text filters in
// the index.
func (l *Ledger) writePart(name part.Name, items []*sealable, readBack readBack, texts bool) (*part.Index, error) {
	ids := make([]part.ID, len(items))
	for i, it := range items {
		ids[i] = it.id
	}
	x := part.NewRowIndex(name, rowsOf(items), ids)
	if texts {
		if err := x.AddRowTexts(l.enc, rowsOf(items)); err != nil {
			return nil, err
		}
	}
	if err := l.writeUnfinished(x, func(tmp string) error { return l.writeChecked(tmp, x, items, readBack) }); err != nil {
		return nil, err
	}
	return x, nil
}

// writeUnfinished has a part written under a temporary name, and writes its index. On
// an error it leaves neither.
func (l *Ledger) writeUnfinished(x *part.Index, write func(tmp string) error) error {
	path := x.Info.Path(l.cfg.Dir)
	if err := l.cfg.FS.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	tmp := path + durable.TempSuffix
	if err := l.cfg.FS.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := write(tmp); err != nil {
		return errors.Join(fmt.Errorf("write part %s: %w", x.Name, err), l.cfg.FS.Remove(tmp))
	}
	if err := l.writeIndex(path, x); err != nil {
		return errors.Join(fmt.Errorf("write index of part %s: %w", x.Name, err), l.dropUnfinished([]*part.Index{x}))
	}
	return nil
}

// dropUnfinished removes parts that were written and will not be finished. What
// is not there need not be removed.
func (l *Ledger) dropUnfinished(parts []*part.Index) error {
	var errs error
	for _, x := range parts {
		path := x.Info.Path(l.cfg.Dir)
		if err := l.cfg.FS.Remove(path + durable.TempSuffix); !errors.Is(err, fs.ErrNotExist) {
			errs = errors.Join(errs, err)
		}
		errs = errors.Join(errs, l.removeBeside(path))
	}
	return errs
}

// dropUnnamed removes parts that finishPart could not give a name. After a failed
// sync the first of them may have it: the process ends, and the next start looks.
func (l *Ledger) dropUnnamed(err error, parts []*part.Index) error {
	if durable.SyncFailed(err) {
		return nil
	}
	return l.dropUnfinished(parts)
}

// finishPart gives a written part its name.
func (l *Ledger) finishPart(p part.Info) error {
	path := p.Path(l.cfg.Dir)
	if err := l.cfg.FS.Rename(path+durable.TempSuffix, path); err != nil {
		return err
	}
	// A crash here leaves the part or not; both are whole states.
	return l.cfg.FS.SyncDir(filepath.Dir(path))
}

// readBack says how much of a written part is read back and compared with the
// entries that it was written from.
type readBack int

const (
	readAll    readBack = iota // every row
	readSample                 // a few row groups, by chance: under load
)

// sampled is how many row groups there are to one that a sample reads.
const sampled = 16

// skip decides whether a row group is not read.
func (r readBack) skip() bool { return r == readSample && rand.IntN(sampled) != 0 }

// writeChecked writes a new file with the part, syncs it, and reads it back.
func (l *Ledger) writeChecked(tmp string, x *part.Index, items []*sealable, much readBack) error {
	rows := make([][]byte, len(items))
	for i, it := range items {
		rows[i] = it.Bytes
	}
	if err := l.writeHashed(tmp, x, func(w io.Writer) error { return l.enc.WriteIndexed(w, x, rows) }); err != nil {
		return err
	}
	if err := l.readBack(tmp, x, len(items), func(at uint64) hansard.Hash { return items[at].LeafHash }, much); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	return nil
}

// writeHashed writes a new file, syncs it, compares what the disk gives back with what
// was written, and notes its size and hash in the index.
func (l *Ledger) writeHashed(tmp string, x *part.Index, write func(io.Writer) error) error {
	written := sha256.New()
	// What is read back is compared by a keyed hash of 64 bits, which takes a fifth
	// of the time: it is the disk that may differ, and that does not choose how.
	var check, found maphash.Hash
	found.SetSeed(check.Seed())
	err := durable.WriteNew(l.cfg.FS, tmp, func(w io.Writer) error { return write(io.MultiWriter(w, written, &check)) })
	if err != nil {
		return err
	}
	if x.Bytes, err = copyFile(&found, l.cfg.FS, tmp); err != nil {
		return err
	}
	written.Sum(x.SHA256[:0])
	if found.Sum64() != check.Sum64() {
		return hansard.Errorf(hansard.KindCorrupt, "read back: the file does not hold what was written")
	}
	return nil
}

// readBack reads row groups of a written part of n entries and checks that each row
// renders to the leaf of its entry, and its content to what the leaf commits to. leaf
// returns the one of the entry at a place, counted from the part's first.
func (l *Ledger) readBack(path string, x *part.Index, n int, leaf func(at uint64) hansard.Hash, much readBack) error {
	f, err := l.cfg.FS.Open(path, false)
	if err != nil {
		return err
	}
	defer f.Close()
	pf, err := l.enc.Open(f, x.Bytes, x.Log)
	if err != nil {
		return err
	}
	if rows := pf.Rows(); rows != int64(n) {
		return hansard.Errorf(hansard.KindCorrupt, "%d rows for %d entries", rows, n)
	}
	var group *part.Group // a sample may need none
	for i := range pf.Groups() {
		if much.skip() {
			continue
		}
		if group == nil {
			if group, err = l.enc.NewGroup(); err != nil {
				return err
			}
		}
		if err := l.readBackGroup(group, pf, i, x, leaf); err != nil {
			return err
		}
	}
	return nil
}

// readBackGroup reads a row group, which must hold its range of the entries, each
// once.
func (l *Ledger) readBackGroup(g *part.Group, pf *part.File, i int, x *part.Index, leaf func(at uint64) hansard.Hash) error {
	if err := g.Load(pf, i, nil); err != nil {
		return err
	}
	from, end := pf.Range(i)
	if uint64(g.Len()) != end-from || end > uint64(x.Rows) {
		return hansard.Errorf(hansard.KindCorrupt, "row group %d has %d rows", i, g.Len())
	}
	seen := make([]bool, g.Len())
	for row := range g.Len() {
		index := g.Place(row).Index
		at := index - x.Name.First
		if at < from || at >= end || seen[at-from] {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d does not belong there", index)
		}
		seen[at-from] = true
		if g.HashLeaf(row) != leaf(at) {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d is not the one that was written", index)
		}
		if err := g.CheckContent(row); err != nil {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d: %w", index, err)
		}
	}
	return nil
}

// rebuildTiles makes a log's tiles anew from its parts: they are derived as
// long as no part has gone.
func (l *Ledger) rebuildTiles(lg *log) error {
	if lg.min.Index > 0 {
		err := hansard.Errorf(hansard.KindCorrupt, "tiles are missing, and the parts that they began with were pruned")
		return hansard.WithHint(err, "restore the tiles folder from a backup")
	}
	l.cfg.Logger.Warn("making tiles anew", "log", lg.id.String())
	for _, p := range lg.parts {
		entries, err := l.readPart(p)
		if err != nil {
			return fmt.Errorf("part %s: %w", p.Name, err)
		}
		if err := lg.tiles.append(p.Name.First, leafHashes(entries), nil); err != nil {
			return err
		}
	}
	return nil
}

func itemHashes(items []*sealable) []tlog.Hash {
	hashes := make([]tlog.Hash, len(items))
	for i, it := range items {
		hashes[i] = tlog.Hash(it.LeafHash)
	}
	return hashes
}

// tileRoots returns the roots of the tiles that items complete, as the tree had them
// when it grew.
func tileRoots(items []*sealable) []tlog.Hash {
	var roots []tlog.Hash
	for _, it := range items {
		if it.tile != nil {
			roots = append(roots, *it.tile)
		}
	}
	return roots
}

func leafHashes(entries []*hansard.Entry) []tlog.Hash {
	hashes := make([]tlog.Hash, len(entries))
	for i, e := range entries {
		hashes[i] = tlog.Hash(e.LeafHash)
	}
	return hashes
}
