package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/trace"
)

// maxTimeline bounds the timeline of documents; JSON holds all of it.
const maxTimeline = 120

// layout lays the forensics out for people.
func (r *IncidentReport) layout() layout {
	l := layout{Title: "Incident Forensics — Trace " + r.TraceID, Notes: r.notes()}
	l.Facts = []fact{
		{"Period", r.Period.text()}, {"Tenant", r.Tenant}, {"Task", or(r.TaskID, "none")}, {"Agents", or(strings.Join(r.Agents, ", "), "none")},
		{"Duration", r.SpanMS.text()}, {"Generated", r.GeneratedAt.Format(stampLayout)},
	}
	if r.SyntheticTimes {
		l.Facts[4].Value = "unknown: the times are invented"
	}
	l.Sections = append(l.Sections, r.timeline(), r.cause())
	l.add("Propagation", r.propagation())
	l.add("Retries", r.retries())
	l.add("What was done about it", r.reaction())
	l.add("Where the arguments came from", r.sources())
	l.Sections = append(l.Sections, r.cost())
	if len(r.Recommendations) > 0 {
		s := section{Title: "Recommendations"}
		for _, a := range r.Recommendations {
			s.Numbered = append(s.Numbered, trace.Clean(a.Text))
		}
		l.Sections = append(l.Sections, s)
	}
	l.add("Similar traces", r.similar())
	l.add("Checkpoints", checkpointSection(r.Checkpoints))
	return l
}

// timeline is the table of what happened. Of a long trace it shows the begin,
// what went wrong and the end.
func (r *IncidentReport) timeline() section {
	s := section{Title: "Timeline", Told: true, Columns: []column{{Title: "Time"}, {Title: "Agent"}, {Title: "Action"}, {Title: "Duration", Numeric: true}, {Title: "Status"}}}
	onPath := map[string]bool{}
	for _, m := range r.Path {
		onPath[m.EventID] = true
	}
	left := 0
	for i, line := range r.Timeline {
		important := line.RootCause || onPath[line.EventID] || line.Status == "error" || line.Status == "timeout" || line.Status == "denied"
		if len(r.Timeline) > maxTimeline && i >= 20 && i < len(r.Timeline)-20 && (!important || len(s.Rows) > maxTimeline) {
			left++
			continue
		}
		duration := ""
		if line.Duration.Set && !r.SyntheticTimes {
			duration = trace.Duration(line.Duration.V)
		}
		mark := trace.Mark(line.Status)
		if line.RootCause {
			mark = strings.TrimSpace(mark + " ← root cause")
		}
		s.Rows = append(s.Rows, row{Cells: []string{line.Time.Format("15:04:05"), line.Agent, shortened(line.Action), duration, mark}})
	}
	if left > 0 {
		s.Note = fmt.Sprintf("%s of %s lines are left out; hansard trace %s shows them.", trace.Count(int64(left)), trace.Count(int64(len(r.Timeline))), r.TraceID)
	}
	return s
}

// maxAction is how many characters of an action a timeline shows.
const maxAction = 90

func shortened(s string) string {
	if r := []rune(s); len(r) > maxAction {
		return string(r[:maxAction-1]) + "…"
	}
	return s
}

// cause is the root cause in words, with the entries that show it.
func (r *IncidentReport) cause() section {
	s := section{Title: "Root Cause", Told: true}
	c := r.RootCause
	if c == nil {
		s.Note = "No deterministic cause found: " + r.NoCause + "."
		return s
	}
	s.Note = c.Why
	if !c.OnRecord {
		s.Note += " No failure is on record: this is what to look at first if the outcome was wrong."
	}
	s.Columns = []column{{Title: "Fact"}, {Title: "Value"}}
	add := func(name, value string) { s.Rows = append(s.Rows, row{Cells: []string{name, value}}) }
	add("Agent", or(c.AgentName, "unknown"))
	if c.ToolName != "" {
		add("Tool", c.ToolName)
	}
	if c.Step.Set {
		add("Step", fmt.Sprint(c.Step.V))
	}
	add("Class", strings.ReplaceAll(c.Class, "_", " "))
	add("Lies with", c.Party)
	add("Confidence", fmt.Sprintf("%.0f%%", 100*c.Confidence))
	for i, id := range c.EventIDs[:min(len(c.EventIDs), 8)] {
		name := "Evidence"
		if i > 0 {
			name = ""
		}
		add(name, id)
	}
	for _, sign := range c.Signs {
		add("Sign", sign)
	}
	return s
}

