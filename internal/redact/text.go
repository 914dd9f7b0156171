package redact

import (
	"bytes"
	"slices"
)

// hit is a piece of a text that a detector found.
type hit struct {
	start, end int
	kind       kind
	rule       string // of a secret: the rule or the key's name, for the mask
	value      []byte // what was found, where it is encoded in the text
}

// pass is the state of one redaction: what was found so far, and buffers that
// are used again. It is used by one goroutine at a time.
type pass struct {
	e      *Engine
	mac    mac
	counts [numKinds]int64
	failed error // what is wrong with a value of the event
	valid  bool  // its JSON is known to be valid

	// Of the text being scanned.
	hits     []hit
	kept     []hit // what already stands in it in the place of something
	numberTo int   // end of the last number run
	assignTo int   // end of the last assigned secret
	run      []group
	secretTo int // end of the last secret that a rule found

	// Stretches of it that may be encoded text.
	stretches         []stretch
	percentTo, wideTo int    // ends of the last ones of their sort
	plain             []byte // what one stands for
	inner             *pass  // looks through that
	depth             int    // of decoding

	clean   *cleanTexts
	near    nearIDs
	norm    []byte    // a normalised value
	stacks  [][]frame // open containers, by depth of JSON within strings
	decoded [][]byte  // decoded strings, by depth of JSON within strings
}

// maxRounds bounds how often a text is scanned again after a replacement. Each
// round shortens what is left to find; two are the rule.
const maxRounds = 8

// text returns b without what the detectors find in it, and whether that
// changed anything. It scans what it wrote until there is nothing to find: two
// values side by side can hide each other, and a redacted text must stay as it
// is when it comes again.
func (p *pass) text(b []byte) ([]byte, bool) {
	hits := p.find(b)
	if len(hits) == 0 {
		return b, false
	}
	if h := hits[0]; h.end-h.start == len(b) && p.e.detectors[h.kind].action == ActionHash {
		return p.replace(b, hits), true // a pseudonym and no more, in which nothing is found
	}
	for range maxRounds {
		b = p.replace(b, hits)
		if hits = p.find(b); len(hits) == 0 {
			return b, true
		}
	}
	// Not reached by any known text; then nothing of it may remain.
	return p.substitute(nil, secret, "unstable", b), true
}

// find returns the hits in b, in order and without overlaps. They are valid
// until the next call.
func (p *pass) find(b []byte) []hit {
	if len(b) < 4 {
		return nil
	}
	t := p.e.triggers
	i, of := t.next(b, 0, anything)
	if of == 0 && len(b) < minEncoded {
		return nil
	}
	p.reset()
	for ; of != 0; i, of = t.next(b, i, anything) {
		i = max(i+1, p.wake(b, i, of)-3) // what follows may begin with its last bytes
	}
	p.decode(b)
	if len(p.hits) == 0 {
		return nil
	}
	return p.resolve()
}

// reset forgets the text that was scanned before.
func (p *pass) reset() {
	p.hits, p.kept, p.stretches = p.hits[:0], p.kept[:0], p.stretches[:0]
	p.numberTo, p.secretTo, p.assignTo, p.percentTo, p.wideTo = 0, 0, 0, 0, 0
}

// decode looks into what may be encoded in b.
func (p *pass) decode(b []byte) {
	if p.depth >= maxEncoded {
		return
	}
	if len(b) >= minEncoded {
		p.sample(b)
	}
	if len(p.stretches) > 0 {
		p.decodeStretches(b)
	}
}

// wake runs what may begin or stand at b[i] and returns the offset from which
// scanning goes on, or a smaller one to go on behind b[i].
func (p *pass) wake(b []byte, i int, of buckets) int {
	to := 0
	if of&anyWord != 0 {
		to = p.wordsAt(b, i)
	}
	if of&anyForm != 0 {
		to = max(to, p.formAt(b, i))
	}
	if of&ofNumber != 0 {
		to = max(to, p.number(b, i))
	}
	if of&ofName != 0 {
		p.assignedAt(b, i+2)
	}
	if of&ofAt != 0 {
		p.at(b, i)
	}
	return to
}

