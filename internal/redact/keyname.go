package redact

import "slices"

// nameClass says how a value under a key is judged.
type nameClass uint8

const (
	always nameClass = iota // the value is a secret, whatever it looks like
	header                  // a secret too; in text it reaches to the end of the line
	likely                  // a secret if it looks like one
	typed                   // of the name's kind, if it has that kind's form
)

// keyName is the name of a key whose value is redacted. It is written in lower
// case without separators.
type keyName struct {
	name   string
	kind   kind
	class  nameClass
	suffix bool // a longer word may end in it: dbpassword
}

// keyNames finds the names at the end of a text, by their last bytes.
type keyNames struct {
	ends  [nameBytes * nameBytes]nameEnd // by the last two
	index [256]int8                      // nameIndex of each byte
}

// nameEnd is the names with the same last two bytes, the longest first.
type nameEnd struct {
	// third has a bit for each nameIndex that a byte before the last two may
	// have, the highest one for all that have none. It is 0 without names.
	third uint64
	names []keyName
}

// thirdOf returns the bit of the byte before the last two of b.
func (t *keyNames) thirdOf(b []byte) uint64 {
	if len(b) < 3 {
		return 1 << 63
	}
	return 1 << (uint(t.index[b[len(b)-3]]) & 63)
}

// nameBytes is the number of letters and digits.
const nameBytes = 36

// nameIndex returns the index of a letter or digit, -1 for any other byte.
func nameIndex(c byte) int {
	switch {
	case isLetter(c):
		return int(c | 0x20 - 'a')
	case isDigit(c):
		return 26 + int(c-'0')
	}
	return -1
}

// foldName returns name in lower case without anything but letters and digits.
func foldName(name string) string {
	var out []byte
	for i := range len(name) {
		if nameIndex(name[i]) >= 0 {
			out = append(out, lower(name[i]))
		}
	}
	return string(out)
}

func newKeyNames(list []keyName) *keyNames {
	t := &keyNames{}
	for c := range t.index {
		t.index[c] = int8(nameIndex(byte(c)))
	}
	for _, k := range list {
		n := len(k.name)
		at := &t.ends[nameIndex(k.name[n-2])*nameBytes+nameIndex(k.name[n-1])]
		at.names = append(at.names, k)
		at.third |= 1 << 63 // a separator; nothing
		if n == 2 {
			at.third = 1<<64 - 1 // part of a longer word, in camel case
		} else {
			at.third |= 1 << nameIndex(k.name[n-3])
		}
	}
	for _, e := range t.ends {
		slices.SortStableFunc(e.names, func(a, b keyName) int { return len(b.name) - len(a.name) })
	}
	return t
}

// before returns the longest name that b ends in and where it starts; nil if
// there is none. Case, single separators and a number behind the name are
// ignored: password2 is a password too.
func (t *keyNames) before(b []byte) (*keyName, int) {
	if k, start := t.atEnd(b); k != nil || len(b) == 0 || !isDigit(b[len(b)-1]) {
		return k, start
	}
	return t.atEnd(withoutNumber(b))
}

// withoutNumber returns b without the number of at most three digits that it
// ends in, nor the separator before it; nil if the number is longer.
func withoutNumber(b []byte) []byte {
	n := len(b)
	for n > 0 && isDigit(b[n-1]) {
		if n--; len(b)-n > 3 {
			return nil
		}
	}
	if n > 0 && (b[n-1] == '_' || b[n-1] == '-') {
		n--
	}
	return b[:n]
}

// atEnd is before without regard to a number.
func (t *keyNames) atEnd(b []byte) (*keyName, int) {
	if len(b) < 2 {
		return nil, 0
	}
	x, y := int(t.index[b[len(b)-2]]), int(t.index[b[len(b)-1]])
	if x < 0 || y < 0 {
		return nil, 0
	}
	end := &t.ends[x*nameBytes+y]
	if end.third&t.thirdOf(b) == 0 {
		return nil, 0
	}
	list := end.names
	for i := range list {
		if start := list[i].matchBack(b); start >= 0 {
			return &list[i], start
		}
	}
	return nil, 0
}

