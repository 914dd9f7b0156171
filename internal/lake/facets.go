package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// Bounds of Facets.
const (
	MaxFacets      = 16  // fields
	MaxFacetValues = 200 // values of each
)

// FacetValue is a value of a field and how many events have it.
type FacetValue struct {
	Value  string
	Count  int64
	Errors int64 // of them, with the status error or timeout
}

// Facet is what the events of a query have in one field.
type Facet struct {
	Field    string
	Values   []FacetValue // the most frequent first, ties by value
	Distinct int64        // different values, listed or not
	Absent   int64        // events without the field
}

// Facets is what Facets found.
type Facets struct {
	Total  int64 // events that the query selects
	Errors int64
	Facets []Facet // in the order of the fields asked for
}

// Facetable reports whether Facets can count the values of a field: texts,
// persons, truths and lists of texts, but no field of which nearly every event
// has its own value.
func Facetable(f query.Field) bool {
	switch f.Name {
	case "event_id", "span_id", "parent_event_id", "tool_call_id", "arguments_hash", "log", "leaf_hash":
		return false
	case "attempt":
		return true
	}
	return f.Kind == query.KindString || f.Kind == query.KindPerson || f.Kind == query.KindList || f.Kind == query.KindBool
}

// Facets counts the values of some fields among the events that the query
// selects, whatever its limit and cursor, and returns the top most frequent of
// each. The error is of KindInvalid for
// a field that is not Facetable, and of KindTooLarge where there are more values
// than fit into memory.
func (l *Lake) Facets(ctx context.Context, tenant string, q query.Query, fields []string, top int) (Facets, error) {
	if top < 1 || top > MaxFacetValues || len(fields) > MaxFacets {
		return Facets{}, hansard.Errorf(hansard.KindInvalid, "facets: at most %d fields and %d values of each", MaxFacets, MaxFacetValues)
	}
	known := map[string]query.Field{}
	for _, f := range query.Fields() {
		known[f.Name] = f
	}
	for _, name := range fields {
		if f, ok := known[name]; !ok || !Facetable(f) {
			err := hansard.Errorf(hansard.KindInvalid, "facets: %q is no field whose values can be counted", name)
			return Facets{}, hansard.WithHint(err, "such as agent_name, event_type, tool_name, status, model, tier or tags")
		}
	}
	snap := l.pin(tenant)
	defer snap.release()
	found := Facets{Facets: make([]Facet, len(fields))}
	rest := map[int]bool{} // the fields that only the engine can count
	for i, name := range fields {
		ok, err := l.facet(ctx, snap, q, name, top, &found.Facets[i])
		if err != nil {
			return Facets{}, err
		}
		rest[i] = !ok
	}
	total, ok, err := l.tallied(ctx, snap, q, Spec{Measures: []Measure{{Op: Count}, {Op: Errors}}, OrderBy: -1})
	if err != nil {
		return Facets{}, err
	}
	if ok {
		found.Total, _ = total[0][0].(int64)
		found.Errors, _ = total[0][1].(int64)
	}
	var left, columns []string
	for i, name := range fields {
		if rest[i] {
			column, _, _ := strings.Cut(name, ".")
			left, columns = append(left, name), append(columns, column)
		}
	}
	if ok && len(left) == 0 {
		return found, nil
	}
	columns = append(columns, "status")
	slices.Sort(columns)
	rel, err := l.relation(ctx, snap, q, slices.Compact(columns))
	if err != nil {
		return Facets{}, err
	}
	defer rel.close()
	more, err := l.facets(ctx, rel, known, left, top)
	if err != nil {
		return Facets{}, err
	}
	for i := range fields {
		if rest[i] {
			found.Facets[i], more.Facets = more.Facets[0], more.Facets[1:]
		}
	}
	if !ok {
		found.Total, found.Errors = more.Total, more.Errors
	}
	return found, nil
}

// facet counts the values of a field by a pass over the columns; ok is false when
// only the engine can.
func (l *Lake) facet(ctx context.Context, snap *snapshot, q query.Query, field string, top int, f *Facet) (ok bool, err error) {
	rows, ok, err := l.tallied(ctx, snap, q, Spec{By: []string{field}, Measures: []Measure{{Op: Count}, {Op: Errors}}, OrderBy: 1, Desc: true})
	if !ok || err != nil {
		return false, err
	}
	*f = Facet{Field: field, Values: []FacetValue{}}
	for _, row := range rows {
		n, _ := row[1].(int64)
		errors, _ := row[2].(int64)
		var value string
		switch v := row[0].(type) {
		case nil:
			f.Absent = n
			continue
		case bool:
			value = strconv.FormatBool(v)
		case string:
			value = v
		}
		if f.Distinct++; len(f.Values) < top {
			f.Values = append(f.Values, FacetValue{value, n, errors})
		}
	}
	return true, nil
}

