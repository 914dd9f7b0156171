package lake

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// snapshot is what one read sees: parts and fresh rows of one moment, each
// entry in exactly one of them.
type snapshot struct {
	tenant  string
	version *version
	fresh   map[hansard.Tier][]*part.Row
	erased  int // how often entries had been erased
	// pruned are the spans of time of what each prune of a tier has removed.
	pruned  map[hansard.Tier][]span
	release func()
}

// pin returns a snapshot of the tenant; the caller calls release. A tenant that
// the lake knows nothing of has an empty snapshot.
func (l *Lake) pin(tenant string) *snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &snapshot{tenant: tenant, fresh: map[hansard.Tier][]*part.Row{}, pruned: map[hansard.Tier][]span{}, release: func() {}}
	t := l.tenants[tenant]
	if t == nil {
		s.version = newVersion()
		return s
	}
	for tier, rows := range t.fresh {
		s.fresh[tier] = rows[:len(rows):len(rows)]
	}
	for tier, gone := range t.pruned {
		s.pruned[tier] = gone[:len(gone):len(gone)]
	}
	v := t.current
	s.erased = t.erased
	v.pins++
	t.pinned[v] = true
	s.version, s.release = v, func() { l.unpin(t, v) }
	return s
}

// unpin ends a read of v. A version that is pinned again before it is replaced
// keeps its channel open, so done is closed only once nobody can pin it.
func (l *Lake) unpin(t *tenantState, v *version) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.pins--; v.pins > 0 {
		return
	}
	delete(t.pinned, v)
	if v != t.current {
		close(v.done)
	}
}

// Parts returns what the manifest knows of a log's live parts, by index.
func (l *Lake) Parts(log hansard.LogID) []part.Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	var infos []part.Info
	if t := l.tenants[log.Tenant]; t != nil {
		for _, p := range t.current.parts[log.Tier] {
			infos = append(infos, p.Info)
		}
	}
	return infos
}
