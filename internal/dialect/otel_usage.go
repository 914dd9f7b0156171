package dialect

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// usage is what a dialect says of tokens, before they are told apart into
// classes that do not overlap.
type usage struct {
	input, output, cacheRead, cacheWrite, reasoning, total hansard.Opt[int64]
	// apart says that input does not hold the cached tokens. Otherwise it does,
	// as OpenTelemetry defines.
	apart bool
}

// empty reports whether nothing is known.
func (u *usage) empty() bool {
	return !u.input.Set && !u.output.Set && !u.cacheRead.Set && !u.cacheWrite.Set && !u.reasoning.Set && !u.total.Set
}

// apply sets the event's tokens. No figure is made up: one that the dialect does
// not state stays absent.
func (u *usage) apply(e *hansard.Event) {
	if u.input.Set && !u.apart {
		// An input smaller than its cached part does not hold it, whatever
		// the convention says: some instrumentations pass on what an
		// Anthropic model says, which counts them apart.
		if cached := u.cacheRead.V + u.cacheWrite.V; cached <= u.input.V {
			u.input.V -= cached
		}
	}
	if u.output.Set && u.reasoning.V > u.output.V {
		u.reasoning = hansard.Opt[int64]{} // it would be no part of the output
	}
	e.InputTokens, e.OutputTokens, e.CacheReadTokens, e.CacheWriteTokens = u.input, u.output, u.cacheRead, u.cacheWrite
	e.ReasoningTokens = u.reasoning
	if !u.input.Set && !u.output.Set {
		e.TokenCount = u.total
	}
}

// usage reads tokens and cost from whatever dialect states them.
func (r *otelReading) usage() {
	u := r.genaiUsage()
	if u.empty() {
		u = r.openinferenceUsage()
	}
	if u.empty() {
		u = r.vercelUsage()
	}
	if u.empty() {
		u = r.langfuseUsage()
	}
	if u.empty() {
		u = r.claudeUsage()
	}
	if w := r.vercelDetails(); !w.empty() {
		u = w // the only one that tells all classes apart itself
	}
	u.apply(r.main)
	r.cost()
}

// cost reads a cost that the source states, in dollars.
func (r *otelReading) cost() {
	e := r.main
	if r.lead(costKeys) >= 0 {
		for _, key := range listedKeys[costKeys] {
			if n := r.get(key).scaled(9); n.Set {
				e.CostNanoUSD, e.CostSource = n, "reported"
				return
			}
		}
	}
	if r.has("langfuse.observation.cost_details") {
		total := rawjson.Get(r.get("langfuse.observation.cost_details").structured(), "total")
		if len(total) > 0 && isNumber(total) {
			if n, ok := scaled(total, 9); ok {
				e.CostNanoUSD, e.CostSource = hansard.Some(n), "reported"
			}
		}
	}
}

// genaiUsage reads OpenTelemetry's names of all generations, Traceloop's and
// Pydantic AI's. The input includes what was read from a cache or written to it,
// the output includes the reasoning.
func (r *otelReading) genaiUsage() usage {
	return usage{
		input:      r.countIn(inputTokenKeys),
		output:     r.countIn(outputTokenKeys),
		cacheRead:  r.countIn(cacheReadKeys),
		cacheWrite: r.countIn(cacheWriteKeys),
		reasoning:  r.countIn(reasoningTokenKeys),
		total:      r.countIn(totalTokenKeys),
	}
}

// aggregate marks the event's tokens and cost, if it has any, as a repetition of
// what the calls below it state.
func aggregate(e *hansard.Event) {
	if states(e) {
		label(e, LabelAggregate)
	}
}

// states reports whether an event states tokens or cost.
func states(e *hansard.Event) bool {
	return e.InputTokens.Set || e.OutputTokens.Set || e.CacheReadTokens.Set || e.CacheWriteTokens.Set || e.ReasoningTokens.Set || e.TokenCount.Set || e.CostNanoUSD.Set
}
