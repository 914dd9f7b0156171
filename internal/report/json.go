package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// appendJSON appends a report as an indented object. Characters that do not
// print, which may control a terminal, are escaped.
func appendJSON(dst []byte, r any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	text := b.Bytes()
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		switch {
		case c == '\n' || unicode.IsPrint(c):
			dst = append(dst, text[:n]...)
		case c > 0xFFFF:
			high, low := utf16.EncodeRune(c)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		}
		text = text[n:]
	}
	return dst, nil
}
