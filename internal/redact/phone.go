package redact

import "slices"

// Telephone numbers. With a + or 00 and a country code they are recognised by
// themselves; national forms by the grouping of their country; anything else
// only beside a word such as "phone" or under such a key.

func (d *digitRun) isPhone() bool {
	n := len(d.digits)
	if n < 7 || n > 17 {
		return false
	}
	first := d.groups[0]
	if first.plus {
		return d.international(d.digits)
	}
	if first.hyphened || first.path || d.hasDate() {
		return false
	}
	if d.digits[0] == '0' && d.digits[1] == '0' {
		return n >= 10 && d.digits[2] != '0' && d.international(d.digits[2:]) && (len(d.groups) > 1 || n >= 12)
	}
	if d.northAmerican() || d.national() {
		return true
	}
	if d.shape(5, 4) && d.groups[1].sep == sepHyphen {
		return false // a US postal code
	}
	if n > 15 || len(d.groups) == 1 && n < 8 || d.oneSep() == sepDot && d.dottedQuad() {
		return false
	}
	for i, g := range d.groups {
		if i > 0 && g.len() < 2 {
			return false // a table
		}
	}
	return d.nearPhone()
}

func phoneWords() []string {
	return []string{"phone", "phones", "telephone", "tel", "mobile", "mobil", "cellphone", "cell phone", "cell number",
		"fax", "whatsapp", "msisdn", "hotline", "call me", "call us", "call him", "call her", "call them", "text me",
		"reach me", "ring me", "dial", "sms", "sms to", "handy", "handynummer", "telefon", "telefonnummer", "rückruf", "rufnummer",
		"anrufen", "rufen sie", "téléphone", "telephone", "portable", "appelez", "teléfono", "telefono", "móvil",
		"celular", "cellulare", "llame", "telefone", "telemóvel", "telefoon", "mobiel", "puhelin", "numer telefonu", "telefón", "telefonszám", "điện thoại", "di động", "telepon",
		"тел", "Тел", "телефон", "Телефон", "τηλέφωνο", "Τηλέφωνο", "τηλ", "κινητό",
		"电话", "手机", "電話", "手機", "携帯", "전화", "휴대폰"}
}

// international reports whether digits are a country code and a number of a
// length that its country has. A trunk zero in parentheses, +49 (0)30, is
// allowed.
func (d *digitRun) international(digits []byte) bool {
	digits = d.withoutTrunk(digits)
	code, rest := splitCallingCode(digits)
	if code == "" {
		return false
	}
	low, high := subscriberLength(code)
	if len(rest) < low || len(rest) > high {
		return false
	}
	return code != "1" || rest[0] >= '2' && rest[3] >= '2'
}

// withoutTrunk returns digits without the zero of a "(0)" group.
func (d *digitRun) withoutTrunk(digits []byte) []byte {
	skipped := len(d.digits) - len(digits)
	at := 0
	for _, g := range d.groups {
		if g.paren && g.len() == 1 && d.b[g.start] == '0' && at > skipped {
			at -= skipped
			out := make([]byte, 0, maxDigits)
			return append(append(out, digits[:at]...), digits[at+1:]...)
		}
		at += g.len()
	}
	return digits
}

// northAmerican reports whether d is (NPA) NXX-XXXX or one of its other
// spellings.
func (d *digitRun) northAmerican() bool {
	g, digits := d.groups, d.digits
	if g[0].len() == 1 && digits[0] == '1' && len(g) == 4 {
		g, digits = g[1:], digits[1:]
	}
	if len(digits) != 10 || digits[0] < '2' || digits[3] < '2' {
		return false
	}
	if len(g) == 2 && g[0].paren && g[0].len() == 3 {
		return true
	}
	if len(g) != 3 || g[0].len() != 3 || g[1].len() != 3 {
		return false
	}
	a, b := g[1].sep, g[2].sep
	switch {
	case g[0].paren:
		return true
	case a&sepSpace != 0 && b == sepSpace:
		return len(d.groups) == 4 && d.groups[1].sep == sepHyphen
	case b == sepHyphen:
		return a == sepHyphen || a == sepSpace || a == sepSlash
	}
	return a == sepDot && b == sepDot
}

// national reports whether d has the grouping of a country's numbers: a trunk
// zero first, or one of a few forms without it.
func (d *digitRun) national() bool {
	g, n := d.groups, len(d.digits)
	if len(g) < 2 {
		return false
	}
	switch {
	case d.digits[0] == '0':
		return d.trunkZero()
	case n == 11 && d.digits[0] == '1' && d.digits[1] >= '3' && d.shape(3, 4, 4): // China, mobile
		return true
	case g[0].paren && g[0].len() == 2 && (d.shape(2, 4, 4) || d.shape(2, 5, 4)): // Brazil
		return true
	case d.shape(1, 3, 3, 2, 2) && (d.digits[0] == '7' || d.digits[0] == '8') && g[1].paren: // Russia
		return true
	case g[0].paren && d.shape(3, 3, 2, 2):
		return true
	}
	return false
}

