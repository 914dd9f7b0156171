package redact

// nameClass says how a value under a key is judged.
type nameClass uint8

const (
	always nameClass = iota // the value is a secret, whatever it looks like
	header                  // a secret too; in text it reaches to the end of the line
	likely                  // a secret if it looks like one
	typed                   // of the name's kind, if it has that kind's form
)

// keyName is the name of a key whose value is redacted. It is written in lower
// case without separators; letters that are not ASCII are compared as they are.
type keyName struct {
	name   string
	kind   kind
	class  nameClass
	suffix bool // a longer word may end in it: dbpassword
}

// keyNames finds the names at the end of a text. It is a tree of the names read
// from their end, so that the keys that are none, most of them, are left after
// a few letters however many names there are.
type keyNames struct {
	ends  [nameBytes * nameBytes]uint16 // the node behind two last bytes; 0: no name ends in them
	nodes []nameNode
	index [256]int16 // nameIndex of each byte
}

// nameNode is the place in the tree behind the bytes that were read.
type nameNode struct {
	name *keyName // the name that begins here, if one does
	// letter and next are the only child; next is 0 if there is none. Where
	// there are several, they are in children by nameIndex.
	letter   byte
	next     uint16
	children *[nameBytes]uint16
}

// nameBytes is the number of letters, digits and bytes of letters that are not
// ASCII.
const nameBytes = 36 + 128

// nameIndex returns the index of a byte that can be in a name, -1 for any other.
func nameIndex(c byte) int {
	switch {
	case isLetter(c):
		return int(c | 0x20 - 'a')
	case isDigit(c):
		return 26 + int(c-'0')
	case c >= 0x80:
		return 36 + int(c-0x80)
	}
	return -1
}

// foldName returns name without anything but letters and digits, the ASCII
// letters in lower case.
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
		t.index[c] = int16(nameIndex(byte(c)))
	}
	t.nodes = make([]nameNode, 1, 8*len(list)) // 0 is none
	for i := range list {
		t.add(&list[i])
	}
	return t
}

// add enters a name of at least two letters. Of two equal ones the later wins.
func (t *keyNames) add(k *keyName) {
	n := len(k.name)
	at := &t.ends[nameIndex(k.name[n-2])*nameBytes+nameIndex(k.name[n-1])]
	if *at == 0 {
		*at = t.node()
	}
	node := *at
	for i := n - 3; i >= 0; i-- {
		node = t.child(node, byte(nameIndex(k.name[i])))
	}
	t.nodes[node].name = k
}

func (t *keyNames) node() uint16 {
	t.nodes = append(t.nodes, nameNode{})
	return uint16(len(t.nodes) - 1)
}

// child returns the child of a node by a letter, made if it is not there.
func (t *keyNames) child(of uint16, letter byte) uint16 {
	if next := t.nodes[of].at(letter); next != 0 {
		return next
	}
	next := t.node()
	switch n := &t.nodes[of]; {
	case n.next == 0 && n.children == nil:
		n.letter, n.next = letter, next
	case n.children == nil:
		n.children = new([nameBytes]uint16)
		n.children[n.letter] = n.next
		fallthrough
	default:
		n.children[letter] = next
	}
	return next
}

// at returns the child by a letter, 0 if there is none.
func (n *nameNode) at(letter byte) uint16 {
	if n.children != nil {
		return n.children[letter]
	}
	if n.letter == letter {
		return n.next
	}
	return 0
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
	node := t.ends[x*nameBytes+y]
	if node == 0 {
		return nil, 0
	}
	var found *keyName
	start, separated := 0, false
	for i := len(b) - 2; ; {
		n := &t.nodes[node]
		if n.name != nil && n.name.isWord(b, i) {
			found, start = n.name, i
		}
		for {
			if i == 0 {
				return found, start
			}
			i--
			if x := t.index[b[i]]; x >= 0 {
				node, separated = n.at(byte(x)), false
				break
			}
			if separated || !isNameSeparator(b[i]) {
				return found, start
			}
			separated = true
		}
		if node == 0 {
			return found, start
		}
	}
}

// isNameSeparator reports whether c can stand between the parts of a name.
func isNameSeparator(c byte) bool { return c == '-' || c == '_' || c == ' ' || c == '.' }

// isWord reports whether the name that was read back to b[i] is a word of its
// own there.
func (k *keyName) isWord(b []byte, i int) bool {
	if k.suffix || i == 0 || !isLetter(b[i-1]) && !isDigit(b[i-1]) {
		return true
	}
	return isUpper(b[i]) && !isUpper(b[i-1]) || byteAt(b, i-2) == '\\' // camelCase, or behind an escaped newline
}

// under returns the name that a whole JSON key is or ends in, nil if none.
func (t *keyNames) under(key []byte) *keyName {
	k, _ := t.before(key)
	return k
}

// rule returns the name as it stands in a mask.
func (k *keyName) rule() string {
	for i := range len(k.name) {
		if !isKeyIDByte(k.name[i]) {
			return "name"
		}
	}
	return k.name
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
		"contrasena", "contraseña", "senha", "wachtwoord", "lösenord", "adgangskode", "salasana",
		"hasło", "heslo", "jelszó", "parolă", "şifre", "Şifre", "пароль", "Пароль", "密码", "密碼",
		"パスワード", "비밀번호", "secretkey", "secretaccesskey", "clientsecret", "apikey", "apikeys", "apisecret", "apitoken",
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
		"primaryaccountnumber", "card", "cc", "kreditkarte", "numérodecarte", "numerodecarte", "númerodetarjeta",
		"numerodetarjeta", "númerodocartão", "numerocarta", "kaartnummer", "kortnummer", "номеркарты", "卡号", "卡號",
		"カード番号", "카드번호")
	add(ssn, typed, false, "ssn", "socialsecuritynumber", "socialsecurityno", "socialsecurity", "usssn")
	add(phone, typed, true, "phone", "phonenumber", "phones", "phoneno", "telephone", "telefon", "telefonnummer",
		"handynummer", "mobilenumber")
	add(phone, typed, false, "téléphone", "teléfono", "móvil", "telefone", "telemóvel", "celular",
		"cellulare", "telefoonnummer", "mobilnummer", "puhelinnumero", "numertelefonu", "telefonszám", "телефон", "Телефон",
		"номертелефона", "τηλέφωνο", "电话", "手机", "手机号", "電話", "手機", "電話番号", "携帯番号", "전화번호", "휴대폰",
		"mobile", "mobileno", "tel", "cell", "cellnumber", "fax", "faxnumber", "whatsapp",
		"msisdn", "handy", "rufnummer", "telefono", "telephonenumber", "contactnumber")
	add(birth, typed, false, "dob", "dateofbirth", "birthdate", "birthday", "birthdt", "bday", "geburtsdatum",
		"geburtstag", "födelsedatum", "fødselsdato", "syntymäaika",
		"datumnarození", "datumnarodenia", "datumrođenja", "születésiidő", "születésidátum", "datanașterii",
		"doğumtarihi", "датарождения", "Датарождения", "датанародження", "Датанародження", "датанараждане",
		"ημερομηνίαγέννησης", "Ημερομηνίαγέννησης", "出生日期", "生年月日", "생년월일", "ngàysinh", "tanggallahir",
		"datedenaissance", "datenaissance", "fechadenacimiento", "fechanacimiento", "datadinascita",
		"datanascita", "datadenascimento", "datanascimento", "geboortedatum", "dataurodzenia", "fodselsdato")
	return list
}