func (r *IncidentReport) propagation() section {
	s := section{Told: true, Note: "How it spread, from the cause on.", Columns: []column{{Title: "Time"}, {Title: "Stage"}, {Title: "Agent"}, {Title: "What"}, {Title: "Entry", Code: true}}}
	for _, m := range r.Path {
		s.Rows = append(s.Rows, row{Cells: []string{m.Time.Format("15:04:05"), stageName(m), m.AgentName, m.Text, m.EventID}})
	}
	return s
}

func stageName(m forensic.Mark) string {
	name := strings.ReplaceAll(m.Kind, "_", " ")
	if m.Erred {
		return "❌ " + name
	}
	return name
}

func (r *IncidentReport) retries() section {
	s := section{Told: true, Columns: []column{
		{Title: "Tool"}, {Title: "Agent"}, {Title: "Tries", Numeric: true}, {Title: "Failed", Numeric: true}, {Title: "Time of failed tries", Numeric: true}, {Title: "Outcome"},
	}}
	if len(r.Retries) == 0 {
		return s
	}
	s.Note = fmt.Sprintf("%d tool calls for %d different things: an amplification of %.2f.", r.Amplification.ToolCalls, r.Amplification.Intents, r.Amplification.Factor)
	for _, t := range r.Retries {
		outcome := "❌ never worked"
		if t.Recovered {
			outcome = "✅ recovered"
		}
		s.Rows = append(s.Rows, row{Cells: []string{t.ToolName, t.AgentName, fmt.Sprint(t.Attempts), fmt.Sprint(t.Errors), t.WaitedMS.text(), outcome}})
	}
	return s
}

// reaction is what breaker, fallback, escalation and humans did.
func (r *IncidentReport) reaction() section {
	s := section{Told: true, Columns: []column{{Title: "Measure"}, {Title: "Time"}, {Title: "Agent"}, {Title: "What"}}}
	add := func(name string, marks []forensic.Mark) {
		for _, m := range marks {
			s.Rows = append(s.Rows, row{Cells: []string{name, m.Time.Format("15:04:05"), m.AgentName, m.Text}})
		}
	}
	add("Circuit breaker", r.Breakers)
	add("Fallback", r.Fallbacks)
	add("Escalation", r.Escalations)
	for _, m := range r.Interventions {
		add(strings.ToUpper(m.Kind[:1])+m.Kind[1:], []forensic.Mark{m})
	}
	return s
}

func (r *IncidentReport) sources() section {
	s := section{Told: true, Columns: []column{{Title: "Argument"}, {Title: "First seen in"}, {Title: "Entry", Code: true}}}
	for _, a := range r.Sources {
		from := map[string]string{"user": "words of the user", "tool": "answer of " + a.ToolName, "agent": "words of an agent", "": "nowhere before the call"}[a.From]
		s.Rows = append(s.Rows, row{Cells: []string{a.Argument, from, a.EventID}})
	}
	return s
}

func (r *IncidentReport) cost() section {
	s := section{Title: "Cost", Told: true, Columns: []column{{Title: "Figure"}, {Title: "Value", Numeric: true}, {Title: searchColumn, Code: true}}}
	add := func(label, value, search string) { s.Rows = append(s.Rows, row{Cells: []string{label, value, search}}) }
	add("Trace", dollarsText(r.Cost.CostUSD, r.Cost.Unpriced), r.Searches["cost.cost_usd"])
	add("Tokens", known(r.Cost.Tokens.Total), "")
	if r.RootCause != nil {
		add("Of it after the cause", dollarsText(r.Cost.AfterUSD, 0), "")
		add("Tokens after the cause", known(r.Cost.AfterTokens.Total), "")
		add("Time of failed calls", r.Cost.WaitedMS.text(), r.Searches["failures"])
		add("From the cause to the end", r.Cost.ElapsedMS.text(), r.Searches["total_events"])
	}
	if r.Cost.ResolvedByID != "" {
		add("From the cause to a human's answer", r.Cost.ResolvedMS.text(), "")
	}
	if r.DecisionMS.Set {
		add("Of it the human's decision", r.DecisionMS.text(), r.Searches["escalations"])
	}
	return s
}

func dollarsText(c Cost, unpriced int) string {
	switch {
	case !c.Set:
		return "unknown"
	case unpriced > 0:
		return fmt.Sprintf("%s and %d unpriced calls", trace.USD(c.V), unpriced)
	}
	return trace.USD(c.V)
}

