package ledger

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// logCheck verifies one log.
type logCheck struct {
	v       *verifier
	id      hansard.LogID
	key     note.Verifier
	vkey    string
	point   proof.Checkpoint
	signed  bool
	min     minimum // where the log begins
	live    []part.Info
	expired []part.Info // below the minimum
	tree    tree
	watch   []watched // by size
	entries int64
	parts   int
	fp      *classify.FingerprintKey // fingerprint key, nil without a key folder
	folds   map[uint64]tlog.Hash     // roots of tiles of 256, of the rows as they are

	lastPosition uint64
	lastReceived int64
	sealedEnd    uint64 // entries in parts
	broken       bool   // a hash did not fit; roots are not compared any more
}

// watched is a size at which the log's root is wanted.
type watched struct {
	size uint64
	root func(tlog.Hash)
	gone func() // the hashes that it takes were pruned; may be nil
}

// beginLog reads what a log says of itself and lists its parts; nil if it was
// never begun.
func (v *verifier) beginLog(id hansard.LogID) *logCheck {
	if v.layout.unbegun(id) {
		v.note("log %s was never begun: a crash left its folder", id)
		return nil
	}
	c := &logCheck{v: v, id: id, folds: map[uint64]tlog.Hash{}}
	c.key, c.vkey = v.verifierKey(id, v.layout.vkey(id), proof.Origin(v.v.Name, id), func() (note.Signer, string, error) { return v.keys.LogSigner(id, false) })
	c.point, c.signed = v.checkpointOf(id, c.key)
	if c.signed {
		c.watchSize(uint64(c.point.Size), c.checkRoot, nil)
	}
	if v.keys != nil {
		if k, err := v.keys.Pseudonyms(id.Tenant, false); err == nil {
			c.fp = classify.NewFingerprintKey(keys.FingerprintKey(k))
		}
	}
	c.readMinimum()
	c.listParts()
	return c
}

// watchSize asks for the root that the log had at a size.
func (c *logCheck) watchSize(size uint64, root func(tlog.Hash), gone func()) {
	i, _ := slices.BinarySearchFunc(c.watch, size, func(w watched, size uint64) int {
		if w.size <= size {
			return -1
		}
		return 1
	})
	c.watch = slices.Insert(c.watch, i, watched{size, root, gone})
}

func (c *logCheck) checkRoot(root tlog.Hash) {
	if root != c.point.Root {
		c.find(-1, c.v.layout.checkpoint(c.id), "the entries 0 to %d are not those that the checkpoint covers", c.point.Size-1)
	}
}

// there reports whether there is a file at path.
func (v *verifier) there(path string) bool {
	_, err := v.cfg.FS.Stat(path)
	return err == nil
}

// checkSuperseded compares the rows of a superseded part with the stored leaf
// hashes: they were those of the log.
func (c *logCheck) checkSuperseded(path string, p part.Info) {
	s, err := newScanner(c.v.cfg.FS, c.v.cfg.Dir, c.v.enc)
	if err != nil {
		c.find(int64(p.Name.First), path, "%v", err)
		return
	}
	rows, err := s.scan(p, nil)
	if err != nil {
		c.find(int64(p.Name.First), path, "the part's rows cannot be read: %v", err)
		return
	}
	stored, err := c.tileStore().read(0, p.Name.First, len(rows.leaves))
	if err == nil && !slices.Equal(stored, rows.leaves) {
		c.find(int64(p.Name.First), path, "the superseded part holds other entries than the log")
	}
}

// run verifies the log. next returns its parts, scanned, in their order.
func (c *logCheck) run(next func() *scanning) {
	c.begin()
	for _, p := range c.live {
		t := next()
		if p.Name.First != c.tree.size {
			c.find(int64(c.tree.size), "", "entries %d to %d are in no part", c.tree.size, int64(p.Name.First)-1)
			c.skipTo(p.Name.First)
		}
		c.checkPart(t)
		c.parts++
	}
	c.sealedEnd = c.tree.size
	c.v.ends[c.id] = c.sealedEnd
	c.checkFresh()
	c.checkTileFiles()
	c.checkSizes()
	c.report()
}

// checkSizes compares what there is with what the checkpoint covers.
func (c *logCheck) checkSizes() {
	checkpoint := c.v.layout.checkpoint(c.id)
	if (c.parts > 0 || c.min.Index > 0) && (!c.signed || uint64(c.point.Size) < c.sealedEnd) {
		c.find(c.point.Size, checkpoint, "%d entries are in parts, but the checkpoint covers %d: an older one was put back", c.sealedEnd, c.point.Size)
	}
	if c.signed && uint64(c.point.Size) > c.tree.size {
		c.find(int64(c.tree.size), "", "the checkpoint covers %d entries, but only %d are there", c.point.Size, c.tree.size)
	}
}

