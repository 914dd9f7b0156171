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

// Reader reads a tenant's entries in the order of their positions, from one on. It
// serves those who go on where they stopped: a live feed, and detections. It holds
// the row group of each tier that it is in, so that a long way is read at the speed
// of a scan; it is for one goroutine at a time.
type Reader struct {
	lake   *Lake
	tenant string
	tiers  []tierReader
	group  *part.Group
	erased int // what had been erased when the rows at hand were read
}

// tierReader reads the entries of one tier.
type tierReader struct {
	tier hansard.Tier
	next uint64      // no entry from here on is in rows
	rows []*part.Row // read and not returned yet, in the order of their positions
	// ahead is where the rows after those are, once looked for in this snapshot.
	ahead  piece
	looked bool
}

// Follow returns a reader of the entries of some tiers from a position on.
func (l *Lake) Follow(tenant string, tiers []hansard.Tier, from uint64) *Reader {
	r := &Reader{lake: l, tenant: tenant}
	for _, t := range tiers {
		r.tiers = append(r.tiers, tierReader{tier: t, next: from})
	}
	return r
}

// Next returns the next rows, at most limit, without the leaf hashes of those that
// are in a part. There are none when all that is in the record now has been returned.
// Nobody changes them.
func (r *Reader) Next(ctx context.Context, limit int) ([]*part.Row, error) {
	snap := r.lake.pin(r.tenant)
	defer snap.release()
	if snap.erased != r.erased {
		r.forget()
		r.erased = snap.erased
	}
	for i := range r.tiers {
		r.tiers[i].looked = false
	}
	var found []*part.Row
	for len(found) < limit {
		t, err := r.first(snap)
		if err != nil || t == nil {
			return found, err
		}
		if len(t.rows) > 0 {
			found, t.rows = append(found, t.rows[0]), t.rows[1:]
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.load(t); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Entries is Next for whoever keeps what is returned: as entries, with their leaf
// hashes.
func (r *Reader) Entries(ctx context.Context, limit int) ([]*hansard.Entry, error) {
	rows, err := r.Next(ctx, limit)
	if err != nil {
		return nil, err
	}
	entries := make([]*hansard.Entry, len(rows))
	for i, row := range rows {
		e, err := r.lake.enc.Entry(row)
		if err != nil {
			return nil, hansard.Errorf(hansard.KindCorrupt, "read a row of log %s: %w", row.Log, err)
		}
		if e.LeafHash == (hansard.Hash{}) {
			e.LeafHash = part.HashLeaf(r.lake.enc.AppendLeaf(nil, e))
		}
		entries[i] = e
	}
	return entries, nil
}

// forget lets go of rows that are at hand: something has been erased since they were
// read.
func (r *Reader) forget() {
	for i := range r.tiers {
		if t := &r.tiers[i]; len(t.rows) > 0 {
			t.next, t.rows = t.rows[0].Place.Position, nil
		}
	}
}

// piece is where rows of a tier are that are not at hand: a row group, or, where part
// is nil, those in no part yet.
type piece struct {
	part *livePart
	g    int
	rows []*part.Row
	// least is a position that none of them is before; end is one after them all.
	least, end uint64
}

// first returns the tier that the next entry is of, whose rows may be to be loaded
// first; nil: there is none.
func (r *Reader) first(snap *snapshot) (first *tierReader, err error) {
	var least uint64
	for i := range r.tiers {
		t := &r.tiers[i]
		if len(t.rows) == 0 && !t.looked {
			if t.ahead, err = r.piece(t, snap); err != nil {
				return nil, err
			}
			t.looked = true
		}
		at, ok := t.position()
		if ok && (first == nil || at < least) {
			first, least = t, at
		}
	}
	return first, nil
}

// position returns a position that none of the tier's next entries is before; false:
// there are none.
func (t *tierReader) position() (at uint64, ok bool) {
	if len(t.rows) > 0 {
		return t.rows[0].Place.Position, true
	}
	return t.ahead.least, t.ahead.end > 0
}

// piece returns where a tier's rows from its next position on are; its end is 0 when
// there are none.
func (r *Reader) piece(t *tierReader, snap *snapshot) (piece, error) {
	parts := snap.version.parts[t.tier] // in the order of their positions
	i := sort.Search(len(parts), func(i int) bool { return parts[i].LastPosition >= t.next })
	if i < len(parts) {
		p := parts[i]
		bounds, err := r.lake.boundsOf(p)
		if err != nil {
			return piece{}, fmt.Errorf("read part %s of %s: %w", p.Name, p.Log, err)
		}
		for g, b := range bounds {
			if last := min(uint64(max(b.last, 0)), p.LastPosition); last >= t.next {
				return piece{part: p, g: g, least: max(uint64(max(b.first, 0)), p.FirstPosition, t.next), end: last + 1}, nil
			}
		}
		return piece{}, hansard.Errorf(hansard.KindCorrupt, "read part %s of %s: its row groups end before position %d", p.Name, p.Log, p.LastPosition)
	}
	rows := snap.fresh[t.tier]
	rows = rows[sort.Search(len(rows), func(i int) bool { return rows[i].Place.Position >= t.next }):]
	if len(rows) == 0 {
		return piece{}, nil
	}
	return piece{rows: rows, least: rows[0].Place.Position, end: rows[len(rows)-1].Place.Position + 1}, nil
}

// load brings the rows ahead of a tier to hand.
func (r *Reader) load(t *tierReader) error {
	at := t.ahead
	if at.part == nil {
		t.rows = at.rows
	} else if err := r.loadGroup(at); err != nil {
		return fmt.Errorf("read part %s of %s: %w", at.part.Name, at.part.Log, err)
	} else {
		t.render(r.group, at.part.Log, t.next)
	}
	t.next, t.looked = at.end, false
	return nil
}

// loadGroup reads all columns of a piece's row group.
func (r *Reader) loadGroup(at piece) (err error) {
	if r.group == nil {
		if r.group, err = r.lake.enc.NewGroup(); err != nil {
			return err
		}
	}
	return r.lake.withPart(at.part, func(f *part.File) error { return r.group.Load(f, at.g, nil) })
}

// render makes the rows of a row group from a position on.
func (t *tierReader) render(g *part.Group, log hansard.LogID, from uint64) {
	heads := make([]part.Row, 0, g.Len())
	for i, b := range g.Rows() {
		if p := g.Place(i); p.Position >= from {
			heads = append(heads, part.Row{Log: log, Place: p, Bytes: b})
		}
	}
	t.rows = make([]*part.Row, len(heads))
	for i := range heads {
		t.rows[i] = &heads[i]
	}
	slices.SortFunc(t.rows, func(a, b *part.Row) int { return cmp.Compare(a.Place.Position, b.Place.Position) })
}
