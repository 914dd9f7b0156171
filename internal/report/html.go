package report

import (
	"bytes"
	_ "embed" // the page's template is a file of its own
	"html/template"
)

// page is the template of the HTML form. It is never changed.
//
//go:embed page.html
var page string

// appendHTML appends a report as one page that loads nothing and runs nothing.
func appendHTML(dst []byte, l layout) ([]byte, error) {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(dst)
	err = t.Execute(b, l)
	return b.Bytes(), err
}
