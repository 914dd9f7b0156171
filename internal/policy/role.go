package policy

import (
	"slices"

	"github.com/hansardhq/hansard/internal/lake"
)

// role is what an event is to the controls that are judged hour by hour, by the
// predicates that hold for it.
type role struct {
	want lake.Want
	// ordered says that the machine has to see the event, in the order of time;
	// what it comes to for the controls that need that order is the machine's
	// business then.
	ordered bool
	waits   bool // as a member for which an event may follow
	settled []settled
	groups  []int // the plans of groups that it matters to
	counts  []int // the controls that count it
}

// settled is what an event comes to that needs no other one to be judged.
type settled struct {
	plan                int
	member, held, found bool // not a member: it may be one
}

// roleOf returns the role of an event.
func (h *hourly) roleOf(bits uint64) *role {
	known, _ := h.roles.Load(bits)
	if r, ok := known.(*role); ok {
		return r
	}
	r := h.newRole(bits)
	h.roles.Store(bits, r)
	return r
}

func (h *hourly) newRole(bits uint64) *role {
	r := &role{}
	for i, c := range h.counted {
		if bits&(1<<h.e.pack.bit(c.count)) != 0 {
			r.counts = append(r.counts, i)
		}
	}
	for i, p := range h.machine.plans {
		switch {
		case bits&p.mask == 0:
		case len(p.per) > 0:
			r.groups = append(r.groups, i)
			for _, c := range p.per {
				r.want.Keys |= 1 << c
			}
		case p.ordered:
			h.rank(r, p, bits)
		default:
			r.settle(i, p, bits)
		}
	}
	if !r.ordered {
		for i, p := range h.machine.plans {
			if p.ordered && bits&p.mask != 0 {
				r.settle(i, p, bits)
			}
		}
	}
	r.want.Mark = r.ordered || len(r.settled)+len(r.groups)+len(r.counts) > 0 || bits&(h.recorded|h.befores) != 0
	return r
}

// rank finds out whether the machine has to see an event for a plan, and which of
// its keys.
func (h *hourly) rank(r *role, p *plan, bits uint64) {
	undecided := bits&p.each != 0 && p.control.must.decide(p.itself(bits)) == unknown
	for _, l := range p.leaves {
		events := bits&l.bits != 0 && (l.op == opPrecedes || l.op == opWithin && !h.lazy)
		r.ordered = r.ordered || undecided || events
		r.waits = r.waits || undecided && l.op == opWithin
		r.want.Keys |= l.join.columns(undecided, events)
	}
}

// itself returns what of a plan's condition an event tells without others.
func (p *plan) itself(bits uint64) (t truth) {
	for _, l := range p.leaves {
		if l.op == opIs {
			t = t.with(l.leaf, bits&l.bits != 0)
		}
	}
	return t
}

// columns returns the columns that are compared of members and of events.
func (j *join) columns(ofMembers, ofEvents bool) (mask uint64) {
	for _, pairs := range append(slices.Clone(j.same), j.agree, j.differ) {
		for _, x := range pairs {
			if ofMembers {
				mask |= 1 << x.member
			}
			if ofEvents {
				mask |= 1 << x.event
			}
		}
	}
	return mask
}

// settle notes what an event comes to for a plan by itself.
func (r *role) settle(i int, p *plan, bits uint64) {
	if bits&p.each != 0 {
		holds := p.control.must.decide(p.itself(bits)) == yes
		r.settled = append(r.settled, settled{plan: i, member: true, held: holds, found: holds == p.control.threshold.AtMost.Set})
	} else if bits&p.unsure != 0 {
		r.settled = append(r.settled, settled{plan: i})
	}
}
