package retention

import (
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// Hold is a legal hold on a log: nothing of the log is pruned while it stands.
type Hold = ledger.Hold

// Status says what is kept of a tenant's record, and what goes when.
type Status struct {
	Tenant  string        `json:"tenant"`
	Pruning string        `json:"pruning" doc:"daily, or off"`
	NextRun *time.Time    `json:"next_run" doc:"When the server prunes next by itself; null: it does not, or no server runs"`
	Jump    *Jump         `json:"clock_jump" doc:"A jump of the clock that stops pruning until somebody confirms the clock"`
	Holds   []ledger.Hold `json:"holds" nullable:"false" doc:"Legal holds that stand"`
	Rollups RollupStatus  `json:"rollups"`
	Logs    []LogStatus   `json:"logs" nullable:"false"`
}

// Jump is a jump of the wall clock.
type Jump struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// RollupStatus says which roll-ups there are.
type RollupStatus struct {
	Keep  string `json:"keep"`
	Files int    `json:"files"`
	First string `json:"first,omitempty" doc:"Date of the oldest"`
}

// LogStatus says what is kept of one log.
type LogStatus struct {
	Log     string     `json:"log"`
	Tier    string     `json:"tier"`
	Keep    string     `json:"keep" doc:"How long entries are kept after they were received, such as 30d"`
	Size    uint64     `json:"size" doc:"Entries that the log ever had"`
	Minimum uint64     `json:"minimum" doc:"The first entry that is kept"`
	Entries uint64     `json:"entries" doc:"Entries that are kept"`
	Parts   int        `json:"parts"`
	Bytes   int64      `json:"bytes" doc:"Of the parts"`
	Oldest  *time.Time `json:"oldest" doc:"When the oldest entry was received that is kept in a part"`
	Expired *time.Time `json:"expired_through" doc:"When the last entry was received that was pruned; null: none was"`
	Next    *Next      `json:"next" doc:"What goes next; null: nothing is in a whole part"`
	Overdue *Next      `json:"overdue" doc:"All that has expired and is still there"`
	Refused string     `json:"refused,omitempty" doc:"Why nothing goes"`
}

// Next is what goes, and when.
type Next struct {
	Date    string     `json:"date" doc:"On which it was received, UTC; the last one of several"`
	Due     *time.Time `json:"due" doc:"From when on it may go; null: never"`
	Entries uint64     `json:"entries"`
	Parts   int        `json:"parts"`
	Bytes   int64      `json:"bytes"`
}

// Parts returns the live parts of a log, by index.
type Parts func(log hansard.LogID) []part.Info

// StatusOf says what is kept of a tenant's record under a policy.
func StatusOf(rec Record, parts Parts, p *Policy, tenant string, now time.Time) (Status, error) {
	out := Status{Tenant: tenant, Pruning: "off", Holds: []ledger.Hold{}, Logs: []LogStatus{}, Rollups: RollupStatus{Keep: p.Rollups().String()}}
	if p.Daily() {
		out.Pruning = "daily"
	}
	kept, err := rec.Kept(tenant)
	if err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		return out, err
	}
	for _, h := range kept.Holds {
		if h.Stands() {
			out.Holds = append(out.Holds, h)
		}
	}
	if j := kept.Jump; j != nil {
		out.Jump = &Jump{j.From, j.To}
	}
	for _, r := range kept.Rollups {
		out.Rollups.Files++
		if d := r.Date(); out.Rollups.First == "" || d < out.Rollups.First {
			out.Rollups.First = d
		}
	}
	for _, i := range rec.Logs() {
		if i.Log.Tenant == tenant {
			s := logStatus(i, parts(i.Log), p.Keep(tenant, i.Log.Tier), now)
			if i.Log.Tier != hansard.TierMeta {
				s.Refused, _ = refused(kept, i.Log)
			}
			out.Logs = append(out.Logs, s)
		}
	}
	slices.SortFunc(out.Logs, func(a, b LogStatus) int { return order(a.Tier) - order(b.Tier) })
	return out, nil
}

// order puts the tiers in their order, and the meta log last.
func order(tier string) int {
	if r := hansard.Tier(tier).Rank(); r >= 0 {
		return r
	}
	return len(hansard.Tiers)
}

func logStatus(i ledger.Info, parts []part.Info, keep Days, now time.Time) LogStatus {
	s := LogStatus{
		Log: i.Log.String(), Tier: string(i.Log.Tier), Keep: keep.String(), Size: i.Size, Minimum: i.Minimum,
		Entries: i.Size - i.Minimum, Parts: len(parts), Expired: moment(i.Expired),
	}
	limit := before(now, keep)
	for n, p := range parts {
		s.Bytes += p.Bytes
		if n == 0 {
			s.Oldest = moment(p.FirstReceived)
		}
		if p.Name.End%256 != 0 || i.Log.Tier == hansard.TierMeta {
			continue // it waits for more
		}
		if s.Next == nil {
			s.Next = &Next{Date: p.Date}
			if at := due(p.Date, keep); !at.IsZero() {
				s.Next.Due = &at
			}
		}
		if s.Next.Date == p.Date {
			s.Next.add(p)
		}
		if p.Date < limit {
			if s.Overdue == nil {
				s.Overdue = &Next{Due: s.Next.Due}
			}
			s.Overdue.Date = p.Date
			s.Overdue.add(p)
		}
	}
	return s
}

func (n *Next) add(p part.Info) {
	n.Entries, n.Parts, n.Bytes = n.Entries+p.Name.End-p.Name.First, n.Parts+1, n.Bytes+p.Bytes
}

// moment returns a time in UTC, nil for 0.
func moment(ns int64) *time.Time {
	if ns == 0 {
		return nil
	}
	t := time.Unix(0, ns).UTC()
	return &t
}

// Status says what is kept of a tenant's record.
func (k *Keeper) Status(tenant string, parts Parts) (Status, error) {
	s, err := StatusOf(k.cfg.Ledger, parts, k.cfg.Policy, tenant, k.cfg.Now())
	if next := k.Next(); !next.IsZero() {
		s.NextRun = &next
	}
	return s, err
}
