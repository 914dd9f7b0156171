package part_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard/internal/part"
)

// TestBounds holds the bounds of the pages of texts, with a dictionary and without,
// against the values that another reader finds in them.
func TestBounds(t *testing.T) {
	enc := part.NewEncoder()
	entries := benchEntries(enc, 9000)
	for i, e := range entries {
		e.TraceID = fmt.Sprint("trace-", i*7919%3000)
		e.SpanID = fmt.Sprintf("%0*x", i%90, i*2654435761%999983) // short and long ones
		e.AgentName = strings.Repeat("a", i%5) + fmt.Sprint("agent ", i%40)
	}
	var b bytes.Buffer
	if err := enc.Write(&b, entries); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, c := range f.RowGroups()[0].ColumnChunks() {
		index, err := c.ColumnIndex()
		if err != nil || c.Type().Kind() != parquet.ByteArray || index.NumPages() == 0 || len(index.MaxValue(0).ByteArray()) == 0 {
			continue
		}
		pages := c.Pages()
		for i := range index.NumPages() {
			least, greatest := boundsOf(t, pages)
			if got := index.MinValue(i).String(); got != least {
				t.Errorf("column %d, page %d: the least is %q, noted is %q", c.Column(), i, least, got)
			}
			if got := index.MaxValue(i).String(); got != greatest {
				t.Errorf("column %d, page %d: the greatest is %q, noted is %q", c.Column(), i, greatest, got)
			}
			checked++
		}
		pages.Close()
	}
	if checked < 30 {
		t.Errorf("%d pages have bounds", checked)
	}
}

// boundsOf returns the least and the greatest value of the next page.
func boundsOf(t *testing.T, pages parquet.Pages) (least, greatest string) {
	t.Helper()
	page, err := pages.ReadPage()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]parquet.Value, page.NumValues())
	if n, err := page.Values().ReadValues(values); n != len(values) || err != nil && err != io.EOF {
		t.Fatal(n, err)
	}
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		if s := v.String(); least == "" || s < least {
			least = s
		}
		greatest = max(greatest, v.String())
	}
	return least, greatest
}
