package policy

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard/internal/lake"
)

// making is an hour of which events are being read.
type making struct {
	hour
	ordered occurrences // what the machine has to see
	waits   bool        // a member waits for what may follow
}

// reading collects what is read of a stretch, hour by hour.
type reading struct {
	h      *hourly
	judged bool
	mu     sync.Mutex // guards hours: row groups are read several at once
	hours  map[int64]*making
}

// read reads a stretch: of one that is not judged only what may precede members and
// what is to be on record.
func (h *hourly) read(ctx context.Context, hours *lake.Hours, s lake.Stretch, judged bool) (map[int64]*making, error) {
	r := &reading{h: h, judged: judged, hours: map[int64]*making{}}
	spec := h.spec(h.befores | h.recorded)
	spec.Wants = func(bits uint64) lake.Want { return lake.Want{Mark: true, Keys: h.eventColumns(bits, opPrecedes)} }
	if judged {
		for _, p := range h.machine.plans {
			spec.Only |= p.mask
		}
		for _, c := range h.counted {
			spec.Only |= 1 << h.e.pack.bit(c.count)
		}
		if h.lazy {
			spec.Only &^= h.after &^ h.befores
		}
		spec.Wants = func(bits uint64) lake.Want { return h.roleOf(bits).want }
	}
	if err := hours.Mark(ctx, s, spec, r.take); err != nil {
		return nil, err
	}
	waits := false
	for _, m := range r.hours {
		waits = waits || m.waits
	}
	if !h.lazy || !waits {
		return r.hours, nil
	}
	spec = h.spec(h.after)
	spec.Wants = func(bits uint64) lake.Want { return lake.Want{Mark: true, Keys: h.eventColumns(bits, opWithin)} }
	return r.hours, hours.Mark(ctx, s, spec, r.follow)
}

// spec returns what to ask of entries.
func (h *hourly) spec(only uint64) lake.MarkSpec {
	return lake.MarkSpec{Selectors: h.selectors, Only: only, Keys: h.e.pack.columns}
}

// eventColumns returns the columns by which the events of an operator are compared.
func (h *hourly) eventColumns(bits uint64, of op) (mask uint64) {
	for _, p := range h.machine.plans {
		for _, l := range p.leaves {
			if l.op == of && bits&l.bits != 0 {
				mask |= l.join.columns(false, true)
			}
		}
	}
	return mask
}

