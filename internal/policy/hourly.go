package policy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// The bounds of what is judged hour by hour. A record beyond them is judged by the
// pass, whose memory does not grow with it.
const (
	maxHourRows = 4_000_000 // entries that are read at once, at least an hour's
	maxBefore   = 1_000_000 // events that may precede members
)

// hourly judges the controls of a pack for which it suffices to know of other hours
// what may precede and what may follow. What an hour came to is kept.
//
// What may precede members is known hour by hour before they are judged, so that an
// hour is judged once and for all; it is judged again when something else precedes
// it. What may follow comes later: a member that waits for it is kept as it is.
type hourly struct {
	e         *evaluation
	use       map[*Control]bool // the controls that are judged here
	machine   *machine
	selectors []lake.Selector // of the predicates
	counted   []*Control      // that count events
	befores   uint64          // predicates of events that may precede members
	after     uint64          // and of such that may follow
	withins   int             // operators within
	// recorded are the predicates without which there is no evidence.
	recorded uint64
	// lazy says that what may follow is read only where a member waits for it.
	lazy bool
	// back is how long before a member an event may precede it, in nanoseconds;
	// negative: ever.
	back int64
	// columns are those by which events that may precede members are compared.
	columns []int
	roles   sync.Map // of *role, by bits

	// rows and most are the bounds of what is judged here: maxHourRows, maxBefore.
	rows, most int

	hours *lake.Hours
	line  []fragment // what has been read so far, in the order of time
	fed   int        // of line, whose befores the machine has seen
	// made is what came of the stretches that nothing is kept of, and known what did
	// when they were gone through before.
	made, known map[lake.Stretch][]fragment
}

// fragment is a span of time with what it came to.
type fragment struct {
	from, to int64
	*hour
	within bool   // it is in the period
	kept   bool   // it is a whole hour, and the lake has kept it
	prints uint64 // the sum of the prints of all fragments up to this one
}

// newHourly returns what judges the controls of an evaluation that can be judged hour
// by hour; nil: there is none.
func newHourly(e *evaluation) *hourly {
	if e.q.Node != nil {
		return nil
	}
	h := &hourly{e: e, rows: maxHourRows, most: maxBefore, use: map[*Control]bool{}}
	for _, p := range e.pack.predicates {
		s := lake.Selector{} // of one that is not asked for here
		if p.selectable() {
			s.Node = p.node
		}
		h.selectors = append(h.selectors, s)
	}
	for _, c := range e.pack.Controls {
		if c.recorded != nil && c.recorded.selectable() {
			h.recorded |= 1 << e.pack.bit(c.recorded)
		}
		if h.use[c] = e.use(c) && c.byTheHour(e.pack); h.use[c] && c.count != nil {
			h.counted = append(h.counted, c)
		}
	}
	h.machine = newMachine(e.pack, h.judges)
	h.machine.loopback = e.machine.loopback
	if len(h.machine.plans)+len(h.counted) == 0 {
		return nil
	}
	h.sort()
	return h
}

// sort finds out which events matter to others.
func (h *hourly) sort() {
	others := h.recorded // what is asked for more than to follow
	for _, c := range h.counted {
		others |= 1 << h.e.pack.bit(c.count)
	}
	for _, p := range h.machine.plans {
		others |= p.each | p.unsure
		h.withins += p.withins()
		for _, l := range p.leaves {
			switch l.op {
			case opWithin:
				h.after |= l.bits
				continue
			case opPrecedes:
				h.befores |= l.bits
				if l.window == 0 {
					h.back = -1
				} else if h.back >= 0 {
					h.back = max(h.back, int64(l.window))
				}
			}
			others |= l.bits
		}
	}
	h.lazy = h.after&others == 0
	compared := h.eventColumns(h.befores, opPrecedes)
	for i := range h.e.pack.columns {
		if compared&(1<<i) != 0 {
			h.columns = append(h.columns, i)
		}
	}
}

