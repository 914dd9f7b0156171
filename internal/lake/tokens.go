package lake

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// TokenStat sums the tokens and the cost of model calls. A sum is not set when
// no call said it: unknown, not 0.
type TokenStat struct {
	Key []string // the values of the fields grouped by, "" where absent

	Calls   int64 // events that count: model calls, as far as known
	Counted int64 // of these, with tokens
	Priced  int64 // of these, with a cost that they state
	// Tabled are those with tokens whose cost nothing states and the table of
	// Pricing knows, Unpriced those whose cost nobody knows. Of what the
	// engine selects for Tokens they are 0.
	Tabled   int64
	Unpriced int64

	Input      hansard.Opt[int64]
	Output     hansard.Opt[int64]
	CacheRead  hansard.Opt[int64]
	CacheWrite hansard.Opt[int64]
	Reasoning  hansard.Opt[int64] // part of Output
	// Total sums token_count, or where that is absent, input, output and
	// both cache classes.
	Total       hansard.Opt[int64]
	CostNanoUSD hansard.Opt[int64] // as stated
	// TableNanoUSD is what the calls of Tabled cost.
	TableNanoUSD hansard.Opt[int64]
}

// Cost returns what the calls cost, stated and by the table, in nano-dollars; a sum
// of more than 64 bits is the greatest of them.
func (s TokenStat) Cost() hansard.Opt[int64] {
	sum := s.CostNanoUSD.V + s.TableNanoUSD.V
	if s.CostNanoUSD.V > 0 && s.TableNanoUSD.V > 0 && sum < 0 {
		sum = math.MaxInt64
	}
	return hansard.Opt[int64]{V: sum, Set: s.CostNanoUSD.Set || s.TableNanoUSD.Set}
}

// tokenWindow is how far from a period an event may be that says the same
// tokens again.
const tokenWindow = time.Hour

// Tokens sums tokens and cost over the events that the query selects, grouped
// by the given fields (texts of query.Fields), most expensive first.
//
// A model call counts once: on its agent.llm_response, else on its
// agent.token_usage, else on whatever event says tokens or a cost. An event is
// left out when a better one in the same trace has the same span, is its parent
// or has it as parent; and when it is labelled "aggregate". Tokens and cost are
// looked at apart: a cost that only the token_usage states counts. The better
// one need not match the search.
func (l *Lake) Tokens(ctx context.Context, tenant string, q query.Query, by []string) ([]TokenStat, error) {
	keys, err := textFields(by)
	if err != nil {
		return nil, err
	}
	snap := l.pin(tenant)
	defer snap.release()
	if selectable(q.Node) {
		spend, err := l.spend(ctx, snap, q, [][]string{keys}, Pricing{}, nil)
		if err != nil {
			return nil, err
		}
		return spend[0].top(0)
	}
	columns := append([]string{"event_id", "trace_id", "span_id", "parent_event_id", "event_type", "labels"}, tokenColumns...)
	said, err := l.relation(ctx, snap, q, append(columns, keys...))
	if err != nil {
		return nil, err
	}
	defer said.close()
	better, err := l.relation(ctx, snap, onlyType(query.Query{Period: wider(q.Period, tokenWindow)}, hansard.TypeLLMResponse, hansard.TypeTokenUsage), columns)
	if err != nil {
		return nil, err
	}
	defer better.close()
	var stats []TokenStat
	args := append(append([]any{}, said.args...), better.args...)
	err = l.engine.each(ctx, tokenStatement(said.text, better.text, keys), args, func(row []driver.Value) error {
		s, err := tokenStat(row, len(keys))
		stats = append(stats, s)
		return err
	})
	return stats, err
}

