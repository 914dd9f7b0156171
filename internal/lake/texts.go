package lake

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// rowRange is a half-open range of indexes of a log.
type rowRange struct{ first, end uint64 }

// textTest tells which row groups may hold what a search looks for.
type textTest func(f *part.TextFilter) bool

// newTextTest returns the test for a node; nil when it says nothing.
func newTextTest(n query.Node) textTest {
	switch n := n.(type) {
	case query.And:
		var tests []textTest
		for _, c := range n.Nodes {
			if t := newTextTest(c); t != nil {
				tests = append(tests, t)
			}
		}
		if len(tests) == 0 {
			return nil
		}
		return func(f *part.TextFilter) bool {
			for _, t := range tests {
				if !t(f) {
					return false
				}
			}
			return true
		}
	case query.Or:
		return anyTest(len(n.Nodes), func(i int) textTest { return newTextTest(n.Nodes[i]) })
	case query.Text:
		return holdsTest(n.Text)
	case query.Compare:
		if n.Op == query.In && n.Field.Path == "" && (n.Field.Kind == query.KindText || n.Field.Kind == query.KindJSON) && searched(n.Field.Name) {
			return anyTest(len(n.Values), func(i int) textTest { return holdsTest(n.Values[i].Text) })
		}
	}
	return nil
}

// anyTest returns the test that one of n tests passes; nil when one says nothing.
func anyTest(n int, of func(i int) textTest) textTest {
	var tests []textTest
	for i := range n {
		t := of(i)
		if t == nil {
			return nil
		}
		tests = append(tests, t)
	}
	return func(f *part.TextFilter) bool {
		for _, t := range tests {
			if t(f) {
				return true
			}
		}
		return false
	}
}

// holdsTest returns the test for a text; nil when no run of it is long enough. In
// JSON the runs of a text are the same, whatever is escaped between them.
func holdsTest(text string) textTest {
	runs := part.Runs(query.Fold(text))
	if len(runs) == 0 {
		return nil
	}
	return func(f *part.TextFilter) bool { return f.May(runs) }
}

// searched reports whether text filters cover a column.
func searched(column string) bool {
	for _, c := range part.TextColumns() {
		if c == column {
			return true
		}
	}
	return false
}

// narrowed returns the parts that may hold what a search looks for, and of those
// of which only some row groups may, the ranges of rows.
func (l *Lake) narrowed(ctx context.Context, parts []*livePart, n query.Node) ([]*livePart, map[*livePart][]rowRange, error) {
	test := newTextTest(n)
	if test == nil {
		return parts, nil, nil
	}
	var mu sync.Mutex // guards ranges
	ranges := map[*livePart][]rowRange{}
	err := l.eachPart(ctx, parts, func(p *livePart) error {
		found := p.textRanges(test)
		mu.Lock()
		defer mu.Unlock()
		ranges[p] = found
		return nil
	})
	var kept []*livePart
	for _, p := range parts {
		if len(ranges[p]) > 0 {
			kept = append(kept, p)
		}
	}
	return kept, ranges, err
}

// textRanges returns the ranges of rows that pass a test. A part without text
// filters may hold anything.
func (p *livePart) textRanges(test textTest) []rowRange {
	whole := []rowRange{{p.Name.First, p.Name.End}}
	if len(p.Texts) == 0 {
		return whole
	}
	f, err := os.Open(p.path + indexSuffix)
	if err != nil {
		return whole // it is derived: what it would have told is not known
	}
	defer f.Close()
	x, err := part.OpenIndex(f)
	if err != nil {
		return whole
	}
	filters, err := x.ReadTexts()
	if err != nil {
		return whole
	}
	var ranges []rowRange
	first := p.Name.First
	for _, t := range filters {
		end := first + uint64(t.Rows)
		if test(t) {
			if k := len(ranges) - 1; k >= 0 && ranges[k].end == first {
				ranges[k].end = end
			} else {
				ranges = append(ranges, rowRange{first, end})
			}
		}
		first = end
	}
	if first != p.Name.End {
		return whole // of another part
	}
	return ranges
}

// indexSuffix ends the name of the index beside a part.
const indexSuffix = ".index"

// maxRanges is how many ranges of a part are scanned apart.
const maxRanges = 16

// scanRanges returns the SELECT over the rows of parts in the ranges, all rows of
// a part that has none. The engine skips row groups outside a range by their
// bounds.
func (l *Lake) scanRanges(parts []*livePart, ranges map[*livePart][]rowRange, extra string, columns []string) string {
	var whole []*livePart
	var scans []string
	for _, p := range parts {
		some := ranges[p]
		if len(some) > maxRanges {
			some = []rowRange{{some[0].first, some[len(some)-1].end}}
		}
		if len(some) == 0 || some[0] == (rowRange{p.Name.First, p.Name.End}) {
			whole = append(whole, p)
			continue
		}
		for _, r := range some {
			scans = append(scans, fmt.Sprintf(`%s WHERE "index" BETWEEN %d AND %d`, l.scan([]*livePart{p}, extra, columns), r.first, r.end-1))
		}
	}
	if len(whole) > 0 {
		scans = append(scans, l.scan(whole, extra, columns))
	}
	return strings.Join(scans, " UNION ALL ")
}
