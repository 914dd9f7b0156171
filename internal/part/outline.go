package part

import (
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Outline is what the footer of a part says of its row groups, as far as reading
// whole columns needs it: some 3 KB for each row group, where an open part takes
// 300. It is never changed.
type Outline struct{ groups []groupOutline }

type groupOutline struct {
	rows   int
	chunks []chunkOutline // by the columns' IDs, from 1
}

// chunkOutline is one column of a row group.
type chunkOutline struct {
	start, size     int64
	least, greatest int64 // of integers and times
	bounded         bool
	plain           bool // not compressed
	empty           bool // no row has a value
}

// Outline returns the part's outline.
func (f *File) Outline() *Outline {
	o := &Outline{}
	for _, m := range f.file.Metadata().RowGroups {
		g := groupOutline{rows: int(m.NumRows), chunks: make([]chunkOutline, len(f.columns))}
		for k, c := range f.columns {
			g.chunks[c.ID-1] = outlineOf(&m.Columns[k].MetaData)
		}
		o.groups = append(o.groups, g)
	}
	return o
}

func outlineOf(m *format.ColumnMetaData) chunkOutline {
	c := chunkOutline{
		start: chunkStart(m), size: m.TotalCompressedSize, plain: m.Codec == format.Uncompressed,
		empty: m.Statistics.NullCount == m.NumValues, least: math.MinInt64, greatest: math.MaxInt64,
	}
	if s := &m.Statistics; len(s.MinValue) == 8 && len(s.MaxValue) == 8 {
		c.least, c.greatest, c.bounded = parquet.Int64.Value(s.MinValue).Int64(), parquet.Int64.Value(s.MaxValue).Int64(), true
	}
	return c
}

// Groups returns the number of row groups.
func (o *Outline) Groups() int { return len(o.groups) }

// Size returns the number of rows of row group g.
func (o *Outline) Size(g int) int { return o.groups[g].rows }

// Bounds returns the least and the greatest value of an integer or time column
// in row group g; ok is false when they are not known.
func (o *Outline) Bounds(g int, c *Column) (least, greatest int64, ok bool) {
	x := &o.groups[g].chunks[c.ID-1]
	return x.least, x.greatest, x.bounded
}

// Empty reports whether no row of row group g has a value in the column.
func (o *Outline) Empty(g int, c *Column) bool { return o.groups[g].chunks[c.ID-1].empty }

// read reads a column's bytes into buf, which it returns grown if need be.
func (x *chunkOutline) read(at io.ReaderAt, buf []byte) ([]byte, error) {
	buf = grow(buf, int(x.size))
	_, err := at.ReadAt(buf, x.start)
	return buf, err
}
