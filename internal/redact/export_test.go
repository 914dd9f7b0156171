package redact

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
