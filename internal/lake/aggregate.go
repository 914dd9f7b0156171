package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// Op is what a Measure computes.
type Op string

// The measures. Sum, Avg, Min, Max, P50, P95 and P99 are absent (nil) when no
// event has a value: unknown, not 0. A percentile is one of the values: the
// smallest that at least that share of them does not exceed.
const (
	Count    Op = "count"    // events
	Errors   Op = "errors"   // events whose status is error or timeout
	Present  Op = "present"  // events that have the field
	Distinct Op = "distinct" // different values of the field
	Sum      Op = "sum"      // of a number; entries labelled "aggregate" do not count
	Avg      Op = "avg"
	Min      Op = "min"
	Max      Op = "max"
	P50      Op = "p50"
	P95      Op = "p95"
	P99      Op = "p99"
)

// Measure is one figure of an aggregate.
type Measure struct {
	Op    Op
	Field string // a name of query.Fields; none for Count and Errors
}

// Spec says what Aggregate computes.
type Spec struct {
	// By names the fields to group by: texts, truths and integers of
	// query.Fields; the buckets "minute", "hour" and "day" of the timestamp
	// in UTC, as Unix nanoseconds of their begin; "error_text", the first
	// 100 characters of an error; "error_pattern", an error with its
	// numbers and ids replaced. None: one row in all.
	By       []string
	Measures []Measure
	// OrderBy is the column to sort by, counted over By and Measures from
	// 0; ties are sorted by the columns of By. Negative: by By alone.
	OrderBy int
	Desc    bool // largest first, absent values last either way
	Limit   int  // rows; 0: all
	// Top leaves those rows that have one of the Top values of By[0] that most
	// events have; of equally frequent ones the lesser. Rows without a value are
	// left out. 0: all.
	Top int
	// Each leaves the first Each rows in the order of each value of By[0]. 0: all.
	Each int
}

// Table is what Aggregate found.
type Table struct {
	// Columns are the names of By, then the measures as "op" or "op(field)".
	Columns []string
	// Rows hold nil, string, bool, int64 or float64. Times are Unix
	// nanoseconds, durations microseconds, money nano-dollars.
	Rows [][]any
}

// Aggregate groups the events that the query selects, whatever its limit and
// cursor. The error is of KindInvalid for a field that cannot be used so.
func (l *Lake) Aggregate(ctx context.Context, tenant string, q query.Query, spec Spec) (Table, error) {
	a, err := l.aggregation(spec)
	if err != nil {
		return Table{}, err
	}
	snap := l.pin(tenant)
	defer snap.release()
	t := Table{Columns: a.names}
	if n, ok, err := l.distinctTraces(ctx, snap, q, spec); ok || err != nil {
		t.Rows = [][]any{{n}}
		return t, err
	}
	if rows, ok, err := l.tallied(ctx, snap, q, spec); ok || err != nil {
		t.Rows = rows
		return t, err
	}
	rel, err := l.relation(ctx, snap, q, a.needed())
	if err != nil {
		return Table{}, err
	}
	defer rel.close()
	t.Rows = [][]any{}
	err = l.engine.each(ctx, a.statement(rel.text, spec), rel.args, func(row []driver.Value) error {
		values := make([]any, len(row))
		for i, v := range row {
			if values[i], err = figure(v); err != nil {
				return err
			}
		}
		t.Rows = append(t.Rows, values)
		return nil
	})
	return t, err
}

// figure gives a value of DuckDB its type in a Table.
func figure(v driver.Value) (any, error) {
	switch v := v.(type) {
	case string:
		return strings.Clone(v), nil
	case *big.Int:
		if !v.IsInt64() {
			return nil, hansard.Errorf(hansard.KindTooLarge, "a sum is larger than 64 bits")
		}
		return v.Int64(), nil
	}
	return v, nil
}

// aggregation is a Spec as SQL.
type aggregation struct {
	names   []string // of the result's columns
	exprs   []string
	columns map[string]bool // that the expressions read
}

func (l *Lake) aggregation(spec Spec) (*aggregation, error) {
	a := &aggregation{columns: map[string]bool{}}
	fields := map[string]query.Field{}
	for _, f := range query.Fields() {
		fields[f.Name] = f
	}
	for _, name := range spec.By {
		if err := a.by(name, fields); err != nil {
			return nil, err
		}
	}
	for _, m := range spec.Measures {
		if err := a.measure(m, fields); err != nil {
			return nil, err
		}
	}
	if len(a.exprs) == 0 || spec.OrderBy >= len(a.exprs) || min(spec.Limit, spec.Top, spec.Each) < 0 || len(spec.By) == 0 && max(spec.Top, spec.Each) > 0 {
		return nil, hansard.Errorf(hansard.KindInvalid, "aggregate: nothing to compute, or order or limit out of range")
	}
	return a, nil
}

func (a *aggregation) add(name, expr string, columns ...string) {
	a.names, a.exprs = append(a.names, name), append(a.exprs, expr)
	for _, c := range columns {
		a.columns[c] = true
	}
}

const (
	nanosPerMinute = 60_000_000_000
	nanosPerHour   = 60 * nanosPerMinute
	nanosPerDay    = 24 * nanosPerHour
)

// by adds a field to group by.
func (a *aggregation) by(name string, fields map[string]query.Field) error {
	switch name {
	case ErrorText:
		a.add(name, errorText, "error")
		return nil
	case ErrorPattern:
		a.add(name, errorPattern, "error")
		return nil
	case "minute":
		a.add(name, bucket(nanosPerMinute), "timestamp")
		return nil
	case "hour":
		a.add(name, bucket(nanosPerHour), "timestamp")
		return nil
	case "day":
		a.add(name, bucket(nanosPerDay), "timestamp")
		return nil
	}
	f, ok := fields[name]
	switch {
	case ok && kept(f) && (f.Kind == query.KindString || f.Kind == query.KindPerson || f.Kind == query.KindInt || f.Kind == query.KindTime):
		a.add(name, quoteName(columnOf(name)), columnOf(name))
	case ok && f.Kind == query.KindBool:
		a.add(name, "coalesce("+quoteName(name)+", false)", name)
	default:
		return hansard.Errorf(hansard.KindInvalid, "aggregate: %q is no field to group by", name)
	}
	return nil
}

