package dialect_test

import (
	"bytes"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/dialect"
)

// BenchmarkDecodeTeam decodes the events of an invented team: of ten types, 23
// members and some 650 bytes each.
func BenchmarkDecodeTeam(b *testing.B) {
	var block bench.Block
	bench.NewWorkload(1, 1_000_000).Fill(&block, 0)
	lines := bytes.Split(bytes.TrimSpace(block.Body), []byte("\n"))
	var a arena.Arena
	d := dialect.Decoder{Flat: dialect.Flat{Unbounded: true}, Arena: &a}
	var e hansard.Event
	b.ReportAllocs()
	for b.Loop() {
		for i, line := range lines {
			if i%1000 == 0 {
				a.Reset()
			}
			if err := d.Decode(&e, line); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(lines)), "ns/event")
}
