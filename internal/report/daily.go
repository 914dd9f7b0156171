package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// How many agents and types of error a daily report lists.
const (
	dailyAgents = 10
	dailyErrors = 10
)

// DailyReport is the audit summary of a day.
type DailyReport struct {
	Head
	Date string `json:"date"` // 2026-11-23; two of them where the period is more than a day

	TotalInvocations int64  `json:"total_invocations"`
	Successful       int64  `json:"successful"`
	SuccessRate      string `json:"success_rate"` // of all invocations
	Failed           int64  `json:"failed"`       // ended badly, or an error under it was not recovered from
	FailureRate      string `json:"failure_rate"`
	Open             int64  `json:"open"` // no end was seen
	Handoffs         int64  `json:"handoffs"`
	HumanEscalations int64  `json:"human_escalations"`

	TopAgents    []DailyAgent `json:"top_agents"` // most invocations first, at most 10
	TotalErrors  int64        `json:"total_errors"`
	ErrorSummary []ErrorShare `json:"error_summary"` // most first, at most 10
	// ComplianceChecks are the verdicts of the rules in force; null: they were
	// not judged.
	ComplianceChecks []ComplianceLine `json:"compliance_checks"`
	// Integrity is what the logs' checkpoints and parts show; null: not looked at.
	Integrity *Integrity `json:"integrity"`
	// Searches maps the name of each figure to the search that selects its
	// entries in the period; that of failed selects what erred, and those of
	// successful and open all invocations, among which they are counted.
	Searches map[string]string `json:"searches"`
}

// DailyAgent is what an agent did in a day.
type DailyAgent struct {
	Agent         string `json:"agent"`
	Invocations   int64  `json:"invocations"`
	Errors        int64  `json:"errors"` // entries that are errors
	AvgDurationMS Millis `json:"avg_duration_ms"`
}

// ErrorShare is how many errors are of a type.
type ErrorShare struct {
	Type  string `json:"type"` // "" where none is named
	Count int64  `json:"count"`
	Share string `json:"share"` // of all errors
}

// ComplianceLine is the verdict on a rule in a line.
type ComplianceLine struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"` // pass, near_limit, fail, not_applicable, insufficient_evidence
	Text    string `json:"text"`
}

// Integrity is what a look at the logs shows: that the signature of each checkpoint
// holds, and that the parts of each log follow each other without a gap. It reads
// no entry, and says when somebody did.
type Integrity struct {
	Verdict  string   `json:"verdict"`  // pass, fail, insufficient_evidence
	Logs     int      `json:"logs"`     // with a checkpoint whose signature holds
	Entries  uint64   `json:"entries"`  // that these checkpoints cover
	Unsigned int      `json:"unsigned"` // logs without a checkpoint yet
	Broken   []string `json:"broken"`   // logs whose checkpoint cannot be opened
	Gaps     []string `json:"gaps"`     // logs whose parts do not follow each other
	// Verified is the verification by the server that ended last; null: none did
	// since its start.
	Verified *Verified `json:"verified"`
}

// Verified is what came of reading every entry and holding it against the signed
// checkpoints.
type Verified struct {
	EndedAt  time.Time `json:"ended_at"`
	Logs     int       `json:"logs"`
	Entries  uint64    `json:"entries"`
	Findings int       `json:"findings"`
}

// Daily computes the audit summary of what the request selects.
func Daily(ctx context.Context, src Source, req Request) (*DailyReport, error) {
	w, err := begin(ctx, src, req, "daily")
	if err != nil {
		return nil, err
	}
	r := &DailyReport{
		Head: w.head, Date: date(req.Period, w.head.Period), TopAgents: []DailyAgent{}, ErrorSummary: []ErrorShare{},
		ComplianceChecks: req.Compliance, Integrity: req.Integrity, Searches: w.searches,
	}
	if w.events > 0 {
		if err := r.count(w); err != nil {
			return nil, err
		}
	}
	r.SuccessRate, r.FailureRate = percent(r.Successful, r.TotalInvocations), percent(r.Failed, r.TotalInvocations)
	invocations := is("event_type", hansard.TypeInvocation)
	for _, name := range []string{"total_invocations", "successful", "success_rate", "open"} {
		w.search(name, invocations)
	}
	for _, name := range []string{"failed", "failure_rate", "total_errors"} {
		w.search(name, erred())
	}
	w.search("handoffs", is("event_type", hansard.TypeHandoff))
	w.search("human_escalations", escalations()...)
	return r, nil
}

