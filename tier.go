package hansard

// Tier says how long an entry is kept. The tiers are ordered: debug, info,
// compliance, critical. TierMeta names the meta log of a tenant, which is not
// pruned.
type Tier string

// The tiers and their default retention: 7, 30, 365 and 730 days.
const (
	TierDebug      Tier = "debug"
	TierInfo       Tier = "info"
	TierCompliance Tier = "compliance"
	TierCritical   Tier = "critical"
	TierMeta       Tier = "meta"
)

// Tiers lists the tiers that events are kept in, from the shortest retention
// to the longest. The meta log is not among them.
var Tiers = []Tier{TierDebug, TierInfo, TierCompliance, TierCritical}

// Rank returns the order of t among Tiers, from 0; -1 for any other value.
func (t Tier) Rank() int {
	for i, u := range Tiers {
		if t == u {
			return i
		}
	}
	return -1
}

// Raise returns the higher of t and u. A value that is no tier is ignored.
func (t Tier) Raise(u Tier) Tier {
	if u != "" && u.Rank() > t.Rank() {
		return u
	}
	return t
}

// Valid reports whether t names a log: a tier, or the meta log.
func (t Tier) Valid() bool { return t == TierMeta || t.Rank() >= 0 }

// TierOf returns the tier of an event before anything raises it. erred says that
// the event has an error or the status "error" or "timeout", cost that it has
// tokens or a cost.
func TierOf(eventType string, erred, cost bool) Tier {
	switch eventType {
	case TypeError, TypeSecurity, TypeCompliance:
		return TierCritical
	}
	if erred {
		return TierCritical
	}
	switch eventType {
	case TypeDecision, TypeHandoff, TypeHumanIntervention, TypeLifecycle:
		return TierCompliance
	case TypeInvocation, TypeToolCall, TypeToolResult, TypeTokenUsage, TypeFeedback:
		return TierInfo
	}
	if cost {
		return TierInfo
	}
	return TierDebug
}
