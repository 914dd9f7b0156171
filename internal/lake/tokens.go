package lake

import (
	"context"
	"math"
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
	// Pricing knows, Unpriced those whose cost nobody knows.
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

// tokenWindow is how far from an event another one may be that says the same tokens
// again.
const tokenWindow = time.Hour

// Tokens sums tokens and cost over the events that the query selects, grouped
// by the given fields (texts of query.Fields), most expensive first.
//
// A model call counts once: on its agent.llm_response, else on its
// agent.token_usage, else on whatever event says tokens or a cost. An event is
// left out when a better one in the same trace has the same span, is its parent
// or has it as parent; and when it is labelled "aggregate". Tokens and cost are
// looked at apart: a cost that only the token_usage states counts. The better
// one need not match the search nor lie in its period, but within an hour of the
// event.
func (l *Lake) Tokens(ctx context.Context, tenant string, q query.Query, by []string) ([]TokenStat, error) {
	keys, err := textFields(by)
	if err != nil {
		return nil, err
	}
	snap := l.pin(tenant)
	defer snap.release()
	picked, err := l.picked(ctx, snap, q)
	if err != nil {
		return nil, err
	}
	spend, err := l.spend(ctx, snap, q, [][]string{keys}, Pricing{}, picked)
	if err != nil {
		return nil, err
	}
	all, err := spend[0].spending(0)
	return all.Top, err
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
