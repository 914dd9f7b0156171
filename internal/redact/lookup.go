package redact

import (
	"bytes"
	"slices"
)

// Lookup returns every pseudonym under which a clear value may stand in the
// record: of each kind that it can be, under the current key and the old ones,
// the current first. A value that is a pseudonym already is returned as it is.
// Keys that cannot be used are passed over.
func (e *Engine) Lookup(keys Keys, value string) []string {
	v := trim([]byte(value))
	if len(v) == 0 {
		return nil
	}
	if pseudonymLen(v) == len(v) {
		return []string{string(v)}
	}
	var out []string
	var m mac
	for _, key := range append([]Key{keys.Current}, keys.Old...) {
		if key.check() != nil {
			continue
		}
		m.use(key)
		for k := secret; k < numKinds; k++ {
			for _, norm := range e.spellings(k, v) {
				if s := string(m.append(nil, k, norm)); !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// spellings returns the normalised values of kind k that v can mean.
func (e *Engine) spellings(k kind, v []byte) [][]byte {
	norm := e.normalise(nil, k, v)
	digits := appendDigits(nil, v)
	can := false
	switch k {
	case secret, person:
		can = true // any text can be one
	case email:
		can = looksLikeEmail(norm)
	case card:
		can = onlyNumber(v) && len(digits) >= 12 && len(digits) <= maxDigits
	case ssn:
		can = onlyNumber(v) && validSSN(digits)
	case iban:
		can = len(norm) >= 15 && isLetter(norm[0]) && isLetter(norm[1]) && ibanEnd(norm, 0) == len(norm)
	case ip:
		can = isAddress(v)
	case birth:
		can = len(digits) >= 3 && len(v) <= 32
	case phone:
		if !onlyNumber(v) || len(digits) < 7 || len(digits) > 15 {
			return nil
		}
		return e.phoneSpellings(v, norm, digits)
	}
	if !can {
		return nil
	}
	return [][]byte{norm}
}

// phoneSpellings returns the number with its country code and as it may have
// been written without it, for texts whose country was not known.
func (e *Engine) phoneSpellings(v, norm, digits []byte) [][]byte {
	list := [][]byte{norm, digits}
	if v[0] == '+' || bytes.HasPrefix(digits, []byte("00")) {
		if code, rest := splitCallingCode(norm); code != "" {
			list = append(list, rest, append([]byte{'0'}, rest...))
		}
	}
	return list
}
