package lake

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// Page is one page of a search.
type Page struct {
	Entries []*hansard.Entry
	// Next is the cursor for the page after this one; not set on the last.
	Next hansard.Opt[query.Cursor]
}

// place is where an entry is: in memory, or in a part.
type place struct {
	query.Cursor
	fresh *part.Row
	part  *livePart
	bytes int64 // of content
}

// MaxPageBytes is about how much content a page holds. It ends early where the
// entries are large; the cursor goes on.
const MaxPageBytes = 32 << 20

// Events returns one page of the events that the query selects, in its order.
// The error is of KindInvalid for a query that cannot be answered.
func (l *Lake) Events(ctx context.Context, tenant string, q query.Query) (Page, error) {
	q, err := q.Checked()
	if err != nil {
		return Page{}, err
	}
	snap := l.pin(tenant)
	defer snap.release()
	places, err := l.places(ctx, snap, q, q.Limit+1) // one more, to know of a next page
	if err != nil {
		return Page{}, err
	}
	var page Page
	if n := pageLen(places, q.Limit); n < len(places) {
		places = places[:n]
		page.Next = hansard.Some(places[n-1].Cursor)
	}
	page.Entries, err = l.fetch(ctx, places)
	return page, err
}

// pageLen returns how many of the places make a page: one at least.
func pageLen(places []place, limit int) int {
	bytes := int64(0)
	for i, p := range places[:min(limit, len(places))] {
		if bytes += p.bytes; bytes > MaxPageBytes && i > 0 {
			return i
		}
	}
	return min(limit, len(places))
}

// places finds the first limit places that the query selects, in its order. It
// reads narrow columns only, from the parts that can hold the first places
// before the others, and stops when no part can hold an earlier one.
func (l *Lake) places(ctx context.Context, snap *snapshot, q query.Query, limit int) ([]place, error) {
	sc := newScope(q.Node, q.Period)
	sc.after(q)
	found, err := l.freshPlaces(ctx, snap, sc, q, limit)
	if err != nil {
		return nil, err
	}
	parts := sc.parts(snap)
	slices.SortFunc(parts, newestFirst)
	if q.Order == query.OldestFirst {
		slices.SortFunc(parts, oldestFirst)
	}
	for size := 4; len(parts) > 0; size *= 2 {
		if len(found) == limit {
			sc.bound(found[limit-1].Timestamp, q.Order)
			parts = slices.DeleteFunc(parts, func(p *livePart) bool { return !sc.may(&p.Info) })
		}
		batch := parts[:min(size, len(parts))]
		parts = parts[len(batch):]
		batch, ranges, err := l.narrowed(ctx, batch, q.Node)
		if err != nil {
			return nil, err
		}
		more, err := l.search(ctx, snap, batch, ranges, sc, q, limit)
		if err != nil {
			return nil, err
		}
		found = first(append(found, more...), q.Order, limit)
	}
	return found, nil
}

// freshPlaces finds the first limit places among the rows that are in no part yet.
func (l *Lake) freshPlaces(ctx context.Context, snap *snapshot, sc *scope, q query.Query, limit int) ([]place, error) {
	if findable(q.Node) {
		return l.findFresh(ctx, snap, sc, q, limit)
	}
	var found []place
	err := sc.fresh(snap, l.enc, q.Match, func(r *part.Row, e *hansard.Entry) {
		found = append(found, place{Cursor: query.CursorOf(e), fresh: r, bytes: e.ContentSize})
	})
	return first(found, q.Order, limit), err
}

// first sorts the places and cuts them to the first limit.
func first(places []place, o query.Order, limit int) []place {
	slices.SortFunc(places, func(a, b place) int { return compare(a.Cursor, b.Cursor, o) })
	return places[:min(limit, len(places))]
}

// after narrows the period to what can come after the query's cursor.
func (s *scope) after(q query.Query) {
	if q.After.Set {
		s.bound(q.After.V.Timestamp, otherOrder(q.Order))
	}
}

func otherOrder(o query.Order) query.Order {
	if o == query.NewestFirst {
		return query.OldestFirst
	}
	return query.NewestFirst
}

