package redact

import "bytes"

// Assignments in text: "password": "x", password=x, Authorization: Bearer x,
// <password>x</password>, and escaped forms of these.

// maxValue bounds an assigned value in bytes.
const maxValue = 16 << 10

// maxBare bounds an assigned value without quotes in bytes; longer ones are
// known to be secrets by their own form, if they are.
const maxBare = 4 << 10

// wideColon is the colon of Chinese and Japanese text, U+FF1A.
const wideColon = "\uff1a"

// assign judges the assignment whose separator is at b[i].
func (p *pass) assign(b []byte, i int) {
	if i < p.assignTo {
		return // inside a value that is replaced
	}
	if b[i] == ',' {
		p.pairInText(b, i)
		return
	}
	v := valueStart(b, i)
	if v < 0 {
		return
	}
	k := i
	for k > 0 && i-k < maxKeyTail && isKeyTail(b[k-1]) {
		k--
	}
	name, start := p.e.names.before(b[:k])
	if name == nil {
		return
	}
	if b[i] == '>' && (k != i || byteAt(b, i+1) == '=' || !inTag(b, start)) {
		return
	}
	if name.class == typed {
		p.assignTyped(b, v, name)
		return
	}
	limit := maxBare
	if name.class == likely {
		limit = maxBare / 16 // such names stand everywhere in code
	}
	a := assigned(b, v, limit)
	if name.class == header && !a.quoted && b[i] == ':' {
		// Judged by its beginning, replaced to its end.
		if a.end = headerEnd(b[:min(len(b), a.start+512)], a.start); a.end > a.start && !headerSecret(b[a.start:a.end], false) {
			return
		}
		a.end = headerEnd(b, a.start)
	}
	val := b[a.start:a.end]
	if len(val) == 0 || isReplaced(val) || !name.accepts(b, a, b[i] != ':' && v == i+1 && k == i) {
		return
	}
	p.hit(b, secret, name.rule(), a.start, a.end)
	p.assignTo = a.end
}

// keyTail are the bytes that may stand between a key and its separator, at most
// maxKeyTail of them.
const (
	keyTail    = " \"'\\]*`"
	maxKeyTail = 6
)

// isKeyTail reports whether c is one of keyTail.
func isKeyTail(c byte) bool {
	switch c {
	case ' ', '"', '\'', '\\', ']', '*', '`':
		return true
	}
	return false
}

// assignedAt judges what is assigned to the key whose name may end at b[end],
// before a number perhaps.
func (p *pass) assignedAt(b []byte, end int) {
	if k, _ := p.e.names.atEnd(b[:end]); k == nil {
		return
	}
	i := end
	if c := byteAt(b, i); c == '_' || c == '-' {
		i++
	}
	for n := 0; n < 3 && isDigit(byteAt(b, i)); n++ {
		i++
	}
	for n := 0; n < maxKeyTail && i < len(b) && isKeyTail(b[i]); n++ {
		i++
	}
	switch byteAt(b, i) {
	case ':', '=', '>', wideColon[0]:
		p.assign(b, i)
	case ',':
		if c := b[i-1]; c == '"' || c == '\'' {
			p.assign(b, i)
		}
	}
}

// inTag reports whether the name that starts at b[start] is in an opening tag.
func inTag(b []byte, start int) bool {
	for i := start; i > 0 && start-i < 24; i-- {
		if b[i-1] == '<' {
			return true
		}
		if !isWord(b[i-1]) && b[i-1] != '-' && b[i-1] != ':' {
			return false
		}
	}
	return false
}

// valueStart returns where the value of the assignment at b[i] begins, -1 if
// b[i] is no assignment but a comparison, a scope or a URL.
func valueStart(b []byte, i int) int {
	prev, next := byteAt(b, i-1), byteAt(b, i+1)
	v := i + 1
	switch b[i] {
	case wideColon[0]:
		if !hasFold(b, i, wideColon) {
			return -1
		}
		v += len(wideColon) - 1
	case '=':
		switch {
		case next == '=' || prev == '=' || prev == '!' || prev == '<' || prev == '>' || prev == ':':
			return -1
		case next == '>' || next == '~':
			v++
		}
	case ':':
		switch {
		case next == ':' || prev == ':' || next == '/' && byteAt(b, i+2) == '/':
			return -1
		case next == '=':
			v++
		}
	case '>':
		if prev == '=' || prev == '-' {
			return -1
		}
		return v
	}
	for n := 0; v < len(b) && n < 8 && (b[v] == ' ' || b[v] == '\t' || b[v] == '*'); n++ {
		v++
	}
	return v
}

// assignment is an assigned value.
type assignment struct {
	start, end int
	quoted     bool
}

// assigned returns the value at b[v]: to the closing quote, or as one word of at
// most limit bytes.
func assigned(b []byte, v, limit int) assignment {
	from, q := quoteAt(b, v)
	if c := byteAt(b, q); c == '"' || c == '\'' || c == '`' {
		return assignment{q + 1, closingQuote(b, q+1, b[from:q+1]), true}
	}
	end := v
	for end < len(b) && end-v < limit && !endsWord(b[end]) && !(b[end] >= 0x80 && isWideMark(b, end)) {
		end++
	}
	for end > v && (b[end-1] == '.' || b[end-1] == '\\') {
		end--
	}
	return assignment{v, end, false}
}

