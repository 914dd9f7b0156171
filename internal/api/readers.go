package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

// A read of the record is itself on record. Whatever is below /v1 or /log and is
// read counts as one, without its route doing anything: observe makes a read of
// the request, answer fills in what was asked and how much came back, and what is
// left at the end is noted.

// readNote is what is known of a request that may be a read.
type readNote struct {
	read  bool
	asked []access.Asked
	rows  hansard.Opt[int64]
}

type readNoteKey struct{}

// noteOf returns the note of the request; one that nobody looks at outside of
// observe.
func noteOf(ctx context.Context) *readNote {
	if n, ok := ctx.Value(readNoteKey{}).(*readNote); ok {
		return n
	}
	return &readNote{}
}

// noted serves a request and puts it on record if it was a read.
func (s *Server) noted(next http.Handler, w *recorder, r *http.Request) {
	n := &readNote{read: r.Method == http.MethodGet && readable(r.URL.Path)}
	ctx := context.WithValue(r.Context(), readNoteKey{}, n)
	start := time.Now()
	inner := r.WithContext(ctx)
	// An answer that breaks off, which is a panic, is on record too: some of it
	// may have been read.
	defer func() {
		r.Pattern = inner.Pattern
		s.note(n, r.WithContext(ctx), w.status, start)
	}()
	next.ServeHTTP(w, inner)
}

// note puts a request on record if it was a read.
func (s *Server) note(n *readNote, r *http.Request, status int, start time.Time) {
	id, known := access.IdentityOf(r.Context())
	if !n.read || !readable(r.URL.Path) || r.Pattern == "/" || r.Pattern == "" {
		return
	}
	if tenant, ok := strings.CutPrefix(r.URL.Path, "/log/"); ok {
		reader := access.Public
		if known {
			reader = id.TokenID
		}
		tenant, _, _ = strings.Cut(tenant, "/")
		if status < http.StatusBadRequest {
			s.cfg.Readers.Count(tenant, reader, r.Pattern)
		}
		return
	}
	if known && r.URL.Path == "/v1/complete" { // asked again at every key
		s.cfg.Readers.Count(id.Tenant, id.TokenID, routeOf(r))
		return
	}
	if known {
		if n.asked == nil {
			n.asked = saidInURL(r)
		}
		s.cfg.Readers.Note(access.Read{Tenant: id.Tenant, Reader: id.TokenID, At: start, Route: routeOf(r), Asked: n.asked, Rows: n.rows, Status: status})
	}
}

// saidInURL lists what the URL of a request says, for a route that does not.
func saidInURL(r *http.Request) []access.Asked {
	var list []access.Asked
	if strings.Contains(r.Pattern, "{") {
		list = append(list, access.Asked{Name: "path", Value: r.URL.Path})
	}
	return append(list, saidIn(r.URL.Query())...)
}

// noteBegin puts a read on record that goes on for long: once more than at its
// end, when its rows are known.
func (s *Server) noteBegin(r *http.Request) {
	if id, ok := access.IdentityOf(r.Context()); ok {
		asked := noteOf(r.Context()).asked
		if asked == nil {
			asked = saidInURL(r)
		}
		s.cfg.Readers.Note(access.Read{Tenant: id.Tenant, Reader: id.TokenID, At: time.Now(), Route: routeOf(r), Asked: asked, Status: http.StatusOK})
	}
}

// routeOf returns the method and the pattern of a request.
func routeOf(r *http.Request) string {
	if strings.Contains(r.Pattern, " ") {
		return r.Pattern
	}
	return r.Method + " " + r.Pattern
}

// readable reports whether what is at a path is of the record: not what the server
// says of itself and of the sizes and roots of its logs.
func readable(path string) bool {
	for _, p := range []string{"/v1/version", "/v1/schemas/", "/v1/reindex", "/v1/import", "/v1/session", "/v1/logs", "/v1/verification", "/v1/configuration", "/v1/questions"} {
		if strings.HasPrefix(path, p) {
			return false
		}
	}
	return strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/log/")
}

// claim fills in what a read asked.
func claim(ctx context.Context, in any) *readNote {
	n := noteOf(ctx)
	n.read = true
	n.asked = describe(n.asked[:0], reflect.ValueOf(in))
	return n
}

// maxAsked bounds what is kept of one thing asked, in bytes; SQL may be this long.
const maxAsked = 64 << 10

// describe lists what the fields of a request's input say, by the names that they
// have in the URL or the body. What is absent is left out.
func describe(list []access.Asked, v reflect.Value) []access.Asked {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return list
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return list
	}
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		if !f.IsExported() {
			continue
		}
		if name := nameOf(f); value.Kind() == reflect.Struct || value.Kind() == reflect.Pointer {
			list = describe(list, value)
		} else if !value.IsZero() && name != "" && !bytesIn(value) {
			text := fmt.Sprint(value.Interface())
			list = append(list, access.Asked{Name: name, Value: text[:min(len(text), maxAsked)]})
		}
	}
	return list
}

// bytesIn reports whether a field is a body as it is: a file, no question.
func bytesIn(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

// nameOf returns the name of an input's field; "" for what is no question, such
// as a format.
func nameOf(f reflect.StructField) string {
	for _, tag := range []string{"query", "path", "json"} {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); name != "" && name != "format" && name != "prices" {
			return name
		}
	}
	return ""
}

// counting is an answer that says how many entries or lines it gives.
type counting interface{ count() int64 }

// count counts the events of traces.
func (o *traceOutput) count() (events int64) {
	for _, t := range o.Body.Traces {
		switch t := t.(type) {
		case trace.Timeline:
			events += int64(len(t.Lines))
		case Trace:
			events += int64(len(t.Events))
		}
	}
	return events
}

// rowsOf returns how many items an answer gives: what it counts itself, else the
// length of its body's list.
func rowsOf(out any) hansard.Opt[int64] {
	if c, ok := out.(counting); ok {
		return hansard.Some(c.count())
	}
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return hansard.Opt[int64]{}
	}
	return lenOf(v.FieldByName("Body"))
}

// eventsOf returns how many events a report is about, where it says so.
func eventsOf(r report.Report) hansard.Opt[int64] {
	v := reflect.Indirect(reflect.ValueOf(r))
	if v.Kind() != reflect.Struct {
		return hansard.Opt[int64]{}
	}
	if n := v.FieldByName("TotalEvents"); n.IsValid() && n.CanInt() {
		return hansard.Some(n.Int())
	}
	return hansard.Opt[int64]{}
}

// lenOf returns the length of a list, or of the first list in a body.
func lenOf(v reflect.Value) hansard.Opt[int64] {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil() {
		if c, ok := v.Interface().(counting); ok {
			return hansard.Some(c.count())
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return hansard.Opt[int64]{}
	}
	if v.CanInterface() {
		if c, ok := v.Interface().(counting); ok {
			return hansard.Some(c.count())
		}
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return hansard.Some(int64(v.Len()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice && v.Type().Field(i).IsExported() && f.Type().Elem().Kind() != reflect.Uint8 {
				return hansard.Some(int64(f.Len()))
			}
		}
	}
	return hansard.Opt[int64]{}
}
