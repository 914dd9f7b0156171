package redact

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// word is a keyword: a text that something begins with or stands behind.
type word struct {
	text   string
	off    int        // where in text the pair is that wakes it
	fold   bool       // in any case; text is lower-case then
	rule   int        // index of the secret rule, or one of those below
	common int        // of its rarest four bytes
	next   [2]byteSet // what can stand behind text in a match
}

const (
	pseudonymWord = -1 - iota // our own "pii:"
	birthWord                 // what stands before a date of birth
	maskWord                  // our own "[secret:"
	commandWord               // the name of a program whose arguments may hold a password
)

// at reports whether the keyword's pair at b[i] has the whole keyword around it.
func (w *word) at(b []byte, i int) bool {
	start := i - w.off
	if start < 0 || len(b)-start < len(w.text) {
		return false
	}
	if w.fold {
		return hasFold(b, start, w.text)
	}
	return string(b[start:start+len(w.text)]) == w.text
}

// byteSet is a set of bytes, each there once.
type byteSet []byte

func setOf(has func(byte) bool) byteSet {
	var s byteSet
	for c := range 256 {
		if has(byte(c)) {
			s = append(s, byte(c))
		}
	}
	return s
}

// or returns the bytes of both sets.
func (s byteSet) or(other byteSet) byteSet {
	return setOf(func(c byte) bool { return bytes.IndexByte(s, c) >= 0 || bytes.IndexByte(other, c) >= 0 })
}

func anyByte() byteSet { return setOf(func(byte) bool { return true }) }

// triggers are what a text is scanned for.
type triggers struct {
	table
	index [1 << 16]uint16 // of the list of words with this pair; 0: none
	words [][]word
	alnum [256]bool // ASCII letters and digits

	inUUIDs bool // a rule may find something in a UUID in lower case
}

// wordsAt returns the keywords whose pair stands at b[i].
func (t *triggers) wordsAt(b []byte, i int) []word {
	return t.words[t.index[pair(b[i], byteAt(b, i+1))]]
}

// wake enters four bytes in a row into the table.
func (t *triggers) wake(k buckets, a, b, c, d byteSet) {
	enter := func(x, y byteSet, bit uint32) {
		for i := range x {
			for j := range y {
				t.pairs[pair(x[i], y[j])] |= bit
			}
		}
	}
	enter(a, b, uint32(k))
	enter(c, d, uint32(k)<<16)
}

// newTriggers lays out the tables for the detectors that are on, the rules and
// the names of keys.
func newTriggers(on func(kind) bool, rules []rule, names *keyNames) *triggers {
	t := &triggers{table: table{names: names}, words: make([][]word, 1)}
	all := anyByte()
	digit := setOf(isDigit)
	if on(phone) || on(card) || on(ssn) {
		// Whatever has seven digits has two in a row before five more bytes of
		// the run: see number.
		part := setOf(func(c byte) bool { return isDigit(c) || c >= 0x80 }).or(byteSet(" -./()+"))
		t.wake(ofNumber, digit, digit, part, part)
		for _, c := range part {
			t.part[c] = true
		}
	}
	if on(iban) {
		for i := 0; i+2 < len(ibanLengths); i += 5 {
			t.wake(ofIBAN, bothCases(ibanLengths[i+1]), bothCases(ibanLengths[i+2]), digit, digit)
		}
	}
	if on(ip) {
		t.wake(ofIP, digit, byteSet("."), digit, all)
		t.wake(ofIP, setOf(isHex).or(byteSet(":")), byteSet(":"), all, all)
	}
	if on(email) {
		t.wakeAt(all)
	}
	t.wakeEncoded(all)
	t.wakeNames(names, all)
	t.addWords(on, rules)
	return t
}

// bothCases returns an upper-case letter and its lower case.
func bothCases(c byte) byteSet { return byteSet{c, c | 0x20} }

