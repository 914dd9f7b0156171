package policy

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// Source is what packs are judged over. A *lake.Lake is one.
type Source interface {
	Mark(ctx context.Context, tenant string, spec lake.MarkSpec, f func(*lake.Marks) error) error
	Hours(ctx context.Context, tenant, name string, upTo int64) (*lake.Hours, error)
	Aggregate(ctx context.Context, tenant string, q query.Query, spec lake.Spec) (lake.Table, error)
	Slices(ctx context.Context, tenant string, p query.Period, n int) ([]query.Period, error)
	Events(ctx context.Context, tenant string, q query.Query) (lake.Page, error)
	At(ctx context.Context, tenant string, positions []uint64) ([]*hansard.Entry, error)
	Tokens(ctx context.Context, tenant string, q query.Query, by []string) ([]lake.TokenStat, error)
	Key(text string) uint64
}

// Question says what packs are judged over.
type Question struct {
	Tenant string
	Period query.Period
	// Node selects the members that count; nil: all.
	Node query.Node
	// Last is the greatest position that counts.
	Last  int64
	Now   time.Time
	Facts Facts
	// Brief leaves out the entries that prove the results.
	Brief bool
}

// sliceRows is about how many entries are put in the order of time at once.
const sliceRows = 1_000_000

// Evaluate judges a pack. What a control needs from before and after the period,
// such as the approval of a call, is read too.
func Evaluate(ctx context.Context, src Source, p *Pack, q Question) ([]*Result, error) {
	return evaluate(ctx, src, p, q, newHourly)
}

// evaluate judges a pack; hours makes what judges hour by hour.
func evaluate(ctx context.Context, src Source, p *Pack, q Question, hours func(*evaluation) *hourly) (results []*Result, err error) {
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	if q.Node != nil && q.Node.String() == every().String() {
		q.Node = nil
	}
	e := newEvaluation(src, p, q, func(*Control) bool { return true })
	e.q.Period, _ = p.Applies(q.Period)
	if err := e.byTheHour(ctx, hours(e)); err != nil {
		return nil, err
	}
	e.machine.since, e.machine.until = e.q.Period.Bounds()
	e.machine.end = q.Now.UnixNano()
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	if err := e.pass(ctx); err != nil {
		return nil, err
	}
	e.machine.finish()
	for _, c := range p.Controls {
		r, err := e.judge(ctx, c)
		if err != nil {
			return nil, err
		}
		r.without(e.over)
		results = append(results, r)
	}
	if q.Brief {
		return results, nil
	}
	return results, e.evidence(ctx, results)
}

// byTheHour judges the controls that can be judged hour by hour, and leaves the
// others to the pass.
func (e *evaluation) byTheHour(ctx context.Context, h *hourly) error {
	if h == nil {
		return nil
	}
	ok, err := h.judge(ctx)
	if !ok || err != nil {
		return err
	}
	h.machine.finish()
	e.hourly, e.use = h, func(c *Control) bool { return !h.judges(c) }
	rest := newMachine(e.pack, e.use)
	rest.loopback, e.machine = e.machine.loopback, rest
	return nil
}

// Applies returns the part of a period that the pack judges. rehearsal says that
// its duty begins after the period only: all of it is judged then, as if the pack
// applied already.
func (p *Pack) Applies(period query.Period) (judged query.Period, rehearsal bool) {
	switch {
	case p.AppliesFrom.IsZero() || !period.Since.IsZero() && !period.Since.Before(p.AppliesFrom):
		return period, false
	case period.Until.IsZero() && p.AppliesFrom.After(time.Now()) || !period.Until.IsZero() && !period.Until.After(p.AppliesFrom):
		return period, true
	}
	period.Since = p.AppliesFrom
	return period, false
}

// evaluation is one judgement of a pack.
type evaluation struct {
	src       Source
	pack      *Pack
	q         Question
	selectors []lake.Selector // of the predicates, then of the filter
	hourly    *hourly         // nil: the pass judges all
	machine   *machine
	counts    []int64 // of the predicates
	counted   []positions
	use       func(*Control) bool // the controls that the pass is about
	turns     []turn              // of feed
	sorted    []turn              // of feed
	over      dear                // the expressions that cost too much
}

