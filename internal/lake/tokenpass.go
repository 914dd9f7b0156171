package lake

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// statement is an event that says tokens or a cost, or could.
type statement struct {
	event, parent, span uint64
	values              [tokenClasses]int64
	has                 uint8 // a bit for each value that is there
	key                 int32 // number of the group
	rank                uint8 // 0 is the best
	selected            bool
	better              bool // may stand for others
}

// tokenClasses is the number of tokenColumns; cost is the last of them.
const (
	tokenClasses = 7
	costClass    = tokenClasses - 1
	totalClass   = tokenClasses - 2
)

func (s *statement) counts() bool { return s.has&^(1<<costClass) != 0 }
func (s *statement) costs() bool  { return s.has&(1<<costClass) != 0 }

// tokenPass computes Tokens from the rows of parts, trace by trace.
type tokenPass struct {
	q         query.Query
	said      *scope
	better    *scope // around it, of those that may stand for others
	by        []string
	withLinks bool
	keys      *numbers // of the groups: their texts, packed
	tallies   []tokenTally
}

// tokenTally is what one worker has counted.
type tokenTally struct {
	groups map[int32]*tokenSums
	// apart are traces in which one event may stand for another.
	apart map[uint64]bool
}

// tokenSums are the sums of a group; they are exact, whatever their size.
type tokenSums struct {
	events                 int64 // statements that count
	calls, counted, priced int64
	sums                   [tokenClasses]wideSum // the total in place of token_count
}

// wideSum is a sum of n integers in 128 bits.
type wideSum struct {
	n  int64
	hi int64
	lo uint64
}

func (w *wideSum) add(v int64) {
	w.n++
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, uint64(v), 0)
	w.hi += v>>63 + int64(carry)
}

// merge adds a sum, or with the sign -1 takes it away.
func (w *wideSum) merge(o wideSum, sign int64) {
	w.n += sign * o.n
	var carry uint64
	if sign > 0 {
		w.lo, carry = bits.Add64(w.lo, o.lo, 0)
		w.hi += o.hi + int64(carry)
		return
	}
	w.lo, carry = bits.Sub64(w.lo, o.lo, 0)
	w.hi -= o.hi + int64(carry)
}

// value returns the sum, not set when nothing was added.
func (w wideSum) value() (hansard.Opt[int64], error) {
	v := int64(w.lo)
	if w.hi != v>>63 {
		return hansard.Opt[int64]{}, hansard.Errorf(hansard.KindTooLarge, "tokens: a sum is larger than 64 bits")
	}
	return hansard.Opt[int64]{V: v, Set: w.n > 0}, nil
}

// tokenSum is what statements came to, by group. It is never changed.
type tokenSum struct {
	names  *numbers
	groups map[int32]*tokenSums
}

func (s *tokenSum) size() int {
	if s == nil {
		return 0
	}
	return 400 * len(s.groups)
}

// tokens answers Tokens for a node that is selectable. What links events is read
// in a second pass, over the traces in which one may stand for another.
func (l *Lake) tokens(ctx context.Context, snap *snapshot, q query.Query, by []string) ([]TokenStat, error) {
	said, around := newScope(q.Node, q.Period), newScope(nil, wider(q.Period, tokenWindow))
	groups, err := l.groups(ctx, snap, around)
	if err != nil {
		return nil, err
	}
	names := &numbers{}
	run := func(groups []*group, only map[uint64]bool) (*tokenSum, error) {
		tp := &tokenPass{q: q, by: by, said: said, better: around, keys: names}
		return tp.run(ctx, l, groups, only)
	}
	key, ok := foldKey(snap, q, by...)
	if !ok {
		sum, err := run(groups, nil)
		if err != nil {
			return nil, err
		}
		return tokenStats(mergeTokens(sum, nil, nil), len(by))
	}
	sum, less, more, err := foldTraces(ctx, l, l.tokenSums, key, snap, around, groups, run, mergeTokens)
	if err != nil {
		return nil, err
	}
	return tokenStats(mergeTokens(sum, less, more), len(by))
}

