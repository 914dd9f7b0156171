package report

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// topAgents is how many agents a summary names as the most active.
const topAgents = 5

// SummaryReport is what happened in a period, in figures.
type SummaryReport struct {
	Report      string       `json:"report"` // "summary"
	Tenant      string       `json:"tenant"`
	Filter      string       `json:"filter"` // a search; "": every entry
	Period      Period       `json:"period"`
	GeneratedAt time.Time    `json:"generated_at"`
	Checkpoints []Checkpoint `json:"checkpoints"`
	// LastPosition is that of the last entry that was on record when the report
	// began: the searches with position:<=N count the same entries after more
	// have come. nil: no entry was selected.
	LastPosition *int64 `json:"last_position"`

	TotalEvents      int64  `json:"total_events"`
	TotalErrors      int64  `json:"total_errors"` // of type agent.error, or with status error or timeout, an error or an error type
	ErrorRate        string `json:"error_rate"`   // errors of events, "3.9%"; "0%" without events
	TotalTraces      int64  `json:"total_traces"`
	TotalInvocations int64  `json:"total_invocations"`
	TotalToolCalls   int64  `json:"total_tool_calls"`
	ToolCallErrors   int64  `json:"tool_call_errors"` // tool calls that erred, or whose result did
	TotalHandoffs    int64  `json:"total_handoffs"`
	TotalEscalations int64  `json:"total_escalations"`

	AgentsActive int64   `json:"agents_active"`
	TopAgents    Ranking `json:"top_agents"` // at most 5
	ByType       Tallies `json:"by_type"`
	ByTier       Tallies `json:"by_tier"`

	Tokens        Tokens     `json:"tokens"`
	CostUSD       Cost       `json:"cost_usd"`
	UnpricedCalls int64      `json:"unpriced_calls"` // model calls with tokens whose cost is not stated; CostUSD is then a lower bound
	ByModel       []ModelUse `json:"by_model"`

	// Loss is what is missing from the record, as far as senders tell.
	Loss Loss `json:"loss"`

	MissingKinds []MissingKinds `json:"missing_kinds"` // among the selected entries
	// SyntheticTimes counts the entries whose timestamps a converter
	// invented: no latency may be read from them.
	SyntheticTimes int64 `json:"synthetic_times"`

	// Searches maps the name of each figure, and "figure.row" of each row, to
	// the search that selects its entries in the period. There are as many
	// as the figure says, but for total_traces and agents_active, which
	// count different values, tool_call_errors, where they are the calls and
	// results that erred, and error_rate, tokens, cost_usd, unpriced_calls
	// and by_model, which are computed from them, each model call once. The
	// search of loss.pending_spans selects all starts of spans, whatever the
	// filter, those of spans that have ended since among them.
	Searches map[string]string `json:"searches"`
}

// Summary computes the summary of what the request selects. All figures are
// those of the same entries: what comes while it runs is left out. The error is
// of KindInvalid for a request that cannot be answered, else that of the source.
func Summary(ctx context.Context, src Source, req Request) (*SummaryReport, error) {
	req, err := req.checked()
	if err != nil {
		return nil, err
	}
	spans := query.Query{Node: req.Query.Node, Period: req.Period}
	end, err := lastPosition(ctx, src, req)
	if err != nil {
		return nil, err
	}
	if end.Set {
		spans.Node = selection{spans.Node}.and(upTo(end.V))
	}
	c, err := newCensus(ctx, src, req.Tenant, spans)
	if err != nil {
		return nil, err
	}
	if c.events > 0 {
		c.position = end
		if c, err = withoutStarts(ctx, src, &req, spans, c); err != nil {
			return nil, err
		}
	}
	r := newSummary(req, c)
	if c.position.Set {
		q := query.Query{Node: selection{req.Query.Node}.and(upTo(c.position.V)), Period: req.Period}
		if err := r.compute(ctx, src, q); err != nil {
			return nil, err
		}
		if r.Loss, err = loss(ctx, src, req.Tenant, q, spans); err != nil {
			return nil, err
		}
	}
	r.ErrorRate = percent(r.TotalErrors, r.TotalEvents)
	r.Searches = r.searches(selection{req.Query.Node})
	return r, nil
}

// withoutStarts leaves the starts of spans, if there are any, out of the request
// and of its census c, whose entries q selects: the whole spans count, and their
// starts would count them twice.
func withoutStarts(ctx context.Context, src Source, req *Request, q query.Query, c *census) (*census, error) {
	starts, err := count(ctx, src, req.Tenant, query.Query{Node: selection{q.Node}.and(pending()), Period: q.Period}, lake.Measure{Op: lake.Count})
	if err != nil || starts == 0 {
		return c, err
	}
	req.Query.Node = selection{req.Query.Node}.and(query.Not{Node: pending()})
	whole, err := newCensus(ctx, src, req.Tenant, query.Query{Node: selection{q.Node}.and(query.Not{Node: pending()}), Period: q.Period})
	if err != nil {
		return nil, err
	}
	whole.position = c.position
	return whole, nil
}

