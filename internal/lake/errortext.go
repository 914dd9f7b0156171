package lake

import (
	"regexp"
	"strings"
	"sync"
)

// What an aggregate can group by that is made of an error's text.
const (
	// ErrorText is the first 100 characters of an error; "" without one.
	ErrorText = "error_text"
	// ErrorPattern is the first 400 characters of an error with its ids and
	// numbers replaced by <id> and <n>, so that messages of one kind are one.
	ErrorPattern = "error_pattern"
)

const (
	errorChars   = 100
	patternChars = 400
)

const errorText = `coalesce(left("error", 100), '')`

// An id is a UUID, or a word of letters and digits: ORD-100234, call_7f3a,
// pii:person:k1:0123456789abcdef. What is left of digits is a number; the unit
// after it stays.
const (
	idPattern     = `\b(?:[0-9a-fA-F]{8}-[0-9a-fA-F-]{8,}|[A-Za-z][A-Za-z_:-]*[0-9][A-Za-z0-9_:-]*|[0-9]+[A-Za-z_-]+[0-9][A-Za-z0-9_-]*)\b`
	numberPattern = `\b[0-9]+(?:[.,:][0-9]+)*`
)

const errorPattern = `regexp_replace(regexp_replace(coalesce(left("error", 400), ''), '` + idPattern + `', '<id>', 'g'), '` + numberPattern + `', '<n>', 'g')`

// ids finds ids as the engine does.
var ids = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(idPattern) })

// errorBegin is errorText of an error.
func errorBegin(text string) string { return begin(text, errorChars) }

// begin returns the first n characters.
func begin(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// errorFolded is errorPattern of an error. An id lies in one run of the letters that
// ids are made of, and has a digit or is hexadecimal with a hyphen: the expression
// is held against such runs only.
func errorFolded(text string) string {
	text = begin(text, patternChars)
	var b strings.Builder
	for len(text) > 0 {
		n, digit, hyphen := 0, false, false
		for n < len(text) && idByte(text[n]) {
			digit, hyphen = digit || text[n]-'0' < 10, hyphen || text[n] == '-'
			n++
		}
		run := text[:n]
		if digit || hyphen && n > 16 {
			run = ids().ReplaceAllLiteralString(run, "<id>")
		}
		b.WriteString(run)
		k := n
		for k < len(text) && !idByte(text[k]) {
			k++
		}
		b.WriteString(text[n:k])
		text = text[k:]
	}
	return withoutNumbers(b.String())
}

func idByte(c byte) bool { return wordByte(c) || c == ':' || c == '-' }

// wordByte reports whether \b takes c for part of a word.
func wordByte(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '_'
}

// withoutNumbers replaces what numberPattern matches.
func withoutNumbers(text string) string {
	digit := func(i int) bool { return i < len(text) && text[i]-'0' < 10 }
	var b strings.Builder
	from := 0
	for i := 0; i < len(text); {
		if !digit(i) || i > 0 && wordByte(text[i-1]) {
			i++
			continue
		}
		b.WriteString(text[from:i])
		b.WriteString("<n>")
		for digit(i) {
			for digit(i) {
				i++
			}
			if i+1 < len(text) && (text[i] == '.' || text[i] == ',' || text[i] == ':') && digit(i+1) {
				i++
			}
		}
		from = i
	}
	if from == 0 {
		return text
	}
	return b.String() + text[from:]
}
