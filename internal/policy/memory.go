package policy

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// keyer makes keys of texts, as marks have them: 0 for none.
type keyer struct{ seed maphash.Seed }

func newKeyer() keyer { return keyer{maphash.MakeSeed()} }

func (k keyer) key(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(1, maphash.String(k.seed, s))
}

// occurrence returns an entry as the machine sees it. only are the bits of the
// predicates to ask; those that cost too much are added to over.
func (p *Pack) occurrence(e *hansard.Entry, k keyer, only uint64, over dear) occurrence {
	return p.occurrenceBy(e, k.key, only, over)
}

// occurrenceBy is occurrence with any maker of keys.
func (p *Pack) occurrenceBy(e *hansard.Entry, key func(string) uint64, only uint64, over dear) occurrence {
	o := occurrence{at: query.Timestamp(e), position: int64(e.Position)}
	for i, pred := range p.predicates {
		if only&(1<<i) != 0 && p.language.holds(pred, e, over) {
			o.bits |= 1 << i
		}
	}
	if o.bits != 0 {
		for _, name := range p.columns {
			s, _ := query.ValueOf(e, p.language.fields[name]).(string)
			o.keys = append(o.keys, key(s))
		}
	}
	return o
}

// EvaluateEntries judges a pack over entries in memory: all of them count. It
// decides by the expressions themselves, and so shows what Evaluate must say.
func EvaluateEntries(p *Pack, entries []*hansard.Entry, facts Facts, now time.Time) []*Result {
	k := newKeyer()
	m := newMachine(p, func(*Control) bool { return true })
	m.loopback, m.end = k.key("loopback"), now.UnixNano()
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b *hansard.Entry) int {
		return cmp.Or(cmp.Compare(query.Timestamp(a), query.Timestamp(b)), cmp.Compare(a.Position, b.Position))
	})
	counted := make([]positions, len(p.predicates))
	seen := make([]int64, len(p.predicates))
	byPosition, over := map[int64]*hansard.Entry{}, dear{}
	for _, e := range sorted {
		o := p.occurrence(e, k, ^uint64(0), over)
		byPosition[o.position] = e
		for i := range seen {
			if o.bits&(1<<i) != 0 {
				seen[i]++
				counted[i].add(o.position)
			}
		}
		m.see(o, false)
		m.see(o, true)
	}
	m.finish()
	var results []*Result
	plans := m.plans
	for _, c := range p.Controls {
		r := &Result{Pack: p, Control: c}
		recorded := c.recorded == nil || seen[p.bit(c.recorded)] > 0
		switch c.kind {
		case kindShare:
			judgeShare(r, plans[0], recorded)
			plans = plans[1:]
		case kindCount:
			bit := p.bit(c.count)
			judgeCount(r, seen[bit], recorded)
			if c.threshold.AtMost.Set || r.Verdict != Fail {
				r.FoundTotal, r.positions = seen[bit], counted[bit].least()
			}
		case kindBudget:
			all, calls, silent := spent(c.budget, sorted)
			judgeBudget(r, all, calls, silent)
		case kindRetention:
			judgeRetention(r, facts)
		}
		r.without(over)
		for _, at := range r.positions {
			r.Found = append(r.Found, byPosition[at])
		}
		results = append(results, r)
	}
	return results
}

// spent sums what model calls say that they used. A call is what says it, on an
// llm_response or a token_usage.
func spent(b *budget, entries []*hansard.Entry) (all []usage, calls, silent int64) {
	sums := map[string]float64{}
	for _, e := range entries {
		if e.EventType != hansard.TypeLLMResponse && e.EventType != hansard.TypeTokenUsage {
			continue
		}
		calls++
		n, ok := usedBy(b.of, e)
		if !ok {
			silent++
			continue
		}
		sums[map[string]string{
			"agent": e.AgentName, "task": e.TaskID, "session": e.SessionID, "user": e.UserID, "model": e.Model,
			"day": time.Unix(0, query.Timestamp(e)).UTC().Format(time.DateOnly),
		}[b.per]] += n
	}
	for name, n := range sums {
		all = append(all, usage{name, n})
	}
	slices.SortFunc(all, func(a, b usage) int { return cmp.Compare(a.name, b.name) })
	return all, calls, silent
}

func usedBy(of string, e *hansard.Entry) (float64, bool) {
	if of == "cost" {
		return float64(e.CostNanoUSD.V) / 1e9, e.CostNanoUSD.Set
	}
	if e.TokenCount.Set {
		return float64(e.TokenCount.V), true
	}
	sum, ok := int64(0), false
	for _, o := range []hansard.Opt[int64]{e.InputTokens, e.OutputTokens, e.CacheReadTokens, e.CacheWriteTokens} {
		sum, ok = sum+o.V, ok || o.Set
	}
	return float64(sum), ok
}
