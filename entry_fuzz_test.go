package hansard_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
)

// FuzzEntryJSON reads what a server may answer: an entry that is read is written
// and read again as the same.
func FuzzEntryJSON(f *testing.F) {
	f.Add([]byte(`{"event_id":"e","event_type":"agent.tool_call","timestamp":"2026-11-23T14:23:01.25Z","duration_ms":1.5,"cost_usd":0.000000001,"position":7,"received_at":"2026-11-23T14:23:02Z","tier":"info","redactions":{"email":2},"params":{"a":[1.50]},"log":"acme/info","index":3,"content":{"alg":"sha256","digest":"00","size":2,"salt":"00"},"actor":{"type":"human"},"confidence":0.5}`))
	f.Add([]byte(`{"timestamp":"9999-12-31T23:59:59Z","duration_ms":1e300,"cost_usd":-1,"decision_ms":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e hansard.Entry
		if json.Unmarshal(b, &e) != nil {
			return
		}
		once, err := json.Marshal(&e)
		if err != nil {
			return // a value that no JSON has, such as raw text that is none
		}
		var again hansard.Entry
		if err := json.Unmarshal(once, &again); err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		twice, err := json.Marshal(&again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(once), string(twice)); diff != "" {
			t.Fatalf("(-once +twice):\n%s", diff)
		}
	})
}