// bound narrows the period to timestamps that do not come after t in the order.
func (s *scope) bound(t int64, o query.Order) {
	if o == query.NewestFirst {
		s.since = max(s.since, t)
	} else {
		s.until = min(s.until, t)
	}
}

func newestFirst(a, b *livePart) int { return cmp.Compare(b.MaxTime, a.MaxTime) }
func oldestFirst(a, b *livePart) int { return cmp.Compare(a.MinTime, b.MinTime) }

// search returns the first limit places in some parts, in the given ranges of
// their rows.
func (l *Lake) search(ctx context.Context, snap *snapshot, parts []*livePart, ranges map[*livePart][]rowRange, sc *scope, q query.Query, limit int) ([]place, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	if findable(q.Node) {
		return l.find(ctx, parts, ranges, sc, q, limit)
	}
	c := newCompiler(snap.tenant, l.engine.nodes)
	defer c.close()
	if err := c.where(q.Node, sc); err != nil {
		return nil, err
	}
	direction, before := "DESC", "<"
	if q.Order == query.OldestFirst {
		direction, before = "ASC", ">"
	}
	if a := q.After.V; q.After.Set {
		c.put(` AND ("timestamp" `+before+` ? OR "timestamp" = ? AND "position" `+before+` ?)`, nil, a.Timestamp, a.Timestamp, int64(a.Position))
	}
	text := fmt.Sprintf(`SELECT filename, "timestamp", "position", "content_size" FROM (%s) WHERE %s ORDER BY "timestamp" %s, "position" %s LIMIT %d`,
		l.scanRanges(parts, ranges, "filename, ", union(c.columns, []string{"timestamp", "position", "content_size"})), c.text.String(), direction, direction, limit)
	byPath := map[string]*livePart{}
	for _, p := range parts {
		byPath[p.path] = p
	}
	var found []place
	err := l.engine.each(ctx, text, c.args, func(row []driver.Value) error {
		path, _ := row[0].(string)
		t, _ := row[1].(int64)
		position, _ := row[2].(int64)
		bytes, _ := row[3].(int64)
		found = append(found, place{Cursor: query.Cursor{Timestamp: t, Position: uint64(position)}, part: byPath[path], bytes: bytes})
		return nil
	})
	return found, err
}

// fetch returns the entries at the places, in their order: wide columns are
// read for these rows only. A position names one entry of the tenant.
func (l *Lake) fetch(ctx context.Context, places []place) ([]*hansard.Entry, error) {
	positions := map[*livePart][]uint64{}
	for _, p := range places {
		if p.part != nil {
			positions[p.part] = append(positions[p.part], p.Position)
		}
	}
	byPosition, err := l.fetchPages(ctx, positions)
	if err != nil {
		return nil, err
	}
	entries := make([]*hansard.Entry, len(places))
	for i, p := range places {
		if p.part == nil {
			e, err := l.enc.Entry(p.fresh)
			if err != nil {
				return nil, err
			}
			entries[i] = e
			continue
		}
		if entries[i] = byPosition[p.Position]; entries[i] == nil {
			return nil, hansard.Errorf(hansard.KindCorrupt, "read a part of log %s: position %d is not where it was found", p.part.Log, p.Position)
		}
	}
	return entries, nil
}

// fetchPages reads entries from the pages that hold them.
func (l *Lake) fetchPages(ctx context.Context, positions map[*livePart][]uint64) (map[uint64]*hansard.Entry, error) {
	var mu sync.Mutex // guards found
	found := map[uint64]*hansard.Entry{}
	err := l.eachPart(ctx, slices.Collect(maps.Keys(positions)), func(p *livePart) error {
		return l.lookups.use(p, func(f *part.Lookup) error {
			slices.Sort(positions[p])
			entries, err := f.FindPositions(positions[p])
			for _, e := range entries {
				e.LeafHash = part.HashLeaf(l.enc.AppendLeaf(nil, e))
			}
			mu.Lock()
			defer mu.Unlock()
			for _, e := range entries {
				found[e.Position] = e
			}
			return err
		})
	})
	return found, err
}
