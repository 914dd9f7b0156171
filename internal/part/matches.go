package part

import (
	"errors"

	"github.com/parquet-go/parquet-go/format"
)

// ReadMatches sets out for the rows whose text in a column matches; a row without one
// does not. Of a column with a dictionary in which nothing matches no more is
// decoded.
func (r *ColumnReader) ReadMatches(column string, out []bool, match func(string) bool) error {
	known := map[string]bool{}
	test := func(b []byte) bool {
		m, ok := known[string(b)]
		if !ok {
			m = match(string(b))
			if len(known) < 1000 {
				known[string(b)] = m
			}
		}
		return m
	}
	return r.readTests(column, out, func([]byte) func([]byte) bool { return test })
}

// ReadFinds sets out for the rows in whose text in a column a finder finds something,
// and leaves it as it is for the others.
func (r *ColumnReader) ReadFinds(column string, out []bool, f *Finder) error {
	return r.readTests(column, out, f.tests)
}

// readTests sets out for the rows whose text in a column passes the test that testOf
// returns for the page it is in; nil: none of the page passes.
func (r *ColumnReader) readTests(column string, out []bool, testOf func(page []byte) func(text []byte) bool) error {
	if r.empty(column) {
		return nil
	}
	var terms []bool
	err := r.eachPage(column, func(pg *page) error {
		test := testOf(pg.data)
		if test == nil {
			return errNoMatch
		}
		some := false
		err := plainTexts(pg.data, pg.values, func(_ int, b []byte) {
			passes := len(b) > 0 && test(b)
			terms, some = append(terms, passes), some || passes
		})
		if err == nil && !some {
			err = errNoMatch
		}
		return err
	}, func(cp *columnPage) error {
		rows := out[cp.row : cp.row+cp.values]
		if cp.encoding == format.RLEDictionary {
			ids, err := r.pageIDs(cp, len(terms))
			if err == nil {
				mark(rows, cp, func(i int) bool { return terms[ids[i]] })
			}
			return err
		}
		test := testOf(cp.data)
		if test == nil {
			return nil
		}
		r.passes = grow(r.passes, cp.present)
		err := r.eachText(cp, func(i int, b []byte) { r.passes[i] = len(b) > 0 && test(b) })
		if err == nil {
			mark(rows, cp, func(i int) bool { return r.passes[i] })
		}
		return err
	})
	if errors.Is(err, errNoMatch) {
		return nil
	}
	return err
}

// mark sets the rows of a page whose value passes, by its number among those that are
// there.
func mark(rows []bool, cp *columnPage, passes func(i int) bool) {
	if cp.levels == nil {
		for i := range cp.present {
			rows[i] = rows[i] || passes(i)
		}
		return
	}
	next := 0
	for i, l := range cp.levels {
		if l != 0 {
			rows[i] = rows[i] || passes(next)
			next++
		}
	}
}

// errNoMatch ends the reading of a column of which nothing matches.
var errNoMatch = errors.New("nothing matches")
