package part

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hansardhq/hansard"
)

// Vector is a column of a row group as an array, one element for each row in the
// order of the file. Which members are set depends on what was asked for. A
// vector is used again for the next row group; nobody keeps its slices.
type Vector struct {
	// Codes and Terms are a column of texts: Terms[Codes[row]]. Terms[0] is
	// "", for a row without a value.
	Codes []uint32
	Terms []string
	// Keys stand for the texts of a column: equal texts have equal keys, and
	// different ones different keys but for one pair in 2^64, which nobody
	// can choose. 0 stands for no value.
	Keys []uint64
	// Ints and Set are a column of integers or times, and which rows have a
	// value.
	Ints []int64
	Set  []bool
}

// Keyer makes keys of texts. Keys of different keyers cannot be compared.
type Keyer struct{ seed maphash.Seed }

// NewKeyer returns a keyer with a secret of its own.
func NewKeyer() Keyer { return Keyer{maphash.MakeSeed()} }

// Key returns the key of a text, 0 for the empty one.
func (k Keyer) Key(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(1, maphash.String(k.seed, s))
}

func (k Keyer) key(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return max(1, maphash.Bytes(k.seed, b))
}

// ColumnReader reads columns of row groups as arrays. Its memory is used again. It
// is for one goroutine at a time. A part that is damaged is an error: nothing is
// made larger than the part's format allows.
type ColumnReader struct {
	enc     *Encoder
	zip     *zstd.Decoder
	pages   pageReader
	chunk   []byte
	levels  []byte
	repeats []byte
	ids     []int32
	lengths []int64
	keys    []uint64
	passes  []bool

	outline *Outline
	at      io.ReaderAt
	g       int
}

// NewColumnReader returns a reader of parts that enc opens.
func (enc *Encoder) NewColumnReader() (*ColumnReader, error) {
	zip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		return nil, fmt.Errorf("read part: %w", err)
	}
	return &ColumnReader{enc: enc, zip: zip}, nil
}

// Use makes r read row group g of the part that at holds, of which o is the
// outline.
func (r *ColumnReader) Use(o *Outline, at io.ReaderAt, g int) { r.outline, r.at, r.g = o, at, g }

// Size returns the number of rows.
func (r *ColumnReader) Size() int { return r.outline.Size(r.g) }

// Bounds returns the least and the greatest value of an integer or time column; ok
// is false when they are not known.
func (r *ColumnReader) Bounds(column string) (least, greatest int64, ok bool) {
	return r.outline.Bounds(r.g, r.enc.Column(column))
}

// sized returns a slice of n elements, in the place of s if there is room. Its
// elements are not cleared.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// columnPage is a page of values with the rows that it is about.
type columnPage struct {
	*page
	row     int // the first
	present int // values that are not null
	// levels says which values are there; nil: all, or with present 0 none.
	levels []byte
}

// eachPage calls dictionary for the dictionary of a column and do for the pages of
// its values, in order.
func (r *ColumnReader) eachPage(column string, dictionary func(*page) error, do func(*columnPage) error) error {
	c := r.enc.Column(column)
	if c == nil {
		return hansard.Errorf(hansard.KindInternal, "read part: no column %q", column)
	}
	if err := r.readPages(c, dictionary, do); err != nil {
		return fmt.Errorf("read part: row group %d, column %s: %w", r.g, column, err)
	}
	return nil
}

func (r *ColumnReader) readPages(c *Column, dictionary func(*page) error, do func(*columnPage) error) error {
	x := &r.outline.groups[r.g].chunks[c.ID-1]
	if x.size > maxChunkBytes {
		return errors.New("too large")
	}
	var err error
	if r.chunk, err = x.read(r.at, r.chunk); err != nil {
		return err
	}
	budget, rows, size := maxGroupBytes, 0, r.Size()
	r.pages = pageReader{rest: r.chunk, zip: r.zip, plain: x.plain, buf: r.pages.buf, budget: &budget}
	for {
		pg, err := r.pages.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if pg.dictionary {
			if rows > 0 || pg.encoding != format.Plain {
				return errors.New("a dictionary where none belongs")
			}
			if err := dictionary(&pg); err != nil {
				return err
			}
			if do == nil {
				return nil
			}
			continue
		}
		cp := columnPage{page: &pg, row: rows}
		n, err := r.pageLevels(c, &cp)
		if err != nil {
			return err
		}
		if rows += n; rows > size {
			return fmt.Errorf("more values than the %d rows", size)
		}
		if do != nil {
			if err := do(&cp); err != nil {
				return err
			}
		}
	}
	if rows != size {
		return fmt.Errorf("%d rows, not %d", rows, size)
	}
	return nil
}

