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
	e.EventID, e.TraceID, e.SpanID, e.Dialect, e.Labels = keep.EventID, keep.TraceID, keep.SpanID, keep.Dialect, keep.Labels
	if flat.EventID != "" {
		r.fact("event_id", quoted(flat.EventID))
	}
	if e.Timestamp == 0 {
		e.Timestamp, e.TimeSource = keep.Timestamp, keep.TimeSource
	}
	if !e.DurationUS.Set {
		e.DurationUS = keep.DurationUS
	}
	for _, f := range []struct{ to, from *string }{
		{&e.ParentEventID, &keep.ParentEventID}, {&e.AgentName, &keep.AgentName}, {&e.AgentID, &keep.AgentID}, {&e.AgentVersion, &keep.AgentVersion},
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