// tokenColumns are the columns that Tokens sums. It is never changed.
var tokenColumns = []string{"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "token_count", "cost_nano_usd"}

// textFields refuses a field that is no text column.
func textFields(by []string) ([]string, error) {
	kinds := map[string]query.Kind{}
	for _, f := range query.Fields() {
		if kept(f) {
			kinds[f.Name] = f.Kind
		}
	}
	seen := map[string]bool{}
	for _, name := range by {
		if k := kinds[name]; k != query.KindString && k != query.KindPerson || seen[name] {
			return nil, hansard.Errorf(hansard.KindInvalid, "tokens: %q is no field to group by", name)
		}
		seen[name] = true
	}
	return by, nil
}

// wider returns a period that begins earlier and ends later.
func wider(p query.Period, by time.Duration) query.Period {
	if !p.Since.IsZero() {
		p.Since = p.Since.Add(-by)
	}
	if !p.Until.IsZero() {
		p.Until = p.Until.Add(by)
	}
	return p
}

// tokenStatement leaves out what a better event says, and sums the rest. rank
// orders events from the best on.
func tokenStatement(said, better string, keys []string) string {
	says := "coalesce(" + strings.Join(tokenColumns, ", ") + ") IS NOT NULL"
	counts := "coalesce(" + strings.Join(tokenColumns[:len(tokenColumns)-1], ", ") + ") IS NOT NULL"
	groups := make([]string, len(keys))
	for i, k := range keys {
		groups[i] = "coalesce(" + quoteName(k) + ", '')"
	}
	first, group := "", ""
	if len(keys) > 0 {
		first, group = strings.Join(groups, ", ")+", ", "GROUP BY "+strings.Join(groups, ", ")
	}
	const rank = `CASE event_type WHEN '` + hansard.TypeLLMResponse + `' THEN 0 WHEN '` + hansard.TypeTokenUsage + `' THEN 1 ELSE 2 END`
	return fmt.Sprintf(`
WITH said AS MATERIALIZED (SELECT *, %[1]s AS rank FROM (%[2]s) WHERE (%[3]s OR event_type = '%[9]s') AND %[4]s),
better AS MATERIALIZED (SELECT event_id, trace_id, span_id, parent_event_id, %[1]s AS rank, %[10]s AS counts, cost_nano_usd IS NOT NULL AS costs
	FROM (%[5]s) WHERE %[3]s AND %[4]s),
spans AS (SELECT trace_id, span_id, %[11]s FROM better WHERE span_id IS NOT NULL GROUP BY ALL),
ids AS (SELECT trace_id, event_id, %[11]s FROM better GROUP BY ALL),
parents AS (SELECT trace_id, parent_event_id, %[11]s FROM better WHERE parent_event_id IS NOT NULL GROUP BY ALL),
counted AS (
	SELECT s.*, coalesce(token_count, CASE WHEN coalesce(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) IS NOT NULL
		THEN coalesce(input_tokens, 0) + coalesce(output_tokens, 0) + coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) END) AS total,
		coalesce(least(a.any_rank, b.any_rank, c.any_rank) >= s.rank, true) AS calls,
		coalesce(least(a.count_rank, b.count_rank, c.count_rank) >= s.rank, true) AS counts,
		coalesce(least(a.cost_rank, b.cost_rank, c.cost_rank) >= s.rank, true) AS costs
	FROM said s
	LEFT JOIN spans a ON a.trace_id = s.trace_id AND a.span_id = s.span_id
	LEFT JOIN ids b ON b.trace_id = s.trace_id AND b.event_id = s.parent_event_id
	LEFT JOIN parents c ON c.trace_id = s.trace_id AND c.parent_event_id = s.event_id),
own AS (SELECT * FROM counted WHERE calls OR counts OR costs)
SELECT %[6]s count(*) FILTER (WHERE calls), count(total) FILTER (WHERE counts), count(cost_nano_usd) FILTER (WHERE costs),
	%[12]s, sum(total) FILTER (WHERE counts), sum(cost_nano_usd) FILTER (WHERE costs) AS cost
FROM own %[7]s ORDER BY cost DESC NULLS LAST, sum(total) FILTER (WHERE counts) DESC NULLS LAST%[8]s`,
		rank, said, says, single, better, first, group, positions(len(keys)), hansard.TypeLLMResponse, counts,
		"min(rank) AS any_rank, min(rank) FILTER (WHERE counts) AS count_rank, min(rank) FILTER (WHERE costs) AS cost_rank", sums())
}

// sums returns the sums of the token classes, over the events whose tokens count.
func sums() string {
	var list []string
	for _, c := range tokenColumns[:5] {
		list = append(list, "sum("+c+") FILTER (WHERE counts)")
	}
	return strings.Join(list, ", ")
}

// positions returns ", 1, 2 .." for the first n columns.
func positions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", %d", i+1)
	}
	return b.String()
}

func tokenStat(row []driver.Value, keys int) (TokenStat, error) {
	var s TokenStat
	for _, v := range row[:keys] {
		text, _ := v.(string)
		s.Key = append(s.Key, strings.Clone(text))
	}
	row = row[keys:]
	for i, n := range []*int64{&s.Calls, &s.Counted, &s.Priced} {
		*n, _ = row[i].(int64)
	}
	for i, o := range []*hansard.Opt[int64]{&s.Input, &s.Output, &s.CacheRead, &s.CacheWrite, &s.Reasoning, &s.Total, &s.CostNanoUSD} {
		sum, ok := row[3+i].(*big.Int)
		if !ok {
			continue
		}
		if !sum.IsInt64() {
			return s, hansard.Errorf(hansard.KindTooLarge, "tokens: a sum is larger than 64 bits")
		}
		*o = hansard.Some(sum.Int64())
	}
	return s, nil
}
