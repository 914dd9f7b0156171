package ledger

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// readMinimum reads where the log begins.
func (c *logCheck) readMinimum() {
	path := c.v.layout.minimum(c.id)
	b, err := durable.ReadFile(c.v.cfg.FS, path, maxMinimum)
	if notExist(err) {
		return
	}
	c.v.read(path, int64(len(b)))
	if err == nil && c.key != nil {
		c.min, err = parseMinimum(b, proof.Origin(c.v.v.Name, c.id), c.key)
	}
	if err != nil || c.key == nil {
		c.min = minimum{}
		c.find(-1, path, "where the log begins cannot be checked: %v", err)
	}
	if c.id.Tier == hansard.TierMeta {
		c.find(-1, path, "a meta log is never pruned")
	}
}

// listParts lists the live parts. Those that others cover are no part of the log any
// more, nor are those below its minimum; a crash leaves them, and they are compared
// with what was put on record like all others.
func (c *logCheck) listParts() {
	live, superseded, expired, err := c.v.layout.partsFrom(c.id, c.min)
	if err != nil {
		c.find(-1, "", "%v", err)
		return
	}
	c.live, c.expired = live, expired
	for _, p := range expired {
		c.checkLeft(p)
	}
	for _, p := range superseded {
		path := c.checkLeft(p)
		c.checkSuperseded(path, p)
		c.v.note("a superseded part was left by a crash: %s", c.v.rel(path))
	}
}

// checkLeft checks the bytes of a part that a crash left, and of what is beside it,
// which may have gone first.
func (c *logCheck) checkLeft(p part.Info) string {
	path := p.Path(c.v.cfg.Dir)
	sum, size, err := hashFile(c.v.cfg.FS, path)
	c.v.read(path, size)
	if err != nil {
		c.find(int64(p.Name.First), path, "the part cannot be read: %v", err)
		return path
	}
	if c.v.there(path + IndexSuffix) {
		c.readIndex(path, p, sum, size)
	}
	c.v.sealedParts(c.id, p, sum, true)
	if c.v.there(path + NoteSuffix) {
		c.checkNote(path, p, sum)
	}
	return path
}

// begin puts the tree's right edge to the log's minimum, of what is kept of the
// hashes below.
func (c *logCheck) begin() {
	if c.min.Index == 0 {
		c.passSize(nil)
		return
	}
	store := c.tileStore()
	t, err := treeAt(c.min.Index, store.hash)
	switch {
	case err != nil:
		c.find(-1, store.path(1, 0), "the hashes of the entries that were pruned cannot be read: %v", err)
	case t.root() != c.min.Root:
		c.find(-1, store.path(1, 0), "the hashes of the entries that were pruned are not those that they had")
	}
	for len(c.watch) > 0 && c.watch[0].size < c.min.Index {
		w := c.watch[0]
		if old, err := treeAt(w.size, store.hash); err == nil {
			w.root(old.root())
		} else if w.gone != nil {
			w.gone()
		}
		c.watch = c.watch[1:]
	}
	c.tree, c.broken = t, err != nil
	c.tree.size = c.min.Index
	c.passSize(nil)
	c.v.pruned[c.id.Tenant] += c.min.Index
}

// keepingStated is what was stated of how a log is kept, in the order of statements.
type keepingStated struct {
	intents []*statementAt
	done    []*statementAt
	holds   map[string]*statementAt // by id; those that stand
	rollups map[string]string       // hash by file name
	expired map[string]bool         // names of roll-ups that were removed
	erases  map[string]*statementAt // the last one about a part, by its name
	erased  []erasedPart
}

// erasedPart is a part that was written anew without content, and of which no file with
// the content is left, by what is on record.
type erasedPart struct {
	name        part.Name
	begun, done *statementAt
}

// noteKeeping reads of a statement what it says of how a log is kept.
func (s *statementAt) noteKeeping(text []byte) error {
	switch s.body.Kind {
	case kindPrune, kindPruned, kindHold, kindRelease, kindRollupsExpired, kindErase, kindErased:
		s.keeping = &statedKeeping{}
		return json.Unmarshal(text, s.keeping)
	}
	return nil
}

