package part_test

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard/internal/part"
)

// TestStream holds that a stream of fewer rows than a row group has says so of each
// column, and that what it holds are the entries as they came.
func TestStream(t *testing.T) {
	enc := part.NewEncoder()
	entries := entriesOf(enc, 9, 300, "text")
	var b bytes.Buffer
	s, err := enc.NewStream(&b, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := s.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := enc.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), log)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if !bytes.Equal(enc.AppendRow(nil, got[i]), enc.AppendRow(nil, e)) {
			t.Fatalf("entry %d is not the one that was added", i)
		}
	}
	pf, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range pf.Metadata().RowGroups[0].Columns {
		m := &column.MetaData
		c := enc.Column(m.PathInSchema[0])
		if c.Kind != part.List && m.NumValues != int64(len(entries)) {
			t.Errorf("column %s: %d values in %d rows", c.Name, m.NumValues, len(entries))
		}
		if nulls := m.Statistics.NullCount; nulls < 0 || nulls > m.NumValues || c.Required && nulls > 0 {
			t.Errorf("column %s: %d of %d values are null", c.Name, nulls, m.NumValues)
		}
	}
}
