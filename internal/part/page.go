package part

import (
	"bytes"
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
	zstd    *zstd.Encoder
	coder   literals
	out     []byte // the chunk
	page    []byte // a page before compression
	packed  []byte // ... and after
	letters []byte // ... and after, in another way
	levels  []byte
	encoded []byte
	ints    []int32
	texts   int     // where the texts of the page begin, which have the lengths in ints
	nulls   []uint8 // levels of rows without a value
	seen    []int32 // of each text of a dictionary: the end of the last page that has it
	meta    format.ColumnMetaData

	plan      plan // of the chunk
	integers  bool
	locations []format.PageLocation
	index     format.ColumnIndex
}

func newPager() (*pager, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &pager{zstd: e}, nil
}

// encode returns the bytes of a chunk, which is finished, and what the footer says of
// it; offsets count from the chunk's start. Both are valid until the next call.
func (p *pager) encode(c *chunk) ([]byte, *format.ColumnMetaData, error) {
	p.out = p.out[:0]
	p.meta = format.ColumnMetaData{
		PathInSchema: []string{c.col.Name}, NumValues: int64(max(len(c.levels), c.rows)), Codec: format.Zstd,
		DictionaryPageOffset: -1,
	}
	if c.kind == Bytes {
		p.meta.Codec = format.Uncompressed // random bytes
	}
	p.locations, p.index, p.plan = nil, format.ColumnIndex{}, undecided
	encoding, err := p.pages(c)
	if err != nil {
		return nil, nil, fmt.Errorf("column %s: %w", c.col.Name, err)
	}
	p.meta.Encoding = []format.Encoding{encoding, format.RLE}
	if encoding == format.RLEDictionary {
		p.meta.Encoding = append(p.meta.Encoding, format.Plain)
	}
	p.meta.TotalCompressedSize = int64(len(p.out))
	p.meta.Statistics.NullCount = int64(c.nulls())
	if c.bounded() {
		p.setBounds()
	}
	return p.out, &p.meta, nil
}

// setBounds makes the chunk's bounds of those of its pages, unless they are too
// long.
func (p *pager) setBounds() {
	var least, greatest []byte
	for i, null := range p.index.NullPages {
		if null {
			continue
		}
		lo, hi := p.index.MinValues[i], p.index.MaxValues[i]
		if least == nil || p.less(lo, least) {
			least = lo
		}
		if greatest == nil || p.less(greatest, hi) {
			greatest = hi
		}
	}
	if len(least) <= maxStatistic && len(greatest) <= maxStatistic {
		p.meta.Statistics.MinValue, p.meta.Statistics.MaxValue = least, greatest
	}
}

func (p *pager) less(a, b []byte) bool {
	if p.integers {
		return int64(binary.LittleEndian.Uint64(a)) < int64(binary.LittleEndian.Uint64(b))
	}
	return bytes.Compare(a, b) < 0
}

// maxStatistic is how long a text may be to stand in the statistics.
const maxStatistic = 128

// pages writes the pages of a chunk, and returns the encoding of its values.
func (p *pager) pages(c *chunk) (format.Encoding, error) {
	encoding := format.DeltaLengthByteArray
	p.integers = c.integers
	switch {
	case c.indexed():
		encoding = format.RLEDictionary
		if err := p.dictionary(c); err != nil {
			return encoding, err
		}
	case p.integers:
		encoding = format.DeltaBinaryPacked
	case c.kind == List || c.kind == Float || c.kind == Bool:
		encoding = format.Plain
	}
	p.meta.DataPageOffset = int64(len(p.out))
	if c.count == 0 || c.kind == List {
		return encoding, p.dataPage(c, encoding, 0, c.rows, 0, c.count)
	}
	row, value := 0, 0
	for row < c.rows {
		endRow, endValue := c.cut(row, value)
		if err := p.dataPage(c, encoding, row, endRow, value, endValue); err != nil {
			return encoding, err
		}
		row, value = endRow, endValue
	}
	return encoding, nil
}

// dictionary writes the page of the distinct texts.
func (p *pager) dictionary(c *chunk) error {
	p.seen = grow(p.seen, c.len())
	clear(p.seen)
	p.page = p.page[:0]
	for n := range int32(c.len()) {
		text := c.textAt(n)
		p.page = append(binary.LittleEndian.AppendUint32(p.page, uint32(len(text))), text...)
	}
	p.meta.DictionaryPageOffset = int64(len(p.out))
	return p.put(format.PageHeader{
		Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.Null[format.DictionaryPageHeader]{
			V: format.DictionaryPageHeader{NumValues: int32(c.len()), Encoding: format.Plain}, Valid: true,
		},
	})
}