// checkKeeping compares what the meta logs state of prunes, holds and roll-ups with
// what is there.
func (v *verifier) checkKeeping(checks []*logCheck) {
	statements := slices.Clone(v.statements)
	slices.SortStableFunc(statements, func(a, b *statementAt) int {
		return cmp.Or(cmp.Compare(a.log.Tenant, b.log.Tenant), cmp.Compare(a.index, b.index))
	})
	all := map[string]*keepingStated{}
	for _, s := range statements {
		if s.keeping == nil {
			continue
		}
		k := all[s.keeping.Log]
		if k == nil {
			k = &keepingStated{holds: map[string]*statementAt{}, rollups: map[string]string{}, expired: map[string]bool{}, erases: map[string]*statementAt{}}
			all[s.keeping.Log] = k
		}
		v.takeKeeping(k, s)
	}
	for _, c := range checks {
		k := all[c.id.String()]
		if k == nil {
			k = &keepingStated{}
		}
		delete(all, c.id.String())
		c.checkMinimum(k)
		c.checkExpired(k)
		c.checkRollups(k)
		c.checkErased(k)
	}
	for log, k := range all {
		if len(k.intents) > 0 {
			v.find(k.intents[0].log, int64(k.intents[0].index), "", "a statement about log %s, which is not there", log)
		}
	}
}

// takeKeeping takes in a statement, in order.
func (v *verifier) takeKeeping(k *keepingStated, s *statementAt) {
	if logIDOf(s.keeping.Log).Tenant != s.log.Tenant {
		v.find(s.log, int64(s.index), "", "a statement about a log of another tenant")
		return
	}
	switch s.keeping.Kind {
	case kindHold:
		k.holds[s.keeping.ID] = s
	case kindRelease:
		delete(k.holds, s.keeping.ID)
	case kindPrune:
		k.intents = append(k.intents, s)
		v.underHold(k, s, "log %s was pruned")
		for _, r := range s.keeping.Rollups {
			k.rollups[r.Name] = r.SHA256
		}
	case kindErase:
		v.underHold(k, s, "log %s was erased in")
		k.erases[s.keeping.Part] = s
	case kindErased:
		for _, p := range s.keeping.Rewritten {
			if name, ok := part.ParseName(p); ok && k.erases[p] != nil {
				k.erased = append(k.erased, erasedPart{name, k.erases[p], s})
			}
		}
	case kindPruned:
		k.done = append(k.done, s)
		if !slices.ContainsFunc(k.intents, func(i *statementAt) bool { return i.keeping.End == s.keeping.End }) {
			v.find(s.log, int64(s.index), "", "log %s was pruned below entry %d, and no statement said that it would be", s.keeping.Log, s.keeping.End)
		}
	case kindRollupsExpired:
		v.underHold(k, s, "roll-ups of log %s were removed")
		for _, name := range s.keeping.Names {
			delete(k.rollups, name)
			k.expired[name] = true
		}
	}
}

// underHold reports a statement that something went while a hold stood.
func (v *verifier) underHold(k *keepingStated, s *statementAt, what string) {
	for _, h := range k.holds {
		v.find(s.log, int64(s.index), "", what+" while hold %s stood on it (statement %d)", s.keeping.Log, h.keeping.ID, h.index)
	}
}

// checkMinimum compares where the log begins with what was put on record.
func (c *logCheck) checkMinimum(k *keepingStated) {
	path := c.v.layout.minimum(c.id)
	stated := slices.ContainsFunc(k.intents, func(s *statementAt) bool {
		return s.keeping.End == c.min.Index && s.keeping.Root == c.min.Root.String() && s.keeping.LastReceived == time.Unix(0, c.min.Received).UTC().Format(time.RFC3339Nano)
	})
	if c.min.Index > 0 && !stated {
		c.find(int64(c.min.Index), path, "the log begins at entry %d, and it was never put on record that those before would be pruned", c.min.Index)
	}
	if n := len(k.done); n > 0 && k.done[n-1].keeping.End > c.min.Index {
		c.find(int64(c.min.Index), path, "the entries below %d were pruned, by statement %d of %s, and the log begins at %d: an older minimum was put back", k.done[n-1].keeping.End, k.done[n-1].index, k.done[n-1].log, c.min.Index)
	}
	if n := len(k.done); c.min.Index > 0 && stated && (n == 0 || k.done[n-1].keeping.End < c.min.Index) {
		c.v.note("log %s was pruned below entry %d, and it is not on record yet that it is done; the next prune says so", c.id, c.min.Index)
	}
}

