package policy

import "slices"

// maxBefores is how many events an operator remembers for one key: the latest.
const maxBefores = 64

// remember keeps an event that may precede members.
func (l *leaf) remember(o occurrence) {
	b := before{moment: moment{o.at, o.position}}
	for _, x := range slices.Concat(l.join.agree, l.join.differ) {
		b.keys = append(b.keys, o.keys[x.event])
	}
	l.join.alternatives(o.keys, ofEvent, func(key uint64) {
		list := append(l.befores[key], b)
		if len(list) > maxBefores {
			list = slices.Delete(list, 0, len(list)-maxBefores)
		}
		l.befores[key] = list
	})
}

// preceded reports whether an event that belongs to a member came before it, and
// the position of the latest.
func (m *machine) preceded(l *leaf, o occurrence) (holds bool, position int64) {
	l.join.alternatives(o.keys, ofMember, func(key uint64) {
		list := l.befores[key]
		for i := len(list) - 1; i >= 0 && !holds; i-- {
			b := list[i]
			if b.at > o.at || l.window > 0 && o.at-b.at > int64(l.window) {
				continue
			}
			if m.fits(l, o.keys, func(x pair, i int) uint64 { return b.keys[i] }) {
				holds, position = true, b.position
			}
		}
	})
	return holds, position
}

// fits reports whether the columns that must agree and differ do; event gives those
// of the event, by their number among agree and differ.
func (m *machine) fits(l *leaf, memberKeys []uint64, event func(x pair, i int) uint64) bool {
	for i, x := range l.join.agree {
		a, b := memberKeys[x.member], event(x, i)
		if a != 0 && b != 0 && a != b {
			return false
		}
	}
	for i, x := range l.join.differ {
		a, b := memberKeys[x.member], event(x, len(l.join.agree)+i)
		if a != 0 && a == b && !(x.member == m.submittedBy && a == m.loopback) {
			return false
		}
	}
	return true
}

// resolve tells the members that wait for an event that it has come.
func (m *machine) resolve(p *plan, l *leaf, o occurrence) {
	l.join.alternatives(o.keys, ofEvent, func(key uint64) {
		waiting := l.waiting[key]
		if len(waiting) == 0 {
			return
		}
		left := waiting[:0]
		for _, mb := range waiting {
			switch {
			case mb.done:
			case o.at < mb.at || o.at-mb.at > int64(l.window),
				!m.fits(l, mb.keys, func(x pair, _ int) uint64 { return o.keys[x.event] }):
				left = append(left, mb)
			default:
				mb.truth = mb.truth.with(l.leaf, true)
				mb.evidence = append(mb.evidence, o.position)
				if s := p.control.must.decide(mb.truth); s != unknown {
					m.settle(p, mb, s == yes)
				}
			}
		}
		if len(left) == 0 {
			delete(l.waiting, key)
		} else {
			l.waiting[key] = left
		}
	})
}

// expire judges the members for whom time is up.
func (m *machine) expire(p *plan, now int64) {
	for p.head < len(p.pending) {
		mb := p.pending[p.head]
		if !mb.done && now-mb.at <= p.window {
			break
		}
		m.lapse(p, mb)
		p.pending[p.head] = nil
		p.head++
	}
	if p.head > 1024 && p.head > len(p.pending)/2 {
		p.pending, p.head = slices.Clone(p.pending[p.head:]), 0
	}
}

// lapse judges a member for whom nothing comes any more.
func (m *machine) lapse(p *plan, mb *member) {
	for _, l := range p.leaves {
		if l.op == opWithin {
			if mb.truth.known&(1<<l.leaf) == 0 {
				mb.truth = mb.truth.with(l.leaf, false)
			}
			if mb.keys != nil {
				l.join.alternatives(mb.keys, ofMember, func(key uint64) { l.forget(key, mb) })
			}
		}
	}
	switch {
	case mb.done:
	case mb.at+p.window >= m.end: // it still may be fulfilled
		mb.done = true
		p.open++
		p.members--
	default:
		m.settle(p, mb, p.control.must.decide(mb.truth) == yes)
	}
}

// forget takes a member off those that wait.
func (l *leaf) forget(key uint64, mb *member) {
	left := slices.DeleteFunc(l.waiting[key], func(w *member) bool { return w == mb || w.done })
	if len(left) == 0 {
		delete(l.waiting, key)
	} else {
		l.waiting[key] = left
	}
}

// pace takes in an event of a rate and returns the positions of those in the span
// of time up to it, if they are too many.
func (l *leaf) pace(key uint64, o occurrence) []int64 {
	list := l.times[key]
	for len(list) > 0 && (o.at-list[0].at >= int64(l.window) || len(list) > l.most) {
		list = list[1:]
	}
	list = append(list, moment{o.at, o.position})
	l.times[key] = list
	if len(list) <= l.most {
		return nil
	}
	var positions []int64
	for _, t := range list {
		positions = append(positions, t.position)
	}
	return positions
}

