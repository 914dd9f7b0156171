package lake

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// tableSum is an aggregate over the rows in parts, which can be added to. It is
// never changed but by its fold.
type tableSum struct {
	rows map[string][]any // by the texts of their keys
}

func (s *tableSum) size() int {
	if s == nil {
		return 0
	}
	return 300 * len(s.rows)
}

// maxFoldedRows is from how many rows on an aggregate is not kept: there is one
// for nearly every event.
const maxFoldedRows = 100_000

// addable reports whether the figures of two sets of events give those of both.
func (spec Spec) addable() bool {
	if slices.Contains(spec.By, ErrorText) { // of nearly every error another one
		return false
	}
	return !slices.ContainsFunc(spec.Measures, func(m Measure) bool {
		switch m.Op {
		case Count, Errors, Present, Sum, Min, Max:
			return false
		}
		return true
	})
}

// aggregateFolded answers Aggregate for an addable spec: of parts whose rows were
// counted before nothing is read. ok is false when the answer has to be found
// otherwise.
func (l *Lake) aggregateFolded(ctx context.Context, snap *snapshot, q query.Query, spec Spec, a *aggregation) (rows [][]any, ok bool, err error) {
	every := Spec{By: spec.By, Measures: spec.Measures, OrderBy: -1}
	key, ok := foldKey(snap, q, strings.Join(a.exprs, "\x01"), strings.Join(spec.By, "\x01"))
	if !ok {
		return nil, false, nil
	}
	sc := newScope(q.Node, q.Period)
	e := l.tableSums.entry(key)
	defer l.tableSums.done(e)
	ends := e.begin(snap, sc.tiers)
	var recent []*livePart
	for _, p := range sc.parts(snap) {
		if !e.has(p) {
			recent = append(recent, p)
		}
	}
	sum := &tableSum{rows: map[string][]any{}}
	if e.sum != nil {
		for k, row := range e.sum.rows {
			sum.rows[k] = row
		}
	}
	if len(recent) > 0 {
		if err := l.addTo(ctx, sum, snap, q, every, a, recent, false); err != nil {
			return nil, true, err
		}
	}
	if len(sum.rows) > maxFoldedRows {
		e.sum, e.ends = nil, nil
	} else {
		e.sum, e.ends = &tableSum{rows: make(map[string][]any, len(sum.rows))}, ends
		for k, row := range sum.rows {
			e.sum.rows[k] = row
		}
	}
	if err := l.addTo(ctx, sum, snap, q, every, a, nil, true); err != nil {
		return nil, true, err
	}
	if len(spec.By) == 0 && len(sum.rows) == 0 { // one row of nothing
		sum.rows[""] = nothing(spec)
	}
	return sorted(sum, spec), true, nil
}

// nothing is the row of no event.
func nothing(spec Spec) []any {
	row := make([]any, len(spec.Measures))
	for i, m := range spec.Measures {
		if m.Op == Count || m.Op == Errors || m.Op == Present {
			row[i] = int64(0)
		}
	}
	return row
}

// addTo adds the aggregate of some parts, or of the fresh rows, to a sum. Rows are
// replaced, not changed.
func (l *Lake) addTo(ctx context.Context, sum *tableSum, snap *snapshot, q query.Query, spec Spec, a *aggregation, parts []*livePart, fresh bool) error {
	rel, err := l.relationOf(ctx, snap, q, a.needed(), parts, fresh)
	if err != nil || rel == nil {
		return err
	}
	defer rel.close()
	return l.engine.each(ctx, a.statement(rel.text, spec), rel.args, func(row []driver.Value) error {
		values := make([]any, len(row))
		for i, v := range row {
			if values[i], err = figure(v); err != nil {
				return err
			}
		}
		key := fmt.Sprintf("%#v", values[:len(spec.By)])
		before := sum.rows[key]
		for i, m := range spec.Measures {
			if before != nil {
				at := len(spec.By) + i
				if values[at], err = added(m.Op, before[at], values[at]); err != nil {
					return err
				}
			}
		}
		sum.rows[key] = values
		return nil
	})
}

// added puts two figures of a measure together.
func added(op Op, a, b any) (any, error) {
	switch {
	case a == nil:
		return b, nil
	case b == nil:
		return a, nil
	case op == Min && compareFigures(a, b) <= 0, op == Max && compareFigures(a, b) >= 0:
		return a, nil
	case op == Min || op == Max:
		return b, nil
	}
	if x, ok := a.(float64); ok {
		y, _ := b.(float64)
		return x + y, nil
	}
	x, _ := a.(int64)
	y, _ := b.(int64)
	if sum := x + y; (sum > x) == (y > 0) {
		return sum, nil
	}
	return nil, hansard.Errorf(hansard.KindTooLarge, "a sum is larger than 64 bits")
}

// compareFigures orders two figures of one column that are there.
func compareFigures(a, b any) int {
	switch x := a.(type) {
	case string:
		y, _ := b.(string)
		return cmp.Compare(x, y)
	case float64:
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	case bool:
		y, _ := b.(bool)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	}
	x, _ := a.(int64)
	y, _ := b.(int64)
	return cmp.Compare(x, y)
}

// sorted returns the rows of a sum in the order that a spec asks for, cut to its
// limit.
func sorted(sum *tableSum, spec Spec) [][]any {
	rows := make([][]any, 0, len(sum.rows))
	for _, row := range sum.rows {
		rows = append(rows, slices.Clone(row))
	}
	nullLast := func(a, b any, sign int) int {
		switch {
		case a == nil && b == nil:
			return 0
		case a == nil:
			return 1
		case b == nil:
			return -1
		}
		return sign * compareFigures(a, b)
	}
	slices.SortFunc(rows, func(a, b []any) int {
		if spec.OrderBy >= 0 {
			sign := 1
			if spec.Desc {
				sign = -1
			}
			if c := nullLast(a[spec.OrderBy], b[spec.OrderBy], sign); c != 0 {
				return c
			}
		}
		for i := range spec.By {
			if c := nullLast(a[i], b[i], 1); c != 0 {
				return c
			}
		}
		return 0
	})
	if spec.Limit > 0 {
		rows = rows[:min(spec.Limit, len(rows))]
	}
	return rows
}
