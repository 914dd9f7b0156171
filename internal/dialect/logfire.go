package dialect

// Logfire's SDK, whose spans may be those of any dialect.

// startRecord reads the placeholder that Logfire sends when a span begins. Its
// own parent is the span that it stands for: it becomes an event of that span,
// labelled as pending, which the span itself will supersede.
func (r *otelReading) startRecord() {
	if !r.has("logfire.span_type") || r.text("logfire.span_type") != "pending_span" {
		return
	}
	e, s := r.main, r.span
	r.pending = true
	if s.ParentID != "" {
		e.SpanID = s.ParentID
		e.EventID = spanEventID(s.TraceID, s.ParentID) + "/pending"
	}
	e.ParentEventID = ""
	if parent := r.text("logfire.pending_parent_id"); parent != "" && parent != "0000000000000000" {
		e.ParentEventID = spanEventID(s.TraceID, parent)
	}
}

// scrubbed labels an event of which Logfire masked parts. Its list of what was
// masked stays in the attributes: it is evidence.
func (r *otelReading) scrubbed() {
	if r.has("logfire.scrubbed") {
		r.get("logfire.scrubbed")
		label(r.main, LabelWithheld)
	}
}
