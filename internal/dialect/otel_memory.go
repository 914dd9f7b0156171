package dialect

import (
	"strings"
	"sync"

	"github.com/hansardhq/hansard"
)

// Memory of a mapper. A batch makes thousands of events, with their attributes and
// texts, which all go when the batch was taken: to allocate each, and to have the
// garbage collector find and sweep it, costs a third of the mapping.

// slabEvents is how many events are allocated at a time.
const slabEvents = 32

// What a mapper may keep for the next batch.
const (
	keptSlabs  = 64
	keptChunks = 32
)

// mappers are those that nobody uses.
var mappers = sync.Pool{New: func() any {
	return &otelMapper{origins: map[*Resource]*origin{}, scopes: map[*Scope][]byte{}, spans: map[spanKey]int{}, logIDs: map[string]int{}}
}}

// Lend maps a batch as Map does and lends use the readings: they, their events and
// what those hold are valid until it returns, strings excepted, which stay. It
// returns use's error.
func (o *OTel) Lend(b *Batch, use func([]Reading) error) error {
	m := mappers.Get().(*otelMapper)
	m.leftOver, m.batch = o.LeftOver, b
	err := use(m.read())
	m.release()
	mappers.Put(m) // not after a panic: nobody knows what it holds then
	return err
}

// release makes the mapper ready for the next batch. It keeps nothing of this one
// alive.
func (m *otelMapper) release() {
	for _, e := range m.list {
		*e = hansard.Event{}
	}
	clear(m.list)
	clear(m.out)
	m.list, m.out, m.batch, m.traceloops = m.list[:0], m.out[:0], nil, nil
	if len(m.slabs) > keptSlabs {
		m.slabs, m.list, m.out = m.slabs[:keptSlabs:keptSlabs], nil, nil
	}
	m.lastResource, m.lastOrigin, m.lastScope, m.lastScopeJSON = nil, nil, nil, nil
	m.lastParent, m.lastParentID = nil, ""
	clear(m.origins)
	clear(m.scopes)
	clear(m.spans)
	clear(m.logIDs)
	m.json.reset()
	r := &m.r
	clear(r.moved[:cap(r.moved)])
	clear(r.facts[:cap(r.facts)])
	m.r = otelReading{used: r.used, inField: r.inField, moved: r.moved, facts: r.facts}
}

// event returns a new event, and notes it in the list of all.
func (m *otelMapper) event() *hansard.Event {
	n := len(m.list)
	if n/slabEvents == len(m.slabs) {
		m.slabs = append(m.slabs, new([slabEvents]hansard.Event))
	}
	e := &m.slabs[n/slabEvents][n%slabEvents]
	m.list = append(m.list, e)
	return e
}

// labelChunk is how many labels are allocated at a time.
const labelChunk = 256

// label adds a label to an event, as the function does.
func (m *otelMapper) label(e *hansard.Event, name string) {
	if len(e.Labels) > 0 {
		label(e, name)
		return
	}
	if len(m.labels) == 0 {
		m.labels = make([]string, labelChunk)
	}
	e.Labels, m.labels = m.labels[:1:1], m.labels[1:]
	e.Labels[0] = name
}

// chunk is how much a jsonArena allocates at a time.
const chunk = 64 << 10

// jsonArena is memory for JSON, given piece by piece.
type jsonArena struct {
	chunks [][]byte // those before the last are full
	n      int      // chunks in use
}

// room returns an empty slice for a piece of about n bytes: it may be appended to,
// beyond n too, and is then given to keep before another room is asked for.
func (a *jsonArena) room(n int) []byte {
	if n > chunk/4 {
		return make([]byte, 0, n)
	}
	if a.n == 0 || cap(a.chunks[a.n-1])-len(a.chunks[a.n-1]) < n {
		if a.n == len(a.chunks) {
			a.chunks = append(a.chunks, make([]byte, 0, chunk))
		}
		a.n++
	}
	c := a.chunks[a.n-1]
	return c[len(c):]
}

// keep keeps a piece that was appended to a room, and returns it with no room
// behind it.
func (a *jsonArena) keep(b []byte) []byte {
	if a.n > 0 && len(b) > 0 {
		last := &a.chunks[a.n-1]
		if c := *last; cap(b) == cap(c)-len(c) && len(b) <= cap(c)-len(c) && &c[:len(c)+1][len(c)] == &b[0] {
			*last = c[:len(c)+len(b)]
		}
	}
	return b[:len(b):len(b)]
}

// reset makes all memory free.
func (a *jsonArena) reset() {
	if len(a.chunks) > keptChunks {
		a.chunks = a.chunks[:keptChunks:keptChunks]
	}
	for i := range a.chunks {
		a.chunks[i] = a.chunks[i][:0]
	}
	a.n = 0
}

// Texts is memory for short strings. They share it with each other, and it is
// never used again. The zero Texts is ready; it must not be copied.
type Texts struct{ b strings.Builder }

// textChunk is how much is allocated at a time.
const textChunk = 16 << 10

// join returns the parts as one string.
func (t *Texts) join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > longText {
		return strings.Join(parts, "")
	}
	start := t.need(n)
	for _, p := range parts {
		t.b.WriteString(p)
	}
	return t.b.String()[start:]
}

// Copy returns the bytes as a string.
func (t *Texts) Copy(b []byte) string {
	if len(b) > longText {
		return string(b)
	}
	start := t.need(len(b))
	t.b.Write(b)
	return t.b.String()[start:]
}

// need makes room for n bytes and returns where they begin. A Builder only ever
// appends, so what it returned before stays.
func (t *Texts) need(n int) int {
	if t.b.Cap()-t.b.Len() < n {
		t.b = strings.Builder{}
		t.b.Grow(textChunk)
	}
	return t.b.Len()
}