// byTheHour reports whether a control can be judged hour by hour.
func (c *Control) byTheHour(p *Pack) bool {
	if c.kind != kindShare {
		return c.kind == kindCount && c.count.selectable()
	}
	own := *c
	own.recorded = nil // it is looked for by itself
	if slices.ContainsFunc(own.predicates(p), func(p *predicate) bool { return !p.selectable() }) {
		return false
	}
	return !slices.ContainsFunc(c.must.leaves(), func(l *condition) bool {
		switch l.op {
		case opIs, opPrecedes, opExists, opAbsent, opCount:
			return false
		case opWithin:
			return len(l.join.agree)+len(l.join.differ) > 0
		}
		return true // rates and sequences go on from one hour to the next
	})
}

// selectable reports whether a pass over columns can tell for which events a
// predicate holds.
func (p *predicate) selectable() bool { return p.exact && lake.Selectable(p.node) }

// name names what is kept of the hours for a purpose.
func (h *hourly) name(purpose string) string {
	s := sha256.New()
	s.Write(h.e.pack.file)
	for _, p := range h.e.pack.Parameters {
		fmt.Fprintf(s, "\x00%s=%v", p.ID, p.Value)
	}
	return purpose + string(s.Sum(nil))
}

// judge judges all controls. ok is false where the record is beyond the bounds.
func (h *hourly) judge(ctx context.Context) (ok bool, err error) {
	if h.hours, err = h.e.src.Hours(ctx, h.e.q.Tenant, h.name("judge"), h.e.q.Last); err != nil {
		return false, err
	}
	defer h.hours.Close()
	h.machine.end = h.e.q.Now.UnixNano()
	if ok, err = h.walk(ctx, func(int64, *hour) bool { return true }); !ok || err != nil {
		return ok, err
	}
	// What was judged before may have been judged with other events before it.
	given, again := map[int64]uint64{}, false
	for _, f := range h.line {
		if f.kept && f.within {
			number := lake.HourOf(f.from)
			given[number] = h.prints(f.from)
			again = again || given[number] != f.given
		}
	}
	if again {
		good := func(number int64, k *hour) bool { return k.given == given[number] }
		if ok, err = h.walk(ctx, good); !ok || err != nil {
			return ok, err
		}
	}
	h.sum()
	return true, h.follow(ctx)
}

// walk goes through the time that matters. Hours that are kept and good are not read.
func (h *hourly) walk(ctx context.Context, good func(number int64, k *hour) bool) (ok bool, err error) {
	h.line, h.fed = nil, 0
	h.made, h.known = map[lake.Stretch][]fragment{}, h.made
	m := newMachine(h.e.pack, h.judges)
	m.loopback, m.end = h.machine.loopback, h.machine.end
	h.machine = m
	now := lake.HourOf(m.end)
	if ok, err = h.before(ctx); !ok || err != nil {
		return ok, err
	}
	return h.through(ctx, h.hours, h.e.q.Period, true, func(number int64, k lake.Kept) bool {
		kept, ok := k.(*hour)
		return ok && number < now && good(number, kept)
	})
}

// before goes through the whole hours before the period that bear on members. What
// is known of one that was judged is not read again.
func (h *hourly) before(ctx context.Context) (ok bool, err error) {
	p := query.Period{Until: h.e.q.Period.Since}
	if h.back == 0 || p.Until.IsZero() {
		return true, nil
	}
	if h.back > 0 {
		p.Since = p.Until.Add(-time.Duration(h.back)).Truncate(time.Hour)
	}
	var hours *lake.Hours
	for _, s := range h.hours.Cut(p, math.MaxInt, nil) {
		if k, ok := s.Kept.(*hour); ok {
			h.add(fragment{from: s.From, to: s.To, hour: k})
			continue
		}
		if hours == nil {
			if hours, err = h.e.src.Hours(ctx, h.e.q.Tenant, h.name("before"), h.e.q.Last); err != nil {
				return false, err
			}
			defer hours.Close()
		}
		if ok, err := h.through(ctx, hours, s.Period(), false, nil); !ok || err != nil {
			return ok, err
		}
	}
	return true, nil
}

