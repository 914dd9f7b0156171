package redact

import "strings"

// ibanLengths holds country codes with the length of their account numbers
// (ISO 13616 registry).
const ibanLengths = " AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 "

// ibanLength returns the length for an upper-case country code, 0 if it has
// none.
func ibanLength(a, b byte) int {
	i := strings.Index(ibanLengths, string([]byte{' ', a, b}))
	if i < 0 {
		return 0
	}
	return int(ibanLengths[i+3]-'0')*10 + int(ibanLengths[i+4]-'0')
}

// ibanAt judges the account number whose country may be b[i:i+2] and returns
// its end, 0 if there is none.
func (p *pass) ibanAt(b []byte, i int) int {
	if !p.e.on(iban) || len(b)-i < 4 || !isLetter(b[i]) || !isLetter(b[i+1]) {
		return 0
	}
	if wordAt(b, i-1) && !afterEscape(b, i) {
		return 0
	}
	end := ibanEnd(b, i)
	if end == 0 {
		return 0
	}
	p.hit(b, iban, "", i, end)
	p.numberTo = end // its digits are nothing else
	return end
}

// ibanEnd returns the end of the valid account number at b[start], 0 if there
// is none. Single spaces or hyphens may stand between its groups.
func ibanEnd(b []byte, start int) int {
	up := func(c byte) byte {
		if isLower(c) {
			return c &^ 0x20
		}
		return c
	}
	want := ibanLength(up(b[start]), up(b[start+1]))
	if want == 0 || !isDigit(byteAt(b, start+2)) || !isDigit(byteAt(b, start+3)) {
		return 0
	}
	var digits [40]byte
	n, i := 0, start
	for ; i < len(b) && n < want; i++ {
		c := b[i]
		if (c == ' ' || c == '-') && n >= 4 && wordAt(b, i-1) && wordAt(b, i+1) {
			continue
		}
		if !isLetter(c) && !isDigit(c) {
			return 0
		}
		digits[n] = up(c)
		n++
	}
	if n < want || wordAt(b, i) || mod97(digits[:n]) != 1 {
		return 0
	}
	return i
}

// mod97 is the check of ISO 7064 over the number with its first four
// characters moved to the end and letters read as 10 to 35.
func mod97(s []byte) int {
	m := 0
	for i := range s {
		c := s[(i+4)%len(s)]
		if isDigit(c) {
			m = (m*10 + int(c-'0')) % 97
		} else {
			m = (m*100 + int(c-'A') + 10) % 97
		}
	}
	return m
}

// normaliseIBAN appends the letters and digits of v in upper case.
func normaliseIBAN(dst, v []byte) []byte {
	for _, c := range v {
		if isLower(c) {
			c &^= 0x20
		}
		if isLetter(c) || isDigit(c) {
			dst = append(dst, c)
		}
	}
	return dst
}
