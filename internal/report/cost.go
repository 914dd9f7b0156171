package report

import (
	"context"
	"time"

	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// topSpenders is how many tasks, sessions and so on a report on cost lists of each.
const topSpenders = 1000

// CostReport is what model calls used and cost, and on whose behalf. What a call
// costs is what it states itself; only where nothing states it, the table of prices
// is asked. A call that neither knows is unpriced.
type CostReport struct {
	Head
	// Repriced says that what the calls state was left out: every cost is
	// one of the table. The record is unchanged.
	Repriced bool   `json:"repriced"`
	Prices   string `json:"prices"` // the table's id; "" without one

	ModelCalls    int64  `json:"model_calls"`
	CostUSD       Cost   `json:"cost_usd"`     // reported and priced; a lower bound where calls are unpriced; null: unknown
	ReportedUSD   Cost   `json:"reported_usd"` // as the calls state it
	PricedUSD     Cost   `json:"priced_usd"`   // by the table
	ReportedCalls int64  `json:"reported_calls"`
	PricedCalls   int64  `json:"priced_calls"`
	UnpricedCalls int64  `json:"unpriced_calls"`
	Tokens        Tokens `json:"tokens"`

	ByModel   []ModelCost `json:"by_model"`
	ByAgent   []Spender   `json:"by_agent"`
	ByTask    []Spender   `json:"by_task"`
	BySession []Spender   `json:"by_session"`
	ByUser    []Spender   `json:"by_user"`
	ByTool    []Spender   `json:"by_tool"`
	ByDay     []Spender   `json:"by_day"` // in order of time
	// Spenders says how many there are of each, for the lists hold at most
	// 1,000: those that cost most.
	Spenders map[string]int `json:"spenders"`
	Unpriced []ModelCost    `json:"unpriced"` // the models with unpriced calls
	Budgets  []BudgetUse    `json:"budgets"`

	// Searches maps the name of each figure, and "figure.row" of each row, to
	// the search that selects its entries in the period: those that state
	// tokens or a cost. Two of them may be of one call, which counts once.
	Searches map[string]string `json:"searches"`
}

// Spender is what the calls of one task, agent, day and so on used.
type Spender struct {
	Name          string `json:"name"` // "" for calls that name none
	ModelCalls    int64  `json:"model_calls"`
	CostUSD       Cost   `json:"cost_usd"`
	UnpricedCalls int64  `json:"unpriced_calls"`
	Tokens        Tokens `json:"tokens"`
}

// ModelCost is what the calls of one model of a provider used.
type ModelCost struct {
	Model    string `json:"model"`
	Provider string `json:"provider"`
	Spender
}

// CostOf computes the report on cost of what the request selects.
func CostOf(ctx context.Context, src Source, req Request) (*CostReport, error) {
	w, err := begin(ctx, src, req, "cost")
	if err != nil {
		return nil, err
	}
	r := &CostReport{
		Head: w.head, Repriced: req.Reprice, ByModel: []ModelCost{}, ByAgent: []Spender{}, ByTask: []Spender{}, BySession: []Spender{},
		ByUser: []Spender{}, ByTool: []Spender{}, ByDay: []Spender{}, Unpriced: []ModelCost{}, Budgets: []BudgetUse{},
		Spenders: map[string]int{}, Searches: w.searches,
	}
	if req.Prices != nil {
		r.Prices = req.Prices.ID()
	}
	if w.events > 0 {
		if err := r.spend(w); err != nil {
			return nil, err
		}
	}
	if r.Budgets, err = w.budgets(); err != nil {
		return nil, err
	}
	for _, name := range []string{"model_calls", "tokens"} {
		w.search(name, spends(), own())
	}
	for _, name := range []string{"cost_usd", "reported_usd", "reported_calls"} {
		w.search(name, priced(), own())
	}
	for _, name := range []string{"priced_usd", "priced_calls", "unpriced_calls"} {
		w.search(name, counted(), query.Not{Node: priced()}, own())
	}
	return r, nil
}

// spends returns the node for the entries that state tokens or a cost.
func spends() query.Node { return query.Or{Nodes: append(counted().Nodes, priced())} }

// pricing returns how the calls of a request are priced.
func (w *work) pricing() lake.Pricing {
	return lake.Pricing{Table: w.req.Prices, Reprice: w.req.Reprice, Zone: w.req.Location}
}

// dimension is a list of spenders: its figure, and the field that its names are of.
type dimension struct {
	figure, field string
	to            *[]Spender
}

func (r *CostReport) dimensions() []dimension {
	return []dimension{
		{"by_agent", "agent_name", &r.ByAgent}, {"by_task", "task_id", &r.ByTask}, {"by_session", "session_id", &r.BySession},
		{"by_user", "user_id", &r.ByUser}, {"by_tool", "tool_name", &r.ByTool}, {"by_day", "day", &r.ByDay},
	}
}

// spend fills in the sums.
func (r *CostReport) spend(w *work) error {
	by := [][]string{{"model", "provider"}}
	for _, d := range r.dimensions() {
		by = append(by, []string{d.field})
	}
	all, err := w.src.Spend(w.ctx, w.req.Tenant, w.q, by, w.pricing(), topSpenders)
	if err != nil {
		return err
	}
	total := all[0].Total
	r.ModelCalls, r.ReportedCalls, r.PricedCalls, r.UnpricedCalls = total.Calls, total.Priced, total.Tabled, total.Unpriced
	r.CostUSD, r.ReportedUSD, r.PricedUSD = Cost(total.Cost()), Cost(total.CostNanoUSD), Cost(total.TableNanoUSD)
	r.Tokens = tokensOf(total)
	for _, s := range all[0].Top {
		m := ModelCost{s.Key[0], s.Key[1], spender(s, modelName(s.Key[0], s.Key[1]))}
		r.ByModel = append(r.ByModel, m)
		nodes := []query.Node{named("model", m.Model), named("provider", m.Provider), own()}
		w.search("by_model."+m.Name, append(nodes, spends())...)
		if m.UnpricedCalls > 0 {
			r.Unpriced = append(r.Unpriced, m)
			w.search("unpriced."+m.Name, append(nodes, counted(), query.Not{Node: priced()})...)
		}
	}
	r.Spenders["by_model"] = all[0].Groups
	for i, d := range r.dimensions() {
		r.Spenders[d.figure] = all[i+1].Groups
		for _, s := range all[i+1].Top {
			*d.to = append(*d.to, spender(s, s.Key[0]))
			w.search(d.figure+"."+s.Key[0], w.of(d.field, s.Key[0]), spends(), own())
		}
	}
	inOrderOfName(r.ByDay)
	return nil
}

func modelName(model, provider string) string {
	if provider == "" {
		return model
	}
	return provider + "/" + model
}

// of returns the node for a field with a value; the field may be "day".
func (w *work) of(field, value string) query.Node {
	if field != "day" {
		return named(field, value)
	}
	day, err := time.ParseInLocation(time.DateOnly, value, w.req.Location)
	if err != nil {
		return query.And{}
	}
	end := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, w.req.Location)
	return query.Compare{
		Field: query.Ref{Name: "timestamp", Kind: query.KindTime}, Op: query.Range,
		Values: []query.Value{{Int: day.UnixNano()}, {Int: end.UnixNano() - 1}},
	}
}

func spender(s lake.TokenStat, name string) Spender {
	return Spender{Name: name, ModelCalls: s.Calls, CostUSD: Cost(s.Cost()), UnpricedCalls: s.Unpriced, Tokens: tokensOf(s)}
}

func tokensOf(s lake.TokenStat) Tokens {
	return Tokens{s.Input, s.Output, s.CacheRead, s.CacheWrite, s.Reasoning, s.Total}
}

// costText writes money; what is unknown is "unpriced" where tokens were used.
func costText(c Cost, unpriced int64) string {
	switch {
	case c.Set && unpriced > 0:
		return "≥ " + usd(c.V)
	case c.Set:
		return usd(c.V)
	case unpriced > 0:
		return "unpriced"
	}
	return "unknown"
}

func (r *CostReport) figures() ([]figure, error) { return flatten(r) }
