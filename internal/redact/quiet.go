package redact

import "github.com/hansardhq/hansard/internal/rawjson"

// Most JSON has nothing in it that is looked for, and it is known from its text
// as it stands, without taking it apart.

// quiet reports whether walking the JSON value b, in which there must be no
// escape, would find nothing. It goes over the text once, with everything that
// find looks for. What is found in a string, or by the name of a key, is found
// here as well, because a quote ends what the end of a text ends; what is found
// here may be nothing. An escape would hide what it stands for.
func (p *pass) quiet(b []byte) bool {
	p.reset()
	t := p.e.triggers
	for i, of := t.next(b, 0, anything); of != 0; i, of = t.next(b, i, anything) {
		to, quiet := p.quietAt(b, i, of)
		if !quiet || len(p.hits) > 0 {
			return false
		}
		i = max(i+1, to-3)
	}
	p.decode(b)
	return len(p.hits) == 0
}

// quietAt is wake for quiet: it may also note a hit.
func (p *pass) quietAt(b []byte, i int, of buckets) (to int, quiet bool) {
	if of&ofAt != 0 || of&anyForm != 0 && p.e.on(ip) { // a version before an address may be another string's
		return 0, false
	}
	if of&ofName != 0 {
		return 0, false
	}
	if of&anyWord != 0 && !p.quietWords(b, i) {
		return 0, false
	}
	if of&anyForm != 0 {
		to = p.ibanAt(b, i)
	}
	if of&ofNumber != 0 {
		if p.e.on(card) && isCardNumber(digitsAround(b, i)) {
			return 0, false
		}
		to = max(to, p.number(b, i))
	}
	return to, true
}

// digitsAround returns the digits in a row around b[i].
func digitsAround(b []byte, i int) []byte {
	end := i
	for i > 0 && isDigit(b[i-1]) {
		i--
	}
	for end < len(b) && isDigit(b[end]) {
		end++
	}
	return b[i:end]
}

// quietWords reports whether none of the keywords around b[i] means anything.
func (p *pass) quietWords(b []byte, i int) bool {
	words := p.e.triggers.wordsAt(b, i)
	for j := range words {
		w := &words[j]
		if !w.at(b, i) {
			continue
		}
		start := i - w.off
		end := start + len(w.text)
		switch w.rule {
		case pseudonymWord, maskWord, commandWord:
			return false
		case birthWord:
			p.birthTold(b, start, end)
			continue
		}
		r := &p.e.rules[w.rule]
		if r.canStand(b, start, end) && (r.atEnd || r.match(b, r.begin(b, start)) != nil) {
			return false
		}
	}
	return true
}

// wellFormed reports whether b is a JSON value without escapes whose structure
// the walker would accept, nested at most 64 deep.
func wellFormed(b []byte) bool {
	objects, depth, i := uint64(0), 0, 0 // objects has a bit for each open container
	for {
		if i = skipSpace(b, i); i >= len(b) {
			return false
		}
		switch c := b[i]; c {
		case '{', '[':
			if depth++; depth > 64 {
				return false
			}
			objects <<= 1
			i = skipSpace(b, i+1)
			if c == '{' {
				objects |= 1
				if byteAt(b, i) != '}' {
					if i = keyEnd(b, i); i < 0 {
						return false
					}
					continue
				}
			} else if byteAt(b, i) != ']' {
				continue
			}
		case '"':
			if i = quoteEnd(b, i); i < 0 {
				return false
			}
		default:
			start := i
			for i < len(b) && !endsScalar(b[i]) {
				i++
			}
			if !isScalar(b[start:i]) {
				return false
			}
		}
		var more bool
		if i, more = closeContainers(b, i, &objects, &depth); !more {
			return i == len(b)
		}
	}
}

// closeContainers reads the ends of containers behind a value, up to the next
// value if there is more; else it returns the end of b, or -1 where b is
// malformed.
func closeContainers(b []byte, i int, objects *uint64, depth *int) (next int, more bool) {
	for *depth > 0 {
		i = skipSpace(b, i)
		switch object := *objects&1 == 1; {
		case byteAt(b, i) == ',':
			if !object {
				return i + 1, true
			}
			i = keyEnd(b, skipSpace(b, i+1))
			return i, i > 0
		case object && byteAt(b, i) == '}', !object && byteAt(b, i) == ']':
			*objects >>= 1
			*depth--
			i++
		default:
			return -1, false
		}
	}
	return skipSpace(b, i), false
}

// skipSpace is rawjson.SkipSpace where there is seldom any.
func skipSpace(b []byte, i int) int {
	if i < len(b) && b[i] > ' ' {
		return i
	}
	return rawjson.SkipSpace(b, i)
}

// quoteEnd returns the end of the string at b[i], -1 if there is none or an
// escape in it.
func quoteEnd(b []byte, i int) int {
	if i = special(b, i+1); i >= len(b) || b[i] != '"' {
		return -1
	}
	return i + 1
}

// keyEnd returns where the value of the member at b[i] begins, or white space
// before it; -1 if there is no key.
func keyEnd(b []byte, i int) int {
	if byteAt(b, i) != '"' {
		return -1
	}
	if i = quoteEnd(b, i); i < 0 {
		return -1
	}
	if i = skipSpace(b, i); byteAt(b, i) != ':' {
		return -1
	}
	return i + 1
}