func (r *IncidentReport) similar() section {
	s := section{Told: true, Columns: []column{{Title: "Trace"}, {Title: "Time"}, {Title: "Task"}, {Title: "Agent"}, {Title: "Failures", Numeric: true}}}
	if r.SimilarTraces > len(r.Similar) {
		s.Note = fmt.Sprintf("The newest %d of %d.", len(r.Similar), r.SimilarTraces)
	}
	for _, t := range r.Similar {
		s.Rows = append(s.Rows, row{Cells: []string{t.TraceID, t.Time.In(r.GeneratedAt.Location()).Format("2006-01-02 15:04:05"), t.TaskID, t.AgentName, fmt.Sprint(t.Failures)}})
	}
	return s
}

// notes says what keeps the report from meaning what it seems to.
func (r *IncidentReport) notes() []string {
	var notes []string
	if r.SyntheticTimes {
		notes = append(notes, "The times were invented by a converter: only their order means something.")
	}
	if c := r.RootCause; c != nil && c.Measured {
		notes = append(notes, "The confidence is how often this kind of evidence named the right step in runs whose cause is known. No model was asked.")
	} else if c != nil {
		notes = append(notes, "The confidence is set by a rule, and was not measured on runs whose cause is known: 90% where a breaker or a person confirms the failure, else 80%. No model was asked.")
	}
	if len(r.Checkpoints) == 0 {
		notes = append(notes, "No checkpoint was given: the entries cannot be held against the logs.")
	}
	return notes
}

// figures lists the report for CSV.
func (r *IncidentReport) figures() ([]figure, error) {
	var all []figure
	add := func(name, value string) { all = append(all, figure{name, value, r.Searches[name]}) }
	add("report", r.Report)
	add("tenant", r.Tenant)
	add("trace_id", r.TraceID)
	add("task_id", r.TaskID)
	add("period.start", instant(r.Period.Start))
	add("period.end", instant(r.Period.End))
	add("generated_at", instant(&r.GeneratedAt))
	add("total_events", strconv.Itoa(r.TotalEvents))
	add("duration_ms", plainJSON(r.SpanMS))
	if c := r.RootCause; c != nil {
		add("root_cause", c.EventIDs[0])
		add("root_cause.event_ids", strings.Join(c.EventIDs, " "))
		add("root_cause.agent_name", c.AgentName)
		step := ""
		if c.Step.Set {
			step = fmt.Sprint(c.Step.V)
		}
		add("root_cause.step", step)
		add("root_cause.class", c.Class)
		add("root_cause.party", c.Party)
		add("root_cause.tool_name", c.ToolName)
		add("root_cause.confidence", fmt.Sprint(c.Confidence))
		add("root_cause.why", c.Why)
	} else {
		add("no_cause", r.NoCause)
	}
	add("failures", strconv.Itoa(len(r.Failures)))
	add("amplification.tool_calls", strconv.Itoa(r.Amplification.ToolCalls))
	add("amplification.intents", strconv.Itoa(r.Amplification.Intents))
	add("amplification.factor", fmt.Sprint(r.Amplification.Factor))
	for i, t := range r.Retries {
		name := fmt.Sprintf("retries.%d.", i)
		add(name+"tool_name", t.ToolName)
		add(name+"attempts", strconv.Itoa(t.Attempts))
		add(name+"errors", strconv.Itoa(t.Errors))
		add(name+"recovered", strconv.FormatBool(t.Recovered))
		add(name+"waited_ms", plainJSON(t.WaitedMS))
	}
	for i, m := range r.Path {
		add(fmt.Sprintf("propagation_path.%d.%s", i, m.Kind), m.EventID)
	}
	add("cost.cost_usd", r.Cost.CostUSD.plain())
	add("cost.after_cause_cost_usd", r.Cost.AfterUSD.plain())
	add("cost.failed_calls_ms", plainJSON(r.Cost.WaitedMS))
	add("cost.after_cause_ms", plainJSON(r.Cost.ElapsedMS))
	add("cost.time_to_human_ms", plainJSON(r.Cost.ResolvedMS))
	add("decision_ms", plainJSON(r.DecisionMS))
	for i, a := range r.Recommendations {
		add(fmt.Sprintf("recommendations.%d.%s", i, a.Key), a.Text)
	}
	add("similar_traces", strconv.Itoa(r.SimilarTraces))
	for i, t := range r.Similar {
		add(fmt.Sprintf("similar_traces.%d", i), t.TraceID)
	}
	for _, c := range r.Checkpoints {
		add("checkpoints."+c.Log+".size", strconv.FormatUint(c.Size, 10))
		add("checkpoints."+c.Log+".root", c.Root)
	}
	return all, nil
}

// plainJSON writes milliseconds as in JSON; "" when unknown.
func plainJSON(m Millis) string {
	b, err := json.Marshal(m)
	if err != nil || string(b) == "null" {
		return ""
	}
	return string(b)
}
