package lake

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// fold keeps what questions came to over the rows in parts, hour by hour of the
// timestamps, so that the next one reads only what has come since, whatever period
// it is about. S is the sum of one hour.
type fold[S any] struct {
	// size returns about how many bytes a sum takes.
	size func(S) int
	most int          // bytes that the sums of all questions may take
	kept *keptSums[S] // how they are kept from one start to the next; nil: they are not

	mu      sync.Mutex // guards what follows; never held over a read
	entries map[string]*folded[S]
	used    uint64 // counts uses, for the age of each
}

// folded holds the sums of one question.
type folded[S any] struct {
	mu sync.Mutex // held while the question is answered: others wait for the sums
	// firsts are the first indexes of each tier when the sums were last asked, and
	// upTo the greatest positions of its rows that are in them.
	firsts map[hansard.Tier]uint64
	upTo   map[hansard.Tier]int64
	// covered are the hours that were summed; of these, hours has those in
	// which something is.
	covered spans
	hours   map[int64]S
	names   *numbers // of what sums are about, if they keep numbers in its place
	erased  int      // how often entries had been erased then
	// pruned is how many of each tier's prunes the sums know of.
	pruned map[hansard.Tier]int
	stale  bool // hours were forgotten: names may have some that nothing has
	// parts are those whose rows were read, or might have been, when the sums were
	// last asked.
	parts []summedPart
	plain bool   // the question may be written down
	tried bool   // what was kept on the disk was looked for
	saved string // what is on the disk: see folded.state

	last  uint64 // guarded by fold.mu, as bytes is
	bytes int
}

// How many bytes the sums that a fold keeps may take, and those that others make of
// marks.
const (
	maxFolded = 64 << 20
	maxMarked = 128 << 20
)

func newFold[S any](most int, size func(S) int) *fold[S] {
	return &fold[S]{size: size, most: most, entries: map[string]*folded[S]{}}
}

// entry returns the sums of a question, locked. plain says that the question holds
// nothing that may not be written down.
func (f *fold[S]) entry(key string, plain bool) *folded[S] {
	e := f.open(key, plain)
	if plain && f.kept != nil && !e.tried {
		e.tried = true
		f.load(e, key)
	}
	return e
}

// open is entry without a look at what is kept on the disk.
func (f *fold[S]) open(key string, plain bool) *folded[S] {
	f.mu.Lock()
	e := f.entries[key]
	if e == nil {
		e = &folded[S]{plain: plain}
		f.entries[key] = e
	}
	f.used++
	e.last = f.used
	f.mu.Unlock()
	e.mu.Lock()
	return e
}

// done unlocks sums and makes room where all take too much. Sums that are too large
// alone are not kept.
func (f *fold[S]) done(e *folded[S]) {
	bytes := 0
	if e.names != nil {
		bytes = e.names.bytes()
	}
	for _, s := range e.hours {
		bytes += f.size(s) + 50
	}
	if bytes > f.most {
		e.reset()
		bytes = 0
	}
	e.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	e.bytes = bytes
	for {
		total, oldest := 0, ""
		for key, other := range f.entries {
			total += other.bytes + 1000
			if other != e && (oldest == "" || other.last < f.entries[oldest].last) {
				oldest = key
			}
		}
		if total <= f.most || oldest == "" {
			return
		}
		delete(f.entries, oldest)
	}
}

func (e *folded[S]) reset() {
	e.firsts, e.upTo, e.covered, e.hours, e.names, e.parts = nil, nil, nil, nil, nil, nil
}

// begin forgets the sums of hours in which what is not there any more could count: of
// the tiers it was in, and up to a window away. ok is false when the snapshot is older
// than the sums.
func (e *folded[S]) begin(snap *snapshot, tiers map[hansard.Tier]bool, window int64) (ok bool) {
	firsts, last := map[hansard.Tier]uint64{}, map[hansard.Tier]int64{}
	for tier := range tiers {
		if parts := snap.version.parts[tier]; len(parts) > 0 {
			firsts[tier], last[tier] = parts[0].Name.First, int64(parts[len(parts)-1].LastPosition)
		}
	}
	if e.hours != nil && e.erased != snap.erased {
		e.reset()
	}
	for tier, first := range e.firsts {
		now, there := firsts[tier]
		if there && (now < first || e.upTo[tier] > last[tier]) || len(snap.pruned[tier]) < e.pruned[tier] {
			return false
		}
	}
	if e.hours == nil {
		e.hours, e.upTo, e.erased, e.names = map[int64]S{}, map[hansard.Tier]int64{}, snap.erased, &numbers{}
		e.pruned = map[hansard.Tier]int{}
		for tier := range tiers {
			e.upTo[tier], e.pruned[tier] = -1, len(snap.pruned[tier])
		}
	}
	for tier := range tiers {
		for _, s := range snap.pruned[tier][e.pruned[tier]:] {
			e.forget(s.wider(window))
		}
		e.pruned[tier] = len(snap.pruned[tier])
	}
	e.firsts, e.parts = firsts, snap.version.summed(tiers)
	return true
}

