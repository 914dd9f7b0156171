package forensic_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
)

// BenchmarkWatch follows traces as agents make them: a user asks, and eight calls are
// made and answered, of which one names an address.
func BenchmarkWatch(b *testing.B) {
	const pseudonym = "pii:email:k1:0123456789abcdef01234567"
	trace := []*hansard.Entry{{
		Event: hansard.Event{
			EventType: hansard.TypeInvocation, Source: "user",
			Params: json.RawMessage(`{"task":"find out why the order was not shipped and tell the customer","channel":"chat","priority":3}`),
		},
		Persons: json.RawMessage(`{"user_id":"` + pseudonym + `"}`),
	}}
	for i := range 8 {
		note := "left the house"
		if i == 5 {
			note += " Contact: " + pseudonym
		}
		trace = append(trace, &hansard.Entry{Event: hansard.Event{
			EventType: hansard.TypeToolCall, ToolName: "orders", SideEffect: "read",
			Params: json.RawMessage(fmt.Sprintf(`{"id":"ORD-%d","limit":20,"query":"late by some days"}`, 100_000+i)),
		}}, &hansard.Entry{Event: hansard.Event{
			EventType: hansard.TypeToolResult, ToolName: "orders", SideEffect: "read",
			Result: json.RawMessage(fmt.Sprintf(`{"id":"ORD-%d","status":"shipped","total":%d.5,"sku":["A-%d"],"note":"%s"}`, 100_000+i, i, 1000+i, note)),
		}})
	}
	ids := make([]string, 2*forensic.MaxTraces) // more than are followed: each begins anew
	for i := range ids {
		ids[i] = fmt.Sprintf("trace-%016x", i*7919)
	}
	w, i := forensic.NewWatch(), 0
	for b.Loop() {
		e := trace[i%len(trace)]
		e.TraceID = ids[i/len(trace)%len(ids)]
		w.Take(e)
		i++
	}
}
