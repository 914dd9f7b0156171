package policy

import (
	"fmt"
	"math"

	"github.com/hansardhq/hansard"
)

// Verdict is what is said of a control.
type Verdict string

// The verdicts.
const (
	Pass                 Verdict = "pass"
	NearLimit            Verdict = "near_limit"
	Fail                 Verdict = "fail"
	NotApplicable        Verdict = "not_applicable"
	InsufficientEvidence Verdict = "insufficient_evidence"
)

// Verdicts lists the verdicts.
func Verdicts() []Verdict {
	return []Verdict{Pass, NearLimit, Fail, NotApplicable, InsufficientEvidence}
}

// Result is how a control was judged.
type Result struct {
	Pack    *Pack
	Control *Control
	Verdict Verdict
	// Figure is the control's figure, in the unit of its threshold; not set
	// where it cannot be computed.
	Figure Value
	// Low and High bound the figure where events may or may not belong to what
	// is judged; not set where the figure is all there is to say.
	Low, High Value
	// Detail says what the figure is made of, and Why why the verdict is so.
	Detail, Why string
	// Members are what was judged; Held of them fulfil the condition. Open are
	// those that still may; Unsure may be members.
	Members, Held, Open, Unsure int64
	// Found are the entries that prove it, the first 1,000 by position, of
	// FoundTotal; none where the question was brief.
	Found      []*hansard.Entry
	FoundTotal int64
	// Recommendation says what to do about it; "": nothing.
	Recommendation string

	positions []int64
}

// Passed reports whether the control is fulfilled; not set: nobody can tell, or it
// does not apply.
func (r *Result) Passed() hansard.Opt[bool] {
	switch r.Verdict {
	case Pass, NearLimit:
		return hansard.Some(true)
	case Fail:
		return hansard.Some(false)
	}
	return hansard.Opt[bool]{}
}

// Compliant reports whether all results together are good: false when one fails,
// not set when one lacks evidence or nothing could be judged.
func Compliant(results []*Result) hansard.Opt[bool] {
	judged, lacking := false, false
	for _, r := range results {
		switch r.Verdict {
		case Fail:
			return hansard.Some(false)
		case InsufficientEvidence:
			lacking = true
		case Pass, NearLimit:
			judged = true
		}
	}
	if lacking || !judged {
		return hansard.Opt[bool]{}
	}
	return hansard.Some(true)
}

// conclude sets the verdict of a result with a figure.
func (r *Result) conclude(v Verdict, why string) {
	r.Verdict, r.Why = v, why
	r.Recommendation = r.Control.recommend[v]
}

// within compares a figure with the threshold.
func (t Threshold) verdict(figure float64) Verdict {
	const grain = 1e-12 // of sums of shares
	switch {
	case t.AtLeast.Set && figure < t.AtLeast.N-grain, t.AtMost.Set && figure > t.AtMost.N+grain:
		return Fail
	case t.Near.Set && t.AtLeast.Set && figure <= t.Near.N+grain, t.Near.Set && t.AtMost.Set && figure >= t.Near.N-grain:
		return NearLimit
	}
	return Pass
}

// why says in words how a figure stands to the threshold.
func (t Threshold) why(v Verdict, figure Value) string {
	switch v {
	case Fail:
		return figure.String() + " is not " + t.String()
	case NearLimit:
		return figure.String() + " is near the limit: " + t.String()
	}
	return figure.String() + " is " + t.String()
}

// judgeShare judges a control by how many of its members fulfil the condition.
// recorded says that what the control needs is on record at all.
func judgeShare(r *Result, p *plan, recorded bool) {
	c := p.control
	r.Members, r.Held, r.Open, r.Unsure = p.members, p.held, p.open, p.unsureN
	r.FoundTotal, r.positions = p.foundN, p.found.least()
	all := r.Members + r.Unsure + r.Open
	unit := func(n int64) string { return grouped(n) + " " + c.unit }
	switch {
	case !c.threshold.AtLeast.Set && !c.threshold.AtMost.Set:
		r.conclude(NotApplicable, "no threshold is set")
		return
	case all == 0:
		r.conclude(NotApplicable, "there are no "+c.unit+" to judge in the period")
		return
	case !recorded:
		r.Detail = "of " + unit(all)
		r.conclude(InsufficientEvidence, or(c.notRecord, "the record holds no event of the kind that the check needs"))
		r.FoundTotal, r.positions = 0, nil
		return
	}
	share := func(n, of int64) Value { return Value{true, float64(n) / float64(of), "%"} }
	r.Detail = fmt.Sprintf("%s of %s", grouped(r.Held), unit(r.Members))
	if r.Members > 0 {
		r.Figure = share(r.Held, r.Members)
	}
	if uncertain := r.Unsure + r.Open; r.Members == 0 || float64(uncertain) > c.tolerance*float64(all) {
		r.Low, r.High = share(r.Held, all), share(r.Held+uncertain, all)
		low, high := c.threshold.verdict(r.Low.N), c.threshold.verdict(r.High.N)
		r.Detail += fmt.Sprintf("; %s more may belong to them or are not decided yet", grouped(uncertain))
		switch {
		case low == Fail && high == Fail:
			r.conclude(Fail, fmt.Sprintf("between %s and %s, and so not %s", r.Low, r.High, c.threshold))
		case low != Fail && high != Fail:
			r.conclude(worse(low, high), fmt.Sprintf("between %s and %s, and so %s", r.Low, r.High, c.threshold))
		default:
			r.conclude(InsufficientEvidence, fmt.Sprintf("the figure is between %s and %s: of %s nobody can tell", r.Low, r.High, unit(uncertain)))
		}
		return
	}
	v := c.threshold.verdict(r.Figure.N)
	r.conclude(v, c.threshold.why(v, r.Figure))
}

