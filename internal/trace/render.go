package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Options says how Render writes a timeline.
type Options struct {
	Color bool // with ANSI colours
	Width int  // columns of the terminal, at least 80 are used; 0: nothing is cut
	Tree  bool // in order of the tree, children indented under their parents
}

// The columns.
const (
	colTime = iota
	colAgent
	colAction
	colDetails
	colDuration
	colStatus
	columns
)

// Limits of a rendered line, in columns unless stated.
const (
	minWidth   = 80
	minDetails = 8
	maxIndent  = 10 // levels that are indented
	gap        = 2  // between columns
)

// table is a timeline laid out in cells.
type table struct {
	tl     Timeline
	opt    Options
	m      *runewidth.Condition
	widths [columns]int
}

// Render writes the timeline as text: a line that heads it, one line per event
// in aligned columns, and the totals. Nothing that a sender wrote reaches w
// without Clean. The error is that of w.
func Render(w io.Writer, tl Timeline, opt Options) error {
	if opt.Width > 0 {
		opt.Width = max(opt.Width, minWidth)
	}
	t := &table{tl: tl, opt: opt, m: metrics()}
	rows := t.rows()
	out := bufio.NewWriter(w) // keeps the first error, Flush returns it
	t.text(out, t.head(), bold)
	if len(rows) > 0 {
		fmt.Fprintln(out)
		t.row(out, t.titles(), bold, bold)
	}
	for i, r := range rows {
		t.row(out, r, "", statusColor(t.line(i)))
	}
	fmt.Fprintln(out)
	for _, line := range t.wrap(totals(tl)) {
		t.text(out, line, bold)
	}
	for _, line := range whereTimeWent(tl) {
		t.text(out, line, "")
	}
	for _, note := range notes(tl) {
		t.text(out, note, yellow)
	}
	return out.Flush()
}

// line returns the i-th line in the order asked for.
func (t *table) line(i int) Line {
	if t.opt.Tree && len(t.tl.Nested) == len(t.tl.Lines) {
		i = t.tl.Nested[i]
	}
	return t.tl.Lines[i]
}

func (t *table) titles() [columns]cell {
	var r [columns]cell
	for i, s := range [columns]string{"TIME", "AGENT", "ACTION", "DETAILS", "DURATION", "STATUS"} {
		r[i] = cell{s, len(s)}
	}
	return r
}

// rows lays out the events and sets the widths of the columns; the details get
// what the others leave.
func (t *table) rows() [][columns]cell {
	for i, title := range t.titles() {
		t.widths[i] = title.width
	}
	rows := make([][columns]cell, len(t.tl.Lines))
	layout := t.timeLayout()
	for i := range rows {
		l := t.line(i)
		rows[i] = [columns]cell{
			colTime:     newCell(t.m, l.Time.Format(layout), 0),
			colAgent:    newCell(t.m, l.Agent, t.most(8, 20)),
			colAction:   newCell(t.m, t.indent(l)+l.Action, t.most(5, 36)),
			colDuration: newCell(t.m, l.Duration, 0),
			colStatus:   newCell(t.m, l.Status, t.most(8, 12)),
		}
		t.widen(rows[i])
	}
	room := 0
	if t.opt.Width > 0 {
		room = t.opt.Width - (columns-1)*gap
		for i, width := range t.widths {
			if i != colDetails {
				room -= width
			}
		}
		room = max(room, minDetails)
	}
	for i := range rows {
		rows[i][colDetails] = newCell(t.m, t.line(i).Details, room)
		t.widen(rows[i])
	}
	return rows
}

// most returns the limit of a column: a part of the width, at most limit; none
// where nothing is cut.
func (t *table) most(part, limit int) int { return min(t.opt.Width/part, limit) }

func (t *table) widen(r [columns]cell) {
	for i, c := range r {
		t.widths[i] = max(t.widths[i], c.width)
	}
}

// timeLayout shows the day, and no fractions, where a trace runs over midnight.
func (t *table) timeLayout() string {
	if t.tl.Start.Format("2006-01-02") != t.tl.End.Format("2006-01-02") {
		return "01-02 15:04:05"
	}
	return "15:04:05.000"
}

// indent returns what stands before the action of a line in the tree.
func (t *table) indent(l Line) string {
	if !t.opt.Tree {
		return ""
	}
	s := strings.Repeat("  ", min(l.Depth, maxIndent))
	if l.Depth > maxIndent {
		s += fmt.Sprintf("[%d] ", l.Depth)
	}
	switch {
	case l.Orphan:
		s += "(orphan) "
	case l.Cycle:
		s += "(cycle) "
	}
	return s
}

// row writes one line of cells; status has a colour of its own.
func (t *table) row(w io.Writer, r [columns]cell, color, status string) {
	var b strings.Builder
	for i, c := range r {
		if i == colStatus {
			color = status
		}
		pad := strings.Repeat(" ", t.widths[i]-c.width)
		if i == colDuration {
			b.WriteString(pad + t.paint(c.text, color))
			pad = ""
		} else {
			b.WriteString(t.paint(c.text, color))
		}
		if i < columns-1 {
			b.WriteString(pad + strings.Repeat(" ", gap))
		}
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

// text writes a line that spans the columns.
func (t *table) text(w io.Writer, s, color string) {
	fmt.Fprintln(w, t.paint(newCell(t.m, s, t.opt.Width).text, color))
}
