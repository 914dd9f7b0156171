package lake

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// State is what a tenant has on record beside its meta log, in figures. Two reads
// with the same state see the same entries with the same contents, whatever parts
// those are in: a seal or a merge leaves it as it is.
type State struct {
	Extents map[hansard.Tier]Extent
	Erased  int // how often contents were erased since the start
}

// Extent is what there is of a log: the indexes from First up to but not including
// End. A log only grows at its end, and is pruned from its begin.
type Extent struct{ First, End uint64 }

// State returns what the tenant has on record: at least what was acknowledged
// before the call, and no more than reads that begin after it see.
func (l *Lake) State(tenant string) State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := State{Extents: map[hansard.Tier]Extent{}}
	t := l.tenants[tenant]
	if t == nil {
		return s
	}
	s.Erased = t.erased
	for _, tier := range hansard.Tiers {
		if e, ok := t.extent(tier); ok {
			s.Extents[tier] = e
		}
	}
	return s
}

// extent returns what there is of a log; ok is false where nothing is.
func (t *tenantState) extent(tier hansard.Tier) (e Extent, ok bool) {
	parts, fresh := t.current.parts[tier], t.fresh[tier]
	if len(parts) > 0 {
		e, ok = Extent{parts[0].Name.First, parts[len(parts)-1].Name.End}, true
	}
	if len(fresh) > 0 {
		if !ok {
			e.First = fresh[0].Place.Index
		}
		e.End, ok = fresh[len(fresh)-1].Place.Index+1, true
	}
	return e, ok
}

// ReadsMeta reports whether a search is one of the meta log: it holds no events, and
// is read only where the search names it.
func ReadsMeta(n query.Node) bool {
	return newScope(n, query.Period{}).tiers[hansard.TierMeta]
}