// report adds the log to what was verified.
func (c *logCheck) report() {
	out := VerifiedLog{
		Log: c.id.String(), Origin: proof.Origin(c.v.v.Name, c.id), VKey: c.vkey,
		Entries: c.entries, Size: int64(c.tree.size), Minimum: int64(c.min.Index), Parts: c.parts,
	}
	if !c.broken {
		out.Root = c.tree.root().String()
	}
	if c.signed {
		out.Signed = c.point.Size
	}
	c.v.v.Logs = append(c.v.v.Logs, out)
	c.v.v.Entries += c.entries
}

func (c *logCheck) find(entry int64, file, format string, args ...any) {
	c.v.find(c.id, entry, file, format, args...)
}

func (c *logCheck) tileStore() tileStore { return tileStore{c.v.cfg.FS, c.v.layout.tiles(c.id)} }

// skipTo goes on after a gap. No root can be computed any more.
func (c *logCheck) skipTo(index uint64) {
	c.tree, c.broken = tree{size: index}, true
}

// checkPart verifies one part that was scanned: its bytes, its index, its rows.
func (c *logCheck) checkPart(t *scanning) {
	p := t.p
	path := p.Path(c.v.cfg.Dir)
	c.v.seen[path] = true
	if t.lost != nil {
		c.find(int64(p.Name.First), path, "the part cannot be read: %v", t.lost)
		c.skipTo(p.Name.End)
		return
	}
	x := c.readIndex(path, p, t.sum, t.size)
	if t.bad != nil {
		c.find(int64(p.Name.First), path, "the part's rows cannot be read: %v", t.bad)
		c.skipTo(p.Name.End)
		return
	}
	last := t.rows.received[len(t.rows.received)-1]
	if got := part.Date(last); got != p.Date {
		c.find(int64(p.Name.First), path, "the part lies in the folder of %s, its last entry is of %s", p.Date, got)
	}
	c.v.sealedParts(c.id, p, t.sum, false)
	c.checkNote(path, p, t.sum)
	c.checkHashes(t)
	for _, o := range t.rows.odd {
		c.find(int64(o.index), path, "%s", o.text)
	}
	for i := range t.rows.positions {
		c.checkPlace(path, p.Name.First+uint64(i), t.rows.positions[i], t.rows.received[i])
	}
	for _, s := range t.rows.statements {
		c.v.noteStatement(c.id, s.index, s.text)
	}
	c.addLeaves(t.rows.leaves, t.folds)
	c.checkIndex(path, p, x, t)
}

// readIndex reads the part's index. It names the part's hash.
func (c *logCheck) readIndex(path string, p part.Info, sum hansard.Hash, size int64) *part.Index {
	b := c.v.readFile(c.id, path+IndexSuffix, maxIndex)
	if b == nil {
		return nil
	}
	x, err := part.ParseIndex(b)
	if err != nil {
		c.find(int64(p.Name.First), path+IndexSuffix, "%v", err)
		return nil
	}
	if x.SHA256 != sum || x.Bytes != size {
		c.find(int64(p.Name.First), path, "the part's bytes are not those that were written: entries %d to %d", p.Name.First, p.Name.End-1)
	}
	return x
}

// checkIndex compares the index with the one made anew: it is derived. Without
// the key folder the fingerprints are taken over.
func (c *logCheck) checkIndex(path string, p part.Info, x *part.Index, t *scanning) {
	if x == nil {
		return
	}
	if c.id.Tier != hansard.TierMeta {
		t.rows.takePrints(x)
	}
	if len(x.Texts) == 0 { // it may lack them, if it was sealed under load
		t.rows.index.Texts, t.rows.index.Info.Texts = nil, nil
	}
	if x.SHA256 != t.sum || c.sameIndex(t, x) {
		return
	}
	if err := c.takeFormer(t, x); err != nil || !c.sameIndex(t, x) {
		c.find(int64(p.Name.First), path+IndexSuffix, "the index is not that of its part")
	}
}

func (c *logCheck) sameIndex(t *scanning, x *part.Index) bool {
	return string(t.rows.index.Append(nil)) == string(x.Append(nil))
}

// takeFormer takes over the fingerprints that are right, but as former versions made
// them. It reads the part again: few folders have such.
func (c *logCheck) takeFormer(t *scanning, x *part.Index) error {
	if c.fp == nil || len(x.IDs) != len(t.rows.index.IDs) {
		return nil
	}
	s, err := newScanner(c.v.cfg.FS, c.v.cfg.Dir, c.v.enc)
	if err != nil {
		return err
	}
	former, err := s.scan(t.p, c.fp.Former())
	if err != nil {
		return err
	}
	for i, id := range former.index.IDs {
		if id == x.IDs[i] {
			t.rows.index.IDs[i] = id
		}
	}
	return nil
}