// matchBack returns where the name at the end of b starts, -1 if b does not end
// in it as a word of its own.
func (k *keyName) matchBack(b []byte) int {
	i, seps := len(b), 0
	for j := len(k.name) - 1; j >= 0; {
		if i == 0 {
			return -1
		}
		i--
		c := b[i]
		if lower(c) == k.name[j] {
			j--
			seps = 0
			continue
		}
		if c != '-' && c != '_' && c != ' ' && c != '.' || seps > 0 {
			return -1
		}
		seps++
	}
	if k.suffix || i == 0 || !isLetter(b[i-1]) && !isDigit(b[i-1]) {
		return i
	}
	if isUpper(b[i]) && !isUpper(b[i-1]) || byteAt(b, i-2) == '\\' { // camelCase, or behind an escaped newline
		return i
	}
	return -1
}

// under returns the name that a whole JSON key is or ends in, nil if none.
func (t *keyNames) under(key []byte) *keyName {
	k, _ := t.before(key)
	return k
}

// isCode reports whether the name is that of a code which is sent to a person
// and typed in: a few digits.
func (k *keyName) isCode() bool {
	return k.name == "otp" || k.class == likely && len(k.name) > 4 && k.name[len(k.name)-4:] == "code"
}

// houseNames are the key names of our own.
func houseNames() []keyName {
	var list []keyName
	add := func(k kind, c nameClass, suffix bool, names ...string) {
		for _, n := range names {
			list = append(list, keyName{n, k, c, suffix})
		}
	}
	add(secret, always, true, "password", "passwords", "passwd", "passphrase", "passwort", "kennwort", "motdepasse",
		"contrasena", "secretkey", "secretaccesskey", "clientsecret", "apikey", "apikeys", "apisecret", "apitoken",
		"accesstoken", "refreshtoken", "sessiontoken", "authtoken", "privatekey", "sharedaccesskey")
	add(secret, always, false, "pwd", "passcode", "secret", "secrets", "appsecret", "appkey", "idtoken", "bearertoken",
		"oauthtoken", "securitytoken", "csrftoken", "xsrftoken", "bottoken", "webhooksecret", "signingsecret",
		"signingkey", "encryptionkey", "sharedkey", "accountkey", "masterkey", "credential", "credentials",
		"connectionstring", "sessioncookie", "cvv", "cvc", "cardverificationvalue", "onetimepassword", "dbpass",
		"servicerolekey", "secretkeybase", "deploykey", "recoverycode", "jwttoken", "sessionkey", "sessionsecret",
		"authkey", "apipassword")
	add(secret, header, false, "authorization", "proxyauthorization", "cookie", "cookies", "setcookie")
	add(secret, likely, false, "token", "auth", "key", "accesskey", "pass", "bearer", "jwt", "pin", "sig",
		"otp", "otpcode", "totpcode", "mfacode", "onetimecode", "verificationcode")
	add(card, typed, true, "cardnumber", "creditcardnumber", "debitcardnumber", "kartennummer", "creditcard")
	add(card, typed, false, "cardno", "cardnum", "ccnumber", "ccnum", "ccno", "pan", "debitcard",
		"primaryaccountnumber", "card", "cc", "kreditkarte")
	add(ssn, typed, false, "ssn", "socialsecuritynumber", "socialsecurityno", "socialsecurity", "usssn")
	add(phone, typed, true, "phone", "phonenumber", "phones", "phoneno", "telephone", "telefon", "telefonnummer",
		"handynummer", "mobilenumber")
	add(phone, typed, false, "mobile", "mobileno", "tel", "cell", "cellnumber", "fax", "faxnumber", "whatsapp",
		"msisdn", "handy", "rufnummer", "telefono", "telephonenumber", "contactnumber")
	add(birth, typed, false, "dob", "dateofbirth", "birthdate", "birthday", "birthdt", "bday", "geburtsdatum",
		"geburtstag", "datedenaissance", "datenaissance", "fechadenacimiento", "fechanacimiento", "datadinascita",
		"datanascita", "datadenascimento", "datanascimento", "geboortedatum", "dataurodzenia", "fodselsdato")
	return list
}