// facets counts the values of fields in a relation: those of one value in one
// statement, each list in one of its own.
func (l *Lake) facets(ctx context.Context, rel *relation, known map[string]query.Field, fields []string, top int) (Facets, error) {
	found := Facets{Facets: make([]Facet, len(fields))}
	var plain, lists []int
	for i, name := range fields {
		found.Facets[i] = Facet{Field: name, Values: []FacetValue{}}
		if known[name].Kind == query.KindList {
			lists = append(lists, i)
		} else {
			plain = append(plain, i)
		}
	}
	err := l.engine.each(ctx, plainFacets(rel.text, known, fields, plain, top), rel.args, func(row []driver.Value) error {
		set, _ := row[0].(int64)
		if set < 0 {
			found.Total, _ = row[2].(int64)
			found.Errors, _ = row[3].(int64)
			return nil
		}
		found.Facets[plain[set]].take(row[1:])
		return nil
	})
	if err != nil {
		return Facets{}, err
	}
	for _, i := range lists {
		if err := l.engine.each(ctx, listFacet(rel.text, fields[i], top), rel.args, func(row []driver.Value) error {
			found.Facets[i].take(row)
			return nil
		}); err != nil {
			return Facets{}, err
		}
	}
	return found, nil
}

// take takes in a row of value, events, errors, and how many values there are.
func (f *Facet) take(row []driver.Value) {
	n, _ := row[1].(int64)
	errors, _ := row[2].(int64)
	value, ok := row[0].(string)
	if !ok {
		f.Absent = n
		return
	}
	f.Distinct, _ = row[3].(int64)
	f.Values = append(f.Values, FacetValue{strings.Clone(value), n, errors})
}

// ranked is the end of a statement that gives of the groups of each set the value
// v, counts and the number of values: the first of them, and those without a
// value. %s is the set to partition by, %d how many values.
const ranked = `SELECT %[1]s v, n, e, values FROM (
	SELECT *, row_number() OVER (PARTITION BY %[2]s ORDER BY v IS NULL, n DESC, v) AS rank, count(v) OVER (PARTITION BY %[2]s) AS values FROM groups
) WHERE rank <= %[3]d OR v IS NULL ORDER BY %[1]s v IS NULL, n DESC, v`

// plainFacets returns the statement for fields that have one value in an event. A
// row has the number of its field, or -1 for the sum of all events.
func plainFacets(relation string, known map[string]query.Field, fields []string, plain []int, top int) string {
	if len(plain) == 0 {
		return fmt.Sprintf(`SELECT -1::BIGINT, NULL, count(*), count(*) FILTER (WHERE %s) FROM (%s)`, erred, relation)
	}
	// In the set of one field all others are null, so that the first value is its.
	exprs, sets, texts, numbers := "", "", "", "CASE grouping("
	for k, i := range plain {
		x := quoteName(fields[i])
		if known[fields[i]].Kind == query.KindBool {
			x = "coalesce(" + x + ", false)"
		}
		comma := ", "
		if k == len(plain)-1 {
			comma = ""
		}
		exprs += fmt.Sprintf("%s::VARCHAR AS f%d, ", x, k)
		sets += fmt.Sprintf("(f%d), ", k)
		texts += fmt.Sprintf("f%d", k) + comma
	}
	numbers += texts + ")"
	all := int64(1)<<len(plain) - 1
	for k := range plain {
		numbers += fmt.Sprintf(" WHEN %d THEN %d", all&^(1<<(len(plain)-1-k)), k)
	}
	numbers = "(" + numbers + " ELSE -1 END)::BIGINT"
	return fmt.Sprintf(`WITH groups AS (
	SELECT %s AS s, coalesce(%s) AS v, count(*) AS n, count(*) FILTER (WHERE erred) AS e
	FROM (SELECT %s%s AS erred FROM (%s)) GROUP BY GROUPING SETS (%s())
) `, numbers, texts, exprs, erred, relation, sets) + fmt.Sprintf(ranked, "s,", "s", top)
}

// listFacet returns the statement for a field that is a list. An event counts once
// for each of its values.
func listFacet(relation, field string, top int) string {
	c := newCompiler("", nil)
	return fmt.Sprintf(`WITH lists AS (SELECT list_filter(list_distinct(%s), lambda x: x <> '') AS list, %s AS erred FROM (%s)),
groups AS (
	SELECT v, count(*) AS n, count(*) FILTER (WHERE erred) AS e FROM (SELECT unnest(list) AS v, erred FROM lists) GROUP BY v
	UNION ALL SELECT NULL, count(*), count(*) FILTER (WHERE erred) FROM lists WHERE coalesce(len(list), 0) = 0 HAVING count(*) > 0
) `, c.list(field), erred, relation) + fmt.Sprintf(ranked, "", "1", top)
}

