package classify

import "github.com/hansardhq/hansard"

// tier returns how long the entry is kept. The rules are EVENT.md's; the event
// and the configuration may raise a tier, never lower it.
func (c *Classifier) tier(e *hansard.Entry) hansard.Tier {
	return baseTier(e).Raise(e.RaiseTier).Raise(c.cfg.RaiseTiers[e.EventType])
}

func baseTier(e *hansard.Entry) hansard.Tier {
	if HasError(e) {
		return hansard.TierCritical
	}
	switch e.EventType {
	case hansard.TypeSecurity, hansard.TypeCompliance:
		return hansard.TierCritical
	case hansard.TypeDecision, hansard.TypeHandoff, hansard.TypeHumanIntervention, hansard.TypeLifecycle:
		return hansard.TierCompliance
	case hansard.TypeInvocation, hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeTokenUsage, hansard.TypeFeedback:
		return hansard.TierInfo
	}
	if hasCost(e) {
		return hansard.TierInfo
	}
	return hansard.TierDebug
}

// HasError reports whether the entry is or carries an error.
func HasError(e *hansard.Entry) bool {
	return e.EventType == hansard.TypeError || e.Error != "" || e.Status == "error" || e.Status == "timeout"
}

func hasCost(e *hansard.Entry) bool {
	return e.InputTokens.Set || e.OutputTokens.Set || e.CacheReadTokens.Set || e.CacheWriteTokens.Set ||
		e.ReasoningTokens.Set || e.TokenCount.Set || e.CostNanoUSD.Set
}
