package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/hansardhq/hansard"
)

// span reads the i-th span of the batch.
func (m *otelMapper) span(i int) Reading {
	s := &m.batch.Spans[i]
	r := &m.r
	r.begin(m, s.Resource, s.Scope, s.Attrs)
	r.span = s
	e := r.main
	e.TraceID, e.SpanID = s.TraceID, s.SpanID
	if s.TraceID != "" && s.SpanID != "" {
		e.EventID = r.id(s.TraceID, "/", s.SpanID)
	}
	if e.EventID == "" {
		e.EventID = "span/" + r.hash()
	}
	if s.TraceID != "" && s.ParentID != "" {
		e.ParentEventID = m.parentID(s)
	}
	r.startRecord()
	r.identity()
	r.times()
	w := r.classify()
	r.outcome()
	r.build(w)
	r.extras(w)
	out := r.finish()
	out.Index, out.parent, out.root = i, -1, s.ParentID == ""
	if e.ParentEventID != "" && m.spans != nil {
		if p, ok := m.spans[spanKey{s.TraceID, s.ParentID}]; ok && p != i {
			out.parent = p
		}
	}
	out.sameCall = r.mcp
	return out
}

// parentID returns the event id of a span's parent, which spans in a row often share.
func (m *otelMapper) parentID(s *Span) string {
	if p := m.lastParent; p == nil || p.TraceID != s.TraceID || p.ParentID != s.ParentID {
		m.lastParent, m.lastParentID = s, m.texts.join(s.TraceID, "/", s.ParentID)
	}
	return m.lastParentID
}

// hash returns a hash of the whole span or record, for one that has no ids.
func (r *otelReading) hash() string {
	b := appendAttrs(r.appendHashed(nil), r.attrs)
	b = append(b, r.origin.json...)
	sum := sha256.Sum256(append(b, r.m.scopeJSON(r.scope)...))
	return hex.EncodeToString(sum[:16])
}

// appendHashed appends what is hashed beside attributes, scope and resource. The
// time at which a collector observed a log is not: it may differ when the log is
// sent again.
func (r *otelReading) appendHashed(dst []byte) []byte {
	if r.span != nil {
		return r.appendSpan(append(dst, r.span.TraceID+r.span.SpanID...))
	}
	l := *r.record
	if l.Time != 0 {
		l.Observed = 0
	}
	saved := r.record
	r.record = &l
	dst = r.appendRecord(append(dst, l.TraceID+l.SpanID...))
	r.record = saved
	return dst
}

// times sets when the span happened: an answer of a model when it was there,
// anything else when it began.
func (r *otelReading) times() {
	s, e := r.span, r.main
	e.Timestamp = s.Start
	if e.Timestamp == 0 {
		e.Timestamp = s.End
	}
	if s.Start != 0 && s.End >= s.Start && !r.pending {
		if us := (s.End - s.Start) / 1000; us <= hansard.MaxSafeInteger {
			e.DurationUS = hansard.Some(us)
		}
	}
	if e.Timestamp == 0 {
		e.TimeSource = ""
	}
}

// ended returns when the span ended; when it began if that is all that is known.
func (r *otelReading) ended() int64 {
	if r.span != nil && r.span.End != 0 {
		return r.span.End
	}
	return r.main.Timestamp
}

// outcome sets status and error: by the span's status, else by its error.type. An
// exception that a span recorded without failing was handled: extras makes an
// error of its own of it.
func (r *otelReading) outcome() {
	s, e := r.span, r.main
	errorType := r.text("error.type")
	if s.StatusCode != StatusError && errorType == "" {
		if s.End != 0 && !r.pending {
			e.Status = "ok"
		}
		return
	}
	e.Status = "error"
	e.ErrorType = errorType
	e.Error = s.StatusMessage
	for i := range s.Events {
		if s.Events[i].Name == "exception" {
			r.exception(e, s.Events[i].Attrs)
		}
	}
	r.exception(e, r.attrs)
	if e.Error == "" {
		r.moveText(&e.Error, "error", "error.message", "error_message", "langfuse.observation.status_message", "error")
	}
	refineStatus(e)
}

// exception fills in what an exception says: its type, message and stack trace.
func (r *otelReading) exception(e *hansard.Event, attrs []Attr) {
	if len(attrs) > 0 && len(r.attrs) > 0 && &attrs[0] == &r.attrs[0] {
		r.get("exception.type")
		r.get("exception.message")
		r.get("exception.stacktrace")
	}
	set(&e.ErrorType, text(attrs, "exception.type"))
	// LangChain's tracers put the stack trace into the status, too.
	if msg := text(attrs, "exception.message"); msg != "" && (e.Error == "" || strings.Contains(e.Error, "Traceback (most recent call last)")) {
		e.Error = msg
	}
	set(&e.StackTrace, text(attrs, "exception.stacktrace"))
}

