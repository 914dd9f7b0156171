package part_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// TestJoin holds parts that are joined against one that is written of all their rows.
func TestJoin(t *testing.T) {
	enc := part.NewEncoder()
	same := func(what string, filters bool, alike bool, cuts ...int) {
		t.Helper()
		n := cuts[len(cuts)-1]
		entries, ids := entriesOf(enc, 11, n, "text"), make([]part.ID, n)
		for i, e := range entries {
			e.TraceID = fmt.Sprint("trace ", i/30)
			if i%7 == 0 && i > n/2 {
				e.TraceID = ""
			}
			ids[i] = part.ID{Event: part.EventHash(fmt.Sprint(i)), Fingerprint: [6]byte{byte(i)}}
		}
		whole, index := written(t, enc, entries, ids, filters)
		var files []*part.File
		var parts []*part.Index
		for i, from := 0, 0; i < len(cuts); from, i = cuts[i], i+1 {
			b, x := written(t, enc, entries[from:cuts[i]], ids[from:cuts[i]], filters)
			f, err := enc.Open(bytes.NewReader(b), int64(len(b)), x.Log)
			if err != nil {
				t.Fatal(err)
			}
			files, parts = append(files, f), append(parts, x)
		}
		var joined bytes.Buffer
		x := part.NewJoinedIndex(parts)
		if err := enc.Join(&joined, x, files); err != nil {
			t.Fatal(err)
		}
		x.Bytes, x.SHA256 = index.Bytes, index.SHA256
		if alike && !bytes.Equal(x.Append(nil), index.Append(nil)) {
			t.Errorf("%s: the index differs: %+v\nwant %+v", what, x.Info, index.Info)
		}
		if alike && !bytes.Equal(joined.Bytes(), whole) {
			t.Errorf("%s: the %d bytes are not the %d of one part", what, joined.Len(), len(whole))
		}
		checkJoined(t, enc, joined.Bytes(), entries)
	}
	if !testing.Short() {
		same("a full row group and another", false, true, part.RowGroup, part.RowGroup+700)
		same("full row groups", true, true, part.RowGroup, 2*part.RowGroup, 2*part.RowGroup+700)
		same("several in one", false, true, 2*part.RowGroup, 2*part.RowGroup+256)
	}
	same("others", true, false, 300, 900)
}

// written returns a part and its index.
func written(t *testing.T, enc *part.Encoder, entries []*hansard.Entry, ids []part.ID, filters bool) ([]byte, *part.Index) {
	t.Helper()
	name := part.Name{First: entries[0].Index, End: entries[len(entries)-1].Index + 1}
	x := part.NewIndex(name, entries, append([]part.ID(nil), ids...))
	if filters {
		if err := x.AddRowTexts(enc, enc.RowsOf(entries)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := enc.Write(&b, entries); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), x
}

// checkJoined reads all rows of a part.
func checkJoined(t *testing.T, enc *part.Encoder, b []byte, entries []*hansard.Entry) {
	t.Helper()
	f, err := enc.Open(bytes.NewReader(b), int64(len(b)), entries[0].Log)
	if err != nil {
		t.Fatal(err)
	}
	group, err := enc.NewGroup()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for i := range f.Groups() {
		if err := group.Load(f, i, nil); err != nil {
			t.Fatal(err)
		}
		for row := range group.Len() {
			e := entries[group.Place(row).Index-entries[0].Index]
			if got, want := group.HashLeaf(row), part.HashLeaf(enc.AppendLeaf(nil, e)); got != want {
				t.Fatalf("entry %d is another one", e.Index)
			}
			seen++
		}
	}
	if seen != len(entries) {
		t.Errorf("%d rows, want %d", seen, len(entries))
	}
}
