package part

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hansardhq/hansard"
)

// File is an open part.
type File struct {
	enc     *Encoder
	r       io.ReaderAt
	file    *parquet.File
	columns []*Column
	log     hansard.LogID
}

// Open opens the part of the given size that r holds. A file that is no part,
// or of a newer format, is refused. It panics on no input.
func (enc *Encoder) Open(r io.ReaderAt, size int64, log hansard.LogID) (*File, error) {
	return enc.open(r, size, log, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
}

func (enc *Encoder) open(r io.ReaderAt, size int64, log hansard.LogID, options ...parquet.FileOption) (f *File, err error) {
	defer recoverCorrupt(&err)
	if err := guardFooter(r, size); err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(r, size, options...)
	if err != nil {
		return nil, fmt.Errorf("open part: %w", err)
	}
	if v, _ := pf.Lookup("hansard.part"); v != FormatVersion {
		return nil, fmt.Errorf("open part: format %q, this program knows %q", v, FormatVersion)
	}
	if v, _ := pf.Lookup("hansard.log"); v != log.String() {
		return nil, fmt.Errorf("open part: it belongs to log %q, not to %q", v, log)
	}
	if !parquet.EqualNodes(pf.Schema(), enc.Schema()) {
		return nil, errors.New("open part: its columns are not those of a part")
	}
	if err := checkChunks(pf, size); err != nil {
		return nil, err
	}
	return &File{enc: enc, r: r, file: pf, columns: enc.schemaOrder(pf.Schema()), log: log}, nil
}

// checkChunks refuses what the Parquet library would read at any cost: another
// codec, or chunks outside the file. Damage inside a page is found earlier, by
// the file's SHA-256; whoever opens a part checks that first.
func checkChunks(pf *parquet.File, size int64) error {
	for i, g := range pf.Metadata().RowGroups {
		if g.NumRows < 0 || g.NumRows > RowGroup {
			return fmt.Errorf("open part: row group %d has %d rows, more than %d", i, g.NumRows, RowGroup)
		}
		for _, c := range g.Columns {
			m := c.MetaData
			start := chunkStart(&m)
			if m.Codec != format.Zstd && m.Codec != format.Uncompressed || start < 0 || m.TotalCompressedSize < 0 || start > size-m.TotalCompressedSize {
				return fmt.Errorf("open part: row group %d has a column chunk outside the format", i)
			}
		}
	}
	return nil
}

// chunkStart returns where the first page of a column chunk is.
func chunkStart(m *format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset > 0 {
		return min(m.DataPageOffset, m.DictionaryPageOffset)
	}
	return m.DataPageOffset
}

// recoverCorrupt turns a panic of the Parquet library over damaged bytes into
// an error: a damaged part is a finding, never a crash.
func recoverCorrupt(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("read part: damaged: %v", p)
	}
}

// Rows returns the number of rows.
func (f *File) Rows() int64 { return f.file.NumRows() }

// Range returns the half-open range of rows that row group i holds, counted in
// the order of the entries' indexes.
func (f *File) Range(i int) (first, end uint64) {
	groups := f.file.RowGroups()
	for _, g := range groups[:i] {
		first += uint64(g.NumRows())
	}
	return first, first + uint64(groups[i].NumRows())
}

// Groups returns the number of row groups.
func (f *File) Groups() int { return len(f.file.RowGroups()) }

// Read returns all entries of row group i in the part's order. Leaf hashes are
// not set.
func (f *File) Read(i int) ([]*hansard.Entry, error) {
	return f.read(i, func(*Column) bool { return true })
}

// ReadEnvelopes returns the entries of row group i without their content: what
// their leaves are rendered from.
func (f *File) ReadEnvelopes(i int) ([]*hansard.Entry, error) {
	return f.read(i, func(c *Column) bool { return c.Class != Content })
}

func (f *File) read(i int, wanted func(*Column) bool) (entries []*hansard.Entry, err error) {
	defer recoverCorrupt(&err)
	group := f.file.RowGroups()[i]
	n := group.NumRows()
	block := make([]hansard.Entry, n)
	entries = make([]*hansard.Entry, n)
	for k := range block {
		block[k].Log = f.log
		entries[k] = &block[k]
	}
	values := make([]parquet.Value, min(1024, max(n, 64)))
	for k, chunk := range group.ColumnChunks() {
		if !wanted(f.columns[k]) {
			continue
		}
		m := f.file.Metadata().RowGroups[i].Columns[k].MetaData
		if err := guardPages(f.r, &m); err != nil {
			return nil, fmt.Errorf("read part: row group %d, column %s: %w", i, f.columns[k].Name, err)
		}
		if err := f.columns[k].read(chunk, values, entries); err != nil {
			return nil, fmt.Errorf("read part: row group %d, column %s: %w", i, f.columns[k].Name, err)
		}
	}
	return entries, nil
}

// ReadAll returns all entries of the part in its order.
func (f *File) ReadAll() ([]*hansard.Entry, error) {
	var all []*hansard.Entry
	for i := range f.Groups() {
		entries, err := f.Read(i)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	return all, nil
}

// read fills the column's values of one row group into the entries. values is room
// for some of them.
func (c *Column) read(chunk parquet.ColumnChunk, values []parquet.Value, entries []*hansard.Entry) error {
	pages := chunk.Pages()
	defer pages.Close()
	row := -1
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if row, err = c.readPage(page, values, entries, row); err != nil {
			return err
		}
		parquet.Release(page)
	}
	if row != len(entries)-1 {
		return fmt.Errorf("%d values for %d rows", row+1, len(entries))
	}
	return nil
}

func (c *Column) readPage(page parquet.Page, values []parquet.Value, entries []*hansard.Entry, row int) (int, error) {
	reader := page.Values()
	for {
		n, err := reader.ReadValues(values)
		for _, v := range values[:n] {
			if v.RepetitionLevel() == 0 {
				row++
			}
			if row < 0 || row >= len(entries) {
				return row, fmt.Errorf("more values than the %d rows", len(entries))
			}
			if v.IsNull() {
				continue
			}
			if err := c.setValue(entries[row], v); err != nil {
				return row, fmt.Errorf("row %d: %w", row, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return row, nil
		}
		if err != nil {
			return row, err
		}
	}
}

func (c *Column) setValue(e *hansard.Entry, v parquet.Value) error {
	switch c.Kind {
	case String:
		*c.str(e) = string(v.ByteArray())
	case Int, Time:
		c.setInt(e, v.Int64())
	case Float:
		*c.float(e) = hansard.Some(v.Double())
	case Bool:
		*c.flag(e) = v.Boolean()
	case List:
		*c.list(e) = append(*c.list(e), string(v.ByteArray()))
	default:
		return c.setBytes(e, append([]byte(nil), v.ByteArray()...))
	}
	return nil
}
