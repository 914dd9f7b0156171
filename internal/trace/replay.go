package trace

import (
	"encoding/json"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Replay is a trace as its decisions, in order of time, or some of them.
type Replay struct {
	TraceID   string   `json:"trace_id"`
	Synthetic bool     `json:"synthetic_times"` // the times were invented: their distances mean nothing
	Total     int      `json:"total"`           // how many there are
	From      int      `json:"from"`            // how many come before the first of Moments
	Moments   []Moment `json:"moments"`
}

// Moment is a decision of an agent: a decision that it stated, a call of a tool, a
// handoff, or the word of a human; with what the agent knew then, and what came of
// it.
type Moment struct {
	EventID    string          `json:"event_id"`
	EventType  string          `json:"event_type"`
	Time       time.Time       `json:"time"`
	Agent      string          `json:"agent"`
	Details    string          `json:"details"`
	Reasoning  string          `json:"reasoning,omitempty"`
	Confidence *float64        `json:"confidence,omitempty"`
	Params     json.RawMessage `json:"params,omitempty"`
	Knew       Knowledge       `json:"knew"`
	Came       []Known         `json:"came"` // the results of the call; none: none was seen
}

// Knowledge is what an agent had been told and had found out before a moment.
type Knowledge struct {
	Task     *Known  `json:"task"`    // what it was asked
	Handover *Known  `json:"handoff"` // what it was told when another agent handed over to it
	Said     *Known  `json:"said"`    // what it had last thought or been answered by a model
	Results  []Known `json:"results"` // what tools had returned to it, the newest last; at most 20
	Earlier  int     `json:"earlier_results"`
	Errors   int     `json:"errors"` // how many of all its results were errors
}

// Known is a piece of knowledge and the event that holds it.
type Known struct {
	EventID string    `json:"event_id"`
	Time    time.Time `json:"time"`
	Agent   string    `json:"agent"`
	Tool    string    `json:"tool_name,omitempty"`
	Status  string    `json:"status,omitempty"`
	Text    string    `json:"text"` // its first 1,000 characters
}

const (
	maxKnown   = 1000 // characters of a piece of knowledge
	maxResults = 20
)

// decides lists the types of events that are moments.
func decides(eventType string) bool {
	switch eventType {
	case hansard.TypeDecision, hansard.TypeToolCall, hansard.TypeHandoff, hansard.TypeHumanIntervention:
		return true
	}
	return false
}

// NewReplay finds the moments of the entries of one trace and returns those after
// the first from ones, at most limit.
func NewReplay(entries []*hansard.Entry, from, limit int) Replay {
	ordered, _ := inOrder(entries)
	r := Replay{From: from, Moments: []Moment{}}
	if len(ordered) > 0 {
		r.TraceID = or(ordered[0].TraceID, ordered[0].EventID)
	}
	calls, _ := pairTools(ordered)
	results := make(map[*hansard.Entry][]*hansard.Entry, len(calls))
	for _, c := range calls {
		results[c.Call] = c.Results
	}
	minds := map[string]*mind{}
	for _, e := range ordered {
		r.Synthetic = r.Synthetic || e.TimeSource == "synthetic"
		m := minds[e.AgentName]
		if m == nil {
			m = &mind{}
			minds[e.AgentName] = m
		}
		if decides(e.EventType) {
			if r.Total >= from && len(r.Moments) < limit {
				r.Moments = append(r.Moments, moment(e, m, results[e]))
			}
			r.Total++
		}
		m.learn(e)
		if e.EventType == hansard.TypeHandoff {
			to := target(e)
			if minds[to] == nil {
				minds[to] = &mind{}
			}
			minds[to].handover = known(e, or(e.ContextSummary, Details(e)))
		}
	}
	return r
}

// mind is what one agent has learnt so far.
type mind struct {
	task, handover, said *Known
	results              []Known
	earlier, errors      int
}

// learn adds what an event tells its agent.
func (m *mind) learn(e *hansard.Entry) {
	switch e.EventType {
	case hansard.TypeInvocation:
		m.task = known(e, Details(e))
	case hansard.TypeReasoning:
		m.said = known(e, or(e.Reasoning, Details(e)))
	case hansard.TypeLLMResponse:
		if len(e.Response) > 0 {
			m.said = known(e, spoken(trimmed(e.Response)))
		}
	case hansard.TypeToolCall:
		if len(e.Result) > 0 {
			m.found(e) // call and result are one event
		}
	case hansard.TypeToolResult:
		m.found(e)
	}
}

// spoken is what a model said, where its answer is a message with a text, else the
// answer as it is.
func spoken(response []byte) string {
	if content := rawjson.Get(response, "content"); response[0] == '{' && len(content) > 0 && content[0] == '"' {
		return text(content)
	}
	return text(response)
}

func (m *mind) found(e *hansard.Entry) {
	if Erred(e) {
		m.errors++
	}
	if len(m.results) == maxResults {
		m.results = append(m.results[:0:0], m.results[1:]...)
		m.earlier++
	}
	m.results = append(m.results, *result(e))
}

// result is what a tool returned: its error, or what it gave.
func result(e *hansard.Entry) *Known {
	if Erred(e) || len(e.Result) == 0 {
		return known(e, outcome(e))
	}
	return known(e, text(trimmed(e.Result)))
}

func known(e *hansard.Entry, says string) *Known {
	k := &Known{EventID: e.EventID, Time: time.Unix(0, happened(e)).UTC(), Agent: e.AgentName, Status: status(e), Text: first(says, maxKnown)}
	if e.EventType == hansard.TypeToolCall || e.EventType == hansard.TypeToolResult {
		k.Tool = tool(e)
	}
	return k
}

func moment(e *hansard.Entry, m *mind, results []*hansard.Entry) Moment {
	out := Moment{
		EventID: e.EventID, EventType: e.EventType, Time: time.Unix(0, happened(e)).UTC(), Agent: e.AgentName, Details: Details(e),
		Reasoning: e.Reasoning, Params: json.RawMessage(e.Params), Came: []Known{},
		Knew: Knowledge{Task: m.task, Handover: m.handover, Said: m.said, Results: list(append([]Known(nil), m.results...)), Earlier: m.earlier, Errors: m.errors},
	}
	if e.Confidence.Set {
		out.Confidence = &e.Confidence.V
	}
	for _, r := range results {
		if r != e {
			out.Came = append(out.Came, *result(r))
		}
	}
	if len(out.Came) == 0 && e.EventType == hansard.TypeToolCall && len(e.Result) > 0 {
		out.Came = append(out.Came, *result(e))
	}
	return out
}