// trunkZero judges numbers such as 030 12345678, 0171/1234567, 01 23 45 67 89,
// (0171) 123 4567.
func (d *digitRun) trunkZero() bool {
	n, g := len(d.digits), d.groups
	if n < 9 || n > 12 || g[0].len() < 2 || g[0].len() > 6 {
		return false
	}
	for _, x := range g[1:] {
		if x.len() < 2 || x.len() > 8 || x.plus {
			return false
		}
	}
	s := d.oneSep()
	switch {
	case g[0].paren:
		return true
	case s == sepSlash && len(g) > 2:
		return false // a path or a date
	case g[0].len() == 2 && allPairs(g):
		return len(g) == 5 && !d.sequence() // France
	case s == sepSpace:
		return d.alone && g[0].len() <= 5
	case s == sepDot:
		return len(g) > 2
	}
	return len(g) <= 5
}

func allPairs(g []group) bool {
	for _, x := range g {
		if x.len() != 2 {
			return false
		}
	}
	return true
}

// sequence reports whether the pairs count up or down evenly: 01 02 03 04 05.
func (d *digitRun) sequence() bool {
	at := func(i int) int { return int(d.digits[2*i]-'0')*10 + int(d.digits[2*i+1]-'0') }
	for i := 2; i < len(d.digits)/2; i++ {
		if at(i)-at(i-1) != at(1)-at(0) {
			return false
		}
	}
	return true
}

// hasDate reports whether three neighbouring groups are a date: 2024-11-05,
// 05.11.2024, 11/5/24 7, or the digits of one in a row, 20241105 10.
func (d *digitRun) hasDate() bool {
	for i, g := range d.groups {
		if i+2 < len(d.groups) {
			a, b, c := d.value(g), d.value(d.groups[i+1]), d.value(d.groups[i+2])
			s := d.groups[i+1].sep
			same := s == d.groups[i+2].sep && s&(sepHyphen|sepDot|sepSlash) != 0
			if same && (isYear(a) && g.len() == 4 && isMonth(b) && isDay(c) ||
				isYear(c) && d.groups[i+2].len() == 4 && (isMonth(a) && isDay(b) || isMonth(b) && isDay(a))) {
				return true
			}
		}
		if g.len() == 8 && len(d.groups) > 1 {
			if v := d.value(g); isYear(v/10000) && isMonth(v/100%100) && isDay(v%100) {
				return true
			}
		}
	}
	return false
}

func isYear(n int) bool  { return 1900 <= n && n < 2100 }
func isMonth(n int) bool { return 1 <= n && n <= 12 }
func isDay(n int) bool   { return 1 <= n && n <= 31 }

// value returns the number that a group of at most 9 digits spells, else -1.
func (d *digitRun) value(g group) int {
	if g.len() > 9 {
		return -1
	}
	n := 0
	for _, c := range d.b[g.start:g.end] {
		n = n*10 + int(c-'0')
	}
	return n
}

// dottedQuad reports whether d reads as an IPv4 address or a version.
func (d *digitRun) dottedQuad() bool {
	if len(d.groups) != 4 {
		return false
	}
	for _, g := range d.groups {
		if g.len() > 3 {
			return false
		}
	}
	return true
}

// normalisePhone appends the digits with the country code and without + or 00.
// A national number gets the engine's calling code if there is one; a North
// American one is known by its form.
func (e *Engine) normalisePhone(dst, v []byte) []byte {
	v = trim(v)
	start := len(dst)
	plus := len(v) > 0 && (v[0] == '+' || v[0] == '(' && byteAt(v, 1) == '+')
	for i := 0; i < len(v); i++ {
		if v[i] == '(' && byteAt(v, i+1) == '0' && byteAt(v, i+2) == ')' && len(dst) > start {
			i += 2
			continue
		}
		if c := v[i]; c == 'x' || c == 'X' {
			break // an extension
		}
		if isDigit(v[i]) {
			dst = append(dst, v[i])
		}
	}
	d := dst[start:]
	code := e.callingCode
	switch {
	case plus || len(d) < 7:
	case d[0] == '0' && d[1] == '0':
		dst = append(dst[:start], d[2:]...)
	case d[0] == '0' && code != "":
		dst = slices.Replace(dst, start, start+1, []byte(code)...)
	case len(d) == 10 && d[0] >= '2' && d[3] >= '2' && (code == "" || code == "1"):
		dst = slices.Insert(dst, start, '1')
	}
	return dst
}
