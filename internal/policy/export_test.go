package policy

import "context"

// EvaluateByPass is Evaluate with all controls judged by the pass.
func EvaluateByPass(ctx context.Context, src Source, p *Pack, q Question) ([]*Result, error) {
	return evaluate(ctx, src, p, q, func(*evaluation) *hourly { return nil })
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
