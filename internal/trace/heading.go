package trace

import (
	"fmt"
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
	add(tl.Unpaired, "tool result has no call here.", "tool results have no call here.")
	add(tl.Duplicates, "entry left out: its event id came before.", "entries left out: their event ids came before.")
	return notes
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(int64(n)) + " " + noun
}
