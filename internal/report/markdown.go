package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendMarkdown appends a report as Markdown with tables.
func appendMarkdown(dst []byte, l layout) []byte {
	b := bytes.NewBuffer(dst)
	fmt.Fprintf(b, "# %s\n\n", markdown(l.Title))
	for _, f := range l.Facts {
		fmt.Fprintf(b, "- **%s**: %s\n", f.Label, markdown(f.Value))
	}
	for _, s := range l.Sections {
		fmt.Fprintf(b, "\n## %s\n\n", markdown(s.Title))
		if s.Note != "" {
			fmt.Fprintf(b, "%s\n", markdown(s.Note))
		}
		if len(s.Columns) > 0 {
			if s.Note != "" {
				b.WriteByte('\n')
			}
			markdownTable(b, s)
		}
		for i, text := range s.Numbered {
			fmt.Fprintf(b, "%d. %s\n", i+1, markdown(text))
		}
	}
	if len(l.Notes) > 0 {
		b.WriteString("\n## Notes\n\n")
	}
	for _, n := range l.Notes {
		fmt.Fprintf(b, "- %s\n", markdown(n))
	}
	return b.Bytes()
}

func markdownTable(b *bytes.Buffer, s section) {
	for _, c := range s.Columns {
		b.WriteString("| " + c.Title + " ")
	}
	b.WriteString("|\n")
	for _, c := range s.Columns {
		if c.Numeric {
			b.WriteString("|---:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, r := range s.Rows {
		for i, text := range r.Cells {
			if s.Columns[i].Code {
				text = markdownCode(text)
			} else {
				text = markdown(text)
			}
			b.WriteString("| " + text + " ")
		}
		b.WriteString("|\n")
	}
}

// markdown escapes a text of one line, so that Markdown shows it as it is.
func markdown(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '_':
			// Between letters and digits it is no markup.
			before, _ := utf8.DecodeLastRuneInString(s[:i])
			after, _ := utf8.DecodeRuneInString(s[i+1:])
			if !isWord(before) || !isWord(after) {
				b.WriteByte('\\')
			}
			b.WriteByte('_')
		case '|':
			b.WriteString("&#124;") // a backslash would not always keep it in its cell
		case '\\', '`', '*', '[', ']', '~', '#', '!':
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func isWord(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// markdownCode returns a code span for a cell of a table; plain text where the
// text holds what could end the span or the cell.
func markdownCode(s string) string {
	if s == "" || strings.ContainsAny(s, "`|") {
		return markdown(s)
	}
	return "`" + s + "`"
}
