package ask

// intent is a kind of question: the concepts that must be in it, and what it
// means. The one with the greatest weight wins, of equals the first.
type intent struct {
	weight int
	need   []string
	mean   func(*question) Command
}

// intents lists the kinds of question.
func intents() []intent {
	return []intent{
		// Exports and checks say so, whatever else is in them.
		{90, []string{"export"}, (*question).export},
		{85, []string{"verify"}, func(*question) Command { return Command{Verb: Verify} }},
		{80, []string{"compare"}, (*question).compare},
		{80, []string{"replay"}, (*question).replay},
		{80, []string{"forensic"}, (*question).incident},
		{80, []string{"root", "cause"}, (*question).incident},
		{78, []string{"cause"}, (*question).incident},
		{76, []string{"why", "fail", "subject"}, (*question).incident},
		{76, []string{"why", "error", "subject"}, (*question).incident},
		{76, []string{"aiact"}, compliance("eu-ai-act")},
		{75, []string{"compliance"}, report("compliance")},
		{74, []string{"report", "audit"}, report("compliance")},
		{72, []string{"reader"}, report("readers")},
		{72, []string{"who", "look"}, report("readers")},
		{72, []string{"look", "log"}, report("readers")},
		// Things of their own.
		{71, []string{"approve", "denied"}, interventions("rejection")},
		{70, []string{"approve"}, interventions("approval")},
		{70, []string{"reject"}, interventions("rejection")},
		{70, []string{"escalate"}, interventions("escalation")},
		{70, []string{"override"}, interventions("override")},
		{68, []string{"human", "stop"}, interventions("stop")},
		{66, []string{"human"}, events("event_type:agent.human_intervention")},
		{70, []string{"handoff"}, events("event_type:agent.handoff")},
		{70, []string{"security"}, events("event_type:agent.security")},
		{70, []string{"feedback"}, events("event_type:agent.feedback")},
		{64, []string{"retry"}, events("recovery_action:retry")},
		{64, []string{"decision"}, events("event_type:agent.decision")},
		{64, []string{"reasoning"}, events("event_type:agent.reasoning")},
		// Figures.
		{62, []string{"tool", "error"}, report("tools")},
		{62, []string{"tool", "fail"}, report("tools")},
		{62, []string{"tool", "slow"}, report("tools")},
		{60, []string{"cost"}, report("cost")},
		{60, []string{"token"}, report("cost")},
		{58, []string{"tool"}, report("tools")},
		{58, []string{"named tool", "use"}, report("tools")},
		{56, []string{"daily"}, report("daily")},
		{54, []string{"error"}, (*question).errors},
		{54, []string{"fail"}, (*question).errors},
		{54, []string{"timeout"}, (*question).timeouts},
		{54, []string{"denied"}, events("status:denied")},
		// One run, one conversation, one agent.
		{65, []string{"trace", "subject"}, (*question).trace},
		{63, []string{"task", "subject"}, (*question).trace},
		{63, []string{"timeline", "subject"}, (*question).trace},
		{52, []string{"happen", "subject"}, (*question).trace},
		{52, []string{"named session"}, (*question).session},
		{50, []string{"session"}, (*question).session},
		{50, []string{"timeline"}, (*question).session},
		{50, []string{"what", "agent", "work"}, (*question).worked},
		{50, []string{"named agent", "work"}, (*question).worked},
		{49, []string{"named agent", "audit"}, (*question).worked},
		{49, []string{"named agent", "activity"}, (*question).worked},
		{49, []string{"named agent", "report"}, (*question).worked},
		{48, []string{"now"}, report("activity")},
		{46, []string{"activity"}, report("activity")},
		{46, []string{"feed"}, report("feed")},
		{44, []string{"model"}, report("cost")},
		{42, []string{"summary"}, report("summary")},
		{40, []string{"trace"}, (*question).traces},
		{39, []string{"task"}, (*question).traces},
		{38, []string{"log"}, events("")},
		{38, []string{"event"}, events("")},
		{36, []string{"happen"}, events("")},
		{35, []string{"audit"}, events("")},
		{34, []string{"check"}, report("compliance")},
		{32, []string{"report"}, (*question).plainReport},
		{32, []string{"analysis"}, report("summary")},
		{30, []string{"agent"}, report("summary")},
		// A bare name.
		{20, []string{"subject"}, (*question).trace},
		{18, []string{"named session"}, (*question).session},
		{16, []string{"named agent"}, (*question).worked},
		{14, []string{"named tool"}, report("tools")},
		{12, []string{"named value"}, events("")},
		{10, []string{"named text"}, events("")},
	}
}

