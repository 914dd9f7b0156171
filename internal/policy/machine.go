package policy

import (
	"math"
	"math/bits"
	"slices"

	"github.com/hansardhq/hansard/internal/lake"
)

// occurrence is an event as the machine sees it: when it was, which predicates of
// the pack hold for it, and keys of the columns that operators compare. Equal
// texts have equal keys; 0 is no text.
type occurrence struct {
	at, position int64
	bits         uint64
	keys         []uint64 // of the pack's columns; the machine keeps none of the slice
}

// machine evaluates the share controls of a pack over occurrences.
type machine struct {
	pack  *Pack
	plans []*plan
	// since and until bound the members, the latter excluded: events outside
	// of them are only what comes before and after members.
	since, until int64
	// loopback is the key of the sender without a token: of two events that it
	// sent nobody knows whether the same program did.
	loopback    uint64
	submittedBy int // place of the column submitted_by; -1: none
	// limit bounds how many keys an operator remembers; 0: all.
	limit     int
	forgotten int64
	clock     int64 // the latest time seen, of what comes in the order of time
	// end is when the record ends: a member that may still be fulfilled then is
	// open.
	end int64
	// decided hears of each member that is one event; nil: nobody does.
	decided func(p *plan, m *member, holds bool)
}

// plan is what the machine knows of one control.
type plan struct {
	control      *Control
	each, unsure uint64 // bits
	leaves       []*leaf
	per          []int  // columns of groups
	mask         uint64 // bits that matter
	events       uint64 // bits of the events of its operators
	columns      uint64 // that events are compared by
	ordered      bool   // events must come in the order of time
	counters     int    // operators count of groups
	groups       groupSums
	scratch      member    // one that is judged at once
	pending      []*member // in the order of time, from head on
	head         int
	window       int64 // the longest of a leaf within

	members, held, open, unsureN int64
	found                        positions // of members that do not hold; with at_most, of those that do
	foundN                       int64
}

// leaf is an operator of a control with what it remembers.
type leaf struct {
	*condition
	bits    uint64 // of all its events
	counter int    // of count: its number among these
	befores map[uint64][]before
	waiting map[uint64][]*member
	times   map[uint64][]moment
	steps   map[uint64]step
	met     map[uint64]int64 // groups: a rate exceeded, or a sequence complete, with its position
}

// before is an event that may precede a member.
type before struct {
	moment
	keys []uint64 // of agree, then of differ
}

type moment struct{ at, position int64 }

// step is how far a sequence has come.
type step struct {
	next      int
	begun     int64
	completed moment
	positions []int64
}

// member is an event that a control is about.
type member struct {
	moment
	keys     []uint64
	truth    truth
	done     bool
	evidence []int64 // positions of events that decided
}

// group is a member of many events.
type group struct {
	bits     uint64
	first    int64 // position of the first event
	evidence int64 // position of the first that an operator is about; -1: none
	last     int64 // time of the last event
}

// newMachine returns a machine for the share controls that use selects.
func newMachine(p *Pack, use func(*Control) bool) *machine {
	m := &machine{pack: p, since: math.MinInt64, until: math.MaxInt64, end: math.MaxInt64, submittedBy: slices.Index(p.columns, "submitted_by")}
	for _, c := range p.Controls {
		if c.kind != kindShare || !use(c) {
			continue
		}
		m.plans = append(m.plans, newPlan(p, c))
	}
	return m
}