// Bucket is the events of a span of time.
type Bucket struct {
	Start  int64 // Unix nanoseconds
	Count  int64
	Errors int64 // of them, with the status error or timeout
}

// Histogram counts the events that the query selects in buckets of width
// nanoseconds that begin at multiples of it after the zero time. It returns those
// that hold events, in order.
func (l *Lake) Histogram(ctx context.Context, tenant string, q query.Query, width int64) ([]Bucket, error) {
	if width <= 0 {
		return nil, hansard.Errorf(hansard.KindInvalid, "histogram: buckets of no width")
	}
	if width%nanosPerHour == 0 {
		return l.hourly(ctx, tenant, q, width)
	}
	snap := l.pin(tenant)
	defer snap.release()
	rel, err := l.relation(ctx, snap, q, []string{"status", "timestamp"})
	if err != nil {
		return nil, err
	}
	defer rel.close()
	var buckets []Bucket
	text := fmt.Sprintf(`SELECT %s, count(*), count(*) FILTER (WHERE %s) FROM (%s) GROUP BY 1 ORDER BY 1`, bucket(width), erred, rel.text)
	err = l.engine.each(ctx, text, rel.args, func(row []driver.Value) error {
		var b Bucket
		b.Start, _ = row[0].(int64)
		b.Count, _ = row[1].(int64)
		b.Errors, _ = row[2].(int64)
		buckets = append(buckets, b)
		return nil
	})
	return buckets, err
}

// hourly makes buckets of hours, whose sums are kept from one question to the
// next.
func (l *Lake) hourly(ctx context.Context, tenant string, q query.Query, width int64) ([]Bucket, error) {
	t, err := l.Aggregate(ctx, tenant, q, Spec{By: []string{"hour"}, Measures: []Measure{{Op: Count}, {Op: Errors}}, OrderBy: -1})
	if err != nil {
		return nil, err
	}
	var buckets []Bucket
	for _, row := range t.Rows {
		hour, _ := row[0].(int64)
		n, _ := row[1].(int64)
		errors, _ := row[2].(int64)
		start := hour - (hour%width+width)%width
		if k := len(buckets) - 1; k < 0 || buckets[k].Start != start {
			buckets = append(buckets, Bucket{Start: start})
		}
		b := &buckets[len(buckets)-1]
		b.Count += n
		b.Errors += errors
	}
	return buckets, nil
}

// recentRows is about how many rows Values looks at, the newest.
const recentRows = 500_000

// Values returns values of a facetable field that hold a text, case folded: the
// most frequent first among those of the newest events, about half a million,
// that the query selects.
func (l *Lake) Values(ctx context.Context, tenant string, q query.Query, field, part string, limit int) ([]FacetValue, error) {
	known := map[string]query.Field{}
	for _, f := range query.Fields() {
		known[f.Name] = f
	}
	f, ok := known[field]
	if !ok || f.Kind != query.KindString && f.Kind != query.KindPerson && f.Kind != query.KindList || f.Name == "log" || f.Name == "leaf_hash" {
		return nil, hansard.Errorf(hansard.KindInvalid, "values: %q is no field of texts", field)
	}
	column, _, _ := strings.Cut(field, ".")
	snap := l.pin(tenant)
	defer snap.release()
	parts := newScope(q.Node, q.Period).parts(snap)
	slices.SortFunc(parts, newestFirst)
	rows := int64(0)
	for i, p := range parts {
		if rows >= recentRows {
			parts = parts[:i]
			break
		}
		rows += p.Rows
	}
	rel, err := l.relationOf(ctx, snap, q, []string{column}, parts, true)
	if err != nil || rel == nil {
		return nil, err
	}
	defer rel.close()
	of := quoteName(column)
	if f.Kind == query.KindList {
		of = "unnest(" + newCompiler("", nil).list(field) + ")"
	}
	text := fmt.Sprintf(`SELECT v, count(*) AS n FROM (SELECT %s AS v FROM (%s)) WHERE v <> '' AND contains(lower(v), ?)
GROUP BY v ORDER BY NOT starts_with(lower(v), ?), n DESC, v LIMIT %d`, of, rel.text, limit)
	part = query.Fold(part)
	var found []FacetValue
	err = l.engine.each(ctx, text, append(slices.Clone(rel.args), part, part), func(row []driver.Value) error {
		value, _ := row[0].(string)
		n, _ := row[1].(int64)
		found = append(found, FacetValue{Value: strings.Clone(value), Count: n})
		return nil
	})
	return found, err
}