// pageLevels decodes the levels of a page and returns how many rows begin in it.
func (r *ColumnReader) pageLevels(c *Column, cp *columnPage) (rows int, err error) {
	pg := cp.page
	if pg.repeats == nil && pg.defines == nil {
		if err := pg.splitLevels(c.Kind == List, !c.Required); err != nil {
			return 0, err
		}
	}
	rows, cp.present = pg.values, pg.values
	if c.Kind == List {
		r.repeats = grow(r.repeats, pg.values)
		if err := decodeHybrid(r.repeats, pg.repeats, 1); err != nil {
			return 0, err
		}
		rows = 0
		for _, l := range r.repeats {
			rows += 1 - int(l)
		}
	}
	if c.Required {
		return rows, nil
	}
	if same, ok := oneRun(pg.defines, pg.values); ok {
		cp.present = int(same) * pg.values
		return rows, nil
	}
	r.levels = grow(r.levels, pg.values)
	if err := decodeHybrid(r.levels, pg.defines, 1); err != nil {
		return 0, err
	}
	cp.levels, cp.present = r.levels, 0
	for _, l := range r.levels {
		cp.present += int(l)
	}
	return rows, nil
}

// oneRun returns the value of n levels that are all the same, in one run.
func oneRun(src []byte, n int) (level byte, ok bool) {
	head, k := binary.Uvarint(src)
	if k <= 0 || head&1 != 0 || head>>1 < uint64(n) || len(src) <= k || src[k] > 1 {
		return 0, false
	}
	return src[k], true
}

// pageIDs decodes the numbers of a page's values in a dictionary of n.
func (r *ColumnReader) pageIDs(cp *columnPage, n int) ([]int32, error) {
	r.ids = grow(r.ids, cp.present)
	if cp.present == 0 {
		return r.ids, nil
	}
	if len(cp.data) == 0 {
		return nil, errEncoding
	}
	if err := decodeHybrid(r.ids, cp.data[1:], int(cp.data[0])); err != nil {
		return nil, err
	}
	most := int32(0)
	for _, id := range r.ids {
		most = max(most, id)
	}
	if int(most) >= n {
		return nil, fmt.Errorf("value %d of a dictionary of %d", most, n)
	}
	return r.ids, nil
}

// eachText calls f with the texts of a page that has no dictionary, those that are
// there. The bytes are valid during the call.
func (r *ColumnReader) eachText(cp *columnPage, f func(i int, b []byte)) error {
	switch cp.encoding {
	case format.Plain:
		return plainTexts(cp.data, cp.present, f)
	case format.DeltaLengthByteArray:
		r.lengths = grow(r.lengths, cp.present)
		rest, err := decodeDelta(r.lengths, cp.data)
		if err != nil {
			return err
		}
		for i, l := range r.lengths {
			if l < 0 || l > int64(len(rest)) {
				return errEncoding
			}
			f(i, rest[:l])
			rest = rest[l:]
		}
		return nil
	}
	return fmt.Errorf("encoding %s is not one of a part", cp.encoding)
}

// plainTexts calls f with n texts, each after its length.
func plainTexts(b []byte, n int, f func(i int, b []byte)) error {
	for i := range n {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errEncoding
		}
		l := binary.LittleEndian.Uint32(b)
		f(i, b[4:4+l])
		b = b[4+l:]
	}
	return nil
}

