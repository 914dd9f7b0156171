package policy

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// followers are, for each operator within of a pack, the events of an hour that may
// follow members. The lake keeps them.
type followers []followerKeys

// followerKeys are the keys of events, sorted, and when the first of each was.
type followerKeys struct {
	keys  []uint64
	first []int64
}

// follower is an event that may follow a member.
type follower struct {
	key uint64
	at  int64
}

// Size implements lake.Kept.
func (f followers) Size() int {
	n := 50
	for _, k := range f {
		n += 48 + 16*len(k.keys)
	}
	return n
}

func newFollowerKeys(all []follower) followerKeys {
	slices.SortFunc(all, func(a, b follower) int {
		switch {
		case a.key < b.key, a.key == b.key && a.at < b.at:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	all = slices.CompactFunc(all, func(a, b follower) bool { return a.key == b.key })
	f := followerKeys{make([]uint64, len(all)), make([]int64, len(all))}
	for i, x := range all {
		f.keys[i], f.first[i] = x.key, x.at
	}
	return f
}

// until reports whether an event with a key came up to a moment.
func (f *followerKeys) until(key uint64, at int64) bool {
	i, ok := slices.BinarySearch(f.keys, key)
	return ok && f.first[i] <= at
}

// waiter is a member of a plan for which an event may still follow.
type waiter struct {
	waiting
	plan  *plan
	first int // number of the plan's first operator within
}

// follow looks for the events that follow the members that wait for one, hour after
// hour, and judges these members.
func (h *hourly) follow(ctx context.Context) error {
	waiters, periods := h.waiters()
	if len(waiters) == 0 {
		return nil
	}
	hours, err := h.e.src.Hours(ctx, h.e.q.Tenant, h.name("follow"), h.e.q.Last)
	if err != nil {
		return err
	}
	defer hours.Close()
	for _, p := range periods {
		for _, s := range hours.Cut(p, sliceRows, nil) {
			found, err := h.followers(ctx, hours, s)
			if err != nil {
				return err
			}
			for _, f := range found {
				waiters = slices.DeleteFunc(waiters, func(w *waiter) bool { return f.from > w.at && h.followed(w, f.followers) })
			}
		}
	}
	for _, w := range waiters {
		w.plan.members++
		h.machine.lapse(w.plan, &member{moment: w.moment, truth: w.truth})
	}
	return nil
}

// waiters returns the members that wait, and the periods in which what they wait for
// may be. None lies on both sides of the end of a member's own fragment.
func (h *hourly) waiters() (all []*waiter, in []query.Period) {
	from, horizon := int64(math.MaxInt64), int64(math.MinInt64)
	for _, f := range h.line {
		if !f.within {
			continue
		}
		first := 0
		for i := range f.plans {
			p := h.machine.plans[i]
			for _, w := range f.plans[i].waiting {
				all = append(all, &waiter{w, p, first})
				from, horizon = min(from, more(f.to)), max(horizon, w.at+p.window)
			}
			first += p.withins()
		}
	}
	end := h.e.q.Period.Until
	since, until := time.Unix(0, from).UTC(), time.Unix(0, more(horizon)).UTC()
	switch {
	case len(all) == 0 || !since.Before(until):
	case end.IsZero() || !end.After(since) || !until.After(end):
		in = []query.Period{{Since: since, Until: until}}
	default:
		in = []query.Period{{Since: since, Until: end}, {Since: end, Until: until}}
	}
	return all, in
}

// withins returns how many operators within a plan has.
func (p *plan) withins() (n int) {
	for _, l := range p.leaves {
		if l.op == opWithin {
			n++
		}
	}
	return n
}

// followersOf are the followers of a span of time.
type followersOf struct {
	from int64
	followers
}

// followers returns the followers of a stretch, in the order of time.
func (h *hourly) followers(ctx context.Context, hours *lake.Hours, s lake.Stretch) ([]followersOf, error) {
	if kept, ok := s.Kept.(followers); ok {
		return []followersOf{{s.From, kept}}, nil
	}
	var mu sync.Mutex // guards read: row groups are read several at once
	read := map[int64][][]follower{}
	spec := h.spec(h.after)
	spec.Wants = func(bits uint64) lake.Want { return lake.Want{Mark: true, Keys: h.eventColumns(bits, opWithin)} }
	width := len(h.e.pack.columns)
	err := hours.Mark(ctx, s, spec, func(b *lake.Marks) error {
		mu.Lock()
		defer mu.Unlock()
		for i, m := range b.Marks {
			number := lake.HourOf(m.Timestamp)
			lists := read[number]
			if lists == nil {
				lists = make([][]follower, h.withins)
				read[number] = lists
			}
			h.addFollower(lists, m, b.Keys[i*width:(i+1)*width])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []followersOf
	made := map[int64]lake.Kept{}
	for _, number := range sortedNumbers(read) {
		f := make(followers, h.withins)
		for i, list := range read[number] {
			f[i] = newFollowerKeys(list)
		}
		begin, _ := hourMoments(number)
		all = append(all, followersOf{max(begin, s.From), f})
		made[number] = f
	}
	hours.Keep(s, made)
	return all, nil
}

// addFollower adds an event to the lists of the operators that it may follow for.
func (h *hourly) addFollower(lists [][]follower, m lake.Mark, keys []uint64) {
	n := 0
	for _, p := range h.machine.plans {
		for _, l := range p.leaves {
			if l.op != opWithin {
				continue
			}
			if m.Bits&l.bits != 0 {
				l.join.alternatives(keys, ofEvent, func(key uint64) { lists[n] = append(lists[n], follower{key, m.Timestamp}) })
			}
			n++
		}
	}
}

// followed looks for the events that a member waits for, and judges it if they
// decide.
func (h *hourly) followed(w *waiter, f followers) bool {
	at, n := 0, w.first
	for _, l := range w.plan.leaves {
		if l.op != opWithin {
			continue
		}
		for _, key := range w.keys[at : at+len(l.join.same)] {
			if key != 0 && w.truth.known&(1<<l.leaf) == 0 && f[n].until(key, w.at+int64(l.window)) {
				w.truth = w.truth.with(l.leaf, true)
			}
		}
		at, n = at+len(l.join.same), n+1
	}
	s := w.plan.control.must.decide(w.truth)
	if s == unknown {
		return false
	}
	w.plan.members++
	h.machine.settle(w.plan, &member{moment: w.moment}, s == yes)
	return true
}