// checkHashes compares the rows with the stored leaf hashes and names the first
// that differs.
func (c *logCheck) checkHashes(t *scanning) {
	switch store := c.tileStore(); {
	case t.tiles != nil:
		c.find(int64(t.p.Name.First), "", "the tiles of entries %d to %d cannot be read", t.p.Name.First, t.p.Name.End-1)
	case t.differs >= 0:
		c.find(t.differs, store.path(0, uint64(t.differs)/hashesInFile), "the entry and its stored leaf hash differ")
	}
}

// checkPlace verifies that an entry stands where it may.
func (c *logCheck) checkPlace(path string, index, position uint64, receivedAt int64) {
	if c.entries > 0 && position <= c.lastPosition {
		c.find(int64(index), path, "position %d does not follow position %d", position, c.lastPosition)
	}
	if receivedAt < c.lastReceived {
		c.find(int64(index), path, "received before the entry in front of it")
	}
	c.lastPosition, c.lastReceived = position, receivedAt
	c.v.notePosition(c.id.Tenant, position)
	c.entries++
}

// addLeaves grows the tree. folds are the roots of the tiles that the leaves
// fill, if they begin at one's edge.
func (c *logCheck) addLeaves(leaves, folds []tlog.Hash) {
	if c.broken {
		c.tree.size += uint64(len(leaves))
		return
	}
	for i := 0; len(leaves) > 0; i++ {
		n := min(tileWidth, len(leaves))
		c.passSize(leaves[:n])
		if i < len(folds) && c.tree.size%tileWidth == 0 {
			c.folds[c.tree.size/tileWidth] = folds[i]
			c.tree.appendTile(folds[i])
		} else {
			for _, h := range leaves[:n] {
				c.tree.append(h)
			}
		}
		leaves = leaves[n:]
	}
}

// passSize answers who watches a size up to which the leaves, about to be added,
// bring the log.
func (c *logCheck) passSize(leaves []tlog.Hash) {
	for len(c.watch) > 0 && c.watch[0].size <= c.tree.size+uint64(len(leaves)) {
		t := c.tree.clone()
		for _, h := range leaves[:c.watch[0].size-c.tree.size] {
			t.append(h)
		}
		c.watch[0].root(t.root())
		c.watch = c.watch[1:]
	}
}

// checkFresh verifies the entries that only the journal has.
func (c *logCheck) checkFresh() {
	path := c.v.layout.journal()
	var leaf []byte
	for _, s := range c.v.fresh[c.id] {
		for _, e := range s.rows {
			switch {
			case e.Index < c.tree.size:
				continue // sealed
			case e.Index > c.tree.size:
				c.find(int64(c.tree.size), path, "entries %d to %d are missing", c.tree.size, e.Index-1)
				c.skipTo(e.Index)
			}
			leaf = c.v.enc.AppendLeaf(leaf[:0], e)
			e.LeafHash = part.HashLeaf(leaf)
			c.checkEntry(path, e)
		}
		if end := s.first + uint64(len(s.rows)); end == c.tree.size && !c.broken && c.tree.root() != s.root {
			c.find(int64(end)-1, path, "the root after %d entries is not the one that was committed", end)
		}
	}
}

// checkEntry verifies an entry of the journal and adds it to the tree.
func (c *logCheck) checkEntry(path string, e *hansard.Entry) {
	at := int64(e.Index)
	if err := c.v.enc.CheckContent(e); err != nil {
		c.find(at, path, "%v", err)
	}
	if e.Tier != c.id.Tier {
		c.find(at, path, "an entry of tier %q", e.Tier)
	}
	if e.Encoder != hansard.EncoderVersion {
		c.find(at, path, "encoder version %d, this program knows %d", e.Encoder, hansard.EncoderVersion)
	}
	c.checkPlace(path, e.Index, e.Position, e.ReceivedAt)
	c.addLeaves([]tlog.Hash{tlog.Hash(e.LeafHash)}, nil)
	if len(e.Statement) > 0 {
		c.v.noteStatement(c.id, e.Index, e.Statement)
	}
}

// checkpointOf returns the log's signed checkpoint, false if there is none.
func (v *verifier) checkpointOf(id hansard.LogID, key note.Verifier) (proof.Checkpoint, bool) {
	path := v.layout.checkpoint(id)
	signed, err := durable.ReadFile(v.cfg.FS, path, 1<<16)
	v.read(path, int64(len(signed)))
	switch {
	case notExist(err):
		v.note("log %s has no checkpoint yet", id)
		return proof.Checkpoint{}, false
	case err != nil || key == nil:
		v.find(id, -1, path, "the checkpoint cannot be checked")
		return proof.Checkpoint{}, false
	}
	c, err := proof.OpenCheckpoint(signed, key)
	if err == nil && string(signed) != canonicalNote(signed, key) {
		err = fmt.Errorf("the checkpoint is not spelled as it was written")
	}
	if err != nil {
		v.find(id, -1, path, "%v", err)
		return c, false
	}
	return c, true
}
