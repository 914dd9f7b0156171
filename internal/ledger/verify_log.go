package ledger

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
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
	point   proof.Checkpoint
	signed  bool
	tree    tree
	entries int64
	parts   int
	fp      []byte // fingerprint key, nil without a key folder

	lastPosition uint64
	lastReceived int64
	sealedEnd    uint64 // entries in parts
	broken       bool   // a hash did not fit; roots are not compared any more
}

func (v *verifier) checkLog(id hansard.LogID) {
	if v.layout.unbegun(id) {
		v.v.Notes = append(v.v.Notes, fmt.Sprintf("log %s was never begun: a crash left its folder", id))
		return
	}
	c := &logCheck{v: v, id: id}
	c.key = v.verifierKey(id, v.layout.vkey(id), proof.Origin(v.v.Name, id), func() (note.Signer, string, error) { return v.keys.LogSigner(id, false) })
	c.point, c.signed = v.checkpointOf(id, c.key)
	if v.keys != nil {
		if k, err := v.keys.Pseudonyms(id.Tenant, false); err == nil {
			c.fp = keys.FingerprintKey(k)
		}
	}
	c.checkParts()
	c.checkTileFiles()
	c.checkFresh()
	if c.parts > 0 && (!c.signed || uint64(c.point.Size) < c.sealedEnd) {
		v.find(id, c.point.Size, v.layout.checkpoint(id), "%d entries are in parts, but the checkpoint covers %d: an older one was put back", c.sealedEnd, c.point.Size)
	}
	if c.signed && uint64(c.point.Size) > c.tree.size {
		v.find(id, int64(c.tree.size), "", "the checkpoint covers %d entries, but only %d are there", c.point.Size, c.tree.size)
	}
	out := VerifiedLog{
		Log: id.String(), Origin: proof.Origin(v.v.Name, id), Entries: c.entries, Size: int64(c.tree.size), Parts: c.parts,
	}
	if !c.broken {
		out.Root = c.tree.root().String()
	}
	if c.signed {
		out.Signed = c.point.Size
	}
	if b, err := durable.ReadFile(v.cfg.FS, v.layout.vkey(id), 4096); err == nil {
		out.VKey = trimLine(b)
	}
	v.v.Logs = append(v.v.Logs, out)
	v.v.Entries += c.entries
}

func (c *logCheck) find(entry int64, file, format string, args ...any) {
	c.v.find(c.id, entry, file, format, args...)
}

// checkParts verifies the live parts in the order of their indexes.
func (c *logCheck) checkParts() {
	live, superseded, err := c.v.layout.partFiles(c.id)
	if err != nil {
		c.find(-1, "", "%v", err)
		return
	}
	for _, p := range superseded {
		path := p.Path(c.v.cfg.Dir)
		c.v.read(path, 0)
		c.v.read(path+IndexSuffix, 0)
		c.v.v.Notes = append(c.v.v.Notes, "a superseded part was left by a crash: "+p.Name.String())
	}
	for _, p := range live {
		if p.Name.First != c.tree.size {
			c.find(int64(c.tree.size), "", "entries %d to %d are in no part", c.tree.size, int64(p.Name.First)-1)
			c.skipTo(p.Name.First)
		}
		c.checkPart(p)
		c.parts++
	}
	c.sealedEnd = c.tree.size
}

// skipTo goes on after a gap. No root can be computed any more.
func (c *logCheck) skipTo(index uint64) {
	c.tree, c.broken = tree{size: index}, true
}

// checkPart verifies one part: its bytes, its index, its rows.
func (c *logCheck) checkPart(p part.Info) {
	path := p.Path(c.v.cfg.Dir)
	sum, size, err := hashFile(c.v.cfg.FS, path)
	c.v.read(path, size)
	if err != nil {
		c.find(int64(p.Name.First), path, "the part cannot be read: %v", err)
		c.skipTo(p.Name.End)
		return
	}
	x := c.readIndex(path, p, sum, size)
	entries, err := readPart(c.v.cfg.FS, c.v.enc, path, p)
	if err != nil {
		c.find(int64(p.Name.First), path, "the part's rows cannot be read: %v", err)
		c.skipTo(p.Name.End)
		return
	}
	if got := part.Date(entries[len(entries)-1].ReceivedAt); got != p.Date {
		c.find(int64(p.Name.First), path, "the part lies in the folder of %s, its last entry is of %s", p.Date, got)
	}
	c.v.sealedParts(c.id, p, sum)
	c.checkTiles(p, entries)
	for _, e := range entries {
		c.checkEntry(path, e)
	}
	c.checkIndex(path, p, x, entries, sum, size)
}

// readIndex reads the part's index. It names the part's hash, so that damage to
// the part is known before its rows are decoded.
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

// checkIndex makes the index anew and compares: it is derived. Without the key
// folder the fingerprints are taken over.
func (c *logCheck) checkIndex(path string, p part.Info, x *part.Index, entries []*hansard.Entry, sum hansard.Hash, size int64) {
	if x == nil {
		return
	}
	ids := make([]part.ID, len(entries))
	for i, e := range entries {
		ids[i].Event = part.EventHash(e.EventID)
		switch old, ok := x.Find(ids[i].Event); {
		case c.fp == nil && ok:
			ids[i].Fingerprint = old
		case c.fp != nil && e.Tier != hansard.TierMeta:
			ids[i].Fingerprint = fingerprintOf(c.fp, e, old)
		}
	}
	want := part.NewIndex(p.Name, entries, ids)
	if len(x.Texts) > 0 {
		want.AddTexts(c.v.enc, entries)
	}
	want.SHA256, want.Bytes = sum, size
	if x.SHA256 == sum && string(want.Append(nil)) != string(x.Append(nil)) {
		c.find(int64(p.Name.First), path+IndexSuffix, "the index is not that of its part")
	}
}

