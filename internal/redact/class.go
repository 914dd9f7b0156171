package redact

func isDigit(c byte) bool  { return c-'0' < 10 }
func isLower(c byte) bool  { return c-'a' < 26 }
func isUpper(c byte) bool  { return c-'A' < 26 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }

// isWord reports whether c can be part of an identifier. Bytes of non-ASCII
// letters are not: in Chinese or Japanese text a value stands beside letters.
func isWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

func isHex(c byte) bool { return isDigit(c) || c|0x20-'a' < 6 }

func isSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

func lower(c byte) byte {
	if isUpper(c) {
		return c | 0x20
	}
	return c
}

// wordAt reports whether b[i] exists and is part of an identifier.
func wordAt(b []byte, i int) bool { return i >= 0 && i < len(b) && isWord(b[i]) }

// byteAt returns b[i], 0 outside of b.
func byteAt(b []byte, i int) byte {
	if i < 0 || i >= len(b) {
		return 0
	}
	return b[i]
}

// hasFold reports whether b has the lower-case word at i, in any case.
func hasFold(b []byte, i int, word string) bool {
	if i < 0 || len(b)-i < len(word) {
		return false
	}
	for j := range len(word) {
		if lower(b[i+j]) != word[j] {
			return false
		}
	}
	return true
}

// unescapedStart moves a start that fell on the letter of an escape such as \n
// behind it: in text that holds escaped JSON, a newline before a value is a
// backslash and a letter.
func unescapedStart(b []byte, start, end int) int {
	if byteAt(b, start-1) != '\\' || start >= end {
		return start
	}
	switch b[start] {
	case 'n', 't', 'r', 'b', 'f':
		return start + 1
	case 'u':
		if end-start > 5 && isHex(b[start+1]) && isHex(b[start+2]) && isHex(b[start+3]) && isHex(b[start+4]) {
			return start + 5
		}
	}
	return start
}