func worse(a, b Verdict) Verdict {
	if a == NearLimit || b == NearLimit {
		return NearLimit
	}
	return Pass
}

// judgeCount judges a control by how many events there are.
func judgeCount(r *Result, n int64, recorded bool) {
	c := r.Control
	r.Members, r.Held = n, n
	r.Figure = Value{Set: true, N: float64(n)}
	r.Detail = grouped(n) + " " + c.unit
	switch {
	case !c.threshold.AtLeast.Set && !c.threshold.AtMost.Set:
		r.conclude(NotApplicable, "no threshold is set")
	case !recorded:
		r.Figure = Value{}
		r.conclude(InsufficientEvidence, or(c.notRecord, "the record holds no event of the kind that the check needs"))
	default:
		v := c.threshold.verdict(float64(n))
		r.conclude(v, c.threshold.why(v, r.Figure))
	}
}

// usage is what was used of a budget.
type usage struct {
	name string // of whom, "" if they have none
	used float64
}

// judgeBudget judges a control by the one that used most. unknown counts those of
// whom nobody knows what they used.
func judgeBudget(r *Result, all []usage, calls, unknown int64) {
	c := r.Control
	unit := map[string]string{"tokens": "tokens", "cost": "dollars"}[c.budget.of]
	switch {
	case !c.budget.limit.Set || c.budget.limit.N == 0:
		r.conclude(NotApplicable, "no budget is set")
		return
	case calls == 0:
		r.conclude(NotApplicable, "there are no model calls in the period")
		return
	case unknown == calls:
		r.conclude(InsufficientEvidence, "no model call states its "+map[string]string{"tokens": "tokens", "cost": "cost"}[c.budget.of])
		return
	}
	r.Members, r.Unsure = int64(len(all)), unknown
	worst := usage{used: math.Inf(-1)}
	over := int64(0)
	for _, u := range all {
		if u.used > worst.used {
			worst = u
		}
		if u.used <= c.budget.limit.N {
			r.Held++
		} else {
			over++
		}
	}
	r.Figure = Value{true, worst.used / c.budget.limit.N, "%"}
	whose := ""
	if c.budget.per != "period" {
		whose = fmt.Sprintf(", used by %s %s, the most of %d", c.budget.per, or(worst.name, "(not named)"), len(all))
	}
	r.Detail = fmt.Sprintf("%s of %s %s%s", number(worst.used), number(c.budget.limit.N), unit, whose)
	v := c.threshold.verdict(r.Figure.N)
	if v != Fail && float64(unknown) > c.tolerance*float64(calls) {
		r.Low = r.Figure
		r.conclude(InsufficientEvidence, fmt.Sprintf("at least %s: %s of %s model calls do not state what they used", r.Figure, grouped(unknown), grouped(calls)))
		return
	}
	r.conclude(v, c.threshold.why(v, r.Figure))
	if over > 1 {
		r.Why += fmt.Sprintf("; %s are over it", grouped(over))
	}
}

// Facts are what a pack is held against besides events.
type Facts struct {
	// RetentionDays is how long each tier is kept; nil: not known here.
	RetentionDays map[hansard.Tier]int
}

// judgeRetention judges a control by the settings of retention.
func judgeRetention(r *Result, f Facts) {
	c := r.Control
	if f.RetentionDays == nil {
		r.conclude(InsufficientEvidence, or(c.notRecord, "how long entries are kept is not known here"))
		return
	}
	least, where := math.MaxInt, hansard.Tier("")
	for _, t := range r.Pack.Retention.Tiers {
		days, ok := f.RetentionDays[t]
		if !ok {
			r.conclude(InsufficientEvidence, "how long tier "+string(t)+" is kept is not known here")
			return
		}
		if days < least {
			least, where = days, t
		}
	}
	if where == "" {
		r.conclude(NotApplicable, "the pack names no tiers")
		return
	}
	r.Figure = Value{Set: true, N: float64(least)}
	r.Detail = fmt.Sprintf("tier %s is kept %d days, the least of %d", where, least, len(r.Pack.Retention.Tiers))
	v := c.threshold.verdict(float64(least))
	r.conclude(v, fmt.Sprintf("%d days are %s", least, map[Verdict]string{Fail: "fewer than " + number(c.days.N)}[v]))
	if v != Fail {
		r.Why = fmt.Sprintf("%d days are at least %s", least, number(c.days.N))
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
