package redact

// Finding the groups of a number run, and what glues them to their surroundings.

// separator returns the class and length of the separator at b[i]; 0, 0 if
// there is none.
func separator(b []byte, i int) (sepClass, int) {
	switch byteAt(b, i) {
	case ' ':
		return sepSpace, 1
	case '-':
		return sepHyphen, 1
	case '.':
		return sepDot, 1
	case '/':
		if byteAt(b, i-1) != '/' && byteAt(b, i+1) != '/' { // 1//0... is no number
			return sepSlash, 1
		}
	case '(', ')':
		return sepParen, 1
	case '+':
		return sepPlus, 1
	case 0xC2: // no-break space
		if byteAt(b, i+1) == 0xA0 {
			return sepSpace, 2
		}
	case 0xE2: // narrow no-break space, hyphen, no-break hyphen, en dash
		if byteAt(b, i+1) == 0x80 {
			switch byteAt(b, i+2) {
			case 0xAF:
				return sepSpace, 3
			case 0x90, 0x91, 0x93:
				return sepHyphen, 3
			}
		}
	}
	return 0, 0
}

// fewDigits returns the end of the run that begins at b[i] if it has too few
// digits to be anything, else 0. Most numbers end here.
func fewDigits(b []byte, i int) int {
	end, n, seps := i, 0, 0
	for ; i < len(b); i++ {
		c := b[i]
		if isDigit(c) {
			if n++; n >= minDigits {
				return 0
			}
			end, seps = i+1, 0
			continue
		}
		if c >= 0x80 {
			return 0 // perhaps a no-break space; let groups decide
		}
		if seps++; seps > maxSep {
			break
		}
		if _, w := separator(b, i); w == 0 {
			break
		}
	}
	return end
}

// dateAlone returns the end of an ISO date that is a run of its own, else 0:
// most runs in agents' JSON are dates and timestamps.
func dateAlone(b []byte, i int) int {
	const n = len("2024-05-20")
	if len(b)-i < n || b[i+4] != '-' || b[i+7] != '-' || b[i] != '2' && b[i] != '1' {
		return 0
	}
	for _, j := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if !isDigit(b[i+j]) {
			return 0
		}
	}
	c, next := byteAt(b, i+n), byteAt(b, i+n+1)
	switch {
	case isDigit(c) || c >= 0x80 || c == ' ' && isDigit(next) && byteAt(b, i+n+3) != ':':
		return 0 // but "2024-05-20 15:04"
	case c == ' ' && isDigit(next):
		return i + n
	}
	if _, w := separator(b, i+n); w == 0 {
		return i + n
	}
	if _, w := separator(b, i+n+1); w != 0 || isDigit(next) {
		return 0
	}
	return i + n
}

// longAlone returns the end of the run that begins at b[i] if it is one number, too
// long for a phone's, that no issuer of cards begins one with; else 0. Times in
// nanoseconds are such.
func longAlone(b []byte, i int) int {
	const longestPhone = 17
	if mayBeIssued(b[i]) {
		return 0
	}
	end := i
	for end < len(b) && isDigit(b[end]) {
		end++
	}
	if end-i <= longestPhone || byteAt(b, end) >= 0x80 {
		return 0
	}
	if _, w := separator(b, end); w != 0 {
		return 0
	}
	return end
}

// runStart goes back from the digits at b[i] to the beginning of their run.
func runStart(b []byte, i, floor int) int {
	start, seps := i, 0
	for j := i; j > floor; j-- {
		c := b[j-1]
		if isDigit(c) {
			start, seps = j-1, 0
			continue
		}
		if _, n := separator(b, j-1); n != 1 {
			break
		}
		if seps++; seps > maxSep {
			break
		}
	}
	return start
}

// groups appends the groups of the run whose first digit is b[i].
func groups(b []byte, i int, run []group) []group {
	g := group{start: i, sepAt: i, plus: byteAt(b, i-1) == '+', paren: byteAt(b, i-1) == '('}
	if g.plus {
		g.paren = byteAt(b, i-2) == '('
	}
	for {
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		g.end = i
		g.paren = g.paren && byteAt(b, i) == ')'
		run = append(run, g)
		if len(run) == maxGroups {
			return run
		}
		next := group{sepAt: i}
		for n := 0; n < maxSep; n++ {
			class, w := separator(b, i)
			if w == 0 || class == sepSpace && next.sep == sepSpace {
				break
			}
			next.plus = class == sepPlus
			next.paren = class == sepParen && b[i] == '('
			next.sep |= class
			i += w
		}
		if i == next.sepAt || i >= len(b) || !isDigit(b[i]) {
			return run
		}
		next.start = i
		g = next
	}
}

// minCard is the number of digits of the shortest bare card number: with as
// many, a comma is between fields and not in a number.
const minCard = 14

// taint marks the groups that are glued to a letter or to the digits of a
// time, a price or a list, with those glued to them in turn.
func taint(b []byte, run []group) {
	first, last := &run[0], &run[len(run)-1]
	before := first.start
	for before > 0 && (b[before-1] == '(' || b[before-1] == '+') {
		before--
	}
	switch c := byteAt(b, before-1); {
	case isWord(c), c == '#', c == '$', c == '\\' && before == first.start,
		(c == ',' && first.len() < minCard || c == ':') && isDigit(byteAt(b, before-2)):
		first.tainted = unescapedStart(b, first.start, first.end) == first.start && !afterEscape(b, before)
	case c == '-' || c == '.':
		first.hyphened = wordAt(b, before-2)
	case c == '/':
		first.path = wordAt(b, before-2)
	case c >= 0x80:
		first.tainted = isCurrency(b[:before])
	}
	switch c := byteAt(b, last.end); {
	case c == 'x' || c == 'X': // an extension
		last.tainted = !isDigit(byteAt(b, last.end+1))
	case isWord(c), c == '%',
		(c == ',' && last.len() < minCard || c == ':' || c == '.') && isDigit(byteAt(b, last.end+1)):
		last.tainted = true
	case c == '-' && wordAt(b, last.end+1):
		last.hyphened = true
	}
	spread(run)
}

// afterEscape reports whether the word byte before b[i] ends an escape such as
// \n or \u00a0 of JSON within text.
func afterEscape(b []byte, i int) bool {
	if byteAt(b, i-2) == '\\' {
		switch b[i-1] {
		case 'n', 't', 'r', 'b', 'f':
			return true
		}
	}
	return false
}

func isCurrency(b []byte) bool {
	for _, s := range [...]string{"€", "£", "¥", "₹"} {
		if len(b) >= len(s) && string(b[len(b)-len(s):]) == s {
			return true
		}
	}
	return false
}

func spread(run []group) {
	for i := 1; i < len(run); i++ {
		if s := run[i].sep; s != 0 && s&^glue == 0 {
			run[i].tainted = run[i].tainted || run[i-1].tainted
			run[i].hyphened = run[i].hyphened || run[i-1].hyphened
		}
	}
	for i := len(run) - 1; i > 0; i-- {
		if s := run[i].sep; s != 0 && s&^glue == 0 {
			run[i-1].tainted = run[i-1].tainted || run[i].tainted
			run[i-1].hyphened = run[i-1].hyphened || run[i].hyphened
		}
	}
}
