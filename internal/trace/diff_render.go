package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// maxValue is how much of a value a rendered diff shows, in characters.
const maxValue = 160

// RenderDiff writes a diff for a terminal: what is the same in a line, what is
// different with its fields. all shows the steps that are the same, too.
func RenderDiff(w io.Writer, d Diff, color, all bool) error {
	r := &diffWriter{Writer: bufio.NewWriter(w), color: color} // keeps the first error, Flush returns it
	r.head(d)
	same := 0
	for _, s := range d.Steps {
		if s.Change == Same && !all {
			same++
			continue
		}
		r.skipped(same)
		same = 0
		r.step(s)
	}
	r.skipped(same)
	return r.Flush()
}

type diffWriter struct {
	*bufio.Writer
	color bool
}

func (r *diffWriter) paint(s, code string) string {
	if !r.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (r *diffWriter) head(d Diff) {
	fmt.Fprintf(r, "a  %s\nb  %s\n\n", Clean(d.A.TraceID), Clean(d.B.TraceID))
	row := func(name string, a, b string) {
		mark := ""
		if a != b {
			mark = "  *"
		}
		fmt.Fprintf(r, "%-12s %14s %14s%s\n", name, a, b, mark)
	}
	row("", "a", "b")
	row("events", fmt.Sprint(d.A.Events), fmt.Sprint(d.B.Events))
	row("errors", fmt.Sprint(d.A.Errors), fmt.Sprint(d.B.Errors))
	row("tool calls", fmt.Sprint(d.A.ToolCalls), fmt.Sprint(d.B.ToolCalls))
	row("duration", took(d.A.DurationMS), took(d.B.DurationMS))
	row("tokens", number(d.A.TokenCount), number(d.B.TokenCount))
	row("cost", money(d.A.CostUSD), money(d.B.CostUSD))
	fmt.Fprintf(r, "\n%d the same, %d changed, %d only in a, %d only in b\n\n", d.Same, d.Changed, d.OnlyA, d.OnlyB)
}

func (r *diffWriter) skipped(n int) {
	if n > 0 {
		fmt.Fprintln(r, r.paint(fmt.Sprintf("    … %s the same", plural(n, "step")), "2"))
	}
}

func (r *diffWriter) step(s DiffStep) {
	sign, code := " ", "0"
	e := s.A
	switch s.Change {
	case Changed:
		sign, code = "~", "33"
	case OnlyA:
		sign, code = "-", "31"
	case OnlyB:
		sign, code, e = "+", "32", s.B
	}
	line := fmt.Sprintf("%s %s%s  %s", sign, strings.Repeat("  ", min(s.Depth, 10)), Clean(s.Agent), Clean(first(e.Details, maxValue)))
	if e.Status != "" && s.Change != Changed {
		line += "  " + Clean(e.Status)
	}
	fmt.Fprintln(r, r.paint(line, code))
	for _, f := range s.Fields {
		if f.Name == "duration_ms" {
			fmt.Fprintf(r, "      took: %s -> %s\n", took(f.A), took(f.B))
			continue
		}
		fmt.Fprintf(r, "      %s: %s -> %s\n", Clean(f.Name), value(f.A), value(f.B))
	}
}

// value is JSON in a line that controls no terminal.
func value(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return "(none)"
	}
	s := text(raw)
	if cut := first(s, maxValue); len(cut) < len(s) {
		s = cut + "…"
	}
	return Clean(s)
}

func took(raw json.RawMessage) string {
	var ms float64
	if rawjson.SkipSpace(raw, 0) == len(raw) || string(raw) == "null" || json.Unmarshal(raw, &ms) != nil {
		return unknown
	}
	return Duration(int64(ms * 1000))
}

func number(raw json.RawMessage) string {
	var n int64
	if string(raw) == "null" || json.Unmarshal(raw, &n) != nil {
		return unknown
	}
	return Count(n)
}

func money(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return unknown
	}
	return "$" + string(raw)
}
