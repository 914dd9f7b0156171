package redact

import (
	"slices"

	"github.com/hansardhq/hansard"
)

// RuleIDs returns the ids of the engine's rules.
func RuleIDs(e *Engine) []string {
	var ids []string
	for i := range e.rules {
		ids = append(ids, e.rules[i].ID)
	}
	return ids
}

// BreakEngine makes every secret rule panic.
func BreakEngine(e *Engine) {
	for i := range e.rules {
		e.rules[i].re = nil
	}
}

// Span is a hit in a text.
type Span struct {
	Kind       string
	Start, End int
}

// Find returns what the detectors hit in a text in one round.
func Find(e *Engine, s string) []Span {
	p := &pass{e: e}
	var spans []Span
	for _, h := range p.find([]byte(s)) {
		spans = append(spans, Span{h.kind.String(), h.start, h.end})
	}
	return spans
}

// FindEverywhere is Find without the table: it lets every detector judge every
// place. It says whether that is what Find found.
func FindEverywhere(e *Engine, s string) (everywhere []Span, same bool) {
	p := &pass{e: e}
	b := []byte(s)
	for i := 0; i+3 < len(b); {
		of := ^ofNumber
		if isDigit(b[i]) && isDigit(b[i+1]) && e.triggers.longRun(b, i) {
			of |= ofNumber
		}
		i = max(i+1, p.wake(b, i, of)-3)
	}
	p.decode(b)
	for _, h := range p.resolve() {
		everywhere = append(everywhere, Span{h.kind.String(), h.start, h.end})
	}
	return everywhere, slices.Equal(everywhere, Find(e, s))
}

// Quiet reports whether a JSON value is taken for one without a hit, and what
// walking it does.
func Quiet(e *Engine, json string) (quiet, changed bool, err error) {
	p := &pass{e: e, clean: newCleanTexts()}
	p.mac.use(Key{ID: "k", Secret: make([]byte, MinKeySize)})
	quiet = wellFormed([]byte(json)) && p.quiet([]byte(json))
	_, changed, err = p.walk([]byte(json), 0)
	return quiet, changed, err
}

// Idle reports whether a text is passed over as an id, and what is hit in it.
func Idle(e *Engine, s string) (bool, []Span) {
	return (&pass{e: e}).idle([]byte(s)), Find(e, s)
}

// Next returns each place that the table has for a text, and what it may be a
// part of.
func Next(e *Engine, s string, wanted uint16) (places []int, of []uint16) {
	b := []byte(s)
	for i, k := e.triggers.next(b, 0, buckets(wanted)); k != 0; i, k = e.triggers.next(b, i+1, buckets(wanted)) {
		places, of = append(places, i), append(of, uint16(k))
	}
	return places, of
}

// NextByOne is Next one place at a time.
func NextByOne(e *Engine, s string, wanted uint16) (places []int, of []uint16) {
	t, b := e.triggers, []byte(s)
	for i := range b {
		k := t.first(b[i], byteAt(b, i+1)) & buckets(t.pairs[pair(byteAt(b, i+2), byteAt(b, i+3))]>>16) & buckets(wanted)
		if k = t.confirm(b, i, k); k != 0 {
			places, of = append(places, i), append(of, uint16(k))
		}
	}
	return places, of
}

// RedactAnew is Redact with a pass of its own, which remembers nothing.
func RedactAnew(e *Engine, keys Keys, entry *hansard.Entry) (r Redacted, err error) {
	p := &pass{e: e, clean: newCleanTexts()}
	p.mac.use(keys.Current)
	entry.Persons, err = p.event(&entry.Event)
	entry.Redactions = p.countList()
	return Redacted{entry}, err
}

// Clean are texts that are remembered.
type Clean struct{ c *cleanTexts }

// NewClean returns none.
func NewClean() Clean { return Clean{newCleanTexts()} }

// Has reports whether a text is remembered.
func (c Clean) Has(s string) bool {
	_, known := c.c.has([]byte(s))
	return known
}

// Add remembers a text.
func (c Clean) Add(s string) {
	hash, _ := c.c.has([]byte(s))
	c.c.add(hash, []byte(s))
}

// HasAlike is Has for texts whose hashes are all the same.
func (c Clean) HasAlike(s string) bool {
	if isShort([]byte(s)) {
		return c.c.hasShort(alike, wordOf([]byte(s)))
	}
	return c.c.hasLong(alike, []byte(s))
}

// AddAlike is Add for texts whose hashes are all the same.
func (c Clean) AddAlike(s string) { c.c.add(alike, []byte(s)) }

const alike = 0x0123456789abcdef

// Near are ids that are remembered.
type Near struct{ n nearIDs }

// Has reports whether an id is remembered.
func (n *Near) Has(s string) bool { return n.n.has([]byte(s)) }

// Set remembers an id in the i-th of the three places.
func (n *Near) Set(i uint8, s string) { n.n.set(i, []byte(s)) }