func newEvaluation(src Source, p *Pack, q Question, use func(*Control) bool) *evaluation {
	e := &evaluation{
		src: src, pack: p, q: q, machine: newMachine(p, use), use: use,
		counts: make([]int64, len(p.predicates)), counted: make([]positions, len(p.predicates)), over: dear{},
	}
	e.machine.loopback = src.Key("loopback")
	return e
}

// prepare turns predicates into selectors. What is not a search over columns is
// looked up now, event by event.
func (e *evaluation) prepare(ctx context.Context) error {
	wide, asked := e.wide(), e.asked()
	for i, p := range e.pack.predicates {
		s := lake.Selector{Node: p.node}
		if !p.selectable() {
			if s.Node = nil; asked&(1<<i) == 0 {
				e.selectors = append(e.selectors, s)
				continue
			}
			var err error
			if s.Positions, err = e.lookUp(ctx, p, wide); err != nil {
				return err
			}
		}
		e.selectors = append(e.selectors, s)
	}
	filter := lake.Selector{Node: e.q.Node} // its bit is asked for too
	if !lake.Selectable(e.q.Node) {
		var err error
		filter.Node = nil
		if filter.Positions, err = e.lookUp(ctx, &predicate{node: e.q.Node, exact: true}, e.q.Period); err != nil {
			return err
		}
	}
	e.selectors = append(e.selectors, filter)
	return nil
}

// asked returns the bits of the predicates that the pass asks for.
func (e *evaluation) asked() uint64 {
	mask := e.countMask()
	for _, p := range e.machine.plans {
		mask |= p.mask
	}
	return mask
}

// maxLookUps bounds the positions that a search which is not over columns may find.
const maxLookUps = 8_000_000

// lookUp returns the positions of the events for which a predicate holds.
func (e *evaluation) lookUp(ctx context.Context, p *predicate, period query.Period) ([]uint64, error) {
	found := []uint64{}
	node := query.And{Nodes: []query.Node{p.node, e.upTo()}}
	if around := e.around(p); around != nil {
		node.Nodes = append(node.Nodes, around)
	}
	q := query.Query{Node: node, Period: period, Order: query.OldestFirst, Limit: query.MaxLimit}
	for {
		page, err := e.src.Events(ctx, e.q.Tenant, q)
		if err != nil {
			return nil, err
		}
		for _, entry := range page.Entries {
			if p.exact || e.pack.language.evaluate(p, entry, e.over) {
				found = append(found, entry.Position)
			}
		}
		if len(found) > maxLookUps {
			err := hansard.Errorf(hansard.KindTooLarge, "pack %s: an expression selects more than %d events one by one", e.pack.ID, maxLookUps)
			return nil, hansard.WithHint(err, "narrow it with && of fields such as event_type, or judge a shorter period")
		}
		if !page.Next.Set {
			slices.Sort(found)
			return found, nil
		}
		q.After = page.Next
	}
}

// around returns what every event fulfils that a predicate is asked about, where it
// is asked about members only.
func (e *evaluation) around(p *predicate) query.Node {
	bit, or := e.pack.bitOf(p), query.Or{}
	if bit < 0 {
		return nil
	}
	for _, c := range e.pack.Controls {
		if c.each == p || c.unsure == p || c.recorded == p || c.count == p {
			return nil
		}
		if c.must == nil {
			continue
		}
		for _, l := range c.must.leaves() {
			if !slices.Contains(l.events, bit) {
				continue
			}
			if l.op != opIs {
				return nil
			}
			or.Nodes = append(or.Nodes, c.each.node)
		}
	}
	if len(or.Nodes) == 0 {
		return nil
	}
	return or
}

// bitOf returns the place of a predicate; -1 if it is none of the pack's.
func (p *Pack) bitOf(of *predicate) int { return slices.Index(p.predicates, of) }

