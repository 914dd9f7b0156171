package forensic

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// number finds numbers, with their thousands separators.
var number = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)

// pseudonym is a personal value as the record holds it. Its digits mean nothing and
// differ with the key.
var pseudonym = regexp.MustCompile(`pii:[a-z_]+:[A-Za-z0-9]+:[0-9a-f]+`)

// figures returns the numbers of two digits or more in a text, without their
// separators, each once.
func figures(text string) map[string]bool {
	found := map[string]bool{}
	if strings.Contains(text, "pii:") {
		text = pseudonym.ReplaceAllString(text, " ")
	}
	for _, n := range number.FindAllString(text, -1) {
		if n = strings.TrimRight(strings.ReplaceAll(n, ",", ""), "."); len(n) > 1 {
			found[n] = true
		}
	}
	return found
}

// words returns the words of four letters or more in a text, in lower case,
// each once, without those that say nothing of a subject.
func words(text string) map[string]bool {
	found := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		if len(w) >= 4 && !strings.Contains(filler, " "+w+" ") {
			found[w] = true
		}
	}
	return found
}

// filler are words that texts about anything share.
const filler = ` about after also answer based been before but can could does each following from give given have here into just let
 like made make more most must need only other over please provide question result results should some step steps such task than that
 their them then there these they this those through time under used using was were what when where which while will with would your information `

// shared returns which share of a's members is in b, 0..1; 1 if a is empty.
func shared(a, b map[string]bool) float64 {
	if len(a) == 0 {
		return 1
	}
	n := 0
	for w := range a {
		if b[w] {
			n++
		}
	}
	return float64(n) / float64(len(a))
}

// anew returns how many members of a are not in b.
func anew(a, b map[string]bool) int {
	n := 0
	for w := range a {
		if !b[w] {
			n++
		}
	}
	return n
}

// addAll adds the members of b to a.
func addAll(a, b map[string]bool) {
	for w := range b {
		a[w] = true
	}
}

// prose returns a text without its fenced code.
func prose(text string) string {
	if !strings.Contains(text, "```") {
		return text
	}
	var b strings.Builder
	for i, part := range strings.Split(text, "```") {
		if i%2 == 0 {
			b.WriteString(part)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// folded returns a text in lower case with its white space folded, so that a
// value is found however lines were broken.
func folded(s string) string { return string(appendFolded(make([]byte, 0, len(s)), s)) }

// appendFolded appends a text so.
func appendFolded[T string | []byte](dst []byte, s T) []byte {
	start, space := len(dst), false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return append(dst[:start], strings.Join(strings.Fields(strings.ToLower(string(s))), " ")...)
		case c == ' ' || c-'\t' <= '\r'-'\t':
			space = len(dst) > start
			continue
		case c-'A' <= 'Z'-'A':
			c |= 0x20
		}
		if space {
			dst, space = append(dst, ' '), false
		}
		dst = append(dst, c)
	}
	return dst
}

// excerpt returns the first n characters of a text on one line.
func excerpt(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

// contains reports whether a folded text holds a folded value, not as a part of
// a longer word or number.
func contains(text, value string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], value)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(value)
		if (i == 0 || !wordByte(text[i-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		at = i + 1
	}
}

func wordByte(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 0x80 }
