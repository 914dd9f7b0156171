package redact

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// isLocal reports whether c can stand in the local part of an address. Bytes of
// non-ASCII letters can; localStart decides which letters.
func isLocal(c byte) bool {
	switch c {
	case '.', '_', '+', '-', '\'', '!', '$', '%', '*', '^', '~':
		return true
	}
	return isLetter(c) || isDigit(c) || c >= utf8.RuneSelf
}

// encodedAt finds an @ that is written %40, \u0040, &#64;, &#x40; or fullwidth
// at b[i].
func (p *pass) encodedAt(b []byte, i int) {
	for _, at := range wideAts() {
		if hasFold(b, i, at) {
			p.emailAt(b, i, len(at))
			return
		}
	}
}

// emailAt judges the address around the @ at b[at], which is atLen bytes long.
func (p *pass) emailAt(b []byte, at, atLen int) {
	start := localStart(b, at)
	end := domainEnd(b, at+atLen)
	if start >= at || end == 0 {
		return
	}
	p.hit(b, email, "", start, end)
}

// maxLocal is more than the 64 bytes of RFC 5321: a tagged or encoded address
// may be longer, and half an address would still name a person.
const maxLocal = 256

func localStart(b []byte, at int) int {
	i := at
	for i > 0 && at-i < maxLocal && isLocal(b[i-1]) {
		if b[i-1] < utf8.RuneSelf {
			i--
			continue
		}
		r, n := utf8.DecodeLastRune(b[:i])
		if !isZeroWidth(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) {
			break
		}
		i -= n
	}
	// What a %XX stands for may end the text before the address: q%3Danna%40example.com
	if j := bytes.LastIndexByte(b[i:at], '%'); j >= 0 {
		i = localAfterEscape(b, i, at)
	}
	i = unescapedStart(b, i, at)
	for i < at && !isLetter(b[i]) && !isDigit(b[i]) && b[i] != '_' {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		n := zeroWidth(b, i)
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// localAfterEscape returns the start of the local part behind the last %XX that
// cannot belong to one.
func localAfterEscape(b []byte, i, at int) int {
	for j := i; j+2 < at; j++ {
		if b[j] == '%' && isHex(b[j+1]) && isHex(b[j+2]) {
			if c := unhex(b[j+1])<<4 | unhex(b[j+2]); c != '+' && c != '.' && c != '_' && c != '-' {
				i = j + 3
			}
		}
	}
	return i
}

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// domainEnd returns the end of the domain that begins at b[i], 0 if there is
// none with a plausible top level.
func domainEnd(b []byte, i int) int {
	start, end := i, 0
	for i < len(b) {
		n := labelEnd(b, i)
		if n == i {
			break
		}
		if i > start && isTopLevel(b[i:n]) {
			end = n
		}
		if byteAt(b, n) != '.' {
			break
		}
		i = n + 1
	}
	if end == 0 || notDomain(b, start, end) {
		return 0
	}
	return end
}

// labelEnd returns the end of the domain label at b[i]; it does not end in a
// hyphen.
func labelEnd(b []byte, i int) int {
	from, start, end := i, i, i
	for i < len(b) {
		c := b[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(b[i:])
			if isZeroWidth(r) {
				i += n // belongs to the label only if more of it follows
				if end == from {
					start = i
				}
				continue
			}
			if !unicode.IsLetter(r) || b[start] < utf8.RuneSelf && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) {
				return end // Chinese text goes on right behind an address
			}
			i += n
			end = i
			continue
		}
		if !isLetter(c) && !isDigit(c) && c != '-' {
			break
		}
		i++
		if c != '-' {
			end = i
		}
	}
	return end
}

// isTopLevel reports whether a label can be a top-level domain: at least two
// letters, or punycode. File endings are none.
func isTopLevel(l []byte) bool {
	if len(l) < 2 || len(l) > 24 {
		return false
	}
	if hasFold(l, 0, "xn--") {
		return true
	}
	for _, c := range l {
		if !isLetter(c) && c < utf8.RuneSelf {
			return false
		}
	}
	var lower [4]byte // of the longest of those below
	if len(l) > len(lower) {
		return true
	}
	for i, c := range l {
		lower[i] = c | 0x20
	}
	switch string(lower[:len(l)]) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "bmp", "css", "js", "json", "yaml", "yml", "html", "txt":
		return false // icon@2x.png
	}
	return true
}

// notDomain recognises what looks like a domain but is code or a remote: a
// method call (W@x.transpose(...)), or the git@ of an SSH remote.
func notDomain(b []byte, start, end int) bool {
	if byteAt(b, end) == '(' {
		return true
	}
	return byteAt(b, end) == ':' && start >= 4 && string(b[start-4:start]) == "git@" && !wordAt(b, start-5)
}

// looksLikeEmail reports whether all of v is one address.
func looksLikeEmail(v []byte) bool {
	at := bytes.IndexByte(v, '@')
	if at <= 0 {
		return false
	}
	return localStart(v, at) == 0 && domainEnd(v, at+1) == len(v)
}
