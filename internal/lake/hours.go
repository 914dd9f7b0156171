package lake

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// Kept is what somebody made of the marks of an hour and wants back the next time.
type Kept interface {
	// Size returns about how many bytes it takes.
	Size() int
}

// Hours is a tenant's entries up to a position, hour by hour of their timestamps,
// with what was kept of each hour. It is one reader's; others that ask by the same
// name wait until it is closed.
type Hours struct {
	lake   *Lake
	snap   *snapshot
	upTo   int64
	kept   *folded[Kept] // nil: nothing is kept
	groups []*group      // of parts
	fresh  []*group
	// apart are the hours with entries that what is kept leaves out, or does not
	// go without: fresh ones, and such beyond the position.
	apart spans
}

// Stretch is a part of a period: an hour of which something is kept, or a span of
// time that has to be read.
type Stretch struct {
	From, To int64 // Unix nanoseconds, both included
	Kept     Kept  // nil: nothing is
	// Keep says that it is whole hours of which something can be kept.
	Keep bool
	// Rows is about how many entries it has, where it has to be read.
	Rows int
}

// Period returns the stretch as a period.
func (s Stretch) Period() (p query.Period) {
	if s.From > math.MinInt64 {
		p.Since = time.Unix(0, s.From).UTC()
	}
	if s.To < math.MaxInt64 {
		p.Until = time.Unix(0, s.To+1).UTC()
	}
	return p
}

// Hours returns the entries of a tenant up to a position, with what was kept under a
// name. The caller closes them.
func (l *Lake) Hours(ctx context.Context, tenant, name string, upTo int64) (*Hours, error) {
	h := &Hours{lake: l, snap: l.pin(tenant), upTo: upTo}
	if err := h.open(ctx, name); err != nil {
		if h.kept != nil {
			h.kept.reset()
		}
		h.Close()
		return nil, err
	}
	return h, nil
}

// open brings what is kept up to date: an hour into which entries have come begins
// anew.
func (h *Hours) open(ctx context.Context, name string) (err error) {
	sc := newScope(nil, query.Period{})
	if h.groups, err = h.lake.partGroups(ctx, h.snap, sc, spans{everything()}); err != nil {
		return err
	}
	if h.fresh, err = h.lake.freshGroups(h.snap, sc, false); err != nil {
		return err
	}
	e := h.lake.markSums.entry(h.snap.tenant+"\x00"+name, false)
	if !e.begin(h.snap, sc.tiers, math.MaxInt64) { // what was pruned may have preceded anything
		h.lake.markSums.done(e)
		return nil
	}
	h.kept = e
	ends := reach(h.snap, sc.tiers, h.upTo)
	if len(e.covered) > 0 {
		came, err := h.hoursWith(ctx, func(g *group) rowBounds { return rowBounds{e.upTo[g.tier()], ends[g.tier()]} })
		if err != nil {
			return err
		}
		for _, hour := range came {
			delete(e.hours, hour)
			e.covered = e.covered.without(span{hour, hour})
		}
	}
	for tier, end := range ends {
		e.upTo[tier] = max(e.upTo[tier], end)
	}
	beyond, err := h.hoursWith(ctx, func(g *group) rowBounds { return rowBounds{h.upTo, e.upTo[g.tier()]} })
	if err != nil {
		return err
	}
	for _, g := range h.fresh {
		for _, row := range g.fresh {
			if int64(row.Place.Position) <= h.upTo {
				beyond = append(beyond, bucketOf(row.Place.Timestamp))
			}
		}
	}
	slices.Sort(beyond)
	for _, hour := range slices.Compact(beyond) {
		h.apart = h.apart.with(span{hour, hour})
	}
	return nil
}

// hoursWith returns the hours that have rows in parts with positions in bounds.
func (h *Hours) hoursWith(ctx context.Context, bounds func(*group) rowBounds) ([]int64, error) {
	var some []*group
	for _, g := range h.groups {
		if b := bounds(g); g.first <= b.to && g.last > b.from {
			some = append(some, g)
		}
	}
	if len(some) == 0 {
		return nil, nil
	}
	found, err := (&tallyPass{tally: &tally{width: 1}, in: spans{everything()}, byHour: true, bounds: bounds}).run(ctx, h.lake, some)
	return sortedKeys(found), err
}

