package redact

import (
	"strings"
	"sync"

	"github.com/hansardhq/hansard"
)

// Config says what is looked for and what happens to it. The zero Config is a
// good one: everything but IP addresses is replaced by a pseudonym.
type Config struct {
	// Detectors configures detectors by kind (secret, card, iban, ssn, email,
	// phone, ip, dob). One that is absent hashes, except for ip, which is off.
	Detectors map[string]Detector `yaml:"detectors"`
	// KeyNames are more names of keys whose values are redacted. Case, '-', '_'
	// and '.' do not matter; a longer key matches when it ends in the name as a
	// word: "staff_number" under "number".
	KeyNames []KeyName `yaml:"key_names"`
	// IgnoreKeyNames are names of the built-in list that mean something else
	// here.
	IgnoreKeyNames []string `yaml:"ignore_key_names"`
	// RulesFile is a file with more secret rules, in the form of secrets.yaml.
	// A rule with the id of a built-in one replaces it.
	RulesFile string `yaml:"rules_file"`
	// DisableRules are ids of secret rules that are not used.
	DisableRules []string `yaml:"disable_rules"`
	// CallingCode is the country calling code of national telephone numbers,
	// for example "49": with it 0171 1234567 and +49 171 1234567 have the same
	// pseudonym. Empty: only North American numbers get theirs.
	CallingCode string `yaml:"calling_code"`
}

// Detector configures one detector.
type Detector struct {
	// Action is hash (default), mask, drop or keep.
	Action Action `yaml:"action"`
	// Allow are exact values that are left alone, in any spelling of them.
	Allow []string `yaml:"allow"`
	// AllowDomains are domains whose addresses, and whose subdomains'
	// addresses, are left alone; for email only.
	AllowDomains []string `yaml:"allow_domains"`
}

// KeyName is the name of a key whose scalar value is redacted whole.
type KeyName struct {
	Name string `yaml:"name"`
	// Kind is secret (default), card, ssn, phone or dob. Values of the last
	// four are replaced only if they have the kind's form.
	Kind string `yaml:"kind"`
}

// detector is a detector as it runs.
type detector struct {
	action  Action
	allow   map[string]struct{} // normalised values
	domains []string            // lower case
}

func (d *detector) allows() bool { return len(d.allow) > 0 || len(d.domains) > 0 }

// allowed reports whether a normalised value is left alone.
func (d *detector) allowed(norm []byte) bool {
	if _, ok := d.allow[string(norm)]; ok {
		return true
	}
	_, domain, _ := strings.Cut(string(norm), "@")
	for _, a := range d.domains {
		if domain == a || strings.HasSuffix(domain, "."+a) {
			return true
		}
	}
	return false
}

// Engine redacts events. It is never changed after New and may be used by any
// number of goroutines.
type Engine struct {
	detectors   [numKinds]detector
	names       *keyNames
	rules       []rule
	triggers    *triggers
	callingCode string
	passes      sync.Pool // of *pass
}

// New returns an engine. Its error is of KindInvalid and names what is wrong in
// the configuration or the rules file.
func New(cfg Config) (*Engine, error) {
	e := &Engine{callingCode: cfg.CallingCode}
	if strings.Trim(cfg.CallingCode, "0123456789") != "" || len(cfg.CallingCode) > 3 {
		return nil, hansard.Errorf(hansard.KindInvalid, "configure redaction: the calling code is 1 to 3 digits without +")
	}
	if err := e.configureDetectors(cfg.Detectors); err != nil {
		return nil, err
	}
	if err := e.configureNames(cfg); err != nil {
		return nil, err
	}
	var err error
	if e.rules, err = loadRules(cfg.RulesFile, cfg.DisableRules); err != nil {
		return nil, err
	}
	used := e.rules
	if !e.on(secret) {
		used = nil
	}
	e.triggers = newTriggers(e.on, used, e.names)
	e.passes.New = func() any { return &pass{e: e, clean: newCleanTexts()} }
	return e, nil
}

func (e *Engine) on(k kind) bool { return e.detectors[k].action != ActionKeep }

