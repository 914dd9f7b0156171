package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// log reads the i-th log record of the batch.
func (m *otelMapper) log(i int) Reading {
	l := &m.batch.Logs[i]
	r := &m.r
	r.begin(m, l.Resource, l.Scope, l.Attrs)
	r.record = l
	e := r.main
	e.TraceID, e.SpanID = l.TraceID, l.SpanID
	r.logTime()
	r.identity()
	name := r.eventName()
	r.dialect = r.logDialect(name)
	e.ParentEventID = spanEventID(e.TraceID, e.SpanID)
	r.logID()
	r.logKind(name)
	r.scrubbed()
	out := r.finish()
	out.Index = i
	return out
}

// logTime sets when it happened: the record's time, its attribute
// event.timestamp, or when it was observed.
func (r *otelReading) logTime() {
	l := r.record
	at := l.Time
	if at == 0 {
		at = r.peek("event.timestamp").instant()
	}
	if at == 0 {
		at = l.Observed
	}
	if r.main.Timestamp = at; at == 0 {
		r.main.TimeSource = ""
	}
}

// eventName returns the event's name: the record's, its attribute event.name, or
// its body where that is one.
func (r *otelReading) eventName() string {
	if r.record.EventName != "" {
		r.get("event.name")
		return r.record.EventName
	}
	name := r.text("event.name")
	if b := r.record.Body; b.Kind == ValueString && len(b.Text) < 200 && (name == "" || !strings.Contains(name, ".")) {
		for _, p := range [...]string{"claude_code.", "codex.", "gemini_cli.", "gen_ai."} {
			if hasPrefix(b.Text, p) && !strings.ContainsAny(string(b.Text), " \n") {
				return string(b.Text)
			}
		}
	}
	return name
}

func (r *otelReading) logDialect(name string) string {
	if s := r.scopeDialect(); s != "" {
		return s
	}
	switch {
	case strings.HasPrefix(name, "claude_code."):
		return claudeName
	case strings.HasPrefix(name, "codex."):
		return codexName
	case strings.HasPrefix(name, "gemini_cli."):
		return geminiName
	case strings.HasPrefix(name, "gen_ai."), strings.HasPrefix(name, "agent.threat."):
		return genaiName
	case r.has("hansard.event_type"):
		return nativeName
	case r.any("logfire."):
		return logfireName
	}
	return otelName
}

// logID gives the event its id: the dialect's own sequence, with the time,
// because a session that is taken up again may begin it anew; else a hash of the
// record. Records of one export that say exactly the same get a number each: they
// happened twice, and are told from a record that was sent twice.
func (r *otelReading) logID() {
	e := r.main
	if seq := r.count("event.sequence"); seq.Set && r.dialect == claudeName && e.SessionID != "" {
		e.EventID = SequencePrefix + e.SessionID + "/" + string(appendScaled(nil, seq.V, 0)) + "/" + string(appendScaled(nil, e.Timestamp, 0))
		if len(e.EventID) < maxID-24 {
			return
		}
	}
	e.EventID = "log/" + r.hash()
	if r.m.logIDs == nil {
		r.m.logIDs = make(map[string]int, len(r.m.batch.Logs))
	}
	n := r.m.logIDs[e.EventID]
	r.m.logIDs[e.EventID]++
	if n > 0 {
		e.EventID += "~" + decimalText(n+1)
	}
}

// SequencePrefix begins the ids of events that have a sequence number within
// their session: "claude-code/<session>/<sequence>/<time>". A gap in the numbers
// is an event that was lost on its way here.
const SequencePrefix = "claude-code/"

