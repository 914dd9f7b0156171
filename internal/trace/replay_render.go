package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// RenderMoment writes the n-th of the moments that r holds, counted from 0, for a
// terminal.
func RenderMoment(w io.Writer, r Replay, n int, zone *time.Location, color bool) error {
	out := &diffWriter{Writer: bufio.NewWriter(w), color: color} // keeps the first error, Flush returns it
	m := r.Moments[n]
	fmt.Fprintf(out, "%s %s  %s  %s\n", out.paint(fmt.Sprintf("[%d/%d]", r.From+n+1, r.Total), "2"), m.Time.In(zone).Format("15:04:05.000"), Clean(m.Agent), out.paint(Clean(m.Details), "1"))
	say := func(name, s string) {
		if s = strings.TrimSpace(s); s != "" {
			if cut := first(s, maxValue*2); len(cut) < len(s) {
				s = cut + "…"
			}
			fmt.Fprintf(out, "    %-8s %s\n", name, Clean(s))
		}
	}
	say("why", m.Reasoning)
	if len(m.Params) > 0 {
		say("with", value(m.Params))
	}
	if k := m.Knew.Task; k != nil {
		say("task", strings.TrimPrefix(k.Text, "Task received: "))
	}
	if k := m.Knew.Handover; k != nil {
		say("told", k.Text+" (by "+k.Agent+")")
	}
	if k := m.Knew.Said; k != nil && k.Text != m.Reasoning {
		say("thought", k.Text)
	}
	if n := m.Knew.Earlier; n > 0 {
		say("knew", plural(n, "earlier result"))
	}
	for _, k := range m.Knew.Results {
		say("knew", strings.TrimSpace(k.Tool+" "+k.Status)+": "+k.Text)
	}
	for _, k := range m.Came {
		say("came", strings.TrimSpace(k.Status+": "+k.Text))
	}
	if len(m.Came) == 0 && m.EventType == "agent.tool_call" {
		say("came", "no result is on record")
	}
	fmt.Fprintln(out)
	return out.Flush()
}
