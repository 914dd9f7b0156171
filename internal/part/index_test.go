package part_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/hansardhq/hansard/internal/part"
)

// TestWriteIndexed holds the index that is made beside the writing of rows against
// that of the entries.
func TestWriteIndexed(t *testing.T) {
	enc := part.NewEncoder()
	same := func(trace func(i int) string, n int) {
		t.Helper()
		entries, ids := entriesOf(enc, 9, n, "text"), make([]part.ID, n)
		for i, e := range entries {
			e.TraceID = trace(i)
			ids[i].Event = part.EventHash(fmt.Sprint(i))
		}
		name := part.Name{End: uint64(n)}
		want := part.NewIndex(name, entries, slices.Clone(ids))
		var rows [][]byte
		for _, r := range enc.RowsOf(entries) {
			rows = append(rows, r.Bytes)
		}
		got := part.NewRowIndex(name, enc.RowsOf(entries), ids)
		if err := enc.WriteIndexed(io.Discard, got, rows); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Append(nil), want.Append(nil)) {
			t.Errorf("%d entries: the index of rows is not that of entries", n)
		}
	}
	same(func(int) string { return "" }, 3)
	same(func(int) string { return "a" }, 300)
	same(func(i int) string { return []string{"", "a", "b"}[i%3] }, 301)
	if testing.Short() {
		return // the race run: one goroutine writes
	}
	same(func(i int) string { return fmt.Sprint("trace ", i/40) }, part.RowGroup+3000)
	same(func(i int) string { return fmt.Sprint("trace ", i%999)[:6+i/part.RowGroup] }, part.RowGroup+300)
}
