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
)

// statement is an event that says tokens or a cost, or could.
type statement struct {
	at                  int64
	event, parent, span uint64
	values              [tokenClasses]int64
	table               int64               // what it costs by the table
	keys                [maxGroupings]int32 // numbers of its groups
	has                 uint8               // a bit for each value that is there
	rank                uint8               // 0 is the best
	tabled              bool                // the table knows what it costs
	selected            bool
	better              bool // may stand for others
	linked              bool // event, parent and span were read
}

// tokenClasses is the number of tokenColumns; cost is the last of them. A sum has
// one more: what the table says.
const (
	tokenClasses = 7
	costClass    = tokenClasses - 1
	totalClass   = tokenClasses - 2
	tableClass   = tokenClasses
)

func (s *statement) counts() bool { return s.has&^(1<<costClass) != 0 }
func (s *statement) costs() bool  { return s.has&(1<<costClass) != 0 }

// tokenPass computes Tokens from the rows of parts, trace by trace.
type tokenPass struct {
	chosen
	passSpec
	by        [][]string // the fields of each grouping
	pricing   Pricing
	withLinks bool
	keys      []*numbers // of the groups of each grouping: their texts, packed
	tallies   []tokenTally
}

// hourGroup is a group by its number, in an hour.
type hourGroup struct {
	hour int64
	key  int32
}

// tokenTally is what one worker has counted.
type tokenTally struct {
	groups []map[hourGroup]*tokenSums // of each grouping
	// apart are traces in which one event may stand for another.
	apart map[uint64]bool
}

