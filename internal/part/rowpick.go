package part

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hansardhq/hansard"
)

// picker reads a few rows of row groups with all their columns: of each column the
// pages that hold some of them, each once. It decodes of a page what leads to the
// values that are wanted, and makes no others. Its memory is used again. It is for one
// goroutine at a time.
type picker struct {
	*ColumnReader
	dictionary []byte
	texts      []uint32 // where the texts of the dictionary end; each begins 4 bytes after the one before
	wanted     []wantedValue
	flags      []byte
}

// wantedValue is the number of a value among those of a page that are not null, and the
// entry that it belongs to.
type wantedValue struct {
	number int
	entry  *hansard.Entry
}

// takePicker returns a picker from before, or a new one. Whoever is done with it puts
// it back into enc.pickers.
func (enc *Encoder) takePicker() (*picker, error) {
	if p, ok := enc.pickers.Get().(*picker); ok {
		return p, nil
	}
	r, err := enc.NewColumnReader()
	return &picker{ColumnReader: r}, err
}

// pick fills the values of some rows, ascending, of the row group that is in use into
// their entries.
func (p *picker) pick(f *File, rows []int64, entries []*hansard.Entry) error {
	chunks := f.file.RowGroups()[p.g].ColumnChunks()
	for k, c := range f.columns {
		if p.outline.Empty(p.g, c) {
			continue
		}
		pages, err := chunks[k].OffsetIndex()
		if err == nil {
			err = p.column(c, pages, rows, entries)
		}
		if err != nil {
			return fmt.Errorf("read part: row group %d, column %s: %w", p.g, c.Name, err)
		}
	}
	return nil
}

// column fills the values of one column into the entries.
func (p *picker) column(c *Column, pages parquet.OffsetIndex, rows []int64, entries []*hansard.Entry) error {
	if pages == nil || pages.NumPages() == 0 {
		return errors.New("no index of its pages")
	}
	x := &p.outline.groups[p.g].chunks[c.ID-1]
	budget, size := maxGroupBytes, int64(p.Size())
	p.pages.plain, p.pages.zip, p.pages.budget = x.plain, p.zip, &budget
	p.dictionary, p.texts = p.dictionary[:0], p.texts[:0]
	if first := pages.Offset(0); first > x.start {
		if err := p.readDictionary(x, first); err != nil {
			return err
		}
	}
	for next := 0; next < len(rows); {
		i := sort.Search(pages.NumPages(), func(i int) bool { return pages.FirstRowIndex(i) > rows[next] }) - 1
		if i < 0 {
			return errEncoding
		}
		from, end := pages.FirstRowIndex(i), size
		if i+1 < pages.NumPages() {
			end = pages.FirstRowIndex(i + 1)
		}
		n := sort.Search(len(rows)-next, func(k int) bool { return rows[next+k] >= end })
		if n == 0 {
			return errEncoding
		}
		pg, err := p.readPage(x, pages.Offset(i), pages.CompressedPageSize(i))
		if err != nil {
			return err
		}
		if err := p.pagePicked(c, pg, from, end, rows[next:next+n], entries[next:next+n]); err != nil {
			return err
		}
		next += n
	}
	return nil
}

// readPage reads one page of a chunk. It is valid until the next one is read.
func (p *picker) readPage(x *chunkOutline, at, size int64) (*page, error) {
	if at < x.start || size < 0 || size > maxChunkBytes || size > x.size-(at-x.start) {
		return nil, errors.New("a page outside its column")
	}
	p.chunk = grow(p.chunk, int(size))
	if _, err := p.at.ReadAt(p.chunk, at); err != nil {
		return nil, err
	}
	p.pages.rest = p.chunk
	pg, err := p.pages.next()
	if errors.Is(err, io.EOF) {
		err = errEncoding
	}
	return &pg, err
}

// readDictionary reads the dictionary, which lies before the first page of values.
func (p *picker) readDictionary(x *chunkOutline, end int64) error {
	pg, err := p.readPage(x, x.start, end-x.start)
	if err != nil {
		return err
	}
	if !pg.dictionary || pg.encoding != format.Plain {
		return errors.New("no dictionary where one belongs")
	}
	p.dictionary = append(p.dictionary, pg.data...)
	at := uint32(0)
	return plainTexts(p.dictionary, pg.values, func(_ int, b []byte) {
		at += 4 + uint32(len(b))
		p.texts = append(p.texts, at)
	})
}

