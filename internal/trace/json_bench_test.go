package trace_test

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// BenchmarkTimelineJSON writes the timeline of a long trace as the API does.
func BenchmarkTimelineJSON(b *testing.B) {
	var entries []*hansard.Entry
	for i := range 50_000 {
		e := &hansard.Entry{Position: uint64(i)}
		e.EventID, e.TraceID, e.EventType, e.AgentName = fmt.Sprintf("event-%d", i), "t", hansard.TypeToolCall, fmt.Sprintf("agent %d", i/50%8)
		e.ToolName, e.Status, e.Timestamp, e.Params = "search", "ok", int64(i)*40_000_000+1, json.RawMessage(`{"order":7}`)
		if i > 0 {
			e.ParentEventID = fmt.Sprintf("event-%d", (i-1)/2)
		}
		entries = append(entries, e)
	}
	tl := trace.NewTimeline(entries)
	b.ReportAllocs()
	for b.Loop() {
		if err := json.NewEncoder(io.Discard).Encode(map[string]any{"traces": []any{tl}}); err != nil {
			b.Fatal(err)
		}
	}
}
