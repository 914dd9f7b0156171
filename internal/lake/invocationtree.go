package lake

// ending is how an invocation ended.
type ending struct {
	seen, bad, timed bool
	us               int64
	failed           bool // an error under it was not recovered from
}

// tree counts the invocations of a trace by how its events hang together.
func (t *invocationTally) tree(items []act) {
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
		if e := endings[of]; ok && e != nil {
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
			t.add(a, e.bad || e.failed, !e.seen, e.timed, e.us)
		}
	}
}

// blame marks the invocations above errors that were not recovered from.
func (t *invocationTally) blame(items []act, byID map[uint64]int, endings map[int]*ending) {
	success := map[int32]act{} // the latest of each tool
	for _, a := range items {
		if last, ok := success[a.tool]; a.good && (!ok || later(a, last)) {
			success[a.tool] = a
		}
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
		tool := toolOf(items, byID, i)
		if ok, found := success[tool]; found && tool != 0 && later(ok, *a) {
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

func later(a, b act) bool { return a.at > b.at || a.at == b.at && a.position > b.position }

// ancestors returns the invocations above an event, the nearest first.
func ancestors(items []act, byID map[uint64]int, i int, endings map[int]*ending) []int {
	var above []int
	for steps := 0; steps < len(items); steps++ { // parents may go in a circle
		up, ok := byID[items[i].parent]
		if !ok || items[i].parent == 0 {
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
	if up, ok := byID[items[i].parent]; ok && items[i].parent != 0 {
		return items[up].tool
	}
	return 0
}
