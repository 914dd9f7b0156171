package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The colours, as ANSI sequences.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// paint puts a colour around s where colours are asked for.
func (t *table) paint(s, color string) string {
	if !t.opt.Color || color == "" || s == "" {
		return s
	}
	return color + s + reset
}

func statusColor(l Line) string {
	switch {
	case l.Status == "ok":
		return green
	case l.Erred:
		return red
	case l.Status != "":
		return yellow
	}
	return ""
}

// head returns the line above the table: which trace, when, how long, who.
func (t *table) head() string {
	tl := t.tl
	if len(tl.Lines) == 0 {
		return "No events"
	}
	parts := []string{"Trace " + tl.TraceID, tl.Start.Format("2006-01-02 15:04:05 MST")}
	switch {
	case tl.SpanUS.Set:
		parts = append(parts, Duration(tl.SpanUS.V))
	case tl.Synthetic:
		parts = append(parts, "synthetic times")
	}
	if len(tl.Agents) > 0 {
		parts = append(parts, strings.Join(tl.Agents, ", "))
	}
	return strings.Join(parts, " · ")
}

// wrap joins parts to lines that fit the width: half a figure would mislead.
func (t *table) wrap(parts []string) []string {
	lines := parts[:1:1]
	for _, part := range parts[1:] {
		last := &lines[len(lines)-1]
		if longer := *last + " · " + part; t.opt.Width == 0 || t.m.StringWidth(longer) <= t.opt.Width {
			*last = longer
		} else {
			lines = append(lines, part)
		}
	}
	return lines
}

// totals returns the parts of the line below the table.
func totals(tl Timeline) []string {
	calls := plural(tl.ToolCalls, "tool call")
	if tl.ToolErrors > 0 {
		calls += fmt.Sprintf(" (%s erred)", Count(int64(tl.ToolErrors)))
	}
	return []string{
		plural(len(tl.Lines), "event"), calls, plural(tl.Errors, "error"), plural(tl.Handoffs, "handoff"),
		tokens(tl.Spend), cost(tl.Spend),
	}
}

func tokens(s Spend) string {
	if !s.Tokens.Set {
		return "tokens unknown"
	}
	text := Count(s.Tokens.V) + " tokens"
	if s.Input.Set && s.Output.Set {
		text += fmt.Sprintf(" (%s in, %s out)", Count(s.Input.V), Count(s.Output.V))
	}
	return text
}

func cost(s Spend) string {
	switch {
	case !s.CostNanoUSD.Set:
		return "cost unknown"
	case s.Unpriced > 0:
		return fmt.Sprintf("%s and %s unpriced", USD(s.CostNanoUSD.V), plural(s.Unpriced, "call"))
	}
	return USD(s.CostNanoUSD.V)
}

// notes returns what a reader must know to read the timeline right.
func notes(tl Timeline) []string {
	var notes []string
	add := func(n int, one, many string) {
		if n == 1 {
			notes = append(notes, "1 "+one)
		} else if n > 1 {
			notes = append(notes, Count(int64(n))+" "+many)
		}
	}
	if tl.Synthetic {
		notes = append(notes, "Times were invented by a converter: only their order means something.")
	}
	add(tl.Loss.Truncated, "event was truncated.", "events were truncated.")
	add(tl.Loss.Dropped, "event lacks attributes that its sender dropped.", "events lack attributes that their senders dropped.")
	add(tl.Loss.Withheld, "event lacks content that its sender withheld.", "events lack content that their senders withheld.")
	add(tl.Loss.Pending, "span has begun, and no end of it was received.", "spans have begun, and no end of them was received.")
	add(len(tl.Orphans), "event names a parent that is not here.", "events name a parent that is not here.")
	add(len(tl.Cycles), "circle of parents was broken.", "circles of parents were broken.")
	add(tl.Skewed, "event happened before the event that caused it: clocks differ.", "events happened before the events that caused them: clocks differ.")
	add(tl.Unpaired, "tool result has no call here.", "tool results have no call here.")
	add(tl.Duplicates, "entry left out: its event id came before.", "entries left out: their event ids came before.")
	for _, x := range tl.Expired {
		if x.Until.IsZero() {
			notes = append(notes, fmt.Sprintf("All events of the tier %s have expired.", x.Tier))
			continue
		}
		notes = append(notes, fmt.Sprintf("Events of the tier %s that were received before %s have expired.", x.Tier, x.Until.Format("2006-01-02 15:04 MST")))
	}
	if tl.Cut {
		notes = append(notes, fmt.Sprintf("There are more events: these are the first %s.", Count(int64(len(tl.Lines)))))
	}
	return notes
}

// whereTimeWent returns what took longest: the critical path, gaps and retries.
func whereTimeWent(tl Timeline) []string {
	var lines []string
	if parts := slowest(tl); len(parts) > 0 {
		lines = append(lines, "Waited longest for "+strings.Join(parts, ", "))
	}
	for _, r := range tl.Retries {
		outcome := "and it never worked"
		if r.Recovered {
			outcome = "and then worked"
		}
		lines = append(lines, fmt.Sprintf("%s tried %s %d times (%s), %s: %s", or(r.Agent, unknown), r.Tool, len(r.Calls), strings.Join(r.Errors, ", "), outcome, Duration(r.WaitedUS)))
	}
	idle := int64(0)
	for _, g := range tl.Gaps {
		idle += g.US
	}
	if len(tl.Gaps) > 0 && tl.SpanUS.Set && idle*10 >= tl.SpanUS.V {
		lines = append(lines, fmt.Sprintf("Nothing was under way for %s, in %s", Duration(idle), plural(len(tl.Gaps), "gap")))
	}
	return lines
}

// slowest names the three events that the trace waited for longest, of those that
// took a tenth of it.
func slowest(tl Timeline) []string {
	var most []Line
	for _, l := range tl.Lines {
		if !frames(l.EventType) && l.CriticalUS > 0 && tl.SpanUS.Set && l.CriticalUS*10 >= tl.SpanUS.V {
			most = append(most, l)
		}
	}
	slices.SortStableFunc(most, func(a, b Line) int { return cmp.Compare(b.CriticalUS, a.CriticalUS) })
	var parts []string
	for _, l := range most[:min(3, len(most))] {
		parts = append(parts, fmt.Sprintf("%s %s", l.Action, Duration(l.CriticalUS)))
	}
	return parts
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(int64(n)) + " " + noun
}
