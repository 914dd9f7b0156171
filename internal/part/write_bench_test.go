package part_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/hansardhq/hansard/internal/part"
)

// BenchmarkWriteRows writes a row group of rows of many traces at once, as they
// come in.
func BenchmarkWriteRows(b *testing.B) {
	enc := part.NewEncoder()
	const open = 64 // traces
	rows := make([][]byte, part.RowGroup)
	for i, e := range benchEntries(enc, part.RowGroup) {
		e.TraceID = fmt.Sprintf("0199ae4c-%016x", uint64(i%open+i/(20*open)*open)*0x9e3779b97f4a7c15)
		rows[i] = enc.AppendRow(nil, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := enc.WriteRows(io.Discard, log, rows); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/part.RowGroup, "ns/row")
}
