package lake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// Follow returns entries of the tiers in the order of their positions: the
// first limit of those from position from on. It serves readers that go on
// where they stopped: a live feed, or, with hansard.TierMeta, whoever reads the
// statements of the meta log.
func (l *Lake) Follow(ctx context.Context, tenant string, tiers []hansard.Tier, from uint64, limit int) ([]*hansard.Entry, error) {
	snap := l.pin(tenant)
	defer snap.release()
	var parts []*livePart
	var fresh []*part.Row
	for _, tier := range tiers {
		for _, p := range snap.version.parts[tier] {
			if p.LastPosition >= from {
				parts = append(parts, p)
			}
		}
		// Those of a tier are in the order of their positions.
		rows := snap.fresh[tier]
		at := sort.Search(len(rows), func(i int) bool { return rows[i].Place.Position >= from })
		fresh = append(fresh, rows[at:min(at+limit, len(rows))]...)
	}
	slices.SortFunc(fresh, func(a, b *part.Row) int { return cmp.Compare(a.Place.Position, b.Place.Position) })
	var found []*hansard.Entry
	for _, r := range fresh[:min(limit, len(fresh))] {
		e, err := l.enc.Entry(r)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	byPosition := func(a, b *hansard.Entry) int { return cmp.Compare(a.Position, b.Position) }
	slices.SortFunc(parts, func(a, b *livePart) int { return cmp.Compare(a.FirstPosition, b.FirstPosition) })
	for len(parts) > 0 {
		slices.SortFunc(found, byPosition)
		found = found[:min(limit, len(found))]
		batch := parts[:min(4, len(parts))]
		parts = parts[len(batch):]
		if len(found) == limit && batch[0].FirstPosition > found[limit-1].Position {
			break // the others begin later still
		}
		text := fmt.Sprintf(`SELECT filename, %s FROM (%s) WHERE "position" >= ? ORDER BY "position" LIMIT %d`,
			names(l.allColumns()), l.scan(batch, "filename, ", l.allColumns()), limit)
		more, err := l.entries(ctx, batch, text, []any{int64(from)})
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortFunc(found, byPosition)
	return found[:min(limit, len(found))], nil
}
