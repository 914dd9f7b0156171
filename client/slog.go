package client

import (
	"context"
	"log/slog"
	"slices"
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
	if h.agent == nil {
		return nil
	}
	now := r.Time
	if !representable(now) {
		now = time.Now()
	}
	var room [5]Field
	typ, own := h.kind(append(room[:0], text(keyAction, r.Message)), &r)
	d := draft{typ: typ, now: now, own: newEventID(now)}
	h.agent.place(&d, ctx, nil)
	h.agent.client.write(&d, own, nil, logged{h, &r})
	return nil
}

// kind returns the type of the record's event, and adds what follows from its level.
func (h *slogHandler) kind(fields []Field, r *slog.Record) (string, []Field) {
	switch {
	case r.Level >= slog.LevelError:
		said, class := r.Message, ""
		r.Attrs(func(a slog.Attr) bool {
			err, ok := errorOf(a)
			if ok {
				said, class = errorText(err), errorClass(err)
			}
			return !ok // the first
		})
		return hansard.TypeError, append(fields, text(keyStatus, "error"), content(keyError, said), text(keyErrorType, class))
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
