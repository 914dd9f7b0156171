package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// What the spans of a batch say of each other.

// joined gives each reading of a span what it has from others of the batch.
func (m *otelMapper) joined(spans []Reading) {
	for i := range spans {
		m.join(spans, i)
	}
	bare := false
	for i := range spans {
		e := spans[i].Events[0]
		bare = bare || isBare(e)
		if e.EventType == hansard.TypeHandoff && e.HandoffTo == "" {
			m.receiver(spans, i)
		}
	}
	if bare {
		m.tasks(spans)
	}
}

// join gives the i-th reading what it has from the spans above it in the batch:
// agent and session. A parent that is not there, because it has not ended yet,
// is found by whoever reads the trace.
func (m *otelMapper) join(spans []Reading, i int) {
	e := spans[i].Events[0]
	hops := 0
	top := i
	for p := spans[i].parent; p >= 0 && hops < 100; p, hops = spans[p].parent, hops+1 {
		top = p
		above := spans[p].Events[0]
		if e.AgentName == "" && above.AgentName != "" {
			for _, x := range spans[i].Events {
				x.AgentName, x.AgentID = above.AgentName, or(x.AgentID, above.AgentID)
				m.label(x, LabelInferredAgent)
			}
		}
		if e.SessionID == "" && above.SessionID != "" {
			for _, x := range spans[i].Events {
				x.SessionID = above.SessionID
			}
		}
		if hops == 0 && e.EventType == hansard.TypeLLMResponse && above.EventType == hansard.TypeLLMResponse && states(e) {
			aggregate(above) // two instrumentations saw one call: the inner one counts
		}
		if hops == 0 {
			sameAgent(&spans[p], &spans[i])
		}
		if hops == 0 && spans[i].sameCall && above.EventType == hansard.TypeToolCall && above.ToolName == e.ToolName {
			demote(&spans[i])
		}
		if e.AgentName != "" && e.SessionID != "" {
			return
		}
	}
	if e.AgentName == "" && spans[top].root {
		m.lastResort(&spans[i])
	}
}

// lastResort names the agent by the service, where a whole trace names none.
func (m *otelMapper) lastResort(r *Reading) {
	name := or(r.origin.agent, r.origin.service)
	if name == "" || strings.HasPrefix(name, "unknown_service") || r.Dialect == otelName {
		return
	}
	for _, x := range r.Events {
		x.AgentName = name
		m.label(x, LabelInferredAgent)
	}
}

// demote makes one generic event of the call and result of a tool that the span
// above describes already.
func demote(r *Reading) {
	call := r.Events[0]
	call.EventType = hansard.TypeGeneric
	label(call, LabelSameCall)
	for _, x := range r.Events[1:] {
		if x.EventType == hansard.TypeToolResult {
			call.Result = x.Result
			call.DurationUS = x.DurationUS
			if x.Status != "ok" {
				call.Attributes = addAttributes(call.Attributes, []member{{"otel.same_call_error", rawjson.AppendQuote(nil, x.Error)}})
			}
		}
	}
	r.Events = r.Events[:1]
}

// sameAgent makes a generic event of one of two invocations, one directly below
// the other, that tell of the same agent at work once, as OpenLLMetry does of a
// graph: of the outer one where only the inner one says what was asked.
func sameAgent(outer, inner *Reading) {
	a, b := outer.Events[0], inner.Events[0]
	if a.EventType != hansard.TypeInvocation || b.EventType != hansard.TypeInvocation || a.AgentName == "" || a.AgentName != b.AgentName || a.Action != b.Action {
		return
	}
	if isBare(a) && !isBare(b) {
		b = a
	}
	b.EventType = hansard.TypeGeneric
	label(b, LabelSameCall)
}

// isBare reports whether an event is an invocation that does not say what was
// asked.
func isBare(e *hansard.Event) bool {
	return e.EventType == hansard.TypeInvocation && len(e.Params) == 0 && len(e.Messages) == 0
}

// receiver finds out to whom an agent handed over, where the span does not say
// it: to the agent that began next beside the one that handed over.
func (m *otelMapper) receiver(spans []Reading, i int) {
	from := spans[i].parent
	for hops := 0; from >= 0 && spans[from].Events[0].EventType != hansard.TypeInvocation && hops < 100; hops++ {
		from = spans[from].parent
	}
	if from < 0 || spans[from].parent < 0 {
		return
	}
	e := spans[i].Events[0]
	next := -1
	for k := range spans {
		x := spans[k].Events[0]
		if spans[k].parent == spans[from].parent && k != from && x.EventType == hansard.TypeInvocation && x.AgentName != "" && x.AgentName != e.HandoffFrom &&
			x.Timestamp >= e.Timestamp && (next < 0 || x.Timestamp < spans[next].Events[0].Timestamp) {
			next = k
		}
	}
	if next < 0 {
		return
	}
	e.HandoffTo = spans[next].Events[0].AgentName
	e.Action = "handoff:" + e.HandoffTo
	e.Provenance = "inferred"
}

// tasks gives invocations that do not say what was asked the question that the
// first call of a model below them was given. They then name that call.
func (m *otelMapper) tasks(spans []Reading) {
	first := make(map[int]int) // by invocation: the first call below it
	for i := range spans {
		if spans[i].Events[0].EventType != hansard.TypeLLMResponse || len(spans[i].Events[0].Messages) == 0 {
			continue
		}
		began := m.batch.Spans[spans[i].Index].Start
		for p, hops := spans[i].parent, 0; p >= 0 && hops < 100; p, hops = spans[p].parent, hops+1 {
			if !isBare(spans[p].Events[0]) {
				continue
			}
			if k, ok := first[p]; !ok || began < m.batch.Spans[spans[k].Index].Start {
				first[p] = i
			}
		}
	}
	asked := make(map[int]string, len(first)) // by call
	for p := range first {
		call := first[p]
		task, ok := asked[call]
		if !ok {
			task = lastUserText(spans[call].Events[0].Messages)
			asked[call] = task
		}
		if task == "" {
			continue
		}
		e := spans[p].Events[0]
		e.Params = append(append([]byte(`{"task":`), quoted(task)...), '}')
		e.Attributes = addAttributes(e.Attributes, []member{{"otel.task_of", quoted(spans[call].Events[0].EventID)}})
	}
}
