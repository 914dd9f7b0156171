package main

import (
	"fmt"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/retention"
)

// neededRetention returns what the packs that are switched on need of the retention.
// A tier of which the configuration says nothing is raised to what they need; where
// it says less, retention refuses it.
func neededRetention(cfg retention.Config, packs []*policy.Pack) (retention.Config, []retention.Need) {
	var needs []retention.Need
	required := policy.RequiredRetention(packs)
	for tier, set := range map[hansard.Tier]*retention.Days{
		hansard.TierDebug: &cfg.Debug, hansard.TierInfo: &cfg.Info, hansard.TierCompliance: &cfg.Compliance, hansard.TierCritical: &cfg.Critical,
	} {
		n, ok := required[tier]
		if !ok {
			continue
		}
		keep := retention.Days(n.Days)
		needs = append(needs, retention.Need{Tier: tier, Keep: keep, Why: fmt.Sprintf("the pack %s (%s)", n.Pack, n.Why)})
		if *set == 0 && !keeps(tier, keep) {
			*set = keep
		}
	}
	return cfg, needs
}

// keeps reports whether a tier is kept so long where nothing is said of it.
func keeps(tier hansard.Tier, keep retention.Days) bool {
	p, err := retention.NewPolicy(retention.Config{})
	return err == nil && p.Keep("", tier) >= keep
}

// factsOf returns what packs are held against besides events.
func factsOf(p *retention.Policy, tenant string) policy.Facts {
	f := policy.Facts{RetentionDays: map[hansard.Tier]int{}}
	for _, tier := range hansard.Tiers {
		f.RetentionDays[tier] = int(p.Keep(tenant, tier))
	}
	return f
}

// keeping returns the policy of retention, with what packs need.
func (c *serverConfig) keeping() (*retention.Policy, error) {
	packs, err := policy.Load(c.Packs)
	if err != nil {
		return nil, err
	}
	cfg, needs := neededRetention(c.Retention, packs)
	return retention.NewPolicy(cfg, needs...)
}

// localPacks is what reading the files without a server knows of packs.
type localPacks struct {
	on    []*policy.Pack
	facts func(tenant string) policy.Facts // nil: nothing is known
}

// localPacks returns the packs that the configuration switches on. Without a file
// nobody knows how long the server keeps what it has.
func (c *serverConfig) localPacks(isFile bool) (localPacks, error) {
	on, err := policy.Load(c.Packs)
	if err != nil || !isFile {
		return localPacks{on: on}, err
	}
	keeping, err := c.keeping()
	if err != nil {
		return localPacks{}, err
	}
	return localPacks{on, func(tenant string) policy.Facts { return factsOf(keeping, tenant) }}, nil
}