// logKind reads what kind of event a log record is.
func (r *otelReading) logKind(name string) {
	e := r.main
	read := false
	switch {
	case r.has("hansard.event_type"):
		r.decided(workNative, "hansard.event_type", r.text("hansard.event_type"))
		r.native()
		read = true
	case strings.HasPrefix(name, "gen_ai.") || strings.HasPrefix(name, "agent.threat.") || name == "exception":
		read = r.genaiLog(name)
	case r.dialect == claudeName:
		read = r.claudeLog(strings.TrimPrefix(name, "claude_code."))
	case r.dialect == codexName:
		read = r.codexLog(strings.TrimPrefix(name, "codex."))
	case r.dialect == geminiName:
		read = r.geminiLog(strings.TrimPrefix(name, "gemini_cli."))
	}
	if read {
		return
	}
	if r.has("exception.type") || r.has("exception.message") {
		r.rule = "has exception.*"
		e.EventType, e.Action, e.Status = hansard.TypeError, or(name, "exception"), "error"
		r.exception(e, r.attrs)
		refineStatus(e)
		return
	}
	e.EventType = hansard.TypeGeneric
	e.Action = or(name, "log")
	if r.rule = "no rule applies"; name != "" {
		r.rule = "event " + name + ", kept as it is"
	}
}

// agentLog sets what the logs of a coding agent have in common: its name, and the
// trace, which is that of the prompt, else that of the session.
func (r *otelReading) agentLog(name, event, prompt string) {
	e := r.main
	r.rule = "event " + event
	set(&e.AgentName, name)
	e.TaskID = or(e.TaskID, prompt)
	if e.TraceID == "" {
		e.TraceID = or(prompt, e.SessionID)
	}
	set(&e.UserID, r.text("user.email", "user.account_uuid", "user.account_id"))
	set(&e.AgentVersion, r.text("app.version"))
	e.Action = event
	e.DurationUS = r.get("duration_ms").millis()
	r.get("event.timestamp", "event.sequence")
}

// byUser says that a person did it: the session's user.
func (r *otelReading) byUser(e *hansard.Event) {
	e.ActorType, e.Source, e.ActorID = "human", "user", r.main.UserID
}

// began returns when something began that the record says ended: the record's
// time less its duration.
func (r *otelReading) began() int64 {
	d := r.main.DurationUS
	if !d.Set || d.V > r.main.Timestamp/1000 {
		return r.main.Timestamp
	}
	return r.main.Timestamp - d.V*1000
}

// prompt reads what a person asked for.
func (r *otelReading) prompt() {
	e := r.main
	e.EventType = hansard.TypeInvocation
	r.byUser(e)
	var task string
	r.moveText(&task, "params.task", "prompt")
	if task != "" {
		e.Params = append(append([]byte(`{"task":`), quoted(task)...), '}')
	}
}

// decision reads a decision about a tool call, and who took it. One of a person
// is a human intervention too.
func (r *otelReading) decision(verdict, source string) {
	e := r.main
	e.EventType = hansard.TypeDecision
	e.Decision = verdict
	e.Action = "decision:" + verdict
	e.Status = verdictStatus(verdict)
	if who(e, source) {
		r.byUser(e)
		r.intervened(e.Timestamp, verdict, source)
	}
}

// verdictStatus returns the status of a decision.
func verdictStatus(verdict string) string {
	switch intervention(verdict, "") {
	case "rejection", "stop":
		return "denied"
	}
	return "ok"
}

// intervened adds the human intervention that a decision was.
func (r *otelReading) intervened(at int64, verdict, source string) *hansard.Event {
	x := r.more(hansard.TypeHumanIntervention, "intervention", at)
	x.Intervention = intervention(verdict, source)
	x.Action = x.Intervention
	x.Decision, x.Status = verdict, verdictStatus(verdict)
	x.Approver = r.main.UserID
	x.ToolName, x.ToolCallID = r.main.ToolName, r.main.ToolCallID
	r.byUser(x)
	return x
}