// through goes through a period.
func (h *hourly) through(ctx context.Context, hours *lake.Hours, p query.Period, judged bool, good func(int64, lake.Kept) bool) (ok bool, err error) {
	var closing sync.WaitGroup
	defer closing.Wait()
	for _, s := range hours.Cut(p, sliceRows, good) {
		before := h.known[s]
		if k, ok := s.Kept.(*hour); ok {
			before = []fragment{{from: s.From, to: s.To, hour: k, within: judged, kept: true}}
		}
		if before != nil {
			closing.Wait()
			for _, f := range before {
				h.add(f)
			}
			continue
		}
		if s.Rows > h.rows {
			return false, nil
		}
		all, err := h.read(ctx, hours, s, judged)
		if err != nil {
			return false, err
		}
		closing.Wait()
		closing.Go(func() { h.close(hours, s, all, judged) })
	}
	closing.Wait()
	n := 0
	for _, f := range h.line {
		n += len(f.befores.marks)
	}
	return n <= h.most, nil
}

// add adds a fragment to the line.
func (h *hourly) add(f fragment) {
	if n := len(h.line); n > 0 {
		f.prints = h.line[n-1].prints
	}
	f.prints += f.print
	h.line = append(h.line, f)
}

// prints returns the sum of the prints of what may bear on an hour that begins at a
// moment.
func (h *hourly) prints(begin int64) uint64 {
	sumTo := func(moment int64) uint64 { // of the fragments that begin before it
		i := sort.Search(len(h.line), func(i int) bool { return h.line[i].from >= moment })
		if i == 0 {
			return 0
		}
		return h.line[i-1].prints
	}
	if h.back < 0 {
		return sumTo(begin)
	}
	first := lake.HourOf(begin-h.back) * int64(time.Hour)
	return sumTo(begin) - sumTo(first)
}

// sum adds up what the fragments of the period came to.
func (h *hourly) sum() {
	counts := make([]countSum, len(h.counted))
	sums := make([]groupSums, len(h.machine.plans))
	for i := range sums {
		n := 0
		for _, f := range h.line {
			if f.within {
				n += len(f.plans[i].groups.keys)
			}
		}
		sums[i].grow(n)
	}
	for _, f := range h.line {
		if !f.within {
			continue
		}
		for i := range counts {
			counts[i].n += f.counts[i].n
			counts[i].found.addAll(f.counts[i].found)
		}
		for i, p := range h.machine.plans {
			s := &f.plans[i]
			p.members, p.held, p.open, p.unsureN, p.foundN = p.members+s.members, p.held+s.held, p.open+s.open, p.unsureN+s.unsure, p.foundN+s.foundN
			p.found.addAll(s.found)
			sums[i].add(&s.groups, p.counters)
		}
	}
	for i, c := range h.counted {
		bit := h.e.pack.bit(c.count)
		h.e.counts[bit], h.e.counted[bit] = counts[i].n, counts[i].found
	}
	for i, p := range h.machine.plans {
		p.groups = sums[i]
	}
}

// judges reports whether a control is judged hour by hour.
func (h *hourly) judges(c *Control) bool { return h.use[c] }

// seen reports whether an event for which a predicate holds is on record up to the
// end of the period; known is false where not all of it was looked at.
func (h *hourly) seen(p *predicate) (seen, known bool) {
	bit := uint64(1) << h.e.pack.bit(p)
	if h.recorded&bit == 0 {
		return false, false
	}
	seen = slices.ContainsFunc(h.line, func(f fragment) bool { return f.hour.seen&bit != 0 })
	return seen, seen || h.back < 0 || h.e.q.Period.Since.IsZero()
}