// run counts the statements in groups.
func (tp *tokenPass) run(ctx context.Context, l *Lake, groups []*group, only map[uint64]bool) (*tokenSum, error) {
	for range l.config.Threads {
		tp.tallies = append(tp.tallies, tokenTally{groups: map[int32]*tokenSums{}, apart: map[uint64]bool{}})
	}
	p := &tracePass[statement]{lake: l, groups: groups, only: only, read: tp.read, done: tp.done}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	apart := map[uint64]bool{}
	for _, t := range tp.tallies {
		maps.Copy(apart, t.apart)
	}
	tp.withLinks = tp.withLinks || len(apart) > 0
	if err := p.again(ctx, apart); err != nil {
		return nil, err
	}
	sum := &tokenSum{names: tp.keys, groups: map[int32]*tokenSums{}}
	for _, t := range tp.tallies {
		for key, g := range t.groups {
			sum.add(key, g, 1)
		}
	}
	return sum, nil
}

// add adds the sums of a group, or with the sign -1 takes them away.
func (s *tokenSum) add(key int32, g *tokenSums, sign int64) {
	sum := s.groups[key]
	if sum == nil {
		sum = &tokenSums{}
		s.groups[key] = sum
	}
	sum.calls, sum.counted, sum.priced = sum.calls+sign*g.calls, sum.counted+sign*g.counted, sum.priced+sign*g.priced
	sum.events += sign * g.events
	for c := range g.sums {
		sum.sums[c].merge(g.sums[c], sign)
	}
}

// mergeTokens makes one sum of three: the first, less the second, and the third.
func mergeTokens(sum, less, more *tokenSum) *tokenSum {
	merged := &tokenSum{names: &numbers{}, groups: map[int32]*tokenSums{}}
	for i, s := range []*tokenSum{sum, less, more} {
		if s == nil {
			continue
		}
		sign := int64(1)
		if i == 1 {
			sign = -1
		}
		for key, g := range s.groups {
			name := ""
			if len(s.names.texts) > 0 {
				name = s.names.text(key)
			}
			merged.add(merged.names.of([]string{name})[0], g, sign)
		}
	}
	for key, g := range merged.groups {
		if g.events == 0 {
			delete(merged.groups, key)
		}
	}
	return merged
}

// read returns the statements of a group.
func (tp *tokenPass) read(r *rows) (items []statement, at []int, err error) {
	kind, aggregate := r.vector(), r.vector()
	values := make([]*part.Vector, tokenClasses)
	for i, c := range tokenColumns {
		values[i] = r.vector()
		if err := r.ints(c, values[i]); err != nil {
			return nil, nil, err
		}
	}
	if err := firstError(r.terms("event_type", kind), r.holds("labels", "aggregate", aggregate)); err != nil {
		return nil, nil, err
	}
	has := make([]uint8, len(kind.Codes))
	for c, v := range values {
		for i, set := range v.Set {
			if set {
				has[i] |= 1 << c
			}
		}
	}
	response, usage := codeOf(kind, hansard.TypeLLMResponse), codeOf(kind, hansard.TypeTokenUsage)
	n := 0
	for i, k := range kind.Codes {
		if !aggregate.Set[i] && (has[i] != 0 || k != 0 && k == response) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil, nil, nil
	}
	rest, err := tp.readRest(r)
	if err != nil {
		return nil, nil, err
	}
	items = make([]statement, 0, len(at))
	for _, i := range at {
		s := statement{has: has[i], rank: 2}
		switch k := kind.Codes[i]; {
		case k != 0 && k == response:
			s.rank = 0
		case k != 0 && k == usage:
			s.rank = 1
		}
		s.selected = rest.selected == nil || rest.selected[i]
		s.better = s.rank < 2 && s.has != 0 && (rest.around == nil || rest.around[i])
		if !s.selected && !s.better {
			continue
		}
		for c, v := range values {
			s.values[c] = v.Ints[i]
		}
		rest.fill(&s, i)
		at[n], n = i, n+1
		items = append(items, s)
	}
	return items, at[:n], nil
}

