package redact

import (
	"bytes"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// What can follow a keyword, read off the rule's expression: a keyword such as
// SK would otherwise wake its rule in half of all words.

// after returns which bytes can stand behind the keyword in a match of the
// rule, and which behind those. A match that may end there is followed by any.
func (r *rule) after(keyword string) [2]byteSet {
	unknown := [2]byteSet{anyByte(), anyByte()}
	re, err := syntax.Parse(r.Regexp, syntax.Perl)
	if err != nil {
		return unknown
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return unknown
	}
	n := &nfa{prog: prog}
	n.add(uint32(prog.Start))
	for _, c := range keyword {
		n = n.step(func(i *syntax.Inst) bool { return i.MatchRune(c) })
	}
	first, none := n.bytes()
	if none || n.ended { // none: a keyword in another case than the expression
		return unknown
	}
	second, _ := n.step(func(*syntax.Inst) bool { return true }).bytes()
	if bytes.IndexByte(first, utf8.RuneSelf) >= 0 {
		second = second.or(setOf(func(c byte) bool { return c >= utf8.RuneSelf }))
	}
	return [2]byteSet{first, second}
}

// assertsEnd reports whether the expression asserts the end of a text or line
// anywhere.
func assertsEnd(re *syntax.Regexp) bool {
	if re.Op == syntax.OpEndText || re.Op == syntax.OpEndLine {
		return true
	}
	return slices.ContainsFunc(re.Sub, assertsEnd)
}

// nfa is the places in an expression that a match may have come to.
type nfa struct {
	prog   *syntax.Prog
	places []uint32
	ended  bool // one of them is the end
	seen   map[uint32]bool
}

// add adds the place and those that are reached from it without a byte; what
// asserts something, such as \b, is taken to hold.
func (n *nfa) add(at uint32) {
	if n.seen == nil {
		n.seen = map[uint32]bool{}
	}
	if n.seen[at] {
		return
	}
	n.seen[at] = true
	switch i := &n.prog.Inst[at]; i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		n.add(i.Out)
		n.add(i.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		n.add(i.Out)
	case syntax.InstMatch:
		n.ended = true
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		n.places = append(n.places, at)
	}
}

// step returns the places behind those of n that can be left.
func (n *nfa) step(leaves func(*syntax.Inst) bool) *nfa {
	next := &nfa{prog: n.prog}
	for _, at := range n.places {
		if i := &n.prog.Inst[at]; leaves(i) {
			next.add(i.Out)
		}
	}
	return next
}

// bytes returns the first bytes of what can come next, all if the end can, and
// whether there is nothing.
func (n *nfa) bytes() (set byteSet, none bool) {
	if n.ended {
		return anyByte(), false
	}
	var in [256]bool
	for _, at := range n.places {
		i := &n.prog.Inst[at]
		for c := range rune(utf8.RuneSelf) {
			in[c] = in[c] || i.MatchRune(c)
		}
		wide := i.Op == syntax.InstRuneAny || i.Op == syntax.InstRuneAnyNotNL || syntax.Flags(i.Arg)&syntax.FoldCase != 0
		for _, r := range i.Rune {
			wide = wide || r >= utf8.RuneSelf
		}
		for c := utf8.RuneSelf; wide && c < 256; c++ {
			in[c] = true
		}
	}
	return setOf(func(c byte) bool { return in[c] }), len(n.places) == 0
}
