package part

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// Group is one row group of a part, column by column, as it was read: what a leaf
// or a content is rendered from without making entries, at a fraction of the
// cost. The spelling is that of AppendLeaf and AppendContent on entries, which
// are the reference. A Group is reused from one row group to the next, and is for
// one goroutine at a time.
type Group struct {
	enc     *Encoder
	n       int
	vectors []columnValues // by the columns' IDs, from 1
	leaf    []*columnValues
	content []*columnValues
	body    []*columnValues
	zip     *zstd.Decoder
	chunk   []byte
	pages   pageReader
	levels  []byte
	repeats []byte
	ids     []int32
	lengths []int64
	scratch []byte
}

// columnValues is the values of one column. A value is a number into the column's
// texts, nums or floats; a value of a dictionary may be that of many rows.
type columnValues struct {
	c        *Column
	key      string  // `"name":`
	loaded   bool    // the column was read
	some     bool    // there is a value
	slots    []int32 // of each row, -1: null; in a list of each item
	first    []int32 // list: the first item of each row, and the end
	text     []byte
	offsets  []uint32 // text i is text[offsets[i]:offsets[i+1]]
	distinct int      // texts from the dictionary are the first
	nums     []int64
	floats   []float64
	members  []byte   // `"name":"value",` of each text from the dictionary, once one is asked for
	ends     []uint32 // of those
}

// NewGroup returns a Group for use with parts that enc opens.
func (enc *Encoder) NewGroup() (*Group, error) {
	zip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		return nil, fmt.Errorf("read part: %w", err)
	}
	r := &Group{enc: enc, zip: zip, vectors: make([]columnValues, len(enc.all))}
	for i, c := range enc.all {
		r.vectors[i].c, r.vectors[i].key = c, `"`+c.Name+`":`
	}
	return r, nil
}

// Load reads row group i of the part, its columns for which want is true; nil:
// all. What r held before is gone, and so it is after an error.
func (r *Group) Load(f *File, i int, want func(*Column) bool) (err error) {
	defer recoverCorrupt(&err)
	group := f.file.Metadata().RowGroups[i]
	r.n = int(group.NumRows)
	budget := maxGroupBytes
	for k, c := range f.columns {
		v := &r.vectors[c.ID-1]
		v.reset()
		if want != nil && !want(c) {
			continue
		}
		if err := r.loadColumn(f.r, &group.Columns[k].MetaData, v, &budget); err != nil {
			r.n = 0
			return fmt.Errorf("read part: row group %d, column %s: %w", i, c.Name, err)
		}
	}
	r.arrange()
	return nil
}

// arrange lists the columns that have values, in the order in which they are
// rendered.
func (r *Group) arrange() {
	r.leaf, r.content, r.body = r.leaf[:0], r.content[:0], r.body[:0]
	for i, c := range r.enc.envelope {
		if size := &r.vectors[r.enc.contentSize.ID-1]; i == r.enc.at && size.some {
			r.leaf = append(r.leaf, size) // stands for the commitment
		}
		if v := &r.vectors[c.ID-1]; v.some {
			r.leaf = append(r.leaf, v)
		}
	}
	for _, c := range r.enc.content {
		if v := &r.vectors[c.ID-1]; v.some {
			r.content = append(r.content, v)
		}
	}
	for i := range r.vectors {
		if v := &r.vectors[i]; v.some && !v.c.Placed() {
			r.body = append(r.body, v)
		}
	}
}

func (v *columnValues) reset() {
	v.loaded, v.some, v.distinct = false, false, 0
	v.slots, v.first, v.text, v.offsets = v.slots[:0], v.first[:0], v.text[:0], append(v.offsets[:0], 0)
	v.nums, v.floats, v.members, v.ends = v.nums[:0], v.floats[:0], v.members[:0], append(v.ends[:0], 0)
}

// loadColumn reads one column of the row group.
func (r *Group) loadColumn(at io.ReaderAt, m *format.ColumnMetaData, v *columnValues, budget *int) error {
	start := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		start = min(start, m.DictionaryPageOffset)
	}
	if m.TotalCompressedSize > maxChunkBytes {
		return errors.New("too large")
	}
	r.chunk = grow(r.chunk, int(m.TotalCompressedSize))
	if _, err := at.ReadAt(r.chunk, start); err != nil {
		return err
	}
	r.pages.rest, r.pages.zip, r.pages.plain, r.pages.budget = r.chunk, r.zip, m.Codec == format.Uncompressed, budget
	for {
		pg, err := r.pages.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.loadPage(v, &pg)
		}
		if err != nil {
			return err
		}
	}
	return v.finish(r.n, r.enc.contentDigest)
}

