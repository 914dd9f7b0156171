package redaction_test

import (
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

// generator makes texts that a regular expression matches.
type generator struct{ *rand.Rand }

// suffixes are how names of variables go on behind a vendor's.
var suffixes = []string{"", "_key", "_api_key", "-token", ".secret", "_access_token"}

// text returns a text that the expression matches; assertions are taken to hold.
func (g generator) text(t *testing.T, expression string) string {
	t.Helper()
	// gitleaks allows for nearly anything between a name and its value; people
	// write a few forms.
	expression = strings.NewReplacer(before+operator+after, "@", operator+after, "@", operator, "@").Replace(expression)
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		t.Fatalf("%q: %v", expression, err)
	}
	var b strings.Builder
	g.write(&b, re)
	text := b.String()
	if strings.Contains(expression, "@") && strings.Contains(text, "@") && !strings.Contains(text, "://") {
		text = strings.Replace(text, "@", operators[g.IntN(len(operators))], 1)
	}
	return text
}

// What gitleaks allows between a name and its value.
const (
	before   = "[\\s'\"]{0,3}"
	operator = "(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)"
	after    = "[\\x60'\"\\s=]{0,5}"
)

// operators are what people write there.
var operators = []string{"=", " = ", ": ", `": "`, `="`, " := \"", `' => '`, `': '`}

func (g generator) write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 { // the parser turns these into upper case
			b.WriteString(strings.ToLower(string(re.Rune)))
		} else {
			b.WriteString(string(re.Rune))
		}
	case syntax.OpCharClass:
		b.WriteRune(g.char(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(alnum[g.IntN(len(alnum))])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			g.write(b, sub)
		}
	case syntax.OpAlternate:
		g.write(b, re.Sub[g.IntN(len(re.Sub))])
	case syntax.OpCapture:
		g.write(b, re.Sub[0])
	case syntax.OpQuest:
		g.repeat(b, re.Sub[0], 0, 1)
	case syntax.OpStar:
		g.repeat(b, re.Sub[0], 0, 3)
	case syntax.OpPlus:
		g.repeat(b, re.Sub[0], 1, 12)
	case syntax.OpRepeat:
		switch {
		case re.Min == 0 && re.Max == 20: // the rest of a variable's name
			b.WriteString(suffixes[g.IntN(len(suffixes))])
		case re.Min == 0 && re.Flags&syntax.NonGreedy != 0: // what stands before it
		case re.Max < 0:
			g.repeat(b, re.Sub[0], re.Min, re.Min+12)
		default:
			g.repeat(b, re.Sub[0], re.Min, min(re.Max, re.Min+8))
		}
	}
}

func (g generator) repeat(b *strings.Builder, re *syntax.Regexp, low, high int) {
	for range low + g.IntN(high-low+1) {
		g.write(b, re)
	}
}

const alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// char returns a character of a class, of letters and digits where it has some.
func (g generator) char(ranges []rune) rune {
	var good, other []rune
	if string(ranges) == "09AFaf" || string(ranges) == "09AZaz" && g.IntN(2) == 0 {
		ranges = []rune{ranges[0], ranges[1], ranges[4], ranges[5]} // tokens are in lower case
	}
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < 0x7f; r++ {
			if strings.ContainsRune(alnum, r) {
				good = append(good, r)
			} else if r >= ' ' || r == '\n' {
				other = append(other, r)
			}
		}
	}
	if len(good) == 0 {
		if slices.Contains(other, ' ') {
			return ' '
		}
		good = other
	}
	return good[g.IntN(len(good))]
}