// intervention returns our word for a verdict of a person.
func intervention(verdict, source string) string {
	v := strings.ToLower(verdict)
	switch {
	case strings.Contains(v, "abort") || strings.Contains(strings.ToLower(source), "abort"):
		return "stop"
	case strings.HasPrefix(v, "reject") || strings.HasPrefix(v, "den") || v == "no" || strings.HasPrefix(v, "cancel"):
		return "rejection"
	case strings.HasPrefix(v, "modif"):
		return "override"
	}
	return "approval"
}

// failure reads an error.
func (r *otelReading) failure(textKeys ...string) {
	e := r.main
	e.EventType = hansard.TypeError
	e.Status = "error"
	r.moveText(&e.Error, "error", textKeys...)
	e.ErrorType = r.text("error_type", "error.type", "error_code", "status_code", "http.response.status_code")
	e.Attempt = r.count("attempt", "total_attempts")
	r.model()
	if e.Error == "" && e.ErrorType == "" {
		e.Error = "unknown"
	}
	refineStatus(e)
}

// config reads a change of configuration, or of what policy is in force.
func (r *otelReading) config(action string, keys ...string) {
	e := r.main
	e.EventType, e.Action = hansard.TypeLifecycle, action
	b := []byte{'{'}
	for _, key := range keys {
		if v := r.get(key); !v.empty() {
			b = append(appendKey(b, key), v.structured()...)
		}
	}
	if len(b) > 1 {
		e.Params = append(b, '}')
	}
}

// toolResult reads the end of a tool call. Where no span will tell of the call,
// it is told from here: when it began follows from how long it took.
func (r *otelReading) toolResult(name string, params, result []string) {
	e := r.main
	e.EventType = hansard.TypeToolResult
	e.ToolName, e.Action = name, "tool_result:"+name
	e.ToolCallID = r.text("tool_use_id", "call_id", "gen_ai.tool.call.id")
	e.Status = "ok"
	switch {
	case r.denied:
		e.Status = "denied" // it did not fail, it was not let
	case !r.get("success").truth().Or(true):
		e.Status = "error"
		e.ErrorType = r.text("error_type")
		r.moveText(&e.Error, "error", "error", "error.message")
		refineStatus(e)
	}
	r.move(&e.Result, "result", result...)
	if e.SpanID != "" {
		r.move(&e.Params, "params", params...)
		return
	}
	call := r.more(hansard.TypeToolCall, "call", r.began())
	call.ToolName, call.ToolCallID, call.Action = name, e.ToolCallID, "tool_call:"+name
	call.Provenance = "inferred"
	call.ParentEventID = e.ParentEventID
	e.ParentEventID = call.EventID
	r.move(&call.Params, "params", params...)
}

// usageBeside adds the token usage that a record of a model call states. Its
// tokens and cost count once, on the main event.
func (r *otelReading) usageBeside() {
	e := r.main
	if !e.InputTokens.Set && !e.OutputTokens.Set && !e.CostNanoUSD.Set {
		return
	}
	x := r.more(hansard.TypeTokenUsage, "usage", e.Timestamp)
	x.Action = "token_usage"
	x.Model, x.Provider = e.Model, e.Provider
	x.InputTokens, x.OutputTokens, x.CacheReadTokens, x.CacheWriteTokens = e.InputTokens, e.OutputTokens, e.CacheReadTokens, e.CacheWriteTokens
	x.ReasoningTokens, x.CostNanoUSD, x.CostSource = e.ReasoningTokens, e.CostNanoUSD, e.CostSource
}

// modelCall reads a record of a call of a model. Where the record stands in a
// span, the span tells of the call and this of its tokens.
func (r *otelReading) modelCall(u usage) {
	e := r.main
	e.EventType = hansard.TypeLLMResponse
	r.model()
	e.Action = strings.TrimSuffix("chat:"+e.Model, ":")
	e.Attempt = r.count("attempt")
	u.apply(e)
	r.cost()
	if e.SpanID != "" {
		e.EventType, e.Action = hansard.TypeTokenUsage, "token_usage"
		return
	}
	r.usageBeside()
}
