package lake

import (
	"cmp"
	"slices"
)

// ending is how an invocation ended.
type ending struct {
	seen, bad, timed bool
	us               int64
	failed           bool // an error under it was not recovered from
}

// tree counts the invocations of a trace by how its events hang together. Events
// that are more than a day apart do not.
func (t *invocationTally) tree(items []act, hourOf func(int64) int64) {
	slices.SortFunc(items, func(a, b act) int { return cmp.Compare(a.position, b.position) })
	byID := make(map[uint64]int, len(items))
	for i := range items {
		if items[i].event != 0 {
			byID[items[i].event] = i
		}
	}
	endings := map[int]*ending{}
	for i := range items {
		if a := &items[i]; a.kind == invocationAct {
			endings[i] = &ending{seen: a.ended, bad: a.bad, timed: a.timed, us: a.us}
		}
	}
	for i := range items {
		a := &items[i]
		if a.kind != endAct {
			continue
		}
		of, ok := byID[a.parent]
		if e := endings[of]; ok && e != nil && together(a, &items[of]) {
			e.seen, e.bad = true, e.bad || a.bad
			if a.timed && !e.timed {
				e.timed, e.us = true, a.us
			}
		}
	}
	t.blame(items, byID, endings)
	for i := range items {
		if a := &items[i]; a.asked {
			e := endings[i]
			t.add(hourOf(a.at), a, e.bad || e.failed, !e.seen, e.timed, e.us)
		}
	}
}

// together reports whether two events are at most a day apart.
func together(a, b *act) bool { return (span{a.at, a.at}).wider(int64(resultWindow)).holds(b.at) }

// blame marks the invocations above errors that were not recovered from.
func (t *invocationTally) blame(items []act, byID map[uint64]int, endings map[int]*ending) {
	successes := map[int32][]act{} // of each tool, in the order of time
	for _, a := range items {
		if a.good {
			successes[a.tool] = append(successes[a.tool], a)
		}
	}
	for _, list := range successes {
		slices.SortFunc(list, func(a, b act) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.position, b.position)) })
	}
	for i := range items {
		a := &items[i]
		if !a.bad || a.kind != otherAct {
			continue
		}
		above := ancestors(items, byID, i, endings)
		if len(above) == 0 {
			continue
		}
		if tool := toolOf(items, byID, i); tool != 0 && recovered(successes[tool], a) {
			continue
		}
		if nearest := endings[above[0]]; a.acted && nearest.seen && !nearest.bad {
			continue
		}
		for _, k := range above {
			endings[k].failed = true
		}
	}
}

// recovered reports whether one of the successes, in the order of time, follows an
// error.
func recovered(successes []act, failed *act) bool {
	i, _ := slices.BinarySearchFunc(successes, failed, func(s act, failed *act) int {
		if later(s, *failed) {
			return 1
		}
		return -1
	})
	return i < len(successes) && together(&successes[i], failed)
}

func later(a, b act) bool { return a.at > b.at || a.at == b.at && a.position > b.position }

// ancestors returns the invocations above an event, the nearest first.
func ancestors(items []act, byID map[uint64]int, i int, endings map[int]*ending) []int {
	var above []int
	from := i
	for steps := 0; steps < len(items); steps++ { // parents may go in a circle
		up, ok := byID[items[i].parent]
		if !ok || items[i].parent == 0 {
			break
		}
		if !together(&items[up], &items[from]) {
			break
		}
		if i = up; endings[i] != nil {
			above = append(above, i)
		}
	}
	return above
}

// toolOf returns the tool that an error is about: its own, else its parent's; 0 is
// the number of no name, for the first text of a column is "".
func toolOf(items []act, byID map[uint64]int, i int) int32 {
	if items[i].tool != 0 {
		return items[i].tool
	}
	if up, ok := byID[items[i].parent]; ok && items[i].parent != 0 && together(&items[up], &items[i]) {
		return items[up].tool
	}
	return 0
}
