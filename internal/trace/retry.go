package trace

import (
	"time"

	"github.com/hansardhq/hansard"
)

// Retry is a tool call that erred and was tried again: by the same agent, with the
// same tool and equivalent params.
type Retry struct {
	Tool      string
	Agent     string
	Calls     []string // event ids of the calls, the first try first; two at least
	Failed    int      // calls that erred
	Recovered bool     // the last call did not err
	Errors    []string // what the failed calls erred with, each once, in order
	Start     time.Time
	WaitedUS  int64 // microseconds from the first call to the end of the last
}

// Retries finds the tool calls of a trace that were tried again after an error. The
// params are equivalent when they are the same JSON whatever the order of members;
// calls whose params are not known are retries where their attempt says so.
func Retries(entries []*hansard.Entry) []Retry {
	ordered, _ := sorted(StepsOf(entries))
	return retries(ordered)
}

// tries are the calls of one tool with the same params.
type tries struct {
	calls []ToolCall
}

func (t *tries) last() *ToolCall { return &t.calls[len(t.calls)-1] }

// retries finds the retries among steps that are in order and unique.
func retries(steps []Step) []Retry {
	params := make(map[*hansard.Entry]uint64, len(steps))
	for _, s := range steps {
		params[s.entry] = s.params
	}
	type key struct {
		agent, tool string
		params      uint64
	}
	open := map[key]*tries{}
	var order []*tries
	calls, _ := pairTools(entriesOf(steps))
	for _, c := range calls {
		k := key{c.Call.AgentName, tool(c.Call), params[c.Call]}
		t := open[k]
		again := t != nil && t.last().Erred && (k.params != 0 || c.Call.Attempt.V > 1)
		if !again {
			t = &tries{}
			open[k] = t
			order = append(order, t)
		}
		t.calls = append(t.calls, c)
	}
	var found []Retry
	for _, t := range order {
		if len(t.calls) > 1 {
			found = append(found, t.retry())
		}
	}
	return found
}

func (t *tries) retry() Retry {
	first, last := t.calls[0].Call, t.last()
	r := Retry{Tool: tool(first), Agent: first.AgentName, Recovered: !last.Erred, Start: time.Unix(0, happened(first)).UTC()}
	seen := map[string]bool{}
	end := happened(last.Call) + last.LatencyUS.V*1000
	for _, res := range last.Results {
		end = max(end, happened(res))
	}
	for _, c := range t.calls {
		r.Calls = append(r.Calls, c.Call.EventID)
		if !c.Erred {
			continue
		}
		r.Failed++
		if what := errorOf(c); !seen[what] {
			seen[what] = true
			r.Errors = append(r.Errors, what)
		}
	}
	r.WaitedUS = (end - happened(first)) / 1000
	return r
}

// errorOf returns the class of a call's error, else what else says that it erred.
func errorOf(c ToolCall) string {
	for _, e := range append([]*hansard.Entry{c.Call}, c.Results...) {
		if Erred(e) {
			return or(e.ErrorType, e.Status, "error")
		}
	}
	return unknown
}
