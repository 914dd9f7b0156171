package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// Pack is a set of controls, with what an auditor needs to know of them.
type Pack struct {
	ID          string
	Title       string
	Version     string
	Description string
	// AppliesFrom is when the duty begins: events before it are not judged,
	// unless the period ends before it too: a rehearsal. Zero: always.
	AppliesFrom time.Time
	Retention   Retention
	Parameters  []*Parameter
	Definitions []Definition
	Controls    []*Control
	Tests       []*Test

	file     []byte // as it was read
	language *language
	// columns are the text columns that operators compare.
	columns []string
	// predicates are those of all controls; the place of one is its bit.
	predicates []*predicate
	// named are the parameters and definitions with their places, and
	// usedParameters those that are named outside of expressions.
	named          []text
	usedParameters []string
}

// Retention is how long a pack needs its events to be kept.
type Retention struct {
	Days  int            // 0: the pack needs none
	Tiers []hansard.Tier // the tiers that its events are in
	Why   string
}

// Parameter is a value of a pack that configuration can set.
type Parameter struct {
	ID          string
	Description string
	Value       Value // not set: what needs it is not judged
}

// Definition is an expression with a name.
type Definition struct {
	ID         string
	Expression string // on one line
}

// Value is a number of a pack: plain, a share ("20%") or a span of time ("24h").
type Value struct {
	Set bool
	// N is the number: 0.2 for 20%, milliseconds for a span of time.
	N    float64
	Unit string // "", "%" or "ms"
}

// String writes the value as a pack does.
func (v Value) String() string {
	switch {
	case !v.Set:
		return "not set"
	case v.Unit == "%":
		return percent(v.N)
	case v.Unit == "ms":
		return spanText(time.Duration(v.N) * time.Millisecond)
	}
	return number(v.N)
}

// Citation says where a control comes from, in our own words.
type Citation struct {
	Source  string `json:"source"`
	Article string `json:"article"`
	Gist    string `json:"gist"`
}

// kind is how a control is judged.
type kind string

// The kinds of control.
const (
	kindShare     kind = "share"     // the share of members that fulfil a condition
	kindCount     kind = "count"     // how many events there are
	kindBudget    kind = "budget"    // the most that one member has used of a budget
	kindRetention kind = "retention" // how long entries are kept
)

// Control is one check.
type Control struct {
	ID    string
	Title string
	Cites []Citation

	kind kind
	// unit is what the members are called, in the plural.
	unit string
	// per names the columns, of which the first that is present groups events
	// to a member; none: each event is one.
	per       []string
	each      *predicate    // which events are members, or make their group one
	quiet     time.Duration // a group with an event so shortly before the end is open
	unsure    *predicate    // which events may be members: what would tell is missing
	recorded  *predicate    // without any such event on record there is no evidence
	must      *condition
	count     *predicate
	budget    *budget
	days      Value
	threshold Threshold
	tolerance float64 // the share of unsure members up to which they do not count
	recommend map[Verdict]string
	reason    string // what a member is reported for
	notRecord string // said where nothing is recorded
	alert     *Alert
}

// Alert says that what violates the control is found live too.
type Alert struct {
	Type     string // agent.security or agent.compliance
	Severity string // low, medium, high
}

// budget is what may be used.
type budget struct {
	of    string // tokens or cost
	per   string // agent, task, session, user, model, day or period
	limit Value
}

// Threshold is where a control's figure must stay.
type Threshold struct {
	AtLeast Value // not set: no lower bound
	AtMost  Value // not set: no upper bound
	Near    Value // from here on the figure is near its limit; not set: never
}

// String writes the threshold as people read it.
func (t Threshold) String() string {
	switch {
	case t.AtLeast.Set:
		return "at least " + t.AtLeast.String()
	case t.AtMost.Set:
		return "at most " + t.AtMost.String()
	}
	return "not set"
}

// Test is an example in a pack: events, and what the controls say of them.
type Test struct {
	Name       string
	line, col  int
	parameters map[string]string
	facts      Facts
	events     []*hansard.Entry
	now        time.Time
	expect     []expectation
	findings   []expectedFindings
}

// expectation is the verdict that a test expects of a control.
type expectation struct {
	control text
	verdict Verdict
}

// expectedFindings are the ids of the events that a test expects a control to name.
type expectedFindings struct {
	control text
	ids     []string
}

// Find returns the control with an id, nil if there is none.
func (p *Pack) Find(id string) *Control {
	for _, c := range p.Controls {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// percent writes a share, with one decimal where it has some: as many more as it
// takes to tell it from none and from all.
func percent(share float64) string {
	for digits := 1; ; digits++ {
		s := strconv.FormatFloat(100*share, 'f', digits, 64)
		rounded, _ := strconv.ParseFloat(s, 64) // it was written here
		if digits < 9 && (rounded == 100 && share < 1-1e-12 || rounded == 0 && share > 1e-12 || rounded == 100 && share > 1+1e-12) {
			continue
		}
		return strings.TrimSuffix(s, ".0") + "%"
	}
}

// number writes a plain number.
func number(n float64) string {
	if n == float64(int64(n)) {
		return grouped(int64(n))
	}
	return fmt.Sprintf("%g", n)
}

// grouped writes 1204113 as 1,204,113.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