// advance takes in an event of a sequence and reports whether it is complete with
// it. A sequence that takes too long begins anew.
func (l *leaf) advance(key uint64, o occurrence) (complete bool) {
	s := l.steps[key]
	if s.next > 0 && l.window > 0 && o.at-s.begun > int64(l.window) {
		s.next, s.positions = 0, nil
	}
	switch {
	case s.next < len(l.events) && o.bits&(1<<l.events[s.next]) != 0:
		if s.next == 0 {
			s.begun, s.positions = o.at, nil
		}
		s.next++
		s.positions = append(s.positions, o.position)
	case o.bits&(1<<l.events[0]) != 0 && s.next == 1:
		s.begun, s.positions = o.at, []int64{o.position} // begins later: more time is left
	}
	if complete = s.next == len(l.events); complete {
		s.completed, s.next = moment{o.at, o.position}, 0
	}
	l.steps[key] = s
	return complete
}

// completed reports whether a sequence that belongs to a member was completed up to
// it, within the span of time, and by which events.
func (l *leaf) completed(o occurrence) (holds bool, at []int64) {
	l.join.alternatives(o.keys, ofMember, func(key uint64) {
		s, ok := l.steps[key]
		if ok && s.completed.at > 0 && (l.window == 0 || o.at-s.completed.at <= int64(l.window)) {
			holds, at = true, append(at, s.positions...)
		}
	})
	return holds, at
}

// sweep forgets what can no longer matter. It is called now and then.
func (m *machine) sweep() {
	for _, p := range m.plans {
		for _, l := range p.leaves {
			if l.window == 0 || len(p.per) > 0 {
				continue
			}
			old := m.clock - int64(l.window)
			for key, list := range l.befores {
				if list[len(list)-1].at < old {
					delete(l.befores, key)
				}
			}
			for key, list := range l.times {
				if list[len(list)-1].at < old {
					delete(l.times, key)
				}
			}
			for key, s := range l.steps {
				if max(s.begun, s.completed.at) < old {
					delete(l.steps, key)
				}
			}
		}
	}
}

// bound makes room where an operator remembers too much: of live events there is
// no end.
func (m *machine) bound(n int, l *leaf) {
	if m.limit == 0 || n <= m.limit {
		return
	}
	m.sweep()
	for key := range l.befores {
		if len(l.befores) <= m.limit/2 {
			break
		}
		delete(l.befores, key)
		m.forgotten++
	}
	for key := range l.times {
		if len(l.times) <= m.limit/2 {
			break
		}
		delete(l.times, key)
		m.forgotten++
	}
	for key := range l.steps {
		if len(l.steps) <= m.limit/2 {
			break
		}
		delete(l.steps, key)
		m.forgotten++
	}
}

// finish judges what is left when the record has ended: members that still may be
// fulfilled are open.
func (m *machine) finish() {
	for _, p := range m.plans {
		for _, mb := range p.pending[p.head:] {
			if !mb.done {
				m.lapse(p, mb)
			}
		}
		p.pending, p.head = nil, 0
		if len(p.per) > 0 {
			m.finishGroups(p)
		}
	}
}

// finishGroups judges the groups.
func (m *machine) finishGroups(p *plan) {
	for i, key := range p.groups.keys {
		g := &p.groups.list[i]
		switch {
		case g.bits&p.each != 0 && p.control.quiet > 0 && m.end-g.last < int64(p.control.quiet):
			p.open++
			continue
		case g.bits&p.each == 0:
			if g.bits&p.unsure != 0 {
				p.unsureN++
			}
			continue
		}
		p.members++
		var t truth
		evidence := g.first
		for _, l := range p.leaves {
			met, isMet := l.met[key]
			switch l.op {
			case opExists:
				t = t.with(l.leaf, g.bits&l.bits != 0)
			case opAbsent:
				t = t.with(l.leaf, g.bits&l.bits == 0)
			case opCount:
				n := int(p.groups.counts[i*p.counters+l.counter])
				t = t.with(l.leaf, n >= l.least && (l.most < 0 || n <= l.most))
			case opRate:
				t = t.with(l.leaf, !isMet)
			case opSequence:
				t = t.with(l.leaf, isMet)
			}
			if isMet {
				evidence = met
			}
		}
		holds := p.control.must.decide(t) == yes
		if holds {
			p.held++
		}
		if holds == p.control.threshold.AtMost.Set {
			if g.evidence >= 0 && evidence == g.first {
				evidence = g.evidence
			}
			p.foundN++
			p.found.add(evidence)
		}
	}
}
