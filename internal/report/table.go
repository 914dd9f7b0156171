package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendTable appends a report as aligned text. The searches of the figures are
// left out: they are wider than a terminal.
func appendTable(dst []byte, l layout) []byte {
	b := bytes.NewBuffer(dst)
	fmt.Fprintln(b, l.Title)
	width := 0
	for _, f := range l.Facts {
		width = max(width, len(f.Label))
	}
	for _, f := range l.Facts {
		fmt.Fprintf(b, "  %-*s  %s\n", width, f.Label, f.Value)
	}
	for _, s := range l.Sections {
		if s.Wide {
			continue
		}
		fmt.Fprintf(b, "\n%s\n", s.Title)
		if s.Told && s.Note != "" {
			wrapped(b, "  ", s.Note)
		}
		if len(s.Columns) > 0 {
			s.write(b)
		}
		for i, text := range s.Numbered {
			wrapped(b, fmt.Sprintf("  %d. ", i+1), text)
		}
	}
	if len(l.Notes) > 0 {
		fmt.Fprintln(b)
	}
	for _, n := range l.Notes {
		fmt.Fprintln(b, "! "+n)
	}
	return b.Bytes()
}

// textWidth is how wide sentences are on a terminal.
const textWidth = 100

// wrapped writes a sentence on lines of at most textWidth, the first behind a
// prefix, the others below it.
func wrapped(b *bytes.Buffer, prefix, text string) {
	line, indent := prefix, strings.Repeat(" ", utf8.RuneCountInString(prefix))
	for i, word := range strings.Fields(text) {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth {
			fmt.Fprintln(b, line)
			line = indent
		} else if i > 0 {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}

// write writes the rows in aligned columns.
func (s section) write(b *bytes.Buffer) {
	order, rows := s.order(), s.Rows
	if s.Title != overview {
		titles := row{}
		for _, c := range s.Columns {
			titles.Cells = append(titles.Cells, strings.ToUpper(c.Title))
		}
		rows = append([]row{titles}, rows...)
	}
	widths := make([]int, len(s.Columns))
	for _, r := range rows {
		for i, text := range r.Cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for _, i := range order {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(r.Cells[i]))
			if line.WriteString("  "); s.Columns[i].Numeric {
				line.WriteString(pad + r.Cells[i])
			} else {
				line.WriteString(r.Cells[i] + pad)
			}
		}
		fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
	}
}

// order returns the columns as a terminal shows them. The first names the row,
// often in words of the sender's, which may be of any width: where other columns
// follow it stands last, so that it moves none of them. A table of figures has
// names of our own and keeps its order.
func (s section) order() []int {
	var order []int
	for i, c := range s.Columns {
		if (i > 0 || s.keeps()) && c.Title != searchColumn && !c.Icon {
			order = append(order, i)
		}
	}
	if !s.keeps() {
		order = append(order, 0)
	}
	return order
}

// keeps reports whether the columns keep their order on a terminal.
func (s section) keeps() bool { return s.Title == overview || s.Told }
