package report

import (
	"encoding/json"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
)

// Tokens are sums over model calls, each counted once. A sum that no call states
// is not set.
type Tokens struct {
	Input      hansard.Opt[int64]
	Output     hansard.Opt[int64]
	CacheRead  hansard.Opt[int64]
	CacheWrite hansard.Opt[int64]
	Reasoning  hansard.Opt[int64] // part of Output
	Total      hansard.Opt[int64]
}

// MarshalJSON writes EVENT.md's names; unknown sums are null.
func (t Tokens) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Input      json.RawMessage `json:"input_tokens"`
		Output     json.RawMessage `json:"output_tokens"`
		CacheRead  json.RawMessage `json:"cache_read_tokens"`
		CacheWrite json.RawMessage `json:"cache_write_tokens"`
		Reasoning  json.RawMessage `json:"reasoning_tokens"`
		Total      json.RawMessage `json:"token_count"`
	}{number(t.Input), number(t.Output), number(t.CacheRead), number(t.CacheWrite), number(t.Reasoning), number(t.Total)})
}

// Cost is money in nano-dollars; not set: no call states one.
type Cost hansard.Opt[int64]

// MarshalJSON writes dollars as an exact decimal, or null.
func (c Cost) MarshalJSON() ([]byte, error) { return dollars(hansard.Opt[int64](c)), nil }

// ModelUse is what the calls of one model used.
type ModelUse struct {
	Model   string `json:"model"` // "" where the calls name none
	Tokens  Tokens `json:"tokens"`
	CostUSD Cost   `json:"cost_usd"`
}

// use returns what the calls of each model used, the most expensive first.
func use(stats []lake.TokenStat) []ModelUse {
	models := make([]ModelUse, 0, len(stats))
	for _, s := range stats {
		models = append(models, ModelUse{
			Model: s.Key[0], CostUSD: Cost(s.CostNanoUSD),
			Tokens: tokensOf(s),
		})
	}
	return models
}
