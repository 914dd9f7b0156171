package report

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// IncidentReport is the forensics of one trace. Its JSON keys are fixed.
type IncidentReport struct {
	Report          string                    `json:"report"` // "incident"
	Tenant          string                    `json:"tenant"`
	TraceID         string                    `json:"trace_id"`
	TaskID          string                    `json:"task_id"`
	Filter          string                    `json:"filter"`    // a search that the traces of a task had to meet; "": none
	TimeZone        string                    `json:"time_zone"` // of the times
	Period          Period                    `json:"period"`
	GeneratedAt     time.Time                 `json:"generated_at"`
	SpanMS          Millis                    `json:"duration_ms"`
	SyntheticTimes  bool                      `json:"synthetic_times"`
	TotalEvents     int                       `json:"total_events"`
	Agents          []string                  `json:"agents"`
	RootCause       *forensic.RootCause       `json:"root_cause"`
	NoCause         string                    `json:"no_cause"` // why there is none; empty if there is one
	Failures        []forensic.Failure        `json:"failures"`
	Path            []forensic.Mark           `json:"propagation_path"`
	Retries         []RetryGroup              `json:"retries"`
	Amplification   Amplification             `json:"amplification"`
	Breakers        []forensic.Mark           `json:"circuit_breakers"`
	Fallbacks       []forensic.Mark           `json:"fallbacks"`
	Escalations     []forensic.Mark           `json:"escalations"`
	Interventions   []forensic.Mark           `json:"interventions"`
	DecisionMS      Millis                    `json:"decision_ms"` // that the first human took
	Sources         []forensic.Source         `json:"argument_sources"`
	Cost            IncidentCost              `json:"cost"`
	Tool            *ToolHistory              `json:"tool"`
	Recommendations []forensic.Recommendation `json:"recommendations"`
	Similar         []forensic.Similar        `json:"similar_traces"`
	SimilarTraces   int                       `json:"similar_traces_total"`
	Timeline        []IncidentLine            `json:"timeline"`
	Searches        map[string]string         `json:"searches"`
	Checkpoints     []Checkpoint              `json:"checkpoints"`
	LastPosition    *int64                    `json:"last_position"`
}

// Millis is a duration in microseconds, in JSON a number of milliseconds or null.
type Millis hansard.Opt[int64]

// MarshalJSON writes milliseconds, to the microsecond.
func (m Millis) MarshalJSON() ([]byte, error) {
	if !m.Set {
		return []byte("null"), nil
	}
	return json.Marshal(float64(m.V) / 1000)
}

func (m Millis) text() string {
	if !m.Set {
		return "unknown"
	}
	return trace.Duration(m.V)
}

// RetryGroup is a call that was made again after it failed.
type RetryGroup struct {
	forensic.Retry
	WaitedMS Millis `json:"waited_ms"` // that the failed tries took
}

// Amplification says how many more calls were made than there were things to do.
type Amplification struct {
	ToolCalls int     `json:"tool_calls"`
	Intents   int     `json:"intents"`
	Factor    float64 `json:"factor"` // 0 without calls
}

// IncidentCost is what the trace cost, and what of it came after the cause.
type IncidentCost struct {
	CostUSD      Cost   `json:"cost_usd"`
	Tokens       Tokens `json:"tokens"`
	Unpriced     int    `json:"unpriced_calls"`
	AfterUSD     Cost   `json:"after_cause_cost_usd"`
	AfterTokens  Tokens `json:"after_cause_tokens"`
	WaitedMS     Millis `json:"failed_calls_ms"`  // time that failed calls took
	ElapsedMS    Millis `json:"after_cause_ms"`   // from the cause to the last event
	ResolvedMS   Millis `json:"time_to_human_ms"` // from the cause to the answer of a human
	ResolvedByID string `json:"resolved_by"`      // id of that answer; empty: none
}

// ToolHistory is how the tool of the root cause fared in all of the record.
type ToolHistory struct {
	ToolName  string `json:"tool_name"`
	Calls     int64  `json:"calls"` // whose result is on record
	Errors    int64  `json:"errors"`
	ErrorRate string `json:"error_rate"`
	P50       Millis `json:"ok_p50_ms"` // of the calls that worked
	P95       Millis `json:"ok_p95_ms"`
	Max       Millis `json:"ok_max_ms"`
}

