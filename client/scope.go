package client

import "context"

// scope is where in the work something happens: what a context carries.
type scope struct {
	ids     ids
	other   *otherwise // nil: nothing
	members *bundle    // fields of every event here, nil: none
}

// otherwise is what a scope knows besides.
type otherwise struct {
	trace, event string // ids of other forms than ours; they count where ids has none
	state        string // the tracestate of others
	foreign      bool   // the trace came in by headers, with these flags
	flags        byte
}

// known returns what the scope knows otherwise.
func (s *scope) known() otherwise {
	if s.other == nil {
		return otherwise{}
	}
	return *s.other
}

// trace returns the trace id, "" if there is none.
func (s *scope) trace() string {
	if !s.ids.trace.zero() {
		return s.ids.trace.traceText()
	}
	return s.known().trace
}

// span returns the span id, "" if there is none.
func (s *scope) span() string {
	if s.ids.span == 0 {
		return ""
	}
	var b [spanIDLen]byte
	putHex(b[:], s.ids.span)
	return string(b[:])
}

// event returns the id of the parent of what happens here, "" if there is none.
func (s *scope) event() string {
	if !s.ids.event.zero() {
		return s.ids.event.eventText()
	}
	return s.known().event
}

// scopeKey finds the scope in a context.
type scopeKey struct{}

// scoped is a context with a scope. Both in one piece, because every handle
// makes one.
type scoped struct {
	context.Context
	scope scope
}

// Value implements context.Context.
func (c *scoped) Value(key any) any {
	if key == (scopeKey{}) {
		return &c.scope
	}
	return c.Context.Value(key)
}

// scopeOf returns the scope of ctx, nil if it has none.
func scopeOf(ctx context.Context) *scope {
	if ctx == nil {
		return nil
	}
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// With returns a context whose events all have these fields, such as Task,
// Session and User. They win over an agent's, and a call's own win over them.
func With(ctx context.Context, fields ...Field) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	c := &scoped{Context: ctx}
	if s := scopeOf(ctx); s != nil {
		c.scope = *s
	}
	c.scope.members = merge(members(fields), c.scope.members)
	return c
}

// bundle is fields that many events have, in one piece: an event that has none of
// them takes them all at once.
type bundle struct {
	list  []member
	text  []byte    // all of them, each behind a comma
	seen  [2]uint64 // their keys, by bit
	attrs bool      // an attribute is among them
}

// merge returns near, and what far has that near has not. far may be nil.
func merge(near []member, far *bundle) *bundle {
	b := &bundle{list: near[:len(near):len(near)]}
	if far != nil {
		for _, m := range far.list {
			dup := false
			for _, n := range near {
				dup = dup || n.key == m.key && n.name == m.name
			}
			if !dup {
				b.list = append(b.list, m)
			}
		}
	}
	if len(b.list) == 0 {
		return nil
	}
	for _, m := range b.list {
		b.text = append(append(b.text, ','), m.text...)
		b.seen[m.key>>6] |= 1 << (m.key & 63)
		b.attrs = b.attrs || m.key == keyAttribute
	}
	return b
}

// Detach returns a context that carries what ctx says about the work, but not
// its deadline, its cancellation or its other values: for work that goes on after
// the request that began it.
func Detach(ctx context.Context) context.Context {
	c := &scoped{Context: context.Background()}
	if s := scopeOf(ctx); s != nil {
		c.scope = *s
	}
	return c
}

// TraceID returns the trace that ctx is in, "" if none.
func TraceID(ctx context.Context) string {
	if s := scopeOf(ctx); s != nil {
		return s.trace()
	}
	return ""
}
