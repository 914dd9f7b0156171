package transcript

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// pairing finds the call that a result answers. Sources leave call ids empty or
// use them twice, so each call also gets an id that is its own within the run.
type pairing struct {
	waiting map[string][]*hansard.Event // by the source's id, in order
	order   []*hansard.Event            // all calls, in order; answered ones are passed over
	done    map[*hansard.Event]bool
	ids     map[string]bool // tool call ids given out
	n       map[int]int     // calls and orphans that got an id of ours, by step
}

func newPairing() *pairing {
	return &pairing{
		waiting: map[string][]*hansard.Event{},
		done:    map[*hansard.Event]bool{},
		ids:     map[string]bool{},
		n:       map[int]int{},
	}
}

// give sets the tool call id of e, an event of message step: the source's id
// if it is one and was not given before, else `<trace>/<step>/<n>`.
func (p *pairing) give(e *hansard.Event, step int, id string) {
	e.ToolCallID = id
	for e.ToolCallID == "" || p.ids[e.ToolCallID] {
		e.ToolCallID = fmt.Sprintf("%s/%d/%d", e.TraceID, step, p.n[step])
		p.n[step]++
	}
	p.ids[e.ToolCallID] = true
	if id != "" && id != e.ToolCallID {
		attach(e, []member{{"tool_call_id", quote(id)}})
	}
}

// call notes a call that the source calls id.
func (p *pairing) call(e *hansard.Event, step int, id string) {
	p.give(e, step, id)
	p.waiting[id] = append(p.waiting[id], e)
	p.order = append(p.order, e)
}

// answer returns the first unanswered call with the source's id; if the result
// names none, the first unanswered call of the run. It is nil if there is none.
func (p *pairing) answer(id string) *hansard.Event {
	queue := p.waiting[id]
	if id == "" {
		queue = p.order
	}
	for len(queue) > 0 && p.done[queue[0]] {
		queue = queue[1:]
	}
	var e *hansard.Event
	if len(queue) > 0 {
		e, queue = queue[0], queue[1:]
		p.done[e] = true
	}
	if id == "" {
		p.order = queue
	} else {
		p.waiting[id] = queue
	}
	return e
}
