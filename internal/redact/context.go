package redact

// Words that stand near a number and say what it is.

// nearPhone reports whether a word for telephones stands in the 40 bytes before
// d's run, on the same line.
func (d *digitRun) nearPhone() bool {
	return d.start-d.context.start <= 40 && d.context.has(&d.context.phone, phoneWords)
}

// nearCard is nearPhone for words for payment cards.
func (d *digitRun) nearCard() bool {
	return d.start-d.context.start <= 40 && d.context.has(&d.context.card, cardWords)
}

// followed reports whether one of the lower-case words stands in the 24 bytes
// behind d.
func (d *digitRun) followed(words []string) bool {
	return wordBetween(d.b, d.end, min(len(d.b), d.end+24), words)
}

// wordBefore reports whether one of the lower-case words stands within 40 bytes
// before b[i], on the same line.
func wordBefore(b []byte, i int, words []string) bool {
	const reach = 40
	from := max(0, i-reach)
	for j := i - 1; j >= from; j-- {
		if b[j] == '\n' {
			from = j + 1
			break
		}
	}
	return wordBetween(b, from, i, words)
}

// wordBetween reports whether one of the lower-case words stands in b[from:to],
// not inside a longer word.
func wordBetween(b []byte, from, to int, words []string) bool {
	for j := from; j < to; j++ {
		if j > 0 && isLetter(b[j]) && isLetter(b[j-1]) && !(isUpper(b[j]) && !isUpper(b[j-1])) {
			continue
		}
		if j >= 4 && string(b[j-4:j]) == "pii:" {
			continue // a pseudonym's kind is no context
		}
		for _, w := range words {
			if j+len(w) <= to && hasFold(b, j, w) && !isLetter(byteAt(b, j+len(w))) {
				return true
			}
		}
	}
	return false
}

// runContext remembers which words stand before a run, so that a table of
// numbers does not look for them again and again.
type runContext struct {
	b           []byte
	start       int
	phone, card int8 // 0: not looked for yet, 1: there, -1: not there
}

func (c *runContext) has(known *int8, words func() []string) bool {
	if *known == 0 {
		*known = -1
		if wordBefore(c.b, c.start, words()) {
			*known = 1
		}
	}
	return *known > 0
}