// bucket returns the begin of the timestamp's hour or day; also before 1970.
func bucket(size int64) string {
	return fmt.Sprintf(`("timestamp" - ((("timestamp" %% %d) + %d) %% %d))`, size, size, size)
}

// kept reports whether a field is a column of its own.
func kept(f query.Field) bool {
	return f.Name != "log" && f.Name != "leaf_hash" && !strings.Contains(f.Name, ".")
}

func (a *aggregation) measure(m Measure, fields map[string]query.Field) error {
	switch m.Op {
	case Count:
		a.add(string(m.Op), "count(*)")
		return nil
	case Errors:
		a.add(string(m.Op), "count(*) FILTER (WHERE "+erred+")", "status")
		return nil
	}
	f, ok := fields[m.Field]
	number := f.Kind == query.KindInt || f.Kind == query.KindFloat || f.Kind == query.KindTime
	if !ok || !kept(f) || !number && m.Op != Present && m.Op != Distinct {
		return hansard.Errorf(hansard.KindInvalid, "aggregate: %q of %q cannot be computed", m.Op, m.Field)
	}
	column := columnOf(m.Field)
	name, x := string(m.Op)+"("+m.Field+")", quoteName(column)
	switch m.Op {
	case Present:
		a.add(name, "count("+x+")", column)
	case Distinct:
		a.add(name, "count(DISTINCT "+x+")", column)
	case Sum:
		a.add(name, "sum("+x+") FILTER (WHERE "+single+")", column, "labels")
	case Avg, Min, Max:
		a.add(name, string(m.Op)+"("+x+")", column)
	case P50, P95, P99:
		a.add(name, "quantile_disc("+x+", 0."+string(m.Op[1:])+")", column)
	default:
		return hansard.Errorf(hansard.KindInvalid, "aggregate: unknown measure %q", m.Op)
	}
	return nil
}

const (
	// erred holds for an event that ended badly.
	erred = `coalesce("status" IN ('error', 'timeout'), false)`
	// single holds for an event whose tokens and cost are its own, not the
	// sum of others'.
	single = `NOT coalesce(list_contains("labels", 'aggregate'), false)`
)

// needed returns the columns to read. The relation must have one.
func (a *aggregation) needed() []string {
	return union(a.columns, []string{"position"})
}

func (a *aggregation) statement(relation string, spec Spec) string {
	var exprs, columns, keys, order []string
	column := func(i int) string { return "c" + strconv.Itoa(i) }
	direction := ""
	if spec.Desc {
		direction = " DESC"
	}
	if spec.OrderBy >= 0 {
		order = append(order, column(spec.OrderBy)+direction+" NULLS LAST")
	}
	for i, x := range a.exprs {
		exprs, columns = append(exprs, x+" AS "+column(i)), append(columns, column(i))
		if i < len(spec.By) {
			keys = append(keys, column(i))
			if i != spec.OrderBy {
				order = append(order, column(i)+" NULLS LAST")
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "WITH cells AS (SELECT %s, count(*) AS n FROM (%s)", strings.Join(exprs, ", "), relation)
	if len(keys) > 0 {
		b.WriteString(" GROUP BY " + strings.Join(keys, ", "))
	}
	fmt.Fprintf(&b, ") SELECT %s FROM cells", strings.Join(columns, ", "))
	if spec.Top > 0 {
		fmt.Fprintf(&b, " WHERE c0 IN (SELECT c0 FROM cells WHERE c0 IS NOT NULL GROUP BY c0 ORDER BY sum(n) DESC, c0 LIMIT %d)", spec.Top)
	}
	if spec.Each > 0 {
		fmt.Fprintf(&b, " QUALIFY row_number() OVER (PARTITION BY c0 ORDER BY %s) <= %d", strings.Join(order, ", "), spec.Each)
	}
	if len(order) > 0 {
		b.WriteString(" ORDER BY " + strings.Join(order, ", "))
	}
	if spec.Limit > 0 {
		b.WriteString(" LIMIT " + strconv.Itoa(spec.Limit))
	}
	return b.String()
}

// AgentKinds says which event types an agent was seen with.
type AgentKinds struct {
	Agent string   // "" for events without an agent's name
	Types []string // event types, sorted
}

// KindsByAgent returns, for each agent among the events that the query selects,
// the event types seen, sorted by agent.
func (l *Lake) KindsByAgent(ctx context.Context, tenant string, q query.Query) ([]AgentKinds, error) {
	t, err := l.Aggregate(ctx, tenant, q, Spec{By: []string{"agent_name", "event_type"}, OrderBy: -1})
	if err != nil {
		return nil, err
	}
	var agents []AgentKinds
	for _, row := range t.Rows {
		agent, _ := row[0].(string)
		kind, _ := row[1].(string)
		i := slices.IndexFunc(agents, func(a AgentKinds) bool { return a.Agent == agent })
		if i < 0 {
			i = len(agents)
			agents = append(agents, AgentKinds{Agent: agent})
		}
		if kind != "" {
			agents[i].Types = append(agents[i].Types, kind)
		}
	}
	slices.SortFunc(agents, func(a, b AgentKinds) int { return strings.Compare(a.Agent, b.Agent) })
	return agents, nil
}
