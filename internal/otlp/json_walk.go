package otlp

import (
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// jsonWalk goes through a request once, down to its records: what it goes into is
// not skipped first. The request is valid JSON.
type jsonWalk struct {
	d               *decoder
	b               []byte
	scopes, records []string
	err             error // ends the walk
}

// members calls f for each member of the object at an offset, with the key and the
// offset of the value; f returns the offset of the value's end. It returns that of
// the object's; of anything but an object the end.
func (w *jsonWalk) members(at int, f func(key []byte, at int) int) int {
	b := w.b
	if at >= len(b) || b[at] != '{' {
		return rawjson.Skip(b, at)
	}
	for at = rawjson.SkipSpace(b, at+1); at < len(b) && b[at] == '"'; {
		end := rawjson.Skip(b, at)
		key := b[at:end]
		at = f(key, rawjson.SkipSpace(b, rawjson.SkipSpace(b, end)+1)) // past the colon
		if at = rawjson.SkipSpace(b, at); at < len(b) && b[at] == ',' {
			at = rawjson.SkipSpace(b, at+1)
		}
	}
	return at + 1
}

// elements is members for the elements of an array.
func (w *jsonWalk) elements(at int, f func(at int) int) int {
	b := w.b
	if at >= len(b) || b[at] != '[' {
		return rawjson.Skip(b, at)
	}
	for at = rawjson.SkipSpace(b, at+1); at < len(b) && b[at] != ']'; {
		if w.err != nil {
			return len(b) // which ends the levels above too
		}
		if at = rawjson.SkipSpace(b, f(at)); at < len(b) && b[at] == ',' {
			at = rawjson.SkipSpace(b, at+1)
		}
	}
	return at + 1
}

// resource reads ResourceSpans or ResourceLogs. What it is of is expected behind
// the resource, and gone back to where it stands before it.
func (w *jsonWalk) resource(at int) int {
	res := &dialect.Resource{}
	var broken error
	seen, early := false, []int(nil)
	scopes := func(at int) int {
		return w.elements(at, func(at int) int { return w.scope(res, broken, at) })
	}
	end := w.members(at, func(key []byte, at int) int {
		switch {
		case isKey(key, "resource"):
			end := rawjson.Skip(w.b, at)
			broken, seen = w.d.resourceJSON(res, w.b[at:end]), true
			return end
		case isKey(key, "schemaUrl"):
			res.Schema = stringOf(w.b[at:rawjson.Skip(w.b, at)])
		case isOneOf(key, w.scopes) && seen:
			return scopes(at)
		case isOneOf(key, w.scopes):
			early = append(early, at)
		}
		return rawjson.Skip(w.b, at)
	})
	for _, at := range early {
		scopes(at)
	}
	return end
}

// scope reads ScopeSpans or ScopeLogs. broken says that the resource cannot be read:
// then none of its records is taken.
func (w *jsonWalk) scope(res *dialect.Resource, broken error, at int) int {
	scope := &dialect.Scope{}
	seen, early := false, []int(nil)
	records := func(at int) int {
		return w.elements(at, func(at int) int { return w.record(res, scope, broken, at) })
	}
	end := w.members(at, func(key []byte, at int) int {
		switch {
		case isKey(key, "scope"):
			end := rawjson.Skip(w.b, at)
			if err := w.d.scopeJSON(scope, w.b[at:end]); err != nil && broken == nil {
				broken = err
			}
			seen = true
			return end
		case isKey(key, "schemaUrl"):
			scope.Schema = stringOf(w.b[at:rawjson.Skip(w.b, at)])
		case isOneOf(key, w.records) && seen:
			return records(at)
		case isOneOf(key, w.records):
			early = append(early, at)
		}
		return rawjson.Skip(w.b, at)
	})
	for _, at := range early {
		records(at)
	}
	return end
}

// record reads one span or log record, and returns the offset of its end. Where the
// request ends before the record can be too long, it is not gone through to know how
// long it is.
func (w *jsonWalk) record(res *dialect.Resource, scope *dialect.Scope, broken error, at int) int {
	end, size := 0, 0
	if len(w.b)-at > w.d.limits.Record {
		end = rawjson.Skip(w.b, at)
		size = end - at
	}
	w.err = w.d.record(size, res, scope, func(s *dialect.Span, l *dialect.LogRecord) (size int, err error) {
		switch {
		case broken != nil:
			return 0, broken
		case w.b[at] != '{':
			return 0, invalid("it is no JSON object")
		case s != nil:
			end, err = w.d.spanJSON(s, w.b, at)
		default:
			end, err = w.d.logJSON(l, w.b, at)
		}
		if err != nil {
			end = 0 // of what was read last
		}
		return end - at, err
	})
	if end == 0 {
		end = rawjson.Skip(w.b, at)
	}
	return end
}

// eachMember calls f for each member of the object at an offset of valid JSON, with
// the key, quoted, and the offset of the value; f returns the offset of the value's
// end. It returns that of the object's; of anything but an object the end. The first
// error of f ends it.
func eachMember(b []byte, at int, f func(key []byte, at int) (int, error)) (int, error) {
	if at >= len(b) || b[at] != '{' {
		return rawjson.Skip(b, at), nil
	}
	for at = rawjson.SkipSpace(b, at+1); at < len(b) && b[at] == '"'; {
		end, _ := rawjson.StringEnd(b, at)
		key := b[at:end]
		var err error
		if at, err = f(key, rawjson.SkipSpace(b, rawjson.SkipSpace(b, end)+1)); err != nil { // past the colon
			return at, err
		}
		if at = rawjson.SkipSpace(b, at); at < len(b) && b[at] == ',' {
			at = rawjson.SkipSpace(b, at+1)
		}
	}
	return at + 1, nil
}

// eachElement is eachMember for the elements of an array.
func eachElement(b []byte, at int, f func(at int) (int, error)) (int, error) {
	if at >= len(b) || b[at] != '[' {
		return rawjson.Skip(b, at), nil
	}
	for at = rawjson.SkipSpace(b, at+1); at < len(b) && b[at] != ']'; {
		var err error
		if at, err = f(at); err != nil {
			return at, err
		}
		if at = rawjson.SkipSpace(b, at); at < len(b) && b[at] == ',' {
			at = rawjson.SkipSpace(b, at+1)
		}
	}
	return at + 1, nil
}

// isOneOf reports whether a quoted key is one of the names.
func isOneOf(k []byte, names []string) bool {
	for _, name := range names {
		if isKey(k, name) {
			return true
		}
	}
	return false
}
