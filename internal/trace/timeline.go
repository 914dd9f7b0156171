package trace

import (
	"time"

	"github.com/hansardhq/hansard"
)

// Line is one event in the timeline. Its texts are the sender's.
type Line struct {
	Time          time.Time // UTC
	Agent         string
	Action        string
	Details       string
	Duration      string // as people read it; "" when unknown
	Status        string // "" when unknown
	EventID       string
	EventType     string
	ParentEventID string
	ToolName      string
	DurationUS    hansard.Opt[int64]
	Position      uint64
	Tier          hansard.Tier
	Depth         int  // in the tree; 0: at the root
	Orphan        bool // its parent event is missing
	Cycle         bool // it was its own ancestor
	Erred         bool // it counts as an error
	// Branch sums up the event and all that it caused; nil: it caused nothing.
	Branch *Branch
	// CriticalUS is for how many microseconds the trace waited for this event and
	// nothing below it.
	CriticalUS int64
	// SkewUS is by how many microseconds it happened before the event that
	// caused it: clocks differ.
	SkewUS int64
}

// Timeline is the story of one trace and the figures that head it.
type Timeline struct {
	TraceID    string // of the first event; its event id where it has none
	Start      time.Time
	End        time.Time          // when the last event happened; both are zero without events
	SpanUS     hansard.Opt[int64] // microseconds from Start to End; absent without events or with synthetic times
	Synthetic  bool               // some times were invented by a converter: speak of no latency
	Agents     []string           // in order of appearance
	ToolCalls  int
	ToolErrors int // tool calls that erred
	Unpaired   int // tool results without their call
	Errors     int // events that erred or are errors
	Handoffs   int
	Spend      Spend
	Duplicates int        // entries left out because their event id came before
	Orphans    []string   // event ids whose parent event is missing
	Cycles     [][]string // event ids of each circle of parents
	Skewed     int        // events that happened before the event that caused them
	Loss       Loss
	Expired    []Expiry // tiers of which events of that time may have expired
	Cut        bool     // there are more events: these are the first ones
	Critical   []Segment
	Gaps       []Gap
	Retries    []Retry
	Lines      []Line // in order of time, one per event
	Nested     []int  // the indexes of Lines in order of the tree
}

// Expiry says from when on a log still holds events.
type Expiry struct {
	Tier  hansard.Tier
	Until time.Time // events that were received before have expired; zero: all have
}

// NewTimeline tells the story of the entries of one trace.
func NewTimeline(entries []*hansard.Entry) Timeline { return Tell(StepsOf(entries)) }

// Tell tells the story of the steps of one trace.
func Tell(steps []Step) Timeline {
	steps, duplicates := sorted(steps)
	ordered := entriesOf(steps)
	tl := Timeline{Duplicates: duplicates, Spend: spent(ordered), Lines: make([]Line, 0, len(ordered))}
	for _, s := range steps {
		tl.Lines = append(tl.Lines, s.line)
		tl.count(s.entry)
	}
	tl.span(ordered)
	calls, unpaired := pairTools(ordered)
	tl.ToolCalls, tl.Unpaired = len(calls), len(unpaired)
	for _, c := range calls {
		if c.Erred {
			tl.ToolErrors++
		}
	}
	f := link(ordered)
	tl.nest(f)
	tl.inherit(f)
	tl.Loss = lost(ordered)
	tl.Retries = retries(steps)
	tl.measure(f, calls)
	return tl
}

// measure fills in what each event took with all that it caused, and where the
// time went.
func (tl *Timeline) measure(f *forest, calls []ToolCall) {
	for i, b := range f.branches(tl.Synthetic) {
		if b.Events > 1 {
			tl.Lines[i].Branch = &b
		}
	}
	if tl.Synthetic {
		return
	}
	for i, us := range f.skews() {
		if tl.Lines[i].SkewUS = us; us > 0 {
			tl.Skewed++
		}
	}
	on, segments := f.critical()
	for i, ns := range on {
		tl.Lines[i].CriticalUS = ns / 1000
	}
	tl.Critical, tl.Gaps = segments, gaps(f.entries, calls)
}

func newLine(e *hansard.Entry) Line {
	l := Line{
		Time: time.Unix(0, happened(e)).UTC(), Agent: e.AgentName, Action: Action(e), Details: Details(e),
		Status: status(e), EventID: e.EventID, EventType: e.EventType, ParentEventID: e.ParentEventID,
		ToolName: e.ToolName, DurationUS: e.DurationUS, Position: e.Position, Tier: e.Tier, Erred: isError(e),
	}
	if e.DurationUS.Set {
		l.Duration = Duration(e.DurationUS.V)
	}
	return l
}

// count adds one event to the figures.
func (tl *Timeline) count(e *hansard.Entry) {
	if isError(e) {
		tl.Errors++
	}
	if e.EventType == hansard.TypeHandoff {
		tl.Handoffs++
	}
	if e.TimeSource == hansard.TimeSynthetic {
		tl.Synthetic = true
	}
}

// span sets the trace's id and its time from entries in order.
func (tl *Timeline) span(ordered []*hansard.Entry) {
	if len(ordered) == 0 {
		return
	}
	first, last := ordered[0], ordered[len(ordered)-1]
	tl.TraceID = or(first.TraceID, first.EventID)
	tl.Start, tl.End = time.Unix(0, happened(first)).UTC(), time.Unix(0, happened(last)).UTC()
	if !tl.Synthetic {
		tl.SpanUS = hansard.Some(tl.End.Sub(tl.Start).Microseconds())
	}
}

// inherit gives each line without an agent that of the nearest line above it that
// has one: a span that was received before its parent could not name it. Then it
// lists the agents.
func (tl *Timeline) inherit(f *forest) {
	for _, i := range tl.Nested { // parents come before their children
		if p := f.parent[i]; tl.Lines[i].Agent == "" && p != none {
			tl.Lines[i].Agent = tl.Lines[p].Agent
		}
	}
	seen := map[string]bool{"": true}
	for _, l := range tl.Lines {
		if !seen[l.Agent] {
			seen[l.Agent] = true
			tl.Agents = append(tl.Agents, l.Agent)
		}
	}
}

// nest gives each line its place in the tree.
func (tl *Timeline) nest(f *forest) {
	tl.Nested = make([]int, 0, len(f.entries))
	for _, p := range f.walk() {
		l := &tl.Lines[p.index]
		l.Depth, l.Orphan, l.Cycle = p.depth, f.orphan[p.index], f.cycle[p.index]
		tl.Nested = append(tl.Nested, p.index)
	}
	tl.Orphans, tl.Cycles = f.faults()
}
