package lake

import (
	"cmp"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// rowBlockBytes is how much memory the rows that are read of a part share: who keeps
// a text of one keeps as much as that.
const rowBlockBytes = 256 << 10

// render makes the rows of a row group from a position on.
func (t *tierReader) render(g *part.Group, log hansard.LogID, from uint64) {
	heads := make([]part.Row, 0, g.Len())
	var room []byte
	var block [part.RowBlock][]byte
	for first := 0; first < g.Len(); first += part.RowBlock {
		some := block[:min(part.RowBlock, g.Len()-first)]
		for i := range some {
			some[i] = some[i][:0]
		}
		g.AppendRows(some, first)
		for i, b := range some {
			p := g.Place(first + i)
			if p.Position < from {
				continue
			}
			if len(b) > cap(room)-len(room) {
				room = make([]byte, 0, max(len(b), rowBlockBytes))
			}
			room = append(room, b...)
			heads = append(heads, part.Row{Log: log, Place: p, Bytes: room[len(room)-len(b) : len(room) : len(room)]})
		}
	}
	t.rows = make([]*part.Row, len(heads))
	for i := range heads {
		t.rows[i] = &heads[i]
	}
	slices.SortFunc(t.rows, func(a, b *part.Row) int { return cmp.Compare(a.Place.Position, b.Place.Position) })
}
