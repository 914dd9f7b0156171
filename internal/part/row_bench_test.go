package part_test

import (
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// BenchmarkRow measures what each entry costs between its event and its part: its
// body, its leaf and that one's hash, and the look at it that detection takes.
func BenchmarkRow(b *testing.B) {
	enc := part.NewEncoder()
	entries := benchEntries(enc, 1000)
	rows := enc.RowsOf(entries)
	bodies := make([][]byte, len(rows))
	for i, r := range rows {
		var err error
		if _, bodies[i], err = part.SplitRow(r.Bytes); err != nil {
			b.Fatal(err)
		}
		r.Place.ReceivedAt = rows[0].Place.ReceivedAt // they are of one commit
	}
	each := func(name string, f func(i int)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for i := range rows {
					f(i)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/entry")
		})
	}
	var buf []byte
	each("body", func(i int) { buf = part.AppendBody(buf[:0], entries[i]) })
	leaves := enc.NewRowLeaves()
	each("leaf", func(i int) { buf, _ = leaves.Append(buf[:0], rows[i].Place, bodies[i]) })
	each("hash", func(i int) { _, _ = leaves.Hash(rows[i].Place, bodies[i]) })
	var e hansard.Entry
	each("view", func(i int) {
		if err := enc.View(&e, rows[i]); err != nil {
			b.Fatal(err)
		}
	})
}
