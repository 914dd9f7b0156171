package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// screen is what a report as aligned text is written for.
type screen struct {
	columns int // 0: as many as there are
	m       *runewidth.Condition
}

func screenOf(columns int) screen {
	return screen{columns, &runewidth.Condition{StrictEmojiNeutral: true}}
}

// appendTable appends a report as aligned text for a screen of so many columns (0: as
// wide as the texts are). The searches of the figures are left out: they are wider
// than a terminal.
func appendTable(dst []byte, l layout, columns int) []byte {
	b, on := bytes.NewBuffer(dst), screenOf(columns)
	fmt.Fprintln(b, l.Title)
	width := 0
	for _, f := range l.Facts {
		width = max(width, len(f.Label))
	}
	for _, f := range l.Facts {
		on.wrapped(b, fmt.Sprintf("  %-*s  ", width, f.Label), f.Value)
	}
	for _, s := range l.Sections {
		if s.Wide {
			continue
		}
		fmt.Fprintf(b, "\n%s\n", s.Title)
		if s.Told && s.Note != "" {
			on.wrapped(b, "  ", s.Note)
		}
		if len(s.Columns) > 0 {
			s.write(b, on)
		}
		for i, text := range s.Numbered {
			on.wrapped(b, fmt.Sprintf("  %d. ", i+1), text)
		}
	}
	if len(l.Notes) > 0 {
		fmt.Fprintln(b)
	}
	for _, n := range l.Notes {
		on.wrapped(b, "! ", n)
	}
	return b.Bytes()
}

// textWidth is how wide sentences are at most.
const textWidth = 100

// wrapped writes a sentence on lines of at most textWidth, the first behind a
// prefix, the others below it.
func (on screen) wrapped(b *bytes.Buffer, prefix, text string) {
	most := textWidth
	if on.columns > 0 {
		most = min(most, on.columns)
	}
	line, indent := prefix, strings.Repeat(" ", on.m.StringWidth(prefix))
	for i, word := range strings.Fields(text) {
		if i > 0 && on.m.StringWidth(line)+1+on.m.StringWidth(word) > most {
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
func (s section) write(b *bytes.Buffer, on screen) {
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
			widths[i] = max(widths[i], on.m.StringWidth(text))
		}
	}
	s.fit(order, widths, on.columns)
	if len(order) == 1 && on.columns > 0 { // sentences, one a line
		for _, r := range rows {
			on.wrapped(b, "  ", r.Cells[order[0]])
		}
		return
	}
	for _, r := range rows {
		var line strings.Builder
		for _, i := range order {
			text := r.Cells[i]
			if on.m.StringWidth(text) > widths[i] {
				text = on.m.Truncate(text, widths[i], "…")
			}
			pad := strings.Repeat(" ", widths[i]-on.m.StringWidth(text))
			if line.WriteString("  "); s.Columns[i].Numeric {
				line.WriteString(pad + text)
			} else {
				line.WriteString(text + pad)
			}
		}
		fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
	}
}

// narrowing is how far columns are made narrower, in turn: those of words, those of
// ids, and those of words again.
var narrowing = [...]struct {
	code  bool
	least int
}{{false, 19}, {true, 12}, {false, 8}}

// fit makes columns narrower so that a row fits on a screen, the widest first. Figures
// are never cut.
func (s section) fit(order, widths []int, columns int) {
	over := -columns
	for _, i := range order {
		over += widths[i] + 2
	}
	for _, n := range narrowing {
		for columns > 0 && over > 0 {
			widest := -1
			for _, i := range order {
				if c := s.Columns[i]; !c.Numeric && c.Code == n.code && widths[i] > n.least && (widest < 0 || widths[i] > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
			over--
		}
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