// pagePicked fills what some rows have in a page that holds the rows from to end.
func (p *picker) pagePicked(c *Column, pg *page, from, end int64, rows []int64, entries []*hansard.Entry) error {
	if pg.dictionary {
		return errors.New("a dictionary where none belongs")
	}
	cp := &columnPage{page: pg, row: int(from)}
	n, err := p.pageLevels(c, cp)
	if err != nil {
		return err
	}
	if int64(n) != end-from {
		return fmt.Errorf("a page of %d rows, its index says %d", n, end-from)
	}
	if p.want(c, cp, rows, entries); len(p.wanted) == 0 {
		return nil
	}
	switch {
	case cp.encoding == format.RLEDictionary:
		return p.termsPicked(c, cp)
	case c.Kind == Int || c.Kind == Time:
		p.lengths = grow(p.lengths, cp.present)
		if err := decodeIntPage(p.lengths, cp); err != nil {
			return err
		}
		for _, w := range p.wanted {
			c.setInt(w.entry, p.lengths[w.number])
		}
		return nil
	case c.Kind == Float:
		if cp.encoding != format.Plain || len(cp.data) < 8*cp.present {
			return errEncoding
		}
		for _, w := range p.wanted {
			*c.float(w.entry) = hansard.Some(math.Float64frombits(binary.LittleEndian.Uint64(cp.data[8*w.number:])))
		}
		return nil
	case c.Kind == Bool:
		return p.flagsPicked(c, cp)
	}
	return p.textsPicked(c, cp)
}

// want notes which values of the page the rows have.
func (p *picker) want(c *Column, cp *columnPage, rows []int64, entries []*hansard.Entry) {
	p.wanted = p.wanted[:0]
	switch {
	case cp.present == 0:
	case c.Kind == List:
		p.wantItems(cp, rows, entries)
	case cp.levels == nil:
		for k, row := range rows {
			p.wanted = append(p.wanted, wantedValue{int(row) - cp.row, entries[k]})
		}
	default:
		number, i := 0, 0
		for k, row := range rows {
			at := int(row) - cp.row
			for _, level := range cp.levels[i:at] {
				number += int(level)
			}
			if i = at; cp.levels[at] != 0 {
				p.wanted = append(p.wanted, wantedValue{number, entries[k]})
			}
		}
	}
}

// wantItems is want for lists, of which a row has several values.
func (p *picker) wantItems(cp *columnPage, rows []int64, entries []*hansard.Entry) {
	number, row, next := 0, int64(cp.row)-1, 0
	for i := range cp.values {
		row += 1 - int64(p.repeats[i])
		for next < len(rows) && rows[next] < row {
			next++
		}
		if next == len(rows) {
			return
		}
		if cp.levels != nil && cp.levels[i] == 0 {
			continue
		}
		if rows[next] == row {
			p.wanted = append(p.wanted, wantedValue{number, entries[next]})
		}
		number++
	}
}

// termsPicked fills values that are numbers in the dictionary.
func (p *picker) termsPicked(c *Column, cp *columnPage) error {
	ids, err := p.pageIDs(cp, len(p.texts))
	if err != nil {
		return err
	}
	for _, w := range p.wanted {
		id, from := ids[w.number], uint32(4)
		if id < 0 {
			return errEncoding
		}
		if id > 0 {
			from += p.texts[id-1]
		}
		if err := c.setText(w.entry, p.dictionary[from:p.texts[id]]); err != nil {
			return err
		}
	}
	return nil
}

// flagsPicked fills truths.
func (p *picker) flagsPicked(c *Column, cp *columnPage) error {
	p.flags = grow(p.flags, cp.present)
	switch {
	case cp.encoding == format.Plain && len(cp.data) >= (cp.present+7)/8:
		unpack(p.flags, cp.data, 1)
	case cp.encoding == format.RLE && len(cp.data) >= 4:
		if err := decodeHybrid(p.flags, cp.data[4:], 1); err != nil {
			return err
		}
	default:
		return errEncoding
	}
	for _, w := range p.wanted {
		*c.flag(w.entry) = p.flags[w.number] != 0
	}
	return nil
}

// textsPicked fills texts that stand in the page.
func (p *picker) textsPicked(c *Column, cp *columnPage) error {
	next := 0
	var failed error
	err := p.eachText(cp, func(i int, b []byte) {
		for next < len(p.wanted) && p.wanted[next].number == i {
			if err := c.setText(p.wanted[next].entry, b); err != nil && failed == nil {
				failed = err
			}
			next++
		}
	})
	return errors.Join(err, failed)
}

// setText fills a copy of a text, or bytes, into the entry; of a list, one more.
func (c *Column) setText(e *hansard.Entry, b []byte) error {
	switch c.Kind {
	case String:
		*c.str(e) = string(b)
		return nil
	case List:
		*c.list(e) = append(*c.list(e), string(b))
		return nil
	case JSON, Bytes:
		return c.setBytes(e, append([]byte(nil), b...))
	}
	return errEncoding
}
