package part

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits of what is decoded. What Write makes is far below them; a page that was
// made to take all memory is above.
const (
	maxChunkBytes = 256 << 20 // of a column of a row group, compressed
	maxGroupBytes = 1 << 30   // of a row group, uncompressed
	maxPageValues = 4 << 20   // a row may have several in a list
)

// page is one page of a column, decompressed.
type page struct {
	dictionary bool
	encoding   format.Encoding
	values     int // nulls included
	repeats    []byte
	defines    []byte
	data       []byte
}

// pageReader reads the pages of a column chunk from its bytes.
type pageReader struct {
	rest   []byte
	zip    *zstd.Decoder
	plain  bool   // the pages are not compressed
	buf    []byte // a decompressed page, until the next one
	budget *int   // bytes that the row group may still become
}

// next returns the next page, or io.EOF. The page is valid until the next call.
func (p *pageReader) next() (page, error) {
	if len(p.rest) == 0 {
		return page{}, io.EOF
	}
	var h format.PageHeader
	var protocol thrift.CompactProtocol
	r := protocol.NewReaderFromBytes(p.rest)
	if err := thrift.NewDecoder(r).Decode(&h); err != nil {
		return page{}, fmt.Errorf("page header: %w", err)
	}
	p.rest = p.rest[r.BytesRead():]
	size := int(h.UncompressedPageSize)
	if h.CompressedPageSize < 0 || int(h.CompressedPageSize) > len(p.rest) || size < 0 || size > maxPage || size > *p.budget {
		return page{}, errors.New("page of an impossible size")
	}
	*p.budget -= size
	body := p.rest[:h.CompressedPageSize]
	p.rest = p.rest[len(body):]
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		v := h.DictionaryPageHeader.V
		return p.whole(page{dictionary: true, encoding: v.Encoding, values: int(v.NumValues)}, body, size)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		return p.second(h.DataPageHeaderV2.V, body, size)
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		v := h.DataPageHeader.V
		return p.whole(page{encoding: v.Encoding, values: int(v.NumValues)}, body, size)
	}
	return page{}, errors.New("page of an unknown type")
}

// whole finishes a page that is compressed as a whole. In a data page the levels
// stand in front of the values; see splitLevels.
func (p *pageReader) whole(pg page, body []byte, size int) (page, error) {
	if pg.values < 0 || pg.values > maxPageValues {
		return page{}, errors.New("page with an impossible number of values")
	}
	var err error
	pg.data, err = p.unzip(body, size)
	return pg, err
}

// second finishes a data page of version 2: levels, then compressed values.
func (p *pageReader) second(v format.DataPageHeaderV2, body []byte, size int) (page, error) {
	pg := page{encoding: v.Encoding, values: int(v.NumValues)}
	rep, def := int(v.RepetitionLevelsByteLength), int(v.DefinitionLevelsByteLength)
	if pg.values < 0 || pg.values > maxPageValues || rep < 0 || def < 0 || rep > len(body) || def > len(body)-rep || size < rep+def {
		return page{}, errors.New("page with impossible levels")
	}
	pg.repeats, pg.defines, pg.data = body[:rep], body[rep:rep+def], body[rep+def:]
	if v.IsCompressed.Valid && !v.IsCompressed.V {
		return pg, nil
	}
	var err error
	pg.data, err = p.unzip(pg.data, size-rep-def)
	return pg, err
}

// unzip decompresses a page to the size that its header states.
func (p *pageReader) unzip(b []byte, size int) ([]byte, error) {
	if p.plain || size == 0 && len(b) == 0 {
		if len(b) != size {
			return nil, fmt.Errorf("page of %d bytes, its header says %d", len(b), size)
		}
		return b, nil
	}
	var err error
	if p.buf, err = p.zip.DecodeAll(b, p.buf[:0]); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	if len(p.buf) != size {
		return nil, fmt.Errorf("page of %d bytes, its header says %d", len(p.buf), size)
	}
	return p.buf, nil
}

// splitLevels takes the levels of a data page of version 1 from the front of its
// data, where each stands after its length.
func (pg *page) splitLevels(repeated, optional bool) error {
	for _, levels := range []struct {
		there bool
		dst   *[]byte
	}{{repeated, &pg.repeats}, {optional, &pg.defines}} {
		if !levels.there {
			continue
		}
		if len(pg.data) < 4 {
			return errEncoding
		}
		n := binary.LittleEndian.Uint32(pg.data)
		if uint64(n) > uint64(len(pg.data)-4) {
			return errEncoding
		}
		*levels.dst, pg.data = pg.data[4:4+n], pg.data[4+n:]
	}
	return nil
}
