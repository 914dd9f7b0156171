package redact

import "bytes"

// command is a program whose arguments hold a password that no name tells. The
// same commands in one text are found by rules.
type command uint8

const (
	noCommand command = iota
	mysqlCommand
	sshpassCommand
	curlCommand
)

// commandOf returns the program that s, the path or name of one, is.
func commandOf(s []byte) command {
	if i := bytes.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	if len(s) < 4 || len(s) > 12 {
		return noCommand
	}
	switch string(s) {
	case "mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mariadb", "mariadb-dump":
		return mysqlCommand
	case "sshpass":
		return sshpassCommand
	case "curl", "curl.exe":
		return curlCommand
	}
	return noCommand
}

// noteFlag remembers what the flag s says of the argument behind it, and
// returns where in s a secret begins, 0 if there is none.
func (w *walker) noteFlag(top *frame, s []byte) int {
	if s[1] == '-' && len(s) > 2 {
		top.flagged = flagName(w.p.e.names.under(s))
	}
	switch top.command {
	case mysqlCommand:
		if s[1] == 'p' && len(s) > 2 && !(isDigit(s[2]) && bytes.IndexByte(s, ':') > 0) { // -p3306:3306 is docker's
			return 2
		}
	case sshpassCommand:
		if s[1] != 'p' {
			return 0
		}
		if len(s) > 2 {
			return 2
		}
		top.flagged = &keyName{name: "password", kind: secret, class: always}
	case curlCommand:
		switch string(s) {
		case "-u", "--user", "-U", "--proxy-user", "-su", "-sSu", "-ksu", "-ku", "-vu":
			top.login = true
			return 0
		}
		if s[1] == 'u' || s[1] == 'U' || bytes.HasPrefix(s, []byte("--user=")) {
			return passwordAt(s)
		}
	}
	return 0
}

// passwordAt returns where in user:password the password begins, 0 if there is
// none. The user may be a pseudonym already.
func passwordAt(s []byte) int {
	n := pseudonymLen(s)
	if i := bytes.IndexByte(s[n:], ':'); i >= 0 {
		return n + i + 1
	}
	return 0
}

// argument replaces what begins at s[from] in the string b[i:end], whose text
// is s, and what is found in the rest.
func (w *walker) argument(i, end int, s []byte, from int) {
	k := keyName{name: "argument", kind: secret}
	changed := false
	if v := s[from:]; len(v) > 0 && !isPlaceholder(v) && w.p.forced(&k, v) {
		if w.p.e.detectors[secret].action == ActionDrop {
			from = 0 // a flag without its value would claim the next argument
		}
		s, changed = w.p.substitute(bytes.Clone(s[:from]), secret, k.name, v), true
	}
	out, found := w.p.text(s)
	if changed || found {
		w.putText(i, end, out)
	}
}

// flagName returns what the argument behind a flag is under: a --token has a
// token behind it, whatever that looks like.
func flagName(k *keyName) *keyName {
	if k == nil || k.class != likely || k.name == "key" || k.name == "pin" {
		return k
	}
	return &keyName{name: k.name, kind: k.kind, class: always}
}
