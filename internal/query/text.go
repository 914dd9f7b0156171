package query

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// Fold returns s with each rune mapped to its simple lower case: what full text
// compares.
func Fold(s string) string { return strings.Map(unicode.ToLower, s) }

// contains reports whether text holds part, which is folded, case folded.
func contains(text, part string) bool {
	return len(text) > 0 && strings.Contains(Fold(text), part)
}

// JSONSpellings returns the spellings in which full text looks for s in JSON as
// it is stored, at least one, without duplicates: with the escapes that JSON
// requires, and as senders spell it that escape all but ASCII (in lower and
// upper case, since folding does not reach into escapes).
func JSONSpellings(s string) []string {
	inner := rawjson.AppendQuote(nil, s)
	spellings := []string{string(inner[1 : len(inner)-1])}
	for _, form := range []string{s, strings.Map(unicode.ToLower, s), strings.Map(unicode.ToUpper, s)} {
		if escaped := escapeASCII(form); !slices.Contains(spellings, escaped) {
			spellings = append(spellings, escaped)
		}
	}
	if !slices.ContainsFunc([]rune(s), func(c rune) bool { return c > unicode.MaxASCII }) {
		return spellings[:1] // escapes as AppendQuote does; case is folded anyway
	}
	return spellings
}

// escapeASCII quotes s for JSON with \u escapes for all but ASCII.
func escapeASCII(s string) string {
	quoted := rawjson.AppendQuote(nil, s)
	var b strings.Builder
	for _, c := range string(quoted[1 : len(quoted)-1]) {
		switch {
		case c <= unicode.MaxASCII:
			b.WriteRune(c)
		case c > 0xFFFF:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

// containsJSON reports whether the JSON holds s in one of its spellings.
func containsJSON(raw []byte, s string) bool {
	if len(raw) == 0 {
		return false
	}
	folded := bytes.Map(unicode.ToLower, raw)
	return slices.ContainsFunc(JSONSpellings(s), func(spelling string) bool {
		return bytes.Contains(folded, []byte(Fold(spelling)))
	})
}

func split(glob string) []string { return strings.Split(glob, "*") }

// Matches reports whether s is the value's text, or fits its pattern. An empty s
// is absent and matches nothing.
func (v Value) Matches(s string) bool {
	if s == "" {
		return false
	}
	if !v.Glob {
		return s == v.Text
	}
	pieces := v.Pieces()
	s, ok := strings.CutPrefix(s, pieces[0])
	if !ok {
		return false
	}
	last := len(pieces) - 1
	for _, piece := range pieces[1:last] {
		_, rest, ok := strings.Cut(s, piece)
		if !ok {
			return false
		}
		s = rest
	}
	return strings.HasSuffix(s, pieces[last])
}
