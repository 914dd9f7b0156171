package policy

import (
	"errors"
	"fmt"
	"slices"

	"cel.dev/cel-go/interpreter"

	"github.com/hansardhq/hansard"
)

// costLimit bounds what one evaluation of an expression may cost, in CEL's units:
// about one for each step, and one for each ten bytes of text that is looked through.
const costLimit = 100_000

// dear collects the expressions that cost more than the limit on an event, each with
// the id of the first such event. Whether they hold for it nobody can tell.
type dear map[*predicate]string

func (d dear) add(p *predicate, e *hansard.Entry) {
	if _, ok := d[p]; !ok {
		d[p] = e.EventID
	}
}

// tooDear reports whether an evaluation was given up for its cost.
func tooDear(err error) bool {
	var cancelled interpreter.EvalCancelledError
	return errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded
}

// predicates returns the expressions that a control asks about events.
func (c *Control) predicates(p *Pack) []*predicate {
	all := []*predicate{c.each, c.unsure, c.recorded, c.count}
	if c.must != nil {
		for _, l := range c.must.leaves() {
			for _, bit := range l.events {
				all = append(all, p.predicates[bit])
			}
		}
	}
	return slices.DeleteFunc(all, func(p *predicate) bool { return p == nil })
}

// without takes back what was judged by an expression that cost too much: there is
// no figure then, and no verdict but that evidence is lacking.
func (r *Result) without(d dear) {
	for _, p := range r.Control.predicates(r.Pack) {
		id, ok := d[p]
		if !ok {
			continue
		}
		*r = Result{Pack: r.Pack, Control: r.Control}
		r.conclude(InsufficientEvidence, fmt.Sprintf(
			"control %s, line %d of pack %s: the expression costs more than the limit of %d on the event %s, so it was not judged", r.Control.ID, p.line, r.Pack.ID, costLimit, id))
		r.Recommendation = fmt.Sprintf("Make the expression on line %d of pack %s cheaper: ask for event_type and other plain fields first, joined by &&, and look into params or result only then.", p.line, r.Pack.ID)
		return
	}
}
