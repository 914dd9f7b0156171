package main

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

// column is a column of a table.
type column struct {
	title string
	most  int  // columns of the terminal that it may take; 0: as many as there are
	rest  bool // it gets what the others leave
	right bool // figures
	paint func(text string) string
}

// table writes rows in aligned columns. The widths are those of the first rows,
// so that rows may come one by one; later ones are cut or stand out.
type table struct {
	columns []column
	t       terminal
	fixed   bool // columns are as wide as they may be, for rows to come
	m       *runewidth.Condition
	widths  []int
}

const tableGap = "  "

func newTable(t terminal, columns ...column) *table {
	return &table{columns: columns, t: t, m: &runewidth.Condition{StrictEmojiNeutral: true}}
}

// write writes rows, before the first the titles. Every text is made harmless to
// a terminal.
func (t *table) write(w io.Writer, rows [][]string) error {
	out := bufio.NewWriter(w) // keeps the first error, Flush returns it
	first := t.widths == nil
	if first {
		t.layOut(rows)
	}
	if first {
		titles := make([]string, len(t.columns))
		for i, c := range t.columns {
			titles[i] = c.title
		}
		t.row(out, titles, true)
	}
	for _, r := range rows {
		t.row(out, r, false)
	}
	return out.Flush()
}

// layOut sets the widths of the columns.
func (t *table) layOut(rows [][]string) {
	t.widths = make([]int, len(t.columns))
	left := t.t.width
	for i, c := range t.columns {
		t.widths[i] = len(c.title)
		for _, r := range rows {
			t.widths[i] = max(t.widths[i], t.m.StringWidth(t.text(r[i])))
		}
		if most := max(c.most, len(c.title)); c.most > 0 && t.t.width > 0 {
			t.widths[i] = min(t.widths[i], most)
			if t.fixed {
				t.widths[i] = most
			}
		}
		left -= t.widths[i] + len(tableGap)
	}
	left += len(tableGap)
	for i, c := range t.columns {
		if c.rest && t.t.width > 0 {
			t.widths[i] = max(t.widths[i]+left, 12)
		}
	}
}

// longest bounds what is measured of one cell, in bytes.
const longest = 4096

// text returns a cell's text without what could control a terminal.
func (t *table) text(s string) string {
	if t.t.width > 0 && len(s) > longest {
		s = s[:longest]
	}
	return trace.Clean(s)
}

func (t *table) row(w *bufio.Writer, r []string, title bool) {
	var b strings.Builder
	for i, c := range t.columns {
		s := t.text(r[i])
		if t.t.width > 0 && t.m.StringWidth(s) > t.widths[i] {
			s = t.m.Truncate(s, t.widths[i], "…")
		}
		pad := strings.Repeat(" ", max(0, t.widths[i]-t.m.StringWidth(s)))
		switch {
		case title:
			s = t.bold(s)
		case c.paint != nil && t.t.color:
			s = c.paint(s)
		}
		if c.right {
			s, pad = pad+s, ""
		}
		b.WriteString(s)
		if i < len(t.columns)-1 {
			b.WriteString(pad + tableGap)
		}
	}
	w.WriteString(strings.TrimRight(b.String(), " ") + "\n")
}

func (t *table) bold(s string) string {
	if !t.t.color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

// dim and the others paint a text.
func dim(s string) string   { return "\x1b[2m" + s + "\x1b[0m" }
func red(s string) string   { return "\x1b[31m" + s + "\x1b[0m" }
func green(s string) string { return "\x1b[32m" + s + "\x1b[0m" }

// paintStatus paints the status of an event.
func paintStatus(s string) string {
	switch strings.TrimSpace(s) {
	case "ok":
		return green(s)
	case "error", "timeout":
		return red(s)
	case "":
		return s
	}
	return "\x1b[33m" + s + "\x1b[0m"
}

// writeMarkdown writes a table in Markdown. Titles is nil where they have been
// written.
func writeMarkdown(w io.Writer, titles []string, rows [][]string) error {
	out := bufio.NewWriter(w)
	line := func(cells []string) {
		out.WriteString("|")
		for _, c := range cells {
			out.WriteString(" " + markdownCell(c) + " |")
		}
		out.WriteString("\n")
	}
	if titles != nil {
		line(titles)
		out.WriteString(strings.Repeat("| --- ", len(titles)) + "|\n")
	}
	for _, r := range rows {
		line(r)
	}
	return out.Flush()
}

// markdownCell writes text so that Markdown shows it as it is.
func markdownCell(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
	).Replace(trace.Clean(s))
}

// writeCSV writes rows of comma-separated values (RFC 4180, with LF). Agents and
// those whom they talk to choose the texts, so none may be a formula.
func writeCSV(w io.Writer, titles []string, rows [][]string) error {
	out := csv.NewWriter(w)
	if titles != nil {
		rows = append([][]string{titles}, rows...)
	}
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, text := range r {
			cells[i] = report.CSVCell(text)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
