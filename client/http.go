package client

import (
	"context"
	"net/http"
	"strings"
)

// The headers of W3C Trace Context.
const (
	traceparentHeader = "Traceparent"
	tracestateHeader  = "Tracestate"
	// ourMember is our member of tracestate: the event that the next agent's
	// events follow. Its parent id alone names a span, not an event.
	ourMember = "hansard="
)

// Inject writes the trace of ctx into the headers of a request or message, as W3C
// traceparent and tracestate. Without a trace of 32 hexadecimal digits in ctx it
// writes nothing.
func Inject(ctx context.Context, h http.Header) {
	s := scopeOf(ctx)
	if s == nil || !isHex(s.trace(), traceIDLen) {
		return
	}
	trace, span, event, known := s.trace(), s.span(), s.event(), s.known()
	if !isHex(span, spanIDLen) {
		span = trace[:spanIDLen-1] + "1" // a parent id is needed, and no span is open
	}
	flags := "01"
	if known.flags&1 == 0 && known.foreign {
		flags = "00"
	}
	h.Set(traceparentHeader, "00-"+trace+"-"+span+"-"+flags)
	state := known.state
	if event != "" && !strings.ContainsAny(event, ",= ") && len(event) <= 256 {
		state = ourMember + event
		if known.state != "" {
			state += "," + known.state
		}
	}
	if state != "" {
		h.Set(tracestateHeader, state)
	}
}

// Extract returns a context that goes on with the trace that the headers of a
// request or message name. Headers that are missing or malformed change nothing.
func Extract(ctx context.Context, h http.Header) context.Context {
	trace, span, flags, ok := parseTraceparent(h.Get(traceparentHeader))
	if !ok {
		return ctx
	}
	c := &scoped{Context: ctx}
	if s := scopeOf(ctx); s != nil {
		c.scope.members = s.members
	}
	c.scope.other = &otherwise{flags: flags, foreign: true}
	c.scope.other.event, c.scope.other.state = parseTracestate(h.Values(tracestateHeader))
	c.scope.ids = ids{parseTraceID(trace), parseHex(span), parseEventID(c.scope.other.event)}
	return c
}

// parseTraceparent reads the header by W3C Trace Context, section 3.2.2: two
// digits of version, trace id, parent id, flags. A version that we do not know may
// have more behind them.
func parseTraceparent(v string) (trace, span string, flags byte, ok bool) {
	v = strings.TrimSpace(v)
	const size = 55
	if len(v) < size || v[2] != '-' || v[35] != '-' || v[52] != '-' {
		return "", "", 0, false
	}
	version, trace, span := v[:2], v[3:35], v[36:52]
	if !isHex2(version) || version == "ff" || version == "00" && len(v) != size || len(v) > size && v[size] != '-' {
		return "", "", 0, false
	}
	if !isHex(trace, traceIDLen) || !isHex(span, spanIDLen) || !isHex2(v[53:55]) {
		return "", "", 0, false
	}
	return trace, span, digit(v[53])<<4 | digit(v[54]), true
}

// parseTracestate takes our member out of the list; the others stay for those who
// come after us. More than 32 members or 512 characters are not passed on.
func parseTracestate(headers []string) (event, others string) {
	var rest []string
	for _, member := range strings.Split(strings.Join(headers, ","), ",") {
		member = strings.Trim(member, " \t")
		if id, ours := strings.CutPrefix(member, ourMember); ours {
			if len(id) <= 256 && id != "" {
				event = id
			}
		} else if member != "" && strings.Contains(member, "=") {
			rest = append(rest, member)
		}
	}
	if others = strings.Join(rest, ","); len(rest) > 31 || len(others) > 512 || strings.ContainsAny(others, "\r\n") {
		others = ""
	}
	return event, others
}

// isHex reports whether s is n lower-case hexadecimal digits, not all zero.
func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	zero := true
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
		zero = zero && s[i] == '0'
	}
	return !zero
}

func isHex2(s string) bool { return isDigit(s[0]) && isDigit(s[1]) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

// Handler returns an http.Handler that goes on with the trace of each request in
// the context that next gets.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(Extract(r.Context(), r.Header)))
	})
}

// Transport is an http.RoundTripper that sends the trace of each request's context
// along.
type Transport struct {
	Base http.RoundTripper // nil: http.DefaultTransport
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	if s := scopeOf(r.Context()); s != nil && s.trace() != "" {
		r = r.Clone(r.Context()) // a RoundTripper may not change its request
		Inject(r.Context(), r.Header)
	}
	return base.RoundTrip(r)
}
