package query

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a search.
const (
	MaxLength = 8 << 10 // bytes
	MaxTerms  = 256     // words, phrases, presences and values
	MaxDepth  = 32      // parentheses and negations around a term
)

// Parse reads a search. Relative times, words such as "yesterday" and times
// without a zone are read against now and its location. The error is of
// KindInvalid and wraps a *SyntaxError.
func Parse(search string, now time.Time) (Node, error) {
	if len(search) > MaxLength {
		return nil, refuse(MaxLength, "search too long", "at most 8,192 bytes")
	}
	for i, c := range search {
		if _, n := utf8.DecodeRuneInString(search[i:]); c == utf8.RuneError && n == 1 {
			return nil, refuse(i, "invalid UTF-8", "")
		}
	}
	p := &parser{src: search, now: now}
	p.space()
	if p.end() {
		return And{}, nil
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.end() {
		return nil, refuse(p.pos, "unexpected ')'", "a term or the end")
	}
	return n, nil
}

// parser is a recursive descent over the bytes of the search; MaxDepth bounds
// the recursion.
type parser struct {
	src   string
	pos   int
	now   time.Time
	terms int
	depth int
}

// or reads a disjunction up to the end or a closing parenthesis.
func (p *parser) or() (Node, error) {
	var nodes []Node
	for {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if !p.keyword("OR") {
			break
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return Or{nodes}, nil
}

func (p *parser) and() (Node, error) {
	var nodes []Node
	for {
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if p.keyword("AND") {
			continue
		}
		if p.space(); p.end() || p.src[p.pos] == ')' || p.atKeyword("OR") {
			break
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return And{nodes}, nil
}

func (p *parser) unary() (Node, error) {
	p.space()
	start := p.pos
	switch {
	case p.keyword("NOT"):
	case !p.end() && p.src[p.pos] == '-':
		p.pos++
		if p.end() || !p.startsTerm() {
			return nil, refuse(p.pos, "nothing to negate", `a term right after "-"; quote a text that begins with it`)
		}
	default:
		return p.primary()
	}
	if err := p.enter(start); err != nil {
		return nil, err
	}
	defer p.leave()
	n, err := p.unary()
	if err != nil {
		return nil, err
	}
	return Not{n}, nil
}

// startsTerm reports whether a term may begin at the current byte.
func (p *parser) startsTerm() bool {
	c, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	return c != ')' && !unicode.IsSpace(c)
}

func (p *parser) primary() (Node, error) {
	if p.end() {
		return nil, refuse(p.pos, "search ends", "a term")
	}
	switch p.src[p.pos] {
	case ')':
		return nil, refuse(p.pos, "unexpected ')'", "a term")
	case '(':
		return p.parentheses()
	case '"':
		return p.phrase()
	}
	if p.atKeyword("OR") || p.atKeyword("AND") {
		return nil, refuse(p.pos, "operator without a term before it", "a term")
	}
	return p.wordOrTerm()
}

func (p *parser) parentheses() (Node, error) {
	open := p.pos
	if err := p.enter(open); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.end() {
		return nil, refuse(open, "'(' without its ')'", "')'")
	}
	p.pos++
	return n, nil
}

func (p *parser) phrase() (Node, error) {
	start := p.pos
	s, err := p.quoted()
	if err != nil {
		return nil, err
	}
	if s == "" {
		return nil, refuse(start, "empty phrase", "text between the quotes")
	}
	if err := p.boundary("a space after the phrase"); err != nil {
		return nil, err
	}
	return Text{s}, p.count(start)
}

// wordOrTerm reads a bare word, or a key with what follows its colon.
func (p *parser) wordOrTerm() (Node, error) {
	start := p.pos
	key := p.run(":")
	if !p.end() && p.src[p.pos] == ':' {
		p.pos++
		return p.term(key, start)
	}
	if strings.HasSuffix(key, ".") && !p.end() && p.src[p.pos] == '"' {
		path, err := p.quotedPath(key)
		if err != nil {
			return nil, err
		}
		if p.end() || p.src[p.pos] != ':' {
			return nil, refuse(p.pos, "key without a value", "':'")
		}
		p.pos++
		return p.term(path, start)
	}
	if err := p.boundary("a space; quote text that holds quotes or parentheses"); err != nil {
		return nil, err
	}
	if err := p.count(start); err != nil {
		return nil, err
	}
	if key == "*" {
		return And{}, nil
	}
	if i := strings.IndexByte(key, '*'); i >= 0 {
		return nil, refuse(start+i, "'*' in full text", "part of a word without it, or quotes around it")
	}
	return Text{key}, nil
}

// quotedPath reads the quoted path that follows key, which ends with a dot.
func (p *parser) quotedPath(key string) (string, error) {
	start := p.pos
	path, err := p.quoted()
	if err == nil && path == "" {
		err = refuse(start, "empty path", "text between the quotes")
	}
	return key + path, err
}

// run reads the bytes up to white space, a quote, a parenthesis or one of stop.
func (p *parser) run(stop string) string {
	start := p.pos
	for i, c := range p.src[p.pos:] {
		if c == '"' || c == '(' || c == ')' || unicode.IsSpace(c) || strings.ContainsRune(stop, c) {
			p.pos = start + i
			return p.src[start:p.pos]
		}
	}
	p.pos = len(p.src)
	return p.src[start:]
}

// quoted reads the string in double quotes that begins here.
func (p *parser) quoted() (string, error) {
	start := p.pos
	var b strings.Builder
	for i := start + 1; i < len(p.src); i++ {
		c := p.src[i]
		switch {
		case c == '"':
			p.pos = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(p.src) && (p.src[i+1] == '"' || p.src[i+1] == '\\'):
			i++
			c = p.src[i]
		}
		b.WriteByte(c)
	}
	return "", refuse(start, "quote without its end", `'"'`)
}

// boundary refuses what runs on after a word, a phrase or a value.
func (p *parser) boundary(expected string) error {
	if p.end() || p.src[p.pos] == ')' {
		return nil
	}
	if c, _ := utf8.DecodeRuneInString(p.src[p.pos:]); unicode.IsSpace(c) {
		return nil
	}
	return refuse(p.pos, "unexpected character", expected)
}

func (p *parser) space() {
	rest := strings.TrimLeftFunc(p.src[p.pos:], unicode.IsSpace)
	p.pos = len(p.src) - len(rest)
}

func (p *parser) end() bool { return p.pos == len(p.src) }

// atKeyword reports whether the operator word stands here, as a word of its own.
func (p *parser) atKeyword(word string) bool {
	rest, ok := strings.CutPrefix(p.src[p.pos:], word)
	if !ok || rest == "" {
		return ok
	}
	c, _ := utf8.DecodeRuneInString(rest)
	return c == '(' || c == ')' || c == '"' || unicode.IsSpace(c)
}

// keyword reads the operator word if it comes next.
func (p *parser) keyword(word string) bool {
	p.space()
	if !p.atKeyword(word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *parser) enter(pos int) error {
	if p.depth++; p.depth > MaxDepth {
		return refuse(pos, "nested too deep", "at most 32 levels")
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// count counts a term that began at pos.
func (p *parser) count(pos int) error {
	if p.terms++; p.terms > MaxTerms {
		return refuse(pos, "too many terms", "at most 256")
	}
	return nil
}