// checkExpired reports what lies below the minimum: a crash leaves it, until it is on
// record that it is gone.
func (c *logCheck) checkExpired(k *keepingStated) {
	done := uint64(0)
	for _, s := range k.done {
		done = max(done, s.keeping.End)
	}
	for _, p := range c.expired {
		if path := p.Path(c.v.cfg.Dir); p.Name.End <= done {
			c.find(int64(p.Name.First), path, "the part was pruned, by what is on record, and is there")
		} else {
			c.v.note("a part that was pruned was left by a crash; the next start removes it: %s", c.v.rel(path))
		}
	}
	for file := range c.min.Index / hashesInFile {
		if path := c.tileStore().path(0, file); !c.v.there(path) {
			continue
		} else if c.v.read(path, 0); (file+1)*hashesInFile <= done {
			c.find(int64(file*hashesInFile), path, "the hashes were pruned, by what is on record, and are there")
		} else {
			c.v.note("hashes that were pruned were left by a crash; the next start removes them: %s", c.v.rel(path))
		}
	}
}

// checkErased reports parts that were put on record before content of their entries was
// erased, and that are there after it was stated that none is.
func (c *logCheck) checkErased(k *keepingStated) {
	if len(k.erased) == 0 {
		return
	}
	last := map[string]uint64{} // the last statement of a part with these bytes
	for _, s := range c.v.statements {
		if s.body.Kind != "seal" || s.body.Log != c.id.String() || s.log.Tenant != c.id.Tenant {
			continue
		}
		for _, p := range s.body.Parts {
			last[p.Name+p.SHA256] = max(last[p.Name+p.SHA256], s.index)
		}
	}
	for _, p := range c.v.live {
		at, stated := last[p.info.Name.String()+p.sum.String()]
		if p.log != c.id || !stated || p.info.Name.End <= c.min.Index {
			continue
		}
		for _, e := range k.erased {
			if at < e.begun.index && p.info.Name.First < e.name.End && e.name.First < p.info.Name.End {
				c.find(int64(p.info.Name.First), p.info.Path(c.v.cfg.Dir), "content of its entries was erased for good, by statement %d of %s, and a part from before is there", e.done.index, e.done.log)
				break
			}
		}
	}
}

// checkRollups compares the roll-ups of pruned entries with what was put on record.
func (c *logCheck) checkRollups(k *keepingStated) {
	names, err := c.v.layout.list(c.v.layout.rollups(c.id))
	if err != nil {
		c.find(-1, c.v.layout.rollups(c.id), "%v", err)
	}
	for _, name := range names {
		path := filepath.Join(c.v.layout.rollups(c.id), name)
		if !rollupPattern.MatchString(name) {
			continue // unfinished, or an unexpected file
		}
		sum, size, err := hashFile(c.v.cfg.FS, path)
		c.v.read(path, size)
		switch want, stated := k.rollups[name]; {
		case err != nil:
			c.find(-1, path, "cannot be read: %v", err)
		case stated && want != sum.String():
			c.find(-1, path, "the roll-up is not the one that was put on record")
		case !stated && k.expired[name]:
			c.v.note("a roll-up that has expired was left by a crash: %s", c.v.rel(path))
		case !stated && (RollupFile{Name: name}).end() <= c.min.Index:
			c.find(-1, path, "the roll-up was never put on record")
		case !stated:
			c.v.note("a roll-up of a prune that was not begun was left by a crash: %s", c.v.rel(path))
		}
	}
	for name := range k.rollups {
		if !slices.Contains(names, name) {
			c.find(-1, filepath.Join(c.v.layout.rollups(c.id), name), "the roll-up that was put on record is gone")
		}
	}
}

// statedRoot returns the root that a log had at a size, by a checkpoint that was put
// on record then.
func (v *verifier) statedRoot(log hansard.LogID, key note.Verifier, size int64) (proof.Checkpoint, bool) {
	for _, s := range v.statements {
		if s.body.Kind != "seal" || s.body.Log != log.String() || s.log.Tenant != log.Tenant {
			continue
		}
		if c, err := proof.OpenCheckpoint([]byte(s.body.Checkpoint), key); err == nil && c.Size == size {
			return c, true
		}
	}
	return proof.Checkpoint{}, false
}
