package lake

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// fold keeps what a question came to over the rows in parts, so that the next one
// reads only what has come since. S is a sum that can be taken away from again.
type fold[S any] struct {
	// size returns about how many bytes a sum takes.
	size func(S) int

	mu      sync.Mutex // guards what follows; never held over a read
	entries map[string]*folded[S]
	used    uint64 // counts uses, for the age of each
}

// folded is the sum of one question.
type folded[S any] struct {
	mu sync.Mutex // held while the question is answered: others wait for the sum
	// firsts and ends are the ranges of indexes of each tier that were summed;
	// nil: none yet.
	firsts, ends map[hansard.Tier]uint64
	sum          S

	last  uint64 // guarded by fold.mu, as bytes is
	bytes int
}

// maxFolded bounds the sums that a fold keeps, in bytes.
const maxFolded = 48 << 20

func newFold[S any](size func(S) int) *fold[S] {
	return &fold[S]{size: size, entries: map[string]*folded[S]{}}
}

// entry returns the sum of a question, locked.
func (f *fold[S]) entry(key string) *folded[S] {
	f.mu.Lock()
	e := f.entries[key]
	if e == nil {
		e = &folded[S]{}
		f.entries[key] = e
	}
	f.used++
	e.last = f.used
	f.mu.Unlock()
	e.mu.Lock()
	return e
}

// done unlocks a sum and makes room where the sums take too much.
func (f *fold[S]) done(e *folded[S]) {
	bytes := f.size(e.sum)
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
		if total <= maxFolded || oldest == "" {
			return
		}
		delete(f.entries, oldest)
	}
}

// begin forgets the sum if it is of rows that are not there any more, or if a part
// holds both rows that it has and others. It returns the ends that hold once all
// parts of the snapshot are in the sum.
func (e *folded[S]) begin(snap *snapshot, tiers map[hansard.Tier]bool) (ends map[hansard.Tier]uint64) {
	firsts, ends := map[hansard.Tier]uint64{}, map[hansard.Tier]uint64{}
	stale := e.ends == nil
	for tier := range tiers {
		parts := snap.version.parts[tier]
		if len(parts) > 0 {
			firsts[tier], ends[tier] = parts[0].Name.First, parts[len(parts)-1].Name.End
		}
		if e.ends[tier] > ends[tier] || e.ends[tier] > 0 && e.firsts[tier] != firsts[tier] {
			stale = true
		}
		for _, p := range parts {
			if p.Name.First < e.ends[tier] && e.ends[tier] < p.Name.End {
				stale = true
			}
		}
	}
	if stale {
		var none S
		e.sum, e.ends = none, nil
	}
	e.firsts = firsts
	return ends
}

// has reports whether the rows of a part are in the sum.
func (e *folded[S]) has(p *livePart) bool { return p.Name.End <= e.ends[p.Log.Tier] }

// foldKey names a question. A bound of the position that all parts keep is left
// out: a report that counts what was there when it began sets another one each
// time. The other result is false when a part has rows beyond such a bound.
func foldKey(snap *snapshot, q query.Query, more ...string) (key string, ok bool) {
	if newScope(q.Node, q.Period).tiers[hansard.TierMeta] {
		return "", false // its positions run ahead of such a bound
	}
	var last uint64
	for _, parts := range snap.version.parts {
		for _, p := range parts {
			if p.Log.Tier != hansard.TierMeta {
				last = max(last, p.LastPosition)
			}
		}
	}
	node := q.Node
	if and, isAnd := node.(query.And); isAnd {
		kept := query.And{}
		for _, n := range and.Nodes {
			if c, isCompare := n.(query.Compare); isCompare && c.Field.Name == "position" && c.Op == query.LE && len(c.Values) > 0 {
				if c.Values[0].Int < int64(last) {
					return "", false
				}
				continue
			}
			kept.Nodes = append(kept.Nodes, n)
		}
		node = kept
	}
	text := "*"
	if node != nil {
		text = node.String()
	}
	since, until := q.Period.Bounds()
	fields := append([]string{snap.tenant, text, strconv.FormatInt(since, 10), strconv.FormatInt(until, 10)}, more...)
	return strings.Join(fields, "\x00"), true
}

// foldTraces sums over the groups of a question whose rows count trace by trace.
// It returns the sum over the parts, what is to be taken away from it, and what is
// to be added, on behalf of the rows that are in no part yet. run sums over
// groups, and of them only the traces with the given keys, if that is not nil.
func foldTraces[S any](ctx context.Context, l *Lake, f *fold[S], key string, snap *snapshot, sc *scope, groups []*group,
	run func(groups []*group, only map[uint64]bool) (S, error), merge func(sum, less, more S) S) (sum, less, more S, err error) {
	e := f.entry(key)
	defer f.done(e)
	ends := e.begin(snap, sc.tiers)
	var old, fresh, recent []*group
	for _, g := range groups {
		switch {
		case g.part == nil:
			fresh = append(fresh, g)
		case e.has(g.part):
			old = append(old, g)
		default:
			recent = append(recent, g)
		}
	}
	if e.ends == nil {
		if e.sum, err = run(recent, nil); err != nil {
			return sum, less, more, err
		}
	} else if len(recent) > 0 {
		if less, more, err = foldDelta(ctx, l, old, recent, run); err != nil {
			return sum, less, more, err
		}
		e.sum = merge(e.sum, less, more)
	}
	e.ends = ends
	less, more, err = foldDelta(ctx, l, append(old, recent...), fresh, run)
	return e.sum, less, more, err
}

// foldDelta returns what the traces of the added groups came to before, and what
// they come to with these.
func foldDelta[S any](ctx context.Context, l *Lake, before, added []*group, run func([]*group, map[uint64]bool) (S, error)) (less, more S, err error) {
	touched := map[uint64]bool{}
	for _, g := range added {
		keys, err := l.traceKeys(g)
		if err != nil {
			return less, more, err
		}
		for _, k := range keys {
			touched[k] = true
		}
	}
	var again []*group
	for _, g := range before {
		keys, err := l.traceKeys(g)
		if err != nil {
			return less, more, err
		}
		if slices.ContainsFunc(keys, func(k uint64) bool { return touched[k] }) {
			again = append(again, g)
		}
		if ctx.Err() != nil {
			return less, more, ctx.Err()
		}
	}
	if less, err = run(again, touched); err != nil {
		return less, more, err
	}
	more, err = run(append(again, added...), touched)
	return less, more, err
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