// forget forgets the hours that meet some moments.
func (e *folded[S]) forget(moments span) {
	hours := span{bucketOf(moments.from), bucketOf(moments.to)}
	e.covered = e.covered.without(hours)
	for hour := range e.hours {
		if hours.holds(hour) {
			delete(e.hours, hour)
			e.stale = true
		}
	}
}

// reach returns the greatest positions of the rows in parts that count, of those up
// to one.
func reach(snap *snapshot, tiers map[hansard.Tier]bool, upTo int64) map[hansard.Tier]int64 {
	ends := map[hansard.Tier]int64{}
	for tier := range tiers {
		ends[tier] = -1
		if parts := snap.version.parts[tier]; len(parts) > 0 {
			ends[tier] = min(upTo, int64(parts[len(parts)-1].LastPosition))
		}
	}
	return ends
}

// foldKey names a question, whatever its period. node is without a bound of the
// position: a report that counts what was there when it began sets another one each
// time. ok is false for a question about the meta log.
func foldKey(snap *snapshot, node query.Node, more ...string) (key string, ok bool) {
	if ReadsMeta(node) {
		return "", false
	}
	text := "*"
	if node != nil {
		text = node.String()
	}
	return strings.Join(append([]string{snap.tenant, text}, more...), "\x00"), true
}

// withoutBound takes bounds of the position that every match keeps out of a node.
func withoutBound(node query.Node) (without query.Node, upTo int64) {
	upTo = math.MaxInt64
	bound := func(n query.Node) bool {
		c, ok := n.(query.Compare)
		if ok = ok && c.Field.Name == "position" && c.Op == query.LE && len(c.Values) > 0; ok {
			upTo = min(upTo, c.Values[0].Int)
		}
		return ok
	}
	and, isAnd := node.(query.And)
	switch {
	case !isAnd && bound(node):
		return nil, upTo
	case !isAnd:
		return node, upTo
	}
	var rest query.And
	for _, n := range and.Nodes {
		if inner, ok := n.(query.And); ok {
			n, at := withoutBound(inner)
			upTo = min(upTo, at)
			if n != nil {
				rest.Nodes = append(rest.Nodes, n)
			}
			continue
		}
		if !bound(n) {
			rest.Nodes = append(rest.Nodes, n)
		}
	}
	if len(rest.Nodes) == 0 {
		return nil, upTo
	}
	return rest, upTo
}

// periodSpan returns the moments of a period.
func periodSpan(p query.Period) span {
	since, until := p.Bounds()
	if !p.Until.IsZero() {
		until--
	}
	return span{since, until}
}

// meeting returns the groups that may have rows in spans.
func meeting(groups []*group, in spans) []*group {
	var found []*group
	for _, g := range groups {
		if in.meet(g.moments) {
			found = append(found, g)
		}
	}
	return found
}

// traceKeys returns the keys of the traces in a group. Those of parts are kept.
func (l *Lake) traceKeys(g *group) ([]uint64, error) {
	if g.part != nil {
		if keys := g.part.keys.get(g.g); keys != nil {
			return keys, nil
		}
	}
	var keys []uint64
	err := l.read(g, func(r *rows) (err error) {
		keys, err = r.traces()
		return err
	})
	if err == nil && g.part != nil {
		keys = slices.Clip(keys)
		g.part.keys.set(g.g, keys)
	}
	return keys, err
}

// traceSet returns the keys of all traces in groups.
func (l *Lake) traceSet(ctx context.Context, groups []*group) (map[uint64]bool, error) {
	found := map[uint64]bool{}
	for _, g := range groups {
		keys, err := l.traceKeys(g)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			found[k] = true
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return found, nil
}

// sharing returns those of the groups that have one of the traces.
func (l *Lake) sharing(ctx context.Context, groups []*group, traces map[uint64]bool) ([]*group, error) {
	var found []*group
	for _, g := range groups {
		keys, err := l.traceKeys(g)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(keys, func(k uint64) bool { return traces[k] }) {
			found = append(found, g)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return found, nil
}

// groupKeys are the keys of the traces in the row groups of a part: 8 bytes for
// each trace in each.
type groupKeys struct {
	mu   sync.Mutex // guards keys
	keys map[int][]uint64
}

func (k *groupKeys) get(g int) []uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[g]
}

func (k *groupKeys) set(g int, keys []uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[int][]uint64{}
	}
	k.keys[g] = keys
}
