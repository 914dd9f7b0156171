package redact

import "bytes"

// What stands where a secret would stand and is none: code, messages for people
// and placeholders.

// isCode reports whether an unquoted value is an expression of a programming
// language and not a literal: os.environ["X"], self.password, get(x), $X.
func isCode(b []byte, a assignment) bool {
	val := b[a.start:a.end]
	if bytes.ContainsAny(val, "([{") || bytes.HasPrefix(val, []byte("http")) && bytes.Contains(val, []byte("://")) || bytes.HasPrefix(val, []byte("--")) {
		return true
	}
	dotted, digits := false, false
	for _, c := range val {
		dotted = dotted || c == '.'
		digits = digits || isDigit(c)
		if !isWord(c) && c != '.' && c != ':' && c != '-' && c != '>' {
			return false
		}
	}
	if dotted && !digits {
		return true
	}
	low := string(bytes.ToLower(val))
	for _, w := range [...]string{"password", "passwd", "secret", "token", "key", "auth", "cookie", "credential", "str", "none", "input"} {
		if len(low) >= len(w) && low[len(low)-len(w):] == w {
			return true // password=new_password
		}
	}
	return false
}

// isMessage reports whether a quoted value is a sentence for people.
func isMessage(val []byte) bool {
	last := val[len(val)-1]
	return bytes.Count(val, []byte(" ")) >= 2 && isUpper(val[0]) && (last == '.' || last == '!' || last == '?' || last == ':')
}

// isPlaceholder reports whether a value stands for one that is not there.
func isPlaceholder(val []byte) bool {
	switch val[0] {
	case '<', '{', '[', '(':
		return true
	case '$':
		return len(val) < 2 || isLetter(val[1]) || val[1] == '{' || val[1] == '(' || val[1] == '_'
	case '%':
		return byteAt(val, 1) == '(' || byteAt(val, 1) == 's' || val[len(val)-1] == '%'
	}
	if bytes.IndexFunc(val, func(r rune) bool {
		return r != '*' && r != 'x' && r != 'X' && r != '.' && r != '•' && r != '-' && r != '_'
	}) < 0 {
		return true
	}
	if len(val) > 16 {
		return isYour(val)
	}
	switch string(bytes.ToLower(val)) {
	case "null", "none", "nil", "true", "false", "undefined", "include", "same-origin", "omit", "required", "optional":
		return true
	}
	return isSchemaType(val) || isYour(val)
}

// isYour reports whether val is a placeholder such as YOUR_API_KEY.
func isYour(val []byte) bool {
	return hasFold(val, 0, "your") && (byteAt(val, 4) == '_' || byteAt(val, 4) == '-')
}

// isSchemaType reports whether val is the name of a JSON schema's type: what
// stands under "password" where tools are described.
func isSchemaType(val []byte) bool {
	switch string(val) {
	case "string", "number", "integer", "boolean", "object", "array":
		return true
	}
	return false
}
