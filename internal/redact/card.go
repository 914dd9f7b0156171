package redact

// Payment card numbers: a known issuer's prefix, one of its lengths, Luhn's
// check digit, and a grouping that people use.

func (d *digitRun) isCard() bool {
	n := len(d.digits)
	if n < 12 || d.groups[0].plus {
		return false
	}
	usual, known := issuer(d.digits)
	if !known || !luhn(d.digits) {
		return false
	}
	grouped := d.cardGroups()
	if len(d.groups) > 1 && !grouped {
		return false
	}
	if d.groups[0].hyphened || d.groups[len(d.groups)-1].hyphened { // the tail of some id
		return d.nearCard()
	}
	return usual || grouped && len(d.groups) > 1 && n >= 13 || d.nearCard() || d.followed(cardWords())
}

// cardGroups reports whether the digits are grouped as on a card, with one kind
// of separator.
func (d *digitRun) cardGroups() bool {
	if len(d.groups) == 1 {
		return true
	}
	if s := d.oneSep(); s != sepSpace && s != sepHyphen {
		return false
	}
	for _, g := range d.groups[1:] {
		if g.paren || g.plus {
			return false
		}
	}
	if d.shape(4, 6, 5) || d.shape(4, 6, 4) {
		return true
	}
	last := len(d.groups) - 1
	for _, g := range d.groups[:last] {
		if g.len() != 4 {
			return false
		}
	}
	return d.groups[last].len() <= 4 && last >= 3
}

func cardWords() []string {
	return []string{"card", "cards", "cc", "visa", "mastercard", "maestro", "amex", "debit", "credit", "pan",
		"karte", "kreditkarte", "kartennummer", "carte", "tarjeta", "carta", "kort"}
}

// luhn reports whether the last of the digits is their check digit.
func luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		n := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// mayBeIssued reports whether there are cards whose number begins with the digit.
func mayBeIssued(first byte) bool {
	return first != '0' && first != '1' && first != '7' && first != '9'
}

// issuer reports whether digits have a prefix and length of a card scheme
// (known), and whether that scheme still issues this length so that the bare
// number may be trusted to be a card (usual).
func issuer(digits []byte) (usual, known bool) {
	if !mayBeIssued(digits[0]) {
		return false, false
	}
	n := len(digits)
	p := 0 // the first six digits
	for _, c := range digits[:6] {
		p = p*10 + int(c-'0')
	}
	between := func(low, high, div int) bool { return low <= p/div && p/div <= high }
	switch {
	case between(4, 4, 100000): // Visa
		return n == 16, n == 13 || n == 16 || n == 19
	case between(51, 55, 10000), between(2221, 2720, 100): // Mastercard
		return n == 16, n == 16
	case between(34, 34, 10000), between(37, 37, 10000): // American Express
		return n == 15, n == 15
	case between(300, 305, 1000), between(36, 36, 10000), between(38, 39, 10000), between(3095, 3095, 100): // Diners Club
		return n == 14, n == 14 || n == 16 || n == 19
	case between(3528, 3589, 100): // JCB
		return n == 16, n >= 16
	case between(6011, 6011, 100), between(644, 649, 1000), between(65, 65, 10000): // Discover
		return n == 16, n >= 16
	case between(62, 62, 10000), between(81, 81, 10000): // UnionPay
		return n == 16, n >= 16
	case between(2200, 2204, 100): // Mir
		return n == 16, n >= 16
	case between(60, 60, 10000), between(82, 82, 10000), between(508, 508, 1000): // RuPay
		return n == 16, n == 16
	case between(50, 50, 10000), between(56, 58, 10000), between(61, 69, 10000): // Maestro
		return false, n >= 12
	}
	return false, false
}