func report(name string) func(*question) Command {
	return func(q *question) Command { return Command{Verb: Report, Report: name, Search: q.search("")} }
}

// compliance is judged by a pack that has a name of its own.
func compliance(pack string) func(*question) Command {
	return func(q *question) Command {
		c := report("compliance")(q)
		c.Pack = pack
		return c
	}
}

func events(term string) func(*question) Command {
	return func(q *question) Command { return Command{Verb: Events, Search: q.search(term)} }
}

// interventions finds what humans did of a kind.
func interventions(kind string) func(*question) Command { return events("intervention:" + kind) }

func (q *question) export() Command { return Command{Verb: Export, Search: q.search(q.topic())} }

// topic narrows an export to what it names: "export the errors".
func (q *question) topic() string {
	switch {
	case q.has("error") || q.has("fail"):
		return "error:*"
	case q.has("handoff"):
		return "event_type:agent.handoff"
	case q.has("approve"):
		return "intervention:approval"
	case q.has("decision"):
		return "event_type:agent.decision"
	}
	return ""
}

// errors is the report on errors, or the last so many of them.
func (q *question) errors() Command {
	if q.names.limit > 0 {
		return Command{Verb: Events, Search: q.search("error:*")}
	}
	return Command{Verb: Report, Report: "errors", Search: q.search("")}
}

func (q *question) timeouts() Command {
	if q.has("report") || q.has("summary") {
		return Command{Verb: Report, Report: "errors", Search: q.search("status:timeout")}
	}
	return Command{Verb: Events, Search: q.search("status:timeout")}
}

func (q *question) incident() Command { return Command{Verb: Incident, Subject: q.subject()} }
func (q *question) trace() Command    { return Command{Verb: Trace, Subject: q.subject()} }
func (q *question) replay() Command   { return Command{Verb: Replay, Subject: q.subject()} }

// compare compares two runs.
func (q *question) compare() Command {
	if len(q.names.ids) < 2 {
		return Command{}
	}
	return Command{Verb: Trace, Subject: q.names.ids[0], Other: q.names.ids[1]}
}

func (q *question) session() Command { return Command{Verb: Session, Subject: q.names.session} }

// worked is what an agent did: of one that is named all of it, else the last
// session.
func (q *question) worked() Command {
	if name := q.names.agent; name != "" {
		q.names.agent = ""
		c := Command{Verb: Report, Report: "agent", Subject: name, Search: q.search("")}
		q.names.agent = name
		return c
	}
	return q.session()
}

// traces lists the begins of runs.
func (q *question) traces() Command {
	return Command{Verb: Events, Search: q.search("event_type:agent.invocation")}
}

// plainReport is the report of a day for a day, else the summary.
func (q *question) plainReport() Command {
	name := "summary"
	if hours := q.period.end.Sub(q.period.begin).Hours(); !q.period.begin.IsZero() && !q.period.end.IsZero() && hours > 22 && hours < 26 {
		name = "daily"
	}
	return Command{Verb: Report, Report: name, Search: q.search("")}
}

// phrases are questions that are understood, for whoever asked one that is not.
func phrases() []string {
	return []string{
		"Show me the audit log",
		"What happened yesterday?",
		"Trace task refund-7731",
		"What did the agent do?",
		"What did billing do in the last 24 hours?",
		"Show error summary",
		"What failed since Monday?",
		"Which tools fail most?",
		"What did it cost last week?",
		"Audit agent billing",
		"Generate compliance report for November",
		"Run forensic analysis of refund-7731",
		"Why did refund-7731 fail?",
		"Replay refund-7731",
		"Compare refund-7731 and refund-7740",
		"Who approved refunds this week?",
		"Show escalations",
		"Show handoffs to billing",
		"Show security findings",
		"Who read the record today?",
		"What is going on right now?",
		"Daily report for yesterday",
		"Summary of the last 7 days",
		"Export audit data as csv",
		"Is the record intact?",
		"Events about maria@example.com",
	}
}