// refineStatus tells timeouts and cancellations from other errors by the error's
// type.
func refineStatus(e *hansard.Event) {
	t := strings.ToLower(e.ErrorType)
	switch {
	case strings.Contains(t, "timeout") || strings.Contains(t, "deadline") || t == "408" || t == "504":
		e.Status = "timeout"
	case strings.Contains(t, "cancelled") || strings.Contains(t, "canceled"):
		e.Status = "cancelled"
	}
	if e.Error == "" && e.ErrorType == "" {
		e.Error = "the span failed and does not say why"
	}
}

// finish closes the reading.
func (r *otelReading) finish() Reading {
	e := r.main
	r.loss()
	e.Attributes = r.source()
	for _, x := range r.events {
		x.Dialect = r.dialect
		if r.pending {
			label(x, LabelPending)
		}
	}
	if r.pending {
		r.rule += ", logfire.span_type=pending_span"
	}
	out := Reading{Log: r.record != nil, Dialect: r.dialect, Rule: r.rule, Events: r.events, parent: -1, origin: r.origin}
	if r.m.leftOver {
		r.overshadowed()
		for i, used := range r.used {
			if !used {
				out.LeftOver = append(out.LeftOver, string(r.attrs[i].Key))
			}
		}
	}
	return out
}

// overshadowed says of attributes that say again what a rule has read elsewhere
// that they were read.
func (r *otelReading) overshadowed() {
	for _, key := range [...]string{
		"gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "langfuse.observation.type", "langsmith.span.kind", "lmnr.span.type",
		"agentops.span.kind", "mlflow.spanType", "logfire.span_type", "ai.operationId", "operation.name", "span.type", "agent_name", "gen_ai.system",
		"gen_ai.request.model", "gen_ai.response.model", "gen_ai.response.id", "llm.model_name", "model", "model_name", "ai.model.id", "ai.model.provider",
		"ai.telemetry.functionId", "ai.usage.inputTokens", "ai.usage.outputTokens", "ai.usage.totalTokens", "llm.token_count.total", "llm.usage.total_tokens",
		"gen_ai.usage.total_tokens", "user.account_uuid", "user.account_id", "user.email", "event.name",
	} {
		r.get(key)
	}
}

// The labels that a reading gives.
const (
	// LabelPending marks the start of a span that had not ended yet. The event
	// of the whole span has the same trace and span ids and supersedes it.
	LabelPending = "pending"
	// LabelAggregate marks tokens and cost that repeat what others state.
	LabelAggregate = "aggregate"
	// LabelDropped marks an event whose sender says that it left attributes,
	// span events or links out.
	LabelDropped = "dropped"
	// LabelWithheld marks an event whose sender replaced content by a marker.
	LabelWithheld = "withheld"
	// LabelInferredAgent marks an event whose agent is that of the span above.
	LabelInferredAgent = "inferred_agent"
	// LabelSameCall marks an event that describes the tool call above it a
	// second time, as MCP's instrumentation does, or the same agent's run, as
	// OpenLLMetry does of a graph. It is not counted as one.
	LabelSameCall = "same_call"
)

// loss labels an event whose sender says that something is missing.
func (r *otelReading) loss() {
	dropped := uint32(0)
	if s := r.span; s != nil {
		dropped = s.DroppedAttrs | s.DroppedEvents | s.DroppedLinks
		for i := range s.Events {
			dropped |= s.Events[i].Dropped
		}
		for i := range s.Links {
			dropped |= s.Links[i].Dropped
		}
	} else {
		dropped = r.record.Dropped
	}
	if dropped != 0 {
		label(r.main, LabelDropped)
	}
	if r.lead(truncatedKeys) < 0 {
		return
	}
	for _, key := range listedKeys[truncatedKeys] {
		if r.peek(key).truth().Or(false) {
			r.get(key)
			r.main.Truncated = true
		}
	}
}

// withheld reports whether a value says that its sender withheld the content,
// and labels the event if so.
func (r *otelReading) withheld(v Value) bool {
	if v.Kind != ValueString || !isWithheld(v.Text) {
		return false
	}
	label(r.main, LabelWithheld)
	return true
}

// isWithheld reports whether text is a marker that stands for content: that of
// Claude Code, Codex, OpenInference or Logfire.
func isWithheld(b []byte) bool {
	if len(b) < 10 || len(b) > 200 || b[len(b)-1] != ']' && b[len(b)-1] != '>' && b[len(b)-1] != '_' {
		return false
	}
	switch string(b) {
	case "<REDACTED>", "[REDACTED]", "__REDACTED__":
		return true
	}
	return hasPrefix(b, "[Scrubbed due to ") && b[len(b)-1] == ']'
}
