package part

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard"
)

// RowGroup is how many rows a row group of a part holds at most. DuckDB reads
// row groups in parallel and skips those that cannot match.
const RowGroup = 32768

// rowGroupBytes ends a row group early: with this much content it is large
// enough, and a query that reads it stays small.
const rowGroupBytes = 16 << 20

// Write writes the entries as one part. They must be all entries of one log
// with consecutive indexes, in the order of their indexes. A row group holds a
// contiguous range of them, ordered by trace, then time, then position, so that
// a trace compresses well and is read from few places. The slice's order is
// kept. The bytes depend on the entries alone.
func (enc *Encoder) Write(w io.Writer, entries []*hansard.Entry) error {
	if len(entries) == 0 {
		return fmt.Errorf("write part: no entries")
	}
	pw := parquet.NewWriter(w, enc.Schema(),
		parquet.CreatedBy("hansard", FormatVersion+".0.0", "1"),
		parquet.DataPageStatistics(true),
		parquet.KeyValueMetadata("hansard.part", FormatVersion),
		parquet.KeyValueMetadata("hansard.log", entries[0].Log.String()),
		parquet.BloomFilters(parquet.SplitBlockFilter(10, "trace_id"), parquet.SplitBlockFilter(10, "event_id")),
	)
	columns := enc.schemaOrder(pw.Schema())
	values := make([]parquet.Value, 0, writeBlock)
	for len(entries) > 0 {
		group := slices.Clone(entries[:groupLen(entries)])
		entries = entries[len(group):]
		sortRows(group)
		for rows := 0; len(group) > 0; {
			block := group[:min(writeBlock, len(group))]
			group, rows = group[len(block):], rows+len(block)
			for i, cw := range pw.ColumnWriters() {
				values = columns[i].appendValues(values[:0], block, i)
				if _, err := cw.WriteRowValues(values); err != nil {
					return fmt.Errorf("write part: column %s: %w", columns[i].Name, err)
				}
				if rows%pageRows == 0 {
					if err := cw.Flush(); err != nil {
						return fmt.Errorf("write part: column %s: %w", columns[i].Name, err)
					}
				}
			}
		}
		if err := pw.Flush(); err != nil {
			return fmt.Errorf("write part: %w", err)
		}
	}
	if err := pw.Close(); err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	return nil
}

// groupLen returns how many of the entries the next row group holds.
func groupLen(entries []*hansard.Entry) int {
	bytes := int64(0)
	for i, e := range entries[:min(RowGroup, len(entries))] {
		if bytes += e.ContentSize; bytes > rowGroupBytes && i > 0 {
			return i
		}
	}
	return min(RowGroup, len(entries))
}

// writeBlock is how many rows are written column by column at a time: few
// enough that they stay in the processor's cache meanwhile.
const writeBlock = 256

// pageRows is how many rows a page of any column holds at most, a multiple of
// writeBlock: whoever reads a few rows of many columns reads a page of each.
const pageRows = 4096

func sortRows(entries []*hansard.Entry) {
	sort.Slice(entries, func(i, j int) bool {
		a, b := entries[i], entries[j]
		if a.TraceID != b.TraceID {
			return a.TraceID < b.TraceID
		}
		if a.Timestamp != b.Timestamp {
			return a.Timestamp < b.Timestamp
		}
		return a.Position < b.Position
	})
}

// schemaOrder returns the columns in the order of the schema's leaves.
func (enc *Encoder) schemaOrder(s *parquet.Schema) []*Column {
	var columns []*Column
	for _, path := range s.Columns() {
		columns = append(columns, enc.byName[path[0]])
	}
	return columns
}

// appendValues appends the column's values of the entries, with the levels
// that Parquet's nesting asks for.
func (c *Column) appendValues(dst []parquet.Value, entries []*hansard.Entry, at int) []parquet.Value {
	present := 1
	if c.Required {
		present = 0
	}
	for _, e := range entries {
		switch {
		case c.Null(e):
			dst = append(dst, parquet.Value{}.Level(0, 0, at))
		case c.Kind == List:
			for i, s := range *c.list(e) {
				dst = append(dst, parquet.ByteArrayValue([]byte(s)).Level(min(i, 1), 1, at))
			}
		default:
			dst = append(dst, c.value(e).Level(0, present, at))
		}
	}
	return dst
}

func (c *Column) value(e *hansard.Entry) parquet.Value {
	switch c.Kind {
	case String:
		return parquet.ByteArrayValue([]byte(*c.str(e)))
	case Int, Time:
		v, _ := c.Int(e)
		return parquet.Int64Value(v)
	case Float:
		return parquet.DoubleValue(c.float(e).V)
	case Bool:
		return parquet.BooleanValue(true)
	}
	return parquet.ByteArrayValue(c.Bytes(e))
}

// Name says what a part's file name says: the half-open range of indexes that
// it covers, and how often it was written anew.
type Name struct {
	First, End uint64 // entries First .. End-1
	Rewrite    int    // 0; counts the erasures
}

// String returns the file name: "FIRST-END.REWRITE.parquet", the indexes in
// twelve digits so that names sort as the entries do.
func (n Name) String() string {
	return fmt.Sprintf("%012d-%012d.%d.parquet", n.First, n.End, n.Rewrite)
}

// ParseName reads a file name as String writes it.
func ParseName(s string) (Name, bool) {
	var n Name
	const fixed = len("000000000000-000000000000.") + len(".parquet")
	if len(s) <= fixed {
		return n, false
	}
	var err1, err2, err3 error
	n.First, err1 = strconv.ParseUint(s[:12], 10, 64)
	n.End, err2 = strconv.ParseUint(s[13:25], 10, 64)
	n.Rewrite, err3 = strconv.Atoi(s[26 : len(s)-len(".parquet")])
	ok := err1 == nil && err2 == nil && err3 == nil && n.First < n.End && n.Rewrite >= 0
	return n, ok && n.String() == s
}

// Covers reports whether n makes o superfluous: it holds all that o holds, and
// more of it, or the same written anew.
func (n Name) Covers(o Name) bool {
	if n.First == o.First && n.End == o.End {
		return n.Rewrite > o.Rewrite
	}
	return n.First <= o.First && o.End <= n.End
}

// Date returns the folder of a part: the UTC date, "2006-01-02", on which its
// last entry was received.
func Date(receivedAt int64) string {
	return time.Unix(0, receivedAt).UTC().Format(time.DateOnly)
}
