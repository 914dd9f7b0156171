package ledger

import (
	"encoding/json"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// livePart is a part as it was found, to be compared with what was stated.
type livePart struct {
	log  hansard.LogID
	info part.Info
	sum  hansard.Hash
	old  bool // another part covers it
}

// sealedParts notes a part. The meta log's own parts are not stated.
func (v *verifier) sealedParts(id hansard.LogID, p part.Info, sum hansard.Hash, old bool) {
	if id.Tier != hansard.TierMeta {
		v.live = append(v.live, livePart{id, p, sum, old})
	}
}

// statementAt is a statement of a meta log, with its place.
type statementAt struct {
	log   hansard.LogID
	index uint64
	body  stated
	// keeping is what it says of how a log is kept; nil: nothing.
	keeping *statedKeeping
}

// stated is what a statement may say that is checked.
type stated struct {
	Kind       string       `json:"kind"`
	Log        string       `json:"log"`
	VKey       string       `json:"vkey"`
	Checkpoint string       `json:"checkpoint"`
	Parts      []sealedPart `json:"parts"`
	// Of reads, those that are listed and those that are counted only.
	Count     int64             `json:"count"`
	Reads     []json.RawMessage `json:"reads"`
	NotListed []struct {
		N int64 `json:"n"`
	} `json:"not_listed"`
}

// readsAreCounted reports whether a statement of reads counts those that it holds.
func (s *stated) readsAreCounted() bool {
	n := int64(len(s.Reads))
	for _, g := range s.NotListed {
		n += g.N
	}
	return n == s.Count && n > 0
}

func (v *verifier) noteStatement(id hansard.LogID, index uint64, text []byte) {
	s := &statementAt{log: id, index: index}
	err := json.Unmarshal(text, &s.body)
	if err == nil {
		err = s.noteKeeping(text)
	}
	if err != nil {
		v.find(id, int64(index), "", "the statement is malformed")
		return
	}
	if s.body.Kind == "reads" { // there may be one for each second of the record's life
		if !s.body.readsAreCounted() {
			v.find(id, int64(index), "", "the statement counts other reads than it lists")
		}
		return
	}
	v.statements = append(v.statements, s)
}

// checkStatements compares what the meta logs state with what is there: each
// live part must have been stated with its hash, and each stated checkpoint must
// be one of the log.
func (v *verifier) checkStatements() {
	stated := map[string]map[string]bool{}
	for _, s := range v.statements {
		if s.body.Kind == "log" {
			v.checkStatedLog(s)
		}
		if s.body.Kind != "seal" {
			continue
		}
		for _, p := range s.body.Parts {
			key := s.body.Log + "/" + p.Date + "/" + p.Name
			if stated[key] == nil {
				stated[key] = map[string]bool{}
			}
			stated[key][p.SHA256] = true
		}
		v.checkStatedPoint(s)
	}
	for _, p := range v.live {
		sums := stated[p.log.String()+"/"+p.info.Date+"/"+p.info.Name.String()]
		path := p.info.Path(v.cfg.Dir)
		switch {
		case len(sums) == 0:
			v.find(p.log, int64(p.info.Name.First), path, "the part was never put on record")
		case !sums[p.sum.String()] && p.old:
			v.find(p.log, int64(p.info.Name.First), path, "the superseded part is not the one that was put on record")
		case !sums[p.sum.String()]:
			v.find(p.log, int64(p.info.Name.First), path, "the part is not the one that was put on record")
		}
	}
}

// logNamed returns what was verified of a log, nil if it is not there.
func (v *verifier) logNamed(name string) *VerifiedLog {
	for i := range v.v.Logs {
		if v.v.Logs[i].Log == name {
			return &v.v.Logs[i]
		}
	}
	return nil
}

// checkStatedLog checks that a log of which a statement says that it began is
// there, with the key that it began with.
func (v *verifier) checkStatedLog(s *statementAt) {
	switch lg := v.logNamed(s.body.Log); {
	case lg == nil:
		v.find(s.log, int64(s.index), "", "the statement says that log %s began, which is not there", s.body.Log)
	case lg.VKey != s.body.VKey:
		id := logIDOf(lg.Log)
		v.find(id, -1, v.layout.vkey(id), "another verifier key than the one with which the log began, by statement %d of %s", s.index, s.log)
	}
}

// checkStatedPoint checks a checkpoint in a statement: signed by the log's key,
// and a state that the log had.
func (v *verifier) checkStatedPoint(s *statementAt) {
	lg := v.logNamed(s.body.Log)
	if lg == nil {
		v.find(s.log, int64(s.index), "", "a statement about log %s, which is not there", s.body.Log)
		return
	}
	id := logIDOf(lg.Log)
	key, err := note.NewVerifier(lg.VKey)
	if err != nil {
		return // found already
	}
	c, err := proof.OpenCheckpoint([]byte(s.body.Checkpoint), key)
	if err != nil {
		v.find(s.log, int64(s.index), "", "the stated checkpoint of %s: %v", id, err)
		return
	}
	v.comparePoint(s, id, c)
}

// comparePoint compares a stated checkpoint with the log as it is.
func (v *verifier) comparePoint(s *statementAt, id hansard.LogID, c proof.Checkpoint) {
	h := v.hashesOf(id)
	if size := h.size(); uint64(c.Size) > size {
		v.find(id, int64(size), "", "the log had %d entries when statement %d of %s was made, and has %d now", c.Size, s.index, s.log, size)
		return
	}
	root, err := h.root(uint64(c.Size))
	if err == nil && root != c.Root {
		v.find(s.log, int64(s.index), "", "log %s had another root at %d entries than was put on record", id, c.Size)
	}
}

// hashesOf returns the hashes of a log as they are on disk and in the journal.
func (v *verifier) hashesOf(id hansard.LogID) hashes {
	if h, ok := v.views[id]; ok {
		return h
	}
	h := hashes{tiles: tileStore{v.cfg.FS, v.layout.tiles(id)}, sealedEnd: v.ends[id]}
	for _, sec := range v.fresh[id] {
		for _, e := range sec.rows {
			if e.Index == h.sealedEnd+uint64(len(h.fresh)) {
				h.fresh = append(h.fresh, &sealable{Row: part.Row{LeafHash: e.LeafHash}})
			}
		}
	}
	v.views[id] = h
	return h
}

func logIDOf(s string) hansard.LogID {
	for i := range s {
		if s[i] == '/' {
			return hansard.LogID{Tenant: s[:i], Tier: hansard.Tier(s[i+1:])}
		}
	}
	return hansard.LogID{}
}

// bitmap is the set of positions of a tenant.
type bitmap struct {
	words []uint64
	count uint64
	max   uint64
}

const maxPosition = 1 << 40

// notePosition adds a position to those of its tenant.
func (v *verifier) notePosition(tenantName string, position uint64) {
	b := v.positions[tenantName]
	if b == nil {
		b = &bitmap{}
		v.positions[tenantName] = b
	}
	if position >= maxPosition || int(position/64) > len(b.words)+1<<20 {
		v.find(hansard.LogID{}, -1, "", "tenant %s has an entry at position %d", tenantName, position)
		return
	}
	for uint64(len(b.words)) <= position/64 {
		b.words = append(b.words, 0)
	}
	if bit := uint64(1) << (position % 64); b.words[position/64]&bit != 0 {
		v.find(hansard.LogID{}, -1, "", "tenant %s has two entries at position %d", tenantName, position)
	} else {
		b.words[position/64] |= bit
		b.count++
	}
	b.max = max(b.max, position)
}

// checkPositions finds gaps in the one order of a tenant's entries. Of those that
// were pruned it knows how many they are.
func (v *verifier) checkPositions() {
	for name, b := range v.positions {
		pruned := v.pruned[name]
		if b.count+pruned == b.max+1 {
			continue
		}
		if pruned > 0 {
			v.find(hansard.LogID{}, -1, "", "tenant %s has %d entries and %d were pruned, but positions up to %d were given", name, b.count, pruned, b.max)
			continue
		}
		for p := range b.max {
			if b.words[p/64]&(1<<(p%64)) == 0 {
				v.find(hansard.LogID{}, -1, "", "tenant %s has no entry at position %d, but later ones", name, p)
				break
			}
		}
	}
}
