package policy

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// maxDays bounds the days that a budget per day is looked at.
const maxDays = 3700

// budget judges a control by what model calls used, each counted once.
func (e *evaluation) budget(ctx context.Context, r *Result) error {
	b := r.Control.budget
	if !b.limit.Set {
		judgeBudget(r, nil, 0, 0)
		return nil
	}
	by := map[string][]string{
		"agent": {"agent_name"}, "task": {"task_id"}, "session": {"session_id"}, "user": {"user_id"}, "model": {"model"},
	}[b.per]
	periods := []query.Period{e.q.Period}
	if b.per == "day" {
		var err error
		if periods, err = e.days(ctx); err != nil {
			return err
		}
	}
	var all []usage
	var calls, silent int64
	for _, period := range periods {
		node := query.And{Nodes: []query.Node{e.upTo()}}
		if e.q.Node != nil {
			node.Nodes = append(node.Nodes, e.q.Node)
		}
		stats, err := e.src.Tokens(ctx, e.q.Tenant, query.Query{Node: node, Period: period}, by)
		if err != nil {
			return err
		}
		for _, s := range stats {
			u, n, ok := used(b.of, s)
			calls, silent = calls+s.Calls, silent+max(0, s.Calls-n)
			if !ok {
				continue
			}
			switch {
			case b.per == "day":
				u.name = period.Since.Format(time.DateOnly)
			case len(s.Key) > 0:
				u.name = s.Key[0]
			}
			all = append(all, u)
		}
	}
	judgeBudget(r, all, calls, silent)
	return nil
}

// used returns what a sum of model calls has used, and how many of them say so.
func used(of string, s lake.TokenStat) (u usage, calls int64, ok bool) {
	if of == "tokens" {
		return usage{used: float64(s.Total.V)}, s.Counted, s.Total.Set
	}
	return usage{used: float64(s.CostNanoUSD.V) / 1e9}, s.Priced, s.CostNanoUSD.Set
}

// days cuts the period into days, in its own zone; an open side is that of the
// record.
func (e *evaluation) days(ctx context.Context) ([]query.Period, error) {
	p := e.q.Period
	edge := func(o query.Order) (time.Time, error) {
		page, err := e.src.Events(ctx, e.q.Tenant, query.Query{Node: e.upTo(), Period: p, Order: o, Limit: 1})
		if err != nil || len(page.Entries) == 0 {
			return time.Time{}, err
		}
		return time.Unix(0, query.Timestamp(page.Entries[0])).In(zone(p)), nil
	}
	first, err := edge(query.OldestFirst)
	if err != nil || first.IsZero() {
		return nil, err
	}
	last, err := edge(query.NewestFirst)
	if err != nil {
		return nil, err
	}
	var days []query.Period
	begin := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, first.Location())
	for !begin.After(last) {
		if len(days) == maxDays {
			err := hansard.Errorf(hansard.KindTooLarge, "a budget per day is looked at for %d days at most", maxDays)
			return nil, hansard.WithHint(err, "name a shorter period")
		}
		next := begin.AddDate(0, 0, 1)
		days = append(days, cut(query.Period{Since: begin, Until: next}, p))
		begin = next
	}
	return days, nil
}

// zone returns the zone that a period is written in.
func zone(p query.Period) *time.Location {
	switch {
	case !p.Since.IsZero():
		return p.Since.Location()
	case !p.Until.IsZero():
		return p.Until.Location()
	}
	return time.UTC
}

// cut returns what a period has in common with another one.
func cut(p, with query.Period) query.Period {
	if with.Since.After(p.Since) {
		p.Since = with.Since
	}
	if !with.Until.IsZero() && with.Until.Before(p.Until) {
		p.Until = with.Until
	}
	return p
}
