package lake

import (
	"context"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// distinctTraces counts the traces of all events, whatever their time, by the
// dictionaries of the parts. ok is false when something else is asked.
func (l *Lake) distinctTraces(ctx context.Context, snap *snapshot, q query.Query, spec Spec) (n int64, ok bool, err error) {
	only := Measure{Op: Distinct, Field: "trace_id"}
	if len(spec.By) > 0 || len(spec.Measures) != 1 || spec.Measures[0] != only || q.Period != (query.Period{}) || !anything(q.Node) {
		return 0, false, nil
	}
	key, ok := foldKey(snap, q)
	if !ok {
		return 0, false, nil
	}
	sc := newScope(nil, query.Period{})
	groups, err := l.groups(ctx, snap, sc)
	if err != nil {
		return 0, true, err
	}
	e := l.traces.entry(key)
	defer l.traces.done(e)
	ends := e.begin(snap, sc.tiers)
	var old, recent []*group
	for _, g := range groups {
		switch {
		case g.part == nil: // counted below: not all may be selected
		case e.has(g.part):
			old = append(old, g)
		default:
			recent = append(recent, g)
		}
	}
	more, err := l.newTraces(old, recent, nil)
	if err != nil {
		return 0, true, err
	}
	e.sum, e.ends = e.sum+more, ends
	rows, err := sc.freshRows(snap, l.enc, func(x *hansard.Entry) bool { return q.Match(x) })
	if err != nil {
		return 0, true, err
	}
	more, err = l.newTraces(append(old, recent...), nil, rows)
	return e.sum + more, true, err
}

// anything reports whether a node selects every event up to a position.
func anything(n query.Node) bool {
	switch n := n.(type) {
	case nil:
		return true
	case query.And:
		for _, c := range n.Nodes {
			if !anything(c) {
				return false
			}
		}
		return true
	case query.Compare:
		return n.Field.Name == "position" && n.Op == query.LE
	}
	return false
}

// newTraces counts the traces in groups or rows that are not in the known groups.
func (l *Lake) newTraces(known, groups []*group, rows []*part.Row) (int64, error) {
	found := map[uint64]bool{}
	for _, g := range groups {
		keys, err := l.traceKeys(g)
		if err != nil {
			return 0, err
		}
		for _, k := range keys {
			found[k] = true
		}
	}
	c := l.enc.Column("trace_id")
	for _, row := range rows {
		v, err := l.enc.Values(row)
		if err != nil {
			return 0, err
		}
		found[l.keyer.Key(v.Text(c))] = true
	}
	for _, g := range known {
		if len(found) == 0 {
			break
		}
		keys, err := l.traceKeys(g)
		if err != nil {
			return 0, err
		}
		for _, k := range keys {
			delete(found, k)
		}
	}
	return int64(len(found)), nil
}
