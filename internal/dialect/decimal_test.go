package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/hansardhq/hansard"
)

func TestDecodeNumbers(t *testing.T) {
	duration := func(in string, want int64) {
		t.Helper()
		checkDecode(t, `{"duration_ms":`+in+`}`, func(e *hansard.Event) { e.DurationUS = hansard.Some(want) })
	}
	duration("0.0005", 1)
	duration("1.0005", 1001)
	duration("1.00049999999999999999999999", 1000)
	duration("0.001", 1)
	duration("12.3455", 12346)
	duration("1e3", 1000000)
	duration("1234.5e-1", 123450)
	duration("0.00000012345E+7", 1235)
	duration("9007199254740.991", hansard.MaxSafeInteger)
	// Nearer to 0 than to what we can say, and not 0: kept as it was sent.
	tiny := func(in string) {
		t.Helper()
		checkDecode(t, in, func(e *hansard.Event) { e.Attributes = json.RawMessage(in) })
	}
	tiny(`{"duration_ms":0.00049}`)
	tiny(`{"decision_ms":1e-9}`)
	tiny(`{"cost_usd":0.0000000004999}`)
	tiny(`{"cost_usd":1e-400}`)

	cost := func(in string, want int64) {
		t.Helper()
		checkDecode(t, `{"cost_usd":`+in+`}`, func(e *hansard.Event) { e.CostNanoUSD = hansard.Some(want) })
	}
	cost("0.1", 100000000)
	cost("0.0000000005", 1)
	cost("9007199.254740991", hansard.MaxSafeInteger)
	cost("0e-400", 0)

	tokens := func(in string, want int64) {
		t.Helper()
		checkDecode(t, `{"input_tokens":`+in+`}`, func(e *hansard.Event) { e.InputTokens = hansard.Some(want) })
	}
	tokens("12.0", 12)
	tokens("1.2e1", 12)
	tokens("1200e-2", 12)
	tokens("-0", 0)
	tokens("9007199254740991", hansard.MaxSafeInteger)
}