// scatter fills a row of out for each level: the zero value where the level is 0,
// else what of makes of the next value.
func scatter[T, V any](out []T, cp *columnPage, values []V, of func(V) T) {
	if cp.levels == nil {
		if cp.present == 0 {
			clear(out)
			return
		}
		for i := range out {
			out[i] = of(values[i])
		}
		return
	}
	var none T
	next := 0
	for i, l := range cp.levels {
		if l == 0 {
			out[i] = none
			continue
		}
		out[i] = of(values[next])
		next++
	}
}

// ReadTerms reads a column of texts into Codes and Terms.
func (r *ColumnReader) ReadTerms(column string, v *Vector) error {
	v.Codes, v.Terms = sized(v.Codes, r.Size()), append(v.Terms[:0], "")
	if r.empty(column) {
		clear(v.Codes)
		return nil
	}
	distinct := 0
	known := map[string]uint32{}
	return r.eachPage(column, func(pg *page) error {
		distinct = pg.values
		return v.addTerms(pg)
	}, func(cp *columnPage) error {
		out := v.Codes[cp.row : cp.row+cp.values]
		if cp.encoding == format.RLEDictionary {
			ids, err := r.pageIDs(cp, distinct)
			if err == nil {
				scatter(out, cp, ids, func(id int32) uint32 { return uint32(id) + 1 })
			}
			return err
		}
		r.ids = grow(r.ids, cp.present)
		err := r.eachText(cp, func(i int, b []byte) {
			code, ok := known[string(b)]
			if !ok && len(b) > 0 {
				code = uint32(len(v.Terms))
				v.Terms = append(v.Terms, string(b))
				known[string(b)] = code
			}
			r.ids[i] = int32(code)
		})
		if err == nil {
			scatter(out, cp, r.ids, func(id int32) uint32 { return uint32(id) })
		}
		return err
	})
}

// addTerms adds the texts of a dictionary, which share one string.
func (v *Vector) addTerms(pg *page) error {
	all := string(pg.data)
	at := 0
	return plainTexts(pg.data, pg.values, func(_ int, b []byte) {
		at += 4
		v.Terms = append(v.Terms, all[at:at+len(b)])
		at += len(b)
	})
}

func (r *ColumnReader) empty(column string) bool {
	c := r.enc.Column(column)
	return c != nil && r.outline.Empty(r.g, c)
}

// ReadKeys reads a column of texts into Keys.
func (r *ColumnReader) ReadKeys(column string, k Keyer, v *Vector) error {
	v.Keys = sized(v.Keys, r.Size())
	if r.empty(column) {
		clear(v.Keys)
		return nil
	}
	r.keys = r.keys[:0]
	var own []uint64
	return r.eachPage(column, func(pg *page) error { return r.dictionaryKeys(pg, k) }, func(cp *columnPage) error {
		out := v.Keys[cp.row : cp.row+cp.values]
		if cp.encoding == format.RLEDictionary {
			ids, err := r.pageIDs(cp, len(r.keys))
			if err == nil {
				keys := r.keys
				scatter(out, cp, ids, func(id int32) uint64 { return keys[id] })
			}
			return err
		}
		if cp.levels == nil && cp.present > 0 {
			return r.eachText(cp, func(i int, b []byte) { out[i] = k.key(b) })
		}
		own = grow(own, cp.present)
		err := r.eachText(cp, func(i int, b []byte) { own[i] = k.key(b) })
		if err == nil {
			scatter(out, cp, own, func(key uint64) uint64 { return key })
		}
		return err
	})
}

func (r *ColumnReader) dictionaryKeys(pg *page, k Keyer) error {
	return plainTexts(pg.data, pg.values, func(_ int, b []byte) { r.keys = append(r.keys, k.key(b)) })
}

