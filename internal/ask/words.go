package ask

import (
	"strings"
	"unicode"
)

// word is one word of a question.
type word struct {
	raw    string // as written, without what surrounds it
	low    string
	quoted bool // stood in quotation marks
	used   bool // something was understood by it
}

// maxWords bounds what is read of a question.
const maxWords = 64

// split cuts a question into words. What stands in quotation marks is one word.
func split(text string) []word {
	var words []word
	for text = strings.TrimSpace(text); text != "" && len(words) < maxWords; text = strings.TrimSpace(text) {
		if inside, rest, ok := quotedPart(text); ok {
			if inside = strings.TrimSpace(inside); inside != "" {
				words = append(words, word{raw: inside, low: strings.ToLower(inside), quoted: true})
			}
			text = rest
			continue
		}
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		if raw := bare(text[:end]); raw != "" {
			words = append(words, word{raw: raw, low: strings.ToLower(raw)})
		}
		text = text[end:]
	}
	return words
}

// quotedPart returns what stands in the quotation marks that a text begins with.
func quotedPart(text string) (inside, rest string, ok bool) {
	for _, pair := range [][2]string{{`"`, `"`}, {"“", "”"}, {"„", "“"}, {"«", "»"}} {
		after, begins := strings.CutPrefix(text, pair[0])
		if !begins {
			continue
		}
		if inside, rest, ok = strings.Cut(after, pair[1]); ok {
			return inside, rest, true
		}
	}
	return "", text, false
}

// bare returns a word without the punctuation around it and without a possessive
// ending.
func bare(s string) string {
	s = strings.TrimLeft(s, "([{'\"“”‘’,;:.!?-–—")
	s = strings.TrimRight(s, ")]}'\"“”‘’,;:.!?-–—")
	for _, ending := range []string{"'s", "’s", "'re", "’re"} {
		s = strings.TrimSuffix(s, ending)
	}
	return s
}

// filler reports whether a word says nothing by itself.
func filler(low string) bool {
	switch low {
	case "a", "an", "the", "this", "that", "these", "those", "me", "my", "us", "our", "we", "i", "you", "your", "it", "its", "they", "their", "them",
		"show", "give", "list", "display", "print", "get", "see", "find", "tell", "please", "can", "could", "would", "will", "shall", "should", "may", "might",
		"want", "need", "like", "let", "look", "lookup", "view", "open", "fetch", "pull", "run", "do", "does", "did", "done", "is", "are", "was", "were", "be", "been", "being", "has", "have", "had",
		"of", "for", "to", "in", "on", "at", "by", "with", "from", "as", "about", "into", "over", "per", "and", "or", "any", "all", "some", "each", "every", "up", "out", "off",
		"what", "which", "who", "whom", "whose", "how", "where", "when", "why", "there", "here", "not", "no", "so", "then", "than", "but", "if",
		"hey", "hi", "hello", "thanks", "thank", "ok", "just", "only", "also", "again", "generate", "create", "make", "produce", "build", "perform", "start", "prepare",
		"common", "commonly", "many", "much", "most", "more", "often", "full", "complete", "whole", "entire", "detailed", "quick", "short", "new", "current", "currently", "recent", "recently", "latest", "last", "newest", "top",
		"id", "number", "named", "called", "right", "went", "search", "know", "eu", "ai", "finding", "findings", "prompt", "prompts", "during", "within", "between", "since", "until", "till", "happen", "happened", "happening", "happens", "hansard", "system", "im", "i'd", "i'm", "things", "thing", "stuff", "one", "ones",
		"anything", "something", "anybody", "anyone", "somebody", "someone", "people", "data", "team":
		return true
	}
	return false
}

// within1 reports whether two words differ by one letter at most: another one, one
// more, one less, or two that changed places.
func within1(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) < len(b):
		return a[i:] == b[i+1:]
	case i >= len(a)-1 || a[i+1:] == b[i+1:]:
		return true
	}
	return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