// newSummary returns a summary with the figures of the census.
func newSummary(req Request, c *census) *SummaryReport {
	agents := ranked(c.byAgent)
	r := &SummaryReport{
		Report: "summary", Tenant: req.Tenant, Filter: req.Query.Text, Period: req.period(c.first, c.last),
		GeneratedAt: req.Now, Checkpoints: req.Checkpoints,
		TotalEvents: c.events, TotalInvocations: c.byType[hansard.TypeInvocation], TotalToolCalls: c.byType[hansard.TypeToolCall],
		TotalHandoffs: c.byType[hansard.TypeHandoff], TotalEscalations: c.escalations,
		AgentsActive: int64(len(agents)), TopAgents: agents[:min(topAgents, len(agents))],
		ByType: ranked(c.byType), ByTier: byTier(c.byTier),
		ByModel: []ModelUse{}, MissingKinds: missing(c.kinds), SyntheticTimes: c.synthetic,
	}
	if c.position.Set {
		r.LastPosition = &c.position.V
	}
	return r
}

// compute adds the figures that need a pass of their own.
func (r *SummaryReport) compute(ctx context.Context, src Source, q query.Query) error {
	within := func(nodes ...query.Node) query.Query {
		return query.Query{Node: selection{q.Node}.and(nodes...), Period: q.Period}
	}
	var err error
	if r.TotalErrors, err = count(ctx, src, r.Tenant, within(erred()), lake.Measure{Op: lake.Count}); err != nil {
		return err
	}
	if r.TotalTraces, err = count(ctx, src, r.Tenant, q, lake.Measure{Op: lake.Distinct, Field: "trace_id"}); err != nil {
		return err
	}
	tools, err := src.ToolCalls(ctx, r.Tenant, q)
	if err != nil {
		return err
	}
	for _, t := range tools {
		r.ToolCallErrors += t.Errors
	}
	models, err := src.Spend(ctx, r.Tenant, q, [][]string{{"model"}}, lake.Pricing{}, 0)
	if err != nil {
		return err
	}
	r.ByModel = use(models[0].Top)
	r.Tokens, r.CostUSD = tokensOf(models[0].Total), Cost(models[0].Total.CostNanoUSD)
	r.UnpricedCalls = models[0].Total.Unpriced
	return nil
}

// searches returns the searches of the figures and their rows.
func (r *SummaryReport) searches(s selection) map[string]string {
	all := map[string]string{
		"total_events":      s.search(),
		"total_errors":      s.search(erred()),
		"error_rate":        s.search(erred()),
		"total_traces":      s.search(),
		"total_invocations": s.search(is("event_type", hansard.TypeInvocation)),
		"total_tool_calls":  s.search(is("event_type", hansard.TypeToolCall)),
		"tool_call_errors":  s.search(failedCalls()...),
		"total_handoffs":    s.search(is("event_type", hansard.TypeHandoff)),
		"total_escalations": s.search(escalations()...),
		"agents_active":     s.search(hasText("agent_name")),
		"tokens":            s.search(counted(), own()),
		"cost_usd":          s.search(priced(), own()),
		"unpriced_calls":    s.search(counted(), query.Not{Node: priced()}, own()),
		"synthetic_times":   s.search(is("time_source", hansard.TimeSynthetic)),
	}
	row := func(figure, name string, nodes ...query.Node) { all[figure+"."+name] = s.search(nodes...) }
	for _, t := range r.TopAgents {
		row("top_agents", t.Name, is("agent_name", t.Name))
	}
	for _, t := range r.ByType {
		row("by_type", t.Name, is("event_type", t.Name))
	}
	for _, t := range r.ByTier {
		row("by_tier", t.Name, is("tier", t.Name))
	}
	for _, f := range tokenFields() {
		row("tokens", f, hasNumber(f), own())
	}
	all["tokens.token_count"] = all["tokens"] // where no total is stated, its parts are summed
	r.Loss.searches(all, s)
	spent := query.Or{Nodes: append(counted().Nodes, priced())}
	for _, m := range r.ByModel {
		named := is("model", m.Model)
		if m.Model == "" {
			named = query.Not{Node: hasText("model")}
		}
		row("by_model", m.Model, named, spent, own())
	}
	for _, m := range r.MissingKinds {
		row("missing_kinds", m.Agent, is("agent_name", m.Agent), is("event_type", m.types()...))
	}
	return all
}
