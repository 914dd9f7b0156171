package policy

import (
	"strings"
	"time"
)

// op is an operator of a condition.
type op string

// The operators. Those of a member that is one event are is, precedes, within,
// rate and sequence; those of a group of events exists, absent, count, rate and
// sequence.
const (
	opAny      op = "any"
	opAll      op = "all"
	opNot      op = "not"
	opIs       op = "is"       // the member itself fulfils the predicate
	opExists   op = "exists"   // the group has such an event
	opAbsent   op = "absent"   // the group has no such event
	opPrecedes op = "precedes" // such an event that belongs to the member came before it
	opWithin   op = "within"   // such an event that belongs to the member follows in time
	opCount    op = "count"    // the group has so many such events
	opRate     op = "rate"     // at no time are there more such events in a span of time
	opSequence op = "sequence" // such events came in this order
)

// condition is what a member must fulfil.
type condition struct {
	op     op
	kids   []*condition
	events []int // bits of predicates
	leaf   int   // number of a leaf, from 0; -1 for any, all and not
	join   join
	window time.Duration // 0: any
	least  int           // of count
	most   int           // of count and rate; -1: any
}

// join says which events belong to a member.
type join struct {
	// same are alternatives: the pairs of one of them are all equal, and present.
	same [][]pair
	// agree are pairs that are equal wherever both are present.
	agree []pair
	// differ are pairs that are not equal wherever both are present.
	differ []pair
}

// pair are the places of two columns among the keys of a mark: of the member and
// of the event.
type pair struct{ member, event int }

// truth is what is known of the leaves of a member's condition.
type truth struct{ known, holds uint32 }

func (t truth) with(leaf int, holds bool) truth {
	t.known |= 1 << leaf
	if holds {
		t.holds |= 1 << leaf
	}
	return t
}

// state is a verdict of three.
type state int8

const (
	unknown state = iota
	yes
	no
)

func stateOf(holds bool) state {
	if holds {
		return yes
	}
	return no
}

// decide evaluates the condition over what is known.
func (c *condition) decide(t truth) state {
	switch c.op {
	case opNot:
		switch c.kids[0].decide(t) {
		case yes:
			return no
		case no:
			return yes
		}
		return unknown
	case opAny, opAll:
		out, ends := no, yes
		if c.op == opAll {
			out, ends = yes, no
		}
		for _, k := range c.kids {
			switch s := k.decide(t); s {
			case ends:
				return ends
			case unknown:
				out = unknown
			}
		}
		return out
	}
	if t.known&(1<<c.leaf) == 0 {
		return unknown
	}
	return stateOf(t.holds&(1<<c.leaf) != 0)
}

// leaves lists the leaves of the condition.
func (c *condition) leaves() []*condition {
	if c.leaf >= 0 {
		return []*condition{c}
	}
	var all []*condition
	for _, k := range c.kids {
		all = append(all, k.leaves()...)
	}
	return all
}

// String says the condition in words.
func (c *condition) say(p *Pack) string {
	of := func(i int) string { return oneLine(p.predicates[c.events[i]].source) }
	var parts []string
	for _, k := range c.kids {
		parts = append(parts, k.say(p))
	}
	within := ""
	if c.window > 0 {
		within = " within " + spanText(c.window)
	}
	switch c.op {
	case opAny:
		return "any of (" + strings.Join(parts, "; ") + ")"
	case opAll:
		return "all of (" + strings.Join(parts, "; ") + ")"
	case opNot:
		return "not (" + parts[0] + ")"
	case opIs:
		return of(0)
	case opExists:
		return "there is an event with " + of(0)
	case opAbsent:
		return "there is no event with " + of(0)
	case opPrecedes:
		return "an event with " + of(0) + " came before" + within + c.join.say(p)
	case opWithin:
		return "an event with " + of(0) + " follows" + within + c.join.say(p)
	case opCount:
		return "the events with " + of(0) + " are " + bounds(c.least, c.most)
	case opRate:
		return "events with " + of(0) + " are at most " + grouped(int64(c.most)) + within + c.join.say(p)
	}
	for i := range c.events {
		parts = append(parts, of(i))
	}
	return "in this order" + within + ": " + strings.Join(parts, ", then ") + c.join.say(p)
}

// spanText writes a span of time without zeros at its end: 24h, not 24h0m0s.
func spanText(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if strings.HasSuffix(s, "h"+zero) || strings.HasSuffix(s, "m"+zero) {
			s = strings.TrimSuffix(s, zero)
		}
	}
	return s
}

func bounds(least, most int) string {
	switch {
	case most < 0:
		return "at least " + grouped(int64(least))
	case least > 0:
		return "from " + grouped(int64(least)) + " to " + grouped(int64(most))
	}
	return "at most " + grouped(int64(most))
}

// say says which events belong to a member.
func (j join) say(p *Pack) string {
	var same []string
	for _, alternative := range j.same {
		same = append(same, p.sayPairs(alternative))
	}
	s := ""
	if len(same) > 0 {
		s += ", with " + strings.Join(same, ", or ")
	}
	if len(j.agree) > 0 {
		s += ", " + strings.Join(p.names(j.agree), " and ") + " not contradicting"
	}
	if len(j.differ) > 0 {
		s += ", with another " + strings.Join(p.names(j.differ), " and ")
	}
	return s
}

// sayPairs says what is the same of a member and another event.
func (p *Pack) sayPairs(pairs []pair) string {
	var same, other []string
	for _, x := range pairs {
		if x.event == x.member {
			same = append(same, p.columns[x.member])
		} else {
			other = append(other, "the judged event's "+p.columns[x.member]+" as its "+p.columns[x.event])
		}
	}
	if len(same) > 0 {
		other = append([]string{"the same " + strings.Join(same, " and ")}, other...)
	}
	return strings.Join(other, " and ")
}

func (p *Pack) names(pairs []pair) []string {
	var names []string
	for _, x := range pairs {
		name := p.columns[x.member]
		if x.event != x.member {
			name += "=" + p.columns[x.event]
		}
		names = append(names, name)
	}
	return names
}

// oneLine puts an expression on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