// TermKeys returns the keys of the texts in a column, each once if the column has a
// dictionary, in no order. It reads the dictionary alone then.
func (r *ColumnReader) TermKeys(column string, k Keyer) ([]uint64, error) {
	if r.empty(column) {
		return nil, nil
	}
	r.keys = r.keys[:0]
	first := true
	err := r.eachPage(column, func(pg *page) error {
		first = false
		return r.dictionaryKeys(pg, k)
	}, nil)
	if err != nil {
		return nil, err
	}
	if !first {
		return slices.Clone(r.keys), nil
	}
	var v Vector
	err = r.ReadKeys(column, k, &v)
	return slices.Compact(v.Keys), err
}

// ReadInts reads a column of integers or times into Ints and Set.
func (r *ColumnReader) ReadInts(column string, v *Vector) error {
	v.Ints, v.Set = sized(v.Ints, r.Size()), sized(v.Set, r.Size())
	if r.empty(column) {
		clear(v.Ints)
		clear(v.Set)
		return nil
	}
	return r.eachPage(column, noDictionary, func(cp *columnPage) error {
		out := v.Ints[cp.row : cp.row+cp.values]
		cp.fill(v.Set[cp.row : cp.row+cp.values])
		if cp.levels == nil && cp.present > 0 {
			return decodeIntPage(out, cp)
		}
		r.lengths = grow(r.lengths, cp.present)
		if err := decodeIntPage(r.lengths, cp); err != nil {
			return err
		}
		scatter(out, cp, r.lengths, func(x int64) int64 { return x })
		return nil
	})
}

func decodeIntPage(out []int64, cp *columnPage) error {
	switch cp.encoding {
	case format.DeltaBinaryPacked:
		if len(out) == 0 {
			return nil
		}
		_, err := decodeDelta(out, cp.data)
		return err
	case format.Plain:
		if len(cp.data) < 8*len(out) {
			return errEncoding
		}
		for i := range out {
			out[i] = int64(binary.LittleEndian.Uint64(cp.data[8*i:]))
		}
		return nil
	}
	return fmt.Errorf("encoding %s is not one of a part", cp.encoding)
}

// fill fills out with which rows of the page have a value.
func (cp *columnPage) fill(out []bool) {
	if cp.levels == nil {
		for i := range out {
			out[i] = cp.present > 0
		}
		return
	}
	for i, l := range cp.levels {
		out[i] = l != 0
	}
}

func noDictionary(*page) error { return errors.New("a dictionary where none belongs") }

// ReadSet reads into Set which rows have a value in a column that is no list.
func (r *ColumnReader) ReadSet(column string, v *Vector) error {
	v.Set = sized(v.Set, r.Size())
	if r.empty(column) {
		clear(v.Set)
		return nil
	}
	return r.eachPage(column, func(*page) error { return nil }, func(cp *columnPage) error {
		cp.fill(v.Set[cp.row : cp.row+cp.values])
		return nil
	})
}

// ReadHolds reads into Set which rows have the term in a column of lists.
func (r *ColumnReader) ReadHolds(column, term string, v *Vector) error {
	v.Set = sized(v.Set, r.Size())
	clear(v.Set)
	if r.empty(column) {
		return nil
	}
	distinct, want := 0, int32(-1)
	return r.eachPage(column, func(pg *page) error {
		distinct = pg.values
		return plainTexts(pg.data, pg.values, func(i int, b []byte) {
			if string(b) == term {
				want = int32(i)
			}
		})
	}, func(cp *columnPage) error {
		var err error
		if cp.encoding == format.RLEDictionary {
			_, err = r.pageIDs(cp, distinct)
		} else {
			r.ids = grow(r.ids, cp.present)
			want = 1
			err = r.eachText(cp, func(i int, b []byte) {
				r.ids[i] = 0
				if bytes.Equal(b, []byte(term)) {
					r.ids[i] = 1
				}
			})
		}
		if err != nil {
			return err
		}
		row, next := cp.row-1, 0
		for i := range cp.values {
			if row += 1 - int(r.repeats[i]); row < cp.row {
				return errEncoding
			}
			if cp.levels == nil && cp.present == 0 || cp.levels != nil && cp.levels[i] == 0 {
				continue
			}
			if r.ids[next] == want {
				v.Set[row] = true
			}
			next++
		}
		return nil
	})
}