// IncidentLine is a line of the timeline: an event, a call joined with its result.
type IncidentLine struct {
	Time      time.Time `json:"time"`
	Agent     string    `json:"agent"`
	Action    string    `json:"action"`
	Duration  Millis    `json:"duration_ms"`
	Status    string    `json:"status"`
	EventID   string    `json:"event_id"`
	RootCause bool      `json:"root_cause"`
}

// Incident reports on what was found out about the entries of one trace. Of the
// request count tenant, filter, location, time, checkpoints, and up to which
// position other traces were looked at.
func Incident(in *forensic.Incident, entries []*hansard.Entry, req Request) *IncidentReport {
	if req.Location == nil {
		req.Location = time.UTC
	}
	tl := in.Timeline
	r := &IncidentReport{
		Report: "incident", Tenant: req.Tenant, TraceID: in.TraceID, TaskID: in.TaskID, Filter: req.Query.Text, TimeZone: req.Location.String(), GeneratedAt: req.Now.In(req.Location),
		SpanMS: Millis(tl.SpanUS), SyntheticTimes: tl.Synthetic, TotalEvents: len(tl.Lines), Agents: list(tl.Agents), RootCause: in.RootCause,
		NoCause: in.NoCause, Failures: list(in.Failures), Path: zoned(in.Path, req.Location), Retries: []RetryGroup{},
		Amplification: Amplification{in.Calls, in.Intents, in.Amplification()}, Breakers: zoned(in.Breakers, req.Location),
		Fallbacks: zoned(in.Fallbacks, req.Location), Escalations: zoned(in.Escalations, req.Location), Interventions: zoned(in.Interventions, req.Location),
		DecisionMS: Millis(in.DecisionUS), Sources: list(in.Sources), Recommendations: list(in.Recommendations), Similar: list(in.Similar),
		SimilarTraces: in.SimilarTraces, Checkpoints: list(req.Checkpoints),
	}
	if len(tl.Lines) > 0 {
		start, end := tl.Start.In(req.Location), tl.End.In(req.Location)
		r.Period = Period{Start: &start, End: &end}
		last := int64(0)
		for _, l := range tl.Lines {
			last = max(last, int64(l.Position))
		}
		if req.UpTo.Set {
			last = req.UpTo.V
		}
		r.LastPosition = &last
	}
	for _, t := range in.Retries {
		waited := Millis{V: t.WaitedUS, Set: t.WaitedUS > 0 && !tl.Synthetic}
		r.Retries = append(r.Retries, RetryGroup{t, waited})
	}
	r.Cost = costOf(in)
	if h := in.Tool; h != nil {
		r.Tool = &ToolHistory{h.ToolName, h.Calls, h.Errors, percent(h.Errors, h.Calls), Millis(h.P50), Millis(h.P95), Millis(h.Max)}
	}
	r.Timeline = incidentLines(in, entries, req.Location)
	r.Searches = r.searches(in)
	return r
}

// list returns s, or an empty list in the place of nil: "[]" in JSON.
func list[T any](s []T) []T { return append([]T{}, s...) }

func zoned(marks []forensic.Mark, zone *time.Location) []forensic.Mark {
	out := list(marks)
	for i := range out {
		out[i].Time = out[i].Time.In(zone)
	}
	return out
}

func costOf(in *forensic.Incident) IncidentCost {
	c := in.Cost
	out := IncidentCost{
		CostUSD: Cost(c.Whole.CostNanoUSD), Tokens: spentTokens(c.Whole), Unpriced: c.Whole.Unpriced,
		AfterUSD: Cost(c.After.CostNanoUSD), AfterTokens: spentTokens(c.After), WaitedMS: Millis(c.WaitedUS), ElapsedMS: Millis(c.ElapsedUS),
	}
	var after hansard.Opt[time.Duration]
	out.ResolvedByID, after = in.Resolved()
	if after.Set {
		out.ResolvedMS = Millis{V: after.V.Microseconds(), Set: true}
	}
	return out
}

func spentTokens(s trace.Spend) Tokens {
	return Tokens{Input: s.Input, Output: s.Output, CacheRead: s.CacheRead, CacheWrite: s.CacheWrite, Reasoning: s.Reasoning, Total: s.Tokens}
}