// wakeAt enters the spellings of @.
func (t *triggers) wakeAt(all byteSet) {
	label := setOf(func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' || c >= 0x80 })
	t.wake(ofAt, setOf(isLocal), byteSet("@"), label, all)
	t.wake(ofAt, byteSet(`\`), byteSet("uU"), byteSet("0fF"), byteSet("0fF"))
	t.wake(ofAt, byteSet("&"), byteSet("#"), byteSet("6xX"), byteSet("4"))
	t.wake(ofAt, byteSet("\xef"), byteSet("\xbc"), byteSet("\xa0"), all) // U+FF20
	t.wake(ofAt, byteSet("\xef"), byteSet("\xb9"), byteSet("\xab"), all) // U+FE6B
}

// wakeEncoded enters what may be encoded text: see encoded.go.
func (t *triggers) wakeEncoded(all byteSet) {
	hex, some := setOf(isHex), setOf(func(c byte) bool { return c != nulByte })
	t.wake(ofAt, byteSet("%"), hex, hex, all)
	t.wake(ofWide, some, byteSet{nulByte}, some, byteSet{nulByte})
	for c := range t.alnum {
		t.alnum[c] = isLetter(byte(c)) || isDigit(byte(c))
	}
}

// wakeNames enters the last two letters of each name with what may stand
// between it and its value, or behind it in JSON: see assignedAt and quiet.
func (t *triggers) wakeNames(names *keyNames, all byteSet) {
	separator := byteSet(":=>")
	tail := byteSet(keyTail)
	quote := byteSet("\"'")
	for at, e := range names.ends {
		if e == 0 {
			continue
		}
		is := func(n int) byteSet { return setOf(func(c byte) bool { return nameIndex(c) == n }) }
		a, b := is(at/nameBytes), is(at%nameBytes)
		t.wake(ofName, a, b, separator, all)
		t.wake(ofName, a, b, byteSet(wideColon[:1]), byteSet(wideColon[1:2]))
		t.wake(ofName, a, b, tail, tail.or(separator))
		t.wake(ofName, a, b, quote, byteSet(",}] \t\r\n"))
		t.wake(ofName, a, b, setOf(isDigit), all)
		t.wake(ofName, a, b, byteSet("_-"), setOf(isDigit))
	}
}

// addWords enters the keywords, each where it is rarest, and spreads them over
// the buckets so that few texts have the beginning of one and the end of
// another.
func (t *triggers) addWords(on func(kind) bool, rules []rule) {
	list := []word{{text: "pii:", rule: pseudonymWord}, {text: "[secret:", rule: maskWord}}
	if on(birth) {
		for _, w := range birthWords() {
			list = append(list, word{text: w, fold: true, rule: birthWord, next: [2]byteSet{setOf(func(c byte) bool { return !isWord(c) }), anyByte()}})
		}
	}
	for _, w := range [...]string{"mysql", "mariadb", "sshpass", `curl"`, `curl.exe"`} { // see commandOf
		list = append(list, word{text: w, rule: commandWord})
	}
	for i := range rules {
		for _, k := range rules[i].Keywords {
			t.inUUIDs = t.inUUIDs || len(k)+rules[i].Tail <= uuidLen && strings.Trim(k, "0123456789abcdef-") == ""
			w := word{text: k, fold: rules[i].Fold, rule: i}
			if len(k) < 4 {
				w.next = rules[i].after(k)
			}
			list = append(list, w)
		}
	}
	common := newCommonPairs()
	for i := range list {
		list[i].anchor(common)
	}
	slices.SortStableFunc(list, func(a, b word) int { return cmp.Compare(b.common, a.common) })
	var sums [shortBuckets + longBuckets]struct{ first, second int }
	for i := range list {
		w := &list[i]
		t.list(w)
		from, to := 0, shortBuckets
		if len(w.text) >= 4 {
			from, to = shortBuckets, len(sums)
			t.addGrams(w)
		}
		best, least := 0, 1<<62
		for k := from; k < to; k++ {
			s := &sums[k]
			a := t.rarity(common, uint32(ofShort<<k), w, 0)
			b := t.rarity(common, uint32(ofShort<<k)<<16, w, 2)
			if more := (s.first+a)*(s.second+b) - s.first*s.second; more < least {
				best, least = k, more
			}
		}
		sums[best].first += t.rarity(common, uint32(ofShort<<best), w, 0)
		sums[best].second += t.rarity(common, uint32(ofShort<<best)<<16, w, 2)
		t.wake(ofShort<<best, w.set(0), w.set(1), w.set(2), w.set(3))
	}
}

// addGrams enters the four bytes of a longer keyword, in every case of it.
func (t *triggers) addGrams(w *word) {
	for _, a := range w.set(0) {
		for _, b := range w.set(1) {
			for _, c := range w.set(2) {
				for _, d := range w.set(3) {
					at, bit := gram(uint32(pair(a, b)) | uint32(pair(c, d))<<16)
					t.grams[at] |= bit
				}
			}
		}
	}
}

// rarity returns the commonness of those pairs, n bytes behind the word's, that
// are not in the bucket yet.
func (t *triggers) rarity(common *commonPairs, bit uint32, w *word, n int) int {
	sum, next := 0, w.set(n+1)
	for _, x := range w.set(n) {
		for _, y := range next {
			if p := pair(x, y); t.pairs[p]&bit == 0 {
				sum += int(common[p])
			}
		}
	}
	return sum
}

// list enters w under its pair, in every case of it.
func (t *triggers) list(w *word) {
	for _, x := range w.set(0) {
		for _, y := range w.set(1) {
			n := &t.index[pair(x, y)]
			if *n == 0 {
				*n = uint16(len(t.words))
				t.words = append(t.words, nil)
			}
			t.words[*n] = append(t.words[*n], *w)
		}
	}
}

// set returns what may stand n bytes behind the word's pair.
func (w *word) set(n int) byteSet {
	n += w.off
	if n >= len(w.text) {
		return w.next[n-len(w.text)]
	}
	if c := w.text[n]; w.fold && isLower(c) {
		return byteSet{c, c &^ 0x20}
	}
	return byteSet{w.text[n]}
}

// anchor chooses the rarest four bytes of the word.
func (w *word) anchor(common *commonPairs) {
	best, at := 1<<62, 0
	for w.off = 0; w.off == 0 || w.off+4 <= len(w.text); w.off++ {
		if c := w.commonness(common, 0) * w.commonness(common, 2); c < best {
			best, at = c, w.off
		}
	}
	w.off, w.common = at, best
}

// commonness says roughly how often the two bytes from the n-th on stand in
// ordinary text, in millionths.
func (w *word) commonness(common *commonPairs, n int) int {
	sum, next := 0, w.set(n+1)
	for _, x := range w.set(n) {
		for _, y := range next {
			sum += int(common[pair(x, y)])
		}
	}
	return sum
}
