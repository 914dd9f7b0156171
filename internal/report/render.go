package report

import (
	"io"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// Format names a way to write a report.
type Format string

// The formats.
const (
	Table    Format = "table"    // aligned text for a terminal
	JSON     Format = "json"     // one indented object
	CSV      Format = "csv"      // figure, value, search
	Markdown Format = "markdown" // GitHub's, with tables
	HTML     Format = "html"     // one self-contained page without scripts
)

// Formats lists the formats.
func Formats() []Format { return []Format{Table, JSON, CSV, Markdown, HTML} }

// ParseFormat reads the name of a format. The error is of KindInvalid.
func ParseFormat(s string) (Format, error) {
	if f := Format(s); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "report: unknown format %q", s), "one of "+strings.Join(names, ", "))
}

// ContentType returns the media type of a format, as HTTP names it.
func (f Format) ContentType() string {
	switch f {
	case JSON:
		return "application/json"
	case CSV:
		return "text/csv; charset=utf-8"
	case Markdown:
		return "text/markdown; charset=utf-8"
	case HTML:
		return "text/html; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// Report is a report of this package.
type Report interface {
	layout() layout
	figures() ([]figure, error)
}

// Render writes a report in a format. The error is of KindInvalid for an unknown
// format, else that of w.
func Render(w io.Writer, r Report, f Format) error {
	if _, err := ParseFormat(string(f)); err != nil {
		return err
	}
	return render(w, r, f, 0)
}

// RenderTable writes a report as aligned text for a terminal with so many columns: what
// does not fit is cut. The error is that of w.
func RenderTable(w io.Writer, r Report, columns int) error { return render(w, r, Table, columns) }

func render(w io.Writer, r Report, f Format, columns int) error {
	var b []byte
	var err error
	if all, ok := r.(Incidents); ok && (f == Table || f == Markdown) {
		return renderEach(w, all, f, columns)
	}
	switch f {
	case Table:
		b = appendTable(nil, r.layout().clean(), columns)
	case JSON:
		b, err = appendJSON(nil, r)
	case CSV:
		var figures []figure
		if figures, err = r.figures(); err == nil {
			b, err = appendCSV(nil, figures)
		}
	case Markdown:
		if d, ok := r.(interface{ document() []byte }); ok {
			b = d.document()
		} else {
			b = appendMarkdown(nil, r.layout().clean())
		}
	case HTML:
		b, err = appendHTML(nil, r.layout().clean())
	}
	if err != nil {
		return hansard.Errorf(hansard.KindInternal, "render a report: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// renderEach writes reports one after the other.
func renderEach(w io.Writer, all Incidents, f Format, columns int) error {
	for i, r := range all {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := render(w, r, f, columns); err != nil {
			return err
		}
	}
	return nil
}
