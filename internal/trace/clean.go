package trace

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Clean makes one line of text out of what a sender wrote, harmless to a
// terminal: line ends, tabs and unusual spaces become a space, and what controls
// a terminal or the direction of text is spelled out, an escape as \x1b. Invalid
// UTF-8 becomes U+FFFD.
func Clean(s string) string {
	if tidy(s) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case unicode.IsSpace(c):
			b.WriteByte(' ')
		case c < 0x100:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	return b.String()
}

// tidy reports whether Clean would leave s as it is.
func tidy(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// cell is a text that was cleaned, with its width in columns.
type cell struct {
	text  string
	width int
}

// metrics measures text independently of the locale, so that the same trace
// renders the same everywhere.
func metrics() *runewidth.Condition {
	return &runewidth.Condition{StrictEmojiNeutral: true}
}

// newCell cleans s and cuts it to most columns; 0: as wide as it is.
func newCell(m *runewidth.Condition, s string, most int) cell {
	if most > 0 {
		s = first(s, 4*most+16) // a message of many kilobytes is not measured for one line
	}
	s = Clean(s)
	width := m.StringWidth(s)
	if most > 0 && width > most {
		s = m.Truncate(s, most, "…")
		width = m.StringWidth(s)
	}
	return cell{s, width}
}
