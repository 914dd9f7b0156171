package forensic

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// RootCause is where a run went wrong, as far as its entries show.
type RootCause struct {
	EventIDs   []string           `json:"event_ids"` // the entries that show it, the first is the cause
	AgentName  string             `json:"agent_name"`
	Step       hansard.Opt[int64] `json:"-"` // 0-based, as the source counts
	Class      string             `json:"class"`
	Party      string             `json:"party"`
	ToolName   string             `json:"tool_name"`
	Confidence float64            `json:"confidence"` // 0..1
	Why        string             `json:"why"`
	Signs      []string           `json:"signs"`     // what speaks for it
	OnRecord   bool               `json:"on_record"` // a failure is on record; else the texts were judged
	// Measured says that the confidence was measured on runs whose cause is
	// known; else a rule sets it.
	Measured bool `json:"confidence_measured"`
}

// The confidences. Those of outages are set by rule; the others are how often the
// same kind of evidence named the right step in runs whose cause is known (see
// the tests of reading), rounded down.
const (
	sureOutage    = 0.9 // a tool or provider failed, and a breaker or a person confirms it
	sureFailure   = 0.8 // a tool or provider failed
	likelyRefused = 0.6 // a change that was refused and never made good
	likelyClaim   = 0.6
	weakChange    = 0.4
	weakTurn      = 0.3
)

// cause looks for the root cause of a run. The second result says why there is
// none.
func (r *run) cause(failures []Failure, p *patterns) (*RootCause, string) {
	if len(r.entries) == 0 {
		return nil, "the trace has no events"
	}
	if c := r.injected(); c != nil {
		return c, ""
	}
	if c := r.outage(failures, p); c != nil {
		return c, ""
	}
	if len(r.agents) > 1 && r.conversation() {
		if r.orchestrated() {
			return r.ledCause()
		}
		return r.talkCause()
	}
	if c := r.served(failures); c != nil {
		return c, ""
	}
	if c := r.recorded(failures); c != nil {
		return c, ""
	}
	for _, f := range failures {
		if !f.follows && !f.Recovered {
			return nil, "failures are on record, and none of them can be told from the others"
		}
	}
	if len(failures) > 0 {
		return nil, "every failure on record was made good later"
	}
	return nil, "no failure is on record, and the texts show nothing that would point to one"
}

// injected returns the cause if a call followed what a tool's answer said. The
// source is the cause, the call what it led to.
func (r *run) injected() *RootCause {
	w := NewWatch()
	for _, e := range r.entries {
		for _, f := range w.Take(e) {
			if f.Rule == RuleUnasked {
				continue // too weak to explain a run by
			}
			c := r.at(e, ClassInjection, f.Confidence, fmt.Sprintf("%s called %s with a destination that %s brought in. %s", or(f.AgentName, "The agent"), f.SinkTool, or(f.SourceTool, "a tool"), f.Why))
			c.EventIDs = []string{f.SourceEvent, f.SinkEvent}
			c.Signs = append(c.Signs, "argument "+f.Argument+": "+f.Value)
			return c
		}
	}
	return nil
}

// of returns a cause that lies in a failure on record.
func (r *run) of(f *Failure, confidence float64, why string) *RootCause {
	return &RootCause{
		EventIDs: f.EventIDs, AgentName: f.AgentName, Step: stepNumber(f.entry), Class: f.Class, Party: f.Party,
		ToolName: f.ToolName, Confidence: confidence, Why: why, Signs: []string{}, OnRecord: true, Measured: confidence < sureFailure,
	}
}

// outage returns the cause if a tool, a provider, the configuration or a policy
// failed a call for good.
func (r *run) outage(failures []Failure, p *patterns) *RootCause {
	for i := range failures {
		f := &failures[i]
		if f.Recovered || f.follows {
			continue
		}
		switch f.Party {
		case PartyTool, PartyModel, PartyConfig:
		case PartyPolicy:
			if f.Class == ClassDenied && f.failed.Status == "denied" {
				break
			}
			continue
		default:
			continue
		}
		if f.Party == PartyConfig && f.failed.Provenance == "inferred" {
			continue // a word in a program's output is no failed sign-in
		}
		c := r.of(f, sureFailure, r.outageWhy(f, p))
		if group := p.retryOf(f.EventIDs[0]); group != nil {
			c.EventIDs = union(f.EventIDs, group.EventIDs)
			c.Signs = append(c.Signs, fmt.Sprintf("%d of %d tries failed", group.Errors, group.Attempts))
		}
		if len(p.Breakers) > 0 || len(p.Escalations) > 0 {
			c.Confidence = sureOutage
		}
		return c
	}
	return nil
}

// union returns the members of two lists, each once, in order.
func union(a, b []string) []string {
	seen := make(map[string]bool, len(a)+len(b))
	var all []string
	for _, list := range [][]string{a, b} {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}

// outageWhy says in words what failed.
func (r *run) outageWhy(f *Failure, p *patterns) string {
	what := f.ToolName
	if what == "" {
		what = or(f.entry.Model, f.entry.Action, "a call")
	}
	said := map[string]string{
		ClassTimeout: "did not answer in time", ClassRateLimit: "turned the call away: too many requests", ClassProvider: "failed on its own side",
		ClassAuth: "refused the credentials", ClassDenied: "was denied by a policy", ClassCircuit: "was not called: its circuit breaker is open",
	}[f.Class]
	why := fmt.Sprintf("%s %s", what, or(said, "failed"))
	if group := p.retryOf(f.EventIDs[0]); group != nil && group.Attempts > 1 {
		why += fmt.Sprintf(" in %d tries", group.Errors)
		if group.WaitedUS > 0 && !r.synthetic() {
			why += ", " + trace.Duration(group.WaitedUS) + " of waiting"
		}
	}
	if f.Error != "" {
		why += " (" + f.Error + ")"
	}
	switch f.Party {
	case PartyTool, PartyModel:
		why += ". " + or(f.AgentName, "The agent") + " called it as it should; the fault lies with the " + f.Party
	case PartyConfig:
		why += ". The fault lies with the configuration"
	case PartyPolicy:
		why += ". The policy did what it is for; the fault lies with what the agent was led to try"
	}
	return why + "."
}

// recorded returns the cause if a failure was never made good: the last resort
// before the texts.
func (r *run) recorded(failures []Failure) *RootCause {
	f := first(failures)
	if f == nil || f.call != none && !changes(r.calls[f.call].Call) && r.continued(f) {
		return nil
	}
	return r.of(f, likelyRefused, fmt.Sprintf("%s failed (%s), and nothing later in the run made it good.", or(f.ToolName, f.entry.Action, "A step"), or(f.Error, f.Class)))
}

// continued reports whether other calls worked after a failure: a look-up that
// failed did not stop the run.
func (r *run) continued(f *Failure) bool {
	for _, c := range r.calls[f.call+1:] {
		if callFailure(c) == nil {
			return true
		}
	}
	return false
}

// served looks into the run of one agent that serves a user by tools.
func (r *run) served(failures []Failure) *RootCause {
	if len(r.calls) == 0 || !r.hasUser() {
		return nil
	}
	for _, look := range []func([]Failure) *RootCause{r.refused, r.cutOff, r.unsupported, r.unconfirmed, r.handedOver} {
		if c := look(failures); c != nil {
			return c
		}
	}
	return nil
}

// refused finds a change that a tool refused and that was never made good. If an
// earlier change of the same thing worked, that one took away its ground.
func (r *run) refused(failures []Failure) *RootCause {
	for i := range failures {
		f := &failures[i]
		if f.Recovered || f.follows || f.call == none || !changes(r.calls[f.call].Call) {
			continue
		}
		was := r.calls[f.call].Call
		for k := f.call - 1; k >= 0; k-- {
			c := r.calls[k]
			if changes(c.Call) && callFailure(c) == nil && sameThing(c.Call, was) {
				cause := r.at(c.Call, ClassConflict, likelyRefused, fmt.Sprintf("%s changed what %s then could not act on (%s): the order of the two was wrong.", c.Call.ToolName, was.ToolName, f.Error))
				cause.EventIDs = append(cause.EventIDs, f.EventIDs...)
				cause.OnRecord = true
				return cause
			}
		}
		return r.of(f, likelyRefused, fmt.Sprintf("%s was refused (%s), and no later call did what it was to do.", f.ToolName, or(f.Error, f.Class)))
	}
	return nil
}

// at returns a cause that lies in one entry.
func (r *run) at(e *hansard.Entry, class string, confidence float64, why string) *RootCause {
	return &RootCause{
		EventIDs: []string{e.EventID}, AgentName: e.AgentName, Step: stepNumber(e), Class: class, Party: party(class, false),
		ToolName: e.ToolName, Confidence: confidence, Why: why, Signs: []string{}, Measured: true,
	}
}

// in returns a cause that lies in a step.
func (r *run) in(s *step, class string, confidence float64, why string) *RootCause {
	c := r.at(s.entries[0], class, confidence, why)
	c.AgentName, c.ToolName = s.agent, ""
	c.EventIDs = nil
	for _, e := range s.entries {
		c.EventIDs = append(c.EventIDs, e.EventID)
	}
	return c
}

// consent finds words by which a user agrees.
var consent = regexp.MustCompile(`(?i)\b(yes|yeah|yep|sure|ok|okay|correct|confirm(ed)?|go ahead|proceed|please do|that works|sounds good|perfect|i agree|that's right|exactly|absolutely|right)\b`)

// unconfirmed finds a change of which the user said nothing that agrees, since
// the agent last spoke to them.
func (r *run) unconfirmed([]Failure) *RootCause {
	if !r.asksFirst() {
		return nil
	}
	last := "" // what the user said last
	for _, s := range r.steps {
		if s.voice == userVoice {
			last = s.said
			continue
		}
		for _, i := range s.calls {
			if c := r.calls[i]; changes(c.Call) && callFailure(c) == nil && last != "" && !consent.MatchString(last) {
				return r.at(c.Call, ClassUnconfirmed, weakChange, fmt.Sprintf("%s changed something, and what the user said before it does not confirm it.", c.Call.ToolName))
			}
		}
	}
	return nil
}

// asksFirst reports whether the agent was told to have changes confirmed.
func (r *run) asksFirst() bool {
	for _, e := range r.entries {
		if e.EventType == hansard.TypeLifecycle && e.Source == "system" && e.Action == "session_start" {
			text := strings.ToLower(plainText(e.Params))
			return strings.Contains(text, "confirm")
		}
	}
	return false
}

// counted finds a count that an agent states: "there are 10 t-shirts".
var counted = regexp.MustCompile(`(?i)\b(?:there (?:are|is)|we (?:have|offer|currently have)|total(?: number)? of|have a total of|currently|available)[^.\n$€£]{0,40}?\b\*{0,2}(\d{1,4})(?:[^\d.,]|[.,]?$|[.,][^\d])`)

// unsupported finds the first count that the agent gives the user and that no
// tool, no user and no instruction gave.
func (r *run) unsupported([]Failure) *RootCause {
	known := map[string]bool{}
	for _, s := range r.steps {
		if s.voice == agentVoice && len(s.calls) == 0 {
			for _, m := range counted.FindAllStringSubmatch(s.said, -1) {
				if n := m[1]; !known[n] {
					return r.in(s, ClassUnsupported, likelyClaim, fmt.Sprintf("%s states the number %s, which no tool returned and no user said.", or(s.agent, "The agent"), n))
				}
			}
		}
		for _, text := range []string{s.said, s.got, s.returned} {
			addNumbers(known, text)
		}
	}
	return nil
}

// addNumbers adds the numbers of up to four digits that a text holds as numbers of
// their own: digits within a word are none, such as those of a pseudonym.
func addNumbers(known map[string]bool, text string) {
	for i := 0; i < len(text); i++ {
		if !joins(text[i]) {
			continue
		}
		begin, digits := i, true
		for ; i < len(text) && joins(text[i]); i++ {
			digits = digits && text[i] >= '0' && text[i] <= '9'
		}
		if digits && i-begin <= 4 {
			known[text[begin:i]] = true
		}
	}
}

// joins reports whether a character makes digits beside it part of another number,
// or of a word.
func joins(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '#' || c == '"'
}

// cutOff finds that the user spoke last and got no answer.
func (r *run) cutOff([]Failure) *RootCause {
	last := r.steps[len(r.steps)-1]
	if last.voice != userVoice || last.entries[0].EventType != hansard.TypeInvocation || len(r.steps) < 3 || closing.MatchString(last.said) {
		return nil
	}
	return r.in(last, ClassIncomplete, likelyClaim, "The run ends with the user's words: the agent never answered them.")
}

// closing finds that a user ends a conversation.
var closing = regexp.MustCompile(`(?i)###|\b(thank|thanks|bye|goodbye|that's all|that is all|nothing else)\b`)

// handedOver finds that the agent changed nothing and gave the run to a human.
func (r *run) handedOver([]Failure) *RootCause {
	var to *hansard.Entry
	for _, e := range r.entries {
		if e.EventType == hansard.TypeToolCall && changes(e) {
			return nil
		}
		if e.EventType == hansard.TypeHumanIntervention && e.Intervention == "escalation" {
			to = e
		}
	}
	if to == nil {
		return nil
	}
	return r.at(to, ClassGaveUp, weakChange, "The agent changed nothing and handed the run to a human.")
}

// hasUser reports whether a user speaks more than once: somebody is served.
func (r *run) hasUser() bool {
	n := 0
	for _, s := range r.steps {
		if s.voice == userVoice && s.entries[0].EventType == hansard.TypeInvocation {
			n++
		}
	}
	return n > 1
}

// synthetic reports whether the times were invented.
func (r *run) synthetic() bool {
	for _, e := range r.entries {
		if e.TimeSource == hansard.TimeSynthetic {
			return true
		}
	}
	return false
}

// or returns the first of its arguments that is not empty.
func or(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