// grow returns a slice of n elements; its content is not kept.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// loadPage adds a page's values to the column.
func (r *Group) loadPage(v *columnValues, pg *page) error {
	c := v.c
	if pg.dictionary {
		if !v.texts() || v.distinct > 0 || len(v.slots) > 0 || pg.encoding != format.Plain {
			return errors.New("a dictionary where none belongs")
		}
		if err := v.plainTexts(pg.data, pg.values); err != nil {
			return err
		}
		v.distinct = pg.values
		return nil
	}
	if pg.repeats == nil && pg.defines == nil {
		if err := pg.splitLevels(c.Kind == List, !c.Required); err != nil {
			return err
		}
	}
	if *r.pages.budget -= 4 * pg.values; *r.pages.budget < 0 {
		return errors.New("too many values")
	}
	present, err := r.decodeLevels(c, pg)
	if err != nil {
		return err
	}
	if c.Kind != List && len(v.slots)+pg.values > r.n {
		return fmt.Errorf("more values than the %d rows", r.n)
	}
	if err := r.decodeValues(v, pg, present); err != nil {
		return err
	}
	return r.place(v, pg.values)
}

// decodeLevels decodes the levels of a page and returns how many of its values
// are present.
func (r *Group) decodeLevels(c *Column, pg *page) (present int, err error) {
	if c.Kind == List {
		r.repeats = grow(r.repeats, pg.values)
		if err := decodeHybrid(r.repeats, pg.repeats, 1); err != nil {
			return 0, err
		}
	}
	if c.Required {
		return pg.values, nil
	}
	r.levels = grow(r.levels, pg.values)
	if err := decodeHybrid(r.levels, pg.defines, 1); err != nil {
		return 0, err
	}
	for _, l := range r.levels {
		present += int(l)
	}
	return present, nil
}

// texts reports whether the column's values are texts or bytes.
func (v *columnValues) texts() bool {
	switch v.c.Kind {
	case Int, Time, Float, Bool:
		return false
	}
	return true
}

// decodeValues decodes the values that are present and leaves their numbers in
// r.ids.
func (r *Group) decodeValues(v *columnValues, pg *page, present int) error {
	r.ids = grow(r.ids, present)
	if present == 0 {
		return nil
	}
	from := 0
	var err error
	switch {
	case pg.encoding == format.RLEDictionary:
		return r.decodeIDs(v, pg.data)
	case v.texts():
		from = len(v.offsets) - 1
		err = r.decodeTexts(v, pg, present)
	case v.c.Kind == Float:
		from = len(v.floats)
		err = v.plainFloats(pg, present)
	case v.c.Kind == Bool:
		from = len(v.nums)
		err = r.decodeBools(v, pg, present)
	default:
		from = len(v.nums)
		err = v.decodeInts(pg, present)
	}
	for i := range r.ids {
		r.ids[i] = int32(from + i)
	}
	return err
}

func (r *Group) decodeIDs(v *columnValues, data []byte) error {
	if v.distinct == 0 || len(data) == 0 {
		return errEncoding
	}
	if err := decodeHybrid(r.ids, data[1:], int(data[0])); err != nil {
		return err
	}
	for _, id := range r.ids {
		if id < 0 || int(id) >= v.distinct {
			return fmt.Errorf("value %d of a dictionary of %d", id, v.distinct)
		}
	}
	return nil
}

func (r *Group) decodeTexts(v *columnValues, pg *page, n int) error {
	switch pg.encoding {
	case format.Plain:
		return v.plainTexts(pg.data, n)
	case format.DeltaLengthByteArray:
		r.lengths = grow(r.lengths, n)
		rest, err := decodeDelta(r.lengths, pg.data)
		if err != nil {
			return err
		}
		at, end := int64(0), int64(len(v.text))
		for _, l := range r.lengths {
			if l < 0 || l > int64(len(rest))-at {
				return errEncoding
			}
			at += l
			v.offsets = append(v.offsets, uint32(end+at))
		}
		v.text = append(v.text, rest[:at]...)
		return nil
	}
	return fmt.Errorf("encoding %s is not one of a part", pg.encoding)
}

func (v *columnValues) plainTexts(b []byte, n int) error {
	for range n {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errEncoding
		}
		l := binary.LittleEndian.Uint32(b)
		v.text = append(v.text, b[4:4+l]...)
		v.offsets = append(v.offsets, uint32(len(v.text)))
		b = b[4+l:]
	}
	return nil
}

func (v *columnValues) plainFloats(pg *page, n int) error {
	if pg.encoding != format.Plain || len(pg.data) < 8*n {
		return errEncoding
	}
	for i := range n {
		v.floats = append(v.floats, math.Float64frombits(binary.LittleEndian.Uint64(pg.data[8*i:])))
	}
	return nil
}

