package lake

import (
	"math"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// scope is what a search says of whole parts: which cannot hold a match. Only
// terms that every match must fulfil count.
type scope struct {
	since, until   int64 // timestamps, both included
	receivedFrom   int64 // received_at, both included
	receivedTo     int64
	positionFrom   int64 // both included
	positionTo     int64
	tiers          map[hansard.Tier]bool
	traces         []string // one of them; nil: any
	tracesAreBound bool
}

// newScope returns the scope of a search in a period. The meta log holds no
// events: it is in scope only when the search names it, tier:meta.
func newScope(n query.Node, p query.Period) *scope {
	s := &scope{
		since: math.MinInt64, until: math.MaxInt64,
		receivedFrom: math.MinInt64, receivedTo: math.MaxInt64,
		positionFrom: math.MinInt64, positionTo: math.MaxInt64,
		tiers: map[hansard.Tier]bool{},
	}
	s.since, s.until = p.Bounds()
	if !p.Until.IsZero() {
		s.until--
	}
	for _, t := range hansard.Tiers {
		s.tiers[t] = true
	}
	s.narrow(n)
	return s
}

// narrow takes in a node that every match fulfils.
func (s *scope) narrow(n query.Node) {
	switch n := n.(type) {
	case query.And:
		for _, c := range n.Nodes {
			s.narrow(c)
		}
	case query.Compare:
		switch n.Field.Name {
		case "tier":
			s.narrowTiers(n)
		case "trace_id":
			s.narrowTraces(n)
		case "timestamp":
			narrowRange(n, &s.since, &s.until)
		case "received_at":
			narrowRange(n, &s.receivedFrom, &s.receivedTo)
		case "position":
			narrowRange(n, &s.positionFrom, &s.positionTo)
		}
	}
}

func (s *scope) narrowTiers(n query.Compare) {
	for _, v := range n.Values {
		if v.Text == string(hansard.TierMeta) {
			s.tiers[hansard.TierMeta] = true
		}
	}
	for t := range s.tiers {
		if !query.Match(n, &hansard.Entry{Tier: t}) {
			delete(s.tiers, t)
		}
	}
}

func (s *scope) narrowTraces(n query.Compare) {
	if n.Op != query.In || s.tracesAreBound || slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Glob }) {
		return
	}
	s.tracesAreBound = true
	for _, v := range n.Values {
		s.traces = append(s.traces, v.Text)
	}
}

// narrowRange narrows the range from..to, both included, by a comparison.
func narrowRange(n query.Compare, from, to *int64) {
	if len(n.Values) == 0 {
		return
	}
	first, last := n.Values[0].Int, n.Values[len(n.Values)-1].Int
	switch n.Op {
	case query.In:
		for _, v := range n.Values {
			first, last = min(first, v.Int), max(last, v.Int)
		}
		*from, *to = max(*from, first), min(*to, last)
	case query.Range:
		*from, *to = max(*from, first), min(*to, last)
	case query.GT, query.GE:
		*from = max(*from, first)
	case query.LT, query.LE:
		*to = min(*to, first)
	}
}

// parts returns the parts of a snapshot that may hold a match.
func (s *scope) parts(snap *snapshot) []*livePart {
	var parts []*livePart
	for tier := range s.tiers {
		for _, p := range snap.version.parts[tier] {
			if s.may(&p.Info) {
				parts = append(parts, p)
			}
		}
	}
	return parts
}

func (s *scope) may(p *part.Info) bool {
	if p.MaxTime < s.since || p.MinTime > s.until || p.LastReceived < s.receivedFrom || p.FirstReceived > s.receivedTo {
		return false
	}
	if int64(p.LastPosition) < s.positionFrom || int64(p.FirstPosition) > s.positionTo {
		return false
	}
	return !s.tracesAreBound || slices.ContainsFunc(s.traces, p.Traces.May)
}

// fresh calls f with the fresh rows of a snapshot that match, each also as an
// entry, which is good until f returns.
func (s *scope) fresh(snap *snapshot, enc *part.Encoder, match func(*hansard.Entry) bool, f func(*part.Row, *hansard.Entry)) error {
	var e hansard.Entry
	trace := enc.Column("trace_id")
	for tier := range s.tiers {
		for _, r := range snap.fresh[tier] {
			if !s.mayRow(&r.Place) {
				continue
			}
			of, err := enc.Text(r, trace)
			if err == nil && s.tracesAreBound && !slices.Contains(s.traces, string(of)) {
				continue
			}
			if err == nil {
				err = enc.View(&e, r)
			}
			if err != nil {
				return hansard.Errorf(hansard.KindCorrupt, "read entry %d of log %s: %w", r.Place.Index, r.Log, err)
			}
			if match(&e) {
				f(r, &e)
			}
		}
	}
	return nil
}

// mayRow reports whether a row may match, by its place.
func (s *scope) mayRow(p *part.Place) bool {
	return p.Timestamp >= s.since && p.Timestamp <= s.until && p.ReceivedAt >= s.receivedFrom && p.ReceivedAt <= s.receivedTo &&
		int64(p.Position) >= s.positionFrom && int64(p.Position) <= s.positionTo
}

// freshRows returns the fresh rows of a snapshot that match.
func (s *scope) freshRows(snap *snapshot, enc *part.Encoder, match func(*hansard.Entry) bool) ([]*part.Row, error) {
	var rows []*part.Row
	err := s.fresh(snap, enc, match, func(r *part.Row, _ *hansard.Entry) { rows = append(rows, r) })
	return rows, err
}
