package redact

import "slices"

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
		if isDigit(b[i]) && isDigit(b[i+1]) {
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
	p := &pass{e: e}
	p.mac.use(Key{ID: "k", Secret: make([]byte, MinKeySize)})
	quiet = p.quiet([]byte(json)) && wellFormed([]byte(json))
	_, changed, err = p.walk([]byte(json), 0)
	return quiet, changed, err
}
