package lake

import (
	"container/heap"
	"context"
	"database/sql/driver"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/query"
)

// Pricing says how calls are priced whose cost nothing states.
type Pricing struct {
	// Table knows prices; nil: such calls are unpriced.
	Table *price.Table
	// Reprice leaves out what the calls state: all costs are those of the table.
	Reprice bool
	// Zone is where days begin, for groupings by "day"; nil: UTC.
	Zone *time.Location
}

// maxGroupings is how many groupings Spend takes at once.
const maxGroupings = 8

// groupDay is the field of a grouping by day: 2006-01-02.
const groupDay = "day"

// Spending is what the calls of each group of a grouping came to.
type Spending struct {
	// Top are the groups that cost most, most first.
	Top []TokenStat
	// Groups is how many there are in all, and Total what all of them came to.
	Groups int
	Total  TokenStat
}

// Spend sums tokens and cost like Tokens, in one pass for several groupings, each
// of texts of query.Fields and "day". Of each it returns the top groups; 0: all. A
// call that states no cost is priced by the table.
func (l *Lake) Spend(ctx context.Context, tenant string, q query.Query, by [][]string, pricing Pricing, top int) ([]Spending, error) {
	if len(by) > maxGroupings {
		return nil, hansard.Errorf(hansard.KindInvalid, "spend: more than %d groupings", maxGroupings)
	}
	for _, fields := range by {
		if _, err := textFields(slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == groupDay })); err != nil {
			return nil, err
		}
	}
	snap := l.pin(tenant)
	defer snap.release()
	picked, err := l.picked(ctx, snap, q)
	if err != nil {
		return nil, err
	}
	groupings, err := l.spend(ctx, snap, q, by, pricing, picked)
	if err != nil {
		return nil, err
	}
	var out []Spending
	for _, g := range groupings {
		s, err := g.spending(top)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// grouping is what the groups of a grouping came to.
type grouping struct {
	n    int // of the texts of a key
	i    int // its number
	sums traceSums[*tokenSum]
}

// spend sums the statements that the query selects, or those picked. What links
// events is read in a second pass, over the traces in which one may stand for
// another.
func (l *Lake) spend(ctx context.Context, snap *snapshot, q query.Query, by [][]string, pricing Pricing, picked *positionSet) ([]grouping, error) {
	if pricing.Zone == nil {
		pricing.Zone = time.UTC
	}
	a := &traceQuestion[*tokenSum]{snap: snap, whole: periodSpan(q.Period), window: int64(tokenWindow), merge: mergeTokens}
	a.ask(q, picked, pricing.key(by)...)
	a.run = func(ctx context.Context, groups []*group, pass passSpec) (map[int64]*tokenSum, error) {
		tp := &tokenPass{chosen: chosen{a.node, picked}, passSpec: pass, by: by, pricing: pricing}
		for range by {
			tp.keys = append(tp.keys, &numbers{})
		}
		return tp.run(ctx, l, groups)
	}
	sums, err := sumTraces(ctx, l, l.tokenSums, a)
	if err != nil {
		return nil, err
	}
	var all []grouping
	for i, fields := range by {
		all = append(all, grouping{len(fields), i, sums})
	}
	return all, nil
}

// key names what sums depend on besides the query.
func (p Pricing) key(by [][]string) []string {
	key := []string{p.Zone.String(), strconv.FormatBool(p.Reprice)}
	if p.Table != nil {
		key = append(key, p.Table.ID())
	}
	for _, fields := range by {
		key = append(key, strings.Join(fields, "\x01"))
	}
	return key
}

// spending returns the top groups, those that cost most first; 0: all.
func (g grouping) spending(top int) (Spending, error) {
	var s Spending
	var best cheapest
	total := &tokenSums{}
	err := g.each(func(name []byte, sums *tokenSums) error {
		total.merge(sums, 1)
		s.Groups++
		if top > 0 && len(best) == top && sums.cheaper(best[0]) {
			return nil
		}
		stat, err := sums.stat(string(name), g.n)
		switch {
		case err != nil:
			return err
		case top == 0:
			best = append(best, stat)
		case len(best) < top:
			heap.Push(&best, stat)
		case byCost(stat, best[0]) < 0:
			best[0] = stat
			heap.Fix(&best, 0)
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	if len(best) == 0 && g.n == 0 {
		best = append(best, TokenStat{}) // one row of nothing
	}
	slices.SortFunc(best, byCost)
	s.Top = best
	s.Total, err = total.stat("", 0)
	return s, err
}

// cheaper reports whether sums are sure to come after a group by cost: most do, and
// need no TokenStat made of them.
func (g *tokenSums) cheaper(than TokenStat) bool {
	stated, tabled := g.sums[costClass], g.sums[tableClass]
	cost := than.Cost()
	if !cost.Set || stated.hi != 0 || tabled.hi != 0 || int64(stated.lo) < 0 || int64(tabled.lo) < 0 {
		return false
	}
	if stated.n == 0 && tabled.n == 0 {
		return true
	}
	sum := int64(stated.lo) + int64(tabled.lo)
	return sum >= 0 && sum < cost.V
}

// cheapest is a heap whose first is the one that comes last by cost.
type cheapest []TokenStat

func (c cheapest) Len() int           { return len(c) }
func (c cheapest) Less(i, j int) bool { return byCost(c[i], c[j]) > 0 }
func (c cheapest) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }

// Push implements heap.Interface.
func (c *cheapest) Push(x any) { *c = append(*c, x.(TokenStat)) }

// Pop implements heap.Interface.
func (c *cheapest) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// rowPrices finds what the rows of a group cost.
type rowPrices struct {
	table           *price.Table
	model, provider *part.Vector
	times           *part.Vector
	known           map[uint64]*price.Model // by the codes of model and provider
}

// rows returns the prices of a group's rows; nil without a table.
func (p Pricing) rows(r *rows) (*rowPrices, error) {
	if p.Table == nil {
		return nil, nil
	}
	rp := &rowPrices{table: p.Table, model: r.vector(), provider: r.vector(), times: r.vector(), known: map[uint64]*price.Model{}}
	return rp, firstError(r.terms("model", rp.model), r.terms("provider", rp.provider), r.ints("timestamp", rp.times))
}

// of returns what a statement in a row costs by the table.
func (rp *rowPrices) of(s *statement, row int) (nano int64, ok bool) {
	m, p := rp.model.Codes[row], rp.provider.Codes[row]
	model, found := rp.known[uint64(m)<<32|uint64(p)]
	if !found {
		model = rp.table.Model(rp.provider.Terms[p], rp.model.Terms[m])
		rp.known[uint64(m)<<32|uint64(p)] = model
	}
	if model == nil {
		return 0, false
	}
	at := model.At(rp.times.Ints[row])
	if at == nil {
		return 0, false
	}
	class := func(c int) hansard.Opt[int64] { return hansard.Opt[int64]{V: s.values[c], Set: s.has&(1<<c) != 0} }
	return at.Cost(price.Tokens{Input: class(0), Output: class(1), CacheRead: class(2), CacheWrite: class(3)})
}

// days reads the day of each row's timestamp in a zone as codes.
func (r *rows) days(zone *time.Location, v *part.Vector) error {
	times := r.vector()
	if err := r.ints("timestamp", times); err != nil {
		return err
	}
	v.Codes, v.Terms = v.Codes[:0], append(v.Terms[:0], "")
	codes := map[int64]uint32{} // by the begin of the day
	var begin, end int64        // of the day before
	var code uint32
	for i, at := range times.Ints {
		if i == 0 || at < begin || at >= end {
			day := time.Unix(0, at).In(zone)
			start := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
			begin, end = start.UnixNano(), time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone).UnixNano()
			var ok bool
			if code, ok = codes[begin]; !ok {
				code = uint32(len(v.Terms))
				codes[begin] = code
				v.Terms = append(v.Terms, day.Format(time.DateOnly))
			}
		}
		v.Codes = append(v.Codes, code)
	}
	return nil
}

// positionSet is a set of positionSet.
type positionSet struct{ bits []uint64 }

// picked returns the positions of what a query selects, if only the engine can select
// it; else nil.
func (l *Lake) picked(ctx context.Context, snap *snapshot, q query.Query) (*positionSet, error) {
	if selectable(q.Node) {
		return nil, nil
	}
	return l.positionsOf(ctx, snap, q)
}

// positionsOf returns those of what a query selects that only the engine can
// select.
func (l *Lake) positionsOf(ctx context.Context, snap *snapshot, q query.Query) (*positionSet, error) {
	rel, err := l.relation(ctx, snap, q, []string{"position"})
	if err != nil {
		return nil, err
	}
	defer rel.close()
	set := &positionSet{}
	err = l.engine.each(ctx, rel.text, rel.args, func(row []driver.Value) error {
		if at, ok := row[0].(int64); ok && at >= 0 {
			for int(at>>6) >= len(set.bits) {
				set.bits = append(set.bits, make([]uint64, max(1024, len(set.bits)))...)
			}
			set.bits[at>>6] |= 1 << (at & 63)
		}
		return nil
	})
	return set, err
}

// of returns which rows of a group are in the set.
func (p *positionSet) of(r *rows) ([]bool, error) {
	at := r.vector()
	if err := r.ints("position", at); err != nil {
		return nil, err
	}
	sel := make([]bool, len(at.Ints))
	for i, n := range at.Ints {
		word := int(n >> 6)
		sel[i] = word < len(p.bits) && p.bits[word]&(1<<(n&63)) != 0
	}
	return sel, nil
}
