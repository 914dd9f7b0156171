package redact

// A trigger is what a pair of neighbouring bytes wakes.
type trigger struct {
	detectors detectors
	words     []word
}

// detectors is a set of hand-written detectors.
type detectors uint8

const (
	wakeEmail     detectors = 1 << iota // letter, '@'
	wakeEncodedAt                       // %4, \u, &#
	wakeNumber                          // digit, digit
	wakeAssign                          // anything, then : = or >; a quote, then a comma
	wakeIPv4                            // digit, '.'
	wakeIPv6                            // hex digit or colon, then ':'
)

// word is a keyword that lies around a pair.
type word struct {
	text string
	off  int // of the pair in text
	// probe is the rarest byte of text outside of the pair, lower case under
	// fold, at rel from the pair: most wakes in vain end with this one look.
	probe, mask byte
	rel         int
	fold        bool // in any case; text is lower-case then
	rule        int  // index of the secret rule, or pseudonymWord or birthWord
}

const (
	pseudonymWord = -1 // our own "pii:"
	birthWord     = -2 // what stands before a date of birth
)

// may reports whether the probe is in its place around the pair at b[i].
func (w *word) may(b []byte, i int) bool {
	j := i + w.rel
	return uint(j) < uint(len(b)) && b[j]|w.mask == w.probe
}

// setProbe chooses the probe; a word of two bytes probes its pair.
func (w *word) setProbe() {
	best := 1 << 30
	for j := range len(w.text) {
		c := commonness(w.text[j])
		if inPair := j == w.off || j == w.off+1; inPair && len(w.text) > 2 || c >= best {
			continue
		}
		best, w.rel, w.probe, w.mask = c, j-w.off, w.text[j], 0
		if w.fold && isLetter(w.probe) {
			w.mask = 0x20
		}
	}
}

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

// triggers maps each pair of bytes to the index of its trigger; 0 is none.
type triggers struct {
	pairs [1 << 16]uint8
	list  []trigger
}

// pairSet collects what each pair wakes before the table is laid out.
type pairSet map[uint16]*trigger

func pair(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }

func (s pairSet) at(p uint16) *trigger {
	if s[p] == nil {
		s[p] = &trigger{}
	}
	return s[p]
}

// wake lets every pair of one byte of each set wake d.
func (s pairSet) wake(d detectors, first, second func(byte) bool) {
	for a := range 256 {
		for b := range 256 {
			if first(byte(a)) && second(byte(b)) {
				s.at(pair(byte(a), byte(b))).detectors |= d
			}
		}
	}
}

// add lets the rarest pair of w.text wake w.
func (s pairSet) add(w word) {
	best := 1 << 30
	for i := 0; i+1 < len(w.text); i++ {
		if c := commonness(w.text[i]) * commonness(w.text[i+1]); c < best {
			best, w.off = c, i
		}
	}
	w.setProbe()
	a, b := w.text[w.off], w.text[w.off+1]
	if !w.fold {
		s.put(a, b, w)
		return
	}
	for _, x := range cases(a) {
		for _, y := range cases(b) {
			s.put(x, y, w)
		}
	}
}

func (s pairSet) put(a, b byte, w word) {
	t := s.at(pair(a, b))
	t.words = append(t.words, w)
}

func cases(c byte) []byte {
	if isLower(c) {
		return []byte{c, c &^ 0x20}
	}
	return []byte{c}
}

// commonness says roughly how often a byte occurs in ordinary text, of 1000.
func commonness(c byte) int {
	switch {
	case c == 'e' || c == 't' || c == 'a' || c == 'o' || c == 'i' || c == 'n' || c == ' ':
		return 80
	case c == '_':
		return 25
	case c == 's' || c == 'r' || c == 'h' || c == 'l' || c == 'd':
		return 45
	case c == 'z' || c == 'q' || c == 'x' || c == 'j':
		return 2
	case isLower(c):
		return 18
	case isDigit(c) || c == '.' || c == ',' || c == '"' || c == '-':
		return 8
	case isUpper(c):
		return 4
	}
	return 5
}

// table lays the set out. Pairs that wake the same hand-written detectors and
// no keyword share a trigger. If there are more than 255, the last one takes
// the keywords of the rest; each keyword is compared in full anyway.
func (s pairSet) table() *triggers {
	t := &triggers{list: make([]trigger, 1)}
	shared := map[detectors]uint8{}
	for p := range 1 << 16 {
		tr := s[uint16(p)]
		if tr == nil {
			continue
		}
		if n, ok := shared[tr.detectors]; ok && len(tr.words) == 0 {
			t.pairs[p] = n
			continue
		}
		if len(t.list) < 256 {
			t.list = append(t.list, *tr)
		} else {
			last := &t.list[255]
			last.detectors |= tr.detectors
			last.words = append(last.words, tr.words...)
		}
		n := uint8(len(t.list) - 1)
		t.pairs[p] = n
		if len(tr.words) == 0 {
			shared[tr.detectors] = n
		}
	}
	return t
}

// newTriggers lays out the table for the detectors that are on and the rules.
func newTriggers(on func(kind) bool, rules []rule) *triggers {
	s := pairSet{}
	is := func(set string) func(byte) bool {
		return func(c byte) bool {
			for i := range len(set) {
				if set[i] == c {
					return true
				}
			}
			return false
		}
	}
	if on(email) {
		s.wake(wakeEmail, isLocal, is("@"))
		s.wake(wakeEncodedAt, is("%"), is("4"))
		s.wake(wakeEncodedAt, is("\\"), is("u"))
		s.wake(wakeEncodedAt, is("&"), is("#"))
		s.wake(wakeEncodedAt, is("\xbc"), is("\xa0")) // U+FF20 without its first byte
		s.wake(wakeEncodedAt, is("\xb9"), is("\xab")) // U+FE6B
	}
	if on(phone) || on(card) || on(ssn) || on(iban) {
		s.wake(wakeNumber, isDigit, isDigit)
	}
	if on(ip) {
		s.wake(wakeIPv4, isDigit, is("."))
		s.wake(wakeIPv6, func(c byte) bool { return isHex(c) || c == ':' }, is(":"))
	}
	s.wake(wakeAssign, func(c byte) bool { return c >= ' ' }, is(":=>"))
	s.wake(wakeAssign, is(`"'`), is(",")) // a pair
	s.add(word{text: "pii:", rule: pseudonymWord})
	if on(birth) {
		for _, w := range birthWords() {
			s.add(word{text: w, fold: true, rule: birthWord})
		}
	}
	for i := range rules {
		for _, k := range rules[i].Keywords {
			s.add(word{text: k, fold: rules[i].Fold, rule: i})
		}
	}
	return s.table()
}
