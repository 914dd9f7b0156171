package client

import (
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// logged is a log record whose attributes become those of an event: from values of
// slog's to JSON, with nothing in between.
type logged struct {
	handler *slogHandler
	record  *slog.Record // nil: there is none
}

// logged writes the attributes of a log record, and keeps their names. They are written
// as they come. Where a name comes twice in one object maps put it right: the last
// counts, and groups of one name are one.
func (e *encoder) logged(l logged) {
	w := attrWriter{encoder: e, dst: e.attrs, names: e.names[:0]}
	if w.about(l) && w.within(l.handler.groups, l.record) {
		e.attrs, e.names = w.dst, w.names
		return
	}
	e.names = w.names[:0]
	for name, v := range l.merged() {
		e.names = append(e.names, name)
		e.attrs = e.attr(e.attrs, name, v)
	}
}

// about calls f with what a record says besides its attributes.
func (l logged) about(f func(slog.Attr) bool) bool {
	ok := f(slog.String("level", l.record.Level.String()))
	if at := l.source(); at != "" {
		ok = ok && f(slog.String("source", at))
	}
	if t := l.record.Time; !t.IsZero() && !representable(t) {
		ok = ok && f(slog.String("timestamp", t.UTC().Format(time.RFC3339Nano)))
	}
	return ok
}

// source returns where the record was logged, "" where that is not asked for or
// not known.
func (l logged) source() string {
	if !l.handler.source {
		return ""
	}
	src := l.record.Source()
	if src == nil {
		return ""
	}
	return src.File + ":" + strconv.Itoa(src.Line)
}

// attrWriter writes attributes as they come. Its methods report false when it cannot,
// because a name comes twice.
type attrWriter struct {
	encoder *encoder
	dst     []byte
	names   []string // of the open objects, the outermost one's first
	begin   int      // of the innermost one's among them
	depth   int
}

func (w *attrWriter) about(l logged) bool {
	return l.about(func(a slog.Attr) bool { return w.add(a) })
}

// within writes the groups of a handler, each within the one before, and in the last
// the attributes of the record.
func (w *attrWriter) within(groups []group, r *slog.Record) bool {
	if len(groups) == 0 {
		ok := true
		r.Attrs(func(a slog.Attr) bool {
			ok = w.add(a)
			return ok
		})
		return ok
	}
	g := &groups[0]
	if g.name == "" {
		return w.addAll(g.attrs) && w.within(groups[1:], r)
	}
	o, ok := w.open(g.name)
	if !ok || !w.addAll(g.attrs) || !w.within(groups[1:], r) {
		return false
	}
	w.close(o)
	return true
}

func (w *attrWriter) addAll(attrs []slog.Attr) bool {
	for _, a := range attrs {
		if !w.add(a) {
			return false
		}
	}
	return true
}

// add writes an attribute, by slog's rules for groups.
func (w *attrWriter) add(a slog.Attr) bool {
	v := a.Value.Resolve()
	if a.Key == "" {
		switch {
		case v.Kind() == slog.KindGroup:
			return w.addAll(v.Group())
		case a.Equal(slog.Attr{}):
			return true
		}
	}
	o, ok := w.open(a.Key)
	switch {
	case !ok:
		return false
	case v.Kind() == slog.KindGroup:
		if !w.addAll(v.Group()) {
			return false
		}
		w.close(o)
	default:
		w.leave(o)
		if w.dst = w.appendValue(v); w.depth == 0 {
			w.dst = w.encoder.cut(w.dst, o.value)
		}
	}
	return true
}

// attrObject is a member that is being written.
type attrObject struct {
	start int // of the member, which is a comma
	value int // of its value
	begin int // of the names around it
}

// open begins a member.
func (w *attrWriter) open(name string) (o attrObject, ok bool) {
	if slices.Contains(w.names[w.begin:], name) || w.depth > maxDepth {
		return o, false
	}
	o.start, o.begin = len(w.dst), w.begin
	w.dst = append(rawjson.AppendQuote(append(w.dst, ','), name), ':')
	o.value = len(w.dst)
	w.names = append(w.names, name)
	w.begin = len(w.names)
	w.depth++
	return o, true
}

// leave goes back to the object around a member.
func (w *attrWriter) leave(o attrObject) {
	w.names, w.begin = w.names[:w.begin], o.begin
	w.depth--
}

// close ends a member that is a group: the first comma in it becomes its brace. A group
// with nothing in it is left out.
func (w *attrWriter) close(o attrObject) {
	w.leave(o)
	if len(w.dst) == o.value {
		w.dst, w.names = w.dst[:o.start], w.names[:len(w.names)-1]
		return
	}
	w.dst[o.value] = '{'
	if w.dst = append(w.dst, '}'); w.depth == 0 {
		w.dst = w.encoder.cut(w.dst, o.value)
	}
}

// appendValue appends what a value is in JSON: a duration as people read it, and an
// error by its text.
func (w *attrWriter) appendValue(v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return rawjson.AppendQuote(w.dst, v.String())
	case slog.KindInt64:
		return strconv.AppendInt(w.dst, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(w.dst, v.Uint64(), 10)
	case slog.KindFloat64:
		return appendFloat(w.dst, v.Float64())
	case slog.KindBool:
		return strconv.AppendBool(w.dst, v.Bool())
	case slog.KindTime:
		return append(v.Time().AppendFormat(append(w.dst, '"'), time.RFC3339Nano), '"')
	case slog.KindDuration:
		return append(append(append(w.dst, '"'), v.Duration().String()...), '"')
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return rawjson.AppendQuote(w.dst, errorText(err))
		}
	}
	return w.encoder.shapes.appendValue(w.dst, v.Any(), 2+w.depth)
}

// merged returns the attributes as an object in which each name is there once.
func (l logged) merged() map[string]any {
	m := map[string]any{}
	_ = l.about(func(a slog.Attr) bool {
		put(m, a)
		return true
	})
	inner := m
	for _, g := range l.handler.groups {
		if g.name != "" {
			inner = below(inner, g.name)
		}
		for _, a := range g.attrs {
			put(inner, a)
		}
	}
	l.record.Attrs(func(a slog.Attr) bool {
		put(inner, a)
		return true
	})
	prune(m)
	return m
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
			return errorText(err)
		}
	}
	return v.Any()
}
