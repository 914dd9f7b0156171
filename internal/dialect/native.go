package dialect

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Our own attributes: hansard.event_type and the other fields of the flat form
// under "hansard.". They say what an event is, and no rule guesses.

const nativePrefix = "hansard."

// nativeSpan decides by hansard.event_type.
func (r *otelReading) nativeSpan() work {
	if !r.has("hansard.event_type") {
		return workNone
	}
	return r.decided(workNative, "hansard.event_type", r.text("hansard.event_type"))
}

// native reads the fields. One that the flat form refuses leaves the event
// generic, with all attributes.
func (r *otelReading) native() {
	b := []byte{'{'}
	for i := range r.attrs {
		a := &r.attrs[i]
		if !hasPrefix(a.Key, nativePrefix) || a.Value.empty() {
			continue
		}
		r.used[i] = true
		b = append(appendKey(b, a.Key[len(nativePrefix):]), a.Value.structured()...)
	}
	b = append(b, '}')
	var flat hansard.Event
	f := Flat{Unbounded: true, Limits: Limits{MaxBytes: len(b) + 1}}
	if err := f.DecodeInto(&flat, b); err != nil {
		r.fact("refused", quoted(err.Error()))
		r.generic()
		return
	}
	r.overlay(&flat)
}

// overlay puts what the flat event says over the main one.
func (r *otelReading) overlay(flat *hansard.Event) {
	e := r.main
	keep := *e
	*e = *flat
	e.Dialect, e.Labels = keep.Dialect, keep.Labels
	r.ownIDs(flat, &keep)
	if e.Timestamp == 0 {
		e.Timestamp, e.TimeSource = keep.Timestamp, keep.TimeSource
	}
	if !e.DurationUS.Set {
		e.DurationUS = keep.DurationUS
	}
	for _, f := range []struct{ to, from *string }{
		{&e.AgentName, &keep.AgentName}, {&e.AgentID, &keep.AgentID}, {&e.AgentVersion, &keep.AgentVersion},
		{&e.SessionID, &keep.SessionID}, {&e.TaskID, &keep.TaskID}, {&e.UserID, &keep.UserID}, {&e.Service, &keep.Service},
		{&e.Environment, &keep.Environment}, {&e.Status, &keep.Status}, {&e.Error, &keep.Error}, {&e.ErrorType, &keep.ErrorType},
		{&e.StackTrace, &keep.StackTrace}, {&e.Provenance, &keep.Provenance},
	} {
		set(f.to, *f.from)
	}
	set(&e.Action, r.name())
	if e.Error != "" && e.Status == "ok" {
		e.Status = "error"
	}
	if e.Attributes != nil { // what the flat form has no field for stands under its own name already
		if extra := rawjson.Get(e.Attributes, "attributes"); extra != nil {
			r.fact("attributes", extra)
		}
	}
}

// clientScope is the scope of what our own client sends as OTLP.
const clientScope = "github.com/hansardhq/hansard/client"

// ownIDs sets the ids. A log record keeps the event id that it states, because
// others name it as their parent. A span's id follows from the span whatever it
// states: its children know no other.
func (r *otelReading) ownIDs(flat, keep *hansard.Event) {
	e := r.main
	e.TraceID, e.SpanID = or(keep.TraceID, flat.TraceID), or(keep.SpanID, flat.SpanID)
	switch {
	case r.span != nil || flat.EventID == "":
		e.EventID = keep.EventID
		if flat.EventID != "" {
			r.fact("event_id", quoted(flat.EventID))
		}
		set(&e.ParentEventID, keep.ParentEventID)
	case r.scope != nil && r.scope.Name == clientScope:
		// Its span ids are its own: no span will come that is the parent.
	default:
		set(&e.ParentEventID, keep.ParentEventID)
	}
}