// searches returns the searches that select the entries of the figures.
func (r *IncidentReport) searches(in *forensic.Incident) map[string]string {
	of := selection{is("trace_id", r.TraceID)}
	all := map[string]string{
		"total_events": of.search(), "failures": of.search(erred()), "cost.cost_usd": of.search(priced()),
		"escalations": of.search(escalations()...),
	}
	if c := in.RootCause; c != nil {
		all["root_cause"] = selection{query.And{}}.search(is("event_id", c.EventIDs[:min(len(c.EventIDs), 20)]...))
	}
	if in.Tool != nil {
		all["tool"] = selection{query.And{}}.search(is("tool_name", in.Tool.ToolName))
	}
	if f := in.Cause(); f != nil && f.ErrorType() != "" {
		nodes := []query.Node{is("error_type", f.ErrorType())}
		if f.ToolName != "" {
			nodes = append(nodes, is("tool_name", f.ToolName))
		}
		all["similar_traces"] = selection{query.And{}}.search(nodes...)
	}
	return all
}

// incidentLines joins calls with their results, and leaves out what only meters.
func incidentLines(in *forensic.Incident, entries []*hansard.Entry, zone *time.Location) []IncidentLine {
	calls, _ := trace.ToolCalls(entries)
	joined, of := map[string]bool{}, map[string]trace.ToolCall{}
	for _, c := range calls {
		of[c.Call.EventID] = c
		for _, res := range c.Results {
			joined[res.EventID] = true
		}
	}
	shows := map[string]bool{} // the root cause
	if in.RootCause != nil {
		for _, id := range in.RootCause.EventIDs {
			shows[id] = true
		}
	}
	lines := []IncidentLine{}
	for _, l := range in.Timeline.Lines {
		if joined[l.EventID] || l.EventType == hansard.TypeTokenUsage {
			continue
		}
		line := IncidentLine{
			Time: l.Time.In(zone), Agent: l.Agent, Action: actionOf(l), Duration: Millis(l.DurationUS), Status: l.Status, EventID: l.EventID,
			RootCause: shows[l.EventID],
		}
		if c, ok := of[l.EventID]; ok {
			line.join(c)
		}
		lines = append(lines, line)
	}
	return lines
}

// join adds to a call's line what came of the call.
func (l *IncidentLine) join(c trace.ToolCall) {
	if !l.Duration.Set {
		l.Duration = Millis(c.LatencyUS)
	}
	for _, res := range c.Results {
		if s := res.Status; s != "" && s != "ok" || l.Status == "" {
			l.Status = s
		}
		if trace.Erred(res) && (l.Status == "" || l.Status == "ok") {
			l.Status = "error"
		}
	}
}

// actionOf says in words what a line is.
func actionOf(l trace.Line) string {
	switch l.EventType {
	case hansard.TypeToolCall:
		return "Tool call: " + or(l.ToolName, l.Action)
	case hansard.TypeToolResult:
		return "Tool result: " + or(l.ToolName, l.Action)
	case hansard.TypeLLMResponse:
		return "Model: " + strings.TrimPrefix(l.Action, "llm:")
	case hansard.TypeReasoning:
		return "Reasoning"
	case hansard.TypeError, hansard.TypeDecision, hansard.TypeHandoff, hansard.TypeInvocation:
		return l.Details
	case hansard.TypeHumanIntervention:
		return fmt.Sprintf("Human: %s (%s)", l.Details, l.Action)
	}
	return l.Details
}

// incidentsOf reports on what the request says was found out.
func incidentsOf(_ context.Context, _ Source, req Request) (Report, error) {
	req, err := req.checked()
	if err != nil {
		return nil, err
	}
	all := Incidents{}
	for _, f := range req.Forensics {
		all = append(all, Incident(f.Incident, f.Entries, req))
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

// Incidents are the reports on the traces of a task: as JSON an array, as CSV with
// one head, in a document one after the other.
type Incidents []*IncidentReport

// layout puts the reports one after the other; each section says which trace it is of.
func (all Incidents) layout() layout {
	l := layout{Title: fmt.Sprintf("Incident Forensics — %d traces", len(all))}
	for i, r := range all {
		one := r.layout()
		l.Facts = append(l.Facts, fact{fmt.Sprintf("Trace %d", i+1), r.TraceID})
		for _, s := range one.Sections {
			s.Title = fmt.Sprintf("Trace %d: %s", i+1, s.Title)
			l.Sections = append(l.Sections, s)
		}
		for _, n := range one.Notes {
			if !slices.Contains(l.Notes, n) {
				l.Notes = append(l.Notes, n)
			}
		}
	}
	return l
}

// figures lists those of all reports, each by its trace.
func (all Incidents) figures() ([]figure, error) {
	var list []figure
	for _, r := range all {
		more, err := r.figures()
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}
