package hansard_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
)

func TestEntryJSON(t *testing.T) {
	want := &hansard.Entry{
		Event: hansard.Event{
			EventID: "e1", EventType: hansard.TypeToolCall, Timestamp: 1763907781250000001, AgentName: "billing",
			DurationUS: hansard.Some[int64](12_300_450), CostNanoUSD: hansard.Some[int64](4_596_000), Confidence: hansard.Some(0.87),
			InputTokens: hansard.Some[int64](0), ActorType: "human", ActorID: "pii:person:k1:0011223344556677",
			Params: json.RawMessage(`{"order_id":7.10}`), Resources: []hansard.Resource{{Kind: "order"}}, Tags: []string{"a"},
			TimeSource: hansard.TimeFromSender, DecisionUS: hansard.Some[int64](1),
		},
		Encoder: 1, Position: 7, ReceivedAt: 1763907782000000000, Tier: hansard.TierInfo, SubmittedBy: "loopback",
		Redactions: []hansard.RedactionCount{{Kind: "email", N: 2}, {Kind: "phone", N: 1}},
		Log:        hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}, Index: 3, LeafHash: hansard.Hash{1, 2},
		ContentSize: 5, ContentDigest: hansard.Hash{9},
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]any{"duration_ms": 12300.45, "cost_usd": 0.004596, "decision_ms": 0.001, "input_tokens": 0.0, "erased": true} {
		if fields[key] != value {
			t.Errorf("%s = %v, want %v", key, fields[key], value)
		}
	}
	if _, ok := fields["output_tokens"]; ok {
		t.Error("an absent figure is shown")
	}
	want.Salt = []byte("0123456789abcdef")
	if b, err = json.Marshal(want); err != nil {
		t.Fatal(err)
	}
	var got hansard.Entry
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, &got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
