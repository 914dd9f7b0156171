package redact

import (
	"bytes"
	_ "embed"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"go.yaml.in/yaml/v3"
)

//go:embed secrets.yaml
var houseRules []byte

// rule finds one sort of secret. See secrets.yaml for how the house's own are
// written.
type rule struct {
	// ID names the rule in masks: a-z, 0-9 and '-', unique.
	ID string `yaml:"id"`
	// Description says what it finds.
	Description string `yaml:"description"`
	// Keywords are literal texts of at least two bytes. The regexp is tried
	// only where one of them stands, and its match begins there or Back before.
	Keywords []string `yaml:"keywords"`
	// Fold ignores the case of the keywords; they are written in lower case.
	Fold bool `yaml:"fold"`
	// Back is how many bytes before the keyword the match may begin: at the first
	// of the letters, digits and "_.~-" that stand right before it.
	Back int `yaml:"back"`
	// Reach bounds how many bytes behind its beginning a match may end; 0 is
	// maxMatch. With it an expression can say "anything, not too far" with a
	// star, which is many times faster than a counted repetition.
	Reach int `yaml:"reach"`
	// Random wants what is replaced to read like a generated secret.
	Random bool `yaml:"random"`
	// Tail is the least number of bytes without white space that follow the
	// keyword: a cheap look before the regexp.
	Tail int `yaml:"tail"`
	// Inside lets a keyword be the end of a longer word.
	Inside bool `yaml:"inside"`
	// Regexp is an RE2 expression that must match at the keyword.
	Regexp string `yaml:"regexp"`
	// Group is the capture group to replace; 0 is the whole match.
	Group int `yaml:"group"`
	// Entropy is the least entropy of what is replaced, in bits per byte.
	Entropy float64 `yaml:"entropy"`
	// Allow are values that are no secrets: documentation examples.
	Allow []string `yaml:"allow"`

	re    *regexp.Regexp
	atEnd bool // it may match at the end of a text only, or of a line
}

// ruleFile is a file of rules.
type ruleFile struct {
	Rules []rule `yaml:"rules"`
}

// maxMatch bounds how far behind a keyword a secret may reach, in bytes: a
// private key with its armour fits.
const maxMatch = 64 << 10

// parseRules reads a file of rules. The error names the rule that is wrong.
func parseRules(name string, text []byte) ([]rule, error) {
	var f ruleFile
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "read the secret rules in %s: %w", name, err)
	}
	seen := map[string]bool{}
	for i := range f.Rules {
		r := &f.Rules[i]
		if err := r.compile(); err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "read the secret rules in %s: rule %d (id %q): %w", name, i+1, r.ID, err)
		}
		if seen[r.ID] {
			return nil, hansard.Errorf(hansard.KindInvalid, "read the secret rules in %s: rule %d: the id %q is there twice", name, i+1, r.ID)
		}
		seen[r.ID] = true
	}
	return f.Rules, nil
}

// compile checks the rule and compiles its expression.
func (r *rule) compile() error {
	bad := func(format string, args ...any) error { return hansard.Errorf(hansard.KindInvalid, format, args...) }
	if r.ID == "" || strings.Trim(r.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return bad("the id must be a-z, 0-9 and '-'")
	}
	if len(r.Keywords) == 0 {
		return bad("it has no keywords")
	}
	for _, k := range r.Keywords {
		if len(k) < 2 {
			return bad("the keyword %q has fewer than two bytes", k)
		}
		if r.Fold && strings.ToLower(k) != k {
			return bad("the keyword %q is not in lower case though fold is set", k)
		}
	}
	if r.Tail < 0 || r.Tail > maxMatch {
		return bad("the tail %d is not within 0 and %d", r.Tail, maxMatch)
	}
	if r.Back < 0 || r.Back > 256 {
		return bad("back %d is not within 0 and 256", r.Back)
	}
	if r.Reach < 0 || r.Reach > maxMatch {
		return bad("reach %d is not within 0 and %d", r.Reach, maxMatch)
	}
	if r.Reach == 0 {
		r.Reach = maxMatch
	}
	if r.Regexp == "" {
		return bad("it has no regexp")
	}
	var err error
	if r.re, err = regexp.Compile(`^(?:` + r.Regexp + `)`); err != nil {
		return bad("%w", err)
	}
	tree, err := syntax.Parse(r.Regexp, syntax.Perl)
	if err != nil {
		return bad("%w", err)
	}
	r.atEnd = assertsEnd(tree)
	if r.re.MatchString("") {
		return bad("the regexp matches the empty text")
	}
	if r.Group < 0 || r.Group > r.re.NumSubexp() {
		return bad("it replaces group %d, the regexp has %d", r.Group, r.re.NumSubexp())
	}
	if r.Entropy < 0 || r.Entropy > 8 {
		return bad("the entropy %v is not within 0 and 8", r.Entropy)
	}
	return nil
}

