package forensic

// orders reports whether a folded text has a verb by which somebody is told to do
// something.
func orders(text string) bool {
	for word, rest := nextWord(text); word != ""; word, rest = nextWord(rest) {
		switch word {
		case "visit", "send", "open", "click", "pay", "paid", "transfer", "get", "share", "forward", "email", "mail", "make",
			"create", "invite", "add", "post", "delete", "update", "change", "give", "write", "do", "reply", "call", "execute",
			"run", "follow", "use", "upload", "submit", "book", "reserve", "buy", "schedule", "fetch", "read", "tell",
			"message", "wire", "deliver", "report":
			return true
		case "go":
			if isNext(rest, "to") {
				return true
			}
		}
	}
	return false
}

// addresses counts the words of a folded text that speak to a reader, or to a machine
// that reads, up to enough.
func addresses(text string, enough int) (n int) {
	for word, rest := nextWord(text); word != "" && n < enough; word, rest = nextWord(rest) {
		switch word {
		case "you", "your", "yourself", "assistant", "chatbot", "ai":
			n++
		case "language":
			if isNext(rest, "model") {
				n++
			}
		}
	}
	return n
}

// nextWord returns the first word of a text, in ASCII letters, digits and '_', and
// what stands behind it; "" if there is none.
func nextWord(text string) (word, rest string) {
	from := 0
	for from < len(text) && !inWord(text[from]) {
		from++
	}
	to := from
	for to < len(text) && inWord(text[to]) {
		to++
	}
	return text[from:to], text[to:]
}

// isNext reports whether one space and a word stand at the start of a text.
func isNext(text, word string) bool {
	if text == "" || text[0] != ' ' {
		return false
	}
	next, _ := nextWord(text[1:])
	return next == word && len(text) > 1 && inWord(text[1])
}

func inWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }
