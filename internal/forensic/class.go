package forensic

import (
	"regexp"
	"strings"

	"github.com/hansardhq/hansard"
)

// The classes of root causes. The first group is of errors on record, the second
// of what texts give away.
const (
	ClassTimeout    = "timeout"
	ClassRateLimit  = "rate_limit"
	ClassProvider   = "provider_error" // a server error of a tool or a model's provider
	ClassAuth       = "auth"
	ClassDenied     = "denied"
	ClassValidation = "validation"
	ClassNotFound   = "not_found"
	ClassConflict   = "state_conflict" // refused for the state of what it acts on
	ClassCode       = "code_error"     // code of an agent's failed when it ran
	ClassCircuit    = "circuit_open"
	ClassLoop       = "loop"
	ClassBudget     = "budget_exceeded"
	ClassInjection  = "injection" // a call followed what a tool's answer said
	ClassError      = "error"     // any other

	ClassDrift       = "goal_drift"         // the briefing is not about the task
	ClassInherited   = "unverified_result"  // a result was taken over unchecked
	ClassInvented    = "invented_data"      // data was made up
	ClassAssumption  = "assumption"         // an assumption in the place of a fact
	ClassUnsupported = "unsupported_claim"  // a figure that nothing gives
	ClassUnconfirmed = "unconfirmed_action" // a change that nobody confirmed
	ClassIncomplete  = "incomplete"         // the run ends before its end
	ClassGaveUp      = "gave_up"            // handed over with nothing done
	ClassFirstTurn   = "wrong_course"       // the turn that set the course of a run that went astray
	ClassLastTurn    = "unverified_answer"  // the turn that the answer rests on
)

// The parties that a cause can lie with.
const (
	PartyTool   = "tool"
	PartyModel  = "provider"
	PartyCaller = "caller"
	PartyConfig = "configuration"
	PartyPolicy = "policy"
	PartyPlan   = "orchestrator"
	PartyInput  = "untrusted input"
)

// party returns with whom a cause of a class lies: model says that a model's
// provider, not a tool, failed.
func party(class string, model bool) string {
	switch class {
	case ClassTimeout, ClassRateLimit, ClassProvider, ClassCircuit:
		if model {
			return PartyModel
		}
		return PartyTool
	case ClassAuth:
		return PartyConfig
	case ClassDenied:
		return PartyPolicy
	case ClassInjection:
		return PartyInput
	case ClassLoop, ClassDrift, ClassBudget:
		return PartyPlan
	}
	return PartyCaller
}

// classRule says by which words an error belongs to a class.
type classRule struct {
	class string
	words *regexp.Regexp
}

// classRules are tried in order. Types of errors are read with their words apart:
// RateLimitError is "rate limit error".
var classRules = []classRule{
	{ClassCircuit, regexp.MustCompile(`circuit`)},
	{ClassBudget, regexp.MustCompile(`budget|(token|cost|step|turn|iteration|recursion)s? (limit|quota)|max(imum)? (\w+ )?(steps|turns|rounds|iterations|tokens)`)},
	{ClassLoop, regexp.MustCompile(`\bloop`)},
	{ClassTimeout, regexp.MustCompile(`time(d)?[ -]?out|deadline exceeded|did not answer within|\b(408|504)\b`)},
	{ClassRateLimit, regexp.MustCompile(`rate[ -]?limit|too many requests|\b429\b|quota|overloaded|throttl|\b529\b`)},
	{ClassAuth, regexp.MustCompile(`unauthori[sz]ed|authenticat|\b401\b|api[ -]?key|credential|token (has )?expired|expired token`)},
	{ClassDenied, regexp.MustCompile(`denied|forbidden|\b403\b|not permitted|not allowed|policy|permission`)},
	{ClassCode, regexp.MustCompile(`traceback|exit (code|error)|returncode|syntax ?error|name ?error|indentation ?error|module ?not ?found|attribute ?error|execution failed`)},
	{ClassConflict, regexp.MustCompile(`conflict|\b409\b|already|cannot be (modified|cancell?ed|changed|returned|exchanged)|non-\w+ order`)},
	{ClassNotFound, regexp.MustCompile(`not found|\b404\b|no such|does not exist|unknown (id|order|user)|not exist`)},
	{ClassValidation, regexp.MustCompile(`validat|invalid|\b400\b|\b422\b|missing|required|must be|want an? |expected|should match|type ?error|value ?error|argument|parse|decod`)},
	{ClassProvider, regexp.MustCompile(`\b50[0-3]\b|server error|unavailable|connection|internal error|bad gateway|reset by peer|refused`)},
}

// camel parts the words of a type's name.
var camel = regexp.MustCompile(`([a-z])([A-Z])`)

// classOf returns the class of an entry that failed.
func classOf(e *hansard.Entry) string {
	switch e.Status {
	case "timeout":
		return ClassTimeout
	case "denied":
		return ClassDenied
	}
	if e.ErrorType != "" && e.ErrorType != "ToolError" {
		if class := match(camel.ReplaceAllString(e.ErrorType, "$1 $2")); class != "" {
			return class
		}
	}
	if class := match(e.Error); class != "" {
		return class
	}
	return ClassError
}

// match returns the class of the first rule that the text fits; "" if none does.
func match(text string) string {
	text = strings.ToLower(excerpt(text, 2000))
	for _, r := range classRules {
		if r.words.MatchString(text) {
			return r.class
		}
	}
	return ""
}
