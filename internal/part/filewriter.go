package part

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hansardhq/hansard"
)

// fileSchema is what all parts say alike of their columns.
type fileSchema struct {
	elements []format.SchemaElement
	orders   []format.ColumnOrder
	columns  []*Column // in the file's order
}

// newFileSchema takes the description of the columns from the Parquet library,
// by writing a file without rows.
func newFileSchema(enc *Encoder) *fileSchema {
	var b bytes.Buffer
	w := parquet.NewWriter(&b, enc.Schema())
	if err := w.Close(); err != nil {
		panic(err) // to memory, with a schema that is a constant
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		panic(err)
	}
	meta := f.Metadata()
	return &fileSchema{meta.Schema, meta.ColumnOrders, enc.schemaOrder(f.Schema())}
}

// fileWriter writes one Parquet file, a row group at a time. The library's own
// writer boxes every value of every column, null or not; over the rows of a
// ledger that costs five times as much as what is done here with its encoders.
type fileWriter struct {
	enc *Encoder
	w   io.Writer
	at  int64
	*writeBuffers
	meta format.FileMetaData

	// The page indexes of all chunks, in order.
	bounds  []format.ColumnIndex
	offsets []format.OffsetIndex
}

// writeBuffers are what one file after the other is written with.
type writeBuffers struct {
	group *rowGroup
	pager *pager
	order *orderer
}

// release gives the buffers back, for the next file.
func (f *fileWriter) release() {
	f.group.reset()
	f.enc.buffers.Store(f.writeBuffers)
	f.writeBuffers = nil
}

// DropBuffers gives back the memory that parts are written with, some tens of
// megabytes, which is kept from one part to the next.
func (enc *Encoder) DropBuffers() { enc.buffers.Store(nil) }

const magic = "PAR1"

// beginFile returns a writer that has nothing to encode with: for row groups that are
// written already.
func (enc *Encoder) beginFile(w io.Writer, log hansard.LogID) *fileWriter {
	f := &fileWriter{enc: enc, w: w}
	f.meta = format.FileMetaData{
		Version: 1, Schema: enc.file().elements, ColumnOrders: enc.file().orders,
		CreatedBy: "hansard version " + FormatVersion + ".0.0(build 1)",
		KeyValueMetadata: []format.KeyValue{
			{Key: "hansard.log", Value: log.String()}, {Key: "hansard.part", Value: FormatVersion},
		},
	}
	return f
}

func (enc *Encoder) newFileWriter(w io.Writer, log hansard.LogID) (*fileWriter, error) {
	f := enc.beginFile(w, log)
	if old := enc.buffers.Swap(nil); old != nil {
		f.writeBuffers = old
	} else {
		p, err := newPager()
		if err != nil {
			return nil, err
		}
		f.writeBuffers = &writeBuffers{group: newRowGroup(enc), pager: p, order: newOrderer()}
	}
	return f, f.write([]byte(magic))
}

func (f *fileWriter) write(b []byte) error {
	n, err := f.w.Write(b)
	f.at += int64(n)
	return err
}

// writeGroup writes the collected row group and empties it.
func (f *fileWriter) writeGroup() error {
	g := f.group
	rg := format.RowGroup{NumRows: int64(g.rows), FileOffset: f.at, Ordinal: int16(len(f.meta.RowGroups))}
	for _, col := range f.enc.file().columns {
		c := g.chunks[col.ID]
		c.finish(g.rows)
		b, meta, err := f.pager.encode(c)
		if err != nil {
			return err
		}
		m := *meta
		m.Type = col.physical()
		m.DataPageOffset += f.at
		if m.DictionaryPageOffset += f.at; m.DictionaryPageOffset < f.at {
			m.DictionaryPageOffset = 0
		}
		for i := range f.pager.locations {
			f.pager.locations[i].Offset += f.at
		}
		f.bounds = append(f.bounds, f.pager.index)
		f.offsets = append(f.offsets, format.OffsetIndex{PageLocations: f.pager.locations})
		if err := f.write(b); err != nil {
			return err
		}
		rg.TotalByteSize += m.TotalUncompressedSize
		rg.TotalCompressedSize += m.TotalCompressedSize
		rg.Columns = append(rg.Columns, format.ColumnChunk{MetaData: m})
	}
	if err := f.writeFilters(g, &rg); err != nil {
		return err
	}
	f.meta.RowGroups = append(f.meta.RowGroups, rg)
	f.meta.NumRows += rg.NumRows
	g.reset()
	return nil
}

// writeFilters writes the Bloom filters of the row group behind its chunks.
func (f *fileWriter) writeFilters(g *rowGroup, rg *format.RowGroup) error {
	for i, col := range f.enc.file().columns {
		c := g.chunks[col.ID]
		if !c.filter || len(c.hashes) == 0 {
			continue
		}
		filter := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(len(c.hashes)), 10))
		filter.InsertBulk(c.hashes)
		bits := filter.Bytes()
		head, err := thrift.Marshal(&thrift.CompactProtocol{}, &format.BloomFilterHeader{
			NumBytes:    int32(len(bits)),
			Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
			Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
			Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
		})
		if err != nil {
			return fmt.Errorf("bloom filter of %s: %w", col.Name, err)
		}
		m := &rg.Columns[i].MetaData
		m.BloomFilterOffset, m.BloomFilterLength = f.at, int32(len(head)+len(bits))
		if err := f.write(append(head, bits...)); err != nil {
			return err
		}
	}
	return nil
}

// writeIndexes writes the page indexes: the bounds of the pages of all chunks
// that have some, then the places of all pages.
func (f *fileWriter) writeIndexes() error {
	each := func(write func(i int, c *format.ColumnChunk) error) error {
		n := 0
		for g := range f.meta.RowGroups {
			for k := range f.meta.RowGroups[g].Columns {
				if err := write(n, &f.meta.RowGroups[g].Columns[k]); err != nil {
					return err
				}
				n++
			}
		}
		return nil
	}
	err := each(func(i int, c *format.ColumnChunk) (err error) {
		if len(f.bounds[i].NullPages) > 0 {
			c.ColumnIndexOffset = f.at
			c.ColumnIndexLength, err = f.writeThrift(&f.bounds[i])
		}
		return err
	})
	if err != nil {
		return err
	}
	return each(func(i int, c *format.ColumnChunk) (err error) {
		c.OffsetIndexOffset = f.at
		c.OffsetIndexLength, err = f.writeThrift(&f.offsets[i])
		return err
	})
}

func (f *fileWriter) writeThrift(v any) (int32, error) {
	b, err := thrift.Marshal(&thrift.CompactProtocol{}, v)
	if err != nil {
		return 0, err
	}
	return int32(len(b)), f.write(b)
}

// close writes the page indexes and the footer.
func (f *fileWriter) close() error {
	if err := f.writeIndexes(); err != nil {
		return fmt.Errorf("page indexes: %w", err)
	}
	b, err := thrift.Marshal(&thrift.CompactProtocol{}, &f.meta)
	if err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return f.write(append(b, magic...))
}

// physical returns the column's type in Parquet.
func (c *Column) physical() format.Type {
	switch c.Kind {
	case Int, Time:
		return format.Int64
	case Float:
		return format.Double
	case Bool:
		return format.Boolean
	}
	return format.ByteArray
}
