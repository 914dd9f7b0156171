package client

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
)

// SlogHandler returns a slog.Handler that puts log records on record as the
// agent's events, in the trace of the context that they are logged with. A record
// of the level Error or above is an error event, any other a generic one, from
// Warn on kept like information rather than like debugging. The message is the
// event's action, or its error; level and attributes are its attributes, groups as
// objects. An attribute whose value is an error is the event's error where
// the event is one. Of the options, Level and AddSource count; the default level is
// Info.
func (a *Agent) SlogHandler(opts *slog.HandlerOptions) slog.Handler {
	h := &slogHandler{agent: a, level: slog.LevelInfo}
	if opts != nil {
		h.source = opts.AddSource
		if opts.Level != nil {
			h.level = opts.Level
		}
	}
	return h
}

// slogHandler is one level of slog's With and WithGroup.
type slogHandler struct {
	agent  *Agent
	level  slog.Leveler
	source bool
	groups []group // from the outside in; the first has no name
}

// group is attributes below a name.
type group struct {
	name  string
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (h *slogHandler) Enabled(_ context.Context, l slog.Level) bool {
	return h.agent != nil && l >= h.level.Level()
}

// WithAttrs implements slog.Handler.
func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := *h
	c.groups = slices.Clone(h.groups)
	if len(c.groups) == 0 {
		c.groups = []group{{}}
	}
	last := &c.groups[len(c.groups)-1]
	last.attrs = append(slices.Clone(last.attrs), attrs...)
	return &c
}

// WithGroup implements slog.Handler.
func (h *slogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.groups = slices.Clone(h.groups)
	if len(c.groups) == 0 {
		c.groups = []group{{}}
	}
	c.groups = append(c.groups, group{name: name})
	return &c
}

// Handle implements slog.Handler. It never fails.
func (h *slogHandler) Handle(ctx context.Context, r slog.Record) error {
	when := r.Time
	if when.IsZero() {
		when = time.Now()
	}
	var room [16]Field
	typ, fields := h.kind(append(room[:0], When(when), text(keyAction, r.Message)), &r)
	if flat, ok := h.flat(fields, &r); ok {
		fields = flat
	} else {
		fields = h.nested(fields, &r)
	}
	h.agent.moment(ctx, typ, nil, fields)
	return nil
}

// kind returns the type of the record's event, and adds what follows from its level.
func (h *slogHandler) kind(fields []Field, r *slog.Record) (string, []Field) {
	switch {
	case r.Level >= slog.LevelError:
		fields = append(fields, text(keyStatus, "error"), content(keyError, r.Message))
		r.Attrs(func(a slog.Attr) bool {
			err, ok := errorOf(a)
			if ok {
				fields = append(fields, errorText(err), errorClass(err))
			}
			return !ok // the first
		})
		return hansard.TypeError, fields
	case r.Level >= slog.LevelWarn:
		fields = append(fields, AtLeast(hansard.TierInfo))
	}
	return hansard.TypeGeneric, fields
}

func errorOf(a slog.Attr) (error, bool) {
	if a.Value.Kind() != slog.KindAny {
		return nil, false
	}
	err, ok := a.Value.Any().(error)
	return err, ok
}

// flat adds the attributes of a record without groups, which most are; ok is false
// where it has one.
func (h *slogHandler) flat(fields []Field, r *slog.Record) (_ []Field, ok bool) {
	if len(h.groups) > 1 {
		return nil, false
	}
	fields = append(fields, Attr("level", r.Level.String()))
	if at := h.sourceOf(r); at != "" {
		fields = append(fields, Attr("source", at))
	}
	ok = true
	add := func(a slog.Attr) bool {
		v := a.Value.Resolve()
		if ok = v.Kind() != slog.KindGroup; ok && !a.Equal(slog.Attr{}) {
			fields = append(fields, Attr(a.Key, plainValue(v)))
		}
		return ok
	}
	for _, g := range h.groups {
		for _, a := range g.attrs {
			if !add(a) {
				return nil, false
			}
		}
	}
	r.Attrs(add)
	return fields, ok
}

// nested adds the attributes of any record.
func (h *slogHandler) nested(fields []Field, r *slog.Record) []Field {
	m := map[string]any{"level": r.Level.String()}
	if at := h.sourceOf(r); at != "" {
		m["source"] = at
	}
	inner := m
	for _, g := range h.groups {
		if g.name != "" {
			inner = below(inner, g.name)
		}
		for _, a := range g.attrs {
			put(inner, a)
		}
	}
	r.Attrs(func(a slog.Attr) bool {
		put(inner, a)
		return true
	})
	prune(m)
	for name, v := range m {
		fields = append(fields, Attr(name, v))
	}
	return fields
}

// sourceOf returns where the record was logged, "" where that is not asked for or
// not known.
func (h *slogHandler) sourceOf(r *slog.Record) string {
	if !h.source {
		return ""
	}
	src := r.Source()
	if src == nil {
		return ""
	}
	return src.File + ":" + strconv.Itoa(src.Line)
}

// below returns the object of that name in m.
func below(m map[string]any, name string) map[string]any {
	if inner, ok := m[name].(map[string]any); ok {
		return inner
	}
	inner := map[string]any{}
	m[name] = inner
	return inner
}

// put puts an attribute into an object, by slog's rules for groups.
func put(m map[string]any, a slog.Attr) {
	v := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return
	}
	if v.Kind() != slog.KindGroup {
		m[a.Key] = plainValue(v)
		return
	}
	if a.Key != "" && len(v.Group()) > 0 {
		m = below(m, a.Key)
	}
	for _, inner := range v.Group() {
		put(m, inner)
	}
}

// prune takes empty groups away.
func prune(m map[string]any) {
	for name, v := range m {
		if inner, ok := v.(map[string]any); ok {
			if prune(inner); len(inner) == 0 {
				delete(m, name)
			}
		}
	}
}

// plainValue returns what a value is in JSON: a duration as people read it, and an
// error by its text.
func plainValue(v slog.Value) any {
	switch v.Kind() {
	case slog.KindDuration:
		return v.Duration().String()
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return errorText(err).text
		}
	}
	return v.Any()
}
