package report

import (
	"context"
	"slices"
	"strconv"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// How many events a report on an agent or a session lists where nobody says
// otherwise.
const (
	agentEvents   = 100
	sessionEvents = 1000
	maxListed     = 10_000
)

// Activities are the figures that the reports on one agent and on one session
// share.
type Activities struct {
	TotalEvents int64     `json:"total_events"`
	TotalErrors int64     `json:"total_errors"`
	ErrorRate   string    `json:"error_rate"`
	ByType      Tallies   `json:"by_type"`
	ErrorTypes  Tallies   `json:"error_types"`
	Tools       []ToolUse `json:"tools"`

	Traces        int64 `json:"traces"`
	Handoffs      int64 `json:"handoffs"`
	Interventions int64 `json:"interventions"` // of humans

	Tokens        Tokens      `json:"tokens"`
	CostUSD       Cost        `json:"cost_usd"`
	UnpricedCalls int64       `json:"unpriced_calls"`
	ByModel       []ModelCost `json:"by_model"`
}

// AgentReport is all activity of one agent.
type AgentReport struct {
	Head
	Activities
	Sessions    int64         `json:"sessions"`
	Tasks       int64         `json:"tasks"`
	Versions    Ranking       `json:"versions"`
	HandoffsTo  Ranking       `json:"handoffs_to"`   // to whom it handed over
	HandedTo    int64         `json:"handed_over"`   // handoffs of others to this agent
	Decisions   Ranking       `json:"decisions"`     // what it decided, at most 20
	MissingKind *MissingKinds `json:"missing_kinds"` // never seen of it; null: it was seen with all
	// Recent are its newest events in the order in which they happened.
	Recent []trace.Line `json:"recent"`
	// Searches maps the name of each figure to the search that selects its
	// entries in the period.
	Searches map[string]string `json:"searches"`
}

// SessionReport is what happened in one session, across its traces.
type SessionReport struct {
	Head
	Activities
	Agents   Ranking `json:"agents"`
	Tasks    Ranking `json:"tasks"`
	Duration Millis  `json:"duration_ms"` // from the first to the last event; null where times are invented
	// Listed is how many of the events the timeline has: from the first on.
	Listed int `json:"listed_events"`
	// Timeline is what happened, in order.
	Timeline []trace.Line `json:"timeline"`
	// Searches maps the name of each figure to the search that selects its
	// entries in the period.
	Searches map[string]string `json:"searches"`
}

// about narrows a request to its subject.
func about(req Request, field string) (Request, error) {
	if req.Subject == "" {
		return req, hansard.Errorf(hansard.KindInvalid, "report: no subject named")
	}
	if req.Query.Node == nil {
		req.Query.Node = query.And{}
	}
	req.Query.Node = selection{req.Query.Node}.and(is(field, req.Subject))
	return req, nil
}

// activities computes the figures that both reports share.
func (w *work) activities() (a Activities, err error) {
	a = Activities{TotalEvents: w.events, ByType: Tallies{}, ErrorTypes: Tallies{}, Tools: []ToolUse{}, ByModel: []ModelCost{}, ErrorRate: "0%"}
	w.activitySearches()
	if w.events == 0 {
		return a, nil
	}
	kinds, err := w.groups([]string{"event_type"})
	if err != nil {
		return a, err
	}
	a.ByType = talliesOf(kinds, 0, false)
	for _, t := range a.ByType {
		w.search("by_type."+t.Name, is("event_type", t.Name))
		switch t.Name {
		case hansard.TypeHandoff:
			a.Handoffs = t.N
		case hansard.TypeHumanIntervention:
			a.Interventions = t.N
		}
	}
	errors, err := w.groups([]string{"error_type"}, erred())
	if err != nil {
		return a, err
	}
	a.ErrorTypes = talliesOf(errors, 0, false)
	for _, t := range a.ErrorTypes {
		a.TotalErrors += t.N
		w.search("error_types."+t.Name, named("error_type", t.Name), erred())
	}
	a.ErrorRate = percent(a.TotalErrors, a.TotalEvents)
	if a.Tools, err = w.toolUse(); err != nil {
		return a, err
	}
	for _, t := range a.Tools {
		w.search("tool_breakdown."+t.Tool, calls(), named("tool_name", t.Tool))
		w.search("tools."+t.Tool, calls(), named("tool_name", t.Tool))
	}
	if a.Traces, err = w.distinct("trace_id"); err != nil {
		return a, err
	}
	return a, a.spend(w)
}

func (w *work) activitySearches() {
	w.search("total_events")
	w.search("traces")
	w.search("total_errors", erred())
	w.search("error_rate", erred())
	w.search("handoffs", is("event_type", hansard.TypeHandoff))
	w.search("interventions", is("event_type", hansard.TypeHumanIntervention))
	w.search("tokens", spends(), own())
	w.search("cost_usd", spends(), own())
	w.search("unpriced_calls", counted(), query.Not{Node: priced()}, own())
}

func (w *work) distinct(field string) (int64, error) {
	return count(w.ctx, w.src, w.req.Tenant, w.q, lake.Measure{Op: lake.Distinct, Field: field})
}

func (a *Activities) spend(w *work) error {
	all, err := w.src.Spend(w.ctx, w.req.Tenant, w.q, [][]string{{"model", "provider"}}, w.pricing(), topSpenders)
	if err != nil {
		return err
	}
	total := all[0].Total
	a.Tokens, a.CostUSD, a.UnpricedCalls = tokensOf(total), Cost(total.Cost()), total.Unpriced
	for _, s := range all[0].Top {
		m := ModelCost{s.Key[0], s.Key[1], spender(s, modelName(s.Key[0], s.Key[1]))}
		a.ByModel = append(a.ByModel, m)
		w.search("by_model."+m.Name, named("model", m.Model), named("provider", m.Provider), own(), spends())
	}
	return nil
}

// Agent computes the report on the agent that is the request's subject.
func Agent(ctx context.Context, src Source, req Request) (*AgentReport, error) {
	limit := limitOr(req.Limit, agentEvents)
	all := req
	req, err := about(req, "agent_name")
	if err != nil {
		return nil, err
	}
	w, err := begin(ctx, src, req, "agent")
	if err != nil {
		return nil, err
	}
	w.head.Filter = all.Query.Text
	r := &AgentReport{Versions: Ranking{}, HandoffsTo: Ranking{}, Decisions: Ranking{}, Recent: []trace.Line{}}
	if r.Activities, err = w.activities(); err != nil {
		return nil, err
	}
	if w.events > 0 {
		if err := r.count(w, limit); err != nil {
			return nil, err
		}
	}
	r.Head, r.Searches = w.head, w.searches
	return r, r.received(w, all)
}

// count fills in what only a report on an agent has.
func (r *AgentReport) count(w *work, limit int) (err error) {
	if r.Sessions, err = w.distinct("session_id"); err != nil {
		return err
	}
	if r.Tasks, err = w.distinct("task_id"); err != nil {
		return err
	}
	w.search("sessions", hasText("session_id"))
	w.search("tasks", hasText("task_id"))
	for _, of := range []struct {
		to    *Ranking
		name  string
		field string
		node  query.Node
		most  int
	}{
		{&r.Versions, "versions", "agent_version", hasText("agent_version"), 100},
		{&r.HandoffsTo, "handoffs_to", "handoff_to", is("event_type", hansard.TypeHandoff), 100},
		{&r.Decisions, "decisions", "decision", hasText("decision"), 20},
	} {
		groups, err := w.groups([]string{of.field}, of.node)
		if err != nil {
			return err
		}
		list := talliesOf(groups, 0, false)
		*of.to = list[:min(of.most, len(list))]
		for _, t := range *of.to {
			w.search(of.name+"."+t.Name, named(of.field, t.Name), of.node)
		}
	}
	seen := map[string]bool{}
	for _, t := range r.ByType {
		seen[t.Name] = true
	}
	if m := missing(map[string]map[string]bool{w.req.Subject: seen}); len(m) > 0 {
		r.MissingKind = &m[0]
	}
	entries, err := w.entries(query.NewestFirst, min(limit, maxListed))
	if err != nil {
		return err
	}
	slices.Reverse(entries)
	r.Recent = w.lines(entries)
	w.search("recent")
	return nil
}

// received counts the handoffs of others to the agent.
func (r *AgentReport) received(w *work, all Request) error {
	to := []query.Node{is("event_type", hansard.TypeHandoff), is("handoff_to", all.Subject)}
	s := selection{query.And{}}
	if all.Query.Node != nil {
		s.filter = all.Query.Node
	}
	r.Searches["handed_over"] = s.search(to...)
	if w.head.LastPosition == nil {
		return nil
	}
	var err error
	q := query.Query{Node: s.and(append(to, upTo(*w.head.LastPosition))...), Period: w.q.Period}
	r.HandedTo, err = count(w.ctx, w.src, w.req.Tenant, q, lake.Measure{Op: lake.Count})
	return err
}

// Session computes the report on the session that is the request's subject.
func Session(ctx context.Context, src Source, req Request) (*SessionReport, error) {
	limit, filter := limitOr(req.Limit, sessionEvents), req.Query.Text
	req, err := about(req, "session_id")
	if err != nil {
		return nil, err
	}
	w, err := begin(ctx, src, req, "session")
	if err != nil {
		return nil, err
	}
	w.head.Filter = filter
	r := &SessionReport{Agents: Ranking{}, Tasks: Ranking{}, Timeline: []trace.Line{}}
	if r.Activities, err = w.activities(); err != nil {
		return nil, err
	}
	groups, err := w.groups([]string{"agent_name", "task_id", "time_source"})
	if err != nil {
		return nil, err
	}
	r.Agents, r.Tasks = talliesOf(groups, 0, true), talliesOf(groups, 1, true)
	for _, t := range r.Agents {
		w.search("agents."+t.Name, is("agent_name", t.Name))
	}
	for _, t := range r.Tasks {
		w.search("tasks."+t.Name, is("task_id", t.Name))
	}
	var all span
	invented := false
	for _, g := range groups {
		all.add(g)
		invented = invented || g.names[2] == hansard.TimeSynthetic
	}
	if all.set && !invented {
		r.Duration = Millis{V: (all.last - all.first) / 1000, Set: true}
	}
	entries, err := w.entries(query.OldestFirst, min(limit, maxListed))
	if err != nil {
		return nil, err
	}
	r.Timeline, r.Listed = w.lines(entries), len(entries)
	w.search("timeline")
	r.Head, r.Searches = w.head, w.searches
	return r, nil
}

// lines returns entries as lines of a timeline, in order of time.
func (w *work) lines(entries []*hansard.Entry) []trace.Line {
	lines := trace.NewTimeline(entries).Lines
	for i := range lines {
		lines[i].Time = lines[i].Time.In(w.req.Location)
	}
	return lines
}

func plainFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (r *AgentReport) figures() ([]figure, error)   { return flatten(r) }
func (r *SessionReport) figures() ([]figure, error) { return flatten(r) }
