package part

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"

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

// Size returns the number of rows of row group g.
func (f *File) Size(g int) int { return int(f.file.RowGroups()[g].NumRows()) }

// Bounds returns the least and the greatest value of an integer or time column
// in row group g; ok is false when they are not known.
func (f *File) Bounds(g int, column string) (least, greatest int64, ok bool) {
	stats := f.file.Metadata().RowGroups[g].Columns[f.at(column)].MetaData.Statistics
	if len(stats.MinValue) != 8 || len(stats.MaxValue) != 8 {
		return math.MinInt64, math.MaxInt64, false
	}
	return parquet.Int64.Value(stats.MinValue).Int64(), parquet.Int64.Value(stats.MaxValue).Int64(), true
}

// at returns the place of a column in the file.
func (f *File) at(column string) int {
	return slices.IndexFunc(f.columns, func(c *Column) bool { return c.Name == column })
}

// Empty reports whether no row of row group g has a value in the column.
func (f *File) Empty(g int, column string) bool {
	m := f.file.Metadata().RowGroups[g].Columns[f.at(column)].MetaData
	return m.Statistics.NullCount == m.NumValues
}

// sized returns a slice of n elements, in the place of s if there is room. Its
// elements are not cleared.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// ReadTerms reads a column of texts into Codes and Terms.
func (f *File) ReadTerms(g int, column string, v *Vector) error {
	v.Codes, v.Terms = sized(v.Codes, f.Size(g)), append(v.Terms[:0], "")
	if f.Empty(g, column) {
		clear(v.Codes)
		return nil
	}
	known := map[string]uint32{}
	return f.eachPage(g, column, func(page parquet.Page, row int) {
		out := v.Codes[row : row+int(page.NumRows())]
		if dict := page.Dictionary(); dict != nil {
			for i := len(v.Terms) - 1; i < dict.Len(); i++ {
				v.Terms = append(v.Terms, string(dict.Index(int32(i)).ByteArray()))
			}
			data := page.Data()
			scatter(out, page.DefinitionLevels(), data.Int32(), 0, func(code int32) uint32 { return uint32(code) + 1 })
			return
		}
		eachText(page, func(i int, b []byte) {
			code, ok := known[string(b)]
			if !ok && len(b) > 0 {
				code = uint32(len(v.Terms))
				v.Terms = append(v.Terms, string(b))
				known[string(b)] = code
			}
			out[i] = code
		})
	})
}

// ReadKeys reads a column of texts into Keys.
func (f *File) ReadKeys(g int, column string, k Keyer, v *Vector) error {
	v.Keys = sized(v.Keys, f.Size(g))
	if f.Empty(g, column) {
		clear(v.Keys)
		return nil
	}
	var terms []uint64
	return f.eachPage(g, column, func(page parquet.Page, row int) {
		out := v.Keys[row : row+int(page.NumRows())]
		dict := page.Dictionary()
		if dict == nil {
			eachText(page, func(i int, b []byte) { out[i] = k.key(b) })
			return
		}
		for i := len(terms); i < dict.Len(); i++ {
			terms = append(terms, k.key(dict.Index(int32(i)).ByteArray()))
		}
		data := page.Data()
		scatter(out, page.DefinitionLevels(), data.Int32(), 0, func(code int32) uint64 { return terms[code] })
	})
}

// scatter fills a row of out for each level: none where the level is 0, else what
// of makes of the next value. Without levels every row has a value.
func scatter[T, V any](out []T, levels []byte, values []V, none T, of func(V) T) {
	if len(levels) == 0 {
		for i := range out {
			out[i] = of(values[i])
		}
		return
	}
	next := 0
	for i := range out {
		if levels[i] == 0 {
			out[i] = none
			continue
		}
		out[i] = of(values[next])
		next++
	}
}

