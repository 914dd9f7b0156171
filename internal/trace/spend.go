package trace

import (
	"math"

	"github.com/hansardhq/hansard"
)

// Spend is what a set of events used. A figure that no event states is absent.
type Spend struct {
	Input       hansard.Opt[int64] // tokens
	Output      hansard.Opt[int64]
	CacheRead   hansard.Opt[int64]
	CacheWrite  hansard.Opt[int64]
	Reasoning   hansard.Opt[int64] // part of Output
	Tokens      hansard.Opt[int64] // in all: the stated totals, else input, output and both cache classes
	CostNanoUSD hansard.Opt[int64]
	Unpriced    int // model calls with tokens whose cost nothing states; CostNanoUSD is then a lower bound
}

// Spent adds up what the entries of one trace used, each model call once.
func Spent(entries []*hansard.Entry) Spend {
	ordered, _ := inOrder(entries)
	return spent(ordered)
}

// spent adds up entries that are unique.
func spent(entries []*hansard.Entry) Spend {
	var sum Spend
	for _, s := range spends(entries) {
		sum.add(s)
	}
	return sum
}

// spends returns what each of some entries, which are unique, adds to what all of
// them used.
func spends(entries []*hansard.Entry) []Spend {
	responses, usages := index(entries, hansard.TypeLLMResponse), index(entries, hansard.TypeTokenUsage)
	all := make([]Spend, len(entries))
	for i, e := range entries {
		if aggregate(e) {
			continue
		}
		var other stated // what the other half of the same model call states
		switch e.EventType {
		case hansard.TypeTokenUsage:
			other = responses.of(e)
		case hansard.TypeLLMResponse:
			other = usages.of(e)
		}
		s, second := &all[i], e.EventType == hansard.TypeTokenUsage
		tokens := states(e).tokens && !(second && other.tokens)
		if tokens {
			s.addTokens(e)
		}
		if !(second && other.cost) {
			add(&s.CostNanoUSD, e.CostNanoUSD)
		}
		if tokens && !e.CostNanoUSD.Set && !other.cost {
			s.Unpriced++
		}
	}
	return all
}

// add adds what others used.
func (s *Spend) add(o Spend) {
	add(&s.Input, o.Input)
	add(&s.Output, o.Output)
	add(&s.CacheRead, o.CacheRead)
	add(&s.CacheWrite, o.CacheWrite)
	add(&s.Reasoning, o.Reasoning)
	add(&s.Tokens, o.Tokens)
	add(&s.CostNanoUSD, o.CostNanoUSD)
	s.Unpriced += o.Unpriced
}

func (s *Spend) addTokens(e *hansard.Entry) {
	add(&s.Input, e.InputTokens)
	add(&s.Output, e.OutputTokens)
	add(&s.CacheRead, e.CacheReadTokens)
	add(&s.CacheWrite, e.CacheWriteTokens)
	add(&s.Reasoning, e.ReasoningTokens)
	add(&s.Tokens, totalTokens(e))
}

// totalTokens returns an entry's total: as stated, else the sum of its parts.
func totalTokens(e *hansard.Entry) hansard.Opt[int64] {
	total := e.TokenCount
	if !total.Set {
		for _, part := range []hansard.Opt[int64]{e.InputTokens, e.OutputTokens, e.CacheReadTokens, e.CacheWriteTokens} {
			add(&total, part)
		}
	}
	return total
}

// add adds n to the sum when it is present; a sum that does not fit stays at the
// greatest int64.
func add(sum *hansard.Opt[int64], n hansard.Opt[int64]) {
	if !n.Set {
		return
	}
	sum.Set = true
	if n.V > 0 && sum.V > math.MaxInt64-n.V {
		sum.V = math.MaxInt64
		return
	}
	sum.V += n.V
}

// stated says which figures an event states.
type stated struct{ tokens, cost bool }

func states(e *hansard.Entry) stated {
	return stated{totalTokens(e).Set || e.ReasoningTokens.Set, e.CostNanoUSD.Set}
}

// modelCalls finds events of one type by what ties them to another half of the
// same model call.
type modelCalls struct{ bySpan, byID, byParent map[string]stated }

func index(entries []*hansard.Entry, eventType string) modelCalls {
	m := modelCalls{map[string]stated{}, map[string]stated{}, map[string]stated{}}
	for _, e := range entries {
		if e.EventType != eventType || aggregate(e) {
			continue
		}
		for _, by := range []struct {
			in  map[string]stated
			key string
		}{{m.bySpan, e.SpanID}, {m.byID, e.EventID}, {m.byParent, e.ParentEventID}} {
			if by.key != "" {
				by.in[by.key] = either(by.in[by.key], states(e))
			}
		}
	}
	return m
}

// of returns what the events that belong to e state: those with its span, its
// parent, its children. The zero key is never indexed.
func (m modelCalls) of(e *hansard.Entry) stated {
	return either(m.bySpan[e.SpanID], either(m.byID[e.ParentEventID], m.byParent[e.EventID]))
}

func either(a, b stated) stated { return stated{a.tokens || b.tokens, a.cost || b.cost} }