// statementRest is what is read of a group that has statements.
type statementRest struct {
	selected, around    []bool
	event, parent, span *part.Vector // nil: not read
	keys                []int32
}

func (tp *tokenPass) readRest(r *rows) (*statementRest, error) {
	rest := &statementRest{}
	var err error
	if rest.selected, err = r.selected(tp.q, tp.said); err != nil {
		return nil, err
	}
	if rest.around, err = r.within(tp.better.since, tp.better.until); err != nil {
		return nil, err
	}
	if rest.keys, err = tp.groupKeys(r); err != nil || !tp.withLinks {
		return rest, err
	}
	rest.event, rest.parent, rest.span = r.vector(), r.vector(), r.vector()
	return rest, firstError(r.keys("event_id", rest.event), r.keys("parent_event_id", rest.parent), r.keys("span_id", rest.span))
}

func (rest *statementRest) fill(s *statement, row int) {
	s.key = rest.keys[row]
	if rest.event != nil {
		s.event, s.parent, s.span = rest.event.Keys[row], rest.parent.Keys[row], rest.span.Keys[row]
	}
}

// groupKeys returns the number of each row's group.
func (tp *tokenPass) groupKeys(r *rows) ([]int32, error) {
	columns := make([]*part.Vector, len(tp.by))
	for i, name := range tp.by {
		columns[i] = r.vector()
		if err := r.terms(name, columns[i]); err != nil {
			return nil, err
		}
	}
	keys := make([]int32, r.size())
	switch len(columns) {
	case 0:
		return keys, nil
	case 1:
		names := make([]string, len(columns[0].Terms))
		for i, t := range columns[0].Terms {
			names[i] = packed(t)
		}
		numbers := tp.keys.of(names)
		for i, c := range columns[0].Codes {
			keys[i] = numbers[c]
		}
		return keys, nil
	}
	for i := range keys {
		name := ""
		for _, c := range columns {
			name += packed(c.Terms[c.Codes[i]])
		}
		keys[i] = tp.keys.of([]string{name})[0]
	}
	return keys, nil
}

// packed returns a text after its length, so that several can follow each other.
func packed(text string) string {
	return string(binary.AppendUvarint(nil, uint64(len(text)))) + text
}

// done counts the statements of a trace.
func (tp *tokenPass) done(worker int, trace uint64, items []statement) {
	t := &tp.tallies[worker]
	if !tp.withLinks && mixed(items) {
		t.apart[trace] = true
		return
	}
	ranks := newRanks(items, tp.withLinks)
	for i := range items {
		s := &items[i]
		if !s.selected {
			continue
		}
		any, count, cost := ranks.best(s)
		calls, counts, costs := any >= s.rank, count >= s.rank, cost >= s.rank
		if calls || counts || costs {
			t.add(s, calls, counts, costs)
		}
	}
}

// mixed reports whether a better statement is among others.
func mixed(items []statement) bool {
	worst := slices.MaxFunc(items, func(a, b statement) int { return cmp.Compare(a.rank, b.rank) }).rank
	return slices.ContainsFunc(items, func(s statement) bool { return s.better && s.rank < worst })
}

// linkRanks are the least ranks of the statements that a link leads to.
type linkRanks struct{ any, count, cost uint8 }

// noRank is the rank of no statement.
const noRank = 255

func (r linkRanks) least(o linkRanks) linkRanks {
	return linkRanks{min(r.any, o.any), min(r.count, o.count), min(r.cost, o.cost)}
}

// link is a way from one statement to another: by the same span, to the parent,
// or from it.
type link struct {
	kind uint8
	key  uint64
}

const (
	bySpan uint8 = iota
	byEvent
	byParent
)

