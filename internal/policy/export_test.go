package policy

import "context"

// EvaluateByPass is Evaluate with all controls judged by the pass.
func EvaluateByPass(ctx context.Context, src Source, p *Pack, q Question) ([]*Result, error) {
	return evaluate(ctx, src, p, q, func(*evaluation) *hourly { return nil })
}

// EvaluateBounded is Evaluate with other bounds of what is judged hour by hour: the
// entries of an hour, and the events that may precede members.
func EvaluateBounded(ctx context.Context, src Source, p *Pack, q Question, rows, befores int) (_ []*Result, byTheHour bool, err error) {
	var h *hourly
	results, err := evaluate(ctx, src, p, q, func(e *evaluation) *hourly {
		if h = newHourly(e); h != nil {
			h.rows, h.most = rows, befores
		}
		return h
	})
	return results, h != nil && h.e.hourly == h, err
}

// HourlyControls returns how many controls of a pack are judged hour by hour.
func HourlyControls(src Source, p *Pack) int {
	h := newHourly(newEvaluation(src, p, Question{}, func(*Control) bool { return true }))
	if h == nil {
		return 0
	}
	return len(h.machine.plans) + len(h.counted)
}

// File returns the file that a pack was read from.
func (p *Pack) File() []byte { return p.file }
