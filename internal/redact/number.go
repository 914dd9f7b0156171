package redact

// A number run is digits in groups with separators between them: what a phone,
// a card or a social security number may be a part of.

// group is one group of digits in a run.
type group struct {
	start, end int
	sep        sepClass // what stands before it
	sepAt      int      // where that begins
	plus       bool     // a + is right before it
	paren      bool     // it stands in parentheses
	tainted    bool     // it is glued to something else
	hyphened   bool     // a hyphen glues its chain to a word: a slug or a UUID
	path       bool     // it is an element of a path
}

func (g group) len() int { return g.end - g.start }

// sepClass is a set of the separators between two groups.
type sepClass uint8

const (
	sepSpace sepClass = 1 << iota
	sepHyphen
	sepDot
	sepSlash
	sepParen
	sepPlus
)

const (
	minDigits = 7  // of anything that is looked for
	maxGroups = 16 // of a run; what is longer is judged in pieces
	maxSep    = 3  // bytes between two groups
)

// number judges the number run around b[i] and returns its end.
func (p *pass) number(b []byte, i int) int {
	if p.e.on(ip) && i < p.numberTo {
		return 0 // there may be an address in the run
	}
	if i < p.numberTo {
		return p.numberTo
	}
	start := runStart(b, i, p.numberTo)
	last := dateAlone(b, start)
	if last == 0 {
		last = fewDigits(b, start)
	}
	if last == 0 {
		last = longAlone(b, start)
	}
	if last == 0 {
		p.run = groups(b, start, p.run[:0])
		last = p.run[len(p.run)-1].end
		if last-start <= maxRun {
			taint(b, p.run)
			p.judgeRun(b, p.run)
		}
	}
	p.numberTo = last
	if p.e.on(ip) {
		return 0
	}
	return last
}

// maxRun bounds the bytes of a run that is judged: longer digits are data.
const maxRun = 400

// glue is what ties the groups of one id together.
const glue = sepHyphen | sepDot

// judgeRun tries the detectors on every stretch of groups that stands by
// itself, the longest first.
func (p *pass) judgeRun(b []byte, run []group) {
	const longest = 8
	c := runContext{b: b, start: run[0].start}
	for i := 0; i < len(run); i++ {
		if !opens(run, i) {
			continue
		}
		for j := min(len(run), i+longest); j > i; j-- {
			if closes(run, j) && p.judge(b, run, i, j, &c) {
				i = j - 1
				break
			}
		}
	}
}

// opens reports whether a value may begin with run[i].
func opens(run []group, i int) bool {
	if i > 0 && run[i].sep == sepSlash && run[i-1].len() < 3 {
		return false // inside a date: 11/05/2024
	}
	return i == 0 || run[i].plus || run[i].sep&(sepSpace|sepSlash|sepParen) != 0
}

// closes reports whether a value may end before run[j].
func closes(run []group, j int) bool {
	return j == len(run) || run[j].plus || run[j].sep&(sepSpace|sepSlash) != 0
}

// digitRun is a stretch of groups with its digits.
type digitRun struct {
	b          []byte
	context    *runContext
	groups     []group
	digits     []byte
	alone      bool // no other number stands beside it
	start, end int  // of its text, with a + or an opening parenthesis
}

const maxDigits = 19

// judge tries the detectors on run[i:j].
func (p *pass) judge(b []byte, run []group, i, j int, c *runContext) bool {
	var store [maxDigits]byte
	d := digitRun{b: b, context: c, groups: run[i:j], digits: store[:0], start: run[i].start, end: run[j-1].end}
	d.alone = (i == 0 || run[i].sep == sepSlash|sepSpace) && (j == len(run) || run[j].sep == sepSlash|sepSpace) // a / b
	for _, g := range d.groups {
		if g.tainted || len(d.digits)+g.len() > maxDigits {
			return false
		}
		d.digits = append(d.digits, b[g.start:g.end]...)
	}
	if len(d.digits) < minDigits {
		return false
	}
	if g := d.groups[0]; g.plus {
		d.start--
	}
	if d.groups[0].paren && len(d.groups) > 1 && byteAt(b, d.start-1) == '(' {
		d.start--
	}
	switch {
	case p.e.on(card) && d.isCard():
		p.hit(b, card, "", d.start, d.end)
	case p.e.on(ssn) && d.isSSN():
		p.hit(b, ssn, "", d.start, d.end)
	case p.e.on(phone) && d.isPhone():
		p.hit(b, phone, "", d.start, d.end)
	default:
		return false
	}
	return true
}

// oneSep returns the single class that separates all groups of d, 0 if there
// are several or only one group.
func (d *digitRun) oneSep() sepClass {
	var s sepClass
	for _, g := range d.groups[1:] {
		s |= g.sep
	}
	if s&(s-1) != 0 {
		return 0
	}
	return s
}

// shape reports whether the groups have these lengths.
func (d *digitRun) shape(lens ...int) bool {
	if len(lens) != len(d.groups) {
		return false
	}
	for i, n := range lens {
		if d.groups[i].len() != n {
			return false
		}
	}
	return true
}

// appendDigits appends the digits of v.
func appendDigits(dst, v []byte) []byte {
	for _, c := range v {
		if isDigit(c) {
			dst = append(dst, c)
		}
	}
	return dst
}
