package trace

import (
	"cmp"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
)

// Segment is a stretch of time on the critical path: the chain of events that the
// trace could not have ended earlier without. In a segment nothing below its event
// was under way.
type Segment struct {
	EventID string
	Start   time.Time
	US      int64 // microseconds
}

// Gap is a stretch of time in which no event was under way.
type Gap struct {
	Start  time.Time
	US     int64
	After  string // event id of what ended last before it
	Before string // event id of what began after it
}

const (
	maxSegments = 1000 // of the critical path, the longest
	maxGaps     = 20   // the longest
	minGap      = time.Second
)

// interval is when an event was under way, in Unix nanoseconds.
type interval struct{ start, end int64 }

// under returns when an event was under way. The duration of a result and of a
// model's answer ends with it, as does the time that a human took; any other's
// begins with it. The end of an invocation is a moment: what took the time is below
// the invocation.
func under(e *hansard.Entry) interval {
	at, took := happened(e), e.DurationUS.V
	if e.EventType == hansard.TypeHumanIntervention {
		took = max(took, e.DecisionUS.V)
	}
	took = min(max(took, 0), int64(100*365*24*time.Hour)/1000) * 1000
	switch {
	case e.EventType == hansard.TypeLifecycle:
		return interval{at, at}
	case e.EventType == hansard.TypeToolResult, e.EventType == hansard.TypeLLMResponse,
		e.EventType == hansard.TypeHumanIntervention && e.DecisionUS.Set:
		return interval{at - took, at}
	}
	return interval{at, at + took}
}

// critical finds the critical path of a forest: how long each event is on it, in
// nanoseconds, and its segments in order of time. It goes back from the end: from
// an event to what ended last below it, and from there on to what ended last
// before that began.
func (f *forest) critical() (on []int64, segments []Segment) {
	n := len(f.parent)
	own, ends := make([]interval, n), make([]int64, n)
	for i, e := range f.entries {
		own[i] = under(e)
		ends[i] = own[i].end
	}
	places := f.walk()
	for _, p := range slices.Backward(places) { // children before their parents
		if up := f.parent[p.index]; up != none {
			ends[up] = max(ends[up], ends[p.index])
		}
	}
	children, roots := f.children(func(a, b int) int { return cmp.Or(cmp.Compare(ends[b], ends[a]), cmp.Compare(b, a)) })
	on = make([]int64, n)
	type frame struct {
		node  int // none: above the roots
		below []int
		now   int64
	}
	var end int64
	for _, i := range roots {
		end = max(end, ends[i])
	}
	take := func(node int, from, to int64) {
		if to > from && node != none {
			on[node] += to - from
			segments = append(segments, Segment{f.entries[node].EventID, time.Unix(0, from).UTC(), (to - from) / 1000})
		}
	}
	for stack := []frame{{none, roots, end}}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if len(top.below) > 0 {
			c := top.below[0]
			top.below = top.below[1:]
			if ends[c] <= top.now {
				take(top.node, ends[c], top.now)
				top.now = ends[c]
				stack = append(stack, frame{c, children[c], ends[c]})
			}
			continue
		}
		node, now := top.node, top.now
		stack = stack[:len(stack)-1]
		if node == none {
			break
		}
		take(node, own[node].start, now)
		up := &stack[len(stack)-1]
		up.now = min(up.now, own[node].start, now)
	}
	return on, longest(segments)
}

// children returns the children of each entry, and the roots, in an order.
func (f *forest) children(order func(a, b int) int) (children [][]int, roots []int) {
	children = make([][]int, len(f.parent))
	for i, p := range f.parent {
		if p == none {
			roots = append(roots, i)
		} else {
			children[p] = append(children[p], i)
		}
	}
	slices.SortFunc(roots, order)
	for _, c := range children {
		slices.SortFunc(c, order)
	}
	return children, roots
}

// longest returns the longest segments in order of time.
func longest(segments []Segment) []Segment {
	if len(segments) > maxSegments {
		slices.SortFunc(segments, func(a, b Segment) int { return cmp.Compare(b.US, a.US) })
		segments = segments[:maxSegments]
	}
	slices.SortStableFunc(segments, func(a, b Segment) int { return a.Start.Compare(b.Start) })
	return segments
}

// frames reports whether events of a type only frame others: while they last, it is
// what they caused that takes the time, or nothing is under way.
func frames(eventType string) bool {
	switch eventType {
	case hansard.TypeInvocation, hansard.TypeLifecycle, hansard.TypeHandoff, hansard.TypeGeneric, hansard.TypeDecision:
		return true
	}
	return false
}

// gaps finds when nothing was under way: no tool, no model, nobody who was asked.
// An event that only frames others does not count, such as an invocation.
func gaps(entries []*hansard.Entry, calls []ToolCall) []Gap {
	type span struct {
		interval
		first, last *hansard.Entry
	}
	var spans []span
	for _, e := range entries {
		at := under(e)
		if frames(e.EventType) {
			at = interval{happened(e), happened(e)}
		}
		spans = append(spans, span{at, e, e})
	}
	for _, c := range calls {
		for _, r := range c.Results {
			spans = append(spans, span{interval{happened(c.Call), happened(r)}, c.Call, r})
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var found []Gap
	for i, reach := 0, 0; i < len(spans); i++ {
		s := spans[i]
		if idle := s.start - spans[reach].end; i > 0 && idle >= int64(minGap) {
			found = append(found, Gap{time.Unix(0, spans[reach].end).UTC(), idle / 1000, spans[reach].last.EventID, s.first.EventID})
		}
		if s.end >= spans[reach].end {
			reach = i
		}
	}
	if len(found) > maxGaps {
		slices.SortStableFunc(found, func(a, b Gap) int { return cmp.Compare(b.US, a.US) })
		found = found[:maxGaps]
		slices.SortFunc(found, func(a, b Gap) int { return a.Start.Compare(b.Start) })
	}
	return found
}
