package classify

import "github.com/hansardhq/hansard"

// tier returns how long the entry is kept. The rules are EVENT.md's; the event
// and the configuration may raise a tier, never lower it.
func (c *Classifier) tier(e *hansard.Entry) hansard.Tier {
	return baseTier(e).Raise(e.RaiseTier).Raise(c.cfg.RaiseTiers[e.EventType])
}

func baseTier(e *hansard.Entry) hansard.Tier {
	return hansard.TierOf(e.EventType, HasError(e), hasCost(e))
}

// HasError reports whether the entry is or carries an error.
func HasError(e *hansard.Entry) bool {
	return e.EventType == hansard.TypeError || e.Error != "" || e.Status == "error" || e.Status == "timeout"
}

func hasCost(e *hansard.Entry) bool {
	return e.InputTokens.Set || e.OutputTokens.Set || e.CacheReadTokens.Set || e.CacheWriteTokens.Set ||
		e.ReasoningTokens.Set || e.TokenCount.Set || e.CostNanoUSD.Set
}
