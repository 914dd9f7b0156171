package part

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard"
)

// Lookup is a part opened for finding few of its entries: it reads the pages that
// hold them, not whole row groups. It is safe for concurrent use.
type Lookup struct {
	*File
	outline *Outline
	closer  io.Closer
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
	l, err := enc.newLookup(f, info.Size(), log)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l.closer = f
	return l, nil
}

func (enc *Encoder) newLookup(r io.ReaderAt, size int64, log hansard.LogID) (*Lookup, error) {
	f, err := enc.open(r, size, log, parquet.SkipBloomFilters(false), parquet.ReadBufferSize(lookupBuffer))
	if err != nil {
		return nil, err
	}
	return &Lookup{File: f, outline: f.Outline()}, nil
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
		rows, err := findRows(chunk, []byte(value))
		if err != nil {
			return fmt.Errorf("read part: row group %d, column %s: %w", g, column, err)
		}
		if len(rows) == 0 {
			continue
		}
		entries, err := l.readRows(g, rows[:min(limit, len(rows))])
		if err != nil {
			return err
		}
		if err := f(entries); err != nil {
			return err
		}
	}
	return nil
}

// FindPositions returns the entries with the given positions, sorted, in no
// order: each that is in the part. Leaf hashes are not set.
func (l *Lookup) FindPositions(positions []uint64) (found []*hansard.Entry, err error) {
	defer recoverCorrupt(&err)
	var v Vector
	column := l.enc.Column("position")
	reader, err := l.enc.takePicker()
	if err != nil {
		return nil, err
	}
	defer l.enc.pickers.Put(reader)
	for g := range l.Groups() {
		least, greatest, known := l.outline.Bounds(g, column)
		from, _ := slices.BinarySearch(positions, uint64(least))
		if known && (from == len(positions) || positions[from] > uint64(greatest)) {
			continue
		}
		reader.Use(l.outline, l.r, g)
		if err := reader.ReadInts("position", &v); err != nil {
			return nil, err
		}
		var rows []int64
		for i, p := range v.Ints {
			if _, ok := slices.BinarySearch(positions, uint64(p)); ok {
				rows = append(rows, int64(i))
			}
		}
		if len(rows) == 0 {
			continue
		}
		entries, err := l.readRows(g, rows)
		if err != nil {
			return nil, err
		}
		found = append(found, entries...)
	}
	return found, nil
}

// findRows returns the rows in which the column of texts has the value.
func findRows(chunk parquet.ColumnChunk, value []byte) ([]int64, error) {
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
	var rows []int64
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
		if rows, err = findInPage(rows, page, values, row, value); err != nil {
			return nil, err
		}
		parquet.Release(page)
	}
	return rows, nil
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

func findInPage(rows []int64, page parquet.Page, values []parquet.Value, row int64, value []byte) ([]int64, error) {
	reader := page.Values()
	for {
		n, err := reader.ReadValues(values)
		for _, v := range values[:n] {
			if !v.IsNull() && bytes.Equal(v.ByteArray(), value) {
				rows = append(rows, row)
			}
			row++
		}
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
	}
}

// readRows returns the entries of some rows, ascending, of row group g. Columns
// without a value in it are not read.
func (l *Lookup) readRows(g int, rows []int64) ([]*hansard.Entry, error) {
	block := make([]hansard.Entry, len(rows))
	entries := make([]*hansard.Entry, len(block))
	for k := range block {
		block[k].Log = l.log
		entries[k] = &block[k]
	}
	p, err := l.enc.takePicker()
	if err != nil {
		return nil, err
	}
	defer l.enc.pickers.Put(p)
	p.Use(l.outline, l.r, g)
	return entries, p.pick(l.File, rows, entries)
}