func newPlan(p *Pack, c *Control) *plan {
	pl := &plan{control: c, each: 1 << p.bit(c.each)}
	if c.unsure != nil {
		pl.unsure = 1 << p.bit(c.unsure)
	}
	pl.mask = pl.each | pl.unsure
	for _, name := range c.per {
		pl.per = append(pl.per, p.column(name))
		pl.columns |= 1 << p.column(name)
	}
	for _, cond := range c.must.leaves() {
		l := &leaf{
			condition: cond, befores: map[uint64][]before{}, waiting: map[uint64][]*member{}, times: map[uint64][]moment{},
			steps: map[uint64]step{}, met: map[uint64]int64{},
		}
		for _, e := range cond.events {
			l.bits |= 1 << e
		}
		pl.leaves = append(pl.leaves, l)
		pl.mask |= l.bits
		pl.events |= l.bits
		pl.columns |= cond.join.columns(true, true)
		switch cond.op {
		case opCount:
			l.counter = pl.counters
			pl.counters++
		case opWithin:
			pl.window = max(pl.window, int64(cond.window))
			fallthrough
		case opPrecedes, opRate, opSequence:
			pl.ordered = true
		}
	}
	return pl
}

// wants returns what is wanted of a mark: its keys where an operator is about it.
func (m *machine) wants(bits uint64) lake.Want {
	w := lake.Want{Mark: bits != 0}
	for _, p := range m.plans {
		if bits&p.mask != 0 {
			w.Keys |= p.columns
		}
	}
	return w
}

// orderedMask returns the bits whose events must come in the order of time.
func (m *machine) orderedMask() (mask uint64) {
	for _, p := range m.plans {
		if p.ordered {
			mask |= p.mask
		}
	}
	return mask
}

// see takes in an occurrence, for the controls whose events must come in the order
// of time, or for the others. The two share nothing while the machine has no limit:
// one goroutine each may call it.
func (m *machine) see(o occurrence, ordered bool) {
	if ordered {
		m.clock = max(m.clock, o.at)
	}
	for _, p := range m.plans {
		if p.ordered != ordered || o.bits&p.mask == 0 {
			continue
		}
		if len(p.per) > 0 {
			m.seeGroup(p, o)
		} else {
			m.seeEvent(p, o)
		}
	}
}

// within reports whether an occurrence can be a member.
func (m *machine) within(o occurrence) bool { return o.at >= m.since && o.at < m.until }

// seeGroup takes in an event of a group.
func (m *machine) seeGroup(p *plan, o occurrence) {
	key := groupKey(p.per, o.keys)
	if key == 0 || !m.within(o) {
		return
	}
	p.groups.take(p, key, o.bits, o.at, o.position)
	for _, l := range p.leaves {
		if o.bits&l.bits == 0 {
			continue
		}
		switch l.op {
		case opRate:
			if exceeded := l.pace(key, o); len(exceeded) > 0 {
				l.meet(key, o.position)
			}
		case opSequence:
			if l.advance(key, o) {
				l.meet(key, o.position)
			}
		}
	}
}

func (l *leaf) meet(key uint64, position int64) {
	if _, ok := l.met[key]; !ok {
		l.met[key] = position
	}
}

// groupKey returns the key of the group that an event belongs to: of the first
// column that is present; 0: of none.
func groupKey(per []int, keys []uint64) uint64 {
	for i, c := range per {
		if keys[c] != 0 {
			return mix(uint64(i)+1, keys[c])
		}
	}
	return 0
}

// mix combines two keys; never 0.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd6e8feb86659fd93)
	return max(1, hi^lo)
}

// alternatives calls f with the key of each alternative of a join whose columns
// are all present in the event; of says which side of the pairs it is.
func (j *join) alternatives(keys []uint64, of func(pair) int, f func(key uint64)) {
	for i := range j.same {
		if h := j.alternative(i, keys, of); h != 0 {
			f(h)
		}
	}
}

// alternative returns the key of one alternative of a join; 0: a column is absent.
func (j *join) alternative(i int, keys []uint64, of func(pair) int) uint64 {
	h := uint64(i) + 1
	for _, x := range j.same[i] {
		k := keys[of(x)]
		if k == 0 {
			return 0
		}
		h = mix(h, k)
	}
	return h
}

func ofMember(x pair) int { return x.member }
func ofEvent(x pair) int  { return x.event }