// tokenSums are the sums of a group; they are exact, whatever their size.
type tokenSums struct {
	events                 int64 // statements that count
	calls, counted, priced int64
	tabled, unpriced       int64
	sums                   [tokenClasses + 1]wideSum // the total in place of token_count
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

// run counts the statements in groups.
func (tp *tokenPass) run(ctx context.Context, l *Lake, groups []*group) (map[int64]*tokenSum, error) {
	for range l.config.Threads {
		t := tokenTally{apart: map[uint64]bool{}}
		for range tp.by {
			t.groups = append(t.groups, map[hourGroup]*tokenSums{})
		}
		tp.tallies = append(tp.tallies, t)
	}
	p := &tracePass[statement]{lake: l, groups: groups, only: tp.only, read: tp.read, done: tp.done}
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
	return tp.sums(), nil
}

// sums puts what the workers have counted together.
func (tp *tokenPass) sums() map[int64]*tokenSum {
	sums := map[int64]*tokenSum{}
	for i := range tp.by {
		all := tp.tallies[0].groups[i]
		for _, t := range tp.tallies[1:] {
			for key, g := range t.groups[i] {
				if own := all[key]; own != nil {
					own.merge(g, 1)
				} else {
					all[key] = g
				}
			}
		}
		for hour, run := range tp.keys[i].runs(all) {
			if sums[hour] == nil {
				sums[hour] = &tokenSum{runs: make([]tokenRun, len(tp.by))}
			}
			sums[hour].runs[i] = run
		}
	}
	return sums
}

func (g *tokenSums) merge(o *tokenSums, sign int64) {
	g.calls, g.counted, g.priced = g.calls+sign*o.calls, g.counted+sign*o.counted, g.priced+sign*o.priced
	g.tabled, g.unpriced = g.tabled+sign*o.tabled, g.unpriced+sign*o.unpriced
	g.events += sign * o.events
	for c := range o.sums {
		g.sums[c].merge(o.sums[c], sign)
	}
}

// read returns the statements of a group.
func (tp *tokenPass) read(r *rows) (items []statement, at []int, err error) {
	kind, aggregate, times := r.vector(), r.vector(), r.vector()
	values := make([]*part.Vector, tokenClasses)
	for i, c := range tokenColumns {
		values[i] = r.vector()
		if err := r.ints(c, values[i]); err != nil {
			return nil, nil, err
		}
	}
	if err := firstError(r.terms("event_type", kind), r.holds("labels", "aggregate", aggregate), r.ints("timestamp", times)); err != nil {
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
	// Where both are in a group, most traces have both, and what links them is
	// needed.
	rest, err := tp.readRest(r, tp.withLinks || response != 0 && usage != 0)
	if err != nil {
		return nil, nil, err
	}
	items = make([]statement, 0, len(at))
	for _, i := range at {
		s := statement{at: times.Ints[i], has: has[i], rank: 2}
		switch k := kind.Codes[i]; {
		case k != 0 && k == response:
			s.rank = 0
		case k != 0 && k == usage:
			s.rank = 1
		}
		s.selected = (rest.selected == nil || rest.selected[i]) && (rest.around == nil || rest.around[i])
		s.better = s.rank < 2 && s.has != 0 && (rest.around == nil || rest.around[i])
		if !s.selected && !s.better {
			continue
		}
		for c, v := range values {
			s.values[c] = v.Ints[i]
		}
		rest.fill(&s, i)
		if s.selected && s.counts() && rest.prices != nil {
			s.table, s.tabled = rest.prices.of(&s, i)
		}
		at[n], n = i, n+1
		items = append(items, s)
	}
	return items, at[:n], nil
}

// statementRest is what is read of a group that has statements.
type statementRest struct {
	selected, around    []bool
	event, parent, span *part.Vector // nil: not read
	keys                [][]int32    // of each grouping
	prices              *rowPrices   // nil: no table is asked
}

func (tp *tokenPass) readRest(r *rows, links bool) (*statementRest, error) {
	rest := &statementRest{}
	var err error
	if rest.selected, err = r.counted(&tp.chosen, &tp.passSpec); err != nil {
		return nil, err
	}
	if rest.around, err = r.around(tp.bounds(r.gr)); err != nil {
		return nil, err
	}
	for i := range tp.by {
		keys, err := tp.groupKeys(r, i)
		if err != nil {
			return nil, err
		}
		rest.keys = append(rest.keys, keys)
	}
	if rest.prices, err = tp.pricing.rows(r); err != nil || !links {
		return rest, err
	}
	rest.event, rest.parent, rest.span = r.vector(), r.vector(), r.vector()
	return rest, firstError(r.keys("event_id", rest.event), r.keys("parent_event_id", rest.parent), r.keys("span_id", rest.span))
}

func (rest *statementRest) fill(s *statement, row int) {
	for i, keys := range rest.keys {
		s.keys[i] = keys[row]
	}
	if rest.event != nil {
		s.linked = true
		s.event, s.parent, s.span = rest.event.Keys[row], rest.parent.Keys[row], rest.span.Keys[row]
	}
}

// groupKeys returns the number of each row's group in a grouping.
func (tp *tokenPass) groupKeys(r *rows, grouping int) ([]int32, error) {
	by, numbers := tp.by[grouping], tp.keys[grouping]
	keys := make([]int32, r.size())
	if len(by) == 0 {
		empty := numbers.one("")
		for i := range keys {
			keys[i] = empty
		}
		return keys, nil
	}
	columns := make([]*part.Vector, len(by))
	for i, name := range by {
		columns[i] = r.vector()
		read := r.terms
		if name == groupDay {
			read = func(_ string, v *part.Vector) error { return r.days(tp.pricing.Zone, v) }
		}
		if err := read(name, columns[i]); err != nil {
			return nil, err
		}
	}
	if len(columns) == 1 {
		names := make([]string, len(columns[0].Terms))
		for i, t := range columns[0].Terms {
			names[i] = packed(t)
		}
		known := numbers.of(names)
		for i, c := range columns[0].Codes {
			keys[i] = known[c]
		}
		return keys, nil
	}
	for i := range keys {
		name := ""
		for _, c := range columns {
			name += packed(c.Terms[c.Codes[i]])
		}
		keys[i] = numbers.one(name)
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
	links := mixed(items)
	if links && slices.ContainsFunc(items, func(s statement) bool { return !s.linked }) {
		t.apart[trace] = true
		return
	}
	ranks := newRanks(items, links)
	for i := range items {
		s := &items[i]
		if !s.selected {
			continue
		}
		best := ranks.best(s)
		c := counting{calls: best.any >= s.rank, tokens: best.count >= s.rank, cost: best.cost >= s.rank, priced: best.stated, counted: best.count != noRank}
		if c.calls || c.tokens || c.cost {
			for g := range t.groups {
				t.add(g, tp.hourOf(s.at), s, c, tp.pricing.Reprice)
			}
		}
	}
}

// counting is what of a statement counts, and what others state of the same call.
type counting struct {
	calls, tokens, cost bool
	priced              bool // another one states the cost
	counted             bool // another one states the tokens
}

// mixed reports whether a better statement is among others.
func mixed(items []statement) bool {
	worst := slices.MaxFunc(items, func(a, b statement) int { return cmp.Compare(a.rank, b.rank) }).rank
	return slices.ContainsFunc(items, func(s statement) bool { return s.better && s.rank < worst })
}

// linkRanks are the least ranks of the statements that a link leads to, and whether
// any statement there, one that stands for no others too, states a cost.
type linkRanks struct {
	any, count, cost uint8
	stated           bool
}

// noRank is the rank of no statement.
const noRank = 255

// and implements joined.
func (r linkRanks) and(o linkRanks) linkRanks {
	return linkRanks{min(r.any, o.any), min(r.count, o.count), min(r.cost, o.cost), r.stated || o.stated}
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

type rankIndex map[link]*timeline[linkRanks]

func newRanks(items []statement, linked bool) rankIndex {
	if !linked {
		return nil
	}
	index := rankIndex{}
	for i := range items {
		s := &items[i]
		if !s.better && !s.costs() {
			continue
		}
		own := linkRanks{noRank, noRank, noRank, s.costs()}
		if s.better {
			own.any = s.rank
		}
		if s.better && s.counts() {
			own.count = s.rank
		}
		if s.better && s.costs() {
			own.cost = s.rank
		}
		for _, k := range []link{{bySpan, s.span}, {byEvent, s.event}, {byParent, s.parent}} {
			if k.key == 0 {
				continue
			}
			if index[k] == nil {
				index[k] = &timeline[linkRanks]{}
			}
			index[k].add(s.at, own)
		}
	}
	return index
}

// best returns the least ranks among the statements that are linked with s, at most
// tokenWindow away.
func (index rankIndex) best(s *statement) linkRanks {
	best := linkRanks{any: noRank, count: noRank, cost: noRank}
	near := span{s.at, s.at}.wider(int64(tokenWindow))
	for _, k := range []link{{bySpan, s.span}, {byEvent, s.parent}, {byParent, s.event}} {
		if t := index[k]; t != nil && k.key != 0 && t.holds(near) {
			best = best.and(t.within(near))
		}
	}
	return best
}

// add counts a statement in its group of a grouping. With reprice what it costs is
// what the table says, else what it states, and only where nothing states it, what
// the table says.
func (t *tokenTally) add(grouping int, hour int64, s *statement, c counting, reprice bool) {
	key := hourGroup{hour, s.keys[grouping]}
	g := t.groups[grouping][key]
	if g == nil {
		g = &tokenSums{}
		t.groups[grouping][key] = g
	}
	g.events++
	if c.calls {
		g.calls++
	}
	if c.tokens && s.counts() {
		for i := range totalClass {
			if s.has&(1<<i) != 0 {
				g.sums[i].add(s.values[i])
			}
		}
		if total, ok := s.total(); ok {
			g.counted++
			g.sums[totalClass].add(total)
		}
		switch stated := s.costs() || c.priced; {
		case stated && !reprice:
		case s.tabled:
			g.tabled++
			g.sums[tableClass].add(s.table)
		default:
			g.unpriced++
		}
	}
	switch {
	case !c.cost || !s.costs():
	case !reprice:
		g.priced++
		g.sums[costClass].add(s.values[costClass])
	case !s.counts() && !c.counted: // a cost without tokens
		g.unpriced++
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

// stat returns the sums of a group of n texts.
func (g *tokenSums) stat(name string, n int) (TokenStat, error) {
	s := TokenStat{Calls: g.calls, Counted: g.counted, Priced: g.priced, Tabled: g.tabled, Unpriced: g.unpriced}
	if n > 0 {
		s.Key = splitKey(name, n)
	}
	for c, o := range []*hansard.Opt[int64]{&s.Input, &s.Output, &s.CacheRead, &s.CacheWrite, &s.Reasoning, &s.Total, &s.CostNanoUSD, &s.TableNanoUSD} {
		var err error
		if *o, err = g.sums[c].value(); err != nil {
			return s, err
		}
	}
	return s, nil
}

// byCost orders by cost, stated and by the table, then by tokens, the largest first
// and unknown ones last, then by key.
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
	return cmp.Or(descending(a.Cost(), b.Cost()), descending(a.Total, b.Total), slices.Compare(a.Key, b.Key))
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
