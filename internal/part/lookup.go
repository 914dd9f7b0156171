package part

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard"
)

// Lookup is a part opened for finding few of its entries: it reads the pages that
// hold them, not whole row groups. It is safe for concurrent use.
type Lookup struct {
	*File
	closer io.Closer
}

// OpenLookup opens the part at path. It holds the file open and the part's footer
// in memory until Close.
func (enc *Encoder) OpenLookup(path string, log hansard.LogID) (*Lookup, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open part: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open part: %w", err), f.Close())
	}
	pf, err := enc.open(f, info.Size(), log, parquet.SkipBloomFilters(false), parquet.ReadBufferSize(lookupBuffer))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lookup{File: pf, closer: f}, nil
}

// lookupBuffer is how many bytes one read of a page fetches.
const lookupBuffer = 16 << 10

// Close closes the file.
func (l *Lookup) Close() error { return l.closer.Close() }

// Find calls f with the entries whose trace_id or event_id is the value, the
// columns with Bloom filters, in the order of the file: at most limit of each row
// group. Those of a trace are the first by time and position. Leaf hashes are not
// set.
func (l *Lookup) Find(column, value string, limit int, f func([]*hansard.Entry) error) (err error) {
	defer recoverCorrupt(&err)
	at := -1
	for i, c := range l.columns {
		if c.Name == column {
			at = i
		}
	}
	for g, group := range l.file.RowGroups() {
		chunk := group.ColumnChunks()[at]
		if filter := chunk.BloomFilter(); filter != nil {
			if ok, err := filter.Check(parquet.ByteArrayValue([]byte(value))); err != nil || !ok {
				if err != nil {
					return fmt.Errorf("read part: row group %d: %w", g, err)
				}
				continue
			}
		}
		runs, err := findRuns(chunk, []byte(value))
		if err != nil {
			return fmt.Errorf("read part: row group %d, column %s: %w", g, column, err)
		}
		left := int64(limit)
		for _, r := range runs {
			if r.end = min(r.end, r.from+left); r.end == r.from {
				break
			}
			left -= r.end - r.from
			entries, err := l.readRun(g, r)
			if err != nil {
				return err
			}
			if err := f(entries); err != nil {
				return err
			}
		}
	}
	return nil
}

// run is a half-open range of rows of a row group.
type run struct{ from, end int64 }

// findRuns returns where the column of texts has the value.
func findRuns(chunk parquet.ColumnChunk, value []byte) ([]run, error) {
	index, err := chunk.ColumnIndex()
	if err != nil {
		return nil, err
	}
	offsets, err := chunk.OffsetIndex()
	if err != nil {
		return nil, err
	}
	pages := chunk.Pages()
	defer pages.Close()
	var runs []run
	values := make([]parquet.Value, 1024)
	for i := range offsets.NumPages() {
		if !mayHold(index, i, value) {
			continue
		}
		row := offsets.FirstRowIndex(i)
		if err := pages.SeekToRow(row); err != nil {
			return nil, err
		}
		page, err := pages.ReadPage()
		if err != nil {
			return nil, err
		}
		if runs, err = findInPage(runs, page, values, row, value); err != nil {
			return nil, err
		}
		parquet.Release(page)
	}
	return runs, nil
}

// indexPrefix is how many bytes of a page's bounds are sure to be kept.
const indexPrefix = parquet.DefaultColumnIndexSizeLimit

// mayHold reports whether page i may hold the value, by its bounds.
func mayHold(index parquet.ColumnIndex, i int, value []byte) bool {
	if index.NullPage(i) {
		return false
	}
	prefix := func(b []byte) []byte { return b[:min(len(b), indexPrefix)] }
	v := prefix(value)
	return bytes.Compare(prefix(index.MinValue(i).ByteArray()), v) <= 0 && bytes.Compare(v, prefix(index.MaxValue(i).ByteArray())) <= 0
}

func findInPage(runs []run, page parquet.Page, values []parquet.Value, row int64, value []byte) ([]run, error) {
	reader := page.Values()
	for {
		n, err := reader.ReadValues(values)
		for _, v := range values[:n] {
			if !v.IsNull() && bytes.Equal(v.ByteArray(), value) {
				if k := len(runs) - 1; k >= 0 && runs[k].end == row {
					runs[k].end++
				} else {
					runs = append(runs, run{row, row + 1})
				}
			}
			row++
		}
		if errors.Is(err, io.EOF) {
			return runs, nil
		}
		if err != nil {
			return runs, err
		}
	}
}

// readRun returns the entries of a range of rows.
func (l *Lookup) readRun(g int, r run) ([]*hansard.Entry, error) {
	block := make([]hansard.Entry, r.end-r.from)
	entries := make([]*hansard.Entry, len(block))
	for k := range block {
		block[k].Log = l.log
		entries[k] = &block[k]
	}
	meta := l.file.Metadata().RowGroups[g]
	values := make([]parquet.Value, 64)
	for k, chunk := range l.file.RowGroups()[g].ColumnChunks() {
		if m := meta.Columns[k].MetaData; m.Statistics.NullCount == m.NumValues {
			continue
		}
		if err := l.columns[k].readRange(chunk, entries, values, r.from); err != nil {
			return nil, fmt.Errorf("read part: row group %d, column %s: %w", g, l.columns[k].Name, err)
		}
	}
	return entries, nil
}

// readRange fills the column's values of the rows from row from on into the
// entries.
func (c *Column) readRange(chunk parquet.ColumnChunk, entries []*hansard.Entry, values []parquet.Value, from int64) error {
	pages := chunk.Pages()
	defer pages.Close()
	if err := pages.SeekToRow(from); err != nil {
		return err
	}
	row := -1
	for row < len(entries)-1 {
		page, err := pages.ReadPage()
		if err != nil {
			return err
		}
		if left := int64(len(entries) - 1 - row); page.NumRows() > left {
			page = page.Slice(0, left)
		}
		if row, err = c.readPage(page, values, entries, row); err != nil {
			return err
		}
		parquet.Release(page)
	}
	return nil
}
