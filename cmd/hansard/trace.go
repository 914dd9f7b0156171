package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/trace"
)

func newTrace(p *program) *cobra.Command {
	var tree bool
	cmd := &cobra.Command{
		Use:   "trace ID",
		Short: "Tell the story of a trace or a task",
		Long: `Show what happened in a trace as a timeline: each event with its time, agent,
action, duration and status, and the sums of tokens, cost and errors. ID is
that of a trace, of a task (then all its traces), or of an event (then the trace
it belongs to).`,
		Example: `  hansard trace 4bf92f3577b34da6a3ce929d0e0e4736
  hansard trace refund-4711 --tree
  hansard trace refund-4711 -o json`,
		Args: cobra.ExactArgs(1),
	}
	out := outputFlag(cmd, formatText, formatJSON)
	cmd.Flags().BoolVar(&tree, "tree", false, "indent events under the events that caused them")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatText, formatText)
		if err != nil {
			return err
		}
		return p.with(func(b backend) error {
			timelines, err := b.Trace(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return p.writeTimelines(timelines, format, tree)
		})
	}
	return cmd
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
