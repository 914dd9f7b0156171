package transcript

import (
	"math"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// setUsage sets the token counts and the cost of a model call from a `usage`
// object in the form of the chat completions API. Its prompt count includes
// what came from the cache; ours does not.
func setUsage(e *hansard.Event, usage []byte) {
	u := members(usage)
	e.OutputTokens = count(find(u, "completion_tokens"))
	e.TokenCount = count(find(u, "total_tokens"))
	e.InputTokens = count(find(u, "prompt_tokens"))
	e.CacheReadTokens = count(rawjson.Get(find(u, "prompt_tokens_details"), "cached_tokens"))
	e.ReasoningTokens = count(rawjson.Get(find(u, "completion_tokens_details"), "reasoning_tokens"))
	if e.InputTokens.Set && e.CacheReadTokens.V <= e.InputTokens.V {
		e.InputTokens.V -= e.CacheReadTokens.V
	}
	if usd, ok := number(find(u, "cost")); ok && usd >= 0 && usd < 1e9 {
		e.CostNanoUSD = hansard.Some(int64(math.Round(usd * 1e9)))
		e.CostSource = "reported"
	}
}

// count returns the whole number v, absent if v is none or is negative.
func count(v []byte) hansard.Opt[int64] {
	f, ok := number(v)
	if !ok || f < 0 || f >= 1<<53 || f != math.Trunc(f) {
		return hansard.Opt[int64]{}
	}
	return hansard.Some(int64(f))
}

// unixTime returns the time of v in Unix nanoseconds, if v is a number of
// seconds between 1970 and the year 2200 (above that it is in another unit).
func unixTime(v []byte) (int64, bool) {
	f, ok := number(v)
	if !ok || f <= 0 || f > 7.2e9 {
		return 0, false
	}
	sec, frac := math.Modf(f)
	return int64(sec)*1e9 + int64(math.Round(frac*1e6))*1e3, true
}
