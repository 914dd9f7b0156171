package forensic

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/trace"
)

// Incident is what a trace's entries tell about where it went wrong and what
// was done about it.
type Incident struct {
	TraceID string
	TaskID  string
	// RootCause is nil where none can be told; NoCause says why.
	RootCause *RootCause
	NoCause   string
	Timeline  trace.Timeline
	Failures  []Failure // on record, in order of time
	Path      []Mark    // how it spread, from the cause on
	Retries   []Retry
	// Calls and Intents are the tool calls and the different things that they
	// were to do: their ratio is the amplification by retries.
	Calls, Intents int
	Breakers       []Mark
	Fallbacks      []Mark
	Escalations    []Mark
	Interventions  []Mark
	DecisionUS     hansard.Opt[int64] // microseconds that the first human took
	Sources        []Source           // where the arguments of the failed call came from
	Cost           Cost
	// Recommendations, Tool and Similar are set by Advise.
	Recommendations []Recommendation
	Tool            *ToolHistory
	Similar         []Similar
	SimilarTraces   int // how many there are; Similar holds the newest
}

// Cost is what a trace cost, and what of it came after its cause.
type Cost struct {
	Whole trace.Spend
	After trace.Spend
	// WaitedUS is how long failed calls took, in microseconds.
	WaitedUS hansard.Opt[int64]
	// ElapsedUS is the time from the cause to the last event, in microseconds;
	// absent where times are invented.
	ElapsedUS hansard.Opt[int64]
}

// Source is where an argument was first seen.
type Source struct {
	Argument string `json:"argument"`
	EventID  string `json:"event_id"` // empty: nowhere before the call
	From     string `json:"from"`     // user, agent or tool; empty: nowhere
	ToolName string `json:"tool_name"`
}

// Analyze looks into the entries of one trace.
func Analyze(entries []*hansard.Entry) *Incident {
	r := newRun(entries)
	failures := r.failures()
	p := r.patternsOf(failures)
	in := &Incident{
		Timeline: trace.NewTimeline(entries), Failures: failures, Retries: p.Retries, Calls: p.Calls, Intents: p.Intents,
		Breakers: p.Breakers, Fallbacks: p.Fallbacks, Escalations: p.Escalations, Interventions: p.Interventions, DecisionUS: p.DecisionUS,
	}
	in.TraceID = in.Timeline.TraceID
	if len(r.entries) > 0 {
		in.TaskID = r.entries[0].TaskID
	}
	in.RootCause, in.NoCause = r.cause(failures, p)
	in.Path = r.path(in.RootCause, failures, p)
	in.Sources = r.sources(in.RootCause)
	in.Cost = r.cost(in.RootCause, failures)
	return in
}

// cost adds up what the run cost, and what of it came after its cause.
func (r *run) cost(c *RootCause, failures []Failure) Cost {
	cost := Cost{Whole: trace.Spent(r.entries)}
	if c == nil {
		return cost
	}
	from := slices.IndexFunc(r.entries, func(e *hansard.Entry) bool { return e.EventID == c.EventIDs[0] })
	cost.After = trace.Spent(r.entries[from:])
	for _, f := range failures {
		if f.call == none {
			continue
		}
		if us := r.calls[f.call].LatencyUS; us.Set {
			cost.WaitedUS = hansard.Some(cost.WaitedUS.V + us.V)
		}
	}
	if !r.synthetic() {
		cost.ElapsedUS = hansard.Some(happened(r.entries[len(r.entries)-1]).Sub(happened(r.entries[from])).Microseconds())
	}
	return cost
}

// sources finds where the arguments of the call that failed were first seen.
func (r *run) sources(c *RootCause) []Source {
	out := []Source{}
	if c == nil {
		return out
	}
	at := slices.IndexFunc(r.entries, func(e *hansard.Entry) bool { return e.EventID == c.EventIDs[0] })
	if e := r.entries[at]; e.EventType == hansard.TypeToolCall {
		var values []string
		_ = rawjson.Object(e.Params, func(k, v []byte) error {
			if value := folded(plainText(v)); len(value) >= 3 && len(out) < maxSources {
				out = append(out, Source{Argument: string(rawjson.Unquote(nil, k))})
				values = append(values, value)
			}
			return nil
		})
		r.firstSeen(out, values, at)
	}
	return out
}

// maxSources bounds the arguments that are traced back.
const maxSources = 16

// firstSeen finds for each argument the first entry before index at that holds
// its value.
func (r *run) firstSeen(sources []Source, values []string, at int) {
	left := len(sources)
	for _, e := range r.entries[:at] {
		if left == 0 {
			return
		}
		text := folded(plainText(e.Params) + " " + plainText(e.Result) + " " + plainText(e.Response) + " " + plainText(e.Messages) + " " + e.Reasoning + " " + e.ContextSummary)
		for i := range sources {
			s := &sources[i]
			if s.EventID != "" || !contains(text, values[i]) {
				continue
			}
			left--
			s.EventID, s.ToolName, s.From = e.EventID, e.ToolName, "agent"
			switch {
			case e.EventType == hansard.TypeToolResult:
				s.From = "tool"
			case e.Source == "user" || e.ActorType == "human":
				s.From = "user"
			}
		}
	}
}

// MarshalJSON writes a cause with its step, null where the source does not count.
func (c *RootCause) MarshalJSON() ([]byte, error) {
	type plain RootCause // without this method
	out := struct {
		*plain
		Step *int64 `json:"step"`
	}{plain: (*plain)(c)}
	if c.Step.Set {
		out.Step = &c.Step.V
	}
	return json.Marshal(out)
}

// Amplification returns how many calls were made for each thing that was to be
// done; 0 without calls.
func (in *Incident) Amplification() float64 {
	if in.Intents == 0 {
		return 0
	}
	return math.Round(100*float64(in.Calls)/float64(in.Intents)) / 100
}

// Resolved returns the event that ended the incident and how long after the
// cause it came: an approval or another answer of a human, or what made the
// failure good. It is "" where nothing did.
func (in *Incident) Resolved() (eventID string, after hansard.Opt[time.Duration]) {
	if in.RootCause == nil || len(in.Path) == 0 {
		return "", after
	}
	for _, m := range in.Path {
		switch m.Kind {
		case "approval", "override", "confirmation":
			if !in.Timeline.Synthetic {
				after = hansard.Some(m.Time.Sub(in.Path[0].Time))
			}
			return m.EventID, after
		}
	}
	return "", after
}

// Cause returns the failure on record that is the root cause; nil if there is
// none.
func (in *Incident) Cause() *Failure {
	if in.RootCause == nil {
		return nil
	}
	shows := map[string]bool{}
	for _, id := range in.RootCause.EventIDs {
		shows[id] = true
	}
	for i := range in.Failures {
		if shows[in.Failures[i].EventIDs[0]] {
			return &in.Failures[i]
		}
	}
	return nil
}

// ErrorType returns the type of the error as its sender named it; it may be "".
func (f *Failure) ErrorType() string { return f.failed.ErrorType }