// wordsAt judges what stands at the keywords around b[i].
func (p *pass) wordsAt(b []byte, i int) int {
	words := p.e.triggers.wordsAt(b, i)
	for j := range words {
		w := &words[j]
		if !w.at(b, i) {
			continue
		}
		start, replaced := i-w.off, 0
		switch w.rule {
		case birthWord:
			p.birthTold(b, start, start+len(w.text))
		case pseudonymWord:
			replaced = pseudonymLen(b[start:])
		case maskWord:
			replaced = maskLen(b[start:])
		case commandWord: // matters to quiet
		default:
			p.secretRule(b, start, start+len(w.text), w.rule)
		}
		if replaced > 0 {
			p.kept = append(p.kept, hit{start: start, end: start + replaced})
			return start + replaced
		}
	}
	return 0
}

// formAt judges the account number or the address around b[i].
func (p *pass) formAt(b []byte, i int) int {
	to := p.ibanAt(b, i)
	if byteAt(b, i+1) == nulByte {
		p.wideAt(b, i)
	}
	if !p.e.on(ip) {
		return to
	}
	switch c := byteAt(b, i+1); {
	case c == '.' && isDigit(b[i]):
		p.ipv4(b, i)
	case c == ':':
		p.ipv6(b, i)
	}
	return to
}

// at judges the address around the @ that b[i:] spells or follows.
func (p *pass) at(b []byte, i int) {
	switch {
	case b[i+1] == '@':
		p.emailAt(b, i+1, 1)
		return
	case b[i] == '%':
		p.percentAt(b, i)
	}
	p.encodedAt(b, i)
}

// hit notes b[start:end] unless it is allowed or already replaced.
func (p *pass) hit(b []byte, k kind, rule string, start, end int) {
	d := &p.e.detectors[k]
	if d.action == ActionKeep || start >= end || isReplaced(b[start:end]) {
		return
	}
	if d.allows() {
		p.norm = p.e.normalise(p.norm[:0], k, b[start:end])
		if d.allowed(p.norm) {
			return
		}
	}
	p.hits = append(p.hits, hit{start: start, end: end, kind: k, rule: rule})
}

// resolve sorts the hits and drops those that overlap a stronger one, or that
// reach into a pseudonym without holding all of it.
func (p *pass) resolve() []hit {
	slices.SortFunc(p.hits, func(a, b hit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	out := p.hits[:0]
	for _, h := range p.hits {
		if p.cutsKept(h) {
			continue
		}
		if n := len(out); n > 0 && h.start < out[n-1].end {
			last := &out[n-1]
			// The loser may stick out; the next round finds what is left of it.
			if h.kind < last.kind && !(n > 1 && h.start < out[n-2].end) {
				*last = h
			}
			continue
		}
		out = append(out, h)
	}
	return out
}

func (p *pass) cutsKept(h hit) bool {
	for _, k := range p.kept {
		if h.start < k.end && k.start < h.end && (h.start > k.start || h.end < k.end || h.end-h.start == k.end-k.start) {
			return true
		}
	}
	return false
}

// replace returns a copy of b with the hits replaced, and counts them.
func (p *pass) replace(b []byte, hits []hit) []byte {
	out := make([]byte, 0, len(b)+24*len(hits))
	last := 0
	for _, h := range hits {
		out = append(out, b[last:h.start]...)
		value := h.value
		if value == nil {
			value = b[h.start:h.end]
		}
		out = p.substitute(out, h.kind, h.rule, value)
		last = h.end
	}
	return append(out, b[last:]...)
}

// substitute appends what stands in the place of a value, and counts it.
func (p *pass) substitute(dst []byte, k kind, rule string, value []byte) []byte {
	p.counts[k]++
	switch p.e.detectors[k].action {
	case ActionDrop:
		return dst
	case ActionMask:
		dst = append(append(dst, '['), k.String()...)
		if k == secret {
			dst = append(append(dst, ':'), rule...)
		}
		return append(dst, ']')
	}
	p.norm = p.e.normalise(p.norm[:0], k, value)
	return p.mac.append(dst, k, p.norm)
}

// trim returns b without white space around it.
func trim(b []byte) []byte { return bytes.TrimSpace(b) }
