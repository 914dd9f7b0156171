package part

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pager encodes chunks as pages. Its buffers are kept from one to the next.
type pager struct {
	zstd   *zstd.Encoder
	out    []byte // the chunk
	page   []byte // a page before compression
	packed []byte // ... and after
	levels []byte
	values []byte
	ints   []int32
	starts []uint32
	meta   format.ColumnMetaData
}

func newPager() (*pager, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &pager{zstd: e}, nil
}

// encode returns the bytes of a chunk and what the footer says of it; offsets
// count from the chunk's start. Both are valid until the next call.
func (p *pager) encode(c *chunk) ([]byte, *format.ColumnMetaData, error) {
	p.out = p.out[:0]
	p.meta = format.ColumnMetaData{
		PathInSchema: []string{c.col.Name}, NumValues: int64(max(len(c.levels), c.rows)), Codec: format.Zstd,
		DictionaryPageOffset: -1,
	}
	if c.col.Kind == Bytes {
		p.meta.Codec = format.Uncompressed // random bytes
	}
	encoding := format.Plain
	var err error
	switch {
	case c.worthDictionary():
		encoding = format.RLEDictionary
		if err = p.dictionary(c); err == nil {
			p.meta.DataPageOffset = int64(len(p.out))
			err = p.dataPage(c, encoding, 0, c.rows, 0, len(c.index))
		}
	case c.col.Kind == Int || c.col.Kind == Time:
		encoding = format.DeltaBinaryPacked
		err = p.dataPage(c, encoding, 0, c.rows, 0, len(c.ints))
	case c.col.Kind == List || c.col.Kind == Float || c.col.Kind == Bool:
		err = p.dataPage(c, encoding, 0, c.rows, 0, c.count())
	default:
		encoding = format.DeltaLengthByteArray
		err = p.textPages(c, encoding)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("column %s: %w", c.col.Name, err)
	}
	p.meta.Encoding = []format.Encoding{encoding, format.RLE}
	if encoding == format.RLEDictionary {
		p.meta.Encoding = append(p.meta.Encoding, format.Plain)
	}
	p.meta.TotalCompressedSize = int64(len(p.out))
	p.meta.Statistics.NullCount = int64(c.nulls)
	p.meta.Statistics.MinValue, p.meta.Statistics.MaxValue = c.bounds()
	return p.out, &p.meta, nil
}

// textPages cuts a column of texts into pages of about pageBytes.
func (p *pager) textPages(c *chunk, encoding format.Encoding) error {
	row, value := 0, 0
	for {
		endRow, endValue, size := row, value, 0
		for endRow < c.rows && (size < pageBytes || endRow == row) {
			if c.col.Required || c.levels[endRow] == 1 {
				size += len(c.value(endValue))
				endValue++
			}
			endRow++
		}
		if err := p.dataPage(c, encoding, row, endRow, value, endValue); err != nil || endRow == c.rows {
			return err
		}
		row, value = endRow, endValue
	}
}

// value returns the i-th text that is not null.
func (c *chunk) value(i int) []byte {
	if c.col.Dictionary {
		return c.textAt(int(c.index[i]))
	}
	return c.textAt(i)
}

// dictionary writes the page of the distinct texts.
func (p *pager) dictionary(c *chunk) error {
	p.page = p.page[:0]
	for i := range c.ends {
		text := c.textAt(i)
		p.page = append(binary.LittleEndian.AppendUint32(p.page, uint32(len(text))), text...)
	}
	p.meta.DictionaryPageOffset = int64(len(p.out))
	return p.put(format.PageHeader{
		Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.Null[format.DictionaryPageHeader]{
			V: format.DictionaryPageHeader{NumValues: int32(len(c.ends)), Encoding: format.Plain}, Valid: true,
		},
	})
}

// dataPage writes a page of the rows row to endRow, whose values are value to
// endValue. A list has all its rows in one page.
func (p *pager) dataPage(c *chunk, encoding format.Encoding, row, endRow, value, endValue int) error {
	p.page = p.page[:0]
	n := endRow - row
	if c.col.Kind == List {
		n = len(c.levels)
		if err := p.appendLevels(c.repeat); err != nil {
			return err
		}
	}
	if !c.col.Required {
		if err := p.appendLevels(c.levels[row : row+n]); err != nil {
			return err
		}
	}
	if err := p.appendValues(c, encoding, value, endValue); err != nil {
		return err
	}
	return p.put(format.PageHeader{
		Type: format.DataPage,
		DataPageHeader: thrift.Null[format.DataPageHeader]{
			V: format.DataPageHeader{
				NumValues: int32(n), Encoding: encoding,
				DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
			}, Valid: true,
		},
	})
}

func (p *pager) appendLevels(levels []uint8) (err error) {
	e := rle.Encoding{BitWidth: 1}
	if p.levels, err = e.EncodeLevels(p.levels, levels); err != nil {
		return err
	}
	p.page = binary.LittleEndian.AppendUint32(p.page, uint32(len(p.levels)))
	p.page = append(p.page, p.levels...)
	return nil
}

func (p *pager) appendValues(c *chunk, encoding format.Encoding, value, end int) (err error) {
	switch {
	case encoding == format.RLEDictionary:
		p.values, err = (&rle.DictionaryEncoding{}).EncodeInt32(p.values, c.index[value:end])
	case encoding == format.DeltaBinaryPacked:
		p.values, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(p.values, c.ints[value:end])
	case c.col.Kind == Float:
		p.values = append(p.values[:0], c.floats[8*value:8*end]...)
	case c.col.Kind == Bool:
		p.values = p.values[:0]
		for n := end - value; n > 0; n -= 8 {
			p.values = append(p.values, byte(1<<min(n, 8)-1))
		}
	case encoding == format.Plain:
		p.values = p.values[:0]
		for i := value; i < end; i++ {
			text := c.value(i)
			p.values = append(binary.LittleEndian.AppendUint32(p.values, uint32(len(text))), text...)
		}
	default:
		return p.appendTexts(c, value, end)
	}
	p.page = append(p.page, p.values...)
	return err
}

// appendTexts appends texts in DELTA_LENGTH_BYTE_ARRAY: all lengths, then all
// bytes, which compress better apart.
func (p *pager) appendTexts(c *chunk, value, end int) (err error) {
	p.ints = p.ints[:0]
	for i := value; i < end; i++ {
		p.ints = append(p.ints, int32(len(c.value(i))))
	}
	if p.values, err = (&delta.BinaryPackedEncoding{}).EncodeInt32(p.values, p.ints); err != nil {
		return err
	}
	p.page = append(p.page, p.values...)
	switch {
	case value == end:
	case c.col.Dictionary:
		for i := value; i < end; i++ {
			p.page = append(p.page, c.value(i)...)
		}
	default:
		from := uint32(0)
		if value > 0 {
			from = c.ends[value-1]
		}
		p.page = append(p.page, c.text[from:c.ends[end-1]]...)
	}
	return nil
}

// put compresses the page and appends it to the chunk, header first.
func (p *pager) put(h format.PageHeader) error {
	body := p.page
	if p.meta.Codec == format.Zstd {
		p.packed = p.zstd.EncodeAll(p.page, p.packed[:0])
		body = p.packed
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(p.page)), int32(len(body))
	head, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
	if err != nil {
		return fmt.Errorf("page header: %w", err)
	}
	p.out = append(append(p.out, head...), body...)
	p.meta.TotalUncompressedSize += int64(len(head) + len(p.page))
	return nil
}