// checkTiles compares the rows with the stored leaf hashes and names the first
// that differs.
func (c *logCheck) checkTiles(p part.Info, entries []*hansard.Entry) {
	store := tileStore{c.v.cfg.FS, c.v.layout.tiles(c.id)}
	stored, err := store.read(0, p.Name.First, len(entries))
	if err != nil {
		c.find(int64(p.Name.First), "", "the tiles of entries %d to %d cannot be read", p.Name.First, p.Name.End-1)
		return
	}
	for i, e := range entries {
		if tlog.Hash(e.LeafHash) != stored[i] {
			c.find(int64(e.Index), store.path(0, e.Index/hashesInFile), "the entry and its stored leaf hash differ")
			return
		}
	}
}

// checkEntry verifies one entry and adds it to the tree.
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
	if c.entries > 0 && e.Position <= c.lastPosition {
		c.find(at, path, "position %d does not follow position %d", e.Position, c.lastPosition)
	}
	if e.ReceivedAt < c.lastReceived {
		c.find(at, path, "received before the entry in front of it")
	}
	c.lastPosition, c.lastReceived = e.Position, e.ReceivedAt
	c.v.notePosition(c.id.Tenant, e.Position)
	c.entries++
	if c.broken {
		c.tree.size++
	} else {
		c.tree.append(tlog.Hash(e.LeafHash))
	}
	if c.signed && !c.broken && c.tree.size == uint64(c.point.Size) && c.tree.root() != c.point.Root {
		c.find(-1, c.v.layout.checkpoint(c.id), "the entries 0 to %d are not those that the checkpoint covers", at)
	}
	if len(e.Statement) > 0 {
		c.v.noteStatement(c.id, e)
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

// checkTileFiles makes the upper levels of the stored tree anew from the level
// below and compares, and checks that no file holds more than it should.
func (c *logCheck) checkTileFiles() {
	store := tileStore{c.v.cfg.FS, c.v.layout.tiles(c.id)}
	sealed := c.tree.size
	for row, count := 0, sealed; count > 0; row, count = row+1, count/tileWidth {
		for file := uint64(0); file*hashesInFile < count; file++ {
			path := store.path(row, file)
			n := min(count-file*hashesInFile, hashesInFile)
			c.checkTileFile(store, row, file, path, n)
		}
	}
	c.countTileFiles(store)
}

func (c *logCheck) checkTileFile(store tileStore, row int, file uint64, path string, n uint64) {
	b := c.v.readFile(c.id, path, hashesInFile*tlog.HashSize)
	if b == nil {
		return
	}
	if uint64(len(b)) < n*tlog.HashSize {
		c.find(-1, path, "the file has %d hashes, want %d", len(b)/tlog.HashSize, n)
		return
	}
	if extra := b[n*tlog.HashSize:]; len(extra) > 0 && !c.expected(row, file*hashesInFile+n, extra) {
		c.find(-1, path, "the file has hashes of entries that are not there")
	}
	for i := uint64(0); row > 0 && i < n; i++ {
		at := file*hashesInFile + i
		below, err := store.read(row-1, at*tileWidth, tileWidth)
		if err != nil || foldTile(below) != tlog.Hash(b[i*tlog.HashSize:][:tlog.HashSize]) {
			c.find(int64(at)<<(tileHeight*row), path, "the stored hash of %d entries is not that of the level below", uint64(1)<<(tileHeight*row))
			return
		}
	}
}

// expected reports whether hashes beyond the sealed entries are those of entries
// in the journal: a crash between tiles and part leaves them.
func (c *logCheck) expected(row int, from uint64, extra []byte) bool {
	if row > 0 {
		return true // compared with the level below when it is sealed
	}
	want := map[uint64]tlog.Hash{}
	for _, s := range c.v.fresh[c.id] {
		for _, e := range s.rows {
			want[e.Index] = tlog.Hash(part.HashLeaf(c.v.enc.AppendLeaf(nil, e)))
		}
	}
	for ; len(extra) >= tlog.HashSize; from, extra = from+1, extra[tlog.HashSize:] {
		if want[from] != tlog.Hash(extra[:tlog.HashSize]) {
			return false
		}
	}
	return len(extra) == 0
}

// countTileFiles marks files of levels or ranges beyond the sealed ones as read
// where a crash explains them.
func (c *logCheck) countTileFiles(store tileStore) {
	rows, err := c.v.layout.list(store.dir)
	if err != nil {
		return
	}
	for _, row := range rows {
		names, _ := c.v.layout.list(filepath.Join(store.dir, row))
		for _, name := range names {
			path := filepath.Join(store.dir, row, name)
			if !c.v.seen[path] && len(c.v.fresh[c.id]) > 0 {
				c.v.read(path, 0)
			}
		}
	}
}

// statementAt is a statement of a meta log, with its place.
type statementAt struct {
	log   hansard.LogID
	index uint64
	body  sealStatement
}

type sealStatement struct {
	Kind       string       `json:"kind"`
	Log        string       `json:"log"`
	Checkpoint string       `json:"checkpoint"`
	Parts      []sealedPart `json:"parts"`
}

func (v *verifier) noteStatement(id hansard.LogID, e *hansard.Entry) {
	s := &statementAt{log: id, index: e.Index}
	if err := json.Unmarshal(e.Statement, &s.body); err != nil {
		v.find(id, int64(e.Index), "", "the statement is malformed")
		return
	}
	v.statements = append(v.statements, s)
}