func (v *columnValues) decodeInts(pg *page, n int) error {
	at := len(v.nums)
	v.nums = append(v.nums, make([]int64, n)...)
	switch pg.encoding {
	case format.DeltaBinaryPacked:
		_, err := decodeDelta(v.nums[at:], pg.data)
		return err
	case format.Plain:
		if len(pg.data) < 8*n {
			return errEncoding
		}
		for i := range n {
			v.nums[at+i] = int64(binary.LittleEndian.Uint64(pg.data[8*i:]))
		}
		return nil
	}
	return fmt.Errorf("encoding %s is not one of a part", pg.encoding)
}

func (r *Group) decodeBools(v *columnValues, pg *page, n int) error {
	r.repeats = grow(r.repeats, n)
	switch pg.encoding {
	case format.Plain:
		if len(pg.data) < (n+7)/8 {
			return errEncoding
		}
		unpack(r.repeats, pg.data, 1)
	case format.RLE:
		if len(pg.data) < 4 {
			return errEncoding
		}
		if err := decodeHybrid(r.repeats, pg.data[4:], 1); err != nil {
			return err
		}
	default:
		return fmt.Errorf("encoding %s is not one of a part", pg.encoding)
	}
	for _, b := range r.repeats {
		v.nums = append(v.nums, int64(b))
	}
	return nil
}

// place gives each row its value: r.ids are the numbers of those present, by the
// levels. What an entry cannot hold, an empty text or a false truncated, is null.
func (r *Group) place(v *columnValues, values int) error {
	if v.c.Kind == List {
		return r.placeItems(v, values)
	}
	at := len(v.slots)
	switch {
	case len(r.ids) == values:
		v.slots = append(v.slots, r.ids...)
	default:
		v.slots = placeIDs(v.slots, r.ids, r.levels)
	}
	v.some = v.some || v.c.Required && values > 0
	if v.c.Required || len(r.ids) == 0 {
		return nil
	}
	if v.noneNull(r.ids) {
		v.some = true
		return nil
	}
	for i, slot := range v.slots[at:] {
		if slot < 0 {
			continue
		}
		if v.null(slot) {
			v.slots[at+i] = -1
			continue
		}
		v.some = true
	}
	return nil
}

// placeIDs appends the ids where the level is 1, and -1 where it is 0.
func placeIDs(dst, ids []int32, levels []byte) []int32 {
	at := len(dst)
	dst = slices.Grow(dst, len(levels))[:at+len(levels)]
	out := dst[at:]
	if len(ids) == 0 {
		for i := range out {
			out[i] = -1
		}
		return dst
	}
	// Without a branch, which nobody could foretell: -1 is all bits.
	ids, next := append(ids, -1), 0
	for i, l := range levels {
		out[i] = ids[next] | (int32(l) - 1)
		next += int(l)
	}
	return dst
}

// placeItems is place for a list.
func (r *Group) placeItems(v *columnValues, values int) error {
	next := 0
	for i := range values {
		if r.repeats[i] == 0 {
			if len(v.first) == r.n {
				return fmt.Errorf("more values than the %d rows", r.n)
			}
			v.first = append(v.first, int32(len(v.slots)))
		} else if len(v.first) == 0 {
			return errEncoding
		}
		if r.levels[i] == 1 {
			v.slots, next, v.some = append(v.slots, r.ids[next]), next+1, true
		}
	}
	return nil
}

// noneNull reports whether null is false of all values.
func (v *columnValues) noneNull(slots []int32) bool {
	if !v.texts() {
		return !slices.ContainsFunc(slots, v.null)
	}
	for _, slot := range slots {
		if v.offsets[slot] == v.offsets[slot+1] {
			return false
		}
	}
	return true
}

// null reports whether an entry would take the value for none.
func (v *columnValues) null(slot int32) bool {
	switch {
	case v.c.Kind == Float:
		return false
	case v.texts():
		return v.offsets[slot] == v.offsets[slot+1]
	case v.c.Kind == Bool || v.c.Kind == Int && v.c.opt == nil:
		return v.nums[slot] == 0
	}
	return false
}

// finish checks that each of n rows has its value.
func (v *columnValues) finish(n int, digest *Column) error {
	v.loaded = true
	rows := len(v.slots)
	if v.c.Kind == List {
		rows = len(v.first)
		v.first = append(v.first, int32(len(v.slots)))
	}
	if rows != n {
		return fmt.Errorf("%d values for %d rows", rows, n)
	}
	if v.c == digest {
		for i := range len(v.offsets) - 1 {
			if v.offsets[i+1]-v.offsets[i] != 32 {
				return errors.New("a digest that is not 32 bytes long")
			}
		}
	}
	return nil
}

// value returns the text with the given number.
func (v *columnValues) value(slot int32) []byte { return v.text[v.offsets[slot]:v.offsets[slot+1]] }
