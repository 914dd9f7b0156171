package part

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard"
)

// RowGroup is how many rows a row group of a part holds at most. DuckDB reads
// row groups in parallel and skips those that cannot match.
const RowGroup = 32768

// Bounds of a part, and of the parts that are merged into one.
const (
	// MaxRows is how many rows a part holds at most, one that a merge makes too.
	MaxRows = 8 * RowGroup
	// MaxMergeBytes bounds the parts that one merge reads, compressed: they become
	// up to ten times as much in memory. A day of one event a second is less.
	MaxMergeBytes = 12 << 20
)

// rowGroupBytes ends a row group early: with about this much content it is large
// enough, and a query that reads it stays small. envelopeBytes is what is taken
// for the rest of a row.
const (
	rowGroupBytes = 16 << 20
	envelopeBytes = 400
)

// Write writes the entries as one part: see WriteRows.
func (enc *Encoder) Write(w io.Writer, entries []*hansard.Entry) error {
	if len(entries) == 0 {
		return fmt.Errorf("write part: no entries")
	}
	rows := make([][]byte, len(entries))
	for i, e := range entries {
		rows[i] = enc.AppendRow(nil, e)
	}
	return enc.WriteRows(w, entries[0].Log, rows)
}

// WriteRows writes the rows of a log as one part. They must be all its entries
// with consecutive indexes, in the order of their indexes. A row group holds a
// contiguous range of them, ordered by trace, then time, then position, so that
// a trace compresses well and is read from few places. The slice's order is
// kept. The bytes depend on the rows alone.
func (enc *Encoder) WriteRows(w io.Writer, log hansard.LogID, rows [][]byte) error {
	return enc.writeRows(w, log, rows, func(*rowGroup) {})
}

// WriteIndexed is WriteRows for the part of an index that NewRowIndex has made, and
// notes the rows' traces in that.
func (enc *Encoder) WriteIndexed(w io.Writer, x *Index, rows [][]byte) error {
	traces := map[string]struct{}{}
	if err := enc.writeRows(w, x.Log, rows, func(g *rowGroup) { g.traces(traces) }); err != nil {
		return err
	}
	x.setTraces(traces)
	return nil
}

// writeRows is WriteRows. show is called with each row group before it is written.
func (enc *Encoder) writeRows(w io.Writer, log hansard.LogID, rows [][]byte, show func(*rowGroup)) error {
	if len(rows) == 0 {
		return fmt.Errorf("write part: no entries")
	}
	f, err := enc.newFileWriter(w, log)
	if err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	defer f.release()
	for len(rows) > 0 {
		n := groupLen(len(rows), func(i int) int { return len(rows[i]) })
		order, err := f.order.order(rows[:n])
		if err == nil {
			err = f.group.addAll(rows[:n], order)
		}
		if err != nil {
			return fmt.Errorf("write part: %w", err)
		}
		rows = rows[n:]
		show(f.group)
		if err := f.writeGroup(); err != nil {
			return fmt.Errorf("write part: %w", err)
		}
	}
	if err := f.close(); err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	return nil
}

// groupLen returns how many of n rows, whose lengths are size's, make the next row
// group.
func groupLen(n int, size func(i int) int) int {
	bytes := 0
	for i := range min(RowGroup, n) {
		if bytes += max(0, size(i)-envelopeBytes); bytes > rowGroupBytes && i > 0 {
			return i
		}
	}
	return min(RowGroup, n)
}

// schemaOrder returns the columns in the order of the schema's leaves.
func (enc *Encoder) schemaOrder(s *parquet.Schema) []*Column {
	var columns []*Column
	for _, path := range s.Columns() {
		columns = append(columns, enc.byName[path[0]])
	}
	return columns
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