// dataPage writes a page of the rows row to endRow, whose values are value to
// endValue. A list has all its rows in one page.
func (p *pager) dataPage(c *chunk, encoding format.Encoding, row, endRow, value, endValue int) error {
	p.page = p.page[:0]
	levels, repeat := p.levelsOf(c, row, endRow)
	if c.kind == List {
		if err := p.appendLevels(repeat); err != nil {
			return err
		}
	}
	if !c.required {
		if err := p.appendLevels(levels); err != nil {
			return err
		}
	}
	if err := p.appendValues(c, encoding, value, endValue); err != nil {
		return err
	}
	n := max(len(levels), endRow-row)
	p.note(c, row, n, value, endValue)
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

// levelsOf returns the levels of a page of the rows row to end, of a column that has
// some.
func (p *pager) levelsOf(c *chunk, row, end int) (levels, repeat []uint8) {
	switch {
	case c.required:
		return nil, nil
	case c.count == 0:
		if len(p.nulls) < end-row {
			p.nulls = make([]uint8, end-row)
		}
		return p.nulls[:end-row], p.nulls[:end-row]
	case c.kind == List:
		return c.levels, c.repeat
	}
	return c.levels[row:end], nil
}

// note begins the entry of a page of n levels in the chunk's indexes.
func (p *pager) note(c *chunk, row, n, value, end int) {
	p.locations = append(p.locations, format.PageLocation{Offset: int64(len(p.out)), FirstRowIndex: int64(row)})
	if !c.bounded() {
		return
	}
	x := &p.index
	x.NullPages = append(x.NullPages, value == end)
	x.NullCounts = append(x.NullCounts, int64(n-(end-value)))
	lo, hi := []byte{}, []byte{}
	switch {
	case value == end:
	case p.integers:
		lo, hi = intBounds(c.ints[value:end])
	case c.indexed():
		lo, hi = p.termBounds(c, value, end)
	default:
		lo, hi = p.textBounds()
	}
	x.MinValues, x.MaxValues = append(x.MinValues, lo), append(x.MaxValues, hi)
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
		p.encoded, err = (&rle.DictionaryEncoding{}).EncodeInt32(p.encoded, c.index[value:end])
	case encoding == format.DeltaBinaryPacked:
		p.encoded, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(p.encoded, c.ints[value:end])
	case c.kind == Float:
		p.encoded = append(p.encoded[:0], c.floats[8*value:8*end]...)
	case c.kind == Bool:
		p.encoded = p.encoded[:0]
		for n := end - value; n > 0; n -= 8 {
			p.encoded = append(p.encoded, byte(1<<min(n, 8)-1))
		}
	case encoding == format.Plain:
		p.encoded = p.encoded[:0]
		for _, n := range c.index[value:end] { // of a list
			text := c.textAt(n)
			p.encoded = append(binary.LittleEndian.AppendUint32(p.encoded, uint32(len(text))), text...)
		}
	default:
		return p.appendTexts(c, value, end)
	}
	p.page = append(p.page, p.encoded...)
	return err
}

// appendTexts appends texts in DELTA_LENGTH_BYTE_ARRAY: all lengths, then all
// bytes, which compress better apart.
func (p *pager) appendTexts(c *chunk, value, end int) (err error) {
	p.ints = grow(p.ints, end-value)
	for i := range p.ints {
		n := c.number(value + i)
		p.ints[i] = int32(c.ends[n+1] - c.ends[n])
	}
	if p.encoded, err = (&delta.BinaryPackedEncoding{}).EncodeInt32(p.encoded, p.ints); err != nil {
		return err
	}
	p.page = append(p.page, p.encoded...)
	p.texts = len(p.page)
	if !c.dictionary { // one after the other
		p.page = append(p.page, c.text[c.ends[value]:c.ends[end]]...)
		return nil
	}
	for _, n := range c.index[value:end] {
		p.page = append(p.page, c.textAt(n)...)
	}
	return nil
}

// termBounds returns the bounds of the values from value to end, which are in the
// dictionary. Each text is looked at once.
func (p *pager) termBounds(c *chunk, value, end int) (least, greatest []byte) {
	b := newBounds(c.textAt(c.index[value]))
	for _, n := range c.index[value:end] {
		if p.seen[n] != int32(end) {
			p.seen[n] = int32(end)
			b.add(c.textAt(n))
		}
	}
	return bytes.Clone(b.least), bytes.Clone(b.greatest)
}

// textBounds returns the bounds of the texts that appendTexts has brought together.
func (p *pager) textBounds() (least, greatest []byte) {
	b := newBounds(p.page[p.texts : p.texts+int(p.ints[0])])
	at := p.texts
	for _, n := range p.ints {
		b.add(p.page[at : at+int(n)])
		at += int(n)
	}
	return bytes.Clone(b.least), bytes.Clone(b.greatest)
}

// put compresses the page and appends it to the chunk, header first.
func (p *pager) put(h format.PageHeader) error {
	body := p.page
	if p.meta.Codec == format.Zstd {
		if err := p.compress(h.Type == format.DataPage); err != nil {
			return err
		}
		body = p.packed
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(p.page)), int32(len(body))
	head, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
	if err != nil {
		return fmt.Errorf("page header: %w", err)
	}
	p.out = append(append(p.out, head...), body...)
	if h.Type == format.DataPage {
		p.locations[len(p.locations)-1].CompressedPageSize = int32(len(head) + len(body))
	}
	p.meta.TotalUncompressedSize += int64(len(head) + len(p.page))
	return nil
}

// plan says how the data pages of a chunk are compressed.
type plan uint8

const (
	undecided plan = iota
	byMatches      // as zstd does
	byLetters      // by the Huffman code of their bytes alone
)

// compress makes p.packed of p.page. How the pages of a chunk are compressed is
// decided by the first: what is written depends on the rows alone.
func (p *pager) compress(data bool) (err error) {
	if data && p.plan == byLetters {
		p.packed, err = p.coder.appendFrame(p.packed[:0], p.page)
		return err
	}
	p.packed = p.zstd.EncodeAll(p.page, p.packed[:0])
	if !data || p.plan != undecided {
		return nil
	}
	p.plan = byMatches
	if !worthLetters(len(p.page), len(p.packed)) {
		return nil
	}
	if p.letters, err = p.coder.appendFrame(p.letters[:0], p.page); err != nil {
		return err
	}
	// A twelfth more is worth a fifth of the time.
	if len(p.letters) <= len(p.packed)+len(p.packed)/12 {
		p.plan = byLetters
		p.packed, p.letters = p.letters, p.packed
	}
	return nil
}

// worthLetters reports whether the code of its bytes may make about as little of a
// page as zstd did: where matches made much less of it it cannot, and where they
// found nothing they took no time.
func worthLetters(page, packed int) bool {
	return page >= 1<<10 && packed > page/4 && packed < page-page/8
}
