package lake

import (
	"cmp"
	"slices"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// freshOrder keeps the fresh rows of a log by trace and position, from one question to
// the next: what has come since is sorted and merged in.
type freshOrder struct {
	mu    sync.Mutex   // guards what follows; held while rows are sorted
	rows  []*part.Row  // that are sorted, by index
	order []*tracedRow // replaced, never changed
}

type tracedRow struct {
	trace string
	row   *part.Row
}

func (a *tracedRow) compare(b *tracedRow) int {
	return cmp.Or(cmp.Compare(a.trace, b.trace), cmp.Compare(a.row.Place.Position, b.row.Place.Position))
}

// byTrace returns the fresh rows of a snapshot's tier by trace and position.
func (l *Lake) byTrace(snap *snapshot, tier hansard.Tier) ([]*part.Row, error) {
	rows := snap.fresh[tier]
	o := l.orderOf(snap.tenant, tier, rows[0])
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.extend(l.enc, rows); err != nil {
		return nil, err
	}
	sorted, last := make([]*part.Row, 0, len(rows)), rows[len(rows)-1].Place.Index
	for _, t := range o.order {
		if t.row.Place.Index <= last { // the snapshot may be older than the order
			sorted = append(sorted, t.row)
		}
	}
	return sorted, nil
}

// orderOf returns the order of the fresh rows that begin with first: that which is
// kept, or one for a snapshot that is older than the last seal, which is not.
func (l *Lake) orderOf(tenant string, tier hansard.Tier, first *part.Row) *freshOrder {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenants[tenant]
	if t == nil || len(t.fresh[tier]) == 0 || t.fresh[tier][0] != first {
		return &freshOrder{}
	}
	if t.orders[tier] == nil {
		t.orders[tier] = &freshOrder{}
	}
	return t.orders[tier]
}

// extend takes rows in that came after those that are sorted.
func (o *freshOrder) extend(enc *part.Encoder, rows []*part.Row) error {
	if len(o.rows) >= len(rows) {
		return nil
	}
	c, added := enc.Column("trace_id"), make([]tracedRow, len(rows)-len(o.rows))
	more := make([]*tracedRow, len(added))
	var v part.Values
	for i, row := range rows[len(o.rows):] {
		if err := enc.Value(&v, row, c); err != nil {
			return err
		}
		added[i] = tracedRow{v.Text(c), row}
		more[i] = &added[i]
	}
	slices.SortFunc(more, (*tracedRow).compare)
	o.rows, o.order = rows, mergeTraced(o.order, more)
	return nil
}

// mergeTraced merges sorted rows.
func mergeTraced(a, b []*tracedRow) []*tracedRow {
	if len(a) == 0 {
		return b
	}
	all := make([]*tracedRow, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].compare(b[0]) <= 0 {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}
