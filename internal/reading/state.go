package reading

import (
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// State says in a text what answers about a tenant's events are made of: the
// entries, which of them are gone, and the checkpoints that reports carry. While it
// is the same, so are the answers that hold. The meta log is no part of it: reads
// are put there, and a read would change it.
func (r *Reading) State(tenant string) string {
	// The entries first: a state that knows less than the answer only ends early.
	entries := r.cfg.Lake.State(tenant)
	logs := map[hansard.Tier]string{}
	for _, i := range r.cfg.Prover.Logs() {
		if i.Log.Tenant == tenant && i.Log.Tier != hansard.TierMeta {
			logs[i.Log.Tier] = fmt.Sprintf("%d %d %q", i.Minimum, i.Expired, i.Checkpoint)
		}
	}
	return fmt.Sprint(entries, logs)
}

// Validity is for how long an answer holds while the state is the same.
type Validity int

// How long answers hold.
const (
	HoldsNever    Validity = iota // it is about the meta log, or there is none
	HoldsByMinute                 // its period goes on with the clock
	HoldsAlways
)

// ValidityOf returns for how long the answer to a question holds that is asked now.
// Of the question count search, period and zone.
func ValidityOf(q Question, now time.Time) Validity {
	zone, err := query.Zone(q.TimeZone)
	if err != nil {
		return HoldsNever
	}
	node, err := query.Parse(q.Search, now)
	if err != nil || lake.ReadsMeta(node) {
		return HoldsNever
	}
	period, err := query.ParsePeriod(q.Since, q.Until, now, zone)
	if err != nil {
		return HoldsNever
	}
	// Whatever is said relative to now, days too, means something else by then.
	later := now.AddDate(0, 0, 2)
	nodeThen, err := query.Parse(q.Search, later)
	if err != nil || nodeThen.String() != node.String() {
		return HoldsByMinute
	}
	periodThen, err := query.ParsePeriod(q.Since, q.Until, later, zone)
	if err != nil || !periodThen.Since.Equal(period.Since) || !periodThen.Until.Equal(period.Until) {
		return HoldsByMinute
	}
	return HoldsAlways
}
