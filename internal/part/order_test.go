package part_test

import (
	"bytes"
	"cmp"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// TestOrder holds the order of row groups against a sort of the entries.
func TestOrder(t *testing.T) {
	enc := part.NewEncoder()
	r := rand.New(rand.NewPCG(3, 4))
	traces := []string{"", "a", "ab", "abcdefgh", "abcdefgh\x00", "abcdefgh1", "abcdefgh2", "abcdefghi", "b", "\xff"}
	for n := range 40 {
		entries := entriesOf(enc, uint64(n), 1+n*5, "text")
		for _, e := range entries {
			e.TraceID = traces[r.IntN(len(traces))]
			if n%4 == 0 {
				e.TraceID = "" // a part without the column
			}
			e.Timestamp = int64(r.IntN(5))
			e.Position = e.Index + 7
		}
		f, _ := openPart(t, enc, entries)
		got, err := f.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(entries, func(a, b *hansard.Entry) int {
			return cmp.Or(cmp.Compare(a.TraceID, b.TraceID), cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Position, b.Position))
		})
		for i, e := range entries {
			if got[i].Index != e.Index {
				t.Fatalf("%d entries: row %d is entry %d, want %d", len(entries), i, got[i].Index, e.Index)
			}
		}
	}
}

// TestShortRows holds that a row that is cut anywhere is refused, and does no harm.
func TestShortRows(t *testing.T) {
	enc := part.NewEncoder()
	row := enc.AppendRow(nil, entriesOf(enc, 5, 2, "text")[1])
	for n := range row {
		rows := [][]byte{row[:n:n]}
		err := enc.WriteRows(io.Discard, log, rows)
		if _, parsed := enc.ParseRow(rows[0]); err == nil && parsed != nil {
			t.Errorf("%d of %d bytes are taken, but: %v", n, len(row), parsed)
		}
	}
	if err := enc.WriteRows(io.Discard, log, [][]byte{row, append(bytes.Clone(row), 3, 0)}); err == nil {
		t.Error("a column behind the last is taken")
	}
	var b bytes.Buffer
	if err := enc.WriteRows(&b, log, [][]byte{row}); err != nil {
		t.Fatal(err)
	}
	f, err := enc.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), log)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.ReadAll(); err != nil || !bytes.Equal(enc.AppendRow(nil, got[0]), row) {
		t.Errorf("after rows that were refused: %v", err)
	}
}
