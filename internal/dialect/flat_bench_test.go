package dialect_test

import (
	"bytes"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/dialect"
)

// flatSample is an event as an agent sends it: 23 fields, some 600 bytes.
const flatSample = `{"event_id": "0199a1d27c3e7b119d57", "event_type": "agent.tool_call", "agent_name": "support", "task_id": "task-48213", "session_id": "sess-9f27c1", "action": "tool_call:get_order", "params": {"order_id": 77812}, "result": {"status": "shipped", "total": 129.9}, "reasoning": "Look the order up first.", "confidence": 0.87, "source": "agent", "parent_event_id": null, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "timestamp": 1763907781.25, "duration_ms": 341.7, "token_count": 512, "model": "gpt-4o", "version": "1.4.2", "error": null, "error_type": null, "status": "ok", "environment": "prod", "cost_usd": 0.00231}`

func BenchmarkDecode(b *testing.B) {
	raw := []byte(flatSample)
	var flat dialect.Flat
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			if _, err := flat.Decode(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("into", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		var e hansard.Event
		for b.Loop() {
			if err := flat.DecodeInto(&e, raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

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

func BenchmarkAppendEvent(b *testing.B) {
	e, err := new(dialect.Flat).Decode([]byte(flatSample))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = dialect.AppendEvent(buf[:0], e)
	}
}
