package ledger

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// dedup finds an event id among those of a tenant that are remembered: the ids
// of entries in no part yet are in memory, all others on disk, in the indexes
// beside the parts, all behind a filter that answers most look-ups.
type dedup struct {
	fs      durable.FS
	fresh   idTable
	sealed  []idFile
	filter  idFilter
	entries int // ids in the filter
	seen    uint64
	// found are the places in sealed of the files in which ids were found last, the
	// latest first. What is sent again comes in the order in which it came, from one
	// file of each log at a time: to look through hundreds for each takes a millisecond.
	found []int
}

// keptFound is how many files are remembered: as a tenant's logs have, and the next ones.
const keptFound = 8

// near is how many ids are looked up side by side: each lies in another place of a
// memory that no cache of the processor holds, and to wait for one after the other is
// most of what a look-up takes.
const near = 16

// near has the processor fetch what find and add read of an id.
func (d *dedup) near(event [10]byte) {
	block, _ := d.filter.block(event)
	d.seen += block[0] + d.fresh.near(event)
}

// idFile is the sorted ids in the index of one part.
type idFile struct {
	path string
	info part.Info
}

func newDedup(fsys durable.FS) *dedup {
	return &dedup{fs: fsys, filter: newIDFilter(1 << 16)}
}

// find returns the fingerprint under which the id is remembered. Most ids are new,
// and the filter, which has those in memory too, says so by one look.
func (d *dedup) find(event [10]byte, now int64, window int64) (fp [6]byte, ok bool, err error) {
	if !d.filter.may(event) {
		return fp, false, nil
	}
	if fp, ok := d.fresh.find(event); ok {
		return fp, true, nil
	}
	for k, i := range d.found {
		if fp, ok, err = d.findIn(i, event, now-window); err != nil {
			return fp, false, err
		}
		if ok {
			d.remember(k, i)
			return fp, true, nil
		}
	}
	for i := len(d.sealed) - 1; i >= 0; i-- {
		if slices.Contains(d.found, i) {
			continue
		}
		if fp, ok, err = d.findIn(i, event, now-window); err != nil {
			return fp, false, err
		}
		if ok {
			d.remember(len(d.found), i)
			return fp, true, nil
		}
	}
	return fp, false, nil
}

// findIn looks into the i-th file, if it has ids that were received since then.
func (d *dedup) findIn(i int, event [10]byte, since int64) (fp [6]byte, ok bool, err error) {
	f := d.sealed[i]
	if f.info.LastReceived < since {
		return fp, false, nil
	}
	return f.find(d.fs, event)
}

// remember puts the i-th file, which is the k-th in found or behind the last, in front
// of the others.
func (d *dedup) remember(k, i int) {
	if k == len(d.found) {
		if k == keptFound {
			k--
		} else {
			d.found = append(d.found, i)
		}
	}
	copy(d.found[1:k+1], d.found[:k])
	d.found[0] = i
}

// add remembers an id.
func (d *dedup) add(id part.ID) {
	d.fresh.add(id)
	d.filter.add(id.Event)
	d.entries++
}

// forget takes back what add remembered of records, of those that were accepted.
func (d *dedup) forget(records []classify.Record, results []Result) {
	for i, rec := range records {
		if results[i].Outcome == Accepted {
			d.fresh.remove(rec.ID().Event)
		}
	}
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
		f := newIDFile(dir, x.Info)
		if !slices.ContainsFunc(kept, func(k idFile) bool { return k.path == f.path }) {
			kept = append(kept, f)
		}
	}
	d.sealed, d.found = kept, d.found[:0]
}

// rebuild makes the filter anew from all ids, with room for as many again.
func (d *dedup) rebuild() error {
	f, n, err := d.filterOf(d.sealed, d.fresh.len())
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
		n += f.info.IDs
	}
	filter := newIDFilter(2 * n)
	for _, f := range files {
		if err := f.each(d.fs, filter.add); err != nil {
			return nil, 0, err
		}
	}
	return filter, n, nil
}

// use takes a filter over all sealed ids into use.
func (d *dedup) use(f idFilter, ids int) {
	d.fresh.each(f.add)
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
		files, more := slices.Clone(d.sealed), d.fresh.len()
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

func newIDFile(dir string, p part.Info) idFile {
	return idFile{path: p.Path(dir) + IndexSuffix, info: p}
}

// each calls f for the hash of every id.
func (f idFile) each(fsys durable.FS, add func(event [10]byte)) error {
	file, err := fsys.Open(f.path, false)
	if err != nil {
		return err
	}
	defer file.Close()
	x, err := part.OpenIndex(file)
	if err == nil {
		err = x.ReadIDs(add)
	}
	if err != nil {
		return damagedIDs{f.info, err}
	}
	return nil
}

// damagedIDs says that the ids of a part cannot be read: its index is made anew.
type damagedIDs struct {
	part part.Info
	error
}

// find looks the id up in the file.
func (f idFile) find(fsys durable.FS, event [10]byte) (fp [6]byte, ok bool, err error) {
	file, err := fsys.Open(f.path, false)
	if err != nil {
		return fp, false, fmt.Errorf("look up an event id: %w", err)
	}
	defer file.Close()
	return f.info.FindID(file, event)
}

// idFilter is a Bloom filter over id hashes, of at most 40 MB. The bits of an id
// lie in one block, which is one line of the processor's cache.
type idFilter []uint64

const (
	filterBlock    = 8 // words
	maxFilterWords = 40_000_000 / 8
	// filterBits is how many bits an id has at least, as long as the filter
	// may grow: of ids that are new, it leaves one in 8,000 open when it is full, and
	// that costs a read of every index within the window, 20 us each. With 16 bits it
	// would be one in 1,000.
	filterBits   = 24
	filterProbes = 7
)

func newIDFilter(ids int) idFilter {
	words := min(max(ids*filterBits/64, 1024), maxFilterWords)
	return make(idFilter, words-words%filterBlock)
}

// block returns the block of an id and the bits in it, nine for each probe.
func (f idFilter) block(event [10]byte) (block []uint64, probes uint64) {
	h := binary.LittleEndian.Uint64(event[:8])
	i, _ := bits.Mul64(h, uint64(len(f)/filterBlock))
	probes = (h ^ uint64(binary.LittleEndian.Uint16(event[8:]))<<48) * 0x9e3779b97f4a7c15
	return f[i*filterBlock:][:filterBlock], probes ^ probes>>32
}

func (f idFilter) add(event [10]byte) {
	block, probes := f.block(event)
	for range filterProbes {
		block[probes>>6&7] |= 1 << (probes & 63)
		probes >>= 9
	}
}

func (f idFilter) may(event [10]byte) bool {
	block, probes := f.block(event)
	for range filterProbes {
		if block[probes>>6&7]&(1<<(probes&63)) == 0 {
			return false
		}
		probes >>= 9
	}
	return true
}

func (f idFilter) crowded(ids int) bool {
	return len(f)+filterBlock <= maxFilterWords && ids*filterBits > len(f)*64
}
