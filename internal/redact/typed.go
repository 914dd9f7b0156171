package redact

// Values under keys that name a kind, such as "card_number" or "dob".

// assignTyped judges a value in text under a key that names its kind.
func (p *pass) assignTyped(b []byte, v int, name *keyName) {
	a := assigned(b, v, maxBare)
	start := a.start
	if !a.quoted {
		start = v
	}
	if start < len(b) && b[start] == '+' {
		start++
	}
	end := start
	if name.kind == birth {
		end = birthValue(b, start)
	} else {
		for j := start; j < len(b) && j-start < 32; j++ {
			if isDigit(b[j]) {
				end = j + 1
			} else if _, n := separator(b, j); n == 0 {
				break
			}
		}
	}
	if start > v && b[start-1] == '+' {
		start--
	}
	if start >= end || wordAt(b, end) || !fits(name.kind, b[start:end]) {
		return
	}
	p.hit(b, name.kind, "", start, end)
}

// fits reports whether val has the form of kind k.
func fits(k kind, val []byte) bool {
	var store [32]byte
	digits := appendDigits(store[:0], val)
	switch k {
	case card:
		return len(digits) >= 12 && len(digits) <= 19 && onlyNumber(val)
	case ssn:
		return validSSN(digits) && onlyNumber(val)
	case phone:
		return len(digits) >= 7 && len(digits) <= 15 && onlyNumber(val)
	case birth:
		return len(trim(val)) > 0 && len(digits) >= 3
	}
	return true
}

// onlyNumber reports whether val is digits and separators only.
func onlyNumber(val []byte) bool {
	for i := 0; i < len(val); i++ {
		if isDigit(val[i]) {
			continue
		}
		_, n := separator(val, i)
		if n == 0 {
			return false
		}
		i += n - 1
	}
	return true
}
