package forensic

import (
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// Retry is a call that was made again with the same arguments after it failed.
type Retry struct {
	ToolName  string   `json:"tool_name"`
	AgentName string   `json:"agent_name"`
	EventIDs  []string `json:"event_ids"` // the calls, in order of time
	Attempts  int      `json:"attempts"`
	Errors    int      `json:"errors"`
	Recovered bool     `json:"recovered"`
	WaitedUS  int64    `json:"-"` // microseconds that the failed calls took; 0: unknown
	Class     string   `json:"class"`
}

// Mark is an event that stands for a stage of an incident.
type Mark struct {
	EventID   string    `json:"event_id"`
	Time      time.Time `json:"time"`
	AgentName string    `json:"agent_name"`
	Kind      string    `json:"kind"` // failure, retry, circuit_open, fallback, decision, escalation, approval, recovery or another intervention
	Text      string    `json:"text"`
	Erred     bool      `json:"erred"`
}

// patterns are what a run did about its failures.
type patterns struct {
	Retries       []Retry
	Calls         int // tool calls
	Intents       int // different things that they were to do
	Breakers      []Mark
	Fallbacks     []Mark
	Escalations   []Mark
	Interventions []Mark // what humans answered
	DecisionUS    hansard.Opt[int64]
}

// patternsOf finds what a run did about its failures.
func (r *run) patternsOf(failures []Failure) *patterns {
	p := &patterns{Calls: len(r.calls)}
	p.findRetries(r, failures)
	seen := map[string]bool{}
	for _, e := range r.entries {
		kind, text := "", ""
		switch {
		case e.EventType == hansard.TypeHumanIntervention && e.Intervention == "escalation":
			kind, text = "escalation", or(e.ContextSummary, trace.Details(e))
			p.Escalations = append(p.Escalations, mark(e, kind, text))
		case e.EventType == hansard.TypeHumanIntervention && e.Intervention != "":
			kind, text = e.Intervention, or(e.Comment, trace.Details(e))
			p.Interventions = append(p.Interventions, mark(e, kind, text))
			if e.DecisionUS.Set && !p.DecisionUS.Set {
				p.DecisionUS = e.DecisionUS
			}
		case breaks(e):
			p.Breakers = append(p.Breakers, mark(e, "circuit_open", or(e.Error, e.Action)))
		case e.RecoveryAction == "fallback" || strings.HasPrefix(e.Decision, "fallback"):
			if thing := e.AgentName + e.ParentEventID; !seen[thing] {
				seen[thing] = true
				p.Fallbacks = append(p.Fallbacks, mark(e, "fallback", trace.Details(e)))
			}
		}
	}
	return p
}

// breaks reports whether an entry says that a circuit breaker opened.
func breaks(e *hansard.Entry) bool {
	named := strings.Contains(strings.ToLower(e.ErrorType+" "+e.Action), "circuit")
	return named && failed(e) || e.EventType == hansard.TypeError && e.RecoveryAction == "circuit_open"
}

func mark(e *hansard.Entry, kind, text string) Mark {
	return Mark{EventID: e.EventID, Time: happened(e), AgentName: e.AgentName, Kind: kind, Text: excerpt(text, 200), Erred: failed(e)}
}

// happened returns when an entry happened, in UTC.
func happened(e *hansard.Entry) time.Time {
	if e.Timestamp == 0 {
		return time.Unix(0, e.ReceivedAt).UTC()
	}
	return time.Unix(0, e.Timestamp).UTC()
}

// findRetries takes the calls that were made again, and adds up what their
// failed tries took. A try again is no thing of its own to do.
func (p *patterns) findRetries(r *run, failures []Failure) {
	failedCall := map[string]*Failure{}
	for i := range failures {
		if failures[i].call != none {
			failedCall[failures[i].EventIDs[0]] = &failures[i]
		}
	}
	p.Intents = p.Calls
	for _, t := range trace.Retries(r.entries) {
		group := Retry{ToolName: t.Tool, AgentName: t.Agent, EventIDs: t.Calls, Attempts: len(t.Calls), Errors: t.Failed, Recovered: t.Recovered}
		p.Intents -= len(t.Calls) - 1
		for _, id := range t.Calls {
			f := failedCall[id]
			if f == nil {
				continue
			}
			group.Class = or(group.Class, f.Class)
			group.WaitedUS += r.calls[f.call].LatencyUS.V
		}
		p.Retries = append(p.Retries, group)
	}
}

// retryOf returns the group of retries that a call is of; nil if it was not made
// again.
func (p *patterns) retryOf(eventID string) *Retry {
	for i := range p.Retries {
		for _, id := range p.Retries[i].EventIDs {
			if id == eventID {
				return &p.Retries[i]
			}
		}
	}
	return nil
}

// path returns how a failure spread: the failed calls, then what its
// descendants, and what humans did about it, until something made it good.
func (r *run) path(c *RootCause, failures []Failure, p *patterns) []Mark {
	if c == nil {
		return []Mark{}
	}
	ids := map[string]bool{}
	for _, id := range c.EventIDs {
		ids[id] = true
	}
	kinds := map[string]string{}
	for _, list := range [][]Mark{p.Breakers, p.Fallbacks, p.Escalations, p.Interventions} {
		for _, m := range list {
			kinds[m.EventID] = m.Kind
		}
	}
	of := map[string]*Failure{}
	for i := range failures {
		for _, id := range failures[i].EventIDs {
			of[id] = &failures[i]
		}
	}
	out := []Mark{}
	begun := false
	for _, e := range r.entries {
		begun = begun || ids[e.EventID]
		if !begun {
			continue
		}
		if m, ok := r.stage(e, ids, kinds, of); ok {
			out = append(out, m)
		}
		if len(out) == maxPath {
			break
		}
	}
	return out
}

// maxPath bounds a propagation path.
const maxPath = 40

// stage returns the mark of an entry that is a stage of the incident.
func (r *run) stage(e *hansard.Entry, ids map[string]bool, kinds map[string]string, of map[string]*Failure) (Mark, bool) {
	switch f := of[e.EventID]; {
	case kinds[e.EventID] != "":
		return mark(e, kinds[e.EventID], or(e.Error, e.ContextSummary, trace.Details(e))), true
	case f != nil && e == f.entry && e != f.failed:
		return Mark{}, false // its result says what became of it
	case f != nil:
		return mark(e, "failure", or(e.Error, e.ErrorType, trace.Details(e))), true
	case ids[e.EventID]:
		return mark(e, "cause", trace.Details(e)), true
	case e.EventType == hansard.TypeDecision:
		return mark(e, "decision", trace.Details(e)), true
	case e.EventType == hansard.TypeToolCall && changes(e):
		return mark(e, "action", trace.Details(e)), true
	case e.EventType == hansard.TypeHandoff && e.Provenance != "inferred":
		return mark(e, "handoff", trace.Details(e)), true
	}
	return Mark{}, false
}
