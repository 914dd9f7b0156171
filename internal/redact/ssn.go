package redact

// US social security numbers: AAA-GG-SSSS. Nine bare digits are one only under
// a key that says so.

func (d *digitRun) isSSN() bool {
	if !d.shape(3, 2, 4) || d.groups[0].plus || d.groups[0].hyphened || d.groups[0].path || !validSSN(d.digits) {
		return false
	}
	switch d.oneSep() {
	case sepHyphen:
		return true
	case sepSpace:
		return wordBefore(d.b, d.start, []string{"ssn", "social", "security", "ss"})
	}
	return false
}

// validSSN reports whether nine digits can be a number that was issued: area
// 000, 666 and 9xx, group 00 and serial 0000 never were.
func validSSN(digits []byte) bool {
	if len(digits) != 9 {
		return false
	}
	area, group, serial := string(digits[:3]), string(digits[3:5]), string(digits[5:])
	return area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000"
}