// quoteAt returns where the backslashes before a quote at b[v] begin and where
// it may stand itself, behind the letters that Python and others write before
// one: u'x', b"x".
func quoteAt(b []byte, v int) (from, q int) {
	if c := byteAt(b, v) | 0x20; c == 'u' || c == 'b' || c == 'r' || c == 'f' {
		if next := byteAt(b, v+1); next == '"' || next == '\'' || next == '\\' {
			v++
		}
	}
	for q = v; q < len(b) && b[q] == '\\'; q++ {
	}
	return v, q
}

// isWideMark reports whether a mark of Chinese or Japanese text stands at b[i]:
// a comma, a full stop, a bracket.
func isWideMark(b []byte, i int) bool {
	next := byteAt(b, i+1)
	return b[i] == 0xEF && next == 0xBC || b[i] == 0xE3 && next == 0x80
}

func endsWord(c byte) bool {
	switch c {
	case ',', ';', '&', '"', '\'', '`', ')', '}', ']', '<':
		return true
	}
	return isSpace(c)
}

// closingQuote returns where the value before the closing quote (with the
// backslashes that the opening one had) ends. Without one it ends with the line.
func closingQuote(b []byte, i int, quote []byte) int {
	rest := b[i:min(len(b), i+maxValue)]
	if nl := bytes.IndexByte(rest, '\n'); nl >= 0 {
		rest = rest[:nl]
	}
	from := 0
	for {
		n := bytes.Index(rest[from:], quote)
		if n < 0 {
			return i + len(rest)
		}
		n += from
		if len(quote) > 1 || n == 0 || rest[n-1] != '\\' {
			return i + n
		}
		from = n + 1
	}
}

func headerEnd(b []byte, i int) int {
	end := i
	b = b[:min(len(b), i+maxValue)]
	for end < len(b) && b[end] != '\n' && b[end] != '\r' && b[end] != '"' && b[end] != '\'' && b[end] != '`' &&
		!(b[end] == '\\' && (byteAt(b, end+1) == 'n' || byteAt(b, end+1) == 'r' || byteAt(b, end+1) == '"')) {
		end++
	}
	for end > i && isSpace(b[end-1]) {
		end--
	}
	return end
}

// accepts reports whether a value in text is the secret that its key promises.
// tight is: key=value without anything between.
func (k *keyName) accepts(b []byte, a assignment, tight bool) bool {
	val := b[a.start:a.end]
	if isPlaceholder(val) {
		return false
	}
	switch {
	case k.class == likely:
		return (a.quoted || !isCode(b, a)) && k.looksLikely(val)
	case k.class == header:
		return headerSecret(val, a.quoted)
	case a.quoted:
		return !isMessage(val)
	case k.name == "pwd" && (val[0] == '/' || val[0] == '~' || byteAt(val, 1) == ':'):
		return false // the shell's working directory
	case isCode(b, a):
		return false
	case tight:
		return len(val) >= 4
	}
	return mixed(val)
}

// looksLikely judges the value of a key that often holds no secret.
func (k *keyName) looksLikely(val []byte) bool {
	if k.isCode() {
		return isTypedCode(val)
	}
	switch k.name {
	case "pin":
		return false // by key name in JSON only
	case "sig":
		return looksRandom(val, 16) && entropy(val) >= 3.5
	case "pass":
		return mixed(val) && len(val) >= 6
	case "key":
		return looksRandom(val, 20) && entropy(val) >= 3.5 && !isIdentifier(val)
	}
	return looksRandom(val, 16)
}

// isTypedCode reports whether val is a code that a person types in: 4 to 10
// digits, perhaps in two halves.
func isTypedCode(val []byte) bool {
	digits := 0
	for i, c := range val {
		switch {
		case isDigit(c):
			digits++
		case c != ' ' && c != '-' || i != len(val)/2:
			return false
		}
	}
	return digits >= 4 && digits <= 10
}

// headerSecret reports whether val is the value of a header that authenticates.
func headerSecret(val []byte, quoted bool) bool {
	scheme, rest, two := bytes.Cut(val, []byte(" "))
	if !two {
		return bytes.IndexByte(val, '=') > 0 || looksRandom(val, 8) || quoted && len(val) >= 8 && mixed(val)
	}
	switch string(bytes.ToLower(scheme)) {
	case "bearer", "basic", "token", "digest", "apikey", "negotiate", "ntlm", "oauth", "dpop", "aws4-hmac-sha256":
		return len(trim(rest)) >= 4 && !isPlaceholder(trim(rest))
	}
	return bytes.IndexByte(val, '=') > 0 && bytes.IndexByte(val, ';') > 0 || isName(scheme) && looksRandom(trim(rest), 8)
}

// mixed reports whether val has a letter and a digit or a symbol, in one word
// of at least six bytes.
func mixed(val []byte) bool {
	if len(val) < 6 {
		return false
	}
	letters, other := false, false
	for _, c := range val {
		switch {
		case isLetter(c):
			letters = true
		case isDigit(c), c == '!', c == '@', c == '#', c == '$', c == '%', c == '^', c == '*', c == '?', c == '+', c >= 0x80:
			other = true
		case isSpace(c):
			return false
		}
	}
	return letters && other
}