type rankIndex map[link]linkRanks

func newRanks(items []statement, linked bool) rankIndex {
	if !linked {
		return nil
	}
	index := rankIndex{}
	for i := range items {
		s := &items[i]
		if !s.better {
			continue
		}
		own := linkRanks{s.rank, noRank, noRank}
		if s.counts() {
			own.count = s.rank
		}
		if s.costs() {
			own.cost = s.rank
		}
		for _, k := range []link{{bySpan, s.span}, {byEvent, s.event}, {byParent, s.parent}} {
			if k.key == 0 {
				continue
			}
			if before, ok := index[k]; ok {
				index[k] = before.least(own)
			} else {
				index[k] = own
			}
		}
	}
	return index
}

// best returns the least ranks among the statements that are linked with s.
func (index rankIndex) best(s *statement) (any, count, cost uint8) {
	best := linkRanks{noRank, noRank, noRank}
	for _, k := range []link{{bySpan, s.span}, {byEvent, s.parent}, {byParent, s.event}} {
		if o, ok := index[k]; ok && k.key != 0 {
			best = best.least(o)
		}
	}
	return best.any, best.count, best.cost
}

// add counts a statement.
func (t *tokenTally) add(s *statement, calls, counts, costs bool) {
	g := t.groups[s.key]
	if g == nil {
		g = &tokenSums{}
		t.groups[s.key] = g
	}
	g.events++
	if calls {
		g.calls++
	}
	if counts {
		for c := range totalClass {
			if s.has&(1<<c) != 0 {
				g.sums[c].add(s.values[c])
			}
		}
		if total, ok := s.total(); ok {
			g.counted++
			g.sums[totalClass].add(total)
		}
	}
	if costs && s.costs() {
		g.priced++
		g.sums[costClass].add(s.values[costClass])
	}
}

// total returns token_count, or where that is absent the sum of input, output and
// both cache classes.
func (s *statement) total() (int64, bool) {
	if s.has&(1<<totalClass) != 0 {
		return s.values[totalClass], true
	}
	if s.has&0b1111 == 0 {
		return 0, false
	}
	sum := int64(0)
	for c := range 4 { // an absent one is 0
		sum += s.values[c]
	}
	return sum, true
}

// tokenStats returns the sums of each group of n texts, the most expensive first.
func tokenStats(sum *tokenSum, n int) ([]TokenStat, error) {
	if n == 0 && len(sum.groups) == 0 {
		sum.groups[0] = &tokenSums{}
	}
	var stats []TokenStat
	for key, g := range sum.groups {
		s := TokenStat{Calls: g.calls, Counted: g.counted, Priced: g.priced}
		if n > 0 {
			s.Key = splitKey(sum.names.text(key), n)
		}
		for c, o := range []*hansard.Opt[int64]{&s.Input, &s.Output, &s.CacheRead, &s.CacheWrite, &s.Reasoning, &s.Total, &s.CostNanoUSD} {
			var err error
			if *o, err = g.sums[c].value(); err != nil {
				return nil, err
			}
		}
		stats = append(stats, s)
	}
	slices.SortFunc(stats, byCost)
	return stats, nil
}

// byCost orders by cost, then by tokens, the largest first and unknown ones last,
// then by key.
func byCost(a, b TokenStat) int {
	descending := func(a, b hansard.Opt[int64]) int {
		if a.Set != b.Set {
			if a.Set {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.V, a.V)
	}
	return cmp.Or(descending(a.CostNanoUSD, b.CostNanoUSD), descending(a.Total, b.Total), slices.Compare(a.Key, b.Key))
}

// splitKey returns the n texts of a group.
func splitKey(key string, n int) []string {
	texts := make([]string, 0, n)
	for len(texts) < n {
		size, k := binary.Uvarint([]byte(key))
		texts = append(texts, key[k:k+int(size)])
		key = key[k+int(size):]
	}
	return texts
}
