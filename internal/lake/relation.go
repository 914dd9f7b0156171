package lake

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// relation is what a search selects of a snapshot, as SQL: parts and fresh rows
// with the same names and types.
//
// A column of a part has its plain type there: times are BIGINT Unix
// nanoseconds, JSON is VARCHAR, a list VARCHAR[], bytes BLOB.
type relation struct {
	text string // a SELECT
	args []any
	// close ends what the statement refers to.
	close func()
}

// relation returns the rows of the snapshot that the query selects, with the
// given columns of a part. Order, limit and cursor of the query do not count.
func (l *Lake) relation(ctx context.Context, snap *snapshot, q query.Query, columns []string) (*relation, error) {
	rel, err := l.relationOf(ctx, snap, q, columns, newScope(q.Node, q.Period).parts(snap), true)
	if rel == nil && err == nil {
		id, drop := l.engine.fresh.add(nil)
		rel = &relation{text: fmt.Sprintf("SELECT %s FROM %s(%d)", names(columns), freshFunction, id), close: drop}
	}
	return rel, err
}

// relationOf returns the rows of some parts, and with fresh of those in no part,
// that the query selects; nil if there can be none.
func (l *Lake) relationOf(ctx context.Context, snap *snapshot, q query.Query, columns []string, parts []*livePart, fresh bool) (*relation, error) {
	q.After.Set = false
	sc := newScope(q.Node, q.Period)
	c := newCompiler(snap.tenant, l.engine.nodes)
	var selects []string
	parts, ranges, err := l.narrowed(ctx, parts, q.Node)
	if err != nil {
		return nil, err
	}
	if len(parts) > 0 {
		if err := c.where(q.Node, sc); err != nil {
			c.close()
			return nil, err
		}
		selects = append(selects, fmt.Sprintf("SELECT %s FROM (%s) WHERE %s",
			names(columns), l.scanRanges(parts, ranges, "", union(c.columns, columns)), c.text.String()))
	}
	if fresh {
		rows, err := sc.freshRows(snap, l.enc, q.Match)
		if err != nil {
			c.close()
			return nil, err
		}
		if len(rows) > 0 {
			id, drop := l.engine.fresh.add(rows)
			c.drops = append(c.drops, drop)
			selects = append(selects, fmt.Sprintf("SELECT %s FROM %s(%d)", names(columns), freshFunction, id))
		}
	}
	if len(selects) == 0 {
		c.close()
		return nil, nil
	}
	return &relation{text: strings.Join(selects, " UNION ALL "), args: c.args, close: c.close}, nil
}

// where writes the search and its period.
func (c *compiler) where(n query.Node, sc *scope) error {
	if err := c.node(n); err != nil {
		return err
	}
	if sc.since > math.MinInt64 {
		c.put(" AND %s >= ?", []string{c.column("timestamp")}, sc.since)
	}
	if sc.until < math.MaxInt64 {
		c.put(" AND %s <= ?", []string{c.column("timestamp")}, sc.until)
	}
	return nil
}

// scan returns the SELECT over the files of parts, with the plain types. extra
// are further expressions, each followed by a comma.
func (l *Lake) scan(parts []*livePart, extra string, columns []string) string {
	files := make([]string, len(parts))
	for i, p := range parts {
		files[i] = quotePath(p.path)
	}
	exprs := make([]string, len(columns))
	for i, name := range columns {
		exprs[i] = plain(l.enc.Column(name)) + " AS " + quoteName(name)
	}
	return fmt.Sprintf("SELECT %s%s FROM read_parquet([%s], hive_partitioning = false)",
		extra, strings.Join(exprs, ", "), strings.Join(files, ", "))
}

// plain returns the expression that gives a column of a part its plain type.
func plain(c *part.Column) string {
	name := quoteName(c.Name)
	switch c.Kind {
	case part.Time:
		return "epoch_ns(" + name + ")"
	case part.JSON:
		return name + "::VARCHAR"
	}
	return name
}

// names returns a list of columns.
func names(columns []string) string {
	quoted := make([]string, len(columns))
	for i, name := range columns {
		quoted[i] = quoteName(name)
	}
	return strings.Join(quoted, ", ")
}

// union returns the columns of both, sorted.
func union(set map[string]bool, columns []string) []string {
	all := maps.Clone(set)
	for _, name := range columns {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
