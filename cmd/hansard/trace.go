package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/remote"
	"github.com/hansardhq/hansard/internal/trace"
)

// traceVerb is one run of the verb trace.
type traceVerb struct {
	p        *program
	out      *output
	tree     bool
	graph    bool
	agents   bool
	expanded bool
	diff     bool
	all      bool // of a diff: steps that are the same, too
}

func newTrace(p *program) *cobra.Command {
	v := &traceVerb{p: p}
	cmd := &cobra.Command{
		Use:   "trace ID | --diff A B",
		Short: "Tell the story of a trace or a task",
		Long: `Show what happened in a trace as a timeline: each event with its time, agent,
action, duration and status, the sums of tokens, cost and errors, and where the
time went. ID is that of a trace, of a task (then all its traces), or of an event
(then the trace it belongs to).

With --graph it is written as a graph: events and what they caused, or with
--agents who handed over and delegated to whom; --expanded shows each stretch of
an agent's work by itself. -o dot is for Graphviz, -o mermaid for Mermaid.

With --diff two traces are compared: events are paired by type, agent,
name and place, and what differs in params, result, tokens, cost and time is
shown. It exits with 5 when they differ in more than time.`,
		Example: `  hansard trace 4bf92f3577b34da6a3ce929d0e0e4736
  hansard trace refund-4711 --tree
  hansard trace refund-4711 --agents -o mermaid
  hansard trace refund-4711 --graph -o dot | dot -Tsvg > refund.svg
  hansard trace --diff refund-4711 refund-4712
  hansard trace refund-4711 -o json`,
		Args: v.args,
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.out = outputFlag(cmd, formatTable, formatJSON, formatDOT, formatMermaid)
	f := cmd.Flags()
	f.BoolVar(&v.tree, "tree", false, "indent events under the events that caused them")
	f.BoolVar(&v.graph, "graph", false, "write the graph of events and what they caused")
	f.BoolVar(&v.agents, "agents", false, "write the graph of agents: handoffs and delegation")
	f.BoolVar(&v.diff, "diff", false, "compare two traces: what changed from the first to the second")
	f.BoolVar(&v.all, "all", false, "with --diff: show the steps that are the same, too")
	f.BoolVar(&v.expanded, "expanded", false, "with --agents: a node for each stretch of work")
	return cmd
}

// args says which ids are missing: two with --diff, else one.
func (v *traceVerb) args(_ *cobra.Command, ids []string) error {
	switch {
	case v.diff && len(ids) != 2:
		return fmt.Errorf("--diff compares two traces, and %d are named", len(ids))
	case !v.diff && len(ids) == 0:
		return errors.New("which trace? Name the id of a trace, a task or an event")
	case !v.diff && len(ids) > 1:
		return fmt.Errorf("one trace at a time, and %d are named; --diff compares two", len(ids))
	}
	return nil
}

func (v *traceVerb) run(ctx context.Context, ids []string) error {
	id := ids[0]
	format, err := v.out.format(v.p.terminalOf(v.p.stdout), formatTable, formatTable)
	if err != nil {
		return err
	}
	drawn := format == formatDOT || format == formatMermaid
	switch {
	case v.expanded && !v.agents:
		return hansard.Errorf(hansard.KindInvalid, "--expanded is for --agents")
	case v.graph && v.agents, v.tree && (v.graph || v.agents || drawn):
		return hansard.Errorf(hansard.KindInvalid, "--tree, --graph and --agents: which one?")
	}
	if v.diff {
		if v.tree || v.graph || v.agents || drawn {
			return hansard.Errorf(hansard.KindInvalid, "--diff is written as a table or JSON, and by itself")
		}
		return v.writeDiff(ctx, ids[0], ids[1], format)
	}
	if v.graph || v.agents || drawn {
		return v.writeGraph(ctx, id, format)
	}
	return v.p.with(func(b backend) error {
		timelines, err := b.Trace(ctx, id)
		if err != nil {
			return err
		}
		return v.p.writeTimelines(timelines, format, v.tree)
	})
}

// writeDiff compares two traces.
func (v *traceVerb) writeDiff(ctx context.Context, a, b, format string) error {
	var d *trace.Diff
	err := v.p.with(func(record backend) (err error) {
		d, err = record.Diff(ctx, a, b)
		return err
	})
	if err != nil {
		return err
	}
	if format == formatJSON {
		err = v.p.writeJSON(d)
	} else {
		err = trace.RenderDiff(v.p.stdout, *d, v.p.terminalOf(v.p.stdout).color, v.all)
	}
	if err == nil && d.Changed+d.OnlyA+d.OnlyB > 0 {
		return quietError{exitFinding}
	}
	return err
}

// writeGraph writes a graph: for people as Mermaid, which can be read as it is.
func (v *traceVerb) writeGraph(ctx context.Context, id, format string) error {
	if format == formatTable {
		format = formatMermaid
	}
	g := remote.Graph{Of: reading.GraphOf{Agents: v.agents, Expanded: v.expanded}, Format: format}
	return v.p.with(func(b backend) error {
		if format != formatJSON {
			return b.Graph(ctx, v.p.stdout, id, g) // holds nothing that could control a terminal
		}
		var text bytes.Buffer
		if err := b.Graph(ctx, &text, id, g); err != nil {
			return err
		}
		return v.p.writeJSON(json.RawMessage(text.Bytes()))
	})
}

// writeTimelines writes timelines one after another, as JSON one object or an
// array of several.
func (p *program) writeTimelines(timelines []trace.Timeline, format string, tree bool) error {
	if format == formatJSON {
		if len(timelines) == 1 {
			return p.writeJSON(timelines[0])
		}
		return p.writeJSON(timelines)
	}
	t := p.terminalOf(p.stdout)
	for i, tl := range timelines {
		if i > 0 {
			fmt.Fprintln(p.stdout)
		}
		p.toZone(&tl)
		if err := trace.Render(p.stdout, tl, trace.Options{Color: t.color, Width: t.width, Tree: tree}); err != nil {
			return err
		}
	}
	return nil
}

// toZone shows a timeline's times in the user's zone.
func (p *program) toZone(tl *trace.Timeline) {
	zone := p.global.zone()
	tl.Start, tl.End = tl.Start.In(zone), tl.End.In(zone)
	lines := make([]trace.Line, len(tl.Lines))
	for i, l := range tl.Lines {
		l.Time = l.Time.In(zone)
		lines[i] = l
	}
	tl.Lines = lines
}
