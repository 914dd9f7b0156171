package otlp

import (
	"errors"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// jsonWalk goes through a request once, down to its records: what it goes into is
// not skipped first. It checks all that it passes.
type jsonWalk struct {
	d               *decoder
	b               []byte
	scopes, records []string
	err             error // ends the walk
	broken          bool  // the request is no JSON, which ends it too
}

// stop ends the walk: the request is no JSON here. It returns the offset to go on from.
func (w *jsonWalk) stop() int {
	w.broken = true
	return len(w.b)
}

// skip returns the offset of the end of the value at an offset.
func (w *jsonWalk) skip(at int) int {
	end, err := rawjson.Scan(w.b, at, w.d.jsonDepth())
	if err != nil {
		return w.stop()
	}
	return end
}

// members calls f for each member of the object at an offset, with the key and the
// offset of the value; f returns the offset of the value's end. It returns that of
// the object's; of anything but an object the end.
func (w *jsonWalk) members(at int, f func(key []byte, at int) int) int {
	return w.ended(w.d.eachMember(w.b, at, func(key []byte, at int) (int, error) {
		end := f(key, at)
		return end, w.stopped()
	}))
}

// elements is members for the elements of an array.
func (w *jsonWalk) elements(at int, f func(at int) int) int {
	return w.ended(w.d.eachElement(w.b, at, func(at int) (int, error) {
		end := f(at)
		return end, w.stopped()
	}))
}

// stopped returns an error once the walk has ended.
func (w *jsonWalk) stopped() error {
	if w.err == nil && w.broken {
		return errNotJSON
	}
	return w.err
}

// ended returns the offset to go on from behind an object or an array, which an error
// has ended.
func (w *jsonWalk) ended(end int, err error) int {
	if err != nil {
		return w.stop() // which ends the levels above too
	}
	return end
}

// keyJSON returns the quoted key at an offset, and the offset of its value.
func keyJSON(b []byte, at int) (key []byte, value int, ok bool) {
	if at >= len(b) || b[at] != '"' {
		return nil, 0, false
	}
	end := rawjson.PlainEnd(b, at)
	if end == 0 {
		var err error
		if end, err = rawjson.Scan(b, at, 0); err != nil {
			return nil, 0, false
		}
	}
	value = rawjson.SkipSpace(b, end)
	if value >= len(b) || b[value] != ':' {
		return nil, 0, false
	}
	return b[at:end], rawjson.SkipSpace(b, value+1), true
}

// followed returns the offset of the next member or element where a comma follows the
// value that ends at an offset, and else that of the end of the object or array, which
// the given bracket closes; 0 where neither is there.
func followed(b []byte, at int, closing byte) (next int, more bool) {
	at = rawjson.SkipSpace(b, at)
	switch {
	case at >= len(b):
		return 0, false
	case b[at] == ',':
		return rawjson.SkipSpace(b, at+1), true
	case b[at] == closing:
		return at + 1, false
	}
	return 0, false
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
			end := w.skip(at)
			if !w.broken {
				broken, seen = w.d.resourceJSON(res, w.b[at:end]), true
			}
			return end
		case isKey(key, "schemaUrl"):
			res.Schema = w.text(at)
		case isOneOf(key, w.scopes) && seen:
			return scopes(at)
		case isOneOf(key, w.scopes):
			early = append(early, at)
		}
		return w.skip(at)
	})
	for _, at := range early {
		scopes(at)
	}
	return end
}

// text returns the string at an offset, "" where there is none.
func (w *jsonWalk) text(at int) string {
	if end := w.skip(at); !w.broken {
		return stringOf(w.b[at:end])
	}
	return ""
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
			end := w.skip(at)
			if w.broken {
				return end
			}
			if err := w.d.scopeJSON(scope, w.b[at:end]); err != nil && broken == nil {
				broken = err
			}
			seen = true
			return end
		case isKey(key, "schemaUrl"):
			scope.Schema = w.text(at)
		case isOneOf(key, w.records) && seen:
			return records(at)
		case isOneOf(key, w.records):
			early = append(early, at)
		}
		return w.skip(at)
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
		if end = w.skip(at); w.broken {
			return end
		}
		size = end - at
	}
	w.err = w.d.record(size, res, scope, func(s *dialect.Span, l *dialect.LogRecord) (size int, err error) {
		switch {
		case broken != nil:
			return 0, broken
		case at >= len(w.b) || w.b[at] != '{':
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
		end = w.skip(at)
	}
	return end
}

// errNotJSON says that what was to be read is no JSON. Whoever reads a request then
// finds out where.
var errNotJSON = errors.New("it is not JSON")

// scanJSON returns the offset of the end of the value at an offset.
func (d *decoder) scanJSON(b []byte, at int) (int, error) { return rawjson.Scan(b, at, d.jsonDepth()) }

// eachMember calls f for each member of the object at an offset, with the key, quoted,
// and the offset of the value; f returns the offset of the value's end. It returns that
// of the object's; of anything but an object the end. The first error of f ends it, or
// that it is no JSON.
func (d *decoder) eachMember(b []byte, at int, f func(key []byte, at int) (int, error)) (int, error) {
	if at >= len(b) || b[at] != '{' {
		return d.scanJSON(b, at)
	}
	if at = rawjson.SkipSpace(b, at+1); at < len(b) && b[at] == '}' {
		return at + 1, nil
	}
	for {
		key, value, ok := keyJSON(b, at)
		if !ok {
			return at, errNotJSON
		}
		end, err := f(key, value)
		if err != nil {
			return end, err
		}
		next, more := followed(b, end, '}')
		if next == 0 {
			return end, errNotJSON
		}
		if at = next; !more {
			return at, nil
		}
	}
}

// eachElement is eachMember for the elements of an array.
func (d *decoder) eachElement(b []byte, at int, f func(at int) (int, error)) (int, error) {
	if at >= len(b) || b[at] != '[' {
		return d.scanJSON(b, at)
	}
	if at = rawjson.SkipSpace(b, at+1); at < len(b) && b[at] == ']' {
		return at + 1, nil
	}
	for {
		end, err := f(at)
		if err != nil {
			return end, err
		}
		next, more := followed(b, end, ']')
		if next == 0 {
			return end, errNotJSON
		}
		if at = next; !more {
			return at, nil
		}
	}
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
