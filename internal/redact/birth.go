package redact

import "bytes"

// Dates of birth are known by the name of their key, or by the words before
// them; any date could be one.

// birthWords are the words that stand before a date of birth in a sentence.
func birthWords() []string {
	return []string{"dob", "d.o.b", "date of birth", "birth date", "birthdate", "birthday", "born",
		"geburtsdatum", "geboren am", "geboren op", "née le", "né le", "nacido el", "nacida el", "nato il", "nata il",
		"nascido em", "nascida em", "födelsedatum", "fødselsdato", "född", "født", "syntymäaika", "syntynyt",
		"data urodzenia", "urodzony", "urodzona", "datum narození", "datum narodenia", "születési idő", "születési dátum",
		"data nașterii", "doğum tarihi", "дата рождения", "Дата рождения", "родился", "родилась", "дата народження",
		"Дата народження", "ημερομηνία γέννησης", "Ημερομηνία γέννησης", "出生日期", "生年月日", "생년월일",
		"ngày sinh", "tanggal lahir"}
}

// birthTold judges what follows the words at b[start:end]: "born on 12 May 1980".
func (p *pass) birthTold(b []byte, start, end int) {
	if wordAt(b, start-1) || wordAt(b, end) {
		return
	}
	i := skipFill(b, end)
	for _, w := range [...]string{"is ", "was ", "on "} {
		if hasFold(b, i, w) {
			i = skipFill(b, i+len(w))
		}
	}
	if i >= len(b) || !isDigit(b[i]) && !monthAt(b, i) {
		return
	}
	to := birthValue(b, i)
	var store [16]byte
	if n := len(appendDigits(store[:0], b[i:to])); n >= 5 && n <= 14 {
		p.hit(b, birth, "", i, to)
	}
}

// monthAt reports whether the name of a month begins at b[i], in one of the
// languages whose words stand in birthWords.
func monthAt(b []byte, i int) bool {
	for _, m := range [...]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
		"mär", "mai", "okt", "dez", "fév", "avr", "déc", "ene", "abr", "ago", "dic"} { // elsewhere the day is first
		if hasFold(b, i, m) {
			return true
		}
	}
	return false
}

// skipFill skips a few spaces and marks.
func skipFill(b []byte, i int) int {
	for n := 0; n < 4 && i < len(b); n++ {
		switch b[i] {
		case ' ', '.', ':', '*':
			i++
			continue
		}
		if hasFold(b, i, wideColon) {
			i += len(wideColon)
			continue
		}
		break
	}
	return i
}

// birthValue returns the end of the date that begins at b[i] after a key such
// as "date of birth:", i if there is none: digits and separators, or words
// around digits (4 May 1990, May 4th, 1990).
func birthValue(b []byte, i int) int {
	const longest = 32
	end, digits, letters := i, 0, 0
	for j := i; j < len(b) && j-i < longest; j++ {
		switch c := b[j]; {
		case isDigit(c):
			digits++
			end = j + 1
			if digits > 8 {
				return end
			}
		case c == 'T' && digits == 8 && end == j:
			return timeEnd(b, j)
		case isLetter(c) || c >= 0x80:
			if letters++; letters > 14 || j > i && digits >= 6 {
				return birthEnd(i, dayEnd(b, j, end), digits)
			}
		case c == '-' || c == '.' || c == '/' || c == ' ':
			if digits >= 6 && c == ' ' || c == ' ' && byteAt(b, j-1) == ' ' || digits >= 5 && letters > 2 {
				return birthEnd(i, end, digits)
			}
		case c == ',' && letters > 2 && digits < 4:
		default:
			return birthEnd(i, end, digits)
		}
	}
	return birthEnd(i, end, digits)
}

// dayEnd returns where the word for a day ends that stands behind a number at
// b[end], as in 1980年5月12日, else end.
func dayEnd(b []byte, i, end int) int {
	for _, w := range [...]string{"日", "일", "号"} {
		if i == end && hasFold(b, i, w) {
			return end + len(w)
		}
	}
	return end
}

// timeEnd returns the end of the time of an RFC 3339 date-time, from its T on.
func timeEnd(b []byte, i int) int {
	for i++; i < len(b) && (isDigit(b[i]) || b[i] == ':' || b[i] == '.' || b[i] == '+' || b[i] == '-' || b[i] == 'Z'); i++ {
	}
	return i
}

func birthEnd(i, end, digits int) int {
	if digits < 3 {
		return i
	}
	return end
}

// normaliseBirth appends a date as YYYY-MM-DD where its form says which number
// is what (1990-05-04T..., 19900504, 04.05.1990), else in lower case.
func normaliseBirth(dst, v []byte) []byte {
	v = trim(v)
	n := len(v)
	is := func(s []byte, layout string) bool {
		if len(s) != len(layout) {
			return false
		}
		for i := range s {
			if layout[i] == '0' && !isDigit(s[i]) || layout[i] != '0' && s[i] != layout[i] {
				return false
			}
		}
		return true
	}
	join := func(y, m, d []byte) []byte {
		return append(append(append(append(append(dst, y...), '-'), m...), '-'), d...)
	}
	switch {
	case n >= 10 && (is(v[:10], "0000-00-00") || is(v[:10], "0000/00/00")) && (n == 10 || v[10] == 'T' || v[10] == ' '):
		return join(v[:4], v[5:7], v[8:10])
	case is(v, "00000000"):
		return join(v[:4], v[4:6], v[6:])
	case is(v, "00.00.0000"):
		return join(v[6:], v[3:5], v[:2])
	}
	return append(dst, bytes.ToLower(v)...)
}
