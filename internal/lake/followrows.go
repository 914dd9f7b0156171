package lake

import (
	"cmp"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// render makes the rows of a row group from a position on.
func (t *tierReader) render(g *part.Group, log hansard.LogID, from uint64) {
	t.heads, t.bytes, t.ends = t.heads[:0], t.bytes[:0], t.ends[:0]
	var block [part.RowBlock][]byte
	for first := 0; first < g.Len(); first += part.RowBlock {
		some := block[:min(part.RowBlock, g.Len()-first)]
		for i := range some {
			some[i] = some[i][:0]
		}
		g.AppendRows(some, first)
		for i, b := range some {
			if p := g.Place(first + i); p.Position >= from {
				t.bytes = append(t.bytes, b...)
				t.heads, t.ends = append(t.heads, part.Row{Log: log, Place: p}), append(t.ends, len(t.bytes))
			}
		}
	}
	t.rows = make([]*part.Row, len(t.heads))
	start := 0
	for i, end := range t.ends { // only now the bytes stay where they are
		t.heads[i].Bytes, start = t.bytes[start:end:end], end
		t.rows[i] = &t.heads[i]
	}
	slices.SortFunc(t.rows, func(a, b *part.Row) int { return cmp.Compare(a.Place.Position, b.Place.Position) })
}