// loadRules returns the house's rules and those of the file, which win where
// ids are equal, without the disabled ones.
func loadRules(file string, disabled []string) ([]rule, error) {
	rules, err := parseRules("the built-in file", houseRules)
	if err != nil {
		return nil, err
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "read the secret rules: %w", err)
		}
		own, err := parseRules(file, text)
		if err != nil {
			return nil, err
		}
		for _, r := range own {
			rules = slices.DeleteFunc(rules, func(h rule) bool { return h.ID == r.ID })
		}
		rules = append(rules, own...)
	}
	for _, id := range disabled {
		n := len(rules)
		rules = slices.DeleteFunc(rules, func(r rule) bool { return r.ID == id })
		if len(rules) == n {
			return nil, hansard.Errorf(hansard.KindInvalid, "disable the secret rule %q: there is no such rule", id)
		}
	}
	return rules, nil
}

// hasTail reports whether at least n bytes without white space follow at b[i].
func hasTail(b []byte, i, n int) bool {
	if len(b)-i < n {
		return false
	}
	for _, c := range b[i : i+n] {
		if isSpace(c) {
			return false
		}
	}
	return true
}

// canStand reports whether the keyword b[start:end] is one of r's by what is
// around it.
func (r *rule) canStand(b []byte, start, end int) bool {
	if !r.Inside && wordAt(b, start-1) && isWord(b[start]) && !afterEscape(b, start) {
		return false
	}
	return r.Tail == 0 || hasTail(b, end, r.Tail)
}

// begin returns where a match may begin whose keyword stands at b[i].
func (r *rule) begin(b []byte, i int) int {
	for n := 0; n < r.Back && i > 0 && (isWord(b[i-1]) || b[i-1] == '.' || b[i-1] == '~' || b[i-1] == '-'); n++ {
		i--
	}
	return i
}

// isSecret reports whether what the expression matched may be one.
func (r *rule) isSecret(v []byte) bool {
	return !(r.Entropy > 0 && entropy(v) < r.Entropy || r.Random && !looksRandom(v, 0) || slices.Contains(r.Allow, string(v)))
}

// match returns where the expression and its groups match from b[start] on,
// relative to it; nil if it does not.
func (r *rule) match(b []byte, start int) []int {
	return r.re.FindSubmatchIndex(b[start:min(len(b), start+r.Reach)])
}

// secretRule tries a rule at its keyword b[start:end].
func (p *pass) secretRule(b []byte, start, end, index int) {
	if start < p.secretTo {
		return // inside a secret, which may be long and full of keywords
	}
	r := &p.e.rules[index]
	if !r.canStand(b, start, end) {
		return
	}
	start = r.begin(b, start)
	m := r.match(b, start)
	if m == nil {
		return
	}
	from, to := start+m[2*r.Group], start+m[2*r.Group+1]
	if from < start || from == to || !r.isSecret(b[from:to]) {
		return
	}
	for to-start >= r.Reach && to < len(b) && !endsWord(b[to]) {
		to++ // cut off by the reach, not by its end
	}
	p.hit(b, secret, r.ID, from, to)
	p.secretTo = to
}
