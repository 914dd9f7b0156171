// Package retention says how long entries are kept, and sees to it: by their time of
// receipt, for each tenant and tier, whole parts at a time. What a day's entries
// came to is rolled up before they go.
//
//	Policy ─> Keeper ─> plan (package ledger) ─> roll-ups (package lake) ─> ledger.Prune
package retention

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// Days is how many whole days something is kept; 0: not said. Forever never ends.
type Days int

// Forever is longer than anything.
const Forever Days = 1 << 30

// maxDays bounds what can be said otherwise: a hundred years.
const maxDays = 36525

// UnmarshalText reads "30d" or "forever".
func (d *Days) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "forever" {
		*d = Forever
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || !strings.HasSuffix(s, "d") || n < 1 || n > maxDays {
		return hansard.Errorf(hansard.KindInvalid, "%q: want days, such as 30d, or forever", s)
	}
	*d = Days(n)
	return nil
}

// String returns "30d", or "forever".
func (d Days) String() string {
	if d >= Forever {
		return "forever"
	}
	return strconv.Itoa(int(d)) + "d"
}

// Tiers says how long each tier is kept; 0: as elsewhere.
type Tiers struct {
	Debug      Days `yaml:"debug"`
	Info       Days `yaml:"info"`
	Compliance Days `yaml:"compliance"`
	Critical   Days `yaml:"critical"`
}

func (t Tiers) of(tier hansard.Tier) Days {
	switch tier {
	case hansard.TierDebug:
		return t.Debug
	case hansard.TierInfo:
		return t.Info
	case hansard.TierCompliance:
		return t.Compliance
	case hansard.TierCritical:
		return t.Critical
	}
	return Forever // the meta log
}

// defaults are those of the design.
func defaults() Tiers { return Tiers{Debug: 7, Info: 30, Compliance: 365, Critical: 730} }

// DefaultRollups is how long roll-ups are kept, in days.
const DefaultRollups Days = 730

// Need is a retention that something else asks for, such as a compliance pack that is
// switched on. A setting below it is refused.
type Need struct {
	Tenant string       `yaml:"tenant"` // empty: all
	Tier   hansard.Tier `yaml:"tier"`
	Keep   Days         `yaml:"keep"`
	Why    string       `yaml:"why"` // who asks: a pack, an article of a law
}

// Config says how long entries are kept.
type Config struct {
	Tiers   `yaml:",inline"`
	Tenants map[string]Tiers `yaml:"tenants"` // that differ
	Rollups Days             `yaml:"rollups"` // default 730d
	Prune   string           `yaml:"prune"`   // daily (default) or off
	Min     []Need           `yaml:"min"`
}

// Policy is a checked Config. It is never changed.
type Policy struct {
	cfg Config
}

// NewPolicy checks a configuration against what it and others need. The error names
// every setting that is too short, with the reason.
func NewPolicy(cfg Config, needs ...Need) (*Policy, error) {
	p := &Policy{cfg: cfg}
	p.cfg.Tenants = maps.Clone(cfg.Tenants)
	if p.cfg.Rollups == 0 {
		p.cfg.Rollups = DefaultRollups
	}
	switch cfg.Prune {
	case "":
		p.cfg.Prune = "daily"
	case "daily", "off":
	default:
		return nil, hansard.Errorf(hansard.KindInvalid, "retention: prune: %q: want daily or off", cfg.Prune)
	}
	tenants := []string{""}
	for name := range cfg.Tenants {
		tenants = append(tenants, name)
	}
	var errs error
	for _, n := range append(append([]Need(nil), cfg.Min...), needs...) {
		if n.Tier.Rank() < 0 || n.Keep <= 0 || n.Why == "" {
			return nil, hansard.Errorf(hansard.KindInvalid, "retention: min: want a tier, how long to keep it, and why")
		}
		for _, tenant := range tenants {
			if have := p.Keep(tenant, n.Tier); have < n.Keep && (n.Tenant == "" || n.Tenant == tenant || tenant == "") {
				errs = errors.Join(errs, tooShort(tenant, n, have))
			}
		}
	}
	if errs != nil {
		err := hansard.Errorf(hansard.KindInvalid, "retention: %w", errs)
		return nil, hansard.WithHint(err, "keep it longer, or switch off what needs it")
	}
	return p, nil
}

func tooShort(tenant string, n Need, have Days) error {
	of := ""
	if tenant != "" {
		of = " of tenant " + tenant
	}
	return fmt.Errorf("%s%s is kept %s, but %s needs %s", n.Tier, of, have, n.Why, n.Keep)
}

// Keep returns how many days a tenant's tier is kept. The meta log is kept forever.
func (p *Policy) Keep(tenant string, tier hansard.Tier) Days {
	if tier == hansard.TierMeta {
		return Forever
	}
	for _, t := range []Tiers{p.cfg.Tenants[tenant], p.cfg.Tiers, defaults()} {
		if d := t.of(tier); d > 0 {
			return d
		}
	}
	return Forever
}

// Rollups returns how many days roll-ups are kept.
func (p *Policy) Rollups() Days { return p.cfg.Rollups }

// Daily reports whether pruning goes by itself.
func (p *Policy) Daily() bool { return p.cfg.Prune == "daily" }

// before returns the first date whose entries may not be pruned yet when they are
// kept so many days: an entry of the day before it was received at least that long
// ago. An empty date is before all others.
func before(now time.Time, keep Days) string {
	if keep >= Forever {
		return ""
	}
	return now.UTC().AddDate(0, 0, -int(keep)).Format(time.DateOnly)
}

// due returns when a date's entries may go: a day is kept until its last moment was
// received that many days ago. It is zero where they never may.
func due(date string, keep Days) time.Time {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil || keep >= Forever {
		return time.Time{}
	}
	return day.AddDate(0, 0, int(keep)+1)
}