// Close ends the reading.
func (h *Hours) Close() {
	if h.kept != nil {
		h.lake.markSums.done(h.kept)
		h.kept = nil
	}
	h.snap.release()
}

// Cut cuts a period into stretches, in order. Those that have to be read have about n
// entries each, or are an hour: what was kept of an hour and is not good any more has
// to be read. What nothing is in may be left out.
func (h *Hours) Cut(p query.Period, n int, good func(hour int64, k Kept) bool) []Stretch {
	whole := periodSpan(p)
	hours := bucketsIn(whole)
	if h.kept == nil {
		return h.read(spans{whole}, false, n)
	}
	edges := spans{whole}
	if hours.empty() {
		return h.read(edges, false, n)
	}
	apart := h.apart.within(hours)
	covered := h.kept.covered
	for hour, k := range h.kept.hours {
		if good != nil && hours.holds(hour) && !good(hour, k) {
			covered = covered.without(span{hour, hour})
		}
	}
	gaps := spans{hours}
	for _, s := range slices.Concat(apart, covered) {
		gaps = gaps.without(s)
	}
	all := h.read(edges.without(momentsOfSpan(hours)), false, n)
	all = append(all, h.read(apart.moments(), false, n)...)
	all = append(all, h.read(gaps.moments(), true, n)...)
	for hour, k := range h.kept.hours {
		if m := momentsOf(hour); hours.holds(hour) && covered.holds(hour) && !apart.holds(hour) {
			all = append(all, Stretch{From: m.from, To: m.to, Kept: k})
		}
	}
	slices.SortFunc(all, func(a, b Stretch) int { return cmp.Compare(a.From, b.From) })
	return all
}

// read returns spans of moments as stretches that have to be read.
func (h *Hours) read(in spans, keep bool, n int) (all []Stretch) {
	for _, s := range in {
		groups := meeting(h.groups, spans{s})
		for _, cut := range slicesOf(groups, span{bucketOf(s.from), bucketOf(s.to)}, n) {
			m := momentsOfSpan(cut.hours).intersect(s)
			one := Stretch{From: m.from, To: m.to, Keep: keep, Rows: cut.rows}
			if !keep {
				for _, g := range h.freshIn(one) {
					one.Rows += len(g.fresh)
				}
			}
			all = append(all, one)
		}
	}
	return all
}

// freshIn returns the fresh rows of a stretch.
func (h *Hours) freshIn(s Stretch) (groups []*group) {
	for _, g := range h.fresh {
		var rows []*part.Row
		for _, row := range g.fresh {
			if at := row.Place.Timestamp; at >= s.From && at <= s.To {
				rows = append(rows, row)
			}
		}
		if len(rows) > 0 {
			groups = append(groups, &group{fresh: rows, moments: g.moments, first: g.first, last: g.last})
		}
	}
	return groups
}

// Keep keeps what was made of the hours of a stretch, by their numbers. An hour that
// is left out has nothing in it; of one with nil nothing is kept.
func (h *Hours) Keep(s Stretch, made map[int64]Kept) {
	if !s.Keep || h.kept == nil {
		return
	}
	hours := bucketsIn(span{s.From, s.To})
	for hour := range h.kept.hours {
		if hours.holds(hour) {
			delete(h.kept.hours, hour)
		}
	}
	h.kept.covered = h.kept.covered.with(hours)
	for hour, k := range made {
		if k == nil {
			h.kept.covered = h.kept.covered.without(span{hour, hour})
			continue
		}
		h.kept.hours[hour] = k
	}
}

// HourOf returns the number of the hour in which a moment lies.
func HourOf(at int64) int64 { return bucketOf(at) }

// Mark passes over the entries of a stretch once and calls f with those that a
// selector selects, in no order, several times at once.
func (h *Hours) Mark(ctx context.Context, s Stretch, spec MarkSpec, f func(*Marks) error) error {
	if err := spec.check(); err != nil {
		return err
	}
	in := spans{{s.From, s.To}}
	groups := meeting(h.groups, in)
	if !s.Keep {
		groups = append(groups, h.freshIn(s)...)
	}
	m := &marker{spec: spec, f: f, within: func(r *rows) ([]bool, error) {
		sel, err := r.in(nil, in)
		if err != nil {
			return nil, err
		}
		return r.bounded(sel, rowBounds{-1, h.upTo})
	}}
	return m.pass(ctx, h.lake, groups)
}
