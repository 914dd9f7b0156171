package forensic

import (
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// Recommendation is what to do so that it does not happen again.
type Recommendation struct {
	Key  string `json:"key"` // of the table: class or pattern
	Text string `json:"text"`
}

// ToolHistory is how a tool fared in other traces.
type ToolHistory struct {
	ToolName string
	Calls    int64
	Errors   int64
	// The latencies of the calls that worked, in microseconds.
	P50, P95, Max hansard.Opt[int64]
	Since         time.Time // the first of the calls
}

// Similar is another trace with a failure of the same class of the same tool.
type Similar struct {
	TraceID   string    `json:"trace_id"`
	TaskID    string    `json:"task_id"`
	AgentName string    `json:"agent_name"`
	Time      time.Time `json:"time"`
	Failures  int       `json:"failures"`
}

// Advise adds what other traces tell: how the tool fared, and which traces are
// similar. Then it recommends.
func (in *Incident) Advise(tool *ToolHistory, similar []Similar) {
	in.Tool, in.Similar = tool, similar
	in.Recommendations = in.recommend()
}

// advice is one row of the table of recommendations.
type advice struct {
	key  string
	when func(*Incident) bool
	say  func(*Incident) string
}

// recommend goes through the table; the rows that apply say what to do, with the
// figures of this incident.
func (in *Incident) recommend() []Recommendation {
	out := []Recommendation{}
	for _, a := range table() {
		if in.RootCause != nil && a.when(in) {
			out = append(out, Recommendation{a.key, a.say(in)})
		}
	}
	return out
}

func (in *Incident) is(classes ...string) bool {
	for _, c := range classes {
		if in.RootCause.Class == c {
			return true
		}
	}
	return false
}

// retries returns the retries of the tool that failed; nil if there were none.
func (in *Incident) retries() *Retry {
	for i := range in.Retries {
		if in.Retries[i].ToolName == in.RootCause.ToolName {
			return &in.Retries[i]
		}
	}
	return nil
}

// waited returns how long a failed call of the root cause took on the average,
// in microseconds; absent where times are invented.
func (in *Incident) waited() hansard.Opt[int64] {
	t := in.retries()
	if t == nil || t.Errors == 0 || t.WaitedUS == 0 || in.Timeline.Synthetic {
		return hansard.Opt[int64]{}
	}
	return hansard.Some(t.WaitedUS / int64(t.Errors))
}

// irreversible reports whether a failed call cannot be taken back.
func (in *Incident) irreversible() bool {
	for _, f := range in.Failures {
		if f.ToolName == in.RootCause.ToolName && f.entry.SideEffect == "irreversible" {
			return true
		}
	}
	return false
}

// table is the table of recommendations: by class, then by pattern.
func table() []advice {
	return append(byClass(), byPattern()...)
}

func byClass() []advice {
	tool := func(in *Incident) string { return or(in.RootCause.ToolName, "the call") }
	return []advice{
		{"timeout.limit", func(in *Incident) bool {
			return in.is(ClassTimeout) && in.Tool != nil && in.Tool.P95.Set && in.waited().Set
		}, func(in *Incident) string {
			return fmt.Sprintf("Set the time-out of %s by what is seen: calls that worked took %s at the median and %s at the 95th percentile (%d calls), and each failed one was waited for %s. %s would have been enough to tell.",
				tool(in), trace.Duration(in.Tool.P50.V), trace.Duration(in.Tool.P95.V), in.Tool.Calls-in.Tool.Errors, trace.Duration(in.waited().V), trace.Duration(max(3*in.Tool.P95.V, 1_000_000)))
		}},
		{"timeout.unknown", func(in *Incident) bool { return in.is(ClassTimeout) && (in.Tool == nil || !in.Tool.P95.Set) }, func(in *Incident) string {
			return fmt.Sprintf("Find out what %s takes when it works: no call that worked is on record to set its time-out by.", tool(in))
		}},
		{"rate_limit", func(in *Incident) bool { return in.is(ClassRateLimit) }, func(in *Incident) string {
			return fmt.Sprintf("Put a queue with a rate limit before %s, and wait as long as its answer says: %d of the %d calls of the run were repetitions.", tool(in), in.Calls-in.Intents, in.Calls)
		}},
		{"provider_error", func(in *Incident) bool { return in.is(ClassProvider) }, func(in *Incident) string {
			return fmt.Sprintf("Agree with those who run %s on what it owes, and hold this trace against it.", tool(in))
		}},
		{"injection", func(in *Incident) bool { return in.is(ClassInjection) }, func(in *Incident) string {
			return fmt.Sprintf("Allow %s only destinations that the user named or a list holds, and have a human approve any other.", tool(in))
		}},
		{"injection.spread", func(in *Incident) bool { return in.is(ClassInjection) }, func(in *Incident) string {
			return "Find out where else the source was read: hansard scan --since 7d looks through history. Call back or block what was sent, if it can be."
		}},
		{"auth", func(in *Incident) bool { return in.is(ClassAuth) }, func(in *Incident) string {
			return fmt.Sprintf("Renew the credentials of %s, and check them when the agent starts, not at the first call.", tool(in))
		}},
		{"denied", func(in *Incident) bool { return in.is(ClassDenied) }, func(in *Incident) string {
			return fmt.Sprintf("Find out why %s tried %s: either the policy lacks a case, or the agent was led to what it may not do.", in.RootCause.AgentName, tool(in))
		}},
		{"validation", func(in *Incident) bool { return in.is(ClassValidation, ClassNotFound) }, func(in *Incident) string {
			return fmt.Sprintf("Describe the arguments of %s to the model with types and an example, and check them before the call.", tool(in))
		}},
		{"state_conflict", func(in *Incident) bool { return in.is(ClassConflict) }, func(in *Incident) string {
			return fmt.Sprintf("Make the agent gather all changes of one thing before the first: after %s the next was refused.", tool(in))
		}},
		{"code_error", func(in *Incident) bool { return in.is(ClassCode) }, func(in *Incident) string {
			return "Run code in an environment that is described to the agent: which functions, packages and files there are."
		}},
		{"invented", func(in *Incident) bool { return in.is(ClassInvented, ClassAssumption, ClassUnsupported) }, func(in *Incident) string {
			return "Have the figures of an answer checked against the results of tools before it is given, and make the agent say so when it has none."
		}},
		{"drift", func(in *Incident) bool { return in.is(ClassDrift, ClassInherited) }, func(in *Incident) string {
			return "Pass the user's own words on with every briefing, and have the plan compared with them."
		}},
		{"unconfirmed", func(in *Incident) bool { return in.is(ClassUnconfirmed) }, func(in *Incident) string {
			return fmt.Sprintf("Hold %s back until the user agreed to its arguments.", tool(in))
		}},
		{"course", func(in *Incident) bool { return in.is(ClassFirstTurn, ClassLastTurn) }, func(in *Incident) string {
			return "Let another agent, or a rule, check what the answer rests on before the run may end."
		}},
		{"budget", func(in *Incident) bool { return in.is(ClassBudget, ClassLoop) }, func(in *Incident) string {
			return fmt.Sprintf("Look at what used the budget up: %d tool calls for %d different things. Stop a run that repeats itself before its budget does.", in.Calls, in.Intents)
		}},
		{"unanswered", func(in *Incident) bool { return in.is(ClassIncomplete, ClassGaveUp) }, func(in *Incident) string {
			return "End each run by an event that says how it ended, and alert on runs that stop without one."
		}},
	}
}

func byPattern() []advice {
	down := func(in *Incident) bool {
		return in.is(ClassTimeout, ClassProvider, ClassRateLimit, ClassCircuit) && in.RootCause.Party != PartyCaller
	}
	return []advice{
		{"retry.same", func(in *Incident) bool { return down(in) && in.retries() != nil && !in.retries().Recovered }, func(in *Incident) string {
			t := in.retries()
			cost := ""
			if us := in.waited(); us.Set {
				cost = ", " + trace.Duration(t.WaitedUS) + " in all"
			}
			return fmt.Sprintf("Retry %s less: %d of %d tries failed alike%s. Open the breaker after the second, and wait longer each time.", t.ToolName, t.Errors, t.Attempts, cost)
		}},
		{"irreversible", func(in *Incident) bool { return down(in) && in.irreversible() && in.retries() != nil }, func(in *Incident) string {
			return fmt.Sprintf("Give %s an idempotency key: it cannot be taken back, and a try that timed out may have gone through.", in.RootCause.ToolName)
		}},
		{"breaker", func(in *Incident) bool { return down(in) && len(in.Breakers) == 0 && in.retries() != nil }, func(in *Incident) string {
			return fmt.Sprintf("Put a circuit breaker before %s: nothing kept the agent from calling it again.", in.RootCause.ToolName)
		}},
		{"fallback.cached", func(in *Incident) bool { return down(in) && len(in.Fallbacks) == 0 }, func(in *Incident) string {
			return fmt.Sprintf("Give the agent a fallback for %s, such as a cached answer or a queue: it had none.", or(in.RootCause.ToolName, "the model"))
		}},
		{"fallback.earlier", func(in *Incident) bool { return down(in) && len(in.Fallbacks) > 0 && in.toFallback().Set }, func(in *Incident) string {
			return fmt.Sprintf("Fall back earlier: the fallback worked, and came %s after the first failure.", trace.Duration(in.toFallback().V))
		}},
		{"human", func(in *Incident) bool { return len(in.Escalations) > 0 && in.DecisionUS.Set }, func(in *Incident) string {
			return fmt.Sprintf("Look at who is on call: the human decided after %s, %s of the incident.", trace.Duration(in.DecisionUS.V), in.part(in.DecisionUS.V))
		}},
		{"alert", func(in *Incident) bool { return down(in) && in.RootCause.ToolName != "" }, func(in *Incident) string {
			others := ""
			if n := max(in.SimilarTraces, len(in.Similar)); n > 0 {
				others = fmt.Sprintf(": %s failed the same way", plural(n, "other trace"))
			}
			return fmt.Sprintf("Alert on error_type and tool together (tool:%s error:*) before users do%s.", in.RootCause.ToolName, others)
		}},
	}
}

// toFallback returns how long after the first failure the agent fell back, in
// microseconds.
func (in *Incident) toFallback() hansard.Opt[int64] {
	if in.Timeline.Synthetic || len(in.Path) == 0 || len(in.Fallbacks) == 0 {
		return hansard.Opt[int64]{}
	}
	return hansard.Some(in.Fallbacks[0].Time.Sub(in.Path[0].Time).Microseconds())
}

// part says which part of the time from cause to end a span is.
func (in *Incident) part(us int64) string {
	if whole := in.Cost.ElapsedUS; whole.Set && whole.V > 0 {
		return fmt.Sprintf("%d%%", 100*us/whole.V)
	}
	return "an unknown part"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