// take takes in the marks of a row group.
func (r *reading) take(b *lake.Marks) error {
	h, width := r.h, len(r.h.e.pack.columns)
	own := map[int64]*making{}
	var m *making
	var from, to int64 = 1, 0 // the moments of m
	var bits uint64
	var of *role
	for i, mark := range b.Marks {
		if mark.Timestamp < from || mark.Timestamp > to {
			number := lake.HourOf(mark.Timestamp)
			from, to = hourMoments(number)
			if m = own[number]; m == nil {
				m = h.making(r.judged)
				own[number] = m
			}
		}
		if of == nil || mark.Bits != bits {
			bits = mark.Bits
			of = h.roleOf(bits)
		}
		keys := b.Keys[i*width : (i+1)*width]
		m.seen |= bits & h.recorded
		if of.ordered && r.judged || bits&h.befores != 0 {
			m.ordered.marks, m.ordered.keys = append(m.ordered.marks, mark), append(m.ordered.keys, keys...)
		}
		if r.judged {
			h.count(m, of, mark, keys)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for number, m := range own {
		if all := r.hours[number]; all != nil {
			h.join(all, m)
		} else {
			r.hours[number] = m
		}
	}
	return nil
}

// making returns an hour in which nothing is yet.
func (h *hourly) making(judged bool) *making {
	m := &making{}
	if judged {
		m.counts, m.plans = make([]countSum, len(h.counted)), make([]planSum, len(h.machine.plans))
	}
	return m
}

// hourMoments returns the first and the last moment of an hour.
func hourMoments(number int64) (from, to int64) {
	const hour = int64(time.Hour)
	if number <= lake.HourOf(math.MinInt64) {
		return math.MinInt64, (number+1)*hour - 1
	}
	if number >= lake.HourOf(math.MaxInt64) {
		return number * hour, math.MaxInt64
	}
	return number * hour, (number+1)*hour - 1
}

// count counts an event for the controls that need no order.
func (h *hourly) count(m *making, of *role, mark lake.Mark, keys []uint64) {
	m.waits = m.waits || of.waits
	for _, i := range of.counts {
		m.counts[i].n++
		m.counts[i].found.add(mark.Position)
	}
	for _, s := range of.settled {
		p := &m.plans[s.plan]
		if !s.member {
			p.unsure++
			continue
		}
		p.members++
		if s.held {
			p.held++
		}
		if s.found {
			p.foundN++
			p.found.add(mark.Position)
		}
	}
	for _, i := range of.groups {
		p := h.machine.plans[i]
		if key := groupKey(p.per, keys); key != 0 {
			m.plans[i].groups.take(p, key, mark.Bits, mark.Timestamp, mark.Position)
		}
	}
}

// join adds what other row groups have of the same hour.
func (h *hourly) join(m, o *making) {
	m.seen, m.waits = m.seen|o.seen, m.waits || o.waits
	m.ordered.marks, m.ordered.keys = append(m.ordered.marks, o.ordered.marks...), append(m.ordered.keys, o.ordered.keys...)
	for i := range o.counts {
		m.counts[i].n += o.counts[i].n
		m.counts[i].found.addAll(o.counts[i].found)
	}
	for i := range o.plans {
		p, more := &m.plans[i], &o.plans[i]
		p.members, p.held, p.unsure, p.foundN = p.members+more.members, p.held+more.held, p.unsure+more.unsure, p.foundN+more.foundN
		p.found.addAll(more.found)
		p.groups.add(&more.groups, h.machine.plans[i].counters)
	}
}

// follow takes in events that may follow members, of the hours in which one waits.
func (r *reading) follow(b *lake.Marks) error {
	width := len(r.h.e.pack.columns)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, mark := range b.Marks {
		if m := r.hours[lake.HourOf(mark.Timestamp)]; m != nil && m.waits {
			m.ordered.marks, m.ordered.keys = append(m.ordered.marks, mark), append(m.ordered.keys, b.Keys[i*width:(i+1)*width]...)
		}
	}
	return nil
}

// close judges the hours of a stretch that was read, one after the other, and keeps
// what they came to.
func (h *hourly) close(hours *lake.Hours, s lake.Stretch, all map[int64]*making, judged bool) {
	made := map[int64]lake.Kept{}
	now := lake.HourOf(h.machine.end)
	numbers := sortedNumbers(all)
	for _, number := range numbers {
		from, to := hourMoments(number)
		f := fragment{from: max(from, s.From), to: min(to, s.To), hour: &all[number].hour, within: judged}
		h.order(f, all[number])
		all[number].ordered = occurrences{} // the hour lies in one piece with it, and is kept
		h.add(f)
		if judged {
			h.fed = len(h.line) // the machine has seen them
		}
		switch {
		case !s.Keep:
			h.made[s] = append(h.made[s], f)
		case judged && number >= now: // it depends on now what may still follow
			made[number] = nil
		default:
			made[number] = f.hour
		}
	}
	h.machine.sweep()
	if !s.Keep && len(numbers) == 0 {
		h.made[s] = []fragment{}
	}
	hours.Keep(s, made)
}

// sortedNumbers returns the keys of a map in order.
func sortedNumbers[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }

// order puts what was read of an hour in order, and judges what needs that order.
func (h *hourly) order(f fragment, of *making) {
	width := len(h.e.pack.columns)
	list := of.ordered
	turns := make([]turn, 0, len(list.marks))
	for i, m := range list.marks {
		turns = append(turns, turn{m.Timestamp, m.Position, int32(i)})
	}
	turns, _ = sortTurns(turns, nil)
	if f.within {
		h.feed(f.from)
		h.machine.since, h.machine.until = f.from, more(f.to)
		f.given = h.prints(f.from)
	}
	for i := 0; i < len(turns); i++ {
		at := int(turns[i].mark)
		o := occurrence{list.marks[at].Timestamp, list.marks[at].Position, list.marks[at].Bits, list.keys[at*width : (at+1)*width]}
		for ; i+1 < len(turns) && turns[i+1].position == o.position; i++ { // it was read twice, for what it says of itself and as a follower
			at := int(turns[i+1].mark)
			o.bits |= list.marks[at].Bits
			for k, key := range list.keys[at*width : (at+1)*width] {
				o.keys[k] |= key
			}
		}
		if f.within {
			h.machine.see(o, true)
		}
		if o.bits&h.befores != 0 {
			f.befores.marks = append(f.befores.marks, lake.Mark{Timestamp: o.at, Position: o.position, Bits: o.bits & h.befores})
			f.befores.keys = append(f.befores.keys, h.narrow(o.keys)...)
			f.print += mix(uint64(o.position)+1, 1)
		}
	}
	if f.within {
		h.collect(f)
	}
	for i := range f.plans {
		g := &f.plans[i].groups
		g.places, g.keys, g.list = nil, slices.Clone(g.keys), slices.Clone(g.list) // without room for more
		f.plans[i].found.list = f.plans[i].found.least()
	}
	for i := range f.counts {
		f.counts[i].found.list = f.counts[i].found.least()
	}
}

// feed shows the machine what may precede the members that come from a moment on.
func (h *hourly) feed(from int64) {
	h.machine.since, h.machine.until = math.MaxInt64, math.MaxInt64 // these are no members
	keys := make([]uint64, len(h.e.pack.columns))
	for ; h.fed < len(h.line); h.fed++ {
		f := h.line[h.fed]
		if h.back >= 0 && f.to < from-h.back {
			continue
		}
		for i, m := range f.befores.marks {
			for k, column := range h.columns {
				keys[column] = f.befores.keys[i*len(h.columns)+k]
			}
			h.machine.see(occurrence{m.Timestamp, m.Position, m.Bits, keys}, true)
		}
	}
}

// narrow returns the keys by which events that may precede members are compared.
func (h *hourly) narrow(keys []uint64) (own []uint64) {
	for _, column := range h.columns {
		own = append(own, keys[column])
	}
	return own
}

// collect takes what the machine has counted in an hour.
func (h *hourly) collect(f fragment) {
	for i, p := range h.machine.plans {
		if !p.ordered {
			continue
		}
		s := &f.plans[i]
		for _, mb := range p.pending[p.head:] {
			switch {
			case mb.done:
			case mb.at+p.window <= f.to: // whatever comes later comes too late
				h.machine.lapse(p, mb)
			default:
				s.waiting = append(s.waiting, waiting{mb.moment, mb.truth, p.awaited(mb.keys)})
				p.members--
			}
		}
		p.pending, p.head = nil, 0
		for _, l := range p.leaves {
			clear(l.waiting)
		}
		s.members, s.held, s.open, s.unsure, s.foundN = s.members+p.members, s.held+p.held, s.open+p.open, s.unsure+p.unsureN, s.foundN+p.foundN
		s.found.addAll(p.found)
		p.members, p.held, p.open, p.unsureN, p.foundN, p.found = 0, 0, 0, 0, 0, positions{}
	}
}

// awaited returns the keys of the events that a member waits for.
func (p *plan) awaited(keys []uint64) (all []uint64) {
	for _, l := range p.leaves {
		if l.op == opWithin {
			for i := range l.join.same {
				all = append(all, l.join.alternative(i, keys, ofMember))
			}
		}
	}
	return all
}

// more returns the moment after one.
func more(at int64) int64 {
	if at == math.MaxInt64 {
		return at
	}
	return at + 1
}