func (e *Engine) configureDetectors(list map[string]Detector) error {
	for k := range e.detectors {
		e.detectors[k].action = ActionHash
	}
	e.detectors[ip].action = ActionKeep
	for name, d := range list {
		k := kindOf(name)
		if k == none || k == person {
			return hansard.Errorf(hansard.KindInvalid, "configure redaction: there is no detector %q", name)
		}
		to := &e.detectors[k]
		if d.Action != "" {
			if !d.Action.valid() {
				return hansard.Errorf(hansard.KindInvalid, "configure redaction: detector %s: action %q is not hash, mask, drop or keep", name, d.Action)
			}
			to.action = d.Action
		}
		if len(d.AllowDomains) > 0 && k != email {
			return hansard.Errorf(hansard.KindInvalid, "configure redaction: detector %s: only email has allow_domains", name)
		}
		to.allow = make(map[string]struct{}, len(d.Allow))
		for _, v := range d.Allow {
			to.allow[string(e.normalise(nil, k, []byte(v)))] = struct{}{}
		}
		for _, v := range d.AllowDomains {
			to.domains = append(to.domains, strings.ToLower(strings.TrimLeft(v, "@.")))
		}
	}
	return nil
}

func (e *Engine) configureNames(cfg Config) error {
	list := houseNames()
	ignore := map[string]bool{}
	for _, n := range cfg.IgnoreKeyNames {
		ignore[foldName(n)] = true
	}
	kept := list[:0]
	for _, k := range list {
		if !ignore[k.name] && e.on(k.kind) {
			kept = append(kept, k)
		}
	}
	for _, n := range cfg.KeyNames {
		k := secret
		if n.Kind != "" {
			k = kindOf(n.Kind)
		}
		name := foldName(n.Name)
		if len(name) < 2 {
			return hansard.Errorf(hansard.KindInvalid, "configure redaction: the key name %q has fewer than two letters", n.Name)
		}
		class := typed
		switch k {
		case secret:
			class = always
		case card, ssn, phone, birth:
		default:
			return hansard.Errorf(hansard.KindInvalid, "configure redaction: key name %q: kind %q is not secret, card, ssn, phone or dob", n.Name, n.Kind)
		}
		kept = append(kept, keyName{name, k, class, false})
	}
	e.names = newKeyNames(kept)
	return nil
}

// normalise appends the value as it goes into a pseudonym, so that different
// spellings of one value have the same.
func (e *Engine) normalise(dst []byte, k kind, v []byte) []byte {
	switch k {
	case email:
		return normaliseEmail(dst, v)
	case phone:
		return e.normalisePhone(dst, v)
	case card, ssn:
		return appendDigits(dst, v)
	case iban:
		return normaliseIBAN(dst, v)
	case ip:
		return normaliseIP(dst, v)
	case birth:
		return normaliseBirth(dst, v)
	case secret:
		return append(dst, withoutScheme(trim(v))...)
	case person:
		v = trim(v)
		if looksLikeEmail(v) {
			return normaliseEmail(dst, v)
		}
	}
	return append(dst, v...)
}

// withoutScheme returns the credentials of an Authorization header's value, so
// that a token has one pseudonym with and without its scheme.
func withoutScheme(v []byte) []byte {
	for _, s := range [...]string{"bearer ", "basic ", "token "} {
		if hasFold(v, 0, s) {
			return trim(v[len(s):])
		}
	}
	return v
}

// pass returns a pass under the current key, to be given back with release.
func (e *Engine) pass(keys Keys) (*pass, error) {
	p := e.passes.Get().(*pass)
	if !p.mac.has(keys.Current) {
		if err := keys.Current.check(); err != nil {
			e.passes.Put(p)
			return nil, err
		}
		p.mac.use(keys.Current)
	}
	p.counts = [numKinds]int64{}
	return p, nil
}

// maxKeptBuffer bounds the buffers that a pooled pass keeps, in bytes.
const maxKeptBuffer = 1 << 20

// release puts a pass back. One that panicked is not given back.
func (p *pass) release() {
	for i := range p.decoded {
		if cap(p.decoded[i]) > maxKeptBuffer {
			p.decoded[i] = nil
		}
	}
	p.e.passes.Put(p)
}

// countList returns what was replaced, sorted by kind.
func (p *pass) countList() []hansard.RedactionCount {
	if p.counts == [numKinds]int64{} {
		return nil
	}
	list := make([]hansard.RedactionCount, 0, 4)
	for _, k := range [...]kind{card, birth, email, iban, ip, person, phone, secret, ssn} { // by name
		if n := p.counts[k]; n > 0 {
			list = append(list, hansard.RedactionCount{Kind: k.String(), N: n})
		}
	}
	return list
}
