package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// dedup finds an event id among those of a tenant that are remembered: the ids
// of entries in no part yet are in memory, all others on disk, in the indexes
// beside the parts, behind a filter that keeps most look-ups off the disk.
type dedup struct {
	fs      durable.FS
	fresh   map[[10]byte][6]byte
	sealed  []idFile
	filter  idFilter
	entries int // ids in the filter
}

// idFile is the sorted ids in one index file.
type idFile struct {
	path         string
	info         part.Info
	count        int64
	lastReceived int64
}

func newDedup(fsys durable.FS) *dedup {
	return &dedup{fs: fsys, fresh: map[[10]byte][6]byte{}, filter: newIDFilter(1 << 16)}
}

// find returns the fingerprint under which the id is remembered.
func (d *dedup) find(event [10]byte, now int64, window int64) (fp [6]byte, ok bool, err error) {
	if fp, ok := d.fresh[event]; ok {
		return fp, true, nil
	}
	if !d.filter.may(event) {
		return fp, false, nil
	}
	for i := len(d.sealed) - 1; i >= 0; i-- {
		f := d.sealed[i]
		if f.lastReceived < now-window {
			continue
		}
		if fp, ok, err = f.find(d.fs, event); ok || err != nil {
			return fp, ok, err
		}
	}
	return fp, false, nil
}

// add remembers an id.
func (d *dedup) add(id part.ID) {
	d.fresh[id.Event] = id.Fingerprint
	d.filter.add(id.Event)
	d.entries++
}

// seal takes the index files of added parts in, and those of removed ones out. A
// file that is known already is not taken twice.
func (d *dedup) seal(dir string, added []*part.Index, removed []part.Info) {
	gone := map[string]bool{}
	for _, p := range removed {
		gone[p.Path(dir)+IndexSuffix] = true
	}
	var kept []idFile
	for _, f := range d.sealed {
		if !gone[f.path] {
			kept = append(kept, f)
		}
	}
	for _, x := range added {
		f := newIDFile(x.Info.Path(dir)+IndexSuffix, x)
		if !slices.ContainsFunc(kept, func(k idFile) bool { return k.path == f.path }) {
			kept = append(kept, f)
		}
	}
	d.sealed = kept
}

// rebuild makes the filter anew from all ids, with room for as many again.
func (d *dedup) rebuild() error {
	f, n, err := d.filterOf(d.sealed, len(d.fresh))
	if err != nil {
		return err
	}
	d.use(f, n)
	return nil
}

// filterOf returns a filter over the ids in files, with room for as many again,
// and the number of ids. It changes nothing.
func (d *dedup) filterOf(files []idFile, more int) (idFilter, int, error) {
	n := more
	for _, f := range files {
		n += int(f.count)
	}
	filter := newIDFilter(2 * n)
	for _, f := range files {
		x, err := readIndex(d.fs, f.path)
		if err != nil {
			return nil, 0, err
		}
		for _, id := range x.IDs {
			filter.add(id.Event)
		}
	}
	return filter, n, nil
}

// use takes a filter over all sealed ids into use.
func (d *dedup) use(f idFilter, ids int) {
	for id := range d.fresh {
		f.add(id)
	}
	d.filter, d.entries = f, ids
}

// growFilters makes crowded filters anew, larger. The sealer calls it: no file of
// ids comes or goes meanwhile, and commits wait only for the last step.
func (l *Ledger) growFilters() error {
	l.mu.Lock()
	var crowded []*dedup
	for _, t := range l.tenants {
		if t.dedup.filter.crowded(t.dedup.entries) {
			crowded = append(crowded, t.dedup)
		}
	}
	l.mu.Unlock()
	return l.makeFilters(crowded)
}

// makeFilters makes filters anew. No file of ids comes or goes meanwhile.
func (l *Ledger) makeFilters(all []*dedup) error {
	for _, d := range all {
		l.mu.Lock()
		files, more := slices.Clone(d.sealed), len(d.fresh)
		l.mu.Unlock()
		f, n, err := d.filterOf(files, more)
		if err != nil {
			return err
		}
		l.mu.Lock()
		d.use(f, n)
		l.mu.Unlock()
	}
	return nil
}

func newIDFile(path string, x *part.Index) idFile {
	return idFile{path: path, info: x.Info, count: int64(len(x.IDs)), lastReceived: x.LastReceived}
}

// idBlock is how many ids one read of an index file fetches.
const idBlock = 256

// find looks the id up in the file. Ids are hashes, evenly spread, so that the
// place of one can be guessed and one or two reads find it.
func (f idFile) find(fsys durable.FS, event [10]byte) (fp [6]byte, ok bool, err error) {
	file, err := fsys.Open(f.path, false)
	if err != nil {
		return fp, false, fmt.Errorf("look up an event id: %w", err)
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return fp, false, err
	}
	start := size - 4 - f.count*part.IDSize
	lo, hi := int64(0), f.count // the id is in [lo, hi) if it is there
	for lo < hi {
		guess := int64(float64(binary.BigEndian.Uint64(event[:8])) / math.MaxUint64 * float64(f.count))
		from := max(lo, min(guess-idBlock/2, hi-idBlock))
		n := min(idBlock, hi-from)
		b := make([]byte, n*part.IDSize)
		if _, err := file.ReadAt(b, start+from*part.IDSize); err != nil {
			return fp, false, fmt.Errorf("look up an event id: %w", err)
		}
		at := func(i int) []byte { return b[i*part.IDSize:][:10] }
		i := sort.Search(int(n), func(i int) bool { return bytes.Compare(at(i), event[:]) >= 0 })
		switch {
		case i < int(n) && bytes.Equal(at(i), event[:]):
			copy(fp[:], b[i*part.IDSize+10:])
			return fp, true, nil
		case i == 0:
			hi = from
		case i == int(n):
			lo = from + n
		default:
			return fp, false, nil
		}
	}
	return fp, false, nil
}

// idFilter is a Bloom filter over id hashes, of at most 40 MB.
type idFilter []uint64

const (
	maxFilterWords = 40_000_000 / 8
	filterBits     = 10 // per id
)

func newIDFilter(ids int) idFilter {
	words := min(max(ids*filterBits/64, 1024), maxFilterWords)
	return make(idFilter, words)
}

func (f idFilter) bits(event [10]byte, visit func(word int, bit uint64) bool) bool {
	h := binary.LittleEndian.Uint64(event[:8])
	step := uint64(binary.LittleEndian.Uint16(event[8:]))<<17 | h>>33 | 1
	for range 7 {
		bit := h % (uint64(len(f)) * 64)
		if !visit(int(bit/64), 1<<(bit%64)) {
			return false
		}
		h += step
	}
	return true
}

func (f idFilter) add(event [10]byte) {
	f.bits(event, func(w int, bit uint64) bool { f[w] |= bit; return true })
}

func (f idFilter) may(event [10]byte) bool {
	return f.bits(event, func(w int, bit uint64) bool { return f[w]&bit != 0 })
}

func (f idFilter) crowded(ids int) bool {
	return len(f) < maxFilterWords && ids*filterBits > len(f)*64
}
