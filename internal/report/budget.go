package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// Budget bounds what agents may use.
type Budget struct {
	Name string `yaml:"name"`
	// Agent is the agent that it is for; "*": each agent has its own; "": all
	// agents together.
	Agent string `yaml:"agent"`
	// Per is "task", "session" or "day": each has its own; "": the period of
	// the report.
	Per    string        `yaml:"per"`
	USD    price.Dollars `yaml:"usd"`    // not set: no bound
	Tokens int64         `yaml:"tokens"` // 0: no bound
	// NearLimit is from how many percent on a budget is near its limit;
	// default 80.
	NearLimit int `yaml:"near_limit"`
}

// The verdicts on budgets.
const (
	BudgetOK       = "ok"
	BudgetNear     = "near_limit"
	BudgetExceeded = "exceeded"
	// BudgetUnknown is a budget in dollars that is not exceeded as far as is
	// known, and holds unpriced calls.
	BudgetUnknown = "unknown"
)

// CheckBudgets returns nil when budgets can be judged. The error is of KindInvalid
// and names the budget.
func CheckBudgets(budgets []Budget) error {
	seen := map[string]bool{}
	for i, b := range budgets {
		bad := ""
		switch {
		case b.Name == "" || seen[b.Name]:
			bad = "it needs a name of its own"
		case !slices.Contains([]string{"", "task", "session", "day"}, b.Per):
			bad = "per is task, session, day, or nothing for the report's period"
		case (!b.USD.Set || b.USD.V <= 0) && b.Tokens <= 0:
			bad = "it needs a bound above 0: usd, tokens or both"
		case b.Tokens < 0 || b.USD.V < 0 || b.NearLimit < 0 || b.NearLimit > 100:
			bad = "tokens and near_limit are not negative, near_limit at most 100"
		}
		if bad != "" {
			return hansard.Errorf(hansard.KindInvalid, "budget %d %q: %s", i+1, b.Name, bad)
		}
		seen[b.Name] = true
	}
	return nil
}

// BudgetUse is how far a budget was used.
type BudgetUse struct {
	Name    string `json:"name"`
	Agent   string `json:"agent"`
	Per     string `json:"per"`
	USD     Cost   `json:"limit_usd"`    // null: no bound
	Tokens  *int64 `json:"limit_tokens"` // null: no bound
	Verdict string `json:"verdict"`      // the worst of its spenders: exceeded, near_limit, unknown, ok
	// Counted is how many agents, tasks and so on it was held against, and
	// how many of them have which verdict.
	Counted  int            `json:"counted"`
	Verdicts map[string]int `json:"verdicts"`
	// Worst are at most 100 of them, those with the largest share first.
	Worst []BudgetShare `json:"worst"`
}

// BudgetShare is how far one agent, task and so on used its budget.
type BudgetShare struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Used    string `json:"used"` // of the bound that is nearer, "87.0%"
	CostUSD Cost   `json:"cost_usd"`
	Tokens  int64  `json:"token_count"`
	// UnpricedCalls make the cost a lower bound.
	UnpricedCalls int64 `json:"unpriced_calls"`

	permille int64
}

// maxShares is how many shares of a budget a report lists.
const maxShares = 100

// budgets holds the request's budgets against what was used.
func (w *work) budgets() ([]BudgetUse, error) {
	list := []BudgetUse{}
	if err := CheckBudgets(w.req.Budgets); err != nil {
		return nil, err
	}
	for _, b := range w.req.Budgets {
		use, err := w.budget(b)
		if err != nil {
			return nil, err
		}
		list = append(list, use)
	}
	return list, nil
}

// fields returns the fields that a budget's spenders differ in.
func (b Budget) fields() []string {
	var fields []string
	if b.Agent == "*" {
		fields = append(fields, "agent_name")
	}
	switch b.Per {
	case "task":
		fields = append(fields, "task_id")
	case "session":
		fields = append(fields, "session_id")
	case "day":
		fields = append(fields, "day")
	}
	return fields
}

