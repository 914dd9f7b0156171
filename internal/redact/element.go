package redact

import (
	"bytes"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// Names and values side by side in arrays: ["Cookie", "sid=x"], and command
// lines: ["mysql", "-px"].

// noteElement remembers what the string s, which ends at b[end], says of the
// element behind it. If s itself is an argument that ends in a secret, it
// returns where in s that begins, else 0.
func (w *walker) noteElement(top *frame, s []byte, end int) int {
	switch {
	case top.login:
		top.login = false
		return passwordAt(s)
	case len(s) < 2 || len(s) > maxArgument:
		return 0
	case s[0] == '-':
		return w.noteFlag(top, s)
	case top.command == noCommand:
		top.command = commandOf(s)
	}
	if top.index%2 != 0 || len(s) > maxName {
		return 0
	}
	s = bytes.TrimSuffix(s, []byte(":"))
	k := w.p.e.names.under(s)
	if k == nil || !isName(s) || w.listsNames() {
		return 0
	}
	next, two := w.nextString(end)
	if len(next) > 0 && k.pairs(next, two && top.index == 0) && !w.p.e.isFieldName(next) {
		top.flagged = k
	}
	return 0
}

const (
	maxName     = 64      // bytes of a name beside its value
	maxArgument = 4 << 10 // bytes of an argument with a secret in it
)

// nextString returns the text between the quotes of the string behind the comma
// at b[end], and whether the array ends with it; nil if there is no string.
func (w *walker) nextString(end int) (s []byte, last bool) {
	i := rawjson.SkipSpace(w.b, end)
	if byteAt(w.b, i) != ',' {
		return nil, false
	}
	if i = rawjson.SkipSpace(w.b, i+1); byteAt(w.b, i) != '"' {
		return nil, false
	}
	b := w.b[:min(len(w.b), i+maxValue)] // bounded: the time stays linear
	end, _ = stringEnd(b, i)
	if end < 0 {
		return b[i+1:], false
	}
	return b[i+1 : end-1], byteAt(w.b, rawjson.SkipSpace(w.b, end)) == ']'
}

// listsNames reports whether the array is under a key that has a list of names
// of fields and not of their values: JSON schemas, queries.
func (w *walker) listsNames() bool {
	if len(w.stack) < 2 {
		return false
	}
	switch string(w.stack[len(w.stack)-2].key) {
	case "required", "enum", "fields", "columns", "keys", "include", "exclude", "properties", "propertyOrdering", "names":
		return true
	}
	return false
}

// isName reports whether s can be the name of a header, field or variable.
func isName(s []byte) bool {
	for _, c := range s {
		if !isWord(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// isBare reports whether s is a name without a digit: what stands beside a
// secret's name in a list of names.
func isBare(s []byte) bool {
	for _, c := range s {
		if !isLetter(c) && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// isFieldName reports whether s is the name of a secret or of another usual
// field, so that the list it stands in is one of names.
func (e *Engine) isFieldName(s []byte) bool {
	switch string(s) {
	case "username", "user", "email", "login", "name", "id", "url", "host", "role", "address":
		return true
	}
	return isBare(s) && e.names.under(s) != nil
}

// pairs reports whether val is the value that belongs to the name before it. In
// a list that is longer than two it is no bare word.
func (k *keyName) pairs(val []byte, two bool) bool {
	switch {
	case isPlaceholder(val) || isReplaced(val):
		return false
	case k.class == header:
		return headerSecret(val, true) || !isBare(val)
	case k.class == always:
		return two || !isBare(val)
	}
	return true // judged by its form
}

// pairInText judges the pair whose comma is b[i], in a text that is no JSON:
// [('Authorization', 'Bearer x')]. Name and value must be all that is between
// two brackets, and these no call's or index's.
func (p *pass) pairInText(b []byte, i int) {
	quote := i - 1
	for quote > 0 && b[quote-1] == '\\' {
		quote--
	}
	q := b[quote:i]
	k, start := p.e.names.before(b[:quote])
	if k == nil || k.class == typed {
		return
	}
	for start > 0 && quote-start < maxName && isName(b[start-1:start]) {
		start--
	}
	if start -= len(q); start < 1 || string(b[start:start+len(q)]) != string(q) {
		return
	}
	open := b[start-1]
	if open != '[' && open != '(' && open != '{' || wordAt(b, start-2) && !afterEscape(b, start-1) {
		return
	}
	v := i + 1
	for v < len(b) && v-i < 4 && b[v] == ' ' {
		v++
	}
	a := assigned(b, v, maxName)
	if !a.quoted || a.start >= a.end {
		return
	}
	val, end := b[a.start:a.end], a.end+a.start-v
	if c := byteAt(b, end); c != ']' && c != ')' && c != '}' || !k.pairs(val, false) || p.e.isFieldName(val) || k.class == likely && !k.looksLikely(val) {
		return
	}
	p.hit(b, secret, k.rule(), a.start, a.end)
	p.assignTo = a.end
}