// TermKeys returns the keys of the texts in a column of row group g, each once if
// the column has a dictionary, in no order. It reads the dictionary alone then.
func (f *File) TermKeys(g int, column string, k Keyer) (keys []uint64, err error) {
	defer recoverCorrupt(&err)
	if f.Empty(g, column) {
		return nil, nil
	}
	pages := f.file.RowGroups()[g].ColumnChunks()[f.at(column)].Pages()
	defer pages.Close()
	page, err := pages.ReadPage()
	if err != nil {
		return nil, fmt.Errorf("read part: row group %d, column %s: %w", g, column, err)
	}
	defer parquet.Release(page)
	if dict := page.Dictionary(); dict != nil {
		for i := range dict.Len() {
			keys = append(keys, k.key(dict.Index(int32(i)).ByteArray()))
		}
		return keys, nil
	}
	var v Vector
	err = f.ReadKeys(g, column, k, &v)
	return slices.Compact(v.Keys), err
}

// ReadInts reads a column of integers or times into Ints and Set.
func (f *File) ReadInts(g int, column string, v *Vector) error {
	v.Ints, v.Set = sized(v.Ints, f.Size(g)), sized(v.Set, f.Size(g))
	if f.Empty(g, column) {
		clear(v.Ints)
		clear(v.Set)
		return nil
	}
	return f.eachPage(g, column, func(page parquet.Page, row int) {
		n := int(page.NumRows())
		data := page.Data()
		scatter(v.Ints[row:row+n], page.DefinitionLevels(), data.Int64(), 0, func(x int64) int64 { return x })
		present(v.Set[row:row+n], page.DefinitionLevels())
	})
}

// present fills out with whether each row has a value.
func present(out []bool, levels []byte) {
	for i := range out {
		out[i] = len(levels) == 0 || levels[i] != 0
	}
}

// ReadSet reads into Set which rows have a value in a column that is no list.
func (f *File) ReadSet(g int, column string, v *Vector) error {
	v.Set = sized(v.Set, f.Size(g))
	if f.Empty(g, column) {
		clear(v.Set)
		return nil
	}
	return f.eachPage(g, column, func(page parquet.Page, row int) {
		present(v.Set[row:row+int(page.NumRows())], page.DefinitionLevels())
	})
}

// ReadHolds reads into Set which rows have the term in a column of lists.
func (f *File) ReadHolds(g int, column, term string, v *Vector) error {
	v.Set = sized(v.Set, f.Size(g))
	clear(v.Set)
	if f.Empty(g, column) {
		return nil
	}
	var failed error
	values := make([]parquet.Value, 1024)
	err := f.eachPage(g, column, func(page parquet.Page, row int) {
		row--
		for reader := page.Values(); ; {
			n, err := reader.ReadValues(values)
			for _, value := range values[:n] {
				if value.RepetitionLevel() == 0 {
					row++
				}
				if !value.IsNull() && string(value.ByteArray()) == term {
					v.Set[row] = true
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed = err
				}
				return
			}
		}
	})
	return errors.Join(err, failed)
}

// eachPage calls f for the pages of a column in row group g, each with its first
// row. What f panics over is damage.
func (f *File) eachPage(g int, column string, do func(page parquet.Page, row int)) (err error) {
	defer recoverCorrupt(&err)
	at := f.at(column)
	if at < 0 {
		return hansard.Errorf(hansard.KindInternal, "read part: no column %q", column)
	}
	pages := f.file.RowGroups()[g].ColumnChunks()[at].Pages()
	defer pages.Close()
	rows := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read part: row group %d, column %s: %w", g, column, err)
		}
		do(page, rows)
		rows += int(page.NumRows())
		parquet.Release(page)
	}
	if rows != f.Size(g) {
		return fmt.Errorf("read part: row group %d, column %s: %d rows, not %d", g, column, rows, f.Size(g))
	}
	return nil
}

// eachText calls f with the text of each row, empty where there is none. The
// bytes are valid during the call.
func eachText(page parquet.Page, f func(row int, b []byte)) {
	values := page.Data()
	data, offsets := values.ByteArray()
	levels, next := page.DefinitionLevels(), 0
	for i := range int(page.NumRows()) {
		if len(levels) > 0 && levels[i] == 0 {
			f(i, nil)
			continue
		}
		f(i, data[offsets[next]:offsets[next+1]])
		next++
	}
}
