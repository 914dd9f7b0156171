package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

func TestAppendEvent(t *testing.T) {
	f := func(e hansard.Event, want string) {
		t.Helper()
		if got := string(dialect.AppendEvent([]byte("> "), &e)); got != "> "+want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f(hansard.Event{}, `{}`)
	f(hansard.Event{AgentName: "a\"b", RaiseTier: hansard.TierInfo}, `{"agent_name":"a\"b","tier":"info"}`)
	f(hansard.Event{
		EventID: "1", EventType: "agent.error", Timestamp: 1763907781250000000, Tags: []string{"a", "b"},
		Params: json.RawMessage(`{"a" : 1.0}`), DurationUS: hansard.Some[int64](1500), Confidence: hansard.Some(0.5),
		ActorID: "x", CostNanoUSD: hansard.Some[int64](1), InputTokens: hansard.Some[int64](0),
		Resources: []hansard.Resource{{ID: "r"}, {}}, Attributes: json.RawMessage(`{"b": 2}`),
	}, `{"event_id":"1","event_type":"agent.error","timestamp":"2025-11-23T14:23:01.25Z","tags":["a","b"],"params":{"a":1.0},`+
		`"duration_ms":1.5,"confidence":0.5,"actor":{"id":"x"},"input_tokens":0,"cost_usd":0.000000001,`+
		`"resources":[{"id":"r"},{}],"attributes":{"b":2}}`)
	f(hansard.Event{Rating: hansard.Some(8675309.25), DecisionUS: hansard.Some[int64](-1001)}, `{"decision_ms":-1.001,"rating":8675309.25}`)
	f(hansard.Event{Rating: hansard.Some(1e-7)}, `{"rating":1e-07}`)
}