// upTo returns the node for the entries that were there when the report began.
func (e *evaluation) upTo() query.Node {
	return query.Compare{
		Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.LE, Values: []query.Value{{Int: e.q.Last}},
	}
}

// wide returns the period with what comes before and after members.
func (e *evaluation) wide() query.Period {
	p, back, ahead := e.q.Period, time.Duration(0), time.Duration(0)
	for _, c := range e.pack.Controls {
		if c.must == nil || !e.use(c) {
			continue
		}
		for _, l := range c.must.leaves() {
			switch {
			case l.op == opWithin:
				ahead = max(ahead, l.window)
			case len(c.per) > 0:
			case l.op != opIs && l.window == 0:
				back = math.MaxInt64
			case l.op != opIs:
				back = max(back, l.window)
			}
		}
	}
	switch {
	case back == math.MaxInt64:
		p.Since = time.Time{}
	case !p.Since.IsZero():
		p.Since = p.Since.Add(-back)
	}
	if !p.Until.IsZero() {
		p.Until = p.Until.Add(ahead)
	}
	return p
}

// pass feeds the machine with the marks of the period, slice by slice.
func (e *evaluation) pass(ctx context.Context) error {
	m, asked := e.machine, e.asked()
	if asked == 0 {
		return nil
	}
	parts, err := e.src.Slices(ctx, e.q.Tenant, e.wide(), sliceRows)
	if err != nil {
		return err
	}
	filterBit := len(e.selectors) - 1
	ordered := m.orderedMask()
	counts := e.countMask()
	// One slice is read while the machine is fed with the one before it. What it is
	// fed with and what it sees at once are different controls. The memory is that
	// of the slice before last.
	var kept, fed []lake.Mark
	var keys, fedKeys []uint64
	var feeding sync.WaitGroup
	defer feeding.Wait()
	var mu sync.Mutex // held while marks are taken in: row groups are read several at once
	for _, period := range parts {
		kept, keys = kept[:0], keys[:0]
		width := len(e.pack.columns)
		spec := lake.MarkSpec{Period: period, Within: lake.Selector{Node: e.upTo()}, Selectors: e.selectors, Only: asked | 1<<filterBit, Keys: e.pack.columns,
			Wants: func(bits uint64) lake.Want { return m.wants(bits &^ (1 << filterBit)) }}
		err := e.src.Mark(ctx, e.q.Tenant, spec, func(b *lake.Marks) error {
			mu.Lock()
			defer mu.Unlock()
			for i, mark := range b.Marks {
				filtered := mark.Bits&(1<<filterBit) == 0
				mark.Bits &^= 1 << filterBit
				if filtered {
					mark.Bits &^= e.memberBits()
				}
				o := occurrence{mark.Timestamp, mark.Position, mark.Bits, b.Keys[i*width : (i+1)*width]}
				m.see(o, false)
				if !filtered && mark.Bits&counts != 0 && m.within(o) {
					e.count(o, counts)
				}
				if mark.Bits&ordered != 0 {
					kept, keys = append(kept, mark), append(keys, o.keys...)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		feeding.Wait()
		kept, fed, keys, fedKeys = fed, kept, fedKeys, keys
		feeding.Go(func() { e.feed(fed, fedKeys) })
	}
	return nil
}

// feed feeds the machine with a slice in the order of time.
func (e *evaluation) feed(marks []lake.Mark, keys []uint64) {
	e.turns = e.turns[:0]
	for i, m := range marks {
		e.turns = append(e.turns, turn{m.Timestamp, m.Position, int32(i)})
	}
	e.turns, e.sorted = sortTurns(e.turns, e.sorted)
	width := len(e.pack.columns)
	for _, t := range e.turns {
		i := int(t.mark)
		e.machine.see(occurrence{t.at, t.position, marks[i].Bits, keys[i*width : (i+1)*width]}, true)
	}
	e.machine.sweep()
}

// memberBits returns the bits of the predicates that make members.
func (e *evaluation) memberBits() (mask uint64) {
	for _, p := range e.machine.plans {
		mask |= p.each | p.unsure
	}
	return mask
}

// countMask returns the bits of the predicates that are counted.
func (e *evaluation) countMask() (mask uint64) {
	for _, c := range e.pack.Controls {
		if c.count != nil && e.use(c) {
			mask |= 1 << e.pack.bit(c.count)
		}
	}
	return mask
}

func (e *evaluation) count(o occurrence, mask uint64) {
	for i := range e.counts {
		if o.bits&mask&(1<<i) != 0 {
			e.counts[i]++
			e.counted[i].add(o.position)
		}
	}
}

// judge judges one control.
func (e *evaluation) judge(ctx context.Context, c *Control) (*Result, error) {
	r := &Result{Pack: e.pack, Control: c}
	recorded := true
	if c.recorded != nil {
		var err error
		if recorded, err = e.recorded(ctx, c.recorded); err != nil {
			return nil, err
		}
	}
	switch c.kind {
	case kindShare:
		judgeShare(r, e.planOf(c), recorded)
	case kindCount:
		bit := e.pack.bit(c.count)
		judgeCount(r, e.counts[bit], recorded)
		if c.threshold.AtMost.Set || r.Verdict != Fail {
			r.FoundTotal, r.positions = e.counts[bit], e.counted[bit].least()
		}
	case kindBudget:
		return r, e.budget(ctx, r)
	case kindRetention:
		judgeRetention(r, e.q.Facts)
	}
	return r, nil
}

// planOf returns the plan of a control.
func (e *evaluation) planOf(c *Control) *plan {
	plans := e.machine.plans
	if e.hourly != nil && e.hourly.judges(c) {
		plans = e.hourly.machine.plans
	}
	return plans[slices.IndexFunc(plans, func(p *plan) bool { return p.control == c })]
}

// recorded reports whether there is an event on record, up to the end of the
// period, for which a predicate holds.
func (e *evaluation) recorded(ctx context.Context, p *predicate) (bool, error) {
	if e.hourly != nil {
		if seen, known := e.hourly.seen(p); known {
			return seen, nil
		}
		if p.selectable() {
			return e.any(ctx, p)
		}
	}
	q := query.Query{Node: query.And{Nodes: []query.Node{p.node, e.upTo()}}, Period: query.Period{Until: e.q.Period.Until}, Limit: 1}
	if !p.exact {
		q.Limit = 1000
	}
	for {
		page, err := e.src.Events(ctx, e.q.Tenant, q)
		if err != nil {
			return false, err
		}
		for _, entry := range page.Entries {
			if p.exact || e.pack.language.evaluate(p, entry, e.over) {
				return true, nil
			}
		}
		if !page.Next.Set {
			return false, nil
		}
		q.After = page.Next
	}
}

// any is recorded of a predicate that columns tell: its sums by the hour are kept.
func (e *evaluation) any(ctx context.Context, p *predicate) (bool, error) {
	q := query.Query{Node: query.And{Nodes: []query.Node{p.node, e.upTo()}}, Period: query.Period{Until: e.q.Period.Until}}
	table, err := e.src.Aggregate(ctx, e.q.Tenant, q, lake.Spec{OrderBy: -1, Measures: []lake.Measure{{Op: lake.Count}}})
	if err != nil || len(table.Rows) == 0 {
		return false, err
	}
	n, _ := table.Rows[0][0].(int64)
	return n > 0, nil
}

// evidence reads the entries that results name: each once.
func (e *evaluation) evidence(ctx context.Context, results []*Result) error {
	var all []uint64
	for _, r := range results {
		for _, p := range r.positions {
			all = append(all, uint64(p))
		}
	}
	slices.Sort(all)
	entries, err := e.src.At(ctx, e.q.Tenant, slices.Compact(all))
	if err != nil {
		return err
	}
	byPosition := map[uint64]*hansard.Entry{}
	for _, entry := range entries {
		byPosition[entry.Position] = entry
	}
	for _, r := range results {
		for _, p := range r.positions {
			if entry := byPosition[uint64(p)]; entry != nil {
				r.Found = append(r.Found, entry)
			}
		}
	}
	return nil
}
