package redact

// Numbers in JSON, and whole values under the name of their key.

// scalar reads a number, true, false or null.
func (w *walker) scalar(i int, under *keyName) (int, error) {
	end := i
	for end < len(w.b) && !endsScalar(w.b[end]) {
		end++
	}
	if end == i {
		return i, w.malformed(i)
	}
	s := w.b[i:end]
	switch {
	case isLiteral(s):
		return end, nil // they say nothing
	case !isNumber(s):
		return i, w.malformed(i)
	}
	k, name := none, ""
	switch {
	case under != nil && under.takesNumber(s) && w.p.forced(under, s):
		k, name = under.kind, under.rule()
	case w.p.e.on(card) && isCardNumber(s):
		k = card
	}
	if k == none {
		return end, nil
	}
	if w.p.e.detectors[k].action == ActionDrop {
		w.p.counts[k]++
		w.put(i, end, []byte("null"))
		return end, nil
	}
	w.putText(i, end, w.p.substitute(nil, k, name, s))
	return end, nil
}

// isScalar reports whether s is a number or a literal of JSON.
func isScalar(s []byte) bool { return len(s) > 0 && (isNumber(s) || isLiteral(s)) }

func isLiteral(s []byte) bool {
	return string(s) == "true" || string(s) == "false" || string(s) == "null"
}

// isNumber reports whether s has the bytes of a JSON number and no others.
func isNumber(s []byte) bool {
	for _, c := range s {
		if !isDigit(c) && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return false
		}
	}
	return isDigit(s[0]) || s[0] == '-'
}

func endsScalar(c byte) bool {
	switch c {
	case ',', ']', '}', ' ', '\n', '\r', '\t':
		return true
	}
	return false
}

// isCardNumber reports whether a JSON number is a card's: an integer that
// would be one in text as well.
func isCardNumber(s []byte) bool {
	if len(s) < 14 || len(s) > maxDigits {
		return false
	}
	for _, c := range s {
		if !isDigit(c) {
			return false
		}
	}
	usual, _ := issuer(s)
	return usual && luhn(s)
}

// forced reports whether a whole value falls under a key's name: its kind is
// looked for, it is not replaced yet and not allowed.
func (p *pass) forced(under *keyName, s []byte) bool {
	if !p.e.on(under.kind) || len(s) == 0 || isReplaced(s) {
		return false
	}
	d := &p.e.detectors[under.kind]
	if !d.allows() {
		return true
	}
	p.norm = p.e.normalise(p.norm[:0], under.kind, s)
	return !d.allowed(p.norm)
}

// takesText reports whether a string under the key is replaced whole.
func (k *keyName) takesText(s []byte) bool {
	switch {
	case k.class == typed:
		return fits(k.kind, s)
	case len(s) == 0 || isSchemaType(s):
		return false
	case k.class == likely:
		return k.name == "pin" && len(s) <= 12 && onlyNumber(s) || !isPlaceholder(s) && k.looksLikely(s)
	}
	return true
}

// takesNumber reports whether a JSON number under the key is replaced.
func (k *keyName) takesNumber(s []byte) bool {
	switch {
	case k.class == typed:
		return fits(k.kind, s)
	case k.class == likely:
		return k.name == "pin" || k.isCode() && isTypedCode(s)
	}
	return true
}