// seeEvent takes in an event for a control whose members are single events.
func (m *machine) seeEvent(p *plan, o occurrence) {
	m.expire(p, o.at)
	for _, l := range p.leaves {
		if o.bits&l.bits != 0 && l.op == opWithin {
			m.resolve(p, l, o)
		}
	}
	var rates map[int][]int64
	for _, l := range p.leaves {
		if o.bits&l.bits == 0 || l.op != opRate && l.op != opSequence {
			continue
		}
		l.join.alternatives(o.keys, ofEvent, func(key uint64) {
			if l.op == opRate {
				if rates == nil {
					rates = map[int][]int64{}
				}
				rates[l.leaf] = append(rates[l.leaf], l.pace(key, o)...)
			} else {
				l.advance(key, o)
			}
		})
		m.bound(len(l.times)+len(l.steps), l)
	}
	if o.bits&p.each != 0 && m.within(o) {
		m.take(p, o, rates)
	} else if o.bits&p.unsure != 0 && m.within(o) {
		p.unsureN++
	}
	for _, l := range p.leaves {
		if o.bits&l.bits != 0 && l.op == opPrecedes {
			l.remember(o)
			m.bound(len(l.befores), l)
		}
	}
}

// take judges a member, or keeps it until it can be judged.
func (m *machine) take(p *plan, o occurrence, rates map[int][]int64) {
	p.members++
	mb := &p.scratch
	*mb = member{moment: moment{o.at, o.position}, evidence: mb.evidence[:0]}
	waits := false
	for _, l := range p.leaves {
		switch l.op {
		case opIs:
			mb.truth = mb.truth.with(l.leaf, o.bits&l.bits != 0)
		case opPrecedes:
			holds, position := m.preceded(l, o)
			if mb.truth = mb.truth.with(l.leaf, holds); holds {
				mb.evidence = append(mb.evidence, position)
			}
		case opRate:
			mb.truth = mb.truth.with(l.leaf, len(rates[l.leaf]) == 0)
			mb.evidence = append(mb.evidence, rates[l.leaf]...)
		case opSequence:
			holds, at := l.completed(o)
			if mb.truth = mb.truth.with(l.leaf, holds); holds {
				mb.evidence = append(mb.evidence, at...)
			}
		case opWithin:
			waits = true
		}
	}
	if s := p.control.must.decide(mb.truth); s != unknown {
		m.settle(p, mb, s == yes)
		return
	}
	if waits {
		if m.limit > 0 && len(p.pending)-p.head >= m.limit {
			mb.done = true // nobody knows
			m.forgotten++
			return
		}
		mb = &member{moment: mb.moment, keys: slices.Clone(o.keys), truth: mb.truth, evidence: slices.Clone(mb.evidence)}
		p.pending = append(p.pending, mb)
		for _, l := range p.leaves {
			if l.op == opWithin {
				l.join.alternatives(o.keys, ofMember, func(key uint64) { l.waiting[key] = append(l.waiting[key], mb) })
			}
		}
	}
}

// settle counts a member that is judged.
func (m *machine) settle(p *plan, mb *member, holds bool) {
	if mb.done {
		return
	}
	mb.done = true
	if holds {
		p.held++
	}
	if holds == p.control.threshold.AtMost.Set {
		p.foundN++
		p.found.add(mb.position)
	}
	if m.decided != nil {
		m.decided(p, mb, holds)
	}
}

// positions keeps the least of the positions that it is given.
type positions struct {
	list []int64
	full bool
	most int64 // of the least so far, if there are as many as a result names
}

// maxFound is how many entries a result names.
const maxFound = 1000

func (ps *positions) add(p int64) {
	if ps.full && p >= ps.most {
		return
	}
	ps.list = append(ps.list, p)
	if len(ps.list) >= 8*maxFound {
		ps.list = ps.least()
		ps.full, ps.most = true, ps.list[maxFound-1]
	}
}

// addAll adds what others have.
func (ps *positions) addAll(o positions) {
	for _, p := range o.list {
		ps.add(p)
	}
}

// least returns the least positions, in order.
func (ps *positions) least() []int64 {
	slices.Sort(ps.list)
	return ps.list[:min(len(ps.list), maxFound)]
}