func (w *work) budget(b Budget) (BudgetUse, error) {
	use := BudgetUse{Name: b.Name, Agent: b.Agent, Per: b.Per, USD: Cost(b.USD), Verdict: BudgetOK, Verdicts: map[string]int{}, Worst: []BudgetShare{}}
	if b.Tokens > 0 {
		use.Tokens = &b.Tokens
	}
	var of []query.Node
	if b.Agent != "" && b.Agent != "*" {
		of = append(of, is("agent_name", b.Agent))
	}
	w.search("budgets."+b.Name, append(of, spends(), own())...)
	if w.events == 0 {
		return use, nil
	}
	fields := b.fields()
	all, err := w.src.Spend(w.ctx, w.req.Tenant, w.within(of...), [][]string{fields}, w.pricing(), 0)
	if err != nil {
		return use, err
	}
	for _, s := range all[0].Top {
		if len(fields) > 0 && slices.Contains(s.Key, "") {
			continue // names no task, or no agent
		}
		share := b.share(s)
		use.Counted++
		use.Verdicts[share.Verdict]++
		if badness(share.Verdict) > badness(use.Verdict) {
			use.Verdict = share.Verdict
		}
		use.Worst = append(use.Worst, share)
	}
	slices.SortStableFunc(use.Worst, func(a, b BudgetShare) int { return cmp.Compare(b.permille, a.permille) })
	use.Worst = use.Worst[:min(maxShares, len(use.Worst))]
	return use, nil
}

func badness(verdict string) int {
	return slices.Index([]string{BudgetOK, BudgetUnknown, BudgetNear, BudgetExceeded}, verdict)
}

// share judges what a spender used.
func (b Budget) share(s lake.TokenStat) BudgetShare {
	share := BudgetShare{Name: strings.Join(s.Key, " "), CostUSD: Cost(s.Cost()), Tokens: s.Total.V, UnpricedCalls: s.Unpriced, Verdict: BudgetOK}
	over := false
	bound := func(used, limit int64) {
		if limit <= 0 {
			return
		}
		over = over || used > limit
		share.permille = max(share.permille, int64(1000*float64(used)/float64(limit)))
	}
	bound(s.Total.V, b.Tokens)
	if b.USD.Set {
		bound(s.Cost().V, b.USD.V)
	}
	share.Used = fmt.Sprintf("%d.%d%%", share.permille/10, share.permille%10)
	switch near := int64(cmp.Or(b.NearLimit, 80)); {
	case over:
		share.Verdict = BudgetExceeded
	case share.permille >= 10*near:
		share.Verdict = BudgetNear
	case b.USD.Set && s.Unpriced > 0:
		share.Verdict = BudgetUnknown
	}
	return share
}

// budgetSection lists the budgets with the worst of each.
func (r *CostReport) budgetSection() section {
	s := section{Columns: []column{
		{Title: "Budget"}, {Title: "For"}, {Title: "Limit", Numeric: true}, {Title: "Verdict"}, {Title: "Used at most", Numeric: true}, {Title: "By"}, {Title: searchColumn, Code: true},
	}}
	for _, b := range r.Budgets {
		who, used, by := b.Agent, "0.0%", "-"
		switch b.Agent {
		case "":
			who = "all agents"
		case "*":
			who = "each agent"
		}
		if b.Per != "" {
			who += " per " + b.Per
		}
		var limits []string
		if b.USD.Set {
			limits = append(limits, trace.USD(b.USD.V))
		}
		if b.Tokens != nil {
			limits = append(limits, trace.Count(*b.Tokens)+" tokens")
		}
		if len(b.Worst) > 0 {
			used, by = b.Worst[0].Used, or(b.Worst[0].Name, "-")
		}
		s.Rows = append(s.Rows, row{Cells: []string{
			b.Name, who, strings.Join(limits, ", "), budgetMark(b.Verdict), used, by, r.Searches["budgets."+b.Name],
		}})
	}
	return s
}

// budgetMark writes a verdict with its sign.
func budgetMark(verdict string) string {
	switch verdict {
	case BudgetOK:
		return "✅ ok"
	case BudgetNear:
		return "⚠️ near limit"
	case BudgetExceeded:
		return "❌ exceeded"
	}
	return "⚠️ unknown: calls are unpriced"
}
