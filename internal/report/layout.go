package report

import "github.com/hansardhq/hansard/internal/trace"

// layout is a report as the renderers for people see it. Its texts are plain;
// each renderer escapes them for its format.
type layout struct {
	Title    string
	Facts    []fact // what the report is about
	Sections []section
	Notes    []string // what a reader must know to read the figures right
}

// fact is one line of the head.
type fact struct{ Label, Value string }

// section is a table under a title.
type section struct {
	Title   string
	Note    string   // under the title; may be empty
	Columns []column // none: the section is words alone
	Rows    []row
	Chart   *chart // nil: none
	// All is how many rows there would be, where the report holds fewer; 0: these.
	All int64
	// Numbered is a list of sentences below, each with its number.
	Numbered []string
	// Told makes the section read as a story on a terminal, too: with its
	// note, and its columns in their order.
	Told bool
	// Wide says that the rows hold prose: documents have it, a terminal does not.
	Wide bool
}

type column struct {
	Title   string
	Numeric bool // to the right
	Code    bool // a search or a hash: as it is written
	Icon    bool // signs of documents, which a terminal's columns are not wide enough for
}

// row is one line of a table.
type row struct {
	Cells []string
	// Share is how long a bar beside the row is, 0..100; 0: none.
	Share int
}

// figure is one line of a report as CSV: a value in the unit and spelling of the
// JSON form, "" when unknown.
type figure struct{ name, value, search string }

// clean returns the layout with what could harm a terminal, or mislead about the
// direction of text, spelled out.
func (l layout) clean() layout {
	facts := make([]fact, len(l.Facts))
	for i, f := range l.Facts {
		facts[i] = fact{f.Label, trace.Clean(f.Value)}
	}
	sections := make([]section, len(l.Sections))
	for i, s := range l.Sections {
		rows := make([]row, len(s.Rows))
		for j, r := range s.Rows {
			rows[j] = row{cleanAll(r.Cells), r.Share}
		}
		sections[i] = section{
			Title: trace.Clean(s.Title), Note: trace.Clean(s.Note), Columns: s.Columns, Rows: rows, Chart: s.Chart.clean(), All: s.All,
			Numbered: cleanAll(s.Numbered), Told: s.Told, Wide: s.Wide,
		}
	}
	return layout{trace.Clean(l.Title), facts, sections, l.Notes}
}

// clean is like that of a layout; of nil it is nil.
func (c *chart) clean() *chart {
	if c == nil {
		return nil
	}
	cleaned := &chart{Title: c.Title}
	for _, p := range c.Points {
		cleaned.Points = append(cleaned.Points, point{trace.Clean(p.Label), p.Value, trace.Clean(p.Text)})
	}
	return cleaned
}

func cleanAll(texts []string) []string {
	cleaned := make([]string, len(texts))
	for i, s := range texts {
		cleaned[i] = trace.Clean(s)
	}
	return cleaned
}

// HasShares reports whether rows of the section have bars.
func (s section) HasShares() bool {
	for _, r := range s.Rows {
		if r.Share > 0 {
			return true
		}
	}
	return false
}
