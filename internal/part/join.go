package part

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Join writes one part with the row groups of others, byte for byte: of parts of one
// log whose entries follow each other. Its bytes are those that WriteRows writes of all
// the rows where every part but the last ends with a full row group. It notes the
// traces of the rows in the index, which NewJoinedIndex has made.
//
// The files must be known to be whole: damage that their footers do not show is
// copied.
func (enc *Encoder) Join(w io.Writer, x *Index, files []*File) (err error) {
	defer recoverCorrupt(&err)
	f := enc.beginFile(w, x.Log)
	if err := f.write([]byte(magic)); err != nil {
		return fmt.Errorf("join parts: %w", err)
	}
	group, err := enc.NewGroup()
	if err != nil {
		return fmt.Errorf("join parts: %w", err)
	}
	traces := map[string]struct{}{}
	for _, file := range files {
		for i := range file.Groups() {
			if err := group.Load(file, i, func(c *Column) bool { return c.ID == idTraceID }); err != nil {
				return fmt.Errorf("join parts: %w", err)
			}
			group.traces(traces)
			if err := f.copyGroup(file, i); err != nil {
				return fmt.Errorf("join parts: row group %d: %w", i, err)
			}
		}
	}
	x.setTraces(traces)
	if err := f.close(); err != nil {
		return fmt.Errorf("join parts: %w", err)
	}
	return nil
}

// NewJoinedIndex returns the index of the part that parts with the given indexes are
// joined into, but for its traces, and the size and hash of its file. They are in the
// order of their entries. If one is without text filters, so is the index.
func NewJoinedIndex(parts []*Index) *Index {
	first, last := parts[0], parts[len(parts)-1]
	x := &Index{Info: first.Info}
	x.Name, x.Date = Name{First: first.Name.First, End: last.Name.End}, last.Date
	x.Rows, x.Bytes, x.Info.Texts = 0, 0, nil
	texts := !slices.ContainsFunc(parts, func(p *Index) bool { return len(p.Texts) == 0 })
	for _, p := range parts {
		x.Rows += p.Rows
		x.MinTime, x.MaxTime = min(x.MinTime, p.MinTime), max(x.MaxTime, p.MaxTime)
		x.FirstPosition, x.LastPosition = min(x.FirstPosition, p.FirstPosition), max(x.LastPosition, p.LastPosition)
		x.FirstReceived, x.LastReceived = min(x.FirstReceived, p.FirstReceived), max(x.LastReceived, p.LastReceived)
		x.IDs = append(x.IDs, p.IDs...)
		if texts {
			for _, f := range p.Texts {
				x.addFilter(f)
			}
		}
	}
	SortIDs(x.IDs)
	x.Info.IDs = len(x.IDs)
	return x
}

// copyGroup copies row group i of a file, with its filters and page indexes.
func (f *fileWriter) copyGroup(file *File, i int) error {
	rg := file.file.Metadata().RowGroups[i]
	start, end := rg.FileOffset, groupEnd(&rg)
	if start < int64(len(magic)) || end < start || end > file.file.Size() {
		return errDamaged
	}
	moved := f.at - start
	n, err := io.Copy(f.w, io.NewSectionReader(file.r, start, end-start))
	f.at += n
	if err != nil {
		return err
	}
	rg.FileOffset, rg.Ordinal = start+moved, int16(len(f.meta.RowGroups))
	rg.Columns = append([]format.ColumnChunk(nil), rg.Columns...)
	for k := range rg.Columns {
		c := &rg.Columns[k]
		if err := f.copyIndexes(file, c, moved); err != nil {
			return err
		}
		m := &c.MetaData
		if chunkStart(m) < start {
			return errDamaged
		}
		for _, at := range []*int64{&m.DataPageOffset, &m.DictionaryPageOffset, &m.BloomFilterOffset} {
			if *at != 0 {
				*at += moved
			}
		}
	}
	f.meta.RowGroups = append(f.meta.RowGroups, rg)
	f.meta.NumRows += rg.NumRows
	return nil
}

// groupEnd returns where a row group ends: behind its last chunk, or the last filter
// behind that.
func groupEnd(rg *format.RowGroup) (end int64) {
	for k := range rg.Columns {
		m := &rg.Columns[k].MetaData
		end = max(end, chunkStart(m)+m.TotalCompressedSize, m.BloomFilterOffset+int64(m.BloomFilterLength))
	}
	return end
}

// copyIndexes takes over what a file says of the pages of a chunk, which has moved.
func (f *fileWriter) copyIndexes(file *File, c *format.ColumnChunk, moved int64) error {
	var bounds format.ColumnIndex
	var offsets format.OffsetIndex
	err := errors.Join(
		file.readThrift(c.ColumnIndexOffset, c.ColumnIndexLength, &bounds),
		file.readThrift(c.OffsetIndexOffset, c.OffsetIndexLength, &offsets),
	)
	if err != nil {
		return err
	}
	for i := range offsets.PageLocations {
		offsets.PageLocations[i].Offset += moved
	}
	c.ColumnIndexOffset, c.ColumnIndexLength, c.OffsetIndexOffset, c.OffsetIndexLength = 0, 0, 0, 0
	f.bounds, f.offsets = append(f.bounds, bounds), append(f.offsets, offsets)
	return nil
}

// readThrift reads a structure of the file into v; a length of 0 leaves it as it is.
func (f *File) readThrift(at int64, length int32, v any) error {
	if length == 0 {
		return nil
	}
	if at < 0 || length < 0 || at > f.file.Size()-int64(length) {
		return errDamaged
	}
	b := make([]byte, length)
	if _, err := f.r.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	t := compact{b: b}
	if err := t.structure(0, 0); err != nil {
		return err
	}
	return thrift.Unmarshal(&thrift.CompactProtocol{}, b, v)
}

// traces adds the traces of the rows to a set, "" for those without one; their column
// was loaded.
func (r *Group) traces(set map[string]struct{}) {
	v := &r.vectors[idTraceID-1]
	for i := range max(0, len(v.offsets)-1) {
		set[string(v.value(int32(i)))] = struct{}{}
	}
	for row := range r.n {
		if !v.some || v.slots[row] < 0 {
			set[""] = struct{}{}
			return
		}
	}
}