// date names the day, or the days, of a period.
func date(asked query.Period, p Period) string {
	if p.Start == nil || p.End == nil {
		return "no events"
	}
	first, end := *p.Start, *p.End
	if !asked.Until.IsZero() {
		end = end.Add(-time.Nanosecond) // the end asked for is not in it
	}
	if first.Format(time.DateOnly) == end.Format(time.DateOnly) {
		return first.Format(time.DateOnly)
	}
	return first.Format(time.DateOnly) + " – " + end.Format(time.DateOnly)
}

func (r *DailyReport) count(w *work) error {
	kinds, err := w.groups([]string{"agent_name", "event_type", "intervention"})
	if err != nil {
		return err
	}
	agents := map[string]*DailyAgent{}
	agent := func(name string) *DailyAgent {
		if agents[name] == nil {
			agents[name] = &DailyAgent{Agent: name}
		}
		return agents[name]
	}
	for _, g := range kinds {
		if g.names[0] != "" {
			agent(g.names[0])
		}
		switch {
		case g.names[1] == hansard.TypeHandoff:
			r.Handoffs += g.n
		case g.names[1] == hansard.TypeHumanIntervention && g.names[2] == "escalation":
			r.HumanEscalations += g.n
		}
	}
	errors, err := w.groups([]string{"error_type", "agent_name"}, erred())
	if err != nil {
		return err
	}
	for _, g := range errors {
		r.TotalErrors += g.n
		agent(g.names[1]).Errors += g.n
	}
	stats, err := w.src.Invocations(w.ctx, w.req.Tenant, w.q)
	if err != nil {
		return err
	}
	for _, s := range stats {
		a := agent(s.Agent)
		a.Invocations, a.AvgDurationMS = s.Invocations, nearestMicro(s.Avg)
		r.TotalInvocations, r.Failed, r.Open = r.TotalInvocations+s.Invocations, r.Failed+s.Failed, r.Open+s.Open
	}
	r.Successful = r.TotalInvocations - r.Failed - r.Open
	r.rank(w, agents)
	for _, t := range talliesOf(errors, 0, false) {
		if len(r.ErrorSummary) == dailyErrors {
			break
		}
		r.ErrorSummary = append(r.ErrorSummary, ErrorShare{t.Name, t.N, percent(t.N, r.TotalErrors)})
		w.search("error_summary."+t.Name, named("error_type", t.Name), erred())
	}
	return nil
}

// rank lists the agents, those with the most invocations first.
func (r *DailyReport) rank(w *work, agents map[string]*DailyAgent) {
	for _, a := range agents {
		r.TopAgents = append(r.TopAgents, *a)
	}
	slices.SortFunc(r.TopAgents, func(a, b DailyAgent) int {
		return cmp.Or(cmp.Compare(b.Invocations, a.Invocations), cmp.Compare(b.Errors, a.Errors), cmp.Compare(a.Agent, b.Agent))
	})
	r.TopAgents = r.TopAgents[:min(dailyAgents, len(r.TopAgents))]
	for _, a := range r.TopAgents {
		w.search("top_agents."+a.Agent, named("agent_name", a.Agent), is("event_type", hansard.TypeInvocation))
		w.search("top_agents."+a.Agent+".errors", named("agent_name", a.Agent), erred())
	}
}

func (r *DailyReport) figures() ([]figure, error) { return flatten(r) }
